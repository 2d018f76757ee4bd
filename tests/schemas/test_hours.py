"""Hours out of quarter-hours: whole ones only, with the state of all their parts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl

from schemas.hours import derived_hours
from schemas.revision import READINGS

QUARTER: Final = timedelta(minutes=15)
NOON: Final = datetime(2026, 6, 10, 12, tzinfo=UTC)


def _quarters(*quantities: float | None, start: datetime = NOON, **values: object) -> pl.DataFrame:
    """Return current quarter-hours from an instant on; None leaves one out."""
    common = {
        "source": "leneda",
        "connection": "plant",
        "metering_point": "LU1",
        "register": "consumption",
        "resolution": "PT15M",
        "settled": True,
        "operator_version": 1,
        "revision": 0,
        "known_at": NOON,
    }
    rows = [
        common | {"start": start + place * QUARTER, "quantity": quantity, "seq": place + 1} | values
        for place, quantity in enumerate(quantities)
        if quantity is not None
    ]
    return pl.DataFrame(rows, schema=READINGS.schema)


def test_an_hour_is_the_sum_of_its_quarters() -> None:
    """Four quarters make an hour, in the columns of a reading; it is known when the last of them is."""
    hours = derived_hours(_quarters(0.1, 0.2, 0.3, 0.4))

    assert hours.schema == READINGS.schema
    (row,) = hours.rows(named=True)
    assert row == _quarters(1.0).row(0, named=True) | {"resolution": "PT1H", "seq": 4}


def test_an_hour_needs_all_four() -> None:
    """An hour that lacks a quarter is not there, whichever of them it is, and takes no quarter of another hour."""
    for place in range(4):
        quantities = [1.0, 1.0, 1.0, 1.0]
        kept = [None if number == place else quantity for number, quantity in enumerate(quantities)]
        assert derived_hours(_quarters(*kept, 1.0)).is_empty()


def test_the_state_of_an_hour_is_that_of_its_quarters() -> None:
    """It is settled when all are, its revision is the sum, its owner the connection of the newest one."""
    hours = derived_hours(
        pl.concat(
            [
                _quarters(1.0, 1.0),
                _quarters(1.0, start=NOON + 2 * QUARTER, revision=2, seq=9, connection="other", operator_version=3),
                _quarters(1.0, start=NOON + 3 * QUARTER, revision=1, seq=4, settled=False),
            ]
        )
    )

    (row,) = hours.rows(named=True)
    assert (row["settled"], row["revision"], row["seq"], row["connection"]) == (False, 3, 9, "other")
    assert row["operator_version"] == 3


def test_hours_are_left_alone() -> None:
    """A register that is read by the hour has no hours to be derived."""
    assert derived_hours(_quarters(1.0, 1.0, 1.0, 1.0).with_columns(resolution=pl.lit("PT1H"))).is_empty()


def test_a_register_of_which_hours_are_told_is_kept_apart() -> None:
    """Quarters of another metering point or register never complete an hour."""
    both = pl.concat(
        [
            _quarters(1.0, 1.0, None, None),
            _quarters(None, None, 1.0, 1.0).with_columns(register=pl.lit("production")),
            _quarters(None, None, 1.0, 1.0).with_columns(metering_point=pl.lit("LU2")),
        ]
    )
    assert derived_hours(both).is_empty()
