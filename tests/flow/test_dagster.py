"""What Dagster shows and runs: definitions, subsets and failures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import dagster as dg
import polars as pl
import pytest

from pipelines.definitions import _definitions
from pipelines.store.alias import Aliases
from sandbox.hours import OSLO
from schemas.time import DAY, HOUR, year_window
from tests.support.home import NOW, moved_in
from tests.support.in_dagster import definitions_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from time_machine import Traveller

    from tests.support.home import Home

YEARS: Final = ["2023", "2024", "2025", "2026"]


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """An instance in memory."""
    with dg.DagsterInstance.ephemeral() as opened:
        yield opened


def _run(
    definitions: dg.Definitions, instance: dg.DagsterInstance, year: str, *selected: str, **tags: str
) -> dg.ExecuteInProcessResult:
    return definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=instance,
        partition_key=year,
        asset_selection=[dg.AssetKey(path.split("/")) for path in selected],
        tags={"wattline/refetch": tags["refetch"]} if tags else None,
        raise_on_error=False,
    )


def _materialized(result: dg.ExecuteInProcessResult) -> dict[str, str | None]:
    """Return the partition of every asset that the run materialized."""
    events = result.get_asset_materialization_events()
    return {event.asset_key.to_user_string(): event.partition for event in events if event.asset_key is not None}


def _failure(result: dg.ExecuteInProcessResult) -> str:
    (event,) = result.filter_events(lambda event: event.is_step_failure)
    failure = event.step_failure_data.user_failure_data
    assert failure is not None
    return str(failure.description)


def _keys(definitions: dg.Definitions) -> set[str]:
    return {key.to_user_string() for key in definitions.resolve_asset_graph().get_all_asset_keys()}


def test_definitions_load_with_nothing_and_say_what_is_missing() -> None:
    """With no settings, credential or database the definitions are loadable, and the summary says what is missing."""
    definitions = _definitions()

    dg.Definitions.validate_loadable(definitions)
    assert _keys(definitions) == {"elvia/summary", "leneda/summary"}
    node = definitions.resolve_asset_graph().get(dg.AssetKey(["elvia", "summary"]))
    assert "No connection to elvia is configured yet." in (node.description or "")


def test_definitions_load_with_broken_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """Settings that cannot be read do not keep the UI from coming up: it says what is wrong with them."""
    monkeypatch.setenv("WATTLINE_CONNECTIONS__HOME__SOURCE", "elvira")

    definitions = _definitions()

    dg.Definitions.validate_loadable(definitions)
    node = definitions.resolve_asset_graph().get(dg.AssetKey(["elvia", "summary"]))
    assert "connections.home.source" in (node.description or "")


def test_each_connection_has_two_assets(storage: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection has readings and influxdb, in its source's group, by calendar years with the running one."""
    storage.admit(moved_in(20), moved_in(20, "neighbour", 2))
    definitions = definitions_of(storage, monkeypatch)

    dg.Definitions.validate_loadable(definitions)
    wanted = {f"elvia/{name}/{stage}" for name in ("home", "neighbour") for stage in ("readings", "influxdb")}
    assert _keys(definitions) == {*wanted, "elvia/summary", "leneda/summary"}
    graph = definitions.resolve_asset_graph()
    assert {graph.get(dg.AssetKey(path.split("/"))).group_name for path in wanted} == {"elvia"}
    for path in wanted:
        partitions = graph.get(dg.AssetKey(path.split("/"))).partitions_def
        assert partitions is not None
        assert partitions.get_partition_keys() == YEARS
    influxdb = graph.get(dg.AssetKey(["elvia", "home", "influxdb"]))
    assert {key.to_user_string() for key in influxdb.parent_keys} == {"elvia/home/readings"}
    assert graph.get(dg.AssetKey(["elvia", "summary"])).partitions_def is None


