"""Settled or provisional, for what has just come: by the operator's flag, by age, and by what the flag is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from connectors.base import Feed, Subject
from schemas.coverage import summarise
from schemas.settlement import FlagVerdict, judge_flag, settled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from connectors.base import Source
    from pipelines.store.home import SourceStore

MONTHS_OF_A_VERDICT = 4
"""The 60 days before the newest reading touch three months, and the newest reading may open a fourth."""


class Settling:
    """One source's rule at work."""

    def __init__(self, source: Source, store: SourceStore, flag_settings: Mapping[str, bool | None]) -> None:
        """Bind the rule; `flag_settings` is what the user says of each connection's flags, None to find out."""
        self._rule, self._zone, self._store, self._flag_settings = source.settlement, source.zone, store, flag_settings

    def readings(self, answered: pl.DataFrame, asked_at: datetime, verdicts: Mapping[str, FlagVerdict]) -> pl.DataFrame:
        """Add `settled` to one answer's rows; `verdicts` are those of the metering points' flags."""
        mute = pl.col("metering_point").is_in([point for point, verdict in verdicts.items() if verdict.mute])
        aged_before = self._rule.aged_before(asked_at, self._zone)
        return answered.with_columns(settled=settled(self._rule, aged_before=aged_before, mute=mute))

    def peaks(self, answered: pl.DataFrame, asked_at: datetime, verdicts: Mapping[str, FlagVerdict]) -> pl.DataFrame:
        """Add `settled`: a peak is as final as its hour; a month's order may still change, as a new revision."""
        by_hour = answered.with_columns(
            start=pl.col("hour_start"),
            month=pl.col("start"),
            estimated=pl.lit(None, pl.Boolean()),
            operator_version=pl.lit(None, pl.Int64()),
        )
        return self.readings(by_hour, asked_at, verdicts).with_columns(start=pl.col("month"))

    def judge_flags(self, answers: Sequence[pl.DataFrame]) -> dict[str, FlagVerdict]:
        """Return the verdict on the flag of every metering point that came; rows carry `connection`."""
        if self._rule.by_age == "always" or not answers:
            return {}
        known = self._store.ledger.flags()
        fresh = pl.concat(
            summarise(answered.with_columns(settled=pl.lit(value=False), revision=0), self._zone)
            for answered in answers
        )
        said = {
            point: self._flag_settings[connection]
            for point, connection in fresh.select("metering_point", "connection").unique().iter_rows()
        }
        days = self._days_of(fresh).partition_by("metering_point", as_dict=True)
        return {
            point: judge_flag(rows, known.get(point)) if (by_user := said[point]) is None else _set_by_user(by_user)
            for (point,), rows in days.items()
        }

    def _days_of(self, fresh: pl.DataFrame) -> pl.DataFrame:
        """Return the local days by which flags are judged: what has just come, over what is stored."""
        log = self._store.readings
        points = fresh.select("metering_point").unique()
        stored = log.days(log.months()[-MONTHS_OF_A_VERDICT:]).join(points, on="metering_point", how="semi")
        both = pl.concat([stored.join(fresh, on=["metering_point", "register", "day"], how="anti"), fresh])
        return both.group_by("metering_point", "day").agg(pl.col("present", "verified").sum())

    def overdue(self, newly_mute: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield, month by month, provisional rows that were read late enough, now that their flag is found mute."""
        log, ledger = self._store.readings, self._store.ledger
        for month in log.months() if newly_mute else ():
            rows = log.current(month).filter(pl.col("metering_point").is_in(newly_mute), ~pl.col("settled"))
            series = ("connection", "metering_point", "register")
            for (connection, point, register), part in rows.partition_by(*series, as_dict=True).items():
                asks = ledger.asked(connection, Feed.READINGS)
                read_late_enough = [
                    pl.col("start").is_between(asked.window.start, asked.window.end, closed="left")
                    & (pl.col("start") < self._rule.aged_before(asked.at, self._zone))
                    for subject in (Subject(point), Subject(point, register))
                    for asked in asks.get(subject, [])
                ]
                if read_late_enough:
                    yield part.filter(pl.any_horizontal(read_late_enough)).with_columns(settled=pl.lit(value=True))


def _set_by_user(mute: bool) -> FlagVerdict:  # noqa: FBT001 - it is the whole question
    return FlagVerdict(mute, "set by the user")
