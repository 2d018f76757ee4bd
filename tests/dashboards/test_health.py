"""Data health: coverage, holes, corrections and runs are what the store and its ledger say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from connectors.registry import SOURCES
from dashboards.health import HEALTH
from schemas.time import HOUR, local_day, local_midnight
from tests.dashboards.asking import interpolated
from tests.dashboards.board import Board
from tests.dashboards.comparing import between
from tests.support.home import NOW

if TYPE_CHECKING:
    from tests.dashboards.asking import Grafana
    from tests.dashboards.filled import Filled

DAY: Final = timedelta(days=1)


@pytest.fixture(params=list(SOURCES))
def source(request: pytest.FixtureRequest) -> str:
    """Return a source."""
    name: str = request.param
    return name


@pytest.fixture
def board(grafana: Grafana, source: str) -> Board:
    """The dashboard with all metering points, now."""
    return Board(grafana, HEALTH, {"source": source}, NOW)


def _days(readings: pl.DataFrame, source: str, since: datetime) -> pl.DataFrame:
    """Count by series and local day since then what is there and what should be: `day`, `present`, `expected`."""
    zone, due = SOURCES[source].zone, local_day(SOURCES[source].expected_until(NOW), SOURCES[source].zone)
    rows = []
    for part in between(readings, local_day(since, zone), local_day(NOW, zone)).partition_by(
        "metering_point", "register"
    ):
        interval = HOUR if part["resolution"][0] == "PT1H" else HOUR / 4
        there = dict(part.group_by("day").len().iter_rows())
        day, last = local_day(since, zone), max(*there, due - DAY)
        while day <= last:
            window = local_midnight(day + DAY, zone) - local_midnight(day, zone)
            present = there.get(day, 0)
            expected = round(window / interval) if day < due else present
            rows.append((part["metering_point"][0], part["register"][0], day, present, max(expected, present)))
            day += DAY
    return pl.DataFrame(rows, schema=["metering_point", "register", "day", "present", "expected"], orient="row")


@pytest.fixture
def days(board: Board, source: str, every_reading: pl.DataFrame) -> pl.DataFrame:
    """Days by series, as polars counts them."""
    return _days(every_reading.filter(source=source), source, board.time("Coverage").start)


def test_coverage(board: Board, source: str, days: pl.DataFrame, every_reading: pl.DataFrame) -> None:
    """The shares of what arrived and of what is final, and how many intervals are missing."""
    present, expected = int(days["present"].sum()), int(days["expected"].sum())
    recent = between(every_reading.filter(source=source), min(days["day"]), max(days["day"]))

    assert board.shown("Coverage") == {"Coverage": [pytest.approx(present / expected)]}
    assert board.shown("Missing intervals") == {"Missing": [expected - present]}
    assert board.shown("Settled") == {"Settled": [pytest.approx(recent["settled"].sum() / recent.height)]}


def test_the_calendar(board: Board, source: str, days: pl.DataFrame) -> None:
    """Each register has a cell for each local day, with the share of its intervals that arrived."""
    zone = SOURCES[source].zone
    shown = board.series("Coverage by day")

    assert set(shown) == {
        f"{point} {register}" for point, register in days.select("metering_point", "register").iter_rows()
    }
    for (point, register), part in days.filter(pl.col("expected") > 0).group_by("metering_point", "register"):
        wanted = {
            int(local_midnight(day, zone).timestamp() * 1000): present / expected
            for day, present, expected in part.sort("day").select("day", "present", "expected").iter_rows()
        }
        assert shown[f"{point} {register}"] == pytest.approx(wanted)


def test_days_with_holes(board: Board, source: str, days: pl.DataFrame) -> None:
    """Every local day that lacks something is listed with how much, and no other."""
    zone = ZoneInfo(board.tree["timezone"])
    lacking = days.filter(pl.col("present") < pl.col("expected"))
    wanted = {
        (row["metering_point"], row["register"], row["day"], row["expected"] - row["present"], row["expected"])
        for row in lacking.iter_rows(named=True)
    }

    shown = board.shown("Days with missing intervals")

    if not wanted:
        assert (source, shown) == ("leneda", {})
        return
    dates = [datetime.fromtimestamp(time / 1000, UTC).astimezone(zone).date() for time in shown["Day"]]  # type: ignore[operator]
    columns = shown["Metering point"], shown["Register"], dates, shown["Missing"], shown["Expected"]
    assert set(zip(*columns, strict=True)) == wanted


def test_runs(board: Board, source: str, store: Filled) -> None:
    """Every run of the source is listed, and its numbers add up to the bars of its days."""
    runs = store.points("sync_run").filter(source=source).sort("time", descending=True)
    shown = board.shown("Runs")

    assert list(shown) == [
        "Time", "Connection", "Went well", "Cause", "Calls", "New", "Corrected", "Became final", "Quarantined",
        "Refused", "Lag",
    ]  # fmt: skip
    assert sorted(zip(shown["Time"], shown["Connection"], shown["Went well"], shown["New"], strict=True)) == sorted(
        zip(runs["time"].dt.epoch("ms"), runs["connection"], runs["ok"], runs["new"], strict=True)
    )
    failed = runs.filter(~pl.col("ok")).height
    assert board.shown("Runs that failed") == ({"Failed": [failed]} if failed else {})
    zone = SOURCES[source].zone
    for title, fields in {
        "Corrections": {"Corrected": "corrected", "Became final": "confirmed"},
        "Quarantine": {"Quarantined": "quarantined", "Refused": "refused"},
        "New readings": {"New": "new"},
    }.items():
        by_day = runs.group_by(day=pl.col("time").dt.convert_time_zone(zone.key).dt.truncate("1d")).agg(
            pl.col(*fields.values()).sum()
        )
        for name, field in fields.items():
            wanted = {
                int(row["day"].timestamp() * 1000): row[field] for row in by_day.sort("day").iter_rows(named=True)
            }
            assert board.series(title)[name] == wanted


def test_freshness(board: Board, source: str, store: Filled) -> None:
    """The age of each connection's newest reading is there for each run that found one."""
    runs = store.points("sync_run").filter(pl.col("source") == source, pl.col("lag_s").is_not_null()).sort("time")

    shown = board.series("Freshness")

    assert set(shown) == set(runs["connection"])
    for (connection,), part in runs.group_by("connection", maintain_order=True):
        assert shown[str(connection)] == dict(zip(part["time"].dt.epoch("ms"), part["lag_s"], strict=True))


def test_failed_runs_are_marked(board: Board, source: str, grafana: Grafana, store: Filled) -> None:
    """Each failed run is a mark on the time axis that tells why."""
    (annotation,) = board.tree["annotations"]["list"]
    failed = store.points("sync_run").filter(pl.col("source") == source, ~pl.col("ok"))

    answer = grafana.result(interpolated(annotation["query"], board.variables(), board.time("Runs")))

    rows = [dict(zip(series["columns"], row, strict=True)) for series in answer for row in series["values"]]
    assert [row[annotation["textColumn"]] for row in rows] == failed["cause"].to_list()
    assert [row[annotation["tagsColumn"]] for row in rows] == failed["connection"].to_list()
    assert bool(rows) is (source == "elvia")
