"""Every database that readings go to: reachable, there, kept long enough, and fit to be written to."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from connectors.errors import OutsideError, TryLater
from connectors.influxdb.database import connect
from connectors.influxdb.influxql import identifier
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

FOR_EVER: Final = timedelta(0)
"""How InfluxQL writes that nothing is ever dropped."""


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
                yield from _look(database, target, history, create=create, probe=probe)
        except TryLater as error:
            words = f"{error}; see that the server runs, and that influxdb.url leads to it"
            yield Finding(f"InfluxDB {target.target()}", words, ok=False)
        except OutsideError as error:
            yield Finding(f"InfluxDB {target.target()}", f"{error}. {who_must_act(error.cause)}", ok=False)


def _targets(settings: Settings) -> dict[str, InfluxSettings]:
    targets = (settings.influxdb_of(name) for name in settings.connections)
    return {target.target(): target for target in targets if target is not None}


def _look(
    database: Database, target: InfluxSettings, history: Window, *, create: bool, probe: bool
) -> Iterator[Finding]:
    subject = f"InfluxDB {database.target}"
    yield Finding(subject, f"version {database.version} answers, by the API of {database.api}")
    if not database.readable:
        yield Finding(subject, "does not say that it is InfluxDB: it is written to, and never read back")
    if not database.exists():
        if not create:
            yield Finding(subject, "no such database or bucket; run `wattline doctor --create`", ok=False)
            return
        database.create()
        yield Finding(subject, "created")
    if database.api == "v1" and database.readable:
        yield from _retention(database, target, subject, history.length)
    if probe:
        yield probe_database(database, subject, history.start)


def _retention(database: Database, target: InfluxSettings, subject: str, history: timedelta) -> Iterator[Finding]:
    for series in database.query(f"SHOW RETENTION POLICIES ON {identifier(target.database or '')}"):
        for row in series.rows:
            policy = dict(zip(series.columns, row, strict=True))
            kept = _duration(str(policy["duration"]))
            if policy["default"] and FOR_EVER < kept < history:
                words = (
                    f"keeps points for {kept.days} days, and the operators serve {history.days}; run in it: "
                    f"ALTER RETENTION POLICY {identifier(str(policy['name']))} "
                    f"ON {identifier(target.database or '')} DURATION INF"
                )
                yield Finding(subject, words, ok=False)


def _duration(text: str) -> timedelta:
    """Read a duration as InfluxQL writes it, such as 168h0m0s."""
    hours, minutes, seconds = (
        int(found[1]) if (found := re.search(rf"(\d+){unit}", text)) else 0 for unit in ("h", "m", "s")
    )
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)
