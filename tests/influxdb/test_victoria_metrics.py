"""A real VictoriaMetrics, which speaks `/api/v2/write`: the bytes that 2.x would get, and answers not to be trusted."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import polars as pl
import pytest
from pydantic import SecretStr

from connectors.http import Http
from connectors.influxdb.database import connect
from connectors.influxdb.errors import CannotDo
from connectors.influxdb.marker import read_marker
from connectors.influxdb.settings import InfluxSettings
from tests.influxdb.frames import as_lines, hours

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.influxdb.base import Database


@pytest.fixture(params=["v1", "v2"])
def victoria(victoria_metrics: str, request: pytest.FixtureRequest) -> Iterator[Database]:
    """VictoriaMetrics by either API; which one is only known from the settings."""
    given = {
        "v1": InfluxSettings(url=victoria_metrics, database="energy"),
        "v2": InfluxSettings(url=victoria_metrics, org="home", bucket="energy", token=SecretStr("canary")),
    }
    database = connect(given[request.param])
    assert database.api == request.param
    yield database
    database.close()


def exported(url: str, point: str) -> dict[str, dict[int, float]]:
    """Return every series of a metering point: values by the second at which they stand."""
    with Http(url, service="VictoriaMetrics") as http:
        http.request("GET", "/internal/force_flush", endpoint="flush", decode=bytes)
        match = f'{{metering_point="{point}"}}'
        lines = http.request("GET", "/api/v1/export", endpoint="export", params={"match[]": match}, decode=bytes).body
    return {
        series["metric"]["__name__"]: dict(
            zip((stamp // 1000 for stamp in series["timestamps"]), series["values"], strict=True)
        )
        for series in map(json.loads, lines.splitlines())
    }


def test_every_value_arrives(victoria: Database, victoria_metrics: str) -> None:
    """Every value stands at its hour under its tags, odd characters included."""
    point = f"at home, {victoria.api} = é"
    frame = hours(1000, point=point)

    assert victoria.write(as_lines(frame)).accepted == 1000

    stamps = frame["start"].dt.epoch("s")
    assert exported(victoria_metrics, point) == {
        "hourly_reading_energy_kwh": dict(zip(stamps, frame["energy_kwh"], strict=True)),
        "hourly_reading_settled": dict.fromkeys(stamps, 1),
    }


@pytest.mark.parametrize("values", [[1e-7, 2.5e-7], [1e22, 3e22], [-0.001, 12345.678], [-7, 2**40]])
def test_other_numbers_arrive(victoria: Database, victoria_metrics: str, values: list[float]) -> None:
    """Integers, and floats in any form that is written, come back exactly (of one size: it keeps 64 bits a block)."""
    point = f"numbers {victoria.api} {values[0]}"

    victoria.write(as_lines(hours(2, point=point).with_columns(energy_kwh=pl.Series(values)), ["energy_kwh"]))

    assert [list(series.values()) for series in exported(victoria_metrics, point).values()] == [values]


def test_answers_are_not_trusted(victoria: Database) -> None:
    """It answers 200 to any query, with something else, so nothing is asked of it."""
    assert (victoria.version, victoria.readable, victoria.exists()) == ("unknown", False, True)
    victoria.create()
    with pytest.raises(CannotDo, match="cannot be trusted"):
        victoria.query("SHOW DATABASES")
    with pytest.raises(CannotDo, match="cannot be trusted"):
        read_marker(victoria)
    with pytest.raises(CannotDo):
        victoria.delete("hourly_reading", tags={})
