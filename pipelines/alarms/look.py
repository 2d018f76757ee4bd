"""The look at the end of every run: what is wrong now, against what was told; then the messages, then the ping.

One process looks at a time, by a lock that dies with it, so that no two tell the same. A look never fails a run:
what it could not do is returned in words, stays in the state, and is tried by the next one.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from connectors.errors import OutsideError
from connectors.messages.ways import ping, ways
from connectors.registry import SOURCES
from pipelines.alarms.book import Book
from pipelines.alarms.causes import INFLUXDB, SETTINGS, STORE, Cause, causes, is_hidden, unshown
from pipelines.alarms.kind import Kind
from pipelines.settings import load_alarms
from pipelines.store.files import StoreDamagedError
from pipelines.store.lock import StoreBusyError, writing
from pipelines.store.state import State

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from pipelines.alarms.causes import Key, Standing
    from pipelines.flow import Flow
    from pipelines.settings import Settings, SettingsError

WAIT_S: Final = 120.0
"""How long a look waits for another's: messages are sent under the lock."""


def look(settings: Settings, flow: Flow, standing: Standing, now: datetime, *, daily: bool = False) -> list[str]:
    """Tell what began and what is over, and ping where all is well; return what went wrong with that, in words.

    Args:
        settings: where to tell.
        flow: the source that was just asked, under the same settings.
        standing: how its registers stand; None leaves that unjudged.
        now: the instant of looking.
        daily: whether a whole daily run has just ended, so that a ping is due.
    """

    def work() -> list[str]:
        # Under the lock, so that nobody judges by what another look has overtaken.
        sources = {connection.source for connection in settings.connections.values()}
        # Reload is pressed some time after the settings were changed: by the next daily run, whoever forgot it is told.
        found = causes(flow, sources, standing, now) + (unshown(flow, now) if daily else [])
        unjudged = frozenset() if daily else frozenset({Kind.RELOAD})
        problems = _tell(settings, found, lambda key: _is_judged(key, settings, flow, standing, unjudged), now)
        return [*problems, *_ping(settings)] if daily and _is_well(flow) else problems

    return _alone(settings, work)


def tell_settings(error: SettingsError, now: datetime) -> list[str]:
    """Tell that the settings cannot be used, by what they still say of alarms; return what went wrong with that.

    Where they say of nobody to tell, nothing is written.
    """
    settings = load_alarms()
    if settings is None or not ways(settings.alarms):
        return []
    to_do = "You must act: correct them, and run `wattline doctor`. No run begins before that."
    cause = Cause(SETTINGS, Kind.SETTINGS, "", error.problems, to_do)
    return _alone(settings, lambda: _tell(settings, [cause], lambda _: False, now))


def _alone(settings: Settings, work: Callable[[], list[str]]) -> list[str]:
    """Work while nobody else does; what keeps that from being done is a problem, not an error."""
    try:
        with writing(settings.data_dir / "locks", "alarms", wait_s=WAIT_S):
            return work()
    except StoreBusyError:
        return ["alarms: another process has been sending messages for too long; the next run looks again"]
    except StoreDamagedError as error:
        return [f"alarms: {error}; the next run looks again"]
    except (sqlite3.Error, OSError) as error:
        return [f"alarms: what is wrong cannot be kept ({type(error).__name__}); the next run looks again"]


def _tell(settings: Settings, found: list[Cause], is_judged: Callable[[Key], bool], now: datetime) -> list[str]:
    book, receivers = Book(State(settings.data_dir)), ways(settings.alarms)
    book.keep(found, is_judged, now, tell=bool(receivers))
    return [f"an alarm was not delivered, and the next run tries again: {why}" for why in book.deliver(receivers)]


_OF_THE_STORE: Final = frozenset({Kind.STALE, Kind.QUARANTINED, Kind.ACCESS, Kind.DAMAGED})
"""What only a look into the store can tell."""


def _is_judged(key: Key, settings: Settings, flow: Flow, standing: Standing, unjudged: Collection[str]) -> bool:
    """Tell whether this look would have found the cause if it still were one."""
    scope, kind, about = key
    if scope == flow.source.name:
        is_seen = isinstance(standing, Sequence) or kind not in _OF_THE_STORE
        return is_seen and kind not in unjudged and not is_hidden(flow, key)
    if scope == INFLUXDB:
        # Another source's database is that source's to judge, and one that has left the settings is nobody's.
        mine = {flow.target_of(name) for name in flow.connections}
        influxes = (settings.influxdb_of(name) for name in settings.connections)
        return about in mine or about not in {influx.target() for influx in influxes if influx is not None}
    return scope in {STORE, SETTINGS} or scope not in SOURCES or not settings.connections_of(scope)


def _is_well(flow: Flow) -> bool:
    """Tell whether nothing is open or left to tell, of any source, and no connection of this one failed or waits."""
    ledger = flow.store.ledger
    return Book(flow.store.state).is_empty() and all(ledger.contact(name).cause is None for name in flow.connections)


def _ping(settings: Settings) -> list[str]:
    try:
        ping(settings.alarms)
    except OutsideError as error:
        return [f"the heartbeat was not heard: {error}"]
    return []
