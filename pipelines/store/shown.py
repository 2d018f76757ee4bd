"""Which connections Dagster shows: what its code server loaded, which may be older than the settings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from pipelines.store.state import State

_NAME: Final = "shown_by_dagster"

SIGNS_WITHIN: Final = timedelta(minutes=15)
"""A code server that runs says every few minutes what it shows."""


@dataclass(frozen=True)
class Shown:
    """The connections that a running code server had loaded, and when it last said so."""

    connections: tuple[str, ...]
    at: datetime


def note_shown(state: State, connections: Iterable[str], at: datetime) -> None:
    """Record what a running code server has loaded."""
    value = json.dumps({"connections": sorted(connections), "at": int(at.timestamp())}).encode()
    with state.changing() as database:
        database.execute("INSERT OR REPLACE INTO installation VALUES (?, ?)", (_NAME, value))


def shown(state: State) -> Shown | None:
    """Return what was last recorded; None where no code server ever ran."""
    with state.changing() as database:
        row = database.execute("SELECT value FROM installation WHERE name = ?", (_NAME,)).fetchone()
    if row is None:
        return None
    value = json.loads(row["value"])
    return Shown(tuple(value["connections"]), datetime.fromtimestamp(value["at"], UTC))


def running(state: State, now: datetime) -> Shown | None:
    """Return what a code server that runs now has loaded; None where none has said so lately."""
    said = shown(state)
    return said if said is not None and now - SIGNS_WITHIN <= said.at <= now else None


def not_shown(connections: Collection[str], by: Shown) -> list[str]:
    """Return the connections that were not there when the code server loaded its definitions."""
    return sorted(set(connections).difference(by.connections))
