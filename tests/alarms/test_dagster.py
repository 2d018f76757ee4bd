"""Alarms and patience as Dagster runs them: sensors, the schedule, and the summary at the end of every run."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
from dagster._core.definitions.run_status_sensor_definition import RunFailureSensorContext

from connectors.elvia.source import ELVIA
from pipelines.definitions import _definitions
from pipelines.store.log import Log
from sandbox.faults import Fault, FaultKind
from schemas.time import DAY, HOUR
from tests.support.home import NOW, moved_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from time_machine import Traveller

    from tests.alarms.receivers import Told
    from tests.support.home import Home

KEYS = [dg.AssetKey(["elvia", "home", stage]) for stage in ("readings", "influxdb")]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """An instance as the daemon has it, in files."""
    with dg.instance_for_test() as opened:
        yield opened


def _definitions_of(home: Home, monkeypatch: pytest.MonkeyPatch) -> dg.Definitions:
    """Return what Dagster would load, where the settings are in the environment and the working folder."""
    for name, value in home.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(home.folder)
    return _definitions()


def _run(
    definitions: dg.Definitions, instance: dg.DagsterInstance, request: dg.RunRequest, *, raise_on_error: bool = False
) -> dg.ExecuteInProcessResult:
    """Run what was asked for."""
    if request.job_name is not None:
        return definitions.resolve_job_def(request.job_name).execute_in_process(instance=instance)
    return definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=instance,
        partition_key=request.partition_key,
        asset_selection=request.asset_selection,
        tags=dict(request.tags),
        raise_on_error=raise_on_error,
    )


def _patience(definitions: dg.Definitions, instance: dg.DagsterInstance) -> Any:  # noqa: ANN401 - Dagster's own class is not public
    """Evaluate the sensor that asks again."""
    sensor = definitions.resolve_sensor_def("elvia_patience")
    repository = definitions.get_repository_def()
    with dg.build_sensor_context(instance=instance, repository_def=repository) as context:
        return sensor.evaluate_tick(context)


def test_sensors_are_on(storage: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """What asks again after a wait, and what tells of failed runs, needs no switching on."""
    definitions = _definitions_of(storage, monkeypatch)

    dg.Definitions.validate_loadable(definitions)
    sensors = list(definitions.sensors or [])
    assert {sensor.name for sensor in sensors} == {"elvia_patience", "leneda_patience", "alarms_of_failed_runs"}
    assert {sensor.default_status for sensor in sensors} == {dg.DefaultSensorStatus.RUNNING}


def test_after_a_wait_the_connection_is_asked_again(
    storage: Home, instance: dg.DagsterInstance, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before the announced instant nothing is asked for; after it the waiting connection's years are, under one key."""
    mine, neighbour = moved_in(400), moved_in(20, "neighbour", 2)
    storage.admit(mine, neighbour)
    definitions = _definitions_of(storage, monkeypatch)
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
        assert _run(definitions, instance, request, raise_on_error=True).success
    assert {call.token for call in storage.calls()} == {"sandbox-home"}
    readings = storage.current().filter(connection="home")
    assert readings.select("start", "quantity", "verified").equals(storage.served(mine))
    assert "no announced wait" in _patience(definitions, instance).skip_message


