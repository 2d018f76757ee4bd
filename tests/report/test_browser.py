"""A real browser opens the report: all is drawn, nothing complains, nothing is asked for, pointing tells values."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import pytest

from schemas.time import DAY, HOUR, local_midnight
from tests.report.filled import DARK_DAY, HOLE, HOME, NOW, PLUS, TODAY, ZONES
from tests.report.pointing import click, figure_of, hover, tip

if TYPE_CHECKING:
    from pathlib import Path

    from tests.report.filled import Filled, Report
    from tests.support.chromium import Chromium

DRAW_ALL = """(() => {
  document.querySelectorAll("details").forEach((one) => { one.open = true; });
  dispatchEvent(new Event("beforeprint"));
})()"""
INK = """(() => [...document.querySelectorAll("figure[data-kind]")].map((figure) => {
  const canvas = figure.querySelector("canvas");
  const data = canvas ? canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data : [];
  const colours = new Set();
  for (const pixel of new Uint32Array(data.buffer)) {
    if (pixel >>> 24) colours.add(pixel & 0xffffff);
    if (colours.size > 2) break;
  }
  return [figure.dataset.kind, colours.size];
}))()"""


@pytest.mark.parametrize("look", [{}, {"dark": True}, {"phone": True, "width": 390}], ids=["light", "dark", "phone"])
def test_every_plot_is_drawn_and_nothing_complains(chromium: Chromium, report: Report, look: dict[str, Any]) -> None:
    """No error, no warning, nothing refused, no request but for the file, nothing wider than the screen."""
    chromium.open(report.path.as_uri(), **look)
    chromium.ask(DRAW_ALL)
    chromium.settle()

    drawn = chromium.ask(INK)

    assert {kind for kind, _ in drawn} == {
        *("hours", "bars", "years", "profile", "raster", "grouped", "caps", "stack", "calendar", "load", "duration"),
    }
    assert [kind for kind, colours in drawn if colours < 3] == []
    assert chromium.said.requests == [report.path.as_uri()]
    assert chromium.said.complaints == []
    # A phone's window grows with a page that is too wide, so that the window's own width would tell nothing.
    assert chromium.ask("document.documentElement.scrollWidth") <= look.get("width", 1200)


def test_a_request_would_have_been_seen(page: Chromium) -> None:
    """The policy refuses it, and the browser says so: silence above means that there was none."""
    page.ask("void (document.body.appendChild(new Image()).src = 'https://example.invalid/x.png')")
    page.settle()

    assert any("Content Security Policy" in words for words in page.said.complaints)


def test_a_script_in_a_name_does_not_run(page: Chromium) -> None:
    """The name is shown, and that is all."""
    page.ask(DRAW_ALL)
    page.settle()

    assert page.ask("document.title") == "Meter readings"
    assert page.ask("document.querySelectorAll('img').length") == 0
    assert page.ask("document.querySelector('.point h2').textContent").startswith("<img src=x onerror=")


def test_pointing_tells_the_hour_and_its_value(page: Chromium, filled: Filled) -> None:
    """The value beside the pointer is what the operator served for that local hour."""
    figure = figure_of(page, PLUS, "hours")

    told = hover(page, figure, 0.4)

    match = re.match(
        r"\w+ (\d+) (\w+) 2026, (\d\d):00 to \d\d:00\nConsumption: ([\d.]+) kWh\nProduction: ([\d.]+) kWh", told
    )
    assert match is not None, told
    day, month, hour, consumption, production = match.groups()
    for register, shown in (("consumption", consumption), ("production", production)):
        hours = filled.served(PLUS, register, NOW - timedelta(days=25))
        mine = pl.col("start").dt.convert_time_zone(ZONES[PLUS].key).dt.strftime("%-d %b %H") == f"{day} {month} {hour}"
        assert hours.filter(mine)["quantity"].item() == pytest.approx(float(shown), abs=0.0051)


def test_a_missing_hour_says_that_it_is_missing(page: Chromium) -> None:
    """It is no zero, on the screen or in words."""
    figure = figure_of(page, HOME, "hours")
    click(page, figure, "3 weeks")
    start, end = page.ask(f"[{figure}.plot.scales.x.min, {figure}.plot.scales.x.max]")
    middle = (HOLE.start + 1.5 * HOUR).timestamp()

    told = hover(page, figure, (middle - start) / (end - start))

    assert told.startswith("Mon 8 Jun 2026, 06:00 to 07:00")
    assert "Consumption: missing" in told


SWEEP: Final = """((figure) => {
  const canvas = figure.querySelector("canvas"), { left, top, width, height } = canvas.getBoundingClientRect();
  const tip = document.getElementById("tip"), found = new Set();
  for (let x = 1; x < width; x += 3) for (let y = 1; y < height; y += 3) {
    canvas.dispatchEvent(new MouseEvent("mousemove", { clientX: left + x, clientY: top + y }));
    if (!tip.hidden) found.add(tip.textContent);
  }
  return [...found];
})"""


def test_a_touch_tells_the_value(chromium: Chromium, report: Report) -> None:
    """Of each plot at the first touch, also when the one before belonged to another."""
    chromium.call("Emulation.setTouchEmulationEnabled", enabled=True)
    chromium.open(report.path.as_uri(), phone=True, width=390)
    told = []
    for kind in ("hours", "profile", "raster"):
        figure = figure_of(chromium, PLUS, kind)
        box: Any = chromium.ask(
            f"(({{ left, top, width, height }}) => [left + 0.6 * width, top + height / 2])"
            f"({figure}.querySelector('.drawing').getBoundingClientRect())"
        )
        chromium.call("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": box[0], "y": box[1]}])
        chromium.call("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])
        chromium.settle()
        told.append(tip(chromium))
    chromium.call("Emulation.setTouchEmulationEnabled", enabled=False)

    assert [words.count(" kWh") for words in told] == [2, 2, 1]


def test_each_square_of_the_calendar_tells_its_day(page: Chromium, report: Report) -> None:
    """Every day is found by pointing, once, and the dark one and the one with a hole say what they lack."""
    figure = figure_of(page, HOME, "calendar")

    told = dict(words.split("\n") for words in page.ask(f"{SWEEP}({figure})"))

    (series,) = report.figures(HOME, "calendar")[0]["series"]
    assert len(told) == len(report.values(HOME, series)["v"])
    for day, lack in (
        (DARK_DAY, "missing, 24 readings missing"),
        (TODAY - 9 * DAY, "partly missing, 3 readings missing"),
    ):
        assert told[f"{day:%a} {day.day} {day:%b %Y}"] == f"Consumption: {lack}"


def test_spans_are_chosen_and_left(page: Chromium) -> None:
    """Buttons change what is shown, dragging zooms in, a double click goes back."""
    figure = figure_of(page, PLUS, "hours")
    width = f"{figure}.plot.scales.x.max - {figure}.plot.scales.x.min"
    click(page, figure, "1 week")
    week = page.ask(width)
    click(page, figure, "\u25c0 earlier")
    earlier = page.ask(f"{figure}.plot.scales.x.max")
    click(page, figure, "later \u25b6")
    later = page.ask(f"{figure}.plot.scales.x.max")
    box = page.ask(f"(({{ left, top }}) => [left, top])({figure}.querySelector('.u-over').getBoundingClientRect())")
    for kind, x in (("mousePressed", 100), ("mouseMoved", 300), ("mouseReleased", 300)):
        page.call(
            "Input.dispatchMouseEvent", type=kind, x=box[0] + x, y=box[1] + 50, button="left", buttons=1, clickCount=1
        )
    page.settle()
    zoomed = page.ask(width)
    page.ask(f"void {figure}.querySelector('.u-over').dispatchEvent(new MouseEvent('dblclick'))")
    page.settle()

    assert week == 7 * 86400
    assert later - earlier == 7 * 86400
    assert 0 < zoomed < week / 3
    assert page.ask(width) == week


def test_a_register_is_hidden_and_shown(page: Chromium) -> None:
    """Its key is a button that says whether it is pressed."""
    figure = figure_of(page, PLUS, "hours")

    click(page, figure, "Production")
    assert "Production" not in hover(page, figure, 0.4)
    assert page.ask(f"[...{figure}.querySelectorAll('.key')].map((one) => one.getAttribute('aria-pressed'))") == [
        "true",
        "false",
    ]
    click(page, figure, "Production")
    assert "Production" in hover(page, figure, 0.4)


def test_years_add_up_day_by_day(page: Chromium, filled: Filled) -> None:
    """The running sum at a date is what was served from 1 January to the end of that day."""
    figure = figure_of(page, PLUS, "years")
    click(page, figure, "Adding up")

    told = hover(page, figure, 0.25)

    day, month = re.match(r"To (\d+) (\w+)\n", told).groups()  # type: ignore[union-attr]
    sums = dict(re.findall(r"(\d{4}): (\d+) kWh", told))
    assert list(sums) == ["2024", "2025", "2026"]
    for year, shown in sums.items():
        hours = filled.served(
            PLUS, "consumption", local_midnight(TODAY.replace(year=int(year), month=1, day=1), ZONES[PLUS])
        )
        until = hours.filter(pl.col("day") <= pl.lit(f"{day} {month} {year}").str.to_date("%d %b %Y"))
        assert until["quantity"].sum() == pytest.approx(float(shown), abs=0.5)


def test_arrow_keys_move_from_value_to_value(page: Chromium) -> None:
    """Who has no mouse gets the same words."""
    figure = figure_of(page, PLUS, "profile")
    page.ask(f"{figure}.querySelector('.u-over').focus()")

    page.press("ArrowRight")
    first = tip(page)
    page.press("ArrowRight")

    assert first.startswith("00:00 to 01:00")
    assert tip(page).startswith("01:00 to 02:00")


def test_a_link_opens_its_metering_point(page: Chromium) -> None:
    """The list leads to the part that was closed."""
    page.ask("[...document.querySelectorAll('.overview a')].find((one) => one.textContent.startsWith('Hytta')).click()")
    page.settle()

    assert page.ask("document.querySelector('.point:target').open")


def test_the_screen_can_be_seen(page: Chromium, tmp_path: Path) -> None:
    """A picture of it is no empty one."""
    page.picture(tmp_path / "report.png")

    assert (tmp_path / "report.png").stat().st_size > 20_000
