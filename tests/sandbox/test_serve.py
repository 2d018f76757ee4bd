"""The sandbox as a server: in this process, alone in another one, and what it needs to start."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from sandbox.serve import running
from sandbox.world import World
from schemas.time import DAY, utc_now
from tests.sandbox.asking import METERVALUES

if TYPE_CHECKING:
    from collections.abc import Iterator

_PROJECT = Path(__file__).parents[2]


@pytest.fixture
def process(tmp_path: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Start a sandbox of its own process with a fleet of three, and give it with its URL."""
    ready = tmp_path / "ready"
    command = [
        sys.executable,
        "-m",
        "sandbox",
        "--port",
        "0",
        "--fleet",
        "3",
        "--unlimited",
        "--ready-file",
        str(ready),
    ]
    started = subprocess.Popen(command, cwd=_PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        while not ready.exists():
            assert started.poll() is None, started.communicate()
            time.sleep(0.01)
        yield started, ready.read_text(encoding="utf-8")
    finally:
        started.kill()
        started.communicate()


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, -signal.SIGTERM)])
def test_a_process_of_its_own(
    process: tuple[subprocess.Popen[str], str],
    client: httpx.Client,
    tmp_path: Path,
    stop: signal.Signals,
    code: int,
) -> None:
    """By the time the ready file is there it holds the whole URL, and calls are taken; a signal ends it quietly."""
    sandbox, url = process
    headers = {"Authorization": "Bearer sandbox-fleet"}
    # Without a start it is today's midnight, of which nothing is there in the hour after it.
    yesterday = {"startTime": (utc_now() - DAY).isoformat(timespec="seconds")}
    responses = [client.get(f"{url}/elvia{METERVALUES}", headers=headers, params=yesterday) for _ in range(201)]
    assert {response.status_code for response in responses} == {200}
    assert len(responses[0].json()["meteringpoints"]) == 3
    sandbox.send_signal(stop)
    out, err = sandbox.communicate(timeout=30)
    assert f"{url}/elvia" in out
    assert f"{url}/leneda" in out
    assert (sandbox.returncode, err) == (code, "")
    assert [file.name for file in tmp_path.iterdir()] == ["ready"]


def test_two_beside_each_other(client: httpx.Client) -> None:
    """Two sandboxes in one process have their own ports and worlds; after the end nobody listens."""
    with running(World()) as first, running() as second:
        assert first.url != second.url
        assert "sandbox-home" not in client.get(f"{first.url}/").text
        assert "sandbox-home" in client.get(f"{second.url}/").text
    with pytest.raises(httpx.ConnectError):
        client.get(first.url)


def test_a_port_that_is_taken() -> None:
    """A port in use is an error at once, and a free one is served."""
    with running(World()) as sandbox:
        port = int(sandbox.url.rpartition(":")[2])
        with pytest.raises(OSError, match="in use"), running(World(), port):
            pass
    with socket.create_server(("127.0.0.1", 0)) as probe:
        free = probe.getsockname()[1]
    with running(World(), free) as sandbox:
        assert sandbox.url == f"http://127.0.0.1:{free}"


def test_light_imports() -> None:
    """The sandbox needs neither Dagster nor the connectors or pipelines, and no HTTP client."""
    code = "import sys, sandbox.__main__; print(*sorted({name.split('.')[0] for name in sys.modules}))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=_PROJECT, capture_output=True, text=True, check=True)
    assert not {"dagster", "connectors", "pipelines", "httpx", "dataframely"} & set(loaded.stdout.split())
