"""Elvia's answers put into canonical columns: pure, and nothing judged but what cannot become a row."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import polars as pl

from connectors.base import BadRow, Candidates, Feed, RawAnswer
from connectors.elvia import wire
from connectors.errors import SourceChanged
from schemas import peak, reading
from schemas.time import local_day, local_midnight

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import date
    from zoneinfo import ZoneInfo

REGISTERS: Final = {False: "consumption", True: "production"}
"""Elvia's flag `production`, in our words."""

RESOLUTIONS: Final = {60: "PT1H"}
"""Minutes that Elvia is known to serve; another number is kept as text, which no rule accepts."""

UNITS: Final = {"kWh": "kWh", "kwh": "kWh"}
"""Spellings seen in the wild; any other is kept as sent, which no rule accepts."""

_PEAK_ROW: Final = pl.Schema(
    {
        "metering_point": pl.String(),
        "start": reading.INSTANT,
        "average": pl.Float64(),
        "quantity": pl.Float64(),
        "row": pl.UInt32(),
        "hour_start": pl.String(),
        "hour_end": pl.String(),
        "unit": pl.String(),
        "production": pl.Boolean(),
        "verified": pl.Boolean(),
    }
)

WIRE_RULE: Final = "row_is_readable"
"""The rule that a row has the documented keys and types."""


def parse(answer: RawAnswer, zone: ZoneInfo) -> Candidates:
    """Put an answer into the columns of its feed.

    Raises:
        SourceChanged: the envelope is not the documented one.
    """
    try:
        if answer.ask.feed is Feed.PEAKS:
            return _peaks(wire.decode_peaks(answer.body), answer, zone)
        return _readings(wire.decode_values(answer.body))
    except wire.UNREADABLE as error:
        message = f"elvia: the answer to {answer.ask.feed} has another shape than documented: {error}"
        raise SourceChanged(message) from None


def _bad(point: str, row: msgspec.Raw, error: Exception) -> BadRow:
    """Keep an unreadable row, with its time and register where they can still be made out."""
    try:
        content = msgspec.json.decode(row)
    except wire.UNREADABLE:
        content = None
    content = content if isinstance(content, dict) else {}
    register = REGISTERS.get(content["production"]) if isinstance(content.get("production"), bool) else None
    return BadRow(point, register, _told_start(content.get("startTime")), WIRE_RULE, str(error), bytes(row))


def _told_start(text: object) -> datetime | None:
    try:
        told: datetime = msgspec.convert(text, Annotated[datetime, msgspec.Meta(tz=True)])
        return told.astimezone(UTC)
    except (msgspec.ValidationError, OverflowError):
        return None


def _readings(envelope: wire.MeterValues) -> Candidates:
    rows: list[msgspec.Raw] = []
    columns: dict[str, list[object]] = {name: [] for name in ("start", "end", "quantity", "unit")}
    production: list[bool] = []
    verified: list[bool] = []
    kept: list[int] = []
    runs: list[tuple[str, str, int]] = []
    bad: list[BadRow] = []
    nulls = 0
    decode = wire.row_of.decode
    start, end, quantity, unit = (column.append for column in columns.values())
    for point in envelope.meteringpoints:
        if point.metervalue is None:
            continue
        first, before = len(rows), len(kept)
        rows.extend(point.metervalue.time_series)
        for index, raw in enumerate(point.metervalue.time_series, first):
            try:
                row = decode(raw)
            except wire.UNREADABLE as error:
                bad.append(_bad(point.metering_point_id, raw, error))
                continue
            if row.value is None:
                nulls += 1
                continue
            start(row.start_time)
            end(row.end_time)
            quantity(row.value)
            unit(row.uom)
            production.append(row.production)
            verified.append(row.verified)
            kept.append(index)
        minutes = point.metervalue.resolution_minutes
        runs.append((point.metering_point_id, RESOLUTIONS.get(minutes, f"{minutes} minutes"), len(kept) - before))
    points, resolutions, lengths = zip(*runs, strict=True) if runs else ((), (), ())
    frame = pl.DataFrame(
        {**columns, "production": production, "verified": verified, "row": kept},
        schema_overrides={
            **dict.fromkeys(("start", "end", "unit"), pl.String()),
            "quantity": pl.Float64(),
            "production": pl.Boolean(),
            "verified": pl.Boolean(),
            "row": pl.UInt32(),
        },
    ).with_columns(
        _repeated(points, lengths).alias("metering_point"),
        _repeated(resolutions, lengths).alias("resolution"),
        _register(),
        _instant("start"),
        _instant("end"),
        _unit(),
        estimated=pl.lit(None, pl.Boolean()),
        operator_version=pl.lit(None, pl.Int64()),
    )
    return Candidates(
        frame=frame.select(reading.CANDIDATE.names()),
        verbatim=lambda index: bytes(rows[index]),
        bad=bad,
        # One without a series has no contract in the window, and may be nobody's.
        metering_points=tuple(point.metering_point_id for point in envelope.meteringpoints if point.metervalue),
        nulls=nulls,
    )


