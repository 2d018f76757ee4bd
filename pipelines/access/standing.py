"""How access to each subject stands: derived from what was asked for and from what the ledger knows, never kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from connectors.base import Subject
    from connectors.connection import ConnectionSettings
    from pipelines.store.access import Requested
    from pipelines.store.home import SourceStore


class State(StrEnum):
    """How access stands."""

    REQUESTED = "requested"
    """Asked for, and not answered yet."""
    SILENT = "silent"
    """The same, for longer than `access.silent_days`."""
    GRANTED = "granted"
    """Answered."""
    LOST = "lost"
    """Answered once, and turned down since."""


WAITING = frozenset({State.REQUESTED, State.SILENT})


@dataclass(frozen=True)
class Standing:
    """Access to one register of a metering point."""

    subject: Subject
    state: State
    since: datetime
    """When it was asked for, first answered, or turned down."""
    requested: Requested | None = field(repr=False)
    """None where the settings list it, and nobody asked for it through us."""


def standings(
    store: SourceStore, name: str, connection: ConnectionSettings, silent_after: timedelta, now: datetime
) -> list[Standing]:
    """Return how everything stands that a connection asked for, and what its settings list that is lost; in order."""
    requested = store.requests.requested(name)
    readable_since, turned_down = store.ledger.readable_since(name), store.ledger.turned_down(name)
    found = [
        _of_request(subject, one, readable_since.get(subject), turned_down.get(subject), now - silent_after)
        for subject, one in requested.items()
    ]
    lost = {*readable_since}.intersection(turned_down, {*connection.listed(), *connection.possible()}).difference(
        requested
    )
    found += [Standing(subject, State.LOST, turned_down[subject], None) for subject in lost]
    return sorted(found, key=lambda standing: standing.subject)


def granted(
    requested: Mapping[Subject, Requested], known: Mapping[Subject, datetime], turned_down: Mapping[Subject, datetime]
) -> tuple[Subject, ...]:
    """Return what was asked for and may be read."""
    return tuple(subject for subject in requested if subject in known and subject not in turned_down)


def _of_request(
    subject: Subject,
    requested: Requested,
    readable_since: datetime | None,
    turned_down_at: datetime | None,
    silent_before: datetime,
) -> Standing:
    if readable_since is not None and turned_down_at is None:
        return Standing(subject, State.GRANTED, readable_since, requested)
    # What was asked for after it was lost waits for its owner anew.
    if readable_since is not None and turned_down_at is not None and requested.at < turned_down_at:
        return Standing(subject, State.LOST, turned_down_at, requested)
    waiting = State.SILENT if requested.at < silent_before else State.REQUESTED
    return Standing(subject, waiting, requested.at, requested)
