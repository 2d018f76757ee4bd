"""Dagster's monitoring is told of a run whose process is gone, and only when it can be started again."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import dagster as dg
import pytest
import time_machine
import yaml
from dagster._core.launcher.base import WorkerStatus
from dagster._core.storage.tags import GRPC_INFO_TAG

from pipelines import liveness
from pipelines.dagster_home import INSTANCE
from pipelines.liveness import is_alive
from schemas.time import utc_now
from tests.support.services import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

A_RUN: Final = """
import sys
import dagster as dg
from pipelines.liveness import live

@dg.op
def work(context):
    live(context.instance, context.run_id)
    print("begun", flush=True)
    sys.stdin.read()

@dg.job
def job():
    work()

with dg.DagsterInstance.from_config(sys.argv[1]) as instance:
    job.execute_in_process(instance=instance)
"""


@pytest.fixture
def dagster_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with our configuration."""
    (tmp_path / "dagster.yaml").write_text(INSTANCE)
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path))
    return tmp_path


@pytest.fixture
def process(dagster_home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process in the middle of a run."""
    command = [sys.executable, "-c", A_RUN, str(dagster_home)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as working:
        assert working.stdout is not None
        assert working.stdout.readline() == b"begun\n"
        yield working
        working.kill()


def test_a_run_is_gone_when_its_process_is(
    dagster_home: Path, process: subprocess.Popen[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A run at work is alive however long it takes; killed, it is gone at the second look, and not before its time."""
    with dg.DagsterInstance.from_config(str(dagster_home)) as instance:

        def look() -> WorkerStatus:
            return instance.run_launcher.check_run_worker_health(run).status

        (run,) = instance.get_runs()
        long_after = utc_now() + timedelta(hours=5)
        with time_machine.travel(long_after):
            assert [look() for _ in range(3)] == [WorkerStatus.RUNNING] * 3
        assert is_alive(dagster_home, run.run_id)

        process.kill()
        process.wait()

        assert not is_alive(dagster_home, run.run_id)
        assert [look() for _ in range(3)] == [WorkerStatus.RUNNING] * 3
        with time_machine.travel(long_after):
            assert [look() for _ in range(2)] == [WorkerStatus.RUNNING, WorkerStatus.NOT_FOUND]

        # Where its code server is away, it waits, and not for ever.
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            server = {"host": "127.0.0.1", "port": nobody.getsockname()[1]}
            instance.add_run_tags(run.run_id, {GRPC_INFO_TAG: json.dumps(server)})
            (run,) = instance.get_runs()
            with time_machine.travel(long_after):
                assert [look() for _ in range(3)] == [WorkerStatus.RUNNING] * 3
                monkeypatch.setattr(liveness, "PATIENCE_S", 0)
                assert look() is WorkerStatus.NOT_FOUND


def test_no_run_is_alive_where_none_ever_was(tmp_path: Path) -> None:
    """Without the file there is no lock."""
    assert not is_alive(tmp_path, "00000000-0000-4000-8000-000000000000")


@pytest.mark.parametrize("part", ["run_coordinator", "run_launcher", "run_monitoring", "run_retries", "scheduler"])
def test_containers_are_configured_alike(part: str) -> None:
    """What heals a killed run is the same in compose as in the home that we write."""
    in_containers = yaml.safe_load((ROOT / "deploy/compose/dagster.yaml").read_text())
    assert in_containers[part] == yaml.safe_load(INSTANCE)[part]
