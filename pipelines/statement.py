"""The statement of a month: what each register came to, how final that is, and what changed since it was last told.

A statement tells the current state. What the last one told is not kept anywhere: the log of revisions still knows it,
given how far the log had come then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.covered import covered
from pipelines.load.projection import DECIMALS
from pipelines.store.statements import Issued, Statements
from schemas.coverage import summarise
from schemas.reading import INSTANT
from schemas.registers import REGISTERS
from schemas.revision import READINGS, current
from schemas.time import local_day, next_month

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import date

    from connectors.base import Source
    from pipelines.flow import Flow

STATEMENT: Final = pl.Schema(
    {
        # The operator's local month, such as 2026-10.
        "month": pl.String(),
        **dict.fromkeys(("source", "connection", "metering_point", "name", "register", "layer", "unit"), pl.String()),
        # In the unit; null where nothing is present.
        "quantity": pl.Float64(),
        # Counts of the operator's native intervals.
        **dict.fromkeys(("expected", "present", "missing", "settled"), pl.Int64()),
        # Of those that are present; null where none is.
        "settled_share": pl.Float64(),
        # What the quantity is more, or less, than the last statement told, and how many intervals that comes from:
        # those that are new since, and those whose value is another. Null where there was no statement before.
        "restated": pl.Float64(),
        "new": pl.Int64(),
        "corrected": pl.Int64(),
        "previous_statement": INSTANT,
    }
)
"""A statement's rows. In a total, `connection` and `metering_point` are null and `name` is `TOTAL`."""

TOTAL: Final = "total"

_COUNTS: Final = ("expected", "present", "missing", "settled")
_LAST: Final = pl.Schema({"connection": pl.String(), "issued_at": INSTANT, "seq": pl.Int64(), "known_at": INSTANT})
_LAYERS: Final = {name: register.layer for name, register in REGISTERS.items()}
_UNITS: Final = {name: register.unit for name, register in REGISTERS.items()}


@dataclass(frozen=True)
class Statement:
    """One source's statement of a local month."""

    source: Source
    month: date
    rows: pl.DataFrame
    """`STATEMENT`: a row for each register of each metering point, in the order that is shown to people."""
    totals: pl.DataFrame
    """`STATEMENT`: a row for each register, over all metering points."""
    told: Issued
    """What is recorded once it is issued."""
    missing: int
    """Missing intervals of all registers but those that serve only part of their days."""
    unbalanced: int
    """Days of measured registers on which shared layers and remainder are not what was measured."""
    undue_from: date | None
    """The first local day of the month on which a missing interval is not late yet; None where all are due."""
    provisional_until: date | None
    """The last local day with a provisional reading; None where all are settled."""


def draw_up(flow: Flow, month: date, names: Mapping[str, str], connections: Collection[str] | None = None) -> Statement:
    """Return the statement of a month (its first day) as of now, without recording that it was issued.

    Args:
        flow: the source's.
        month: the first day of the local month.
        names: friendly names of metering points.
        connections: those to tell of; None: all that the store holds.
    """
    source, log = flow.source, flow.store.readings
    revisions = log.read(month)
    # Not the month's own summary: a run may have replaced it since.
    of_month = summarise(current(revisions, log.shape), source.zone)
    days = pl.concat([log.days(each for each in log.months() if each != month), of_month])
    chosen = pl.lit(value=True) if connections is None else pl.col("connection").is_in(list(connections))
    coverage = covered(days, flow.store, flow.connections, flow.now).filter(
        pl.col("day").dt.month_start() == month, chosen
    )

    last = Statements(flow.store.state, source.name).last(month)
    issued = pl.DataFrame(
        [(name, each.at, each.seq, each.known_at) for name, each in last.items()], schema=_LAST, orient="row"
    )
    told = coverage.select("metering_point", "connection").unique().join(issued, on="connection")
    told = told.select("metering_point", told_seq="seq", told_known_at="known_at")
    rows = _lines(coverage, restated(revisions, told), issued).with_columns(
        month=pl.lit(month.isoformat()[: len("2026-10")]),
        source=pl.lit(source.name),
        name=pl.col("metering_point").replace_strict(dict(names), default=None, return_dtype=pl.String),
    )
    due_until = local_day(source.expected_until(flow.now), source.zone)
    seq, known_at = revisions.select(pl.col("seq", "known_at").max()).row(0)
    return Statement(
        source=source,
        month=month,
        rows=rows.select(STATEMENT.names()),
        totals=total(rows),
        told=Issued(flow.now, seq or 0, known_at or flow.now),
        missing=coverage.filter(~pl.col("sparse")).select(pl.col("missing").sum()).item(),
        unbalanced=coverage.filter(pl.col("unbalanced") > 0).height,
        undue_from=max(due_until, month) if due_until < next_month(month) else None,
        provisional_until=coverage.filter(pl.col("settled") < pl.col("present")).select(pl.col("day").max()).item(),
    )


