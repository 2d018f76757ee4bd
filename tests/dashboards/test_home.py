"""Home: what its panels show is what polars computes of the store."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from connectors.registry import SOURCES
from dashboards.home import HOME
from sandbox.leneda.demo import CONSUMPTION
from schemas.time import local_midnight
from tests.dashboards.board import Board
from tests.dashboards.comparing import between, of, same, sums, total
from tests.dashboards.filled import ORDINARY, PLUS
from tests.support.home import NOW

if TYPE_CHECKING:
    from tests.dashboards.asking import Grafana
    from tests.dashboards.filled import Filled

SERIES: Final = {
    "elvia": ("elvia", ORDINARY.metering_point, "consumption"),
    "fed in": ("elvia", PLUS.metering_point, "production"),
    "leneda": ("leneda", CONSUMPTION, "consumption"),
    "layer": ("leneda", CONSUMPTION, "consumption_shared_layer1"),
}


@pytest.fixture(params=list(SERIES.values()), ids=list(SERIES))
def series(request: pytest.FixtureRequest) -> tuple[str, str, str]:
    """Return a source, a metering point and a register."""
    chosen: tuple[str, str, str] = request.param
    return chosen


@pytest.fixture
def readings(every_reading: pl.DataFrame, series: tuple[str, str, str]) -> pl.DataFrame:
    """The readings of the chosen series."""
    return of(every_reading, *series)


@pytest.fixture
def hours(every_hour: pl.DataFrame, series: tuple[str, str, str]) -> pl.DataFrame:
    """The hours of the chosen series."""
    return of(every_hour, *series)


@pytest.fixture
def board(grafana: Grafana, series: tuple[str, str, str]) -> Board:
    """Home, with the series chosen, now."""
    return _board(grafana, series, NOW)


def _board(grafana: Grafana, series: tuple[str, str, str], now: datetime) -> Board:
    return Board(grafana, HOME, dict(zip(("source", "metering_point", "register"), series, strict=True)), now)


def test_today_and_its_newest_hour(board: Board, hours: pl.DataFrame) -> None:
    """Today is the sum of today's hours, beside the start of the newest; where none is there, it shows nothing."""
    today = between(hours, date(2026, 6, 17), date(2026, 6, 17))

    shown = board.shown("Today")

    if today.is_empty():
        assert shown == {}
        assert board.panel("Today")["fieldConfig"]["defaults"]["noValue"] == "No hour of today has arrived yet"
    else:
        assert list(shown) == ["Today", "Newest hour"]
        assert shown["Today"][-1] == pytest.approx(total(today))
        assert shown["Newest hour"][-1] == today["start"].max().timestamp() * 1000  # type: ignore[union-attr]


def test_yesterday_and_the_months(board: Board, readings: pl.DataFrame) -> None:
    """Yesterday, this month and last month are local days and months, with their dates and what is missing in them."""
    month, newest = board.shown("This month"), readings["midnight"].max()
    last_month = between(readings, date(2026, 5, 1), date(2026, 5, 31))
    quarters = readings["resolution"][0] == "PT15M"

    yesterday = between(readings, *[date(2026, 6, 16)] * 2)
    assert board.shown("Yesterday") == {
        "Yesterday": pytest.approx([total(yesterday)]),
        "Intervals": [yesterday.height],
        "Missing intervals": [0],
        "Day": [yesterday["midnight"][0].timestamp() * 1000],
    }
    assert month["This month"][-1] == pytest.approx(total(between(readings, date(2026, 6, 1), date(2026, 6, 30))))
    assert month["Newest day"][-1] == newest.timestamp() * 1000  # type: ignore[union-attr]
    assert board.shown("Last month") == {
        "Last month": pytest.approx([total(last_month)]),
        "Intervals": [last_month.height],
        "Missing intervals": [31 * 24 * (4 if quarters else 1) - last_month.height],
        "Month": [last_month["month"][0].timestamp() * 1000],
    }


