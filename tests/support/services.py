"""Dagster as people run it: code server, web server and daemon, each a process, on loopback, in a home of its own."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest
import yaml

from pipelines.dagster_home import INSTANCE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.support.home import Home

ROOT: Final = Path(__file__).parents[2]
LONGEST_S: Final = 200.0
"""The longest wait for anything; a test that has to wait so long has failed."""

ENDED: Final = frozenset({"SUCCESS", "FAILURE", "CANCELED"})

_COMPOSE: Final = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
_OF_THE_DAEMON: Final = {
    name: value
    for name, value in _COMPOSE["services"]["daemon"]["environment"].items()
    if not name.startswith("DAGSTER_PG")
}
"""What the daemon is given in containers."""


class Process:
    """One of the services: started, killed as a container is with all that it started, and started again."""

    def __init__(self, name: str, command: list[str], environment: Mapping[str, str], folder: Path) -> None:
        """Bind the command; what it prints goes into the folder."""
        self.log = folder / f"{name}.log"
        # Whatever happens to us, nothing is left running.
        setpriv = shutil.which("setpriv")
        dying_with_us = [setpriv, "--pdeathsig", "KILL"] if setpriv else []
        self._command, self._environment, self._folder = [*dying_with_us, *command], environment, folder
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it; does not wait until it is of use."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                env=self._environment,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def kill(self) -> None:
        """End it and its children as a power cut would."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def has_ended(self) -> bool:
        """Tell whether it ended by itself."""
        return self._process is not None and self._process.poll() is not None