def _peaks(envelope: wire.MaxHours, answer: RawAnswer, zone: ZoneInfo) -> Candidates:
    rows: list[msgspec.Raw] = []
    bad: list[BadRow] = []
    found: list[tuple[object, ...]] = []
    asked = answer.ask.window
    for point in envelope.meteringpoints:
        for aggregate in point.max_hours_aggregate or ():
            month = local_midnight(_months_back(asked.end, aggregate.no_of_months_back, zone), zone)
            if not asked.start <= month < asked.end:
                # The month that begins where a finished one ends: empty, or another call's business.
                continue
            for raw, row in _decoded(aggregate.max_hours, point.metering_point_id, bad):
                if row.value is not None:
                    found.append(
                        (
                            *(point.metering_point_id, month, aggregate.average_value, row.value, len(rows)),
                            *(row.start_time, row.end_time, row.uom, row.production, row.verified),
                        )
                    )
                    rows.append(raw)
    # Elvia sends the three ascending, which is nobody's promise: of equal hours the earlier is first, so that
    # the same three in another order are the same. A row sent twice has one rank.
    rank = pl.struct(-pl.col("quantity"), "hour_start").rank("dense").over("metering_point", "start", "register")
    frame = (
        pl.DataFrame(found, orient="row", schema=_PEAK_ROW)
        .with_columns(_register(), _instant("hour_start"), _instant("hour_end"), _unit())
        .with_columns(rank=rank.cast(pl.Int64))
    )
    return Candidates(
        frame=frame.select(peak.CANDIDATE.names()),
        verbatim=lambda index: bytes(rows[index]),
        bad=bad,
        metering_points=tuple(point.metering_point_id for point in envelope.meteringpoints),
    )


def _decoded(raws: list[msgspec.Raw], point: str, bad: list[BadRow]) -> Iterator[tuple[msgspec.Raw, wire.ValueRow]]:
    for raw in raws:
        try:
            yield raw, wire.row_of.decode(raw)
        except wire.UNREADABLE as error:
            bad.append(_bad(point, raw, error))


def _months_back(instant: datetime, months: int, zone: ZoneInfo) -> date:
    day = local_day(instant, zone)
    index = day.year * 12 + day.month - 1 - months
    return day.replace(year=index // 12, month=index % 12 + 1, day=1)


def _repeated(values: tuple[str, ...], lengths: tuple[int, ...]) -> pl.Series:
    return pl.DataFrame(
        {"value": values, "length": lengths}, schema={"value": pl.String(), "length": pl.UInt32()}
    ).select(pl.col("value").repeat_by("length").explode(empty_as_null=False))["value"]


def _register() -> pl.Expr:
    return pl.col("production").replace_strict(REGISTERS, return_dtype=pl.String()).alias("register")


def _unit() -> pl.Expr:
    return pl.col("unit").replace(UNITS)


def _instant(name: str) -> pl.Expr:
    # `%+` takes an offset, `Z` and fractions, and refuses a naive time: null then, which no rule accepts.
    return pl.col(name).str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False)