def test_one_connection_and_year_runs_alone(
    home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run of one connection and one year asks, stores and loads that, and materializes nothing else."""
    mine, neighbour = moved_in(400), moved_in(400, "neighbour", 2)
    home.admit(mine, neighbour)
    definitions = definitions_of(home, monkeypatch)

    result = _run(definitions, instance, "2025", "elvia/home/readings", "elvia/home/influxdb")

    assert result.success
    assert _materialized(result) == {"elvia/home/readings": "2025", "elvia/home/influxdb": "2025"}
    year = year_window(2025, OSLO)
    served = home.served(mine).filter(pl.col("start") < year.end)
    readings = home.current()
    today = readings.filter(pl.col("start") >= year.end)
    # The newest day tells whether the credential is good.
    assert today["start"].min() > NOW - DAY  # type: ignore[operator]
    assert readings.filter(pl.col("start") < year.end).select("start", "quantity", "verified").equals(served)
    assert readings["connection"].unique().to_list() == ["home"]
    assert home.points()["time"].sort().equals(readings["start"].alias("time"))
    assert {call.token for call in home.calls()} == {"sandbox-home"}
    (shown,) = [
        event.materialization.metadata
        for event in result.get_asset_materialization_events()
        if event.asset_key == dg.AssetKey(["elvia", "home", "readings"])
    ]
    assert shown["new"].value == readings.height
    assert shown["calls"].value == 11
    alias = Aliases(home.flow().store.state).of(mine.metering_point)
    assert str(shown["flag_verdicts"].value).startswith(f"{alias}: trusted, ")
    assert "2025-05-13 to 2025-12-31, 0 missing" in str(shown["days"].value)


def test_the_two_stages_run_alone(home: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch) -> None:
    """`readings` alone asks and loads nothing; `influxdb` alone loads and asks nothing."""
    home.admit(moved_in(20))
    definitions = definitions_of(home, monkeypatch)

    assert _materialized(_run(definitions, instance, "2026", "elvia/home/readings")) == {"elvia/home/readings": "2026"}
    assert home.points().is_empty()
    home.calls()

    assert _materialized(_run(definitions, instance, "2026", "elvia/home/influxdb")) == {"elvia/home/influxdb": "2026"}
    assert home.points().height == home.current().height
    assert home.calls() == []


def test_a_failed_connection_is_the_only_one_not_materialized(
    home: Home, instance: dg.DagsterInstance, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deleted token leaves the other connection materialized and the run red with the words; later runs only warn."""
    mine, neighbour = moved_in(20), moved_in(20, "neighbour", 2)
    home.admit(mine, neighbour)
    home.world.tokens["sandbox-home"].deleted = True
    definitions = definitions_of(home, monkeypatch)
    everything = [f"elvia/{name}/{stage}" for name in ("home", "neighbour") for stage in ("readings", "influxdb")]

    first = _run(definitions, instance, "2026", *everything)

    assert not first.success
    words = _failure(first)
    assert words.startswith("elvia/home: elvia metervalues: the credential is refused (401). You must act: ")
    assert "docs/sources/elvia.md" in words
    assert _materialized(first).keys() & {"elvia/home/readings", "elvia/neighbour/readings"} == {
        "elvia/neighbour/readings"
    }
    assert "elvia/neighbour/influxdb" in _materialized(first)
    assert home.points().height == home.served(neighbour).height

    clock.shift(HOUR)
    second = _run(definitions, instance, "2026", *everything)
    assert second.success
    assert "elvia/home/readings" not in _materialized(second)
    warnings = [record.user_message for record in instance.all_logs(second.run_id) if record.level == 30]
    assert [words for words in warnings if "the credential is refused (401)" in words]


def test_a_renewed_secret_needs_no_restart(
    storage: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A token that is replaced in the secrets folder is used by the next run of the definitions already loaded."""
    mine = moved_in(20)
    storage.admit(mine)
    secret = storage.folder / "secrets" / "connections__home__token"
    secret.parent.mkdir(mode=0o700)
    secret.write_text("a-token-that-was-deleted")
    secret.chmod(0o600)
    del storage.environment["WATTLINE_CONNECTIONS__HOME__TOKEN"]
    definitions = definitions_of(storage, monkeypatch)
    assert not _run(definitions, instance, "2026", "elvia/home/readings").success

    secret.write_text("sandbox-home\n")

    assert _run(definitions, instance, "2026", "elvia/home/readings").success
    assert storage.current().select("start", "quantity", "verified").equals(storage.served(mine))


def test_a_database_that_is_down_makes_the_run_red(
    storage: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without its database the readings are materialized and the run is red, and says which database it was."""
    mine = moved_in(20)
    storage.admit(mine)
    storage.set("influxdb__url", "http://127.0.0.1:9")
    storage.set("influxdb__database", "energy")
    definitions = definitions_of(storage, monkeypatch)

    result = _run(definitions, instance, "2026", "elvia/home/readings", "elvia/home/influxdb")

    assert not result.success
    assert _materialized(result) == {"elvia/home/readings": "2026"}
    assert _failure(result).startswith("http://127.0.0.1:9 energy: InfluxDB ping: no whole answer")


def test_the_refetch_tag_asks_for_the_whole_year(
    storage: Home, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run tagged wattline/refetch asks for its whole year again; without the tag it asks for nothing."""
    storage.admit(moved_in(20))
    definitions = definitions_of(storage, monkeypatch)
    assert _run(definitions, instance, "2026", "elvia/home/readings").success
    storage.calls()

    assert _run(definitions, instance, "2026", "elvia/home/readings").success
    assert storage.calls() == []
    assert _run(definitions, instance, "2026", "elvia/home/readings", refetch="true").success
    assert year_window(2026, OSLO).start in {call.window.start for call in storage.calls() if call.window}
