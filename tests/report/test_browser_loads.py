"""In a real browser: caps are chosen, own use is seen by the day, quarter-hours tell their load."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tests.report.filled import COMMUNITY, PLUS, ZONES
from tests.report.pointing import click, figure_of, hover

if TYPE_CHECKING:
    from tests.report.filled import Report
    from tests.support.chromium import Chromium


def test_a_cap_is_chosen(page: Chromium, report: Report) -> None:
    """The months are drawn and told under the cap whose button is pressed, with what it had saved."""
    (told_to_page,) = report.figures(PLUS, "caps")
    figure = figure_of(page, PLUS, "caps")
    click(page, figure, "3 kW")
    (chosen,) = [one for one in told_to_page["caps"] if one["cap"] == 3]
    winter = max(range(len(chosen["v"])), key=lambda place: told_to_page["actual"][place])

    said = hover(page, figure, (winter + 0.5) / len(chosen["v"]))

    assert f"as it was: {told_to_page['actual'][winter]:.2f} kW\nwith the cap: 3.00 kW" in said
    assert f"saved: {chosen['saved'][winter]:.0f} kr" in said


def test_own_use_by_day(page: Chromium) -> None:
    """A button changes from months to days."""
    figure = "document.querySelector('.own-use figure')"
    page.ask(f"{figure}.scrollIntoView({{ behavior: 'instant' }})")
    for _ in range(3):
        page.settle()
    click(page, figure, "Days")

    assert re.match(r"\w+ \d+ \w+ 2026\nused at home: [-\d.\u2212]+ kWh\nfed in: ", hover(page, figure, 0.4))


def test_a_quarter_hour_says_its_load(page: Chromium, report: Report) -> None:
    """The value beside the pointer is the quarter-hour's, by the local clock."""
    (values,) = report.figures(COMMUNITY, "load")
    figure = figure_of(page, COMMUNITY, "load")

    said = hover(page, figure, 0.5)

    clock, load = re.match(r"(.*) to .*\nConsumption: ([\d.]+) kW$", said).groups()  # type: ignore[union-attr]
    at = datetime.strptime(clock, "%a %d %b %Y, %H:%M").replace(tzinfo=ZONES[COMMUNITY])
    place = int(at.timestamp() - values["t0"]) // 900
    assert values["series"][0]["v"][place] == pytest.approx(float(load), abs=0.0051)
