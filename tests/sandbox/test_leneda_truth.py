"""What Leneda's meters counted: the same everywhere, adding up to the watt, whole over every clock change."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from sandbox.leneda import truth
from sandbox.leneda.demo import CONSUMPTION, GAS, HOUSE, NEIGHBOURS, PANELS, PRODUCTION
from sandbox.leneda.profile import LUXEMBOURG
from sandbox.leneda.registers import AT_GRID, REGISTERS
from sandbox.plans import Correction
from schemas.registers import REGISTERS as CATALOGUE
from schemas.time import day_window, month_window, year_window
from tests.sandbox.asking import window

if TYPE_CHECKING:
    from sandbox.world import World

_POINTS: Final = {"gas": GAS, "production": PRODUCTION}
_FINGERPRINT: Final = """
import hashlib
from zoneinfo import ZoneInfo
from sandbox.leneda import truth
from sandbox.leneda.registers import EVERY
from schemas.time import month_window
from datetime import date
month = month_window(date(2024, 10, 1), ZoneInfo("Europe/Luxembourg"))
text = "".join(truth.readings("{point}", register, month).write_csv() for register in EVERY)
print(hashlib.sha256(text.encode()).hexdigest())
"""


def _point(register: str) -> str:
    return _POINTS.get(register.partition("_")[0], CONSUMPTION)


def _thousandths(frame: pl.DataFrame) -> pl.Series:
    return (frame["quantity"] * 1000).round().cast(pl.Int64)


def test_registers_are_the_catalogue() -> None:
    """There are the 17 registers of the catalogue, each with its own OBIS code; layers 1 to 4 end in 1, 3, 2, 4."""
    assert list(REGISTERS) == list(CATALOGUE)
    assert len({register.obis for register in REGISTERS.values()}) == 17
    layers = [REGISTERS[f"production_shared_layer{layer}"].obis for layer in (1, 2, 3, 4)]
    assert layers == ["1-65:2.29.1", "1-65:2.29.3", "1-65:2.29.2", "1-65:2.29.4"]


@pytest.mark.parametrize(
    ("register", "noon", "year"),
    [
        ("consumption", [1.194, 1.53], 79_894_248),
        ("production", [3.726, 3.657], 35_138_598),
        ("reactive_consumption", [0.224, 0.258], 15_928_706),
        ("reactive_production", [0.034, 0.058], 2_349_970),
        ("consumption_shared_layer1", [0.198, 0.271], 3_001_313),
        ("consumption_shared_layer2", [0.117, 0.167], 2_236_603),
        ("consumption_shared_layer3", [0.079, 0.132], 2_289_998),
        ("consumption_shared_layer4", [0.074, 0.081], 2_353_085),
        ("consumption_remaining", [0.726, 0.879], 70_013_249),
        ("production_shared_layer1", [0.656, 0.704], 4_615_975),
        ("production_shared_layer2", [0.503, 0.347], 2_759_539),
        ("production_shared_layer3", [0.366, 0.362], 2_147_408),
        ("production_shared_layer4", [0.21, 0.21], 1_535_341),
        ("production_remaining", [1.991, 2.034], 24_080_335),
        ("gas_volume", [0.023], 2_669_534),
        ("gas_standard_volume", [0.021], 2_557_702),
        ("gas_energy", [0.236], 28_633_857),
    ],
)
def test_known_values(register: str, noon: list[float], year: int) -> None:
    """These intervals have these values, for good: a changed formula would show as corrections to every user."""
    half_hour = window("2025-06-15T10:00", "2025-06-15T10:30")
    assert truth.readings(_point(register), register, half_hour)["quantity"].to_list() == noon
    assert _thousandths(truth.readings(_point(register), register, year_window(2025, LUXEMBOURG))).sum() == year


@pytest.mark.parametrize("register", REGISTERS)
def test_same_for_any_window(register: str) -> None:
    """An interval's value is the same whether it is asked alone, by day or by year."""
    point = _point(register)
    year = truth.readings(point, register, year_window(2025, LUXEMBOURG))
    march = month_window(date(2025, 3, 1), LUXEMBOURG)
    days = pl.concat(
        truth.readings(point, register, day_window(date(2025, 3, day), LUXEMBOURG)) for day in range(1, 32)
    )
    assert days.equals(year.filter(pl.col("start").is_between(march.start, march.end, closed="left")))
    alone = truth.readings(point, register, window("2025-03-30T00:46", "2025-03-30T01:01"))
    assert alone.rows() == year.filter(pl.col("start") == datetime(2025, 3, 30, 1, tzinfo=UTC)).rows()


def test_same_in_another_process() -> None:
    """Another process, with one thread and another hash seed, computes the same."""
    month = month_window(date(2024, 10, 1), LUXEMBOURG)
    text = "".join(truth.readings(NEIGHBOURS, register, month).write_csv() for register in REGISTERS)
    there = subprocess.run(
        [sys.executable, "-c", _FINGERPRINT.format(point=NEIGHBOURS)],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"POLARS_MAX_THREADS": "1", "PYTHONHASHSEED": "7"},
        capture_output=True,
        check=True,
        text=True,
    )
    assert there.stdout.strip() == hashlib.sha256(text.encode()).hexdigest()


