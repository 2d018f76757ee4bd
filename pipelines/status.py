"""How everything stands, from what is kept: no operator and no database is asked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl

from connectors.base import Feed, Subject
from pipelines.access.standing import State, standings
from pipelines.covered import covered
from pipelines.load.progress import Progress
from pipelines.store.alias import Aliases
from schemas.coverage import SERIES
from schemas.time import local_day

if TYPE_CHECKING:
    from collections.abc import Collection

    from pipelines.flow import Flow

MOST_HOLES_TOLD: Final = 20

LATE_AFTER: Final = timedelta(days=2)
"""A newest interval is too old when it is this much older than the operator's own delay allows."""


@dataclass(frozen=True)
class SeriesStatus:
    """One register of one metering point."""

    source: str
    connection: str
    metering_point: str
    register: str
    resolution: str
    first_start: datetime
    last_start: datetime
    readings: int
    expected: int
    missing: int
    coverage: float
    settled: int
    settled_share: float
    corrected: int
    sparse: bool
    quarantined: int
    lost: bool
    """Whether access to it was lost: it is asked for no more, and nothing is missing since."""
    alias: str
    """What the metering point is called in Dagster, where its id must not stand."""
    unbalanced: tuple[str, ...]
    """Local days on which the register is not what its parts add up to, newest first."""
    holes: tuple[str, ...]
    """Local days with missing intervals, newest first, and how many are missing; none for a sparse register."""


@dataclass(frozen=True)
class ConnectionStatus:
    """One connection: how its asking goes, and what must be done by whom."""

    source: str
    connection: str
    ok: bool
    cause: str | None
    words: str | None
    not_before: datetime | None
    last_contact: datetime | None
    last_failure: datetime | None
    nulls: int
    unfamiliar: dict[str, int] = field(default_factory=dict)
    """Rows of the last good run that are provisional by a word of the operator's that nobody knows, by that word."""
    quarantined: dict[str, int] = field(default_factory=dict)
    """Rows that the operator still sends and that break a rule, by rule."""
    quarantined_rows: tuple[str, ...] = ()
    """What is known of the newest of them: time, register, rule, what is wrong."""
    flag_verdicts: dict[str, str] = field(default_factory=dict)
    """Per metering point: whether the operator's mark of a final value is mute, and why."""
    access: tuple[str, ...] = ()
    """Registers of which access was lost, or of which the owner has been silent for long: what, since when."""
    aliases: dict[str, str] = field(default_factory=dict)
    """The metering points that the settings list or that answered, by what they are called in Dagster."""
    load_failure: str | None = None
    """Why the last load into the connection's database failed as a whole."""
    refused_lines: int = 0
    differences: tuple[str, ...] = ()


def status(flow: Flow, now: datetime) -> tuple[list[ConnectionStatus], list[SeriesStatus]]:
    """Return how every connection and every register of a source stands."""
    days = flow.store.readings.days()
    by_day = covered(days, flow.store, flow.connections, now)
    open_rows = {name: flow.store.quarantine.open_rows(name) for name in flow.connections}
    aliases, lost = Aliases(flow.store.state), set(flow.store.ledger.no_longer_read())
    connections = [_connection(flow, name, open_rows[name], aliases, now) for name in flow.connections]
    series = [
        _series(flow, rows, open_rows.get(str(rows["connection"][0])), aliases, lost)
        for rows in by_day.partition_by(*SERIES, maintain_order=True)
    ]
    return connections, series


