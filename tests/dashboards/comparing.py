"""Computations of the tests' own, over what the store holds: no line of them is the product's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from tests.support.home import NOW

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date, datetime

TOLERANCE: Final = 1e-6


def of(frame: pl.DataFrame, source: str, metering_point: str, register: str) -> pl.DataFrame:
    """Return one series."""
    return frame.filter(source=source, metering_point=metering_point, register=register)


def between(frame: pl.DataFrame, first: date, last: date) -> pl.DataFrame:
    """Return the readings of some local days, the last one as well."""
    return frame.filter(pl.col("day").is_between(first, last))


def total(frame: pl.DataFrame) -> float:
    """Add the quantities up."""
    return float(frame["quantity"].sum())


def sums(readings: pl.DataFrame, by: str, first: datetime, last: datetime = NOW) -> pl.DataFrame:
    """Add up by the column `by` (`midnight`, `monday`, `month`), of what of it lies between two instants."""
    inside = readings.filter(pl.col(by).is_between(first, last))
    return inside.group_by(by).agg(pl.col("quantity").sum()).sort(by)


def points(wanted: pl.DataFrame) -> dict[int, float]:
    """Return a frame of instants and quantities as a panel's series."""
    return {int(time.timestamp() * 1000): quantity for time, quantity in wanted.iter_rows()}


def same(found: Mapping[int, object], wanted: pl.DataFrame) -> bool:
    """Tell whether a panel's series is this, and is something."""
    expected = points(wanted)
    return bool(expected) and list(found) == list(expected) and found == pytest.approx(expected, abs=TOLERANCE)
