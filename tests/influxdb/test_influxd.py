"""The private server: it is nobody else's, and nothing of it stays."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from connectors.errors import TryLater
from connectors.influxdb.database import connect
from connectors.influxdb.settings import InfluxSettings
from sandbox.influxd import find_or_fetch, running_influxd
from tests.influxdb.frames import as_lines, hours

if TYPE_CHECKING:
    from connectors.influxdb.base import Database
    from sandbox.influxd import Influxd

ROOT = Path(__file__).parents[2]


def energy(server: Influxd) -> closing[Database]:
    """Return the server's database `energy`, to be closed."""
    return closing(connect(InfluxSettings(url=server.url, database="energy")))


def listening(url: str) -> bool:
    """Tell whether anything listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", int(url.rpartition(":")[2]))) == 0


def listeners(pid: int) -> set[str]:
    """Return the addresses, as hexadecimal of the kernel's table, on which a process listens."""
    inodes = {str(link.readlink()) for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    rows = [
        row.split()
        for table in ("tcp", "tcp6")
        if (path := Path(f"/proc/{pid}/net/{table}")).exists()
        for row in path.read_text().splitlines()[1:]
    ]
    return {row[1].split(":")[0] for row in rows if row[3] == "0A" and f"socket:[{row[9]}]" in inodes}


def test_keeps_to_its_folder_and_loopback(influxd_program: Path, tmp_path: Path) -> None:
    """Everything it writes is in its folder, every port of it is on loopback, and it is gone at the end."""
    folder = tmp_path / 'data of "a" test'
    with running_influxd(influxd_program, folder) as server:
        with energy(server) as database:
            database.create()
            database.write(as_lines(hours(1)))
        assert server._process is not None
        pid = server._process.pid
        addresses = listeners(pid)

    assert addresses == {"0100007F"}
    assert {path.name for path in folder.iterdir()} == {"data", "influxd.conf", "influxd.log", "meta", "wal"}
    assert not listening(server.url)
    assert not Path(f"/proc/{pid}").exists()


def test_restart_keeps_data_and_port(influxd_program: Path, tmp_path: Path) -> None:
    """A second run on the same folder serves what the first one stored."""
    with running_influxd(influxd_program, tmp_path) as server:
        with energy(server) as database:
            database.create()
        port = int(server.url.rpartition(":")[2])

    with running_influxd(influxd_program, tmp_path, port=port) as again:
        assert again.url == server.url
        with energy(again) as database:
            assert database.exists()


def test_port_that_is_taken(influxd_program: Path, tmp_path: Path) -> None:
    """A port that somebody listens on is refused before anything is started."""
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(OSError, match="in use"):  # noqa: SIM117
        with running_influxd(influxd_program, tmp_path, port=taken.getsockname()[1]):
            pytest.fail("it started")


def test_server_that_does_not_start(tmp_path: Path) -> None:
    """A program that ends at once is reported with the place of its log."""
    with pytest.raises(TryLater, match=r"did not start; its log is .*influxd\.log"):  # noqa: SIM117
        with running_influxd(Path("/bin/false"), tmp_path):
            pytest.fail("it started")


@pytest.mark.skipif(shutil.which("setpriv") is None, reason="no setpriv, by which the kernel is asked for it")
def test_dies_with_its_parent(influxd_program: Path, tmp_path: Path) -> None:
    """Where the one who started it is killed, nothing is left running."""
    script = f"""
        import signal
        from pathlib import Path
        from sandbox.influxd import running_influxd
        with running_influxd(Path({str(influxd_program)!r}), Path({str(tmp_path)!r})) as server:
            print(server.url, flush=True)
            signal.pause()
    """
    command = [sys.executable, "-c", dedent(script)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        url = parent.stdout.readline().strip()
        before = listening(url)
        parent.send_signal(signal.SIGKILL)

    # The kernel kills the server with its parent, and closes its ports soon after.
    for _ in range(1000):
        if not listening(url):
            break
        time.sleep(0.01)
    assert (before, listening(url)) == (True, False)


def test_found_on_the_path(influxd_program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The user's own influxd is taken where it is of generation 1."""
    (tmp_path / "influxd").symlink_to(influxd_program)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert find_or_fetch(tmp_path / "tools") == tmp_path / "influxd"


def test_other_generation_is_passed_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An influxd of generation 2 takes other settings: without apt, there is then none."""
    program = tmp_path / "influxd"
    program.write_text("#!/bin/sh\necho 'InfluxDB v2.7.12 (git: ec9dcde5d6)'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))

    assert find_or_fetch(tmp_path / "tools") is None


def test_unpacked_one_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was unpacked once is taken again, without apt and without a network."""
    (tmp_path / "influxdb").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path))

    assert find_or_fetch(tmp_path) == tmp_path / "influxdb/usr/bin/influxd"
