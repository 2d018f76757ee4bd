"""What arrives in InfluxDB: every quarter-hour and hour that the operator shows, and how the registers balance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from connectors.influxdb.influxql import identifier
from pipelines.status import status
from pipelines.summary import summary_asset
from sandbox.leneda import truth
from sandbox.leneda.registers import AT_CONSUMPTION, AT_GAS, AT_PRODUCTION
from sandbox.plans import Absence, Correction, hour_of
from schemas.registers import REGISTERS
from schemas.time import DAY, HOUR, Window, local_midnight, utc_now
from tests.leneda.plant import GAS, OTHER, POINT, TODAY, ZONE
from tests.support.home import frame_of

if TYPE_CHECKING:
    from datetime import date

    from time_machine import Traveller

    from connectors.influxdb.base import Database
    from tests.leneda.plant import Plant

DAYS = {POINT: 240, OTHER: 90, GAS: 90}
"""Back over both clock changes and New Year, or over one clock change."""

OFFERED = {POINT: ("consumption", "reactive_consumption"), OTHER: AT_PRODUCTION, GAS: AT_GAS}


def _points(database: Database, measurement: str) -> pl.DataFrame:
    answer = database.query(f"SELECT * FROM {identifier(measurement)}")  # noqa: S608 - quoted
    return pl.concat([frame_of(series.columns, series.rows) for series in answer], how="diagonal")


def _series(points: pl.DataFrame, code: str, register: str) -> pl.DataFrame:
    found = points.filter(
        pl.col("metering_point") == code, pl.col("register") == register, pl.col("source") == "leneda"
    )
    return found.select(start="time", quantity=REGISTERS[register].field, revision="revision").sort("start")


def _aggregated(plant: Plant, code: str, register: str) -> pl.DataFrame:
    """Return the operator's own hours that are whole."""
    now = plant.world.now()
    window = Window(local_midnight(TODAY - DAYS[code] * DAY, ZONE), now)
    hours = truth.hours(plant.world, code, register, window, now)
    return hours.filter(pl.col("values") == (1 if register in AT_GAS else 4)).select("start", "quantity")


def _same(found: pl.DataFrame, wanted: pl.DataFrame, tolerance: float) -> bool:
    differences = (found["quantity"] - wanted["quantity"]).abs()
    same_times = found["start"].to_list() == wanted["start"].to_list()
    return not wanted.is_empty() and same_times and bool((differences <= tolerance).all())


def _day(day: date) -> Window:
    return Window(local_midnight(day, ZONE), local_midnight(day + DAY, ZONE))


@pytest.fixture
def plant(loaded_plant: Plant) -> Plant:
    """Somebody with consumption, production and gas, before the first run."""
    for code, registers in OFFERED.items():
        loaded_plant.owns(code, *registers, days=DAYS[code])
        loaded_plant.lists(code)
    return loaded_plant


@pytest.fixture
def member(loaded_plant: Plant) -> Plant:
    """A member of a community who consumes and produces, for forty days, before the first run."""
    for code, registers in ((POINT, AT_CONSUMPTION), (OTHER, AT_PRODUCTION)):
        loaded_plant.owns(code, *registers)
        loaded_plant.lists(code)
    return loaded_plant


def test_everything_served_arrives(plant: Plant, database: Database, clock: Traveller) -> None:
    """Every quarter-hour and every hour is there, over both clock changes, and so it is after corrections.

    An hour is the operator's own sum to 1e-9 kWh.
    """
    assert plant.run().ok
    corrected = [day for day in (TODAY - 5 * DAY, TODAY - 20 * DAY) for _ in range(2)]
    for number, day in enumerate(corrected):
        at = _day(day).start + (7 + number) * HOUR
        plant.world.corrections.append(
            Correction(metering_point=POINT, window=hour_of(at), shows=utc_now() + HOUR, factor=1.5 + number)
        )
    for pause in (0 * DAY, DAY):
        clock.shift(pause)
        outcome = plant.run()
        assert (outcome.ok, outcome.quarantined) == (True, {})
        quarters, hours = (_points(database, name) for name in ("quarter_hour_reading", "hourly_reading"))
        for code, register in ((code, register) for code, registers in OFFERED.items() for register in registers):
            if register not in AT_GAS:
                assert _same(_series(quarters, code, register), plant.served(code, register), 0.0), register
            assert _same(_series(hours, code, register), _aggregated(plant, code, register), 1e-9), register
    hours = _series(hours, POINT, "consumption")
    assert hours.filter(pl.col("revision") > 0).height == len(corrected)
    assert hours["revision"].max() == 4, "an hour's revision is the sum of its quarters'"


