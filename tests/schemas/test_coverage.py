"""Local days: what is present, what is missing, what is settled. Missing is never zero."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.balance import BALANCE
from schemas.coverage import DAYS, SERIES, coverage, summarise
from schemas.reading import INSTANT
from schemas.registers import RESOLUTIONS
from schemas.revision import READINGS
from schemas.time import Window, day_window, local_day, local_days, local_midnight

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

OSLO: Final = ZoneInfo("Europe/Oslo")
LUXEMBOURG: Final = ZoneInfo("Europe/Luxembourg")
DAY: Final = timedelta(days=1)
HOME: Final = ("home", "707057500000000018", "consumption", "PT1H")
SPRING, AUTUMN, PLAIN = date(2026, 3, 29), date(2026, 10, 25), date(2026, 6, 10)


def starts(window: Window, resolution: str = "PT1H") -> list[datetime]:
    """Return the starts of all intervals in a window."""
    step = timedelta(seconds=RESOLUTIONS[resolution])
    return [window.start + number * step for number in range(window.length // step)]


def days_from(first: date, count: int, zone: ZoneInfo = OSLO) -> Window:
    """Return some whole local days."""
    return Window(local_midnight(first, zone), local_midnight(first + count * DAY, zone))


def readings(instants: Iterable[datetime], series: tuple[str, ...] = HOME, **values: object) -> pl.DataFrame:
    """Return current readings, half a kilowatt-hour each if not told otherwise."""
    columns = {"source": "elvia", "quantity": 0.5, "settled": False, "verified": False, "revision": 0}
    rows = [dict(zip(SERIES, series, strict=True)) | columns | values | {"start": start} for start in instants]
    return pl.DataFrame(rows, schema=READINGS.schema)


def covered(frame: pl.DataFrame, until: date, zone: ZoneInfo = OSLO) -> pl.DataFrame:
    """Return the coverage of readings, with hours late if missing until a local day begins."""
    return coverage(summarise(frame, zone), zone, local_midnight(until, zone))


def counts(frame: pl.DataFrame) -> list[tuple[date, int, int, int]]:
    """Return day, present, missing and expected of each row."""
    return frame.select("day", "present", "missing", "expected").rows()


@pytest.mark.parametrize("zone", [OSLO, LUXEMBOURG], ids=str)
@pytest.mark.parametrize("resolution", RESOLUTIONS)
@pytest.mark.parametrize(("day", "hours"), [(SPRING, 23), (PLAIN, 24), (AUTUMN, 25)], ids=["spring", "plain", "autumn"])
def test_days_of_23_24_and_25_hours(zone: ZoneInfo, resolution: str, day: date, hours: int) -> None:
    """A day expects its own number of intervals, and the days beside it theirs: all there is nothing missing."""
    intervals = hours * 3600 // RESOLUTIONS[resolution]
    series = (*HOME[:3], resolution)
    whole = starts(days_from(day - DAY, 3, zone), resolution)
    beside = 24 * 3600 // RESOLUTIONS[resolution]
    wanted = [(day - DAY, beside), (day, intervals), (day + DAY, beside)]

    complete = covered(readings(whole, series), day + 2 * DAY, zone)
    assert counts(complete) == [(each, number, 0, number) for each, number in wanted]
    # The very first is what coverage counts from; the others stand for the days.
    ends = [whole[0], whole[-1]]
    assert counts(covered(readings(ends, series), day + 2 * DAY, zone)) == [
        (day - DAY, 1, beside - 1, beside),
        (day, 0, intervals, intervals),
        (day + DAY, 1, beside - 1, beside),
    ]


def test_a_first_reading_in_mid_day() -> None:
    """Before the first reading nothing is missing: its day expects what is left of it, on a long day too."""
    for day, hours in ((SPRING, 23), (PLAIN, 24), (AUTUMN, 25)):
        window = day_window(day, OSLO)
        for first in (0, 1, 2, 3, 4, 13, hours - 1):
            frame = readings([window.start + timedelta(hours=first)])
            assert counts(covered(frame, day + DAY)) == [(day, 1, hours - first - 1, hours - first)]


def test_days_without_readings() -> None:
    """A day without any reading is there, all its hours missing, without a sum: missing is not zero."""
    frame = readings([*starts(day_window(PLAIN, OSLO)), *starts(day_window(PLAIN + 3 * DAY, OSLO))])
    found = covered(frame, PLAIN + 5 * DAY)

    assert counts(found) == [
        (PLAIN, 24, 0, 24),
        (PLAIN + 1 * DAY, 0, 24, 24),
        (PLAIN + 2 * DAY, 0, 24, 24),
        (PLAIN + 3 * DAY, 24, 0, 24),
        (PLAIN + 4 * DAY, 0, 24, 24),
    ]
    assert found["quantity"].to_list() == [12.0, None, None, 12.0, None]
    assert found["max_start"].is_null().to_list() == [False, True, True, False, True]
    assert found["settled"].to_list() == [0] * 5


def test_zero_is_a_value() -> None:
    """A day of zeros is present, with a sum of zero."""
    found = covered(readings(starts(day_window(PLAIN, OSLO)), quantity=0.0), PLAIN + DAY)

    assert counts(found) == [(PLAIN, 24, 0, 24)]
    assert found["quantity"].to_list() == [0.0]


def test_what_is_not_late_is_not_missing() -> None:
    """On days that are not expected yet only what is present counts."""
    frame = readings(starts(Window(local_midnight(PLAIN, OSLO), local_midnight(PLAIN + DAY, OSLO) + 6 * DAY / 24)))

    assert counts(covered(frame, PLAIN)) == [(PLAIN, 24, 0, 24), (PLAIN + DAY, 6, 0, 6)]
    assert counts(covered(frame, PLAIN + DAY)) == [(PLAIN, 24, 0, 24), (PLAIN + DAY, 6, 0, 6)]
    assert counts(covered(frame, PLAIN + 2 * DAY)) == [(PLAIN, 24, 0, 24), (PLAIN + DAY, 6, 18, 24)]


def test_a_hole_within_a_day_that_is_not_late() -> None:
    """A day that is still arriving is no hole, even where a whole day before it is empty."""
    frame = readings([local_midnight(PLAIN, OSLO), local_midnight(PLAIN + 2 * DAY, OSLO)])

    assert counts(covered(frame, PLAIN + DAY)) == [
        (PLAIN, 1, 23, 24),
        (PLAIN + 1 * DAY, 0, 0, 0),
        (PLAIN + 2 * DAY, 1, 0, 1),
    ]


def test_several_series_at_once() -> None:
    """Each series is counted from its own first reading to the last day expected, whatever the others do."""
    others = [
        ("home", "707057500000000018", "production", "PT1H"),
        ("home", "707057500000000025", "consumption", "PT1H"),
        ("cabin", "707057500000000032", "consumption", "PT15M"),
    ]
    window = day_window(PLAIN + DAY, OSLO)
    frame = pl.concat(
        [
            readings(starts(days_from(PLAIN, 2))),
            readings(starts(window)[:5], others[0], quantity=2.0),
            readings(starts(window)[5:], others[1]),
            readings(starts(window, "PT15M")[:8], others[2]),
        ]
    ).sample(fraction=1.0, shuffle=True, seed=7)
    found = {
        series: counts(rows)
        for series, rows in covered(frame, PLAIN + 2 * DAY).partition_by(*SERIES, as_dict=True).items()
    }

    assert found == {
        HOME: [(PLAIN, 24, 0, 24), (PLAIN + DAY, 24, 0, 24)],
        others[0]: [(PLAIN + DAY, 5, 19, 24)],
        others[1]: [(PLAIN + DAY, 19, 0, 19)],
        others[2]: [(PLAIN + DAY, 8, 88, 96)],
    }


def test_what_a_day_is_summed_up_to() -> None:
    """A day's summary has its sum, its bounds, its highest interval, and the counts of each state."""
    hours = starts(day_window(AUTUMN, OSLO))
    frame = pl.concat(
        [
            readings(hours[:2], settled=True, verified=True),
            readings(hours[2:3], quantity=3.25, settled=True, verified=None, revision=1),
            readings(hours[3:5], quantity=3.25),
        ]
    )
    found = summarise(frame, OSLO)

    assert found.schema == DAYS
    assert found.row(0, named=True) == {
        **dict(zip(SERIES, HOME, strict=True)),
        "day": AUTUMN,
        "present": 5,
        "settled": 3,
        "verified": 2,
        "corrected": 1,
        "quantity": 10.75,
        "first_start": hours[0],
        "last_start": hours[4],
        "max_quantity": 3.25,
        "max_start": hours[2],
        "hours": 5,
        "hours_quantity": 10.75,
        **dict.fromkeys(BALANCE),
    }