def issue(flow: Flow, statement: Statement) -> None:
    """Record that a statement was issued, of each connection in it: the next one tells what changed since."""
    connections = statement.rows["connection"].unique().to_list()
    Statements(flow.store.state, flow.source.name).issue(statement.month, connections, statement.told)


def restated(log: pl.DataFrame, told: pl.DataFrame) -> pl.DataFrame:
    """Compare what is current with what was told.

    Args:
        log: every revision of a month, sorted by key and `seq`.
        told: how far the log had come when a metering point was last told of: `metering_point`, `told_seq`,
            `told_known_at`. One that is not there is not compared.

    Returns:
        `metering_point`, `register`, `restated`, `new` and `corrected` of `STATEMENT`; only series that changed.
    """
    key = READINGS.key
    log = log.join(told, on="metering_point", maintain_order="left")
    was_told = (pl.col("seq") <= pl.col("told_seq")) & (pl.col("known_at") <= pl.col("told_known_at"))
    then = current(log.filter(was_told), READINGS).select(*key, then="quantity")
    now = current(log, READINGS).filter(~was_told)
    return (
        now.join(then, on=key, how="left")
        .group_by("metering_point", "register")
        .agg(
            restated=pl.coalesce(pl.col("quantity") - pl.col("then"), "quantity").sum().round(DECIMALS),
            new=pl.col("then").is_null().sum().cast(pl.Int64),
            corrected=(pl.col("quantity") != pl.col("then")).sum().cast(pl.Int64),
        )
    )


def _lines(coverage: pl.DataFrame, changes: pl.DataFrame, issued: pl.DataFrame) -> pl.DataFrame:
    """Sum a month's days up by series, with what changed since each connection's last statement."""
    was_told = pl.col("previous_statement").is_not_null()
    something = pl.col("quantity").is_not_null().any()
    return (
        coverage.group_by("connection", "metering_point", "register")
        .agg(pl.when(something).then(pl.col("quantity").sum().round(DECIMALS)).alias("quantity"), pl.col(_COUNTS).sum())
        .join(issued.select("connection", previous_statement="issued_at"), on="connection", how="left")
        .join(changes, on=("metering_point", "register"), how="left")
        .with_columns(pl.when(was_told).then(pl.col("restated", "new", "corrected").fill_null(0)))
        .with_columns(*_of_register(), settled_share=_settled_share())
        .sort("connection", "metering_point", _place())
    )


def total(rows: pl.DataFrame) -> pl.DataFrame:
    """Sum a statement's rows up by source and register, so that the last totals plus `restated` are the new ones.

    What is told for the first time, while other rows were told before, is new in its total.
    """
    was_told = pl.col("previous_statement").is_not_null().any()
    something = pl.col("quantity").is_not_null().any()
    return (
        rows.group_by("month", "source", "register", maintain_order=True)
        .agg(
            pl.when(something).then(pl.col("quantity").sum().round(DECIMALS)).alias("quantity"),
            pl.col(_COUNTS).sum(),
            pl.when(was_told).then(pl.coalesce("restated", "quantity").sum().round(DECIMALS)).alias("restated"),
            pl.when(was_told).then(pl.coalesce("new", "present").sum()).alias("new"),
            pl.when(was_told).then(pl.col("corrected").sum()).alias("corrected"),
            pl.col("previous_statement").max(),
        )
        .with_columns(
            *_of_register(),
            connection=pl.lit(None, pl.String()),
            metering_point=pl.lit(None, pl.String()),
            name=pl.lit(TOTAL),
            settled_share=_settled_share(),
        )
        .sort("month", "source", _place())
        .select(STATEMENT.names())
    )


def _of_register() -> list[pl.Expr]:
    register = pl.col("register")
    return [
        register.replace_strict(_LAYERS, return_dtype=pl.String).alias("layer"),
        register.replace_strict(_UNITS, return_dtype=pl.String).alias("unit"),
    ]


def _settled_share() -> pl.Expr:
    return pl.when(pl.col("present") > 0).then(pl.col("settled") / pl.col("present"))


def _place() -> pl.Expr:
    """Return the place of a register in the catalogue, which has the order that is shown to people."""
    return pl.col("register").cast(pl.Enum(list(REGISTERS)))