@pytest.mark.parametrize("register", REGISTERS)
def test_values_are_meter_values(register: str) -> None:
    """A value is a finite number with at most three decimals, never below zero, never absurd, and it varies."""
    values = truth.readings(_point(register), register, year_window(2024, LUXEMBOURG))["quantity"]
    assert values.is_finite().all()
    assert [float(f"{value:.3f}") for value in values] == values.to_list()
    assert values.is_between(0, 20).all()
    assert values.n_unique() > 100


@pytest.mark.parametrize("year", range(2023, 2028))
def test_clock_changes_and_leap_days(year: int) -> None:
    """A local day has 96 quarter-hours or 24 hours of gas, but 92 or 23, and 100 or 25, when clocks change."""
    for register, usual in (("consumption", 96), ("gas_volume", 24)):
        frame = truth.readings(_point(register), register, year_window(year, LUXEMBOURG))
        assert len(frame["start"].diff().drop_nulls().unique()) == 1
        local_day = pl.col("start").dt.convert_time_zone("Europe/Luxembourg").dt.date().alias("day")
        lengths = frame.group_by(local_day).len().sort("day")
        odd = lengths.filter(pl.col("len") != usual)
        assert lengths.height == (366 if year % 4 == 0 else 365)
        assert odd["len"].to_list() == [usual // 24 * 23, usual // 24 * 25]
        assert [day.month for day in odd["day"]] == [3, 10]


@pytest.mark.parametrize(("point", "measured"), [(CONSUMPTION, "consumption"), (PRODUCTION, "production")])
def test_registers_add_up(world: World, point: str, measured: str) -> None:
    """In every quarter-hour what is measured is the shared layers plus the rest, also where it was corrected."""
    world.sporadic = True
    for factor in (1.37, 0.0):
        shows = world.now()
        hours = window("2025-05-05T09:00", "2025-05-05T17:00")
        world.corrections.append(Correction(metering_point=point, window=hours, shows=shows, factor=factor))
        whole, *parts = (
            truth.served(world, point, register, year_window(2025, LUXEMBOURG), shows)
            for register in (measured, *(name for name in REGISTERS if name.startswith(f"{measured}_")))
        )
        assert len(parts) == 5
        assert {part.height for part in parts} == {whole.height}
        assert (_thousandths(whole) == sum(_thousandths(part) for part in parts)).all()
        assert all((part["version"] == whole["version"]).all() for part in parts)
        assert whole["version"].max() == 2 + (factor == 0)
        assert all(part["quantity"].max() > 0.01 for part in parts)  # type: ignore[operator]


def test_gas_is_one_volume() -> None:
    """Standard volume and energy of gas follow from the volume, as they would: a little less, and 11 kWh each."""
    volume, standard, energy = (
        sum(_thousandths(truth.readings(GAS, register, year_window(2025, LUXEMBOURG))))
        for register in ("gas_volume", "gas_standard_volume", "gas_energy")
    )
    assert 0.94 < standard / volume < 0.98
    assert 11 < energy / standard < 11.4


def test_sun_shines_by_day() -> None:
    """Panels make nothing at night, something at noon of every day, and most in summer."""
    frame = truth.readings(PRODUCTION, "production", year_window(2025, LUXEMBOURG)).with_columns(
        pl.col("start").dt.convert_time_zone("Europe/Luxembourg").alias("local")
    )
    assert frame.filter(pl.col("local").dt.hour().is_in([23, 0, 1, 2]))["quantity"].sum() == 0
    assert frame.filter(pl.col("local").dt.hour() == 12)["quantity"].min() > 0  # type: ignore[operator]
    by_month = dict(frame.group_by(pl.col("local").dt.month()).agg(pl.col("quantity").sum()).iter_rows())
    assert by_month[6] > 5 * by_month[12]


def test_a_house_with_panels_adds_up() -> None:
    """What it used is what it bought and what it made and did not feed in, and it never buys and feeds in at once."""
    year = year_window(2025, LUXEMBOURG)
    made = _thousandths(truth.readings(PANELS, "production", year))
    bought, fed_in = (_thousandths(truth.readings(HOUSE, name, year, plant=PANELS)) for name in AT_GRID)
    # Without panels behind it, the same meter counts what is used.
    used = _thousandths(truth.readings(HOUSE, "consumption", year))

    assert (bought + made - fed_in).equals(used)
    assert bought.clip(0, 1).dot(fed_in.clip(0, 1)) == 0
    assert fed_in.max() > 0  # type: ignore[operator]


def test_metering_points_differ() -> None:
    """Two metering points do not use the same."""
    day = day_window(date(2025, 5, 5), LUXEMBOURG)
    assert not truth.readings(CONSUMPTION, "consumption", day).equals(truth.readings(NEIGHBOURS, "consumption", day))


def test_unknown_names(world: World) -> None:
    """What does not exist is an error, and a register that a metering point lacks has no rows."""
    day, now = day_window(date(2025, 5, 5), LUXEMBOURG), world.now()
    with pytest.raises(KeyError):
        truth.readings(CONSUMPTION, "temperature", day)
    with pytest.raises(KeyError):
        truth.served(world, "LU1", "consumption", day, now)
    assert truth.served(world, CONSUMPTION, "production", day, now).is_empty()
