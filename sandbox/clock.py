"""Clocks for a world: the machine's, one that stands still, one that is ahead or behind."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

from schemas.time import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta


def fixed(instant: datetime) -> Callable[[], datetime]:
    """Return a clock that stands still at an aware instant."""
    stopped = instant.astimezone(UTC)
    return lambda: stopped


def shifted(by: timedelta) -> Callable[[], datetime]:
    """Return the machine's clock, ahead by a time (behind, where it is negative)."""
    return lambda: utc_now() + by
