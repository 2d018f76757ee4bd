"""A real InfluxDB 2.x, where one is given by WATTLINE_TEST_INFLUXDB2_URL, _TOKEN, _ORG and _BUCKET.

Debian has no package of it, so these tests run where somebody has one; the stand-in answers elsewhere. The
bucket must not exist, and is made; the token must be allowed to.
"""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest
from pydantic import SecretStr

from connectors.influxdb.database import connect
from connectors.influxdb.lines import Lines
from connectors.influxdb.marker import read_marker, write_marker
from connectors.influxdb.settings import InfluxSettings
from tests.influxdb.frames import NEW_YEAR, POINT, as_lines, hours, stored

if TYPE_CHECKING:
    from collections.abc import Iterator

    from connectors.influxdb.base import Database

NAME = "WATTLINE_TEST_INFLUXDB2_"

pytestmark = pytest.mark.skipif(f"{NAME}URL" not in os.environ, reason=f"no real InfluxDB 2.x: {NAME}URL is not set")


@pytest.fixture(scope="module")
def bucket() -> Iterator[Database]:
    """The bucket, made where it does not exist."""
    database = connect(
        InfluxSettings(
            url=os.environ[f"{NAME}URL"],
            org=os.environ[f"{NAME}ORG"],
            bucket=os.environ[f"{NAME}BUCKET"],
            token=SecretStr(os.environ[f"{NAME}TOKEN"]),
        )
    )
    database.create()
    yield database
    database.delete("hourly_reading", tags={})
    database.close()


def test_bucket_is_there(bucket: Database) -> None:
    """The bucket was made, and the marker comes back."""
    write_marker(bucket, "first")

    assert bucket.version.startswith("2.")
    assert bucket.exists()
    assert read_marker(bucket) == "first"


def test_every_value_is_read_back(bucket: Database) -> None:
    """What is written is what is read; a bad line is set aside; a deletion takes just its window."""
    bucket.delete("hourly_reading", tags={})
    frame = hours(1000)
    expected = dict(zip(frame["start"].dt.epoch("s"), frame["energy_kwh"], strict=True))
    bad = f"hourly_reading,metering_point={POINT} energy_kwh=abc 1735689600"

    written = bucket.write(Lines(pl.concat([as_lines(frame).text, pl.Series([bad])])))

    assert (written.accepted, [refused.line for refused in written.refused]) == (1000, [bad.encode()])
    assert stored(bucket) == expected

    end = NEW_YEAR + timedelta(hours=500)
    bucket.delete("hourly_reading", tags={"metering_point": POINT}, start=NEW_YEAR, end=end)

    assert stored(bucket) == {stamp: value for stamp, value in expected.items() if stamp >= end.timestamp()}
