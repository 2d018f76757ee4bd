"""Every database that readings go to: reachable, there, kept long enough, and fit to be written to."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from connectors.errors import OutsideError, TryLater
from connectors.influxdb.database import connect
from connectors.influxdb.errors import HIDDEN
from connectors.registry import SOURCES
from pipelines.commands.doctor.finding import Finding
from pipelines.commands.doctor.probe import probe_database
from pipelines.commands.output import STORE_ALONE
from pipelines.who import who_must_act
from schemas.time import Window

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from connectors.influxdb.base import Database
    from connectors.influxdb.settings import InfluxSettings
    from pipelines.settings import Settings


def look_at_databases(settings: Settings, now: datetime, *, create: bool, probe: bool) -> Iterator[Finding]:
    """Yield what was found at each database; create it, and write a point there, where that is wanted."""
    targets = _targets(settings)
    if not targets:
        yield Finding("InfluxDB", STORE_ALONE)
    history = Window(
        min(
            source.history_start(feed, now)
            for source in SOURCES.values()
            if settings.connections_of(source.name)
            for feed in source.feeds
        ),
        now,
    )
    for target in targets.values():
        try:
            with closing(connect(target)) as database:
                yield from _look(database, history, create=create, probe=probe)
        except TryLater as error:
            words = f"{error}; see that the server runs, and that influxdb.url leads to it"
            yield Finding(f"InfluxDB {target.target()}", words, ok=False)
        except OutsideError as error:
            yield Finding(f"InfluxDB {target.target()}", f"{error}. {who_must_act(error.cause)}", ok=False)


def _targets(settings: Settings) -> dict[str, InfluxSettings]:
    targets = (settings.influxdb_of(name) for name in settings.connections)
    return {target.target(): target for target in targets if target is not None}


def _look(database: Database, history: Window, *, create: bool, probe: bool) -> Iterator[Finding]:
    subject = f"InfluxDB {database.target}"
    yield Finding(subject, f"version {database.version} answers, by the API of {database.api}")
    if not database.readable:
        yield Finding(subject, "does not say that it is InfluxDB: it is written to, and never read back")
    if not database.exists():
        if not create:
            yield Finding(subject, f"no such database or bucket; run `wattline doctor --create`{HIDDEN}", ok=False)
            return
        database.create()
        yield Finding(subject, "created")
    limit = database.limit()
    if limit is not None and limit.kept < history.length:
        words = f"keeps points for {limit.kept.days} days, and the operators serve {history.length.days}; "
        yield Finding(subject, f"{words}run: {limit.remedy}", ok=False)
    if probe:
        yield probe_database(database, subject, history.start)
