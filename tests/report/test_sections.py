"""What the sections tell beyond sums: averages, years, highest hours, exchange, community, all against the truth."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from connectors.elvia.charge import CHARGE
from sandbox.leneda import truth as leneda_truth
from schemas.time import HOUR, Window, local_midnight
from tests.report.counting import EVERY, between, is_told, told, truth
from tests.report.filled import COMMUNITY, GAS, HOUSE, NOW, PANELS, PART_MISSING, PLUS, TODAY, ZONES, text_of

POINTS = (("plant", "0001"), ("plant", "0002"), ("plant", "0003"), ("solar", "0005"))

if TYPE_CHECKING:
    from tests.report.filled import Filled, Report


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

    official, computed, step, price, *named = rows["May 2026"]

    mean = float(highest["quantity"].mean())  # type: ignore[arg-type]
    assert told(official, r"([\d.]+) kW") == told(computed, r"([\d.]+) kW") == pytest.approx(mean, abs=0.0051)
    assert [told(cell) for cell in named] == [pytest.approx(value, abs=0.0051) for value in highest["quantity"]]
    assert step == CHARGE.label(CHARGE.step_of(mean))
    assert price == f"{CHARGE.price(mean, date(2026, 5, 1))} kr"
    local = highest["start"].dt.convert_time_zone(ZONES[PLUS].key)
    assert [cell.split(", ")[1] for cell in named] == [f"{at:%a} {at.day} {at:%b %H:%M}" for at in local]


def _bases(filled: Filled, report: Report, cap: float = 1000) -> dict[date, float]:
    """Return the mean of the three highest hours, on three days, of each whole month, each cut to the cap."""
    hours = truth(filled, report, PLUS, "consumption").with_columns(pl.col("quantity").clip(upper_bound=cap))
    days = hours.group_by("day").agg(pl.col("quantity").max())
    months = days.group_by(pl.col("day").dt.month_start()).agg(pl.col("quantity").top_k(3).mean(), pl.len())
    return dict(months.sort("day").filter(pl.col("len") > 15).select("day", "quantity").iter_rows())


def test_the_step_of_this_month(filled: Filled, report: Report) -> None:
    """The running month's basis, its step and price, and what is left to the next one."""
    basis = _bases(filled, report)[date(2026, 6, 1)]
    step, first = CHARGE.step_of(basis), date(2026, 6, 1)
    (cards,) = re.findall(r"highest hours of Jun 2026 so far</h4>(.*?)<ol", report.part(PLUS), re.DOTALL)
    found = {
        title: text_of(card)
        for title, card in re.findall(r'<div class="card"><h4>(.*?)</h4>(.*?)</div>', cards, re.DOTALL)
    }

    bound, now, above = CHARGE.bounds[step], CHARGE.price(basis, first), CHARGE.price(CHARGE.bounds[step] + 1, first)
    assert now is not None
    assert above is not None
    assert told(found["Mean of the three highest"], r"([\d.]+) kW") == pytest.approx(basis, abs=0.0051)
    assert found["Step"].startswith(CHARGE.label(step))
    assert found["Price"].startswith(f"{now:.0f} kr")
    assert told(found["Left to the next step"], r"([\d.]+) kW") == pytest.approx(bound - basis, abs=0.0051)
    assert f"over {bound} kW, which costs {above - now:.0f} kr more" in found["Left to the next step"]


@pytest.mark.parametrize("cap", [2, 3])
def test_what_a_cap_had_given(filled: Filled, report: Report, cap: int) -> None:
    """Each month's basis is that of hours cut to the cap, and what that saved is the difference of the prices."""
    (figure,) = report.figures(PLUS, "caps")
    (found,) = [one for one in figure["caps"] if one["cap"] == cap]
    months = [datetime.fromtimestamp(x, UTC).date() for x in figure["x"]]
    was, were = _bases(filled, report), _bases(filled, report, cap)
    whole = [place for place, month in enumerate(months) if month in was]

    assert len(whole) >= 35
    for place in whole:
        month = months[place]
        prices = CHARGE.price(was[month], month), CHARGE.price(were[month], month)
        assert figure["actual"][place] == pytest.approx(was[month], abs=0.0006)
        assert found["v"][place] == pytest.approx(were[month], abs=0.0006)
        assert found["saved"][place] == prices[0] - prices[1]  # type: ignore[operator]
    row = {row[0]: row[1:] for row in report.rows(PLUS, "What a cap had saved")}[f"{cap} kW"]
    assert row[:2] == [f"{sum(found['saved'][-12:]):.0f} kr", f"{sum(found['saved']):.0f} kr"]
    assert figure["cap"] == max(one["cap"] for one in figure["caps"] if any(one["saved"]))


