"""What the meters counted: the same everywhere, plausible, and whole over every clock change."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Final

import polars as pl
import pytest

from sandbox import truth
from sandbox.hours import OSLO
from schemas.time import day_window, month_window, year_window
from tests.sandbox.asking import HOME, INNLANDET, PLUS, window

_FINGERPRINT: Final = """
import hashlib
from zoneinfo import ZoneInfo
from sandbox import truth
from schemas.time import year_window
text = ""
for register in ("consumption", "production"):
    text += truth.readings("{point}", register, year_window(2024, ZoneInfo("Europe/Oslo"))).write_csv()
print(hashlib.sha256(text.encode()).hexdigest())
"""


def test_known_values() -> None:
    """These hours have these values, for good: a changed formula would show as corrections to every user."""
    hours = window("2025-01-15T06:00", "2025-01-15T12:00")
    assert truth.readings(PLUS, "consumption", hours)["quantity"].to_list() == [3.69, 3.334, 3.21, 3.286, 3.274, 3.309]
    assert truth.readings(PLUS, "production", hours)["quantity"].to_list() == [0.0, 0.0, 0.153, 0.669, 1.078, 1.163]
    for point, register, watt_hours in (
        (HOME, "consumption", 13_706_221),
        (INNLANDET, "consumption", 15_364_184),
        (PLUS, "production", 9_798_001),
    ):
        year = truth.readings(point, register, year_window(2025, OSLO))
        assert round(year["quantity"].sum() * 1000) == watt_hours


def test_same_in_another_process() -> None:
    """Another process, with one thread and another hash seed, computes the same year."""
    text = "".join(
        truth.readings(PLUS, register, year_window(2024, OSLO)).write_csv()
        for register in ("consumption", "production")
    )
    there = subprocess.run(
        [sys.executable, "-c", _FINGERPRINT.format(point=PLUS)],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"POLARS_MAX_THREADS": "1", "PYTHONHASHSEED": "7"},
        capture_output=True,
        check=True,
        text=True,
    )
    assert there.stdout.strip() == hashlib.sha256(text.encode()).hexdigest()


def test_independent_of_the_query() -> None:
    """An hour's value is the same whether it is asked alone, by day or by year."""
    year = truth.readings(HOME, "consumption", year_window(2025, OSLO))
    days = pl.concat(truth.readings(HOME, "consumption", day_window(date(2025, 3, day), OSLO)) for day in range(1, 32))
    march = month_window(date(2025, 3, 1), OSLO)
    assert days.equals(year.filter((pl.col("start") >= march.start) & (pl.col("start") < march.end)))
    alone = truth.readings(HOME, "consumption", window("2025-03-30T00:30", "2025-03-30T01:30"))
    assert alone.rows() == year.filter(pl.col("start") == datetime(2025, 3, 30, 1, tzinfo=UTC)).rows()


@pytest.mark.parametrize("year", range(2022, 2028))
def test_clock_changes_and_leap_days(year: int) -> None:
    """A year has every hour once: 8760, or 8784 in a leap year, with a day of 23 and one of 25 hours."""
    frame = truth.readings(HOME, "consumption", year_window(year, OSLO))
    steps = frame["start"].diff().drop_nulls().unique().to_list()
    assert (frame.height, len(steps)) == (8784 if year % 4 == 0 else 8760, 1)
    lengths = (
        frame.group_by(pl.col("start").dt.convert_time_zone("Europe/Oslo").dt.date().alias("day"))
        .len()
        .filter(pl.col("len") != 24)
        .sort("day")
    )
    assert lengths["len"].to_list() == [23, 25]
    assert [day.month for day in lengths["day"]] == [3, 10]


@pytest.mark.parametrize("register", ["consumption", "production"])
def test_values_are_meter_values(register: str) -> None:
    """A value is a finite number of kWh with at most three decimals, never below zero, never absurd."""
    values = truth.readings(PLUS, register, year_window(2024, OSLO))["quantity"]
    assert values.is_finite().all()
    assert [float(f"{value:.3f}") for value in values] == values.to_list()
    assert values.is_between(0, 20).all()
    assert values.n_unique() > 500


def test_seasons_and_days() -> None:
    """A household uses more in winter than in summer, and more in the evening than in the small hours."""
    frame = truth.readings(HOME, "consumption", year_window(2025, OSLO)).with_columns(
        pl.col("start").dt.convert_time_zone("Europe/Oslo").alias("local")
    )
    by_month = dict(frame.group_by(pl.col("local").dt.month()).agg(pl.col("quantity").sum()).iter_rows())
    by_hour = dict(frame.group_by(pl.col("local").dt.hour()).agg(pl.col("quantity").sum()).iter_rows())
    assert by_month[1] > 1.5 * by_month[7]
    assert by_hour[18] > 1.2 * by_hour[4]


def test_sun_shines_by_day() -> None:
    """Panels make nothing at night, something at noon of every day, and most in summer."""
    frame = truth.readings(PLUS, "production", year_window(2025, OSLO)).with_columns(
        pl.col("start").dt.convert_time_zone("Europe/Oslo").alias("local")
    )
    night = frame.filter(pl.col("local").dt.hour().is_in([23, 0, 1, 2]))
    noon = frame.filter(pl.col("local").dt.hour() == 12)
    assert night["quantity"].sum() == 0
    assert noon["quantity"].min() > 0  # type: ignore[operator]
    by_month = dict(frame.group_by(pl.col("local").dt.month()).agg(pl.col("quantity").sum()).iter_rows())
    assert by_month[6] > 5 * by_month[12]


def test_households_differ() -> None:
    """Two households do not use the same."""
    day = day_window(date(2025, 5, 5), OSLO)
    assert truth.readings(HOME, "consumption", day)["quantity"].to_list() != (
        truth.readings(PLUS, "consumption", day)["quantity"].to_list()
    )
