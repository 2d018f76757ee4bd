"""Load one source into one database: new revisions, what is derived from them, and the comparison after."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Final
from uuid import uuid4

import polars as pl

from connectors.base import Feed
from connectors.influxdb.marker import read_marker, write_marker
from pipelines.covered import covered
from pipelines.load import projection
from pipelines.load.compare import difference
from pipelines.load.progress import Acknowledged, Progress, RefusedKept
from pipelines.store.contact import believed
from schemas.hours import derived_hours

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping
    from datetime import date, datetime

    from connectors.influxdb.base import Database
    from connectors.influxdb.lines import Lines
    from pipelines.store.home import SourceStore
    from pipelines.sync.outcome import Outcome

COMPARE_AGAIN_AFTER: Final = timedelta(days=30)

READINGS_PART: Final = "readings"


@dataclass
class Loaded:
    """What a load did, by connection."""

    sent: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    refused_lines: dict[tuple[str, date], list[RefusedKept]] = field(default_factory=dict)
    """What was refused of each part and month when it was last sent."""
    months: set[date] = field(default_factory=set)
    """Months that were written to."""
    compared: int = 0
    """Months that were read back and compared."""
    differences: dict[date, str] = field(default_factory=dict)
    """Where the database still differs from the store after writing the month anew."""
    unreadable: bool = False
    """True where this kind of server gives no trustworthy answers, so that nothing was compared."""

    @property
    def refused(self) -> dict[str, list[str]]:
        """Return the server's words for each refused line, by connection."""
        words: dict[str, list[str]] = {}
        for lines in self.refused_lines.values():
            for line in lines:
                words.setdefault(line.connection, []).append(line.words)
        return words


@dataclass(frozen=True)
class Target:
    """A database under the name that progress is kept by, and the connections whose readings belong there."""

    name: str
    connections: tuple[str, ...]
    configured: frozenset[str]
    """Those of them that are still in the settings."""