def test_this_year_against_last_year(board: Board, readings: pl.DataFrame) -> None:
    """The years are compared over the days that are whole in both; where no day is, nothing is shown."""
    per_day = 4 if readings["resolution"][0] == "PT15M" else 1
    # 23, 24 or 25 hours, as the zone has it; not the day that runs, and not the one on which the first reading falls.
    zone = SOURCES[readings["source"][0]].zone
    whole = {
        day: quantity
        for day, count, quantity in readings.group_by("day").agg(pl.len(), pl.col("quantity").sum()).iter_rows()
        if count
        == per_day * (local_midnight(day + timedelta(days=1), zone) - local_midnight(day, zone)) / timedelta(hours=1)
    }
    both = [day for day in whole if day.year == 2026 and day.replace(year=2025) in whole]
    this, last = sum(whole[day] for day in both), sum(whole[day.replace(year=2025)] for day in both)

    shown = board.shown("This year against last year, to the same day")

    if not both:
        assert [column for column in shown.values() if column] == []
        return
    assert max(both) == date(2026, 6, 16)
    assert {name: column[0] for name, column in shown.items()} == {
        "This year": pytest.approx(this),
        "Last year": pytest.approx(last),
        "Difference": pytest.approx(this - last),
        "Change": pytest.approx(this / last - 1),
    }


def test_a_day_that_runs_is_compared_with_none(grafana: Grafana, store: Filled) -> None:
    """Of a day that is whole in one year and runs in the other, nothing is compared, whatever its intervals are."""
    counts = {"hours": (24, 14), "quarters": (96, 40)}
    expected = [(date(2025, 6, 16), 0), (date(2025, 6, 17), 0), (date(2026, 6, 16), 0), (date(2026, 6, 17), 1)]
    for point, (whole, running) in counts.items():
        for day, runs in expected:
            count, at = (running if runs else whole), int(local_midnight(day, SOURCES["elvia"].zone).timestamp())
            store.scribble(
                f"local_day,source=elvia,metering_point={point},register=consumption "
                f"energy_kwh={count}.0,expected={count}i,present={count}i,settled=0i,missing=0i {at}"
            )
    try:
        for point, (whole, _) in counts.items():
            shown = _board(grafana, ("elvia", point, "consumption"), NOW).shown(
                "This year against last year, to the same day"
            )
            assert (shown["This year"], shown["Last year"]) == ([whole], [whole])
    finally:
        for point in counts:
            store.database.delete("local_day", tags={"metering_point": point})


def test_hours_final_and_provisional(board: Board, hours: pl.DataFrame) -> None:
    """Every hour of the chosen time is a bar of its own, apart by whether it is final; a missing one is none."""
    first = board.time("Hours").start
    wanted = hours.filter(pl.col("start").is_between(first, NOW))

    shown = board.series("Hours")

    assert same(shown["Final"], wanted.filter("settled").select("start", "quantity"))
    assert same(shown["Provisional"], wanted.filter(~pl.col("settled")).select("start", "quantity"))
    assert 0 < wanted.filter(~pl.col("settled")).height < wanted.height


# A week after each clock change, and after New Year.
MOMENTS: Final = (
    datetime(2025, 11, 2, 12, tzinfo=UTC),
    datetime(2026, 1, 8, 12, tzinfo=UTC),
    datetime(2026, 4, 5, 12, tzinfo=UTC),
)


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_days_across_clock_changes(
    grafana: Grafana, series: tuple[str, str, str], readings: pl.DataFrame, moment: datetime
) -> None:
    """Each local day's bar is the sum of its 23, 24 or 25 hours."""
    board = _board(grafana, series, moment)
    wanted = sums(readings, "midnight", board.time("Days").start, moment)

    shown: dict[int, object] = {}
    for points in board.series("Days").values():
        assert not shown.keys() & points.keys()
        shown |= points

    assert same(dict(sorted(shown.items())), wanted)


def test_days_final_and_provisional(board: Board, readings: pl.DataFrame) -> None:
    """A whole day is final when all of its readings are, and provisional before; one with holes is neither."""
    days = readings.group_by("midnight").agg(pl.col("settled").all()).iter_rows()
    settled = {int(midnight.timestamp() * 1000): final for midnight, final in days}

    shown = board.series("Days")

    assert {settled[time] for time in shown["Final"]} == {True}
    assert {settled[time] for time in shown["Provisional"]} == {False}


@pytest.mark.parametrize("moment", MOMENTS, ids=str)
def test_weeks_across_clock_changes(
    grafana: Grafana, series: tuple[str, str, str], readings: pl.DataFrame, moment: datetime
) -> None:
    """Each bar is a week from Monday to Sunday by the operator's calendar."""
    board = _board(grafana, series, moment)
    # The days up to now: of the running week, those that the range reaches.
    wanted = sums(readings.filter(pl.col("midnight") <= moment), "monday", board.time("Weeks").start, moment)

    assert wanted.height in {3, 13, 25, 27}
    assert same(board.series("Weeks")["Week"], wanted)