def test_a_second_run_sends_nothing(member: Plant, database: Database) -> None:
    """A full re-read of what did not change leaves the database as it is, hours included."""
    plant = member
    plant.run()
    before = {name: _points(database, name).rows() for name in ("hourly_reading", "register_balance")}
    flow = plant.flow()

    again = flow.run(flow.syncing().years(), ask=["plant"], load=["plant"], refetch=True)

    assert again.loads[0].loaded is not None
    assert not again.loads[0].loaded.sent
    assert {name: _points(database, name).rows() for name in before} == before


def test_an_hour_that_lacks_a_quarter(member: Plant, database: Database, clock: Traveller) -> None:
    """A missing quarter-hour leaves its hour missing, is seen in the coverage, and both are there once it comes."""
    day = _day(TODAY - 10 * DAY)
    noon = day.start + 12 * HOUR
    absence = Absence(
        metering_point=POINT, window=Window(noon, noon + HOUR / 4), register="consumption", until=utc_now() + HOUR
    )
    plant = member
    plant.world.absences.append(absence)
    plant.run()

    hours = _series(_points(database, "hourly_reading"), POINT, "consumption")
    assert hours.filter(pl.col("start").is_between(day.start, day.end, closed="left")).height == 23
    assert noon not in hours["start"].to_list()
    days = _points(database, "local_day").filter(
        pl.col("metering_point") == POINT, pl.col("register") == "consumption", pl.col("time") == day.start
    )
    assert days.select("expected", "present", "missing").rows() == [(96, 95, 1)]
    _, series = status(plant.flow(), utc_now())
    (consumption,) = [one for one in series if (one.metering_point, one.register) == (POINT, "consumption")]
    assert consumption.holes == (f"{TODAY - 10 * DAY}: 1 missing",)

    clock.shift(DAY)
    plant.run()
    assert noon in _series(_points(database, "hourly_reading"), POINT, "consumption")["start"].to_list()


def test_what_was_measured_is_what_was_shared_and_what_remained(member: Plant, database: Database) -> None:
    """The balance of consumption and of production is there for each local day, and leaves nothing."""
    plant = member
    plant.run()

    balance = _points(database, "register_balance")
    whole = balance.group_by("metering_point", "register").agg(pl.len(), pl.col("measured_kwh").sum())
    assert sorted(whole.select("metering_point", "register", "len").rows()) == [
        (POINT, "consumption", 40),
        (OTHER, "production", 40),
    ]
    for code, register, _, measured in whole.iter_rows():
        assert measured == pytest.approx(plant.served(code, register)["quantity"].sum(), abs=1e-6)
    assert balance["residual_kwh"].abs().max() == pytest.approx(0, abs=1e-6)
    assert _check(plant) == []


def test_a_register_that_was_tampered_with(member: Plant, database: Database) -> None:
    """A share that was changed alone turns the check red, which names metering point, register and day."""
    plant = member
    day = TODAY - 12 * DAY
    at = _day(day).start + 9 * HOUR
    plant.world.corrections.append(
        Correction(
            metering_point=POINT, register="consumption_shared_layer2", window=hour_of(at), shows=at, quantity=2.5
        )
    )
    plant.run()

    _, series = status(plant.flow(), utc_now())
    (consumption,) = [one for one in series if (one.metering_point, one.register) == (POINT, "consumption")]
    (words,) = _check(plant)
    assert words.startswith(f"plant, {consumption.alias}, consumption, {day}: measured ")
    assert "4 of 96 intervals differ" in words
    assert [one.register for one in series if one.unbalanced] == ["consumption"]
    balance = _points(database, "register_balance").filter(pl.col("residual_kwh").abs() > 1e-6)
    assert balance.select("metering_point", "register", "time").rows() == [(POINT, "consumption", _day(day).start)]


def _check(plant: Plant) -> list[str]:
    """Return what the check of the balance says, a line each, as the summary's run records it."""
    import dagster as dg  # noqa: PLC0415 - three seconds

    from connectors.leneda.source import LENEDA  # noqa: PLC0415

    summary = summary_asset(LENEDA, configured=True, problem=None, settings=plant.settings())
    result = dg.materialize([summary], raise_on_error=True)
    (found,) = [each for each in result.get_asset_check_evaluations() if each.check_name == "registers_balance"]
    which = str(found.metadata["which"].value)
    assert found.passed == (which == "none")
    return [] if found.passed else which.split("\n\n")
