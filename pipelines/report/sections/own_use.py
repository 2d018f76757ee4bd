"""Own use: what a home used of what it made itself, where the settings name what counts all that is made."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from pipelines.report import words
from pipelines.report.figures import figure
from pipelines.report.html import element, joined, table
from pipelines.report.numbers import Period
from pipelines.report.plotdata import DECIMALS, epoch
from schemas.own_use import OWN_USE
from schemas.time import DAY, HOUR, local_midnight

if TYPE_CHECKING:
    from pipelines.report.gather import Gathered, Home
    from pipelines.report.html import Html

KINDS: Final = [name for name in OWN_USE if name != "start"]
DAYS_BACK: Final = 365


def own_use(gathered: Gathered) -> Html | None:
    """Return numbers and plots of each home; None where no connection tells what it makes."""
    return joined(*(_of(home) for home in gathered.homes)) if gathered.homes else None


def by_day(home: Home) -> pl.DataFrame:
    """Return the sums of each local day that has an hour: `day`, the kinds, and `hours`, which were added up."""
    local = pl.col("start").dt.convert_time_zone(home.zone.key).dt.date().alias("day")
    return home.hours.group_by(local).agg(pl.col(KINDS).sum(), hours=pl.len()).sort("day")


def _of(home: Home) -> Html:
    days = by_day(home)
    cards = [_card(home, days, title, period) for title, period in _periods(home)]
    plants, meters = (
        " and ".join(dict.fromkeys(home.names[point] for kind in kinds for point, _ in home.household.parts[kind]))
        for kinds in (["made"], ["fed_in", "bought"])
    )
    sentence = (
        f"What {plants} made, less what {meters} fed into the grid, was used at home. Only hours of which all of it "
        "is known are counted."
    )
    return element(
        "section",
        element("h2", f"Own use, {home.household.connection}"),
        element("p", sentence, class_="small"),
        element("div", *cards, class_="cards"),
        _plot(
            "What was made",
            "Used at home, or fed into the grid.",
            days,
            {"used at home": "used", "fed in": "fed_in"},
        ),
        _plot(
            "What was used",
            "Made at home, or bought from the grid.",
            days,
            {"made at home": "used", "bought": "bought"},
        ),
        class_="own-use",
    )


def _periods(home: Home) -> list[tuple[str, Period]]:
    first = home.today.replace(day=1)
    last = first - DAY
    return [
        (f"{first:%B} so far", Period(first, home.today)),
        (f"{last:%B}", Period(last.replace(day=1), last)),
        (f"Last {DAYS_BACK} days", Period(home.today - timedelta(days=DAYS_BACK), home.today - DAY)),
    ]


def _card(home: Home, days: pl.DataFrame, title: str, period: Period) -> Html:
    inside = days.filter(pl.col("day").is_between(period.first, period.last))
    total = inside.select(pl.col(*KINDS, "hours").sum()).row(0, named=True)
    if inside.is_empty():
        return element("div", element("h4", title), element("p", "no hour is known", class_="small"), class_="card")
    end = min(local_midnight(period.last + DAY, home.zone), max(home.expected_until, home.hours["start"][-1] + HOUR))
    possible = max(int((end - local_midnight(period.first, home.zone)) / HOUR), total["hours"])
    in_all = total["used"] + total["bought"]
    return element(
        "div",
        element("h4", title),
        element("p", element("span", _share(total["used"], in_all), class_="value"), class_="big"),
        element("p", f"of {_kwh(in_all)} used was made at home, {_kwh(total['bought'])} bought", class_="change"),
        element(
            "p",
            element("strong", f"{_kwh(total['made'])} made"),
            f": {_kwh(total['used'])} used at home ({_share(total['used'], total['made'])}), "
            f"{_kwh(total['fed_in'])} fed in",
            class_="change",
        ),
        element(
            "p",
            element(
                "span",
                f"{words.count(total['hours'])} of {words.count(possible)} hours",
                class_="whole" if total["hours"] >= possible else "partly",
            ),
            class_="small",
        ),
        class_="card",
    )


def _plot(title: str, sentence: str, days: pl.DataFrame, parts: dict[str, str]) -> Html:
    months = days.group_by(pl.col("day").dt.month_start()).agg(pl.col(*KINDS, "hours").sum()).sort("day")
    every_day = days.upsample("day", every="1d")
    values = _laid_out(months, parts) | {"unit": "kWh", "days": _laid_out(every_day, parts)}
    heads = ("Month", "Made", "Used at home", "Fed in", "Bought", "Of what was made", "Self-sufficient", "Hours")
    rows = [_row(month) for month in reversed(months.to_dicts())]
    return figure("stack", title, sentence, values, table(heads, rows, caption=f"{title}, by month"))


def _laid_out(sums: pl.DataFrame, parts: dict[str, str]) -> dict[str, Any]:
    lists = [{"label": label, "v": sums[kind].round(DECIMALS).to_list()} for label, kind in parts.items()]
    return {"x": epoch(sums["day"]), "parts": lists}


def _row(month: dict[str, Any]) -> list[str]:
    return [
        words.month(month["day"]),
        *(_kwh(month[kind]) for kind in ("made", "used", "fed_in", "bought")),
        _share(month["used"], month["made"]),
        _share(month["used"], month["used"] + month["bought"]),
        words.count(month["hours"]),
    ]


def _kwh(value: float) -> str:
    return words.quantity(value, "production")


def _share(part: float, whole: float) -> str:
    """Return a share; none of nothing."""
    return words.percent(part / whole) if whole > 0 else words.NONE
