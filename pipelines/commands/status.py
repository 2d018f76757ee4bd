"""`wattline status`: how everything stands, from what is kept; no operator and no database is asked."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Final

import msgspec

from connectors.registry import SOURCES
from pipelines.alarms.book import Book
from pipelines.alarms.cut_short import CutShort
from pipelines.commands.failures import FAILED, WELL
from pipelines.commands.output import remark_on_target, say, say_table
from pipelines.commands.standing import say_connection
from pipelines.commands.usage import chosen_connections, prepare_data_dir
from pipelines.flow import Flow
from pipelines.settings import load
from pipelines.status import ConnectionStatus, SeriesStatus, status
from pipelines.store.state import State
from schemas.time import utc_now

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pipelines.settings import Settings

COLUMNS: Final = (
    "connection",
    "metering point",
    "register",
    "first hour",
    "last hour",
    "readings",
    "coverage",
    "settled",
    "corrected",
    "quarantined",
)
NAMING: Final = 3


@dataclass(frozen=True)
class NamedSeries(SeriesStatus):
    """A register of a metering point, with the point's name in the settings."""

    name: str | None


@dataclass(frozen=True)
class Document:
    """All of `status --json`; `docs/commands.md` says what each key means."""

    at: datetime
    ok: bool
    data_dir: str
    influxdb: str | None
    cut_short: list[str]
    undelivered_alarms: list[str]
    connections: list[ConnectionStatus]
    series: list[NamedSeries]


def run(*, as_json: bool) -> int:
    """Return the exit code. Raises `SettingsError`, `UsageError`."""
    settings = load()
    chosen_connections(settings, None)
    prepare_data_dir(settings)
    document = describe(settings, utc_now())
    if as_json:
        say(msgspec.json.format(msgspec.json.encode(document), indent=2).decode())
    else:
        _say(document)
    remark_on_target(settings)
    return WELL if document.ok else FAILED


def describe(settings: Settings, now: datetime) -> Document:
    """Return how every connection and every register stands."""
    connections: list[ConnectionStatus] = []
    series: list[NamedSeries] = []
    for source in SOURCES.values():
        if settings.connections_of(source.name):
            these_connections, these_series = status(Flow(settings, source, now), now)
            connections += these_connections
            series += [named(one, settings.names.get(one.metering_point)) for one in these_series]
    cut_short = [
        f"{note.source}: {note.words}"
        for note in CutShort(State(settings.data_dir)).notes()
        if settings.connections_of(note.source)
    ]
    undelivered = [str(alarm) for alarm in Book(State(settings.data_dir)).undelivered()]
    return Document(
        at=now,
        ok=not (cut_short or undelivered) and all(is_well(connection) for connection in connections),
        data_dir=str(settings.data_dir),
        influxdb=settings.influxdb.target() if settings.influxdb else None,
        cut_short=cut_short,
        undelivered_alarms=undelivered,
        connections=connections,
        series=series,
    )


def is_well(connection: ConnectionStatus) -> bool:
    """Tell whether nobody has to act: the last run and load went well, nothing is quarantined or differs."""
    load = connection.load_failure or connection.refused_lines or connection.differences
    return connection.ok and not connection.quarantined and not load


def series_cells(series: NamedSeries) -> list[str]:
    """Return the cells of a table's row, in the order of `COLUMNS`."""
    zone = SOURCES[series.source].zone
    return [
        f"{series.source}/{series.connection}",
        series.name or series.metering_point,
        series.register,
        *(f"{start.astimezone(zone):%Y-%m-%d %H:%M}" for start in (series.first_start, series.last_start)),
        f"{series.readings:,}",
        "sparse" if series.sparse else percent(series.readings, series.expected),
        percent(series.settled, series.readings),
        f"{series.corrected:,}",
        f"{series.quarantined:,}",
    ]


def percent(part: int, whole: int) -> str:
    """Return a share in per cent, never rounded up to all of it."""
    return f"{1000 * part // whole / 10:.1f} %" if whole else "-"


def named(series: SeriesStatus, name: str | None) -> NamedSeries:
    """Return a register with its metering point's name."""
    return NamedSeries(**{field.name: getattr(series, field.name) for field in fields(series)}, name=name)


def _say(document: Document) -> None:
    if document.series:
        say_table(COLUMNS, [series_cells(series) for series in document.series], naming=NAMING)
        say("Hours are the operator's local time.")
        say()
    for connection in document.connections:
        mine: Sequence[NamedSeries] = [
            series
            for series in document.series
            if (series.source, series.connection) == (connection.source, connection.connection)
        ]
        say_connection(connection, mine, SOURCES[connection.source].zone)
    for run in document.cut_short:
        say(f"THE LAST RUN WAS CUT SHORT: {run}")
    for alarm in document.undelivered_alarms:
        say(f"ALARM NOT DELIVERED: {alarm}. The next run tries again; `wattline doctor --alarm` shows whether it can.")
