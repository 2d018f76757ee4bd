"""Every number of the report is what the operator served: counted here anew, from the simulated operators' truth."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from schemas.time import DAY, day_window, local_midnight
from tests.report.counting import EVERY, SERIES, between, is_told, told, truth
from tests.report.filled import (
    COMMUNITY,
    CORRECTED,
    DARK_DAY,
    HOLE,
    HOME,
    PLUS,
    TODAY,
    YOUNG,
    ZONES,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.report.filled import Filled, Report

YESTERDAY: Final = TODAY - DAY
CLOCK_CHANGES: Final = [date(2024, 10, 27), date(2025, 3, 30), date(2025, 10, 26), date(2026, 3, 29)]


@EVERY
def test_headlines_are_sums_of_local_days(filled: Filled, report: Report, point: str, register: str) -> None:
    """Yesterday, this month, last month and the year are what was served between their local midnights."""
    hours, cards = truth(filled, report, point, register), report.cards(point, register)

    assert is_told(cards["Yesterday"], between(hours, YESTERDAY, YESTERDAY))
    assert is_told(cards["June so far"], between(hours, date(2026, 6, 1), TODAY))
    assert is_told(cards["May"], between(hours, date(2026, 5, 1), date(2026, 5, 31)))
    assert is_told(cards["2026 to 16 Jun"], between(hours, date(2026, 1, 1), YESTERDAY))


@pytest.mark.parametrize(("point", "register"), [series for series in SERIES if series[0] != YOUNG])
def test_a_year_is_compared_to_the_same_day(filled: Filled, report: Report, point: str, register: str) -> None:
    """The change is this year's whole days against the same days of last year, and the sum of those is told."""
    hours, card = truth(filled, report, point, register), report.cards(point, register)["2026 to 16 Jun"]

    now = between(hours, date(2026, 1, 1), YESTERDAY)
    before = between(hours, date(2025, 1, 1), date(2025, 6, 16))

    assert told(card, r"([+-][\d.]+) %") == pytest.approx(100 * (now / before - 1), abs=0.0501)
    assert told(card, r"1 Jan\u201316 Jun 2025, (\d+) kWh") == pytest.approx(before, abs=0.5)


def test_this_month_is_compared_by_its_whole_days(filled: Filled, report: Report) -> None:
    """The hours of today count in the month, and not in its change."""
    hours, card = truth(filled, report, PLUS, "consumption"), report.cards(PLUS, "consumption")["June so far"]

    now = between(hours, date(2026, 6, 1), YESTERDAY)
    before = between(hours, date(2025, 6, 1), date(2025, 6, 16))

    assert "% (to 16 Jun) on 1\u201316 Jun 2025" in card
    assert told(card, r"([+-][\d.]+) %") == pytest.approx(100 * (now / before - 1), abs=0.0501)


def test_a_month_that_lacks_a_day_is_not_compared(filled: Filled, tmp_path: Path) -> None:
    """The page names the month that lacks it, and not the one before, of which all is there."""
    ten_days_later = datetime(2025, 12, 10, 12, tzinfo=UTC)
    card = filled.report(tmp_path / "index.html", "home", now=ten_days_later).cards(HOME, "consumption")["November"]

    assert (DARK_DAY.year, DARK_DAY.month) == (2025, 11)
    assert "not compared: only 96.7 % is there of Nov 2025" in card


def test_a_headline_says_what_it_is_made_from(report: Report) -> None:
    """Counts of what is there and of what could be, how far it goes, and what is settled of it."""
    assert "24 of 24 hours , all settled, to 17 Jun, 00:00" in report.cards(HOME, "consumption")["Yesterday"]
    # 16 days, 14 hours of today but for the newest, which is not out yet, less the three that never come.
    assert "394 of 397 hours" in report.cards(HOME, "consumption")["June so far"]
    assert "96 of 96 quarter-hours , none settled" in report.cards(COMMUNITY, "consumption")["Yesterday"]


def test_what_cannot_be_compared_is_not(report: Report) -> None:
    """A contract of a hundred days has no last year, and says since when there are readings."""
    card = report.cards(YOUNG, "consumption")["2026 to 16 Jun"]

    assert "nothing to compare with" in card
    assert "since 9 Mar" in card
    assert "%" not in card.split("settled")[0]


@EVERY
def test_every_hour_is_there(filled: Filled, report: Report, point: str, register: str) -> None:
    """The plot of the hours holds each hour that was served, at its instant, and null for every other."""
    hours, values = truth(filled, report, point, register), report.hours(point, register)
    expected = {
        int(start.timestamp()): round(quantity, 3) for start, quantity in hours.select("start", "quantity").rows()
    }

    drawn = {values["t0"] + 3600 * place: value for place, value in enumerate(values["v"]) if value is not None}

    assert drawn.keys() == expected.keys()
    assert all(abs(drawn[start] - expected[start]) < 0.0011 for start in drawn)


