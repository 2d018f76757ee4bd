"""The page as a file: it reaches for nothing, runs nothing but its own, and stays small."""

from __future__ import annotations

import base64
import json
import re
from hashlib import sha256
from importlib.metadata import distribution
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from connectors.elvia.source import ELVIA
from connectors.errors import RenewCredential
from pipelines.report.gather import HOURS_UP_TO
from pipelines.report.html import data, element, joined
from pipelines.report.page import UPLOT_SHA256
from pipelines.report.write import report_path, write_report
from pipelines.settings import load
from pipelines.store.home import SourceStore
from sandbox.households import metering_point_id
from schemas.reading import INSTANT
from schemas.time import DAY
from tests.report.filled import COMMUNITY, GAS, HOME, MALICE, NOW, PLUS, TOKEN, ZONES, text_of

if TYPE_CHECKING:
    from pipelines.settings import Settings
    from tests.report.filled import Filled, Report


def policy(text: str) -> dict[str, list[str]]:
    """Return the page's policy by directive."""
    (found,) = re.findall(r'http-equiv="Content-Security-Policy" content="(.*?)"', text)
    return {name: rest for name, *rest in (part.split() for part in found.replace("&#x27;", "'").split("; "))}


def test_the_policy_lets_nothing_in_or_out(report: Report) -> None:
    """Nothing may be loaded or sent; of scripts and styles only those run that the page was written with."""
    allowed = policy(report.text)

    assert (allowed["default-src"], allowed["base-uri"], allowed["form-action"]) == (["'none'"],) * 3
    assert set(allowed) == {"default-src", "base-uri", "form-action", "script-src", "style-src"}
    for directive, tag in (("script-src", "<script>"), ("style-src", "<style>")):
        texts = re.findall(f"{tag}(.*?)</", report.text, re.DOTALL)
        assert allowed[directive] == [f"'sha256-{digest(text)}'" for text in texts]


def digest(text: str) -> str:
    """Return a text's SHA-256 as policies tell it."""
    return base64.b64encode(sha256(text.encode()).digest()).decode()


def test_the_library_is_the_authors_own() -> None:
    """What the package carries is, to the byte, the release that the page was tried with."""
    script = Path(str(distribution("youplot").locate_file("youplot/vendor/uplot.iife.min.js"))).read_text(
        encoding="utf-8"
    )

    assert digest(script) == UPLOT_SHA256


def test_no_outside_address_is_in_it(report: Report) -> None:
    """But for the one in the library's own note of who wrote it."""
    assert re.findall(r"(?:https?:)?//[\w.-]+\.\w+[^\s\"'<)]*", report.text) == ["https://github.com/leeoniya/uPlot"]
    assert re.findall(r"<(?:link|iframe|img|object|embed|base|form)\b", report.text) == []
    assert re.findall(r"\bsrc=\"", report.text) == []


def test_a_name_is_text(report: Report) -> None:
    """However malicious, it stands escaped wherever it is shown, and ends no element."""
    assert MALICE not in report.text
    assert "<img" not in report.text
    assert "&lt;img src=x onerror=&quot;" in report.text
    assert text_of(re.findall(r"<h2>(.*?)</h2>", report.part(HOME))[0]) == MALICE.replace("\n", " ")


def test_values_cannot_end_their_element() -> None:
    """JSON for the page has no character that HTML or script would read."""
    written = data({"name": "</script><!-- & é\u2028"})

    assert re.fullmatch(r'<script type="application/json">[^<>&]*</script>', written)
    assert json.loads(written.split(">", 1)[1].removesuffix("</script>")) == {"name": "</script><!-- & é\u2028"}


def test_what_is_not_html_is_escaped() -> None:
    """Text and attributes are; HTML stays as it is, and what is None is left out."""
    assert element("p", '<b>"&', title='"<') == '<p title="&quot;&lt;">&lt;b&gt;&quot;&amp;</p>'
    assert element("p", element("b", "x"), None, hidden=True, class_=None) == "<p hidden><b>x</b></p>"
    assert joined("<", element("i")) == "&lt;<i></i>"


def test_no_credential_is_in_it(report: Report, filled: Filled) -> None:
    """Nor a part of one."""
    assert TOKEN not in report.text
    assert [value for name, value in filled.environ.items() if name.endswith("KEY") and value in report.text] == []


def test_every_metering_point_has_its_part(report: Report) -> None:
    """Each once, under its name, with what it measures; gas is told once, by its energy."""
    for point in ZONES:
        assert f"metering point {point}" in report.part(point)
    assert "<h2>Hytta, øvre</h2>" in report.part(PLUS)
    assert re.findall(r'data-register="(\w+)"', report.part(GAS)) == ["gas_energy"]
    assert re.findall(r'data-register="(\w+)"', report.part(PLUS)) == ["consumption", "production"]
    assert [row[0] for row in report.rows(COMMUNITY, "Every register of this metering point")][-1] == (
        "Consumption, not shared"
    )


