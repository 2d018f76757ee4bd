"""The daily schedule: when it ticks, and what each tick asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import dagster as dg

from connectors.elvia.source import ELVIA
from pipelines.definitions import _definitions
from tests.support.home import NOW, moved_in
from tests.support.in_dagster import definitions_of

if TYPE_CHECKING:
    import pytest

    from tests.support.home import Home

YEARS: Final = ["2023", "2024", "2025", "2026"]


def _tick(definitions: dg.Definitions) -> Any:  # noqa: ANN401 - Dagster's own class is not public
    """Evaluate the schedule of Elvia's daily sync now."""
    schedule = definitions.resolve_schedule_def("elvia_daily_sync")
    with (
        dg.instance_for_test() as opened,
        # Closed again, or the next definitions would be loaded by an instance that is gone.
        dg.build_schedule_context(
            instance=opened,
            # In the schedule's own zone, as Dagster hands it over.
            scheduled_execution_time=NOW.astimezone(ELVIA.zone),
            repository_def=definitions.get_repository_def(),
        ) as context,
    ):
        return schedule.evaluate_tick(context)


def test_the_daily_schedule_is_on(storage: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """`elvia_daily_sync` is on by default, at 06:30 Norwegian time or when the settings say."""
    schedule: Any = definitions_of(storage, monkeypatch).resolve_schedule_def("elvia_daily_sync")
    assert schedule.default_status is dg.DefaultScheduleStatus.RUNNING
    assert (schedule.cron_schedule, schedule.execution_timezone) == ("30 6 * * *", "Europe/Oslo")

    storage.set("schedules__elvia", "15 * * * *")
    hourly: Any = definitions_of(storage, monkeypatch).resolve_schedule_def("elvia_daily_sync")
    assert hourly.cron_schedule == "15 * * * *"


def test_the_schedule_asks_for_runs_where_there_is_something_to_ask(
    storage: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """First every year is asked for, later the newest for all and an older one for whom it is due, then the summary."""
    storage.admit(moved_in(20))
    requests = _tick(definitions_of(storage, monkeypatch)).run_requests
    assert [request.partition_key for request in requests] == [*reversed(YEARS), None]
    assert [key.to_user_string() for key in requests[-1].asset_selection] == ["elvia/summary"]
    # Behind the years in the queue, whenever they got there.
    assert [int(request.tags.get("dagster/priority", 0)) for request in requests] == [0, 0, 0, 0, -1]

    storage.backfill()
    storage.admit(moved_in(20, "newcomer", 2))
    requests = _tick(definitions_of(storage, monkeypatch)).run_requests
    assert [request.partition_key for request in requests] == [*reversed(YEARS), None]
    selected = [{key.path[1] for key in request.asset_selection} for request in requests[:-1]]
    assert selected == [{"home", "newcomer"}, {"newcomer"}, {"newcomer"}, {"newcomer"}]
    assert len({request.run_key for request in requests}) == 5

    storage.backfill()
    requests = _tick(definitions_of(storage, monkeypatch)).run_requests
    assert [request.partition_key for request in requests] == ["2026", None]


def test_a_connection_that_was_added_since_spoils_no_run(storage: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until its assets are declared a new connection is asked for by no tick, and the others are as ever."""
    storage.admit(moved_in(20))
    loaded = definitions_of(storage, monkeypatch)
    storage.admit(moved_in(20, "newcomer", 2))
    definitions_of(storage, monkeypatch)

    requests = _tick(loaded).run_requests

    assert {key.path[1] for request in requests[:-1] for key in request.asset_selection} == {"home"}


def test_the_schedule_skips_where_nothing_is_configured(storage: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a connection, or with settings that cannot be read, the schedule asks for no run and says why."""
    assert _tick(definitions_of(storage, monkeypatch)).skip_message == "no connection to elvia is configured"
    monkeypatch.setenv("WATTLINE_CONNECTIONS__HOME__SOURCE", "elvira")
    assert "connections.home.source" in _tick(_definitions()).skip_message