@EVERY
@pytest.mark.parametrize("span", ["day", "week", "month"])
def test_days_weeks_and_months_are_local(filled: Filled, report: Report, point: str, register: str, span: str) -> None:
    """Each bar is the sum of the hours between local midnights, Mondays or firsts, across every clock change."""
    unit = {"day": "1d", "week": "1w", "month": "1mo"}[span]
    hours = truth(filled, report, point, register)
    expected = dict(hours.group_by(pl.col("day").dt.truncate(unit)).agg(pl.col("quantity").sum()).iter_rows())

    bars = bars_of(report, point, register, span)
    drawn = {day: value for day, (value, _) in bars.items() if value is not None}

    assert drawn.keys() == expected.keys()
    assert all(drawn[start] == pytest.approx(expected[start], abs=0.002) for start in drawn)


def bars_of(report: Report, point: str, register: str, span: str) -> dict[date, tuple[float | None, str]]:
    """Return value and state of each bar, by its date."""
    (figure,) = report.figures(point, "bars")
    lists = [report.values(point, one) if isinstance(one, str) else one for one in figure[span]]
    (found,) = [one for one in lists if one["register"] == register]
    first, every = datetime.fromtimestamp(found["from"], UTC).date(), {"day": "1d", "week": "1w", "month": "1mo"}[span]
    starts = pl.date_range(first, TODAY, every, eager=True)
    assert len(found["v"]) == len(found["state"])
    # The second operator's last day is yesterday.
    return dict(zip(starts, zip(found["v"], found["state"], strict=True), strict=False))


@pytest.mark.parametrize("day", CLOCK_CHANGES)
def test_days_of_a_clock_change_have_their_own_hours(filled: Filled, report: Report, day: date) -> None:
    """A day of 23 or 25 hours is whole, and its bar is the sum of just those."""
    window = day_window(day, ZONES[PLUS])
    hours = filled.served(PLUS, "consumption", window.start).filter(pl.col("start") < window.end)
    value, state = bars_of(report, PLUS, "consumption", "day")[day]

    assert hours.height in {23, 25}
    assert value == pytest.approx(hours["quantity"].sum(), abs=0.001)
    assert state == "s"


def test_offsets_follow_the_clocks(report: Report) -> None:
    """What the page needs to tell local time changes at the instants at which the clocks did."""
    changes = [datetime.fromtimestamp(at, UTC) for at, _ in report.hours(PLUS, "consumption")["offsets"][1:]]

    expected = [datetime(day.year, day.month, day.day, 1, tzinfo=UTC) for day in CLOCK_CHANGES]
    assert changes[-4:] == expected


def test_missing_is_null_and_never_zero(report: Report) -> None:
    """Hours that never came are null and told as missing; the sums that lack them say so."""
    values = report.hours(HOME, "consumption")
    runs = [[values["t0"] + 3600 * place for place in run] for run in values["missing"]]
    days = bars_of(report, HOME, "consumption", "day")

    dark = day_window(DARK_DAY, ZONES[HOME])
    assert runs == [[int(bound.timestamp()) for bound in window.bounds] for window in (dark, HOLE)]
    assert days[DARK_DAY] == (None, "m")
    assert days[TODAY - 9 * DAY][1] == "i"
    assert bars_of(report, HOME, "consumption", "month")[date(2026, 6, 1)][1] == "i"
    assert bars_of(report, PLUS, "consumption", "month")[date(2026, 6, 1)][1] == "p"
    assert bars_of(report, PLUS, "consumption", "month")[date(2026, 5, 1)][1] == "s"


def test_a_month_that_began_before_the_first_reading_says_so(report: Report) -> None:
    """It is not taken for a whole one."""
    assert bars_of(report, YOUNG, "consumption", "month")[date(2026, 3, 1)][1] == "b"
    assert report.rows(YOUNG, "Consumption by month")[-1][0] == "Mar 2026 (from 9 Mar)"


def test_provisional_and_corrected_hours_are_marked(report: Report) -> None:
    """Today is provisional, and the corrected hour is where it was corrected, with both values in the table."""
    values = report.hours(HOME, "consumption")
    corrected = [datetime.fromtimestamp(values["t0"] + 3600 * place, UTC) for place in values["corrected"]]
    ((first, last),) = values["provisional"]

    assert corrected == [CORRECTED]
    assert datetime.fromtimestamp(values["t0"] + 3600 * first, UTC) == local_midnight(TODAY, ZONES[HOME])
    assert last == len(values["v"])
    ((known, day, register, count, before, after),) = report.rows(
        HOME, "The newest corrections: sums of the corrected readings"
    )
    assert (known, day, register, count) == ("Wed 17 Jun 2026", "Thu 28 May 2026", "Consumption", "1")
    assert told(after) == pytest.approx(2 * told(before), abs=0.01)
    (counts,) = report.rows(HOME, "Every register of this metering point")
    assert counts[5] == str(24 + 3), "missing"
    assert counts[7] == "1", "corrected"
