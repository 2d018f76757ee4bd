"""The log on disk: one file a local month, written only where something differs."""

from __future__ import annotations

import os
import resource
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from connectors.base import Feed
from pipelines.store.log import Log
from pipelines.store.parquet import read_whole, replace_whole
from schemas.coverage import DAYS, summarise
from schemas.revision import PEAKS, READINGS, current
from tests.schemas.answers import ANOTHER_POINT, START, Told, answer
from tests.store import big

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NOW: Final = datetime(2026, 6, 1, 6, 30, 0, 123456, tzinfo=UTC)
DAY: Final = timedelta(days=1)
MARCH, APRIL = date(2026, 3, 1), date(2026, 4, 1)
APRIL_BEGINS: Final = 31 * 24 - 2
"""Hours from `START`, midnight in Greenwich, to midnight in Oslo by summer time."""


@pytest.fixture
def log(tmp_path: Path) -> Log:
    """Return a log of readings in which nothing is known."""
    return big.log(tmp_path)


def merged(log: Log, *told: Told, at: datetime = NOW) -> dict[date, list[tuple[int, int, int]]]:
    """Merge an answer; return what was new, corrected and confirmed, by month."""
    return {each.month: each.kinds.drop("connection").rows() for each in log.merge(answer(*told), at)}


def files(folder: Path) -> dict[str, tuple[int, int]]:
    """Return every file below a folder with what changes when it is written."""
    found = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.stat().st_ino, path.stat().st_mtime_ns) for path in found}


def test_an_empty_log(log: Log, tmp_path: Path) -> None:
    """A log that nobody wrote to can be read in every way, and merging nothing into it makes no file."""
    assert merged(log) == {}
    assert log.months() == []
    assert log.head(MARCH) is None
    assert log.read(MARCH).schema == READINGS.schema
    assert log.current(MARCH).is_empty()
    assert log.days().schema == log.days([MARCH]).schema == DAYS
    assert files(tmp_path) == {}


def test_rows_go_to_their_local_month(log: Log, tmp_path: Path) -> None:
    """A month ends at the operator's midnight, not at Greenwich's; the files say which is which."""
    told = [Told(APRIL_BEGINS + number, 1.0) for number in (-1, 0, 1, 2)]
    assert merged(log, *told) == {MARCH: [(1, 0, 0)], APRIL: [(3, 0, 0)]}

    assert log.months() == [MARCH, APRIL]
    assert log.read(MARCH)["start"].to_list() == [datetime(2026, 3, 31, 21, tzinfo=UTC)]
    assert log.read(APRIL)["start"].min() == datetime(2026, 3, 31, 22, tzinfo=UTC)
    folders = ("days", "readings")
    assert sorted(files(tmp_path)) == [
        f"elvia/{name}/2026-{month}.parquet" for name in folders for month in ("03", "04")
    ]


def test_new_years_eve(log: Log) -> None:
    """The last hour of the old year in Greenwich is the first of the new one in Oslo."""
    new_year = (datetime(2026, 12, 31, 23, tzinfo=UTC) - START) // (DAY / 24)
    merged(log, Told(new_year - 1, 1.0), Told(new_year, 1.0), at=NOW + 300 * DAY)

    assert log.months() == [date(2026, 12, 1), date(2027, 1, 1)]


def test_a_file_says_what_it_is(log: Log) -> None:
    """The head of a file tells the highest number, when it became known, and an edition new at every write."""
    merged(log, Told(0, 1.0), Told(1, 1.0))
    first = log.head(MARCH)
    merged(log, Told(1, 2.0), at=NOW + DAY)
    second = log.head(MARCH)

    assert first is not None
    assert second is not None
    assert (first.seq, first.known_at) == (2, NOW)
    assert (second.seq, second.known_at) == (3, NOW + DAY)
    assert first.edition != second.edition


def test_where_nothing_differs_nothing_is_written(log: Log, tmp_path: Path) -> None:
    """Merging the same again touches no file; merging into one month leaves the others alone."""
    told = [Told(hour, 1.0) for hour in range(0, APRIL_BEGINS + 50, 7)]
    merged(log, *told)
    before = files(tmp_path)
    assert merged(log, *told, at=NOW + DAY) == {MARCH: [], APRIL: []}
    assert files(tmp_path) == before

    merged(log, *told[:-1], told[-1]._replace(quantity=2.0), at=NOW + DAY)
    changed = {name for name, file in files(tmp_path).items() if file != before[name]}
    assert changed == {"elvia/days/2026-04.parquet", "elvia/readings/2026-04.parquet"}


def test_rows_are_sorted_and_numbered(log: Log) -> None:
    """A file is sorted by key and number, and numbers rise with what became known, whatever came in which order."""
    merged(log, Told(5, 1.0), Told(3, 1.0, point=ANOTHER_POINT), Told(1, 1.0, register="production"))
    merged(log, Told(4, 1.0), Told(5, 2.0), at=NOW + DAY)
    rows = log.read(MARCH)

    assert rows.equals(rows.sort(*READINGS.key, "seq"))
    assert sorted(rows["seq"].to_list()) == [1, 2, 3, 4, 5]
    assert rows.sort("seq")["known_at"].is_sorted()
    assert log.current(MARCH).equals(current(rows, READINGS))