def test_a_second_wait_is_a_second_time(
    storage: Home, instance: dg.DagsterInstance, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An operator that asks for patience again gets it again, and is asked once more after that."""
    storage.admit(moved_in(3))
    definitions = _definitions_of(storage, monkeypatch)
    storage.world.faults.add(Fault(kind=FaultKind.STATUS, status=429, retry_after=3600))
    storage.backfill()
    clock.shift(HOUR + timedelta(minutes=1))
    first, *_ = _patience(definitions, instance).run_requests

    assert not _run(definitions, instance, first).success
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


def _year(definitions: dg.Definitions, instance: dg.DagsterInstance, **tags: str) -> dg.ExecuteInProcessResult:
    """Run the running year of the connection `home`, as somebody does in the UI."""
    request = dg.RunRequest(partition_key=str(NOW.year), asset_selection=KEYS, tags=tags)
    return _run(definitions, instance, request)


def _sensed(definitions: dg.Definitions, instance: dg.DagsterInstance, run_id: str) -> list[Any]:
    """Return what the sensor of failed runs makes of one."""
    run = instance.get_run_by_id(run_id)
    assert run is not None
    (failure,) = [
        entry.dagster_event
        for entry in instance.all_logs(run_id)
        if entry.dagster_event is not None and entry.dagster_event.is_run_failure
    ]
    sensor: Any = definitions.resolve_sensor_def("alarms_of_failed_runs")
    context = RunFailureSensorContext(
        sensor_name=sensor.name,
        dagster_run=run,
        dagster_event=failure,
        instance=instance,
        context=None,
        resource_defs={},
    )
    return list(sensor(context))


def test_a_run_that_failed_by_hand_is_told_of(
    storage: Home, told: Told, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed run from the UI, which no summary follows, gets one, and with it its alarm; a scheduled one has it."""
    storage.admit(moved_in(3))
    storage.world.tokens["sandbox-home"].deleted = True
    definitions = _definitions_of(storage, monkeypatch)
    by_hand = _year(definitions, instance)
    assert not by_hand.success

    (request,) = _sensed(definitions, instance, by_hand.run_id)
    assert request.job_name == "elvia_summary"
    assert _run(definitions, instance, request).success
    assert told.titles() == ["elvia: renew the credential of home"]

    storage.set("connections__home__token", "sandbox-another")
    definitions = _definitions_of(storage, monkeypatch)
    scheduled = _year(definitions, instance, **{"dagster/schedule_name": "elvia_daily_sync"})
    assert not scheduled.success
    (skipped,) = _sensed(definitions, instance, scheduled.run_id)
    assert isinstance(skipped, dg.SkipReason)


def test_an_error_that_nobody_foresaw_is_told_of(
    storage: Home, told: Told, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run that dies of a mistake of ours is told of by the error's kind, and is over with the next run."""

    def fail(*_: object, **__: object) -> None:
        message = "kanari"
        raise RuntimeError(message)

    storage.admit(moved_in(3))
    definitions = _definitions_of(storage, monkeypatch)
    with monkeypatch.context() as broken:
        broken.setattr(Log, "merge", fail)
        crashed = _year(definitions, instance)
    (request,) = _sensed(definitions, instance, crashed.run_id)
    _run(definitions, instance, request)
    (message,) = told.messages()
    assert message.title == "a run of elvia ended before its time"
    assert "RuntimeError" in message.text
    assert "kanari" not in message.text

    assert _year(definitions, instance).success
    _run(definitions, instance, request)
    assert told.titles() == ["over: a run of elvia ended before its time"]


@pytest.mark.parametrize("retried", [False, True])
def test_a_run_that_was_killed_is_told_of(
    storage: Home, told: Told, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, *, retried: bool
) -> None:
    """A run whose process died is noted for it and told of, unless Dagster starts it again."""
    storage.admit(moved_in(3))
    definitions = _definitions_of(storage, monkeypatch)
    job = definitions.resolve_implicit_global_asset_job_def()
    run = instance.create_run_for_job(
        job.get_subset(asset_selection=set(KEYS)),
        asset_selection=frozenset(KEYS),
        tags={"dagster/will_retry": "true"} if retried else {},
    )
    instance.report_run_failed(run, "the run worker is gone")

    (reaction,) = _sensed(definitions, instance, run.run_id)
    if retried:
        assert isinstance(reaction, dg.SkipReason)
        return
    _run(definitions, instance, reaction)
    (message,) = told.messages()
    assert message.title == "a run of elvia ended before its time"
    assert f"the run {run.run_id} of elvia was killed, or its process died" in message.text
    assert _year(definitions, instance).success
    _run(definitions, instance, reaction)
    assert told.titles() == ["over: a run of elvia ended before its time"]


def test_a_summary_that_failed_is_not_run_again(
    storage: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed summary asks for no further one, which would fail in its turn."""
    storage.admit(moved_in(3))
    definitions = _definitions_of(storage, monkeypatch)
    monkeypatch.setenv("WATTLINE_SYNC__REREAD_DAYS", "none")
    failed = definitions.resolve_job_def("elvia_summary").execute_in_process(instance=instance, raise_on_error=False)
    assert not failed.success

    (reaction,) = _sensed(definitions, instance, failed.run_id)
    assert isinstance(reaction, dg.SkipReason)


def test_the_schedule_tells_of_settings_that_cannot_be_used(
    storage: Home, told: Told, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tick that finds no usable settings asks for no run, says why, and tells whoever they still name."""
    storage.admit(moved_in(3))
    definitions = _definitions_of(storage, monkeypatch)
    monkeypatch.setenv("WATTLINE_SYNC__REREAD_DAYS", "none")
    schedule = definitions.resolve_schedule_def("elvia_daily_sync")
    for _ in range(2):
        with dg.build_schedule_context(
            instance=instance,
            scheduled_execution_time=NOW.astimezone(ELVIA.zone),
            repository_def=definitions.get_repository_def(),
        ) as context:
            tick: Any = schedule.evaluate_tick(context)
        assert "sync.reread_days" in tick.skip_message

    (message,) = told.messages()
    assert message.title == "the settings cannot be used"
    assert "sync.reread_days: must be a whole number" in message.text


def test_the_scheduled_summary_ends_with_the_heartbeat(
    storage: Home, told: Told, instance: dg.DagsterInstance, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runs of a tick end with a ping where all went well, and warn in their log where a message did not arrive."""
    storage.set("alarms__heartbeat_url", f"{told.base_url}/ping")
    storage.admit(moved_in(3))
    storage.backfill()
    definitions = _definitions_of(storage, monkeypatch)

    def tick() -> dg.ExecuteInProcessResult:
        with dg.build_schedule_context(
            instance=instance,
            scheduled_execution_time=NOW.astimezone(ELVIA.zone),
            repository_def=definitions.get_repository_def(),
        ) as context:
            evaluated: Any = definitions.resolve_schedule_def("elvia_daily_sync").evaluate_tick(context)
        return [_run(definitions, instance, request) for request in evaluated.run_requests][-1]

    assert tick().success
    assert told.requests == ["GET /ping"]

    clock.shift(DAY)
    storage.world.tokens["sandbox-home"].deleted = True
    told.refuse(503)
    summary = tick()
    assert summary.success
    assert "GET /ping" not in told.requests[1:]
    warnings = [record.user_message for record in instance.all_logs(summary.run_id) if record.level == 30]
    assert [words for words in warnings if words.startswith("an alarm was not delivered")]
