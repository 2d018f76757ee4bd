"""The numbers that a person looks for first, each with what it is made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.report import words
from pipelines.report.html import element, joined
from pipelines.report.numbers import headlines

if TYPE_CHECKING:
    from pipelines.report.gather import Point, Series
    from pipelines.report.html import Html
    from pipelines.report.numbers import Headline, Total


def headline(point: Point) -> Html:
    """Return a row of cards for each register that the point is read for."""
    return joined(*(_row(point, series) for series in point.main))


def _row(point: Point, series: Series) -> Html:
    cards = [_card(point, series, one) for one in headlines(point, series)]
    return element(
        "section",
        element("h3", words.label(series.register)),
        element("div", *cards, class_="cards"),
        data_register=series.register,
    )


def _card(point: Point, series: Series, shown: Headline) -> Html:
    total = shown.total
    value = element("span", words.number(total.quantity), class_="value")
    unit = element("span", words.unit(series.register), class_="unit") if total.quantity is not None else None
    return element(
        "div",
        element("h4", shown.title),
        element("p", value, " ", unit, class_="big"),
        _change(series, shown),
        element("p", _made_from(point, series, total), class_="small"),
        class_="card",
    )


def _change(series: Series, shown: Headline) -> Html | None:
    """Compare with the same days a year before, or say why not."""
    if shown.before is None or shown.compared is None:
        return None
    now, before = shown.compared, shown.before
    then = words.span(before.period.first, before.period.last)
    if (change := shown.change()) is not None:
        # What is told above counts the running day as well.
        whole = "" if now.period == shown.total.period else f" (to {words.brief(now.period.last)})"
        told = f"{whole} on {then}, {words.quantity(before.quantity, series.register)}"
        return element("p", element("strong", words.change(change)), told, class_="change")
    if not before.present:
        return element("p", f"nothing to compare with: {then}", class_="change")
    lacking = min(now, before, key=lambda side: side.share)
    share, when = words.share(lacking.present, lacking.possible), lacking.period
    return element("p", f"not compared: only {share} is there of {words.span(when.first, when.last)}", class_="change")


def _made_from(point: Point, series: Series, total: Total) -> Html:
    if total.until is None:
        return joined("no readings")
    whole = total.present >= total.possible
    counts = f"{words.count(total.present)} of {words.count(total.possible)} {total.counted_in}"
    first = series.days["day"][0]
    begun = f" since {words.brief(first)}" if total.period.first < first <= total.period.last else ""
    return joined(
        element("span", counts, class_="whole" if whole else "partly"),
        f"{begun}, {words.settled(total.settled_share)}, to {words.short_moment(total.until, point.zone)}",
    )