class Loading:
    """One load. For the holder of the source's lock."""

    def __init__(self, store: SourceStore, database: Database, target: Target, now: datetime) -> None:
        """Bind the store and the database; `now` is the instant of the run."""
        self._store, self._database, self._now = store, database, now
        self._source, self._zone = store.source.name, store.source.zone
        self._connections, self._configured = target.connections, target.configured
        self._progress = Progress(store.state, target.name, self._source)
        self._loaded = Loaded(unreadable=not database.readable)

    def run(self, *, full: bool = False) -> Loaded:
        """Send what the database lacks, then compare.

        Raises:
            OutsideError: the database failed; what it acknowledged before is recorded.
        """
        self._check_marker(anew=full)
        acknowledged = self._progress.acknowledged()
        log = self._store.readings
        for month in log.months():
            seen = acknowledged.get((READINGS_PART, month), Acknowledged())
            head = log.head(month)
            if head is not None and (head.seq != seen.seq or seen.refused):
                # What was refused may be taken now; a store restored from a backup is behind what was
                # acknowledged. Either way the month goes whole, since an old line could undo a newer one.
                self._load_month(month, since=0 if seen.refused or seen.seq > head.seq else seen.seq)
        days = log.days().filter(pl.col("connection").is_in(self._connections))
        self._load_derived(days, acknowledged)
        if self._database.readable:
            mended = self._compare(days, self._progress.acknowledged())
            if mended:
                # What damaged a month's readings has hardly spared what is derived from them.
                self._load_derived(days, {}, only=mended)
        if self._loaded.sent:
            # A database that is put back from a backup has an older marker then, and is filled whole.
            self._mark()
        return self._loaded

    def record(self, outcomes: Mapping[str, Outcome]) -> None:
        """Write what the run did for each connection, as `sync_run`. Raises `OutsideError` as `run` does."""
        log = self._store.readings
        newest = dict(log.days(log.months()[-2:]).group_by("connection").agg(pl.col("last_start").max()).iter_rows())
        rows = [
            {
                "source": outcome.source,
                "connection": name,
                "time": self._now,
                "ok": outcome.ok,
                "calls": outcome.calls,
                "new": outcome.new,
                "corrected": outcome.corrected,
                "confirmed": outcome.confirmed,
                "quarantined": sum(outcome.quarantined.values()),
                "refused": len(self._loaded.refused.get(name, ())),
                "lag_s": int((self._now - newest[name]).total_seconds()) if name in newest else None,
                "cause": outcome.cause,
            }
            for name, outcome in outcomes.items()
            # A run that neither asked nor failed leaves no trace: running again changes nothing.
            if name in self._connections and (outcome.calls or not outcome.ok)
        ]
        refused = []
        for part in projection.sync_runs(rows).lines():
            for line in self._database.write(part).refused:
                verbatim = line.line.decode()
                owner = next(str(row["connection"]) for row in rows if f",connection={row['connection']} " in verbatim)
                refused.append(RefusedKept(owner, verbatim, line.words))
        self._set_aside(projection.SYNC_RUN, self._now.date(), refused)

    def _check_marker(self, *, anew: bool) -> None:
        """Notice a database that is new, was emptied or restored: nothing counts as loaded there."""
        known = self._progress.marker()
        if not anew and known is not None and (not self._database.readable or read_marker(self._database) == known):
            return
        self._progress.begin_anew()
        self._mark()

    def _mark(self) -> None:
        """Bind progress to the database as it is now. Killed in between, the next run fills it whole once more."""
        marker = uuid4().hex
        write_marker(self._database, marker)
        self._progress.bind(marker)

    def _load_month(self, month: date, *, since: int = 0) -> None:
        log = self._store.readings
        head = log.head(month)
        if head is None:
            return
        rows = log.current(month).filter(pl.col("connection").is_in(self._connections))
        # An hour is sent when one of its quarters is new: it needs the others, too.
        new = pl.concat([rows, derived_hours(rows)]).filter(pl.col("seq") > since)
        refused = [line for points in projection.readings(new) for line in self._write(points.frame, points.lines())]
        self._set_aside(READINGS_PART, month, refused)
        self._progress.acknowledge(READINGS_PART, month, refused, self._now, seq=head.seq)
        self._loaded.months.add(month)

    def _load_derived(
        self,
        days: pl.DataFrame,
        acknowledged: Mapping[tuple[str, date], Acknowledged],
        *,
        only: Collection[date] | None = None,
    ) -> None:
        """Send every derived month whose lines are not those acknowledged: coverage changes as time passes, too."""
        coverage = covered(days, self._store, self._configured, self._now)
        derived = [
            projection.local_days(coverage, self._source, self._zone),
            projection.local_months(coverage, self._source, self._zone),
            projection.register_balance(coverage, self._source, self._zone),
        ]
        if Feed.PEAKS in self._store.logs:
            log = self._store.logs[Feed.PEAKS]
            peaks = pl.concat([log.shape.schema.to_frame(eager=True), *(log.current(month) for month in log.months())])
            peaks = peaks.filter(pl.col("connection").is_in(self._connections))
            derived.append(projection.monthly_max_hours(peaks))
            derived.append(projection.capacity_basis(coverage, peaks, self._source, self._zone))
        month = pl.col("time").dt.convert_time_zone(self._zone.key).dt.truncate("1mo").dt.date().alias("month")
        for points in derived:
            parts = points.frame.with_columns(month).partition_by("month", as_dict=True, include_key=False)
            for (first,), frame in parts.items():
                if only is not None and first not in only:
                    continue
                text = list(points.of(frame).lines())
                digest = _digest(text)
                seen = acknowledged.get((points.measurement, first), Acknowledged())
                if seen.digest != digest or seen.refused:
                    refused = self._write(frame, text)
                    self._set_aside(points.measurement, first, refused)
                    self._progress.acknowledge(points.measurement, first, refused, self._now, digest=digest)

    def _write(self, frame: pl.DataFrame, text: Iterable[Lines]) -> list[RefusedKept]:
        """Send a frame's lines; return those that were refused, with the connections that they belong to."""
        owners = dict(frame.select("metering_point", "connection").unique().iter_rows())
        counts = Counter(dict(frame.group_by("connection").len().iter_rows()))
        refused: list[RefusedKept] = []
        for part in text:
            for line in self._database.write(part).refused:
                verbatim = line.line.decode()
                owner = next(owners[point] for point in owners if f",metering_point={point}," in verbatim)
                refused.append(RefusedKept(owner, verbatim, line.words))
        self._loaded.sent += counts
        self._loaded.accepted += counts - Counter(kept.connection for kept in refused)
        return refused

    def _set_aside(self, part: str, month: date, refused: list[RefusedKept]) -> None:
        self._loaded.refused_lines.pop((part, month), None)
        if refused:
            self._loaded.refused_lines[part, month] = refused

    def _compare(self, days: pl.DataFrame, acknowledged: dict[tuple[str, date], Acknowledged]) -> set[date]:
        """Read back the months that were written to, and every month once in a while; mend what differs.

        Returns:
            The months that differed and are equal now.
        """
        mended: set[date] = set()
        by_month = days.with_columns(pl.col("day").dt.month_start().alias("month")).partition_by("month", as_dict=True)
        for (month,), rows in by_month.items():
            seen = acknowledged.get((READINGS_PART, month), Acknowledged())
            lately = believed(seen.compared_at, self._now) and seen.compared_at > self._now - COMPARE_AGAIN_AFTER
            if month not in self._loaded.months and lately and seen.difference is None:
                continue
            found = self._difference(rows, month)
            if found is not None:
                self._load_month(month)
                found = self._difference(rows, month)
                mended |= {month} if found is None else set()
            self._loaded.compared += 1
            self._progress.compared(READINGS_PART, month, self._now, found)
            if found is not None:
                self._loaded.differences[month] = found
        return mended

    def _difference(self, days: pl.DataFrame, month: date) -> str | None:
        return difference(self._database, days, self._store.source, month)


def _digest(text: Iterable[Lines]) -> str:
    """Return a fingerprint of lines, the same in every process."""
    digest = sha256()
    for part in text:
        digest.update(part.body)
    return digest.hexdigest()