def test_nothing_is_covered_by_nothing() -> None:
    """No readings have no days, with all columns."""
    nothing = covered(readings([]), PLAIN)

    assert nothing.is_empty()
    assert nothing.columns == [*DAYS, "missing", "expected", "sparse"]
    assert nothing.schema == covered(readings([local_midnight(PLAIN, OSLO)]), PLAIN).schema


def _every_day(hours: range, count: int, first: date = PLAIN) -> pl.DataFrame:
    return readings(
        start
        for number in range(count)
        for start in (starts(day_window(first + number * DAY, OSLO))[hour] for hour in hours)
    )


@pytest.mark.parametrize(
    ("frame", "days", "sparse"),
    [
        (_every_day(range(9, 17), 14), 14, True),
        (_every_day(range(9, 17), 13), 13, False),
        (_every_day(range(24), 30), 30, False),
        (pl.concat([_every_day(range(9, 17), 30), _every_day(range(24), 3, PLAIN + 30 * DAY)]), 33, True),
        (pl.concat([_every_day(range(9, 17), 26), _every_day(range(24), 3, PLAIN + 26 * DAY)]), 29, False),
        (pl.concat([_every_day(range(9, 17), 27), _every_day(range(24), 3, PLAIN + 27 * DAY)]), 30, True),
        (_every_day(range(1, 2), 14), 14, True),
        # Silent for weeks: holes, and an alarm.
        (_every_day(range(9, 17), 15), 30, False),
        (_every_day(range(9, 17), 15), 31, False),
        (_every_day(range(1), 1), 40, False),
    ],
    ids=[
        *(
            "a fortnight",
            "a day less",
            "complete",
            "few whole days",
            "more whole days",
            "a tenth whole",
            "one hour a day",
        ),
        *("silent half of the time", "silent", "one reading"),
    ],
)
def test_a_sparse_register(frame: pl.DataFrame, days: int, *, sparse: bool) -> None:
    """A register that skips hours of nearly every day is sparse on all its days; the hours are missing all the same."""
    found = covered(frame, PLAIN + days * DAY)

    assert found["sparse"].unique().to_list() == [sparse]
    assert found.height == days
    assert (found["present"] + found["missing"]).to_list() == found["expected"].to_list()