def _quarters(filled: Filled, days: int) -> pl.DataFrame:
    """Return the quarter-hours of the last days, in kW as the operator serves them."""
    window = Window(local_midnight(TODAY - timedelta(days=days), ZONES[COMMUNITY]), NOW)
    return leneda_truth.served(filled.world, COMMUNITY, "consumption", window, NOW).drop_nulls("quantity")


def test_load_by_quarter_hour(filled: Filled, report: Report) -> None:
    """Each quarter-hour of the last 92 days is there at its instant, in kW, and the highest of a year are named."""
    (figure,) = report.figures(COMMUNITY, "load")
    drawn = {figure["t0"] + 900 * place: kw for place, kw in enumerate(figure["series"][0]["v"]) if kw is not None}
    wanted = dict(_quarters(filled, 92).select(pl.col("start").dt.epoch("s"), "quantity").iter_rows())
    highest = _quarters(filled, 365).sort("quantity", descending=True)["quantity"].head(10).to_list()

    assert drawn.keys() == wanted.keys()
    assert all(abs(drawn[start] - wanted[start]) < 0.0011 for start in drawn)
    rows = report.rows(COMMUNITY, "The highest quarter-hours of the last 365 days")
    assert [told(load, r"([\d.]+) kW") for _, _, load in rows] == pytest.approx(highest, abs=0.0051)


def test_the_duration_curve(filled: Filled, report: Report) -> None:
    """A load beside a share is the highest that was reached or exceeded for at least so much of the time."""
    loads = _quarters(filled, 365)["quantity"]
    rows = {row[0]: row[1] for row in report.rows(COMMUNITY, "Load that was reached or exceeded")}
    (figure,) = report.figures(COMMUNITY, "duration")

    for share in (0.1, 1, 10, 50, 90):
        load = told(rows[f"{share:g} %"], r"([\d.]+) kW")
        assert (loads >= load - 0.0051).mean() >= share / 100  # type: ignore[operator]
        assert (loads > load + 0.0051).mean() < share / 100  # type: ignore[operator]
    curve = figure["series"][0]["v"]
    assert (curve[0], curve[-1]) == pytest.approx((loads.max(), loads.min()), abs=0.0011)
    assert curve == sorted(curve, reverse=True)
    # Where no metering point has quarter-hours, there is neither.
    assert report.figures(PLUS, "load") == report.figures(PLUS, "duration") == []


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


def _own_use(filled: Filled, report: Report) -> pl.DataFrame:
    """Return the hours of which all is there: `day`, what was made, fed in, bought and used."""
    parts = {"made": (PANELS, "production"), "fed_in": (HOUSE, "production"), "bought": (HOUSE, "consumption")}
    frames = [
        truth(filled, report, *part).select("start", "day", pl.col("quantity").alias(kind))
        for kind, part in parts.items()
    ]
    joined = frames[0].join(frames[1].drop("day"), on="start").join(frames[2].drop("day"), on="start")
    assert frames[0].height == joined.height + PART_MISSING.length / HOUR
    return joined.with_columns(used=pl.col("made") - pl.col("fed_in"))


def test_own_use_is_of_the_hours_that_have_every_part(filled: Filled, report: Report) -> None:
    """Each card and each month tells the sums of those hours, both shares, and how many hours they are."""
    hours = _own_use(filled, report)
    (section,) = re.findall(r'<section class="own-use">(.*?)</section>', report.text, re.DOTALL)
    cards = dict(re.findall(r'<div class="card"><h4>(.*?)</h4>(.*?)</div>', section, re.DOTALL))
    rows = {row[0]: row[1:] for row in report.table("What was used, by month")}
    months = {"May": date(2026, 5, 1), "June so far": date(2026, 6, 1)}

    assert "What The roof made, less what solar \u20260005 fed into the grid" in section
    for title, first in months.items():
        sums = hours.filter(pl.col("day").dt.month_start() == first).drop("start", "day")
        made, fed_in, bought, used = sums.sum().row(0)
        card = text_of(cards[title])
        assert told(card, r"([\d.]+) %") == pytest.approx(100 * used / (used + bought), abs=0.5)
        assert told(card, r"([\d.]+) kWh made") == pytest.approx(made, abs=0.5)
        assert f"{sums.height} of {31 * 24 if title == 'May' else sums.height + 3} hours" in card
        cells = rows[f"{first:%b %Y}"]
        wanted = (made, used, fed_in, bought, 100 * used / made, 100 * used / (used + bought), sums.height)
        for cell, value in zip(cells, wanted, strict=True):
            assert told(cell, r"([-\d.]+)") == pytest.approx(value, abs=0.5)


