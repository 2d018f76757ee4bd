"""The three highest hours of each month, on three days, and their mean: what a capacity charge is set by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.load.projection import CAPACITY_REGISTER
from pipelines.report import words
from pipelines.report.figures import figure
from pipelines.report.html import element, joined, table
from pipelines.report.plotdata import epoch
from schemas.peak import RANKS

if TYPE_CHECKING:
    from datetime import date, datetime

    from pipelines.report.gather import Point
    from pipelines.report.html import Content, Html
    from schemas.charge import CapacityCharge

MONTHS_SHOWN: Final = 13
_AT_STEPS: Final = ("Step", "Price")
_ORDINALS: Final = ("Highest", "Second", "Third")


def capacity(point: Point) -> Html | None:
    """Return the months' highest hours, with step and price; None where the operator names none."""
    if point.basis.is_empty():
        return None
    months = point.basis.sort("time", descending=True).to_dicts()
    highest = _highest(point)
    rows = [_row(point, month, highest) for month in months]
    heads = ("Month", "Operator's basis", "Our own", *(_AT_STEPS if point.charge else ()), *_ORDINALS)
    newest = table(heads, rows[:MONTHS_SHOWN], caption="Capacity basis and highest hours by month")
    rest = rows[MONTHS_SHOWN:] if point.detail == "hours" else []
    older = table(heads, rest, caption="Earlier months") if rest else None
    return element(
        "section",
        _this_month(point, months[0], highest),
        figure(
            "grouped",
            "Capacity basis",
            "The mean of the three highest hours on three different days of each month, as the operator gives it and "
            "as it follows from the hours that are here. It decides the step of the capacity charge"
            f"{': each line is where one ends' if point.charge else ''}.",
            _values(months, point),
            joined(newest, older),
        ),
    )


def _first_day(point: Point, month: dict[str, Any]) -> date:
    day: date = month["time"].astimezone(point.zone).date()
    return day


def _highest(point: Point) -> dict[date, list[tuple[datetime, float]]]:
    """Return the highest hours of each month, one a day."""
    days = (
        point.series[CAPACITY_REGISTER].days.drop_nulls("max_quantity") if CAPACITY_REGISTER in point.series else None
    )
    if days is None:
        return {}
    ranked = days.sort("max_quantity", descending=True).group_by(pl.col("day").dt.month_start(), maintain_order=True)
    return {month: list(rows.head(RANKS).select("max_start", "max_quantity").iter_rows()) for (month,), rows in ranked}


def _row(point: Point, month: dict[str, Any], highest: dict[date, list[tuple[datetime, float]]]) -> list[Content]:
    first = _first_day(point, month)
    hours = highest.get(first, [])
    cells = [f"{words.number(value, 2)}\u00a0kWh, {words.hour(start, point.zone)}" for start, value in hours]
    lacking = f" ({month['missing_hours']} hours missing)" if month["missing_hours"] else ""
    return [
        words.month(first),
        words.kw(month["official_kwh"]),
        f"{words.kw(month['computed_kwh'])}{lacking}",
        *(_at_steps(point.charge, month, first) if point.charge else ()),
        *(cells + [words.NONE] * (RANKS - len(cells))),
    ]


def _at_steps(charge: CapacityCharge, month: dict[str, Any], first: date) -> list[Content]:
    """Return the step and the price of a month by the operator's basis, or by ours until there is one."""
    basis = month["computed_kwh"] if month["official_kwh"] is None else month["official_kwh"]
    if basis is None:
        return [words.NONE] * len(_AT_STEPS)
    return [charge.label(charge.step_of(basis)), words.kroner(charge.price(basis, first))]


def _values(months: list[dict[str, Any]], point: Point) -> dict[str, Any]:
    shown = months[::-1]
    local = [_first_day(point, month) for month in shown]
    return {
        "unit": "kW",
        "x": epoch(pl.Series(local, dtype=pl.Date)),
        "groups": [
            {"label": "the operator's", "v": [month["official_kwh"] for month in shown]},
            {"label": "computed here", "v": [month["computed_kwh"] for month in shown]},
        ],
        "lines": list(point.charge.bounds) if point.charge else [],
    }


def _this_month(point: Point, month: dict[str, Any], highest: dict[date, list[tuple[datetime, float]]]) -> Html:
    first = _first_day(point, month)
    items = [
        element("li", element("strong", f"{words.number(value, 2)}\u00a0kWh"), f" {words.moment(start, point.zone)}")
        for start, value in highest.get(first, [])
    ]
    so_far = "" if month["settled"] else " so far"
    official, computed = (words.kw(month[name]) for name in ("official_kwh", "computed_kwh"))
    return element(
        "div",
        element("h4", f"The highest hours of {words.month(first)}{so_far}"),
        _cards(point.charge, month, first) if point.charge else None,
        element("ol", *items, class_="ranks"),
        element("p", f"The operator's mean is {official}, ours {computed}."),
        class_="plot",
    )


def _cards(charge: CapacityCharge, month: dict[str, Any], first: date) -> Html | None:
    """Return what the month comes to by our own readings, which are the newest: basis, step, price, margin."""
    basis = month["computed_kwh"]
    if basis is None:
        return None
    step = charge.step_of(basis)
    _, to = charge.bounds_of(step)
    price, dearer = charge.price(basis, first), None if to is None else charge.price(to + 1, first)
    more = "" if price is None or dearer is None else f", which costs {words.kroner(dearer - price)} more"
    after = "there is no step above" if to is None else f"until the mean is over {to}\u00a0kW{more}"
    told = (
        ("Mean of the three highest", words.number(basis, 2), "kW", "the basis, by the hours that are here"),
        ("Step", charge.label(step).removesuffix(" kW"), "kW", "a bound belongs to the step below it"),
        ("Price", words.number(price, 0), "kr", "is not known" if price is None else "a month, with all taxes"),
        ("Left to the next step", words.number(None if to is None else to - basis, 2), "kW", after),
    )
    return element("div", *(_card(*one) for one in told), class_="cards")


def _card(title: str, value: str, unit: str, note: str) -> Html:
    big = (element("span", value, class_="value"), " ", element("span", unit, class_="unit"))
    return element(
        "div",
        element("h4", title),
        element("p", *big, class_="big"),
        element("p", note, class_="small"),
        class_="card",
    )
