"""How a connection is doing, as the ledger keeps it; and which of it was noted under a clock that was wrong."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Mapping

CLOCK_SLIP: Final = timedelta(hours=1)
"""How far clocks are set back in the ordinary way."""


def believed(noted_at: datetime | None, now: datetime) -> TypeGuard[datetime]:
    """Tell whether something was noted, and under a clock that was right: not at a time that is yet to come."""
    return noted_at is not None and noted_at <= now + CLOCK_SLIP


@dataclass(frozen=True)
class Contact:
    """How a connection is doing: its last good run, its last failure, and what it was told to wait for."""

    greeted_by: str | None = None
    """Fingerprint of the credential that the newest day was last answered to."""
    greeted_at: datetime | None = None
    dead: str | None = None
    """Fingerprint of the credential that was last refused."""
    well_at: datetime | None = None
    failed_at: datetime | None = None
    cause: str | None = None
    words: str | None = None
    not_before: datetime | None = None
    nulls: int = 0
    unfamiliar: Mapping[str, int] = field(default_factory=dict)
    """Rows of the last good run that are provisional by a word that nobody knows, by that word."""

    def waits_until(self, now: datetime) -> datetime | None:
        """Return the instant before which the operator wants no call, where it lies ahead and can be believed."""
        lies_ahead = self.not_before is not None and now < self.not_before
        return self.not_before if lies_ahead and believed(self.failed_at, now) else None
