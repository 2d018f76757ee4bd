"""Small charts for Dagster's pages, as Markdown with a picture in it: how much of each day, or month, is there.

The UI draws an SVG that comes as a data URI, and takes raw SVG out. The picture is a row of the event log, so it is
two paths and not a shape for each day.
"""

from __future__ import annotations

from base64 import b64encode
from typing import TYPE_CHECKING, Final

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

WIDTH: Final = 760
HEIGHT: Final = 60
_LABELS: Final = 14
# Told apart by people who do not tell red from green, on a light page and on a dark one.
_WHOLE: Final = "#4477aa"
_LACKING: Final = "#ee7733"
_TEXT: Final = "#808080"


def by_day(coverage: pl.DataFrame, year: int) -> str:
    """Chart a local year, a bar for each of its days: the share of what is expected that is present."""
    days = coverage.filter(pl.col("day").dt.year() == year)
    return _chart(days, pl.col("day"), f"Share of expected intervals that are there, by day of {year}")


def by_month(coverage: pl.DataFrame) -> str:
    """Chart everything, a bar for each local month."""
    return _chart(coverage, pl.col("day").dt.month_start(), "Share of expected intervals that are there, by month")


def _chart(coverage: pl.DataFrame, period: pl.Expr, title: str) -> str:
    bars = (
        coverage.filter(pl.col("expected") > 0, ~pl.col("sparse"))
        .group_by(period.alias("period"))
        .agg(pl.col("present", "expected", "missing").sum())
        .sort("period")
    )
    if bars.is_empty():
        return "nothing is expected yet"
    lacking = bars["missing"].to_list()
    shares = (bars["present"] / bars["expected"]).to_list()
    first, last = bars["period"][0], bars["period"][-1]
    picture = b64encode(_svg(shares, [missing > 0 for missing in lacking], f"{first}", f"{last}").encode()).decode()
    words = f"{title}: {first} to {last}, {sum(lacking):,} missing"
    return f"{words}\n\n![{words}](data:image/svg+xml;base64,{picture})"


def _svg(shares: Sequence[float], lacking: Sequence[bool], first: str, last: str) -> str:
    # A bar is a line of four fifths of its place: half the bytes of a shape.
    paths = (
        f'<path stroke="{colour}" stroke-width="0.8" d="{"".join(_bars(shares, [each is of for each in lacking]))}"/>'
        for colour, of in ((_WHOLE, False), (_LACKING, True))
    )
    text = f'font-family="sans-serif" font-size="11" fill="{_TEXT}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT + _LABELS}" width="{WIDTH}">'
        f'<g transform="scale({WIDTH / len(shares):.4f} 1)">{"".join(paths)}</g>'
        f'<text x="0" y="{HEIGHT + _LABELS - 2}" {text}>{first}</text>'
        f'<text x="{WIDTH}" y="{HEIGHT + _LABELS - 2}" text-anchor="end" {text}>{last}</text></svg>'
    )


def _bars(shares: Sequence[float], drawn: Sequence[bool]) -> Iterator[str]:
    for place, (share, is_drawn) in enumerate(zip(shares, drawn, strict=True)):
        if is_drawn:
            # A day of which nothing is there is still seen.
            yield f"M{place}.5 {HEIGHT}v-{max(round(share * HEIGHT), 1)}"
