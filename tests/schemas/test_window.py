"""Half-open windows of UTC instants, against sets of hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.time import HOUR, Window

START: Final = datetime(2026, 3, 28, tzinfo=UTC)
HOURS: Final = 12


def window(start: int, end: int) -> Window:
    """Return a window by the numbers of its first and of its last but one hour."""
    return Window(START + start * HOUR, START + end * HOUR)


hours = st.integers(0, HOURS)
windows = st.builds(window, hours, hours)


def hours_of(window: Window) -> set[int]:
    """Return the numbers of the hours in a window."""
    return {number for number in range(HOURS) if window.start <= START + number * HOUR < window.end}


@pytest.mark.parametrize(
    "bound",
    [
        datetime(2026, 3, 28),  # noqa: DTZ001 - the very thing that is refused
        datetime(2026, 3, 28, tzinfo=ZoneInfo("Europe/Oslo")),
        datetime(2026, 3, 28, tzinfo=ZoneInfo("UTC")),
        datetime.fromisoformat("2026-03-28T00:00:00+01:00"),
    ],
    ids=["naive", "Oslo", "another UTC", "offset"],
)
def test_only_utc_bounds_a_window(bound: datetime) -> None:
    """A bound that is naive or in another zone is refused, at either end, and the message shows it."""
    with pytest.raises(ValueError, match="2026, 3, 28"):
        Window(bound, START + 3 * HOUR)
    with pytest.raises(ValueError, match="2026, 3, 28"):
        Window(START, bound)


@given(windows)
def test_a_window_is_true_where_there_is_time_in_it(one: Window) -> None:
    """A window whose end is not after its start is empty."""
    assert bool(one) == bool(hours_of(one))


@given(windows, windows)
def test_clip(one: Window, other: Window) -> None:
    """Clipping gives the shared hours, whichever way round, and never a window that ends before it starts."""
    clipped = one.clip(other)

    assert hours_of(clipped) == hours_of(one) & hours_of(other)
    assert clipped.start <= clipped.end
    assert hours_of(other.clip(one)) == hours_of(clipped)


@given(windows, windows.filter(bool))
def test_covers(one: Window, other: Window) -> None:
    """One window covers another that has time in it where it has all its hours."""
    assert one.covers(other) == (hours_of(other) <= hours_of(one))


@given(windows, st.lists(windows, max_size=6))
def test_minus(one: Window, others: list[Window]) -> None:
    """What is left is exactly the hours in none of the others, in as few windows as possible, in order."""
    left = list(one.minus(others))
    wanted = hours_of(one) - set().union(*map(hours_of, others))

    assert [hour for piece in left for hour in sorted(hours_of(piece))] == sorted(wanted)
    assert all(left)
    assert all(before.end < after.start for before, after in pairwise(left))


def test_length_is_elapsed_time() -> None:
    """The Sunday of a clock change is as long as its hours, not as its clock says."""
    oslo = ZoneInfo("Europe/Oslo")
    midnights = (datetime(2026, 3, day, tzinfo=oslo).astimezone(UTC) for day in (29, 30))

    assert Window(*midnights).length == timedelta(hours=23)


def test_a_window_is_written_as_iso_8601() -> None:
    """Both ends stand in what is shown and logged."""
    assert str(window(0, 1)) == "2026-03-28T00:00:00+00:00/2026-03-28T01:00:00+00:00"
    assert window(0, 1).bounds == (START, START + HOUR)
