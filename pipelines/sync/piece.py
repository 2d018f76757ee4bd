"""What one call brought: the unit in which an extraction hands over and a merge takes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import polars as pl

    from connectors.base import Ask, BadRow, Subject


@dataclass(frozen=True)
class Piece:
    """What one call brought, judged; nothing at all where there was no contract then.

    `accepted` has the candidate's columns of the feed that are stored or settled by; `rejected` is for the
    quarantine.
    """

    ask: Ask
    asked_at: datetime
    subjects: tuple[Subject, ...]
    """What was asked for, with success, or answered."""
    answered: tuple[Subject, ...] = ()
    turned_down: tuple[Subject, ...] = ()
    """What the operator turned out to have nothing of, or to show nothing of."""
    accepted: pl.DataFrame | None = None
    rejected: tuple[BadRow, ...] = ()
    rows: int = 0
    nulls: int = 0
    unfamiliar: Mapping[str, int] = field(default_factory=dict)

    @property
    def metering_points(self) -> tuple[str, ...]:
        """The metering points that it is about."""
        return tuple(dict.fromkeys(subject.metering_point for subject in self.subjects))
