"""What tests of the report's numbers share: the operators' truth, and how a number stands in the page."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from tests.report.filled import COMMUNITY, GAS, HOME, PLUS, ROOF, YOUNG

if TYPE_CHECKING:
    from datetime import date

    from tests.report.filled import Filled, Report

SERIES: Final = [
    (HOME, "consumption"),
    (PLUS, "consumption"),
    (PLUS, "production"),
    (YOUNG, "consumption"),
    (COMMUNITY, "consumption"),
    (ROOF, "production"),
    (GAS, "gas_energy"),
]
EVERY: Final = pytest.mark.parametrize(("point", "register"), SERIES)


def truth(filled: Filled, report: Report, point: str, register: str) -> pl.DataFrame:
    """Return what the operator served of all the hours that the page tells of."""
    since = datetime.fromtimestamp(report.hours(point, register)["t0"], UTC)
    return filled.served(point, register, since)


def told(text: str, pattern: str = r"([-\d.]+) kWh") -> float:
    """Return the first number of a text."""
    match = re.search(pattern, text)
    assert match is not None, text
    return float(match[1])


def is_told(text: str, value: float) -> bool:
    """Tell whether the text begins with the value, to the decimals that it shows."""
    match = re.match(r"(\d+(?:\.(\d+))?) kWh", text)
    return match is not None and abs(float(match[1]) - value) <= 0.5 * 10 ** -len(match[2] or "") + 1e-9


def between(hours: pl.DataFrame, first: date, last: date) -> float:
    """Sum up the hours of these local days."""
    return float(hours.filter(pl.col("day").is_between(first, last))["quantity"].sum())
