"""A private InfluxDB 1.x: found on this machine or fetched, and run on loopback for as long as it is wanted."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

from connectors.errors import TryLater
from connectors.http import Http, Policy
from sandbox.debian import unpack_debian_package

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONFIGURATION: Final = """\
reporting-disabled = true
bind-address = "127.0.0.1:0"
[meta]
  dir = {meta}
[data]
  dir = {data}
  wal-dir = {wal}
  query-log-enabled = false
[monitor]
  store-enabled = false
[continuous_queries]
  enabled = false
[http]
  bind-address = "127.0.0.1:{port}"
  auth-enabled = {auth}
  log-enabled = false
"""
_LONGEST_START_S: Final = 60.0
_LONGEST_STOP_S: Final = 20.0


def find_or_fetch(folder: Path) -> Path | None:
    """Return the program `influxd`, version 1.x: the user's own, else Debian's, unpacked into the folder.

    Returns:
        The program, or None where there is none and no apt to fetch it.

    Raises:
        NoPackage: apt could not fetch it.
    """
    found = shutil.which("influxd")
    if found and _is_first_generation(found):
        return Path(found)
    root = unpack_debian_package("influxdb", folder)
    return root / "usr/bin/influxd" if root else None


class Influxd:
    """One server on a port of its own. Use `running_influxd`."""

    def __init__(self, binary: Path, folder: Path, *, port: int, auth: bool) -> None:
        """Choose a free port where none is given, and write the configuration."""
        self._binary, self._folder = binary, folder.absolute()
        self._port = _free_port(port)
        self._process: subprocess.Popen[bytes] | None = None
        self._folder.mkdir(parents=True, exist_ok=True)
        folders = {name: json.dumps(str(self._folder / name)) for name in ("meta", "data", "wal")}
        text = _CONFIGURATION.format(port=self._port, auth=str(auth).lower(), **folders)
        (self._folder / "influxd.conf").write_text(text)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            TryLater: it ended, or never answered; the message names its log.
        """
        # With setpriv, whatever happens to us, nothing is left running.
        setpriv = shutil.which("setpriv")
        dying_with_us = [setpriv, "--pdeathsig", "KILL"] if setpriv else []
        command = [*dying_with_us, str(self._binary.absolute()), "-config", str(self._folder / "influxd.conf")]
        with (self._folder / "influxd.log").open("ab") as log:
            # Its own session: ctrl-C is for us, who then stop it. Its own environment: INFLUXDB_... would win.
            self._process = subprocess.Popen(
                command, stdout=log, stderr=log, env={"HOME": str(self._folder)}, start_new_session=True
            )
        self._await_answer(self._process)

    def stop(self) -> None:
        """Ask it to end, and make it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(_LONGEST_STOP_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def restart(self) -> None:
        """Start it again, on the same port and data."""
        self.stop()
        self.start()

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + _LONGEST_START_S
        with Http(self.url, service="influxd", policy=Policy(attempts=1, total_s=5)) as http:
            while process.poll() is None and time.monotonic() < until:
                try:
                    http.request("GET", "/ping", endpoint="ping", decode=bytes)
                except TryLater:
                    time.sleep(0.05)
                else:
                    return
        msg = f"influxd did not start; its log is {self._folder / 'influxd.log'}"
        raise TryLater(msg)


@contextmanager
def running_influxd(binary: Path, data_folder: Path, *, port: int = 0, auth: bool = False) -> Iterator[Influxd]:
    """Run a private server on loopback: its own data, log and configuration in `data_folder`, nothing reported.

    The server dies with the thread that starts it, whatever ends that thread.

    Args:
        binary: `influxd`, 1.x.
        data_folder: where it keeps everything; what is in it from an earlier time is served again.
        port: 0 for any free one.
        auth: whether the server asks for a user and password; the first user is made without.

    Raises:
        TryLater: it did not start.
        OSError: the port is taken.
    """
    server = Influxd(binary, data_folder, port=port, auth=auth)
    try:
        server.start()
        yield server
    finally:
        server.stop()


def _free_port(wanted: int) -> int:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", wanted))
        port: int = probe.getsockname()[1]
        return port


def _is_first_generation(binary: str) -> bool:
    answer = subprocess.run([binary, "version"], capture_output=True, text=True, timeout=60, check=False)
    return answer.stdout.startswith("InfluxDB v1.")
