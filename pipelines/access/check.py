"""Follow what was asked for: ask the operator what may be read by now, and tell what has changed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pipelines.access.standing import WAITING, Standing, State, standings
from pipelines.store.home import check_room
from pipelines.sync.plan import deep_after

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from connectors.base import Subject
    from pipelines.flow import Flow
    from pipelines.settings import Settings
    from pipelines.sync.outcome import Outcome

LOOKED_AT_AGAIN: Final = timedelta(days=1)
"""What is granted is read by every daily run; only what no run has read for so long is looked at besides."""


@dataclass(frozen=True)
class Checked:
    """What a check found."""

    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    """Of each connection that was asked."""
    changed: Mapping[str, list[Standing]] = field(default_factory=dict)
    """By connection, what was not granted, or not lost, before."""


def standing(settings: Settings, flow: Flow, name: str) -> list[Standing]:
    """Return how everything stands that a connection asked for."""
    silent_after = timedelta(days=settings.access.silent_days)
    return standings(flow.store, name, flow.connections[name], silent_after, flow.now)


def check(
    settings: Settings,
    flow: Flow,
    names: Collection[str],
    *,
    all_granted: bool,
    wait_s: float,
    goes_on: Callable[[], bool] = lambda: True,
    progress: Callable[[str], None] = lambda _: None,
) -> Checked:
    """Ask about what the connections wait for and what they were granted, the longest unasked first.

    Args:
        settings: the settings.
        flow: the source's.
        names: the connections.
        all_granted: ask of everything that is granted; else of what no run has read for a day.
        wait_s: how long to wait for another writer.
        goes_on: asked before each call; once it says no, the rest waits for the next check.
        progress: told of every answer.

    Raises:
        StoreBusyError: another process holds the source's lock for longer than that.
        StoreFullError: the disk has too little room left.
    """
    with flow.store.writing(wait_s):
        before = {name: standing(settings, flow, name) for name in names}
        asked = {name: _due(settings, flow, name, found, all_granted=all_granted) for name, found in before.items()}
        asked = {name: subjects for name, subjects in asked.items() if subjects}
        if not asked:
            return Checked()
        check_room(flow.store.folder, settings.store.min_free_mb)
        report = flow.syncing(asked).look(asked, goes_on=goes_on, progress=progress)
    changed = {name: _changed(before[name], standing(settings, flow, name)) for name in asked}
    return Checked(report.outcomes, {name: found for name, found in changed.items() if found})


def _due(settings: Settings, flow: Flow, name: str, found: list[Standing], *, all_granted: bool) -> list[Subject]:
    """Return what to ask about: what waits, what is granted, and now and then what was lost, as it may come back."""
    seen = flow.store.ledger.known(name)
    unread = flow.now - LOOKED_AT_AGAIN
    given_up = flow.now - deep_after(settings.sync.deep_reread_days, f"{flow.source.name}/{name}")

    def is_due(one: Standing) -> bool:
        if one.requested is None:
            return False
        if one.state is State.GRANTED:
            return all_granted or seen[one.subject] <= unread
        return one.state in WAITING or max(one.since, one.requested.checked_at or one.since) <= given_up

    def last_asked(one: Standing) -> float:
        at = one.requested.checked_at if one.requested else None
        return at.timestamp() if at else 0.0

    return [one.subject for one in sorted(filter(is_due, found), key=last_asked)]


def _changed(before: list[Standing], after: list[Standing]) -> list[Standing]:
    were = {one.subject: one.state for one in before}
    return [one for one in after if one.state in {State.GRANTED, State.LOST} and one.state is not were.get(one.subject)]
