"""Every number of the report is what the operator served: counted here anew, from the simulated operators' truth."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pytest

from schemas.time import DAY, day_window, local_midnight
from tests.report.filled import (
    COMMUNITY,
    CORRECTED,
    DARK_DAY,
    GAS,
    HOLE,
    HOME,
    PLUS,
    ROOF,
    TODAY,
    YOUNG,
    ZONES,
)

if TYPE_CHECKING:
    from tests.report.filled import Filled, Report

SERIES: Final = [
    (HOME, "consumption"),
    (PLUS, "consumption"),
    (PLUS, "production"),
    (YOUNG, "consumption"),
    (COMMUNITY, "consumption"),
    (ROOF, "production"),
    (GAS, "gas_energy"),
]
EVERY: Final = pytest.mark.parametrize(("point", "register"), SERIES)
YESTERDAY: Final = TODAY - DAY
CLOCK_CHANGES: Final = [date(2024, 10, 27), date(2025, 3, 30), date(2025, 10, 26), date(2026, 3, 29)]


def truth(filled: Filled, report: Report, point: str, register: str) -> pl.DataFrame:
    """Return what the operator served of all the hours that the page tells of."""
    since = datetime.fromtimestamp(report.hours(point, register)["t0"], UTC)
    return filled.served(point, register, since)


def told(text: str, pattern: str = r"([-\d.]+) kWh") -> float:
    """Return the first number of a text."""
    match = re.search(pattern, text)
    assert match is not None, text
    return float(match[1])


def is_told(text: str, value: float) -> bool:
    """Tell whether the text begins with the value, to the decimals that it shows."""
    match = re.match(r"(\d+(?:\.(\d+))?) kWh", text)
    return match is not None and abs(float(match[1]) - value) <= 0.5 * 10 ** -len(match[2] or "") + 1e-9


def between(hours: pl.DataFrame, first: date, last: date) -> float:
    """Sum up the hours of these local days."""
    return float(hours.filter(pl.col("day").is_between(first, last))["quantity"].sum())


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

    assert told(card, r"([+-][\d.]+) %") == pytest.approx(100 * (now / before - 1), abs=0.0501)


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


@EVERY
def test_averages_are_of_the_last_year_by_local_time(filled: Filled, report: Report, point: str, register: str) -> None:
    """The profile is the mean of the hours of 365 local days, by their local hour."""
    since = local_midnight(TODAY - timedelta(days=365), ZONES[point])
    hours = truth(filled, report, point, register).filter(pl.col("start") >= since)
    kinds = {"Mon to Fri": pl.col("weekday") < 6, "Sat and Sun": pl.col("weekday") > 5, "All days": pl.lit(value=True)}
    profiles = report.figures(point, "profile")
    (figure,) = profiles if len(profiles) == 1 else [profiles[["consumption", "production"].index(register)]]

    for line in figure["lines"]:
        expected = dict(hours.filter(kinds[line["label"]]).group_by("hour").agg(pl.col("quantity").mean()).iter_rows())
        assert line["v"] == [pytest.approx(expected[hour], abs=1e-4) for hour in range(24)]


def test_years_stand_beside_each_other(filled: Filled, report: Report) -> None:
    """Each month of each year is what was served of it, and none where nothing was."""
    hours = truth(filled, report, COMMUNITY, "consumption")
    (figure,) = report.figures(COMMUNITY, "years")

    by_month = dict(hours.group_by(pl.col("day").dt.month_start()).agg(pl.col("quantity").sum()).iter_rows())
    for year in figure["months"]:
        for number, value in enumerate(year["v"], 1):
            assert value == pytest.approx(by_month.get(date(int(year["label"]), number, 1)), abs=0.002)


def test_the_capacity_basis_is_the_mean_of_three_days(filled: Filled, report: Report) -> None:
    """Official and computed are the mean of the highest hours of three days, which are named."""
    hours = truth(filled, report, PLUS, "consumption").filter(pl.col("day").dt.month_start() == date(2026, 5, 1))
    highest = hours.sort("quantity", descending=True).unique("day", keep="first", maintain_order=True).head(3)
    rows = {row[0]: row[1:] for row in report.rows(PLUS, "Capacity basis and highest hours by month")}

    official, computed, *named = rows["May 2026"]

    mean = highest["quantity"].mean()
    assert told(official, r"([\d.]+) kW") == told(computed, r"([\d.]+) kW") == pytest.approx(mean, abs=0.0051)
    assert [told(cell) for cell in named] == [pytest.approx(value, abs=0.0051) for value in highest["quantity"]]
    local = highest["start"].dt.convert_time_zone(ZONES[PLUS].key)
    assert [cell.split(", ")[1] for cell in named] == [f"{at:%a} {at.day} {at:%b %H:%M}" for at in local]


def test_bought_sold_and_net(filled: Filled, report: Report) -> None:
    """By month, what came in, what went out, and the difference."""
    sums: list[Any] = []
    for register in ("consumption", "production"):
        hours = truth(filled, report, PLUS, register)
        sums.append(between(hours, date(2026, 5, 1), date(2026, 5, 31)))
    rows = {row[0]: row[1:] for row in report.rows(PLUS, "Bought, sold and net by month")}

    bought, sold, net = (told(cell) for cell in rows["May 2026"])

    assert bought == pytest.approx(sums[0], abs=0.5)
    assert sold == pytest.approx(sums[1], abs=0.5)
    assert net == pytest.approx(sums[0] - sums[1], abs=0.5)
    assert report.figures(COMMUNITY, "stack")[0].get("line") is None


def test_the_communitys_parts_add_up(filled: Filled, report: Report) -> None:
    """Shared layers and the rest are what was consumed, and the page says that they were compared."""
    (figure,) = report.figures(COMMUNITY, "stack")
    hours = truth(filled, report, COMMUNITY, "consumption")
    may = [datetime.fromtimestamp(x, UTC).date() for x in figure["x"]].index(date(2026, 5, 1))

    parts = [part["v"][may] for part in figure["parts"]]

    assert len(parts) == 5
    assert sum(parts) == pytest.approx(between(hours, date(2026, 5, 1), date(2026, 5, 31)), abs=1.0)
    assert "They add up to what was measured on each of" in report.part(COMMUNITY)


def test_the_highest_hours_are_named(filled: Filled, report: Report) -> None:
    """The table beside the picture of all hours names the highest, at their local time."""
    hours = truth(filled, report, GAS, "gas_energy")
    start, quantity = hours.sort("quantity", descending=True).select("start", "quantity").row(0)

    cell, value = report.rows(GAS, "The ten highest hours")[0]

    local = start.astimezone(ZONES[GAS])
    assert cell == f"{local:%a} {local.day} {local:%b %Y}, {local:%H:%M}"
    assert is_told(value, quantity)


def test_the_communitys_statement_is_of_last_month(filled: Filled, report: Report) -> None:
    """Each register came to what was served of it, the total too; nothing is restated that was never issued."""
    hours = truth(filled, report, COMMUNITY, "consumption")
    rows = {tuple(row[:2]): row[2:] for row in report.table("Statement of May 2026")}

    of_point, of_all = rows["plant \u20260001", "Consumption"], rows["Total", "Consumption"]

    expected = between(hours, date(2026, 5, 1), date(2026, 5, 31))
    assert told(of_point[0]) == told(of_all[0]) == pytest.approx(expected, abs=0.5)
    assert of_point[1:] == ["100 %", "100 %", *["\u2013"] * 4]
    assert {register for _, register in rows} >= {"Consumption, shared, layer 1", "Consumption, not shared"}
    assert [
        whose for whose, _ in rows if whose not in {"Total", "plant \u20260001", "plant \u20260002", "plant \u20260003"}
    ] == []