def _series(
    flow: Flow, days: pl.DataFrame, quarantine: pl.DataFrame | None, aliases: Aliases, lost: Collection[Subject]
) -> SeriesStatus:
    first = days.row(0, named=True)
    readings, expected = int(days["present"].sum()), int(days["expected"].sum())
    settled = int(days["settled"].sum())
    sparse = bool(first["sparse"])
    holes = days.filter(pl.col("missing") > 0).sort("day", descending=True).head(0 if sparse else MOST_HOLES_TOLD)
    bad = 0
    if quarantine is not None:
        mine = (pl.col("metering_point") == first["metering_point"]) & (
            pl.col("register").eq_missing(first["register"]) | pl.col("register").is_null()
        )
        bad = quarantine.filter(pl.col("feed") == Feed.READINGS.value, mine).height
    return SeriesStatus(
        source=flow.source.name,
        connection=first["connection"],
        metering_point=first["metering_point"],
        register=first["register"],
        resolution=first["resolution"],
        first_start=_aware(days["first_start"].min()),
        last_start=_aware(days["last_start"].max()),
        readings=readings,
        expected=expected,
        missing=expected - readings,
        coverage=readings / expected if expected else 1.0,
        settled=settled,
        settled_share=settled / readings if readings else 0.0,
        corrected=int(days["corrected"].sum()),
        sparse=sparse,
        quarantined=bad,
        lost=Subject(first["metering_point"], first["register"]) in lost,
        alias=aliases.of(first["metering_point"]),
        unbalanced=_unbalanced(days),
        holes=tuple(f"{row['day']}: {row['missing']} missing" for row in holes.iter_rows(named=True)),
    )


def _unbalanced(days: pl.DataFrame) -> tuple[str, ...]:
    found = days.filter(pl.col("unbalanced") > 0).sort("day", descending=True)
    return tuple(
        f"{row['day']}: measured {row['measured']:.3f} kWh, its parts {row['explained']:.3f} kWh; "
        f"{row['unbalanced']} of {row['compared']} intervals differ, by {row['worst']:.3f} kWh at most"
        for row in found.iter_rows(named=True)
    )


def _access(flow: Flow, name: str, now: datetime) -> tuple[str, ...]:
    return tuple(
        f"{standing.subject.metering_point} {standing.subject.register}: {standing.state} since "
        f"{local_day(standing.since, flow.source.zone)}"
        for standing in standings(flow.store, name, flow.connections[name], flow.silent_after, now)
        if standing.state in (State.LOST, State.SILENT)
    )


def _connection(flow: Flow, name: str, quarantine: pl.DataFrame, aliases: Aliases, now: datetime) -> ConnectionStatus:
    ledger = flow.store.ledger
    contact, points = ledger.contact(name), set(ledger.metering_points(name))
    refused, differences, failure = 0, [], None
    if (target := flow.target_of(name)) is not None:
        progress = Progress(flow.store.state, target, flow.source.name)
        failure = progress.failure()
        refused = sum(line.connection == name for line in progress.refused())
        differences = [
            f"{month:%Y-%m}: {seen.difference}"
            for (_, month), seen in sorted(progress.acknowledged().items())
            if seen.difference
        ]
    newest = quarantine.sort("start", descending=True, nulls_last=True).head(MOST_HOLES_TOLD)
    return ConnectionStatus(
        source=flow.source.name,
        connection=name,
        ok=contact.cause is None,
        cause=contact.cause,
        words=contact.words,
        not_before=contact.not_before,
        last_contact=contact.well_at,
        last_failure=contact.failed_at,
        nulls=contact.nulls,
        unfamiliar=dict(contact.unfamiliar),
        quarantined=dict(quarantine.group_by("rule").len().sort("rule").iter_rows()),
        quarantined_rows=tuple(_told(row) for row in newest.iter_rows(named=True)),
        flag_verdicts={
            point: f"{'mute' if verdict.mute else 'trusted'}: {verdict.reason}"
            for point, verdict in ledger.flags().items()
            if point in points
        },
        access=_access(flow, name, now),
        aliases={aliases.of(point): point for point in sorted({*flow.connections[name].listed_points(), *points})},
        load_failure=failure,
        refused_lines=refused,
        differences=tuple(differences),
    )


def _aware(value: object) -> datetime:
    if not isinstance(value, datetime):
        message = f"a series without a reading: {value!r}"
        raise TypeError(message)
    return value.astimezone(UTC)


def _told(row: dict[str, object]) -> str:
    what = f"{row['metering_point']} {row['register'] or 'unknown register'} {row['start'] or 'unknown time'}"
    return f"{what}: {row['rule']} {row['detail']}".strip()
