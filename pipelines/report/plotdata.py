"""What the page's plots are drawn from: readings laid out without gaps, missing ones as null, never as zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import polars as pl

from pipelines.report.words import label, unit
from schemas.time import HOUR

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from pipelines.report.gather import Point, Series

DECIMALS: Final = 3
"""A kWh to the Wh: the operators' own precision, or finer than they bill."""

DAYS_OF_MANY: Final = 400
"""Days that are plotted where the report is on many metering points."""

Span = Literal["day", "week", "month"]

_SPANS: Final = {"day": "1d", "week": "1w", "month": "1mo"}


def hours(point: Point, series: Series) -> dict[str, object]:
    """Return every hour from the first to the last that is there or is late.

    `t0` is the first hour's start in epoch seconds, `v` the values. `provisional` and `missing` are runs of places
    `[from, to)`, `corrected` is places. `offsets` says from which instant on local time is how far from UTC.
    """
    grid = _grid(series.hours, point.expected_until)
    is_late = pl.col("quantity").is_null() & (pl.col("start") < point.expected_until)
    laid_out = grid.join(
        series.hours.select("start", "quantity", "settled", "revision"), on="start", how="left"
    ).select(
        epoch=pl.col("start").dt.epoch("s"),
        value=pl.col("quantity").round(DECIMALS),
        provisional=~pl.col("settled").fill_null(value=True),
        missing=is_late & pl.lit(not series.status.sparse),
        corrected=pl.col("revision").fill_null(0) > 0,
    )
    return {
        "register": series.register,
        "label": label(series.register),
        "unit": unit(series.register),
        "t0": laid_out["epoch"][0],
        "v": laid_out["value"].to_list(),
        "provisional": _runs(laid_out["provisional"]),
        "missing": _runs(laid_out["missing"]),
        "corrected": laid_out["corrected"].arg_true().to_list(),
        "offsets": offsets(grid["start"], point.zone),
    }


def offsets(starts: pl.Series, zone: ZoneInfo) -> list[list[int]]:
    """Return from which instant on (epoch seconds) local time is how many seconds from UTC; starts are in order."""
    local = pl.col("start").dt.convert_time_zone(zone.key)
    found = starts.to_frame("start").select(
        epoch=pl.col("start").dt.epoch("s"),
        offset=(local.dt.base_utc_offset() + local.dt.dst_offset()).dt.total_seconds(),
    )
    return [list(row) for row in found.filter(pl.col("offset").ne_missing(pl.col("offset").shift(1))).iter_rows()]


def _grid(readings: pl.DataFrame, expected_until: datetime) -> pl.DataFrame:
    last = pl.max_horizontal(pl.col("start").max(), pl.lit(expected_until - HOUR))
    return readings.select(pl.datetime_range(pl.col("start").min(), last, "1h", time_unit="us").alias("start"))


def _runs(marks: pl.Series) -> list[list[int]]:
    """Return the runs of true values as places `[from, to)`."""
    lengths = marks.rle().struct.unnest().with_columns(end=pl.col("len").cum_sum())
    return [[row["end"] - row["len"], row["end"]] for row in lengths.filter(pl.col("value")).iter_rows(named=True)]


def spans(series: Series, span: Span) -> pl.DataFrame:
    """Sum local days up by day, week from Monday, or month.

    Returns:
        `start` (a date), `quantity` (null where nothing is there), `present`, `missing`, `settled`, `corrected`.
    """
    counts = ("present", "missing", "settled", "corrected")
    return (
        series.days.group_by(pl.col("day").dt.truncate(_SPANS[span]).alias("start"))
        .agg(
            pl.when(pl.col("present").sum() > 0).then(pl.col("quantity").sum().round(DECIMALS)).alias("quantity"),
            pl.col(counts).sum(),
        )
        .sort("start")
    )


def bars(point: Point, series: Series, span: Span) -> dict[str, object]:
    """Return one bar a span, without gaps: the first date in epoch seconds, the values, and what each is worth.

    `state` holds a letter for each: s settled, p provisional or still running, i incomplete, b begun before the first
    reading, m missing, n nothing expected. `missing` has how many intervals are, by place.
    """
    frame = spans(series, span).with_columns(_state(point, series, span))
    if span == "day" and point.detail != "hours":
        frame = frame.tail(DAYS_OF_MANY)
    return {
        "register": series.register,
        "label": label(series.register),
        "unit": unit(series.register),
        "span": span,
        "from": epoch(frame["start"])[0],
        "v": frame["quantity"].to_list(),
        "missing": {place: count for place, count in enumerate(frame["missing"]) if count},
        "first": epoch(series.days["day"].head(1))[0],
        "state": "".join(frame["state"]),
    }


def _state(point: Point, series: Series, span: Span) -> pl.Expr:
    nothing, sparse = pl.col("present") == 0, series.status.sparse
    running = pl.col("start") == pl.lit(point.today).dt.truncate(_SPANS[span])
    return (
        pl.when(nothing & ((pl.col("missing") == 0) | pl.lit(sparse)))
        .then(pl.lit("n"))
        .when(nothing)
        .then(pl.lit("m"))
        .when((pl.col("missing") > 0) & pl.lit(not sparse))
        .then(pl.lit("i"))
        .when(pl.col("start") < series.days["day"][0])
        .then(pl.lit("b"))
        .when(running | (pl.col("settled") < pl.col("present")))
        .then(pl.lit("p"))
        .otherwise(pl.lit("s"))
        .alias("state")
    )


def epoch(days: pl.Series) -> list[int]:
    """Return dates as the page's script takes them: epoch seconds of their midnight in UTC."""
    return days.cast(pl.Datetime("us")).dt.epoch("s").to_list()
