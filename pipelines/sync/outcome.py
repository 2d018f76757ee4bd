"""What a run did for one connection, in numbers and, where it failed, in words that say who must act."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from connectors.errors import OutsideError
    from schemas.time import Window


@dataclass
class Outcome:
    """One connection's part of a run."""

    source: str
    connection: str
    calls: int = 0
    bytes: int = 0
    asked: list[Window] = field(default_factory=list)
    rows: int = 0
    nulls: int = 0
    new: int = 0
    corrected: int = 0
    confirmed: int = 0
    quarantined: dict[str, int] = field(default_factory=dict)
    """Newly quarantined rows, by rule."""
    unfamiliar: dict[str, int] = field(default_factory=dict)
    """Rows that are stored and provisional because of a word that nobody knows yet, by that word."""
    cause: str | None = None
    """None where all went well, else `connectors.errors.OutsideError.cause`."""
    words: str | None = None
    not_before: datetime | None = None
    answered: bool = False
    """True where the newest day was answered: the credential as such is good."""
    gone: frozenset[str] = frozenset()
    """Metering points that the credential no longer covers; their readings stay."""
    access_lost: int = 0
    """Registers of other people's metering points to which access ended; their readings stay."""
    known_before: bool = False
    """True where an earlier run had failed for the same reason, and said so."""

    def ended_by(self, error: OutsideError) -> None:
        """Keep why it failed."""
        self.cause, self.words = error.cause, str(error)
        self.not_before = getattr(error, "not_before", None)

    @property
    def ok(self) -> bool:
        """Tell whether every call went well; holes and quarantined rows are no failures."""
        return self.cause is None
