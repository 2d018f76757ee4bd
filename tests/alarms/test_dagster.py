"""Alarms as Dagster sends them: from the summary that ends every run, or that a sensor has run after a failed one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest
from dagster._core.definitions.run_status_sensor_definition import RunFailureSensorContext

from connectors.elvia.source import ELVIA
from pipelines.store.log import Log
from schemas.time import DAY
from tests.alarms.looking import look
from tests.support.home import NOW, moved_in
from tests.support.in_dagster import definitions_of, execute

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.alarms.receivers import Told
    from tests.support.home import Home

KEYS = [dg.AssetKey(["elvia", "home", stage]) for stage in ("readings", "influxdb")]


def test_sensors_are_on(storage: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """What asks again after a wait, and what tells of failed runs, needs no switching on."""
    definitions = definitions_of(storage, monkeypatch)

    dg.Definitions.validate_loadable(definitions)
    sensors = list(definitions.sensors or [])
    assert {sensor.name for sensor in sensors} >= {"elvia_patience", "leneda_patience", "alarms_of_failed_runs"}
    assert {sensor.default_status for sensor in sensors} == {dg.DefaultSensorStatus.RUNNING}


def _year(definitions: dg.Definitions, instance: dg.DagsterInstance, **tags: str) -> dg.ExecuteInProcessResult:
    """Run the running year of the connection `home`, as somebody does in the UI."""
    request = dg.RunRequest(partition_key=str(NOW.year), asset_selection=KEYS, tags=tags)
    return execute(definitions, instance, request)


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
    definitions = definitions_of(storage, monkeypatch)
    by_hand = _year(definitions, instance)
    assert not by_hand.success

    (request,) = _sensed(definitions, instance, by_hand.run_id)
    assert request.job_name == "elvia_summary"
    assert execute(definitions, instance, request).success
    assert told.titles() == ["elvia: renew the credential of home"]

    storage.set("connections__home__token", "sandbox-another")
    definitions = definitions_of(storage, monkeypatch)
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
    definitions = definitions_of(storage, monkeypatch)
    with monkeypatch.context() as broken:
        broken.setattr(Log, "merge", fail)
        crashed = _year(definitions, instance)
    (request,) = _sensed(definitions, instance, crashed.run_id)
    execute(definitions, instance, request)
    (message,) = told.messages()
    assert message.title == "a run of elvia ended before its time"
    assert "RuntimeError" in message.text
    assert "kanari" not in message.text

    assert _year(definitions, instance).success
    execute(definitions, instance, request)
    assert told.titles() == ["over: a run of elvia ended before its time"]


@pytest.mark.parametrize("retried", [False, True])
def test_a_run_that_was_killed_is_told_of(
    storage: Home, told: Told, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, *, retried: bool
) -> None:
    """A run whose process died is noted for it and told of, unless Dagster starts it again."""
    storage.admit(moved_in(3))
    definitions = definitions_of(storage, monkeypatch)
    job = definitions.resolve_implicit_global_asset_job_def()
    run = instance.create_run_for_job(
        job.get_subset(asset_selection=set(KEYS)),
        asset_selection=frozenset(KEYS),
        tags={"dagster/backfill": "mwjqaxlo"} | ({"dagster/will_retry": "true"} if retried else {}),
    )
    instance.report_run_failed(run, "the run worker is gone")

    (reaction,) = _sensed(definitions, instance, run.run_id)
    if retried:
        assert isinstance(reaction, dg.SkipReason)
        return
    # Dagster makes one run of a key: a backfill that fails in many years is looked at once.
    assert reaction.run_key == "elvia-failed-mwjqaxlo"
    execute(definitions, instance, reaction)
    (message,) = told.messages()
    assert message.title == "a run of elvia ended before its time"
    assert f"the run {run.run_id} of elvia was killed, or its process died" in message.text
    assert _year(definitions, instance).success
    execute(definitions, instance, reaction)
    assert told.titles() == ["over: a run of elvia ended before its time"]


def test_a_summary_that_failed_is_not_run_again(
    storage: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failed summary asks for no further one, which would fail in its turn."""
    storage.admit(moved_in(3))
    definitions = definitions_of(storage, monkeypatch)
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
    definitions = definitions_of(storage, monkeypatch)
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


def _tick(definitions: dg.Definitions, instance: dg.DagsterInstance) -> list[dg.ExecuteInProcessResult]:
    """Let the schedule of Elvia's daily sync tick, and run what it asks for; the summary is the last."""
    with dg.build_schedule_context(
        instance=instance,
        scheduled_execution_time=NOW.astimezone(ELVIA.zone),
        repository_def=definitions.get_repository_def(),
    ) as context:
        evaluated: Any = definitions.resolve_schedule_def("elvia_daily_sync").evaluate_tick(context)
    return [execute(definitions, instance, request) for request in evaluated.run_requests]


def test_connections_that_dagster_does_not_know_are_told_of(
    storage: Home, told: Told, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Loaded while the settings were broken, Dagster knows no connection; the next tick tells, and one after it."""
    storage.admit(moved_in(3), moved_in(3, "neighbour", 2))
    storage.set("alarms__heartbeat_url", f"{told.base_url}/ping")
    storage.set("sync__reread_days", "none")
    broken = definitions_of(storage, monkeypatch)
    storage.set("sync__reread_days", 30)
    definitions = definitions_of(storage, monkeypatch)

    for _ in range(2):
        (summary,) = _tick(broken, instance)
        assert summary.success
    (message,) = told.messages()
    assert message.title == "elvia: Dagster does not run home, neighbour"
    assert message.kind == "reload"
    assert "reload the definitions" in message.text
    assert look(storage) == []
    assert told.requests == []

    assert all(run.success for run in _tick(definitions, instance))
    assert told.requests[-1] == "GET /ping"
    assert told.titles() == ["over: elvia: Dagster does not run home, neighbour"]


def test_the_scheduled_summary_ends_with_the_heartbeat(
    storage: Home, told: Told, instance: dg.DagsterInstance, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The runs of a tick end with a ping where all went well, and warn in their log where a message did not arrive."""
    storage.set("alarms__heartbeat_url", f"{told.base_url}/ping")
    storage.admit(moved_in(3))
    storage.backfill()
    definitions = definitions_of(storage, monkeypatch)

    assert _tick(definitions, instance)[-1].success
    assert told.requests == ["GET /ping"]

    clock.shift(DAY)
    storage.world.tokens["sandbox-home"].deleted = True
    told.refuse(503)
    summary = _tick(definitions, instance)[-1]
    assert summary.success
    assert "GET /ping" not in told.requests[1:]
    warnings = [record.user_message for record in instance.all_logs(summary.run_id) if record.level == 30]
    assert [words for words in warnings if words.startswith("an alarm was not delivered")]
