"""Leneda's answers put into canonical columns: pure, and nothing judged but what cannot become a row."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
import polars as pl

from connectors.base import BadRow, Candidates, RawAnswer
from connectors.errors import SourceChanged
from connectors.leneda import wire
from schemas.reading import CANDIDATE
from schemas.registers import REGISTERS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from connectors.base import Subject
    from connectors.leneda.wire import TimeSeries

ROW_RULE: Final = "row_is_readable"
"""The rule that a row has the documented keys and types."""

ANSWER_RULE: Final = "answers_what_was_asked"
"""The rule that an answer names the metering point and the register that it was asked for."""

_LONGEST_WORD: Final = 40

_ITEMS: Final = pl.Schema(
    {
        "started_at": pl.String(),
        "quantity": pl.Float64(),
        "type": pl.String(),
        "operator_version": pl.Int64(),
        "row": pl.UInt32(),
    }
)


def parse(answer: RawAnswer) -> Candidates:
    """Put the answer to a call for one register of one metering point into the columns of readings.

    Raises:
        SourceChanged: the envelope is not the documented one.
    """
    try:
        series = wire.decode(answer.body)
    except wire.UNREADABLE as error:
        message = f"leneda: the answer to {answer.ask.feed} has another shape than documented: {error}"
        raise SourceChanged(message) from None
    (subject,) = answer.ask.subjects
    told = ((series.metering_point_code or "").strip().upper(), series.obis_code)
    if series.is_unknown or told != (subject.metering_point, wire.REGISTERS[subject.register].obis):
        words = f"is about {_word(series.obis_code)}, or another metering point"
        return Candidates(
            frame=CANDIDATE.to_frame(eager=True),
            verbatim=lambda index: bytes(series.items[index]),
            bad=[_bad(subject, raw, ANSWER_RULE, words) for raw in series.items],
        )
    return _readings(series, subject)


def _readings(series: TimeSeries, subject: Subject) -> Candidates:
    found: list[tuple[str, float, str, int, int]] = []
    bad: list[BadRow] = []
    nulls = 0
    for index, raw in enumerate(series.items):
        try:
            item = wire.item_of.decode(raw)
        except wire.UNREADABLE as error:
            bad.append(_bad(subject, raw, ROW_RULE, str(error)))
            continue
        if item.value is None:
            nulls += 1
            continue
        found.append((item.started_at, item.value, item.type, item.version, index))
    return Candidates(
        frame=_frame(pl.DataFrame(found, schema=_ITEMS, orient="row"), series, subject),
        verbatim=lambda index: bytes(series.items[index]),
        bad=bad,
        metering_points=(subject.metering_point,),
        nulls=nulls,
        unfamiliar=Counter(f"type {_word(word)}" for _, _, word, *_ in found if word not in wire.ESTIMATED),
    )


def _frame(items: pl.DataFrame, series: TimeSeries, subject: Subject) -> pl.DataFrame:
    measured = wire.REGISTERS[subject.register]
    worth = measured.units.get(series.unit or "")
    unit = REGISTERS[subject.register].unit if worth else _unlike(series.unit, measured.units)
    as_known = series.interval_length == measured.interval
    resolution = measured.interval if as_known else _unlike(series.interval_length, [measured.interval])
    frame = items.with_columns(
        metering_point=pl.lit(subject.metering_point),
        register=pl.lit(subject.register),
        # `%+` takes `Z`, an offset and fractions, and refuses a naive time: null then, which no rule accepts.
        start=pl.col("started_at").str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False),
        resolution=pl.lit(resolution),
        quantity=pl.col("quantity") * (worth or 1),
        unit=pl.lit(unit),
        verified=pl.lit(None, pl.Boolean()),
        estimated=pl.col("type").replace_strict(wire.ESTIMATED, default=True, return_dtype=pl.Boolean()),
    ).with_columns(end=pl.col("start") + pl.lit(wire.INTERVALS.get(resolution), pl.Duration("us")))
    # Where an interval comes in two versions, the higher one is the operator's last word.
    latest = pl.col("operator_version") == pl.col("operator_version").max().over("start")
    return frame.filter(latest | pl.col("start").is_null()).select(CANDIDATE.names())


def _bad(subject: Subject, row: msgspec.Raw, rule: str, detail: str) -> BadRow:
    """Keep a row that cannot be used, with its time where that can still be made out."""
    try:
        content = msgspec.json.decode(row)
        told: datetime = msgspec.convert(content["startedAt"], Annotated[datetime, msgspec.Meta(tz=True)])
        start = told.astimezone(UTC)
    except (*wire.UNREADABLE, TypeError, LookupError, OverflowError):
        start = None
    return BadRow(subject.metering_point, subject.register, start, rule, detail, bytes(row))


def _unlike(told: str | None, known: Iterable[str]) -> str:
    """Return what was told, and what is known instead: a word that no rule accepts."""
    return f"{_word(told)} instead of {' or '.join(known)}"


def _word(told: str | None) -> str:
    return "null" if told is None else repr(told[:_LONGEST_WORD])