class Services:
    """The three of them for one installation; a context manager that ends them."""

    def __init__(self, home: Home) -> None:
        """Write the configuration that is ours, but for intervals: tests have no half minutes to wait."""
        self.home, self.dagster_home = home, home.folder / "dagster"
        self.dagster_home.mkdir()
        (self.dagster_home / "dagster.yaml").write_text(_hurried(INSTANCE))
        code_port, web_port = _free_port(), _free_port()
        self._code_port, self.url = code_port, f"http://127.0.0.1:{web_port}"
        place = {"host": "127.0.0.1", "port": code_port, "location_name": "wattline"}
        workspace = home.folder / "workspace.yaml"
        workspace.write_text(yaml.safe_dump({"load_from": [{"grpc_server": place}]}))
        environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")},
            **home.environment,
            **_OF_THE_DAEMON,
            "DAGSTER_HOME": str(self.dagster_home),
            "PYTHONPATH": str(ROOT),
        }

        def service(name: str, *words: str) -> Process:
            return Process(name, [sys.executable, "-m", *words], environment, home.folder)

        where = ("--host", "127.0.0.1", "--port")
        module = ("--module-name", "pipelines.definitions")
        self.code = service("code", "dagster", "code-server", "start", *where, str(code_port), *module)
        self.web = service("web", "dagster_webserver", *where, str(web_port), "--workspace", str(workspace))
        self.daemon = service("daemon", "tests.support.hurried_daemon", "run", "--workspace", str(workspace))

    def __enter__(self) -> Self:
        """Start them."""
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Kill them."""
        for process in (self.daemon, self.web, self.code):
            process.kill()

    def until(self, found: Callable[[], Any], what: str, longest_s: float = LONGEST_S) -> Any:  # noqa: ANN401 - what it finds
        """Look again and again until something is there, and return it."""
        ends = time.monotonic() + longest_s
        while time.monotonic() < ends:
            if result := found():
                return result
            for process in (self.code, self.web, self.daemon):
                if process.has_ended():
                    pytest.fail(f"{process.log.stem} ended: {process.log.read_text()[-2000:]}")
            time.sleep(0.2)
        logs = "\n".join(process.log.read_text()[-1500:] for process in (self.code, self.web, self.daemon))
        return pytest.fail(f"in vain: {what}\n{logs}")

    def start(self) -> None:
        """Start them all, and wait until the web server has loaded the definitions."""
        self.code.start()
        self.until(self._code_listens, "the code server listens")
        self.web.start()
        self.daemon.start()
        self.until(self._is_loaded, "the web server has the definitions")

    def ask(self, query: str, **variables: object) -> Any:  # noqa: ANN401 - whatever is asked for
        """Return the one thing that a query of the UI's own GraphQL asks for."""
        body = json.dumps({"query": query, "variables": variables}).encode()
        request = Request(f"{self.url}/graphql", body, {"Content-Type": "application/json"})  # noqa: S310 - ours
        with urlopen(request, timeout=30) as answer:  # noqa: S310 - ours
            told = json.load(answer)
        assert "errors" not in told, told["errors"]
        ((_, found),) = told["data"].items()
        assert found is None or "Error" not in str(found.get("__typename") if isinstance(found, dict) else ""), found
        return found

    def backfill(self, keys: list[str], years: list[str]) -> str:
        """Launch a backfill of assets and years as the UI does, and return its id."""
        selection = [{"path": key.split("/")} for key in keys]
        launched = self.ask(
            """mutation launch($given: LaunchBackfillParams!) { launchPartitionBackfill(backfillParams: $given) {
                __typename ... on LaunchBackfillSuccess { backfillId } ... on PythonError { message } } }""",
            given={"assetSelection": selection, "partitionNames": years},
        )
        backfill: str = launched["backfillId"]
        return backfill

    def backfill_status(self, backfill: str) -> str:
        """Return how a backfill stands."""
        query = """query status($id: String!) { partitionBackfillOrError(backfillId: $id) {
            __typename ... on PartitionBackfill { status } } }"""
        status: str = self.ask(query, id=backfill)["status"]
        return status

    def end_of_backfill(self, backfill: str) -> str:
        """Wait for a backfill's end, and return how it ended."""
        running = {"REQUESTED", "CANCELING", "FAILING", "COMPLETED_BUT_RUNS_IN_PROGRESS"}

        def ended() -> str | None:
            status = self.backfill_status(backfill)
            return None if status in running else status

        status: str = self.until(ended, "the backfill ends")
        return status

    def launch(self, *keys: str, year: str | None = None) -> str:
        """Launch one run of assets as the UI does, and return its id."""
        tags = [{"key": "dagster/partition", "value": year}] if year else []
        launched = self.ask(
            """mutation launch($given: ExecutionParams!) { launchPipelineExecution(executionParams: $given) {
                __typename ... on LaunchRunSuccess { run { runId } } ... on PythonError { message } } }""",
            given={
                "selector": {
                    "repositoryLocationName": "wattline",
                    "repositoryName": "__repository__",
                    "pipelineName": "__ASSET_JOB",
                    "assetSelection": [{"path": key.split("/")} for key in keys],
                    "assetCheckSelection": None if any(key.endswith("/summary") for key in keys) else [],
                },
                "mode": "default",
                "executionMetadata": {"tags": tags},
            },
        )
        run: str = launched["run"]["runId"]
        return run

    def runs(self, **tags: str) -> list[dict[str, Any]]:
        """Return the runs with these tags, oldest first: `runId`, `status`, `tags`, `assetSelection`."""
        found = self.ask(
            """query runs($filter: RunsFilter!) { runsOrError(filter: $filter) { __typename ... on Runs { results {
                runId status startTime assetSelection { path } tags { key value } } } } }""",
            filter={"tags": [{"key": f"dagster/{key}", "value": value} for key, value in tags.items()]},
        )
        results: list[dict[str, Any]] = found["results"]
        return [{**run, "tags": {tag["key"]: tag["value"] for tag in run["tags"]}} for run in reversed(results)]

    def end_of(self, run_id: str) -> str:
        """Wait for a run's end, and return how it ended."""

        def ended() -> str | None:
            (status,) = [run["status"] for run in self.runs() if run["runId"] == run_id]
            return status if status in ENDED else None

        status: str = self.until(ended, "the run ends")
        return status

    def events(self, run_id: str) -> list[dict[str, Any]]:
        """Return a run's event log: `__typename`, `message`, and what some kinds have beside it."""
        found = self.ask(
            """query events($id: ID!) { logsForRun(runId: $id) { __typename ... on EventConnection { events {
                __typename ... on MessageEvent { message level }
                ... on MaterializationEvent { assetKey { path } partition }
                ... on ExecutionStepFailureEvent { failureMetadata { description } } } } } }""",
            id=run_id,
        )
        events: list[dict[str, Any]] = found["events"]
        return events

    def materialized(self, run_id: str) -> set[tuple[str, str | None]]:
        """Return what a run materialized: assets and partitions."""
        return {
            ("/".join(event["assetKey"]["path"]), event["partition"])
            for event in self.events(run_id)
            if event["__typename"] == "MaterializationEvent"
        }

    def stop_schedule(self, name: str) -> None:
        """Switch a schedule off, as the UI does."""
        selector = {"repositoryLocationName": "wattline", "repositoryName": "__repository__", "scheduleName": name}
        state = self.ask(
            """query schedule($given: ScheduleSelector!) { scheduleOrError(scheduleSelector: $given) {
                __typename ... on Schedule { scheduleState { id } } } }""",
            given=selector,
        )
        self.ask(
            """mutation stop($id: String!) { stopRunningSchedule(id: $id) { __typename } }""",
            id=state["scheduleState"]["id"],
        )

    def _code_listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._code_port)) == 0

    def _is_loaded(self) -> bool:
        try:
            found = self.ask(
                "query { repositoriesOrError { __typename ... on RepositoryConnection { nodes { name } } } }"
            )
        except (URLError, ConnectionError):
            return False
        return bool(found["nodes"])


def _hurried(text: str) -> str:
    configuration = yaml.safe_load(text)
    configuration["run_coordinator"]["config"] |= {"dequeue_interval_seconds": 1, "user_code_failure_retry_delay": 2}
    configuration["run_monitoring"] |= {"poll_interval_seconds": 1, "start_timeout_seconds": 30}
    return yaml.safe_dump(configuration)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
