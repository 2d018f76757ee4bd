"""Own use: an hour counts where every part of it is there, and what counts at a plant's own point is no trade."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from schemas.own_use import OWN_USE, Household, own_use

NOON: Final = datetime(2026, 6, 10, 10, tzinfo=UTC)
SERIES: Final = (
    ("grid", "production"),
    ("grid", "consumption"),
    ("grid", "reactive_consumption"),
    ("roof", "production"),
    ("roof", "consumption"),
    ("annex", "consumption"),
)
HOME: Final = Household.of("leneda", "home", [("roof", "production")], SERIES)


def _hours(*rows: tuple[int, str, str, float | None]) -> pl.DataFrame:
    return pl.DataFrame(
        [
            {"start": NOON + hour * timedelta(hours=1), "metering_point": point, "register": register, "quantity": kwh}
            for hour, point, register, kwh in rows
        ]
    )


def test_who_counts_what() -> None:
    """Grid meters are all points but the plant's, with what they take and feed in; what is not read is no part."""
    assert HOME.made == (("roof", "production"),)
    assert HOME.fed_in == (("grid", "production"),)
    assert HOME.bought == (("annex", "consumption"), ("grid", "consumption"))
    assert Household.of("leneda", "home", [("shed", "production")], SERIES).made == ()


def test_hours_with_every_part() -> None:
    """Made, fed in and bought are added up; used is made less fed in, below zero where a battery fed in."""
    whole = [("grid", "production", 1.0), ("grid", "consumption", 0.25), ("annex", "consumption", 0.5)]
    rows = [(hour, *part) for hour in (0, 1) for part in whole]
    rows += [(0, "roof", "production", 3.0), (1, "roof", "production", 0.5), (0, "roof", "consumption", 9.0)]

    found = own_use(_hours(*rows), HOME)

    assert found.schema == OWN_USE
    assert found.rows() == [(NOON, 3.0, 1.0, 0.75, 2.0), (NOON + timedelta(hours=1), 0.5, 1.0, 0.75, -0.5)]


def test_a_missing_part_leaves_the_hour_out() -> None:
    """Whichever it is, and whether there is no row or no value; nothing is taken for zero."""
    parts = [(*part, 1.0) for parts in HOME.parts.values() for part in parts]
    without = [(hour, *part) for hour, left_out in enumerate(parts) for part in parts if part != left_out]
    empty = [(9, *part[:2], None if part == parts[0] else 1.0) for part in parts]

    assert own_use(_hours(*without, *empty), HOME).is_empty()
    assert own_use(_hours(*[(0, *part) for part in parts]), HOME).height == 1