@pytest.mark.parametrize("jump", [timedelta(seconds=-1), -DAY, -3650 * DAY], ids=str)
def test_a_clock_that_is_set_back(log: Log, jump: timedelta) -> None:
    """What becomes known after a clock was set back is known no earlier than what was there; months keep apart."""
    merged(log, Told(0, 1.0))
    merged(log, Told(0, 2.0), Told(APRIL_BEGINS, 1.0), at=NOW + jump)
    merged(log, Told(0, 3.0), at=NOW + DAY)

    assert log.read(MARCH)["known_at"].to_list() == [NOW, NOW, NOW + DAY]
    assert log.read(APRIL)["known_at"].to_list() == [NOW + jump]


def test_days_are_kept_beside_the_rows(log: Log) -> None:
    """The summary of each month is that of its current rows; a choice of months gives theirs."""
    merged(log, *(Told(hour, hour / 8, settled=hour % 2 == 0) for hour in range(APRIL_BEGINS + 60)))
    merged(log, Told(3, 9.0), Told(APRIL_BEGINS, 9.0), Told(0, 1.0, point=ANOTHER_POINT), at=NOW + DAY)
    both = [summarise(log.current(month), big.OSLO) for month in (MARCH, APRIL)]

    assert log.days().equals(pl.concat(both).sort("connection", "metering_point", "register", "resolution", "day"))
    assert log.days([APRIL]).equals(both[1])
    assert log.days()["corrected"].sum() == 2


def test_a_summary_left_behind(log: Log, tmp_path: Path) -> None:
    """A summary that a kill left behind, or that is gone, is not believed, and the next merge makes it anew."""
    merged(log, *(Told(hour, 1.0) for hour in range(30)))
    summary = tmp_path / "elvia" / "days" / "2026-03.parquet"
    old = summary.read_bytes()
    merged(log, *(Told(hour, 2.0) for hour in range(30)), at=NOW + DAY)
    new = log.days()
    written = summary.read_bytes()
    for leave in (lambda: summary.write_bytes(old), summary.unlink):
        leave()
        assert log.days().equals(new)
        assert merged(log, Told(0, 2.0), at=NOW + 2 * DAY) == {MARCH: []}
        assert summary.read_bytes() == written


def test_peaks_have_a_log_without_days(tmp_path: Path) -> None:
    """The operator's peaks have files of their own, by the month that they are of, and no summaries."""
    log = Log(tmp_path, "elvia", Feed.PEAKS, big.OSLO)
    march = datetime(2026, 2, 28, 23, tzinfo=UTC)
    rows = [
        {
            "source": "elvia",
            "connection": "home",
            "metering_point": ANOTHER_POINT,
            "register": "consumption",
            "start": march,
            "rank": rank,
            "quantity": 6.0 - rank,
            "hour_start": march + rank * DAY,
            "average": 4.0,
            "settled": True,
            "verified": True,
            "operator_version": None,
        }
        for rank in (3, 1, 2)
    ]
    incoming = pl.DataFrame(rows, schema={name: PEAKS.schema[name] for name in rows[0]})
    list(log.merge(incoming, NOW))

    assert sorted(files(tmp_path)) == ["elvia/peaks/2026-03.parquet"]
    assert log.read(MARCH).schema == PEAKS.schema
    assert log.current(MARCH).select("rank", "quantity", "revision").rows() == [(1, 5.0, 0), (2, 4.0, 0), (3, 3.0, 0)]
    before = files(tmp_path)
    list(log.merge(incoming, NOW + DAY))
    assert files(tmp_path) == before


@contextmanager
def largest_file(size: int) -> Iterator[None]:
    """Let no file of this process grow over a size, as a full disk would."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_takes_no_more(log: Log, tmp_path: Path) -> None:
    """Where a file cannot be written the month stays as it was, nothing is left beside it, and later it works."""
    for _ in log.merge(big.first_answer(), big.EARLIER):
        pass
    before = files(tmp_path)
    rows = [log.read(month) for month in big.MONTHS]

    def merge() -> None:
        for _ in log.merge(big.second_answer(), big.LATER):
            pass

    with largest_file(4096), pytest.raises(OSError, match=os.strerror(27)):
        merge()
    assert files(tmp_path) == before
    assert all(log.read(month).equals(each) for month, each in zip(big.MONTHS, rows, strict=True))

    merge()
    assert sum(log.read(month).height for month in big.MONTHS) > sum(each.height for each in rows)


def test_anybodys_tools_read_it(log: Log, tmp_path: Path) -> None:
    """Beside polars, DuckDB reads the files as they lie there."""
    duckdb = pytest.importorskip("duckdb")
    merged(log, Told(0, 1.0), Told(APRIL_BEGINS, 2.5))
    query = f"SELECT count(*), sum(quantity) FROM '{tmp_path}/elvia/readings/*.parquet'"  # noqa: S608 - ours

    assert duckdb.sql(query).fetchall() == [(2, 3.5)]


def test_a_summary_of_an_older_form_is_not_read(log: Log, tmp_path: Path) -> None:
    """Where a version before this one summed up less, the days are summed up again, and the next merge keeps that."""
    merged(log, Told(0, 1.0))
    days = log.days()
    (path,) = (tmp_path / "elvia" / "days").iterdir()
    head = log.head(MARCH)
    assert head is not None
    replace_whole(path, days.drop("hours"), {"edition": head.edition, "columns": "present"})

    assert log.days().equals(days)
    merged(log, Told(0, 1.0), at=NOW + DAY)
    assert read_whole(path).equals(days)
