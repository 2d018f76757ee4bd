"""Settled or provisional, for what has just come: by the operator's flag, by age, and by what the flag is worth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from connectors.base import Feed
from schemas.coverage import summarise
from schemas.settlement import FlagVerdict, judge_flag, settled

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from connectors.base import Source
    from pipelines.store.home import SourceStore

MONTHS_OF_A_VERDICT = 4
"""The 60 days before the newest reading touch three months, and the newest reading may open a fourth."""


class Settling:
    """One source's rule at work. Rows carry `connection` and `asked_at`, the instant of their answer."""

    def __init__(self, source: Source, store: SourceStore, flag_settings: Mapping[str, bool | None]) -> None:
        """Bind the rule; `flag_settings` is what the user says of each connection's flags, None to find out."""
        self._rule, self._zone, self._store, self._flag_settings = source.settlement, source.zone, store, flag_settings

    def readings(self, incoming: pl.DataFrame, verdicts: Mapping[str, FlagVerdict]) -> pl.DataFrame:
        """Add `settled`; `verdicts` are those of the metering points' flags."""
        mute = pl.col("metering_point").is_in([point for point, verdict in verdicts.items() if verdict.mute])
        return pl.concat(
            rows.with_columns(
                settled=settled(self._rule, aged_before=self._rule.aged_before(asked_at, self._zone), mute=mute)
            )
            for (asked_at,), rows in incoming.partition_by("asked_at", as_dict=True).items()
        )

    def peaks(self, incoming: pl.DataFrame) -> pl.DataFrame:
        """Add `settled`: a peak is as final as its hour; a month's order may still change, as a new revision."""
        by_hour = incoming.with_columns(
            start=pl.col("hour_start"),
            month=pl.col("start"),
            estimated=pl.lit(None, pl.Boolean()),
            operator_version=pl.lit(None, pl.Int64()),
        )
        return self.readings(by_hour, self._store.ledger.flags()).with_columns(start=pl.col("month"))

    def judge_flags(self, incoming: pl.DataFrame) -> tuple[dict[str, FlagVerdict], list[str]]:
        """Judge the flag of every metering point that came.

        Returns:
            The verdicts, and the metering points whose flag was not mute before.
        """
        if self._rule.by_age == "always":
            return {}, []
        known = self._store.ledger.flags()
        fresh = summarise(incoming.with_columns(settled=pl.lit(value=False), revision=0), self._zone)
        verdicts: dict[str, FlagVerdict] = {}
        for (point,), days in self._days_of(fresh).partition_by("metering_point", as_dict=True).items():
            said = self._flag_settings[days["connection"][0]]
            found = judge_flag(days, known.get(point)) if said is None else FlagVerdict(said, "set by the user")
            verdicts[point] = found
        newly_mute = [
            point for point, verdict in verdicts.items() if verdict.mute and not (point in known and known[point].mute)
        ]
        return verdicts, newly_mute

    def _days_of(self, fresh: pl.DataFrame) -> pl.DataFrame:
        """Return the local days by which flags are judged: what has just come, over what is stored."""
        log = self._store.readings
        points = fresh.select("metering_point").unique()
        stored = log.days(log.months()[-MONTHS_OF_A_VERDICT:]).join(points, on="metering_point", how="semi")
        both = pl.concat([stored.join(fresh, on=["metering_point", "register", "day"], how="anti"), fresh])
        return both.group_by("connection", "metering_point", "day").agg(pl.col("present", "verified").sum())

    def overdue(self, newly_mute: Sequence[str]) -> Iterator[pl.DataFrame]:
        """Yield, month by month, provisional rows that were read late enough, now that their flag is found mute."""
        log, ledger = self._store.readings, self._store.ledger
        for month in log.months() if newly_mute else ():
            rows = log.current(month).filter(pl.col("metering_point").is_in(newly_mute), ~pl.col("settled"))
            for (connection, point), part in rows.partition_by("connection", "metering_point", as_dict=True).items():
                read_late_enough = [
                    pl.col("start").is_between(asked.window.start, asked.window.end, closed="left")
                    & (pl.col("start") < self._rule.aged_before(asked.at, self._zone))
                    for asked in ledger.asked(connection, Feed.READINGS).get(point, [])
                ]
                if read_late_enough:
                    yield part.filter(pl.any_horizontal(read_late_enough)).with_columns(settled=pl.lit(value=True))
