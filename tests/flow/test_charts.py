"""The charts on Dagster's pages: a bar for each day or month, the lacking ones told apart, small enough for its log."""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import date
from xml.etree import ElementTree as ET

import polars as pl
import pytest

from pipelines import charts
from schemas.time import DAY

MOST_BYTES = 10_000
"""A hundred connections a day are a megabyte of event log, then."""


def _coverage(first: date, days: int, *, missing: tuple[int, ...] = (), sparse: bool = False) -> pl.DataFrame:
    """Return a series' coverage: every day whole, but for some of which six of 24 hours are missing."""
    rows = [
        {
            "day": first + place * DAY,
            "present": 18 if place in missing else 24,
            "missing": 6 if place in missing else 0,
            "expected": 24,
            "sparse": sparse,
        }
        for place in range(days)
    ]
    return pl.DataFrame(rows)


def _bars(markdown: str) -> tuple[int, int]:
    """Return how many bars are whole and how many lack something, of a picture that is well-formed."""
    (picture,) = re.findall(r"!\[[^\]]+\]\(data:image/svg\+xml;base64,([^)]+)\)", markdown)
    root = ET.fromstring(b64decode(picture))  # noqa: S314 - our own
    whole, lacking = (path.get("d", "").count("M") for path in root.iter("{http://www.w3.org/2000/svg}path"))
    return whole, lacking


def test_a_year_by_day() -> None:
    """A bar for each day of that year alone, whole and lacking ones apart; the words say the same."""
    drawn = charts.by_day(_coverage(date(2024, 12, 1), 31 + 365, missing=(0, 40, 50)), 2025)

    assert _bars(drawn) == (363, 2)
    assert "2025-01-01 to 2025-12-31, 12 missing" in drawn
    assert len(drawn) < MOST_BYTES


def test_everything_by_month() -> None:
    """A bar for each month; one that lacks an hour lacks something."""
    drawn = charts.by_month(_coverage(date(2024, 1, 1), 366, missing=(31, 32)))

    assert _bars(drawn) == (11, 1)


@pytest.mark.parametrize(
    "coverage", [_coverage(date(2025, 1, 1), 9).clear(), _coverage(date(2025, 1, 1), 9, sparse=True)]
)
def test_nothing_to_expect(coverage: pl.DataFrame) -> None:
    """Where nothing is expected there is no picture, and that is said."""
    assert charts.by_day(coverage, 2025) == "nothing is expected yet"
