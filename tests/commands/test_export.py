"""`export`: what it writes is what the operator served, at the right local time, and missing is never zero."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from sandbox import truth
from sandbox.plans import Absence
from schemas.time import DAY, Window, day_window, floor_hour, local_day, utc_now, year_window
from tests.commands.conftest import HOME, PLUS

if TYPE_CHECKING:
    from sandbox.serve import Sandbox
    from tests.commands.conftest import Installation

OSLO: Final = ZoneInfo("Europe/Oslo")
YEAR: Final = utc_now().year - 1
HOURS: Final = [
    "source",
    "connection",
    "metering_point",
    "name",
    "register",
    "start_local",
    "start_utc",
    "value",
    "unit",
    "settled",
    "revision",
]
SUMS: Final = [*HOURS[:5], "local_date", "sum", "unit", "expected", "present", "settled", "missing"]


@pytest.fixture
def filled(connected: Installation) -> Installation:
    """Return an installation with the whole of last year."""
    connected.give(NAMES=f'{{"{HOME}": "Hytta, øvre"}}')
    assert connected.run("backfill", "--from", str(YEAR), "--to", str(YEAR)).code == 0
    return connected


def export(installation: Installation, *options: str) -> pl.DataFrame:
    """Return what `export` prints."""
    ended = installation.run("export", *options)
    assert ended.code == 0
    return pl.read_csv(io.StringIO(ended.out), schema_overrides={"metering_point": pl.String})


def test_every_hour_is_the_operators(filled: Installation, sandbox: Sandbox) -> None:
    """Each register's hours of the year are there once, with the values that the operator serves."""
    exported = export(filled)

    assert exported.columns == HOURS
    starts = pl.col("start_utc").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", time_zone="UTC")
    for point, register in ((HOME, "consumption"), (PLUS, "consumption"), (PLUS, "production")):
        served = truth.served(sandbox.world, point, register, year_window(YEAR, OSLO), utc_now())
        found = exported.filter(pl.col("metering_point") == point, pl.col("register") == register)
        newest = found.select(starts.alias("start"), quantity="value")
        # The newest day was asked too, to prove the credential.
        assert_frame_equal(newest.filter(pl.col("start") < year_window(YEAR, OSLO).end), served.drop("verified"))
    assert set(exported["unit"]) == {"kWh"}
    assert set(exported["name"].unique()) == {"Hytta, øvre", None}


def test_both_hours_of_an_autumn_night_are_there(filled: Installation) -> None:
    """The night with 25 hours has two that begin at two o'clock, told apart by their offsets."""
    day = next(day for number in range(31) if day_window(day := date(YEAR, 10, 1 + number), OSLO).length > DAY)

    exported = export(filled, "--connection", "home", "--from", str(day), "--to", str(day))

    assert exported.height == 25
    twice = exported.filter(pl.col("start_local").str.contains("T02:00"))
    assert twice["start_local"].to_list() == [f"{day}T02:00:00+02:00", f"{day}T02:00:00+01:00"]
    assert twice["start_utc"].to_list() == [f"{day}T00:00:00Z", f"{day}T01:00:00Z"]


def test_days_are_chosen_with_both_ends(filled: Installation) -> None:
    """`--from` and `--to` are local days and are themselves included."""
    exported = export(filled, "--connection", "home", "--from", f"{YEAR}-06-29", "--to", f"{YEAR}-07-02")

    assert exported["start_local"][0] == f"{YEAR}-06-29T00:00:00+02:00"
    assert exported["start_local"][-1] == f"{YEAR}-07-02T23:00:00+02:00"
    assert exported.height == 4 * 24


def test_sums_count_what_is_missing_and_never_as_zero(connected: Installation, sandbox: Sandbox) -> None:
    """A day without readings has its count of missing hours and no sum; a day with some has the sum of those."""
    today = local_day(utc_now(), OSLO)
    empty, partial = today - 9 * DAY, today - 7 * DAY
    hole = day_window(partial, OSLO)
    for window in (day_window(empty, OSLO), Window(hole.start, floor_hour(hole.start + DAY / 2))):
        sandbox.world.absences.append(Absence(metering_point=HOME, window=window))
    connected.run("backfill", "--from", str(YEAR), "--connection", "home")

    options = ("--from", str(empty), "--to", str(partial))
    exported = export(connected, "--by", "day", *options)

    assert exported.columns == SUMS
    assert exported["local_date"].to_list() == [str(empty), str(empty + DAY), str(partial)]
    assert exported["present"].to_list()[0] == 0
    assert exported["missing"].to_list()[1:] == [0, 12]
    assert exported["sum"].to_list()[0] is None
    assert (exported["expected"] == exported["present"] + exported["missing"]).all()
    hours = export(connected, *options)["value"].sum()
    assert exported["sum"].sum() == pytest.approx(hours)


def test_months_are_the_operators(filled: Installation, sandbox: Sandbox) -> None:
    """A local month's sum is that of its local days."""
    exported = export(
        filled, "--by", "month", "--connection", "plus", "--from", f"{YEAR}-01-01", "--to", f"{YEAR}-12-31"
    )

    assert exported.columns == SUMS
    january = Window(datetime(YEAR - 1, 12, 31, 23, tzinfo=UTC), datetime(YEAR, 1, 31, 23, tzinfo=UTC))
    served = truth.served(sandbox.world, PLUS, "consumption", january, utc_now())["quantity"].sum()
    row = exported.filter(pl.col("local_date") == f"{YEAR}-01-01", pl.col("register") == "consumption")
    assert row["sum"][0] == pytest.approx(served)
    assert row.select("expected", "present", "missing").row(0) == (744, 744, 0)
    assert exported.height == 24


def test_a_file_is_written_whole(filled: Installation) -> None:
    """Parquet and CSV files hold the same rows; instants are typed in Parquet."""
    filled.run("export", "--out", "hours.csv")
    ended = filled.run("export", "--format", "parquet", "--out", "hours.parquet")

    parquet = pl.read_parquet("hours.parquet")
    csv = pl.read_csv("hours.csv", schema_overrides={"metering_point": pl.String})
    assert ended.code == 0
    assert ended.out == ""
    assert f"{parquet.height:,} rows in hours.parquet." in ended.err
    assert parquet.schema["start_utc"] == pl.Datetime("us", "UTC")
    assert_frame_equal(parquet.drop("start_utc"), csv.drop("start_utc"), check_dtypes=False)


@pytest.mark.parametrize(("by", "columns"), [("hour", HOURS), ("day", SUMS), ("month", SUMS)])
def test_an_empty_store_gives_the_columns_alone(installation: Installation, by: str, columns: list[str]) -> None:
    """Without any reading, and without a connection, there is a heading and no row."""
    ended = installation.run("export", "--by", by)

    assert ended.code == 0
    assert ended.out == ",".join(columns) + "\n"
