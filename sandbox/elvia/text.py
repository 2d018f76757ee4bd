"""Instants as the API writes them: Norwegian local time with its offset, no fractions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from sandbox.hours import OSLO

if TYPE_CHECKING:
    from datetime import datetime


def stamp(instant: datetime | None) -> str:
    """Write an instant as a JSON string, and none as null."""
    return json.dumps(instant and instant.astimezone(OSLO).isoformat(timespec="seconds"))
