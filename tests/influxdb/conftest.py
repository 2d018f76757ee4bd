"""What the tests of the database share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stamina

from tests.support.influx import database, influx_settings, influxd, influxd_program, victoria_metrics

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["database", "influx_settings", "influxd", "influxd_program", "victoria_metrics"]


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
    """Repeat requests without waiting; the list holds the seconds that would have been waited in 2.x's client."""
    waited: list[float] = []
    monkeypatch.setattr("connectors.influxdb.client.sleep", waited.append)
    with stamina.set_testing(True, attempts=99, cap=True):
        yield waited
