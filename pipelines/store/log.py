"""The log of revisions on disk: one Parquet file per source, feed and operator-local month.

    <data_dir>/store/elvia/readings/2026-10.parquet    every revision, sorted by key and `seq`
    <data_dir>/store/elvia/days/2026-10.parquet        its current rows by local day, for coverage and read-back
    <data_dir>/store/elvia/peaks/2026-10.parquet       the operator's own peaks

A file carries its `edition` in Parquet's metadata, new at every write; a summary carries the edition that
it was made from, so that one left behind by a kill is seen and made anew, as is one that was made before summaries
had the columns that they have now.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import polars as pl

from connectors.base import Feed
from pipelines.store.files import StoreDamagedError
from pipelines.store.parquet import read_footer, read_whole, replace_whole
from schemas import revision
from schemas.coverage import DAYS, SERIES, summarise
from schemas.revision import LogShape, current, revise

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from pathlib import Path
    from zoneinfo import ZoneInfo

COLUMNS: Final = " ".join(DAYS.names())
"""The form of a summary."""

SHAPES: Final = {Feed.READINGS: revision.READINGS, Feed.PEAKS: revision.PEAKS}


@dataclass(frozen=True)
class Head:
    """What a month's file says of itself without reading its rows."""

    edition: str
    seq: int
    known_at: datetime


@dataclass(frozen=True)
class Merged:
    """What a merge did to one month: how many rows of each kind, by connection."""

    month: date
    kinds: pl.DataFrame


class Log:
    """One source's log of one feed. Reading needs no lock; merging is for the holder of the source's lock."""

    def __init__(self, folder: Path, source: str, feed: Feed, zone: ZoneInfo) -> None:
        """Name the files; nothing is read or made yet."""
        self.source, self.feed, self.zone = source, feed, zone
        self.shape: LogShape = SHAPES[feed]
        self._folder = folder / source / feed.value
        self._days = folder / source / "days"

    def months(self) -> list[date]:
        """Return the first day of every month that has a file, in order."""
        return sorted(date.fromisoformat(f"{path.stem}-01") for path in self._folder.glob("????-??.parquet"))

    def path(self, month: date) -> Path:
        """Return the file of a month."""
        return self._folder / f"{month:%Y-%m}.parquet"

    def head(self, month: date) -> Head | None:
        """Return what the month's file says of itself; None where there is no file."""
        path = self.path(month)
        if not path.exists():
            return None
        metadata = read_footer(path)
        return Head(metadata["edition"], int(metadata["seq"]), datetime.fromisoformat(metadata["known_at"]))

    def read(self, month: date) -> pl.DataFrame:
        """Return every row of a month, sorted by key and `seq`; empty where there is no file."""
        path = self.path(month)
        return read_whole(path) if path.exists() else self.shape.schema.to_frame(eager=True)

    def current(self, month: date) -> pl.DataFrame:
        """Return the current row of every key of a month."""
        return current(self.read(month), self.shape)

    def merge(self, incoming: pl.DataFrame, known_at: datetime) -> Iterator[Merged]:
        """Add what differs, month by month; a month where nothing differs is not written.

        `incoming` has the log's columns without `revision`, `seq` and `known_at`, and no key twice. Each
        month is whole before the next begins, and merging the same again changes nothing, so that a merge
        cut short is healed by running it again.
        """
        month = pl.col("start").dt.convert_time_zone(self.zone.key).dt.truncate("1mo").dt.date().alias("month")
        for (first,), rows in (
            incoming.with_columns(month).partition_by("month", as_dict=True, include_key=False).items()
        ):
            yield self._merge(first, rows, known_at)

    def _merge(self, month: date, incoming: pl.DataFrame, known_at: datetime) -> Merged:
        log = self.read(month)
        head = self.head(month) or Head("", 0, known_at)
        # Never below the row's before it, whatever the clock does.
        known_at = max(known_at, head.known_at)
        revised = revise(current(log, self.shape), incoming, self.shape, seq=head.seq, known_at=known_at)
        if not revised.rows.is_empty():
            rows = pl.concat([log, revised.rows]).sort(*self.shape.key, "seq")
            self._write(month, rows, known_at, seq=head.seq + revised.rows.height)
        elif self.feed is Feed.READINGS and head.edition and self._summarised(month) != head.edition:
            self._summarise(month, log, head.edition)
        return Merged(month, revised.kinds)

    def erase(self, metering_points: Collection[str]) -> tuple[int, int]:
        """Remove every revision of metering points. For the holder of the source's lock.

        Returns:
            How many rows there were, and how many are left.
        """
        about = pl.col("metering_point").is_in(list(metering_points))
        before = left = 0
        for month in self.months():
            log, head = self.read(month), self.head(month)
            kept = log.filter(~about)
            if head is None or kept.height == log.height:
                continue
            before += log.height - kept.height
            if kept.is_empty():
                self._summary(month).unlink(missing_ok=True)
                self.path(month).unlink()
                continue
            # Numbers are not given anew: what a database has acknowledged goes by them.
            self._write(month, kept, head.known_at, seq=head.seq)
            left += self.read(month).filter(about).height
        return before, left

    def _write(self, month: date, log: pl.DataFrame, known_at: datetime, *, seq: int) -> None:
        metadata = {"edition": uuid4().hex, "seq": str(seq), "known_at": known_at.astimezone(UTC).isoformat()}
        replace_whole(self.path(month), log, metadata)
        if self.feed is Feed.READINGS:
            self._summarise(month, log, metadata["edition"])

    def _summarise(self, month: date, log: pl.DataFrame, edition: str) -> None:
        days = summarise(current(log, self.shape), self.zone)
        replace_whole(self._summary(month), days, {"edition": edition, "columns": COLUMNS})

    def _summarised(self, month: date) -> str | None:
        """Return the edition that the month's summary was made from; None where there is no summary of today's form."""
        path = self._summary(month)
        try:
            metadata = read_footer(path) if path.exists() else {}
        except StoreDamagedError:
            # It holds nothing that the month's file does not, and is made anew.
            metadata = {}
        return metadata.get("edition") if metadata.get("columns") == COLUMNS else None

    def _summary(self, month: date) -> Path:
        return self._days / self.path(month).name

    def days(self, months: Iterable[date] | None = None) -> pl.DataFrame:
        """Return `schemas.coverage.DAYS` of the months (all, by default), sorted by series and day."""
        parts = [self._days_of(month) for month in (self.months() if months is None else months)]
        return pl.concat([DAYS.to_frame(eager=True), *parts]).sort(*SERIES, "day")

    def _days_of(self, month: date) -> pl.DataFrame:
        head = self.head(month)
        if head is None:
            return DAYS.to_frame(eager=True)
        if self._summarised(month) == head.edition:
            return read_whole(self._summary(month))
        return summarise(self.current(month), self.zone)
