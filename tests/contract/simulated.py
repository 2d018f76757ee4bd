"""What the contract must be told of an operator's sandbox to hold its source to the promises.

Clock, late hours, corrections, faults and the log of calls are the world's own, the same for every operator; only what
is here differs. A source is added with one module beside this one, and one line in `operators.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    import polars as pl

    from connectors.base import Feed, Source
    from sandbox.faults import FaultKind
    from sandbox.world import Call

Keys: TypeAlias = dict[str, object]
"""Keys of a connection's settings, the credential among them."""


@dataclass(frozen=True)
class Pace:
    """So many calls in any period, and the keys of the connection that ask for it."""

    calls: int
    period: timedelta
    keys: Keys


class Simulated(Protocol):
    """One operator's sandbox, and its customers by the names of their connections."""

    @property
    def source(self) -> Source:
        """The source that is held to the contract."""
        ...

    @property
    def unknown_words(self) -> Mapping[FaultKind, str]:
        """What puts a word into an answer that nobody knows (a unit, a length, a key), and the rule that it breaks."""
        ...

    def admit(self, name: str, *, days: int, points: int = 1, named: bool = False) -> Keys:
        """Let a customer move in, and return what a connection needs.

        They have so many metering points, of consumption and production, that began at the local midnight so many
        days ago. `named`: the connection names all that it wants, else it leaves to the product what it can.
        """
        ...

    def points(self, name: str) -> tuple[str, ...]:
        """Return a customer's metering points."""
        ...

    def secret(self, name: str) -> str:
        """Return a customer's credential, as the world's calls and faults name it."""
        ...

    def revoke(self, name: str) -> None:
        """Refuse a customer's credential from now on."""
        ...

    def renew(self, name: str) -> Keys:
        """Give a customer a new credential."""
        ...

    def served(self, name: str) -> Mapping[Feed, pl.DataFrame]:
        """Return all that the operator serves a customer now, by its own account, not the connector's.

        In the columns of the feed's log that the operator decides, in their units, sorted by the log's key.
        """
        ...

    def allows(self, call: Call) -> bool:
        """Tell whether a call keeps to what operator and settings allow: its span, its history, nothing to come."""
        ...

    def paced(self, name: str) -> Pace:
        """Return a pace that a backfill must slow down for; an operator that counts calls counts by it from now on."""
        ...