def test_days_to_come_do_not_make_a_register_sparse() -> None:
    """Days that are still arriving say nothing about a register that is complete."""
    frame = pl.concat([_every_day(range(24), 20), _every_day(range(1), 30, PLAIN + 20 * DAY)])

    assert not covered(frame, PLAIN + 20 * DAY)["sparse"].any()


@given(
    st.sets(st.integers(0, 24 * 5), min_size=1),
    st.sampled_from([SPRING, AUTUMN, date(2026, 12, 30)]),
    st.integers(0, 7),
)
def test_against_counting_hours(present: set[int], around: date, until: int) -> None:
    """Each day's counts are those of the hours between the first reading and the last that is late, one by one."""
    begin = local_midnight(around - 2 * DAY, OSLO)
    hours = [begin + timedelta(hours=number) for number in sorted(present)]
    expected_until = around - 2 * DAY + until * DAY
    late = {start for start in starts(Window(begin, local_midnight(expected_until, OSLO))) if start >= hours[0]}
    found = covered(readings(hours), expected_until)

    days = set(local_days(Window(hours[0], max(local_midnight(expected_until, OSLO), hours[-1] + DAY / 24)), OSLO))
    assert set(found["day"]) == days
    for day, is_present, missing, expected in counts(found):
        there = {start for start in hours if local_day(start, OSLO) == day}
        wanted = {start for start in late if local_day(start, OSLO) == day}
        assert (is_present, missing) == (len(there), len(wanted - there))
        assert expected == is_present + missing


def test_sums_are_the_same_in_every_process(tmp_path: Path) -> None:
    """Sorted rows give the same sums to the last bit, straight from memory or read from a file in pieces."""
    hours = starts(days_from(PLAIN, 31))
    values = pl.int_range(len(hours), eager=True).hash(seed=3) / 2**61
    frame = readings(hours).with_columns(quantity=values, start=pl.col("start").cast(INSTANT))
    path = tmp_path / "rows.parquet"
    frame.sample(fraction=1.0, shuffle=True, seed=5).sort(READINGS.key).write_parquet(path, row_group_size=100)

    assert summarise(pl.read_parquet(path), OSLO).equals(summarise(frame, OSLO))
    assert summarise(pl.concat([frame[:100], frame[100:]], rechunk=False), OSLO).equals(summarise(frame, OSLO))
