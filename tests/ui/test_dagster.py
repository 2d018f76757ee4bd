"""Dagster as people see it: real services, the UI's own GraphQL, and the UI itself in a browser."""

from __future__ import annotations

import time
from base64 import b64encode
from typing import TYPE_CHECKING, Any, NamedTuple

import polars as pl
import pytest

from connectors.leneda.source import LENEDA
from pipelines.flow import Flow
from pipelines.store.alias import Aliases
from sandbox.hours import OSLO
from schemas.time import local_day, utc_now, year_window
from tests.support.command_lines import watched_command_lines
from tests.support.searching import contents
from tests.ui.conftest import CANARIES, NOBODYS, PASSWORD, POINT, TOKENS, USER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.chromium import Chromium
    from tests.support.home import Home
    from tests.support.services import Services

LONGEST_S = 60


class Backfilled(NamedTuple):
    """What one backfill of `home` and a year led to."""

    year: str
    status: str
    runs: list[str]
    tokens: set[str | None]
    points: pl.DataFrame


@pytest.fixture(scope="module")
def command_lines() -> Iterator[set[bytes]]:
    """Every command line of this machine while the services were at work."""
    with watched_command_lines() as seen:
        yield seen


@pytest.fixture(scope="module")
def backfilled(command_lines: set[bytes], installation: Home, services: Services) -> Backfilled:  # noqa: ARG001 - watched
    """The backfill of one connection and one year, launched as the UI does, at its end."""
    last_year = str(_this_year(installation) - 1)
    backfill = services.backfill(["elvia/home/readings", "elvia/home/influxdb"], [last_year])
    status = services.end_of_backfill(backfill)
    runs = [run["runId"] for run in services.runs(backfill=backfill)]
    asked = {call.token for call in installation.calls() if call.path.startswith("/elvia")}
    return Backfilled(last_year, status, runs, asked, installation.points())


@pytest.fixture(scope="module")
def red_run(backfilled: Backfilled, installation: Home, services: Services) -> str:  # noqa: ARG001 - it comes after
    """A run of the current year for all of Elvia's connections, of which two fail, at its end."""
    keys = [f"elvia/{name}/{stage}" for name in TOKENS for stage in ("readings", "influxdb")]
    run = services.launch(*keys, year=str(_this_year(installation)))
    assert services.end_of(run) == "FAILURE"
    return run


@pytest.fixture(scope="module")
def scheduled(red_run: str, installation: Home, services: Services) -> dict[str | None, str]:  # noqa: ARG001 - it comes after
    """What the daemon's own schedule ran at one tick: statuses by partition; it is off afterwards."""

    def of_a_tick() -> list[dict[str, Any]]:
        """Return the runs of the first tick once the last of them, the summary's, is there."""
        runs = services.runs(schedule_name="leneda_daily_sync")
        of_the_first = [run for run in runs if run["tags"]["dagster/tick"] == runs[0]["tags"]["dagster/tick"]]
        return of_the_first if any("dagster/partition" not in run["tags"] for run in of_the_first) else []

    runs = services.until(of_a_tick, "the schedule ticks")
    services.stop_schedule("leneda_daily_sync")
    return {run["tags"].get("dagster/partition"): services.end_of(run["runId"]) for run in runs}


def _this_year(home: Home) -> int:
    return local_day(home.world.now(), OSLO).year


def _shown(browser: Chromium, url: str, *words: str) -> str:
    """Open a page of the UI, wait until it shows all these words, and return its text."""
    browser.open(url, height=2000)
    ends = time.monotonic() + LONGEST_S
    while True:
        text = str(browser.ask("document.body.innerText"))
        if all(word in text for word in words):
            return text
        if time.monotonic() > ends:
            pytest.fail(f"{[word for word in words if word not in text]} not in: {text}")
        time.sleep(0.1)


def test_a_backfill_of_one_connection_and_year(backfilled: Backfilled, installation: Home) -> None:
    """It ends well in one run, asks with that connection's token alone, and InfluxDB has the year as the store has."""
    assert backfilled.status == "COMPLETED_SUCCESS"
    assert len(backfilled.runs) == 1
    assert backfilled.tokens == {TOKENS["home"]}
    year = year_window(int(backfilled.year), OSLO)
    (household,) = (each for each in installation.world.households.values() if each.name == "home")
    served = installation.served(household).filter(pl.col("start").is_between(year.start, year.end, closed="left"))
    points = backfilled.points.filter(pl.col("time").is_between(year.start, year.end, closed="left")).sort("time")
    assert served.height > 24 * 30
    assert points["metering_point"].unique().to_list() == [household.metering_point]
    assert points.select(start="time", quantity="energy_kwh", verified="verified").equals(served)


def test_the_backfill_is_what_was_launched(backfilled: Backfilled, services: Services) -> None:
    """It materializes the two assets of its connection for its year, and nothing else."""
    (run,) = backfilled.runs
    assert services.materialized(run) == {
        ("elvia/home/readings", backfilled.year),
        ("elvia/home/influxdb", backfilled.year),
    }