def test_every_plot_has_a_table(report: Report) -> None:
    """Whoever cannot see a plot finds what it tells in words and cells."""
    figures = re.findall(r'<figure class="plot" data-kind.*?</figure>', report.text, re.DOTALL)

    assert len(figures) > 30
    assert [figure[:80] for figure in figures if "<table" not in figure or 'aria-label="' not in figure] == []


def test_what_is_missing_is_told_at_the_top(report: Report) -> None:
    """How each connection does, and what it lacks."""
    (told,) = re.findall(r'id="attention".*?</details>', report.text, re.DOTALL)

    assert "All connections are well" in told
    assert "consumption: 27 intervals missing" in text_of(told)
    assert told.count("last good run 2026-06-17 14:") == 5


def test_a_failed_connection_comes_first_and_says_who_must_act(filled: Filled, tmp_path: Path) -> None:
    """It opens the list, which else is closed."""
    ledger = SourceStore(filled.settings.data_dir, ELVIA).ledger
    ledger.failed("young", RenewCredential("elvia: the token was refused"), NOW)
    try:
        text = filled.report(tmp_path / "index.html").text
    finally:
        ledger.went_well("young", NOW)

    (told,) = re.findall(r'<details class="attention".*?</details>', text, re.DOTALL)
    assert "1 connection to look at" in told
    assert text_of(told).index("elvia/young") < text_of(told).index("elvia/home")
    assert "You must act" in told
    assert " open>" in told.split("<summary>")[0]


def test_a_connection_that_was_never_asked_is_not_called_well(tmp_path: Path) -> None:
    """Nothing is known of it, and the list is open to say what to do."""
    settings = load({"WATTLINE_CONNECTIONS__NEW__SOURCE": "elvia", "WATTLINE_CONNECTIONS__NEW__TOKEN": TOKEN}, tmp_path)

    text = write_report(settings, NOW, connections=None, out=tmp_path / "index.html").read_text(encoding="utf-8")

    (told,) = re.findall(r'<details class="attention".*?</details>', text, re.DOTALL)
    assert "All connections are well" not in told
    assert "1 connection never asked" in told
    assert "run `wattline backfill`" in told
    assert " open>" in told.split("<summary>")[0]


def test_one_connections_report_has_nothing_of_the_others(filled: Filled, tmp_path: Path) -> None:
    """Neither readings nor names, nor how they do."""
    text = filled.report(tmp_path / "index.html", "plus").text

    assert [point for point in ZONES if point in text] == [PLUS]
    assert "elvia/plus" in text
    assert [name for name in ("elvia/home", "elvia/young", "leneda/plant") if name in text] == []


def test_nothing_kept_is_a_page_that_says_so(tmp_path: Path) -> None:
    """Without a connection, and without a reading."""
    settings = load({}, tmp_path)

    text = write_report(settings, NOW, connections=None, out=report_path(settings)).read_text(encoding="utf-8")

    assert "No reading is kept yet." in text
    assert "No connection is configured" in text
    assert report_path(settings) == tmp_path / "data" / "report" / "index.html"


def test_many_metering_points_stay_small(tmp_path: Path) -> None:
    """A fleet has a list to search in, its days, months and numbers, and no hours; each point costs little."""
    settings = load({}, tmp_path)
    points = [metering_point_id(1000 + number) for number in range(HOURS_UP_TO + 5)]
    keep_hours(settings, points, days=800)

    text = write_report(settings, NOW, connections=None, out=tmp_path / "index.html").read_text(encoding="utf-8")

    assert text.count('<details class="point"') == len(points)
    assert re.findall(r'id="[^"]*-hours"', text) == []
    assert '<input type="search"' in text
    assert "wattline report --connection" in text
    without = write_report(load({}, tmp_path / "none"), NOW, connections=None, out=tmp_path / "none.html")
    assert (len(text) - without.stat().st_size) / len(points) < 25_000


def keep_hours(settings: Settings, points: list[str], days: int) -> None:
    """Put hours of the last days into the store, the same for every metering point."""
    starts = pl.datetime_range(NOW - days * DAY, NOW, "1h", eager=True).dt.truncate("1h").alias("start")
    hours = pl.DataFrame({"start": starts}).join(pl.DataFrame({"metering_point": points}), how="cross")
    frame = hours.select(
        source=pl.lit("elvia"),
        connection=pl.lit("fleet"),
        metering_point="metering_point",
        register=pl.lit("consumption"),
        start=pl.col("start").cast(INSTANT),
        resolution=pl.lit("PT1H"),
        quantity=pl.col("start").dt.hour().cast(pl.Float64) / 10,
        settled=pl.lit(value=True),
        verified=pl.lit(value=True),
        operator_version=pl.lit(None, pl.Int64),
    )
    for _ in SourceStore(settings.data_dir, ELVIA).readings.merge(frame, NOW):
        pass
