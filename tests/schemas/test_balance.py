"""The balance of registers: measured is shared plus remaining, compared only where all of it is there."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl
import pytest

from schemas.coverage import DAYS, summarise
from schemas.registers import LAYERS
from schemas.revision import READINGS

ZONE: Final = ZoneInfo("Europe/Luxembourg")
NOON: Final = datetime(2026, 6, 10, 10, tzinfo=UTC)
QUARTER: Final = timedelta(minutes=15)


def _registers(quarter: int = 0, **quantities: float) -> pl.DataFrame:
    """Return one quarter-hour of some registers."""
    common = {
        "source": "leneda",
        "connection": "plant",
        "metering_point": "LU1",
        "start": NOON + quarter * QUARTER,
        "resolution": "PT15M",
        "settled": True,
        "revision": 0,
    }
    rows = [common | {"register": register, "quantity": quantity} for register, quantity in quantities.items()]
    return pl.DataFrame(rows, schema=READINGS.schema)


def _of(*quarters: pl.DataFrame, register: str = "consumption") -> tuple[object, ...]:
    """Return what a summary of the day tells of a register's balance."""
    days = summarise(pl.concat(quarters), ZONE)
    assert days.schema == DAYS
    assert days["day"].unique().to_list() == [date(2026, 6, 10)]
    balance = days.select("register", "compared", "measured", "explained", "unbalanced", "worst")
    (row,) = balance.filter(pl.col("register") == register).rows()
    return row[1:]


def test_all_that_was_measured_is_explained() -> None:
    """What a member used is what each layer gave, and what remained."""
    found = _of(
        _registers(0, consumption=1.0, consumption_shared_layer1=0.25, consumption_remaining=0.75),
        _registers(1, consumption=2.0, consumption_shared_layer1=0.0, consumption_remaining=2.0),
    )
    assert found == (2, 3.0, 3.0, 0, 0.0)


def test_a_difference_in_one_interval_is_not_hidden_by_another() -> None:
    """Two intervals that are off by as much, one more and one less, are two that differ."""
    layers = {f"production_{layer}": 0.0 for layer in LAYERS}
    found = _of(
        _registers(0, production=1.0, production_remaining=1.5, **layers),
        _registers(1, production=1.0, production_remaining=0.5, **layers),
        register="production",
    )
    assert found == (2, 2.0, 2.0, 2, 0.5)


def test_a_layer_that_nobody_reads_may_have_the_rest() -> None:
    """Of a metering point without all of its layers, parts that fall short tell nothing; too much is too much."""
    short = _registers(0, consumption=1.0, consumption_shared_layer1=0.25, consumption_remaining=0.5)
    even = _registers(1, consumption=1.0, consumption_shared_layer1=0.25, consumption_remaining=0.75)
    more = _registers(2, consumption=1.0, consumption_shared_layer1=0.25, consumption_remaining=1.0)

    assert _of(short) == (None,) * 5
    assert _of(short, even) == (1, 1.0, 1.0, 0, 0.0)
    assert _of(short, even, more) == (2, 2.0, 2.25, 1, 0.25)


def test_rounding_is_no_difference() -> None:
    """Six values of three decimals of a kW may be off by what they were rounded by."""
    found = _of(_registers(consumption=1.0, consumption_remaining=1.00075))
    assert found[3] == 0
    assert _of(_registers(consumption=1.0, consumption_remaining=1.0011))[3] == 1


@pytest.mark.parametrize("lacking", ["consumption", "consumption_shared_layer2", "consumption_remaining"])
def test_an_interval_that_lacks_a_register_is_not_compared(lacking: str) -> None:
    """Where one of the registers that the metering point has on that day is missing, nothing is made of the rest."""
    whole = {"consumption": 1.0, "consumption_shared_layer2": 0.5, "consumption_remaining": 0.5}
    part = {register: quantity for register, quantity in whole.items() if register != lacking}

    assert _of(_registers(0, **whole), _registers(1, **part)) == (1, 1.0, 1.0, 0, 0.0)


def test_a_register_that_is_not_shared_has_no_balance() -> None:
    """Without a remainder there is nothing to compare with; shares alone, or another's, are not the measured one's."""
    nothing = (None,) * 5

    assert _of(_registers(consumption=1.0)) == nothing
    assert _of(_registers(consumption=1.0, consumption_shared_layer1=0.2)) == nothing
    assert _of(_registers(consumption=1.0, production_remaining=0.2)) == nothing
    other = _registers(consumption_remaining=1.0).with_columns(metering_point=pl.lit("LU2"))
    assert _of(_registers(consumption=1.0), other) == nothing
    assert _of(_registers(gas_volume=1.0), register="gas_volume") == nothing