def test_a_failing_connection_leaves_the_others_complete(red_run: str, installation: Home, services: Services) -> None:
    """The run is red and says who must act for each that failed; the good one is materialized and in InfluxDB."""
    year = str(_this_year(installation))
    assert services.materialized(red_run) == {("elvia/home/readings", year), ("elvia/home/influxdb", year)}

    (failure,) = [each for each in services.events(red_run) if each["__typename"] == "ExecutionStepFailureEvent"]
    told = {line.partition(":")[0]: line for line in failure["failureMetadata"]["description"].splitlines()}
    assert told.keys() == {"elvia/cabin", "elvia/gone"}
    assert "the credential is refused (401). You must act: " in told["elvia/gone"]
    alias = Aliases(installation.flow().store.state).of(NOBODYS)
    assert f"the metering point {alias} are refused" in told["elvia/cabin"]
    assert "WATTLINE_CONNECTIONS__CABIN__TOKEN" in told["elvia/cabin"]

    stored = installation.current().group_by("connection").len()
    loaded = installation.points().filter(source="elvia").group_by("metering_point").len()
    assert sorted(stored["len"]) == sorted(loaded["len"])
    # What the second point's connection could read, it has read.
    assert set(stored["connection"]) == {"home", "cabin"}


def test_a_run_that_said_why_is_not_repeated(red_run: str, services: Services) -> None:
    """Dagster starts again what crashed, and not what failed for a reason that it told."""
    (run,) = [each for each in services.runs() if each["runId"] == red_run]
    assert run["tags"]["dagster/will_retry"] == "false"


def test_the_schedule_runs_by_itself(scheduled: dict[str | None, str], installation: Home) -> None:
    """On real time the daemon's schedule runs the newest year and then the summary, and nothing that is not due."""
    newest = Flow(installation.settings, LENEDA, utc_now()).syncing().years()[0]
    assert scheduled == {str(newest): "SUCCESS", None: "SUCCESS"}


def test_the_lineage_shows_each_connection(browser: Chromium, services: Services, red_run: str) -> None:  # noqa: ARG001 - it is shown
    """The graph of a source has two assets a connection, told apart by its name, and the summary."""
    page = f"{services.url}/locations/__repository__@wattline/asset-groups/elvia/lineage"

    lines = _shown(browser, page, *TOKENS, "summary", "failed)").splitlines()

    assert [lines.count(word) for word in ("readings", "influxdb", "summary")] >= [3, 3, 1]
    assert all(lines.count(name) == 2 for name in TOKENS)


def test_the_partitions_page_shows_the_year(browser: Chromium, services: Services, backfilled: Backfilled) -> None:
    """After the backfill the asset's page shows its year as materialized, and years that nobody asked for as not."""
    page = f"{services.url}/assets/elvia/home/readings?view=partitions"

    text = _shown(browser, page, "Partitions Selected", backfilled.year, "Missing (")

    assert "Failed (0)" in text
    assert "Materialized (0)" not in text
    assert "Missing (0)" not in text


def test_the_page_of_a_failed_run_says_who_must_act(browser: Chromium, services: Services, red_run: str) -> None:
    """Whoever opens the red run reads which connection it was, why, and what to do."""
    words = ("elvia/gone: elvia metervalues: the credential is refused (401). You must act: ", "docs/sources/elvia.md")

    _shown(browser, f"{services.url}/runs/{red_run}", "Failure", *words)


def test_the_checks_page_shows_every_promise(
    browser: Chromium,
    services: Services,
    scheduled: dict[str | None, str],  # noqa: ARG001 - its summary is shown
) -> None:
    """The summary's page lists its checks with how they fare."""
    page = f"{services.url}/assets/leneda/summary?view=checks"

    text = _shown(browser, page, "days_are_covered", "every_connection_answers", "influxdb_equals_the_store")

    assert "registers_balance" in text
    assert text.count("Succeeded") >= 5


def test_nothing_secret_is_seen(
    command_lines: set[bytes],
    installation: Home,
    services: Services,
    scheduled: dict[str | None, str],  # noqa: ARG001 - it is the last that happens
) -> None:
    """No credential is in any file or command line, and no metering point's id in what Dagster keeps and prints."""
    kept = list(contents(installation.folder))
    dagster = [
        (path, data) for path, data in kept if path.is_relative_to(services.dagster_home) or path.suffix == ".log"
    ]
    # The search finds what is there: in Dagster's compressed snapshots, its event log, what a run printed.
    places = (
        (b"elvia_year", "runs.db"),
        (b"quarantined/unit_is", ".db"),
        (b"You must act", ".db"),
        (b"FAILURE", ".err"),
    )
    for thing, name in places:
        assert any(thing in data and path.name.endswith(name) for path, data in dagster), thing
    assert any(b"tests.support.hurried_daemon" in line for line in command_lines)

    songs = [*CANARIES, *(b64encode(song.encode()).decode().rstrip("=") for song in (*CANARIES, f"{USER}:{PASSWORD}"))]
    for song in (song.encode() for song in songs):
        assert [path for path, data in kept if song in data] == []
        assert [line for line in command_lines if song in line] == []
    for point in (*installation.world.households, NOBODYS, POINT):
        assert [path for path, data in dagster if point.encode() in data] == []
