"""The log of revisions: what a new answer adds to it, and how to read it back at any instant.

A log is a frame sorted by key and `seq`. A row is added only where the value or its state differs from the
current row. A changed value is a new `revision`; a changed state (`settled`, `verified`, the operator's
version, the connection that a metering point is read by) keeps it. Pure; files are the store's business.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import polars as pl

from schemas.reading import INSTANT

if TYPE_CHECKING:
    from datetime import datetime


@dataclass(frozen=True)
class LogShape:
    """What a log holds: the columns that name a row, its value, and the state of that value."""

    key: tuple[str, ...]
    value: tuple[str, ...]
    state: tuple[str, ...]
    schema: pl.Schema


_HEAD: Final = {"source": pl.String(), "connection": pl.String(), "metering_point": pl.String()}
_TAIL: Final = {"revision": pl.Int64(), "seq": pl.Int64(), "known_at": INSTANT}

READINGS: Final = LogShape(
    key=("metering_point", "register", "start"),
    value=("quantity", "resolution"),
    state=("connection", "verified", "operator_version"),
    schema=pl.Schema(
        {
            **_HEAD,
            "register": pl.String(),
            "start": INSTANT,
            "resolution": pl.String(),
            "quantity": pl.Float64(),
            "settled": pl.Boolean(),
            "verified": pl.Boolean(),
            "operator_version": pl.Int64(),
            **_TAIL,
        }
    ),
)
"""The log of readings; `quantity` is in the register's unit."""

PEAKS: Final = LogShape(
    key=("metering_point", "register", "start", "rank"),
    value=("quantity", "hour_start", "average"),
    state=("connection", "verified", "operator_version"),
    schema=pl.Schema(
        {
            **_HEAD,
            "register": pl.String(),
            "start": INSTANT,
            "rank": pl.Int64(),
            "quantity": pl.Float64(),
            "hour_start": INSTANT,
            "average": pl.Float64(),
            "settled": pl.Boolean(),
            "verified": pl.Boolean(),
            "operator_version": pl.Int64(),
            **_TAIL,
        }
    ),
)
"""The log of official peaks: `start` is the local month's first instant, `quantity` and `average` in kWh."""


def current(log: pl.DataFrame, shape: LogShape) -> pl.DataFrame:
    """Return the last row of every key; the log is sorted by key and `seq`."""
    same_as_next = pl.all_horizontal(pl.col(name).eq_missing(pl.col(name).shift(-1)) for name in shape.key)
    return log.filter(~same_as_next)


def as_known_on(log: pl.DataFrame, shape: LogShape, instant: datetime) -> pl.DataFrame:
    """Return what was current at an instant: the last row by `seq` with `known_at` at or before it."""
    return current(log.filter(pl.col("known_at") <= instant), shape)


def corrected_since(log: pl.DataFrame, shape: LogShape, instant: datetime) -> pl.DataFrame:
    """Return every revision after the first that became known after the instant."""
    first_of_revision = pl.col("seq") == pl.col("seq").min().over(*shape.key, "revision")
    return log.filter(pl.col("revision") > 0, pl.col("known_at") > instant, first_of_revision)


@dataclass(frozen=True)
class Revised:
    """What an answer adds to a log: the rows to append, and how many of each kind they are."""

    rows: pl.DataFrame
    kinds: pl.DataFrame
    """One row a connection: `connection`, `new`, `corrected`, `confirmed`."""


def revise(known: pl.DataFrame, incoming: pl.DataFrame, shape: LogShape, *, seq: int, known_at: datetime) -> Revised:
    """Compare an answer with the current rows and number what differs.

    Args:
        known: current rows, one a key, in the log's schema.
        incoming: judged rows, one a key, in the log's schema without `revision`, `seq` and `known_at`.
        shape: which log.
        seq: the highest number used so far; the new rows get the next ones, in order of key.
        known_at: when the answer became known; not before any row of `known`.

    A lower operator's version never replaces a higher one. A settled reading becomes provisional again only
    when its value changes.
    """
    before = {name: f"{name}_before" for name in (*shape.value, *shape.state, "settled", "revision")}
    joined = incoming.join(
        known.select(*shape.key, *(pl.col(name).alias(alias) for name, alias in before.items())),
        on=shape.key,
        how="left",
        coalesce=True,
        maintain_order="left",
    )
    is_new = pl.col("revision_before").is_null()
    stale = (pl.col("operator_version") < pl.col("operator_version_before")).fill_null(value=False)
    value_differs = ~pl.all_horizontal(pl.col(name).eq_missing(pl.col(before[name])) for name in shape.value)
    state_differs = ~pl.all_horizontal(pl.col(name).eq_missing(pl.col(before[name])) for name in shape.state)
    stays_settled = ~value_differs & pl.col("settled_before").fill_null(value=False)
    rows = (
        joined.filter(~stale)
        .with_columns(settled=pl.col("settled") | stays_settled, corrected=~is_new & value_differs, new=is_new)
        .filter(is_new | value_differs | state_differs | (pl.col("settled") != pl.col("settled_before")))
        .with_columns(confirmed=~pl.col("new") & ~pl.col("corrected") & pl.col("settled") & ~pl.col("settled_before"))
        .sort(shape.key)
    )
    kinds = rows.group_by("connection").agg(pl.col("new", "corrected", "confirmed").sum()).sort("connection")
    numbered = rows.with_columns(
        revision=pl.col("revision_before").fill_null(-1) + (pl.col("new") | pl.col("corrected")),
        seq=pl.int_range(pl.len(), dtype=pl.Int64) + (seq + 1),
        known_at=pl.lit(known_at, dtype=INSTANT),
    ).select(shape.schema.names())
    return Revised(numbered, kinds)