@pytest.mark.parametrize("span", ["days", "months"])
def test_own_use_by_day_and_month(filled: Filled, report: Report, span: str) -> None:
    """The plots stand on local days and months, and a day of which nothing is known has no bar."""
    hours = _own_use(filled, report)
    starts = pl.col("day").dt.truncate("1d" if span == "days" else "1mo")
    sums = hours.group_by(starts.alias("at")).agg(pl.col("made", "fed_in", "bought", "used").sum()).sort("at")
    pattern = r'data-kind="stack">.*?<script type="application/json">(.*?)</script>'
    figures = re.findall(pattern, report.text.split('class="own-use"')[1], re.DOTALL)[:2]

    made, used = (json.loads(each)["days"] if span == "days" else json.loads(each) for each in figures)

    assert [datetime.fromtimestamp(x, UTC).date() for x in made["x"]] == sums["at"].to_list()
    kinds = {"used at home": "used", "fed in": "fed_in", "made at home": "used", "bought": "bought"}
    for part in (*made["parts"], *used["parts"]):
        assert part["v"] == pytest.approx(sums[kinds[part["label"]]].to_list(), abs=0.002)


def test_the_communitys_parts_add_up(filled: Filled, report: Report) -> None:
    """Shared layers and the rest are what was consumed, and the page says that they were compared."""
    (figure,) = report.figures(COMMUNITY, "stack")
    hours = truth(filled, report, COMMUNITY, "consumption")
    may = [datetime.fromtimestamp(x, UTC).date() for x in figure["x"]].index(date(2026, 5, 1))

    parts = [part["v"][may] for part in figure["parts"]]

    row = {row[0]: row for row in report.rows(COMMUNITY, "Consumption in the community, by month")}["May 2026"]
    assert len(parts) == 5
    assert row[-1] == f"{100 * sum(parts[:-1]) / sum(parts):.0f} %"
    assert sum(parts) == pytest.approx(between(hours, date(2026, 5, 1), date(2026, 5, 31)), abs=1.0)
    assert "They add up to what was measured on each of" in report.part(COMMUNITY)


@pytest.mark.parametrize(
    ("caption", "first"),
    [("The ten highest hours", date(1, 1, 1)), ("The ten highest hours of Jun 2026", date(2026, 6, 1))],
)
def test_the_highest_hours_are_named(filled: Filled, report: Report, caption: str, first: date) -> None:
    """The tables beside the picture of all hours name the highest of all and of this month, at their local time."""
    hours = truth(filled, report, GAS, "gas_energy").filter(pl.col("day") >= first)
    start, quantity = hours.sort("quantity", descending=True).select("start", "quantity").row(0)

    cell, value = report.rows(GAS, caption)[0]

    local = start.astimezone(ZONES[GAS])
    assert cell == f"{local:%a} {local.day} {local:%b %Y}, {local:%H:%M}"
    assert is_told(value, quantity)


def test_the_communitys_statement_is_of_last_month(filled: Filled, report: Report) -> None:
    """Each register came to what was served of it, the total too; nothing is restated that was never issued."""
    hours = truth(filled, report, COMMUNITY, "consumption")
    rows = {tuple(row[:2]): row[2:] for row in report.table("Statement of May 2026")}

    of_point, of_all = rows["plant \u20260001", "Consumption"], rows["Total", "Consumption"]
    others = truth(filled, report, HOUSE, "consumption")

    expected, of_others = (between(each, date(2026, 5, 1), date(2026, 5, 31)) for each in (hours, others))
    assert told(of_point[0]) == pytest.approx(expected, abs=0.5)
    assert told(of_all[0]) == pytest.approx(expected + of_others, abs=0.5)
    assert of_point[1:] == ["100 %", "100 %", *["\u2013"] * 4]
    assert {register for _, register in rows} >= {"Consumption, shared, layer 1", "Consumption, not shared"}
    assert {whose for whose, _ in rows} == {"Total", "The roof", *(f"{name} \u2026{last}" for name, last in POINTS)}
