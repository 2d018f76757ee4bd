"""The sensor that asks again once a wait is over that an operator announced."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg

from pipelines.definitions import _definitions
from sandbox.faults import Fault, FaultKind
from schemas.time import HOUR
from tests.support.home import moved_in
from tests.support.in_dagster import definitions_of, execute

if TYPE_CHECKING:
    import pytest
    from time_machine import Traveller

    from tests.support.home import Home


def _patience(definitions: dg.Definitions, instance: dg.DagsterInstance) -> Any:  # noqa: ANN401 - Dagster's own class is not public
    """Evaluate the sensor that asks again."""
    sensor = definitions.resolve_sensor_def("elvia_patience")
    repository = definitions.get_repository_def()
    with dg.build_sensor_context(instance=instance, repository_def=repository) as context:
        return sensor.evaluate_tick(context)


def test_after_a_wait_the_connection_is_asked_again(
    storage: Home, instance: dg.DagsterInstance, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the announced instant nothing is asked for; after it the waiting connection's years are, under one key."""
    mine, neighbour = moved_in(400), moved_in(20, "neighbour", 2)
    storage.admit(mine, neighbour)
    definitions = definitions_of(storage, monkeypatch)
    assert "no announced wait" in _patience(definitions, instance).skip_message
    storage.world.faults.add(
        Fault(kind=FaultKind.STATUS, status=429, retry_after=3 * 3600, token="sandbox-home", first=2, times=1)
    )
    storage.backfill()
    not_before = storage.status("home")[0].not_before
    assert not_before is not None
    storage.calls()

    clock.move_to(not_before - timedelta(seconds=30))
    assert "no announced wait" in _patience(definitions, instance).skip_message

    clock.move_to(not_before + timedelta(seconds=1))
    asked = _patience(definitions, instance).run_requests
    assert [request.partition_key for request in asked] == ["2026", "2025", "2024", "2023", None]
    assert {key.path[1] for request in asked for key in request.asset_selection} == {"home", "summary"}
    assert len({request.run_key for request in asked}) == len(asked)
    # While its runs stand in the queue Dagster is asked for the same keys, of which it makes no second run.
    clock.shift(HOUR)
    again = _patience(definitions, instance).run_requests
    assert [request.run_key for request in again] == [request.run_key for request in asked]

    for request in asked:
        assert execute(definitions, instance, request, raise_on_error=True).success
    assert {call.token for call in storage.calls()} == {"sandbox-home"}
    readings = storage.current().filter(connection="home")
    assert readings.select("start", "quantity", "verified").equals(storage.served(mine))
    assert "no announced wait" in _patience(definitions, instance).skip_message


def test_a_second_wait_is_a_second_time(
    storage: Home, instance: dg.DagsterInstance, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator that asks for patience again gets it again, and is asked once more after that."""
    storage.admit(moved_in(3))
    definitions = definitions_of(storage, monkeypatch)
    storage.world.faults.add(Fault(kind=FaultKind.STATUS, status=429, retry_after=3600))
    storage.backfill()
    clock.shift(HOUR + timedelta(minutes=1))
    first, *_ = _patience(definitions, instance).run_requests

    assert not execute(definitions, instance, first).success
    assert "no announced wait" in _patience(definitions, instance).skip_message
    clock.shift(HOUR + timedelta(minutes=1))
    second, *_ = _patience(definitions, instance).run_requests

    assert first.partition_key == second.partition_key
    assert first.run_key != second.run_key


def test_patience_skips_where_settings_cannot_be_read(
    instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With broken settings the sensor asks for nothing and says why."""
    monkeypatch.setenv("WATTLINE_CONNECTIONS__HOME__SOURCE", "elvira")

    assert "connections.home.source" in _patience(_definitions(), instance).skip_message
