"""The page: what the sections return, with style, script and a policy that lets nothing in or out.

The page may run the scripts that it was written with, told by their SHA-256, and load nothing at all.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from importlib.metadata import distribution
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipelines.report import words
from pipelines.report.html import Html, element, joined, void
from pipelines.report.sections import PAGE, POINT

if TYPE_CHECKING:
    from pipelines.report.gather import Detail, Gathered, Point

UPLOT_SHA256: Final = "LSforT0igWRSXOIT+dxxbzm0467gzHc/s0kcls9JIaI="
"""Of uPlot 1.6.31 as its authors released it: browsers run no other text under this policy."""

_CARRIER: Final = "youplot"
_ALL: Final = "All of one connection's are in the report that `wattline report --connection NAME` writes."
_LESS: Final[dict[Detail, str]] = {
    "days": f"On this many metering points the report has a year's days, and months, but no hours. {_ALL}",
    "list": f"On this many metering points the report is a list. {_ALL}",
}
_SCRIPTS: Final = ("tools.js", "axes.js", "charts.js", "loads.js", "canvases.js", "page.js")


def page(gathered: Gathered) -> str:
    """Return the whole document."""
    style = _vendored("uplot.min.css") + _asset("report.css")
    library = _vendored("uplot.iife.min.js")
    script = '"use strict";(()=>{' + "\n".join(map(_asset, _SCRIPTS)) + "})();"
    policy = (
        f"default-src 'none'; script-src {_told(UPLOT_SHA256)} {_told(_digest(script))}; "
        f"style-src {_told(_digest(style))}; base-uri 'none'; form-action 'none'"
    )
    head = joined(
        void("meta", charset="utf-8"),
        void("meta", http_equiv="Content-Security-Policy", content=policy),
        void("meta", name="viewport", content="width=device-width, initial-scale=1"),
        void("meta", name="color-scheme", content="light dark"),
        void("meta", name="referrer", content="no-referrer"),
        element("title", "Meter readings"),
        element("style", Html(style)),
    )
    body = joined(
        element("a", "To the readings", href="#readings", class_="skip"),
        _header(gathered),
        element("main", *_sections(gathered), id="readings"),
        _footer(),
        element("div", id="tip", role="status", hidden=True),
        element("script", Html(library)),
        element("script", Html(script)),
    )
    return f"<!doctype html>{element('html', element('head', head), element('body', body), lang='en')}\n"


def _header(gathered: Gathered) -> Html:
    zones = sorted({point.zone.key for point in gathered.points})
    zone = gathered.points[0].zone if gathered.points else None
    when = words.moment(gathered.now, zone) if zone else f"{words.day(gathered.now.date())}, {gathered.now:%H:%M} UTC"
    local = f" Times are local: {' and '.join(zones)}." if zones else ""
    return element(
        "header",
        element("h1", "Meter readings"),
        element("p", f"As known on {when}.{local} What is missing is shown as missing, never as zero."),
        element(
            "noscript",
            element(
                "p", "Without JavaScript there are no plots; the tables below them tell of the newest days and months."
            ),
        ),
    )


def _sections(gathered: Gathered) -> list[Html]:
    found = [section for make in PAGE if (section := make(gathered))]
    if not gathered.points:
        found.append(element("p", "No reading is kept yet. `wattline backfill` fetches them.", class_="empty"))
    if gathered.detail != "hours":
        found.append(element("p", _LESS[gathered.detail], class_="empty"))
    shown = gathered.points if gathered.detail != "list" else []
    return found + [_point(point, opened=place == 0) for place, point in enumerate(shown)]


def _point(point: Point, *, opened: bool) -> Html:
    title = element("h2", point.name)
    whose = element("span", f"{point.source}/{point.connection}, metering point {point.metering_point}", class_="small")
    return element(
        "details",
        element("summary", title, whose),
        *(make(point) for make in POINT),
        class_="point",
        id=point.key,
        open=opened,
    )


def _footer() -> Html:
    return element(
        "footer",
        element(
            "p",
            "Written by Wattline from its own store; this page loads nothing and sends nothing. It holds personal "
            "data: readings tell when somebody is at home.",
        ),
        element("p", "Plots: uPlot 1.6.31, © Leon Sorokin, MIT License."),
    )


def _asset(name: str) -> str:
    return (files("pipelines.report") / "assets" / name).read_text(encoding="utf-8")


def _vendored(name: str) -> str:
    """Return a file of uPlot out of the package that carries it, without running any of that package."""
    found = distribution(_CARRIER).locate_file(f"{_CARRIER}/vendor/{name}")
    return Path(str(found)).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return b64encode(sha256(text.encode()).digest()).decode()


def _told(digest: str) -> str:
    return f"'sha256-{digest}'"