def test_months(board: Board, readings: pl.DataFrame) -> None:
    """Each bar is a calendar month; a month that lacks intervals is marked as such."""
    shown = board.series("Months")
    merged = dict(sorted({time: value for points in shown.values() for time, value in points.items()}.items()))

    assert same(merged, sums(readings, "month", board.time("Months").start))
    if readings["metering_point"][0] == ORDINARY.metering_point:
        lacking = {datetime.fromtimestamp(time / 1000, UTC).date() for time in shown["With missing intervals"]}
        assert {date(2025, 12, 31), date(2026, 5, 31)} <= lacking


def test_the_highest_hours(board: Board, hours: pl.DataFrame) -> None:
    """The ten highest hours of the month are there with their time and state."""
    month = between(hours, date(2026, 6, 1), date(2026, 6, 30)).sort("quantity", descending=True).head(10)

    shown = board.shown("Highest hours of this month")

    assert sorted(shown["Energy"], reverse=True) == pytest.approx(month["quantity"].to_list())  # type: ignore[type-var]
    by_time = {int(row["start"].timestamp() * 1000): row for row in month.iter_rows(named=True)}
    for time, energy, final in zip(shown["Hour"], shown["Energy"], shown["Final"], strict=True):
        row = by_time.get(time)  # type: ignore[call-overload]
        # Of hours that are equally high, another may be the tenth.
        assert row is None or (row["quantity"], row["settled"]) == (pytest.approx(energy), final)


HEATED: Final = (NOW, MOMENTS[0], MOMENTS[2])


@pytest.mark.parametrize("moment", HEATED, ids=str)
def test_hours_of_the_day(
    grafana: Grafana, series: tuple[str, str, str], hours: pl.DataFrame, moment: datetime
) -> None:
    """Profile and heat maps have the means by the operator's wall clock, and a hole where no hour arrived."""
    board = _board(grafana, series, moment)
    inside = hours.filter(pl.col("start").is_between(board.time("Profile").start, moment))
    inside = inside.with_columns(hour=pl.col("local").dt.to_string("%H"))
    maps = {"Weekday and hour": "%u %a", "Day and hour": "%Y-%m-%d %a"}

    profile = board.shown("Profile")
    wanted = inside.group_by("hour").agg(pl.col("quantity").mean()).sort("hour")
    assert profile["Hour"] == wanted["hour"].to_list()
    assert profile["kWh (mean)"] == pytest.approx(wanted["quantity"].to_list())

    for title, rows in maps.items():
        shown = board.shown(title)
        grouped = inside.group_by(pl.col("local").dt.to_string(rows).alias("Day"), "hour")
        matrix = grouped.agg(pl.col("quantity").mean()).pivot("hour", index="Day", values="quantity").sort("Day")
        assert shown["Day"] == matrix["Day"].to_list()
        assert list(shown) == ["Day", *sorted(set(matrix.columns) - {"Day"})]
        for hour in list(shown)[1:]:
            pairs = list(zip(shown[hour], matrix[hour].to_list(), strict=True))
            assert all((a is None) == (b is None) and (a is None or a == pytest.approx(b)) for a, b in pairs)


def test_bought_sold_and_net(grafana: Grafana, every_reading: pl.DataFrame) -> None:
    """Of a plus-customer, what was bought and sold, and the difference where both are known; of others no zero."""
    board = _board(grafana, SERIES["fed in"], NOW)
    grid = {
        register: sums(of(every_reading, "elvia", PLUS.metering_point, register), "month", board.time("Months").start)
        for register in ("consumption", "production")
    }
    days = between(of(every_reading, *SERIES["fed in"]), date(2026, 5, 18), date(2026, 6, 17))
    bought = between(
        of(every_reading, "elvia", PLUS.metering_point, "consumption"), date(2026, 5, 18), date(2026, 6, 17)
    )

    months, summed = board.series("Bought, sold and net by month"), board.shown("Bought, sold and net")

    assert same(months["Bought"], grid["consumption"])
    assert same(months["Sold"], grid["production"])
    net = grid["consumption"].with_columns(quantity=pl.col("quantity") - grid["production"]["quantity"])
    assert same(months["Net"], net)
    assert summed == {
        "Bought": pytest.approx([total(bought)]),
        "Sold": pytest.approx([total(days)]),
        "Net": pytest.approx([total(bought) - total(days)]),
    }
    alone = _board(grafana, SERIES["elvia"], NOW)
    assert alone.shown("Bought, sold and net")["Net"] == [None]
    assert list(alone.series("Bought, sold and net by month")) == ["Bought"]
