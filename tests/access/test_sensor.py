"""Dagster's sensor: what it asks for when access is granted, and what it says when it is lost."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import dagster as dg
import pytest

from pipelines.access.check import standing
from pipelines.definitions import _definitions
from pipelines.settings import load
from pipelines.store.lock import writing
from schemas.time import DAY, HOUR
from tests.access.community import KEY, OTHERS, OWNER, OWNER_NAME, THEIRS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from time_machine import Traveller

    from tests.access.community import Community


class Ticking:
    """The sensor, tick after tick, each with the cursor that the last one left."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        """Begin without a cursor."""
        self.instance = instance
        self.cursor: str | None = None

    def tick(self) -> Any:  # noqa: ANN401 - Dagster's own class is not public
        """Evaluate it now, with definitions as they would be loaded now."""
        definitions = _definitions()
        with dg.build_sensor_context(
            instance=self.instance, cursor=self.cursor, repository_def=definitions.get_repository_def()
        ) as context:
            data = definitions.resolve_sensor_def("leneda_access").evaluate_tick(context)
        self.cursor = data.cursor or self.cursor
        return data


@pytest.fixture
def ticking() -> Iterator[Ticking]:
    """The sensor on an instance of its own."""
    with dg.instance_for_test() as instance:
        yield Ticking(instance)


def partitions(tick: Any) -> list[str | None]:  # noqa: ANN401 - see above
    """Return the years of the runs that a tick asks for."""
    return [request.partition_key for request in tick.run_requests or ()]


def test_it_is_on_by_default_every_hour(community: Community) -> None:
    """Each source at which access can be asked for has one, and no other; its pace is a setting."""
    definitions = _definitions()
    assert [name for each in definitions.sensors or () if (name := each.name).endswith("_access")] == ["leneda_access"]
    sensor: Any = definitions.resolve_sensor_def("leneda_access")
    assert sensor.default_status is dg.DefaultSensorStatus.RUNNING
    assert sensor.minimum_interval_seconds == 3600

    community.installation.give(ACCESS__CHECK_EVERY_S="60")
    faster: Any = _definitions().resolve_sensor_def("leneda_access")
    assert faster.minimum_interval_seconds == 60


def test_a_grant_is_fetched_without_a_command(community: Community, clock: Traveller, ticking: Ticking) -> None:
    """The tick that finds it asks for every year of that connection and the summary, once."""
    community.set("history_years", 3)
    community.request()
    waits = ticking.tick()
    assert (partitions(waits), waits.skip_message) == (
        [],
        "registers of other people's: 0 granted, 1 waited for",
    )

    clock.shift(HOUR)
    community.decide("approve")
    granted = ticking.tick()
    assert partitions(granted) == ["2026", "2025", "2024", "2023", None]
    selected = {key.to_user_string() for request in granted.run_requests for key in request.asset_selection}
    assert selected == {"leneda/plant/readings", "leneda/plant/influxdb", "leneda/summary"}

    clock.shift(HOUR)
    again = ticking.tick()
    assert (partitions(again), again.skip_message) == (
        [],
        "registers of other people's: 1 granted, 0 waited for",
    )


def test_a_second_grant_is_another_reason_to_fetch(community: Community, clock: Traveller, ticking: Ticking) -> None:
    """Runs for another grant have other keys, so that Dagster does not take them for the same."""
    community.request()
    community.request(pod=OTHERS)
    community.decide("approve")
    first = ticking.tick()
    clock.shift(HOUR)
    community.decide("approve", OTHERS)
    second = ticking.tick()

    keys = [request.run_key for tick in (first, second) for request in tick.run_requests]
    assert len(keys) == len(set(keys)) >= 4


def test_what_comes_back_is_fetched_too(community: Community, clock: Traveller, ticking: Ticking) -> None:
    """Granted, lost, asked for again and granted once more, it is as new, whatever was granted in between."""
    community.request()
    community.decide("approve")
    ticking.tick()
    community.decide("revoke")
    clock.shift(DAY + HOUR)
    ticking.tick()
    community.request()
    community.request(pod=OTHERS)
    community.decide("approve", OTHERS)
    clock.shift(HOUR)
    assert "2026" in partitions(ticking.tick())

    clock.shift(HOUR)
    community.decide("approve")

    assert "2026" in partitions(ticking.tick())


def test_what_a_command_found_is_fetched_too(community: Community, ticking: Ticking) -> None:
    """Whoever looked first, and however a tick ended, the next tick that comes to its end asks for the runs."""
    community.request()
    community.decide("approve")
    community.check()
    lost = ticking.tick()
    assert "2026" in partitions(lost)

    ticking.cursor = None
    repeated = ticking.tick()
    # Dagster knows by these that it has them.
    assert [request.run_key for request in repeated.run_requests] == [request.run_key for request in lost.run_requests]


def test_a_loss_is_told_once(community: Community, clock: Traveller, ticking: Ticking) -> None:
    """The log says how many and who must act; runs that would ask for it are not wanted."""
    community.request()
    community.decide("approve")
    ticking.tick()
    community.decide("revoke")
    clock.shift(DAY + HOUR)
    community.installation.capture.readouterr()

    tick = ticking.tick()

    told = community.installation.capture.readouterr().err
    assert "leneda/plant: access to 1 of other people's registers is lost" in told
    assert "You must act" in told
    assert partitions(tick) == []
    community.calls()
    clock.shift(HOUR)
    ticking.tick()
    assert "is lost" not in community.installation.capture.readouterr().err
    assert community.calls() == []


def test_it_skips_where_there_is_nothing_to_do(community: Community, ticking: Ticking) -> None:
    """No request, no connection, broken settings, another writer: each is said, and nobody is asked."""
    assert ticking.tick().skip_message == "no access was asked for"
    community.request()
    community.calls()
    with writing(load().data_dir / "locks", "leneda", wait_s=0):
        assert "is writing to the store of leneda" in ticking.tick().skip_message
    for key in ("SOURCE", "ENERGY_ID", "API_KEY", "BASE_URL", "HISTORY_YEARS", "CALLS_PER_MINUTE"):
        community.installation.environ.delenv(f"WATTLINE_CONNECTIONS__PLANT__{key}")
    assert ticking.tick().skip_message == "no connection to leneda is configured"
    community.set("source", "lenida")
    assert "connections.plant.source" in ticking.tick().skip_message
    assert community.calls() == []


def test_it_goes_on_where_a_connection_fails(community: Community, ticking: Ticking) -> None:
    """A refused key is told with who must act, and asked once."""
    community.request()
    community.set("api_key", "key-9")
    community.calls()

    ticking.tick()
    ticking.tick()

    assert len(community.calls()) == 1
    assert "the credential is refused (401). You must act" in community.installation.capture.readouterr().err


def test_dagster_learns_no_name_and_no_metering_point(community: Community, clock: Traveller, ticking: Ticking) -> None:
    """Cursor, messages, logs and the runs that are asked for name connections, and count the rest."""
    community.request()
    community.request(pod=OTHERS)
    ticks = [ticking.tick()]
    community.decide("approve")
    clock.shift(HOUR)
    ticks.append(ticking.tick())
    community.decide("revoke")
    clock.shift(2 * DAY)
    ticks.append(ticking.tick())

    seen = "".join(
        (*map(repr, ticks), *map(str, ticks), str(ticking.cursor), *community.installation.capture.readouterr())
    )
    for canary in (KEY, OWNER_NAME, OWNER, THEIRS, OTHERS, THEIRS[-8:]):
        assert canary not in seen
    assert json.loads(ticking.cursor or "").keys() == {"plant"}
    assert {one.state for one in standing(load(), community.flow(), "plant")} == {"lost", "requested"}
