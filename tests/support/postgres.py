"""A real PostgreSQL for tests: found on this machine or out of Debian's archive, private, on loopback."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from secrets import token_hex
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import psycopg2
import pytest

from sandbox.debian import NoPackage, unpack_debian_package
from tests.support.influx import TOOLS, missing

if TYPE_CHECKING:
    from collections.abc import Iterator

USER: Final = "dagster"
DATABASE: Final = "dagster"
_NOBODY: Final = 65534
_LONGEST_START_S: Final = 60.0


class Postgres:
    """One server, with a superuser and an empty database. Use `running_postgres`."""

    def __init__(self, programs: Path, folder: Path) -> None:
        """Choose a free port and a password, and make the cluster."""
        self.password = token_hex(8)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port: int = probe.getsockname()[1]
        self._programs, self._folder = programs, folder
        self._process: subprocess.Popen[bytes] | None = None
        secret = folder / "password"
        secret.write_text(self.password)
        if os.getuid() == 0:
            # It refuses to be root's.
            for path in (folder, secret):
                os.chown(path, _NOBODY, _NOBODY)
        cluster = ("--pgdata", str(folder / "data"), "--no-sync", "--no-locale", "--encoding", "UTF8")
        access = ("--username", USER, "--auth", "scram-sha-256", "--pwfile", str(secret))
        initdb = self._command("initdb", *cluster, *access)
        subprocess.run(initdb, cwd=folder, env=self._environment, check=True, capture_output=True)

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        where = {"listen_addresses": "127.0.0.1", "port": self.port, "unix_socket_directories": "", "fsync": "off"}
        options = [word for name, value in where.items() for word in ("-c", f"{name}={value}")]
        until = time.monotonic() + _LONGEST_START_S
        with (self._folder / "log").open("ab") as log:
            while time.monotonic() < until:
                # What a killed server leaves running for a moment keeps the next one from starting.
                self._process = subprocess.Popen(
                    self._command("postgres", "-D", str(self._folder / "data"), *options),
                    cwd=self._folder,
                    env=self._environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
                while self._process.poll() is None and time.monotonic() < until:
                    try:
                        psycopg2.connect(self._address("postgres")).close()
                    except psycopg2.OperationalError:
                        time.sleep(0.05)
                    else:
                        return
        pytest.fail(f"PostgreSQL did not start: {(self._folder / 'log').read_text()[-2000:]}")

    def make_database(self) -> None:
        """Make the empty database."""
        connection = psycopg2.connect(self._address("postgres"))
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {DATABASE}")
        connection.close()

    def kill(self) -> None:
        """End it as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def stop(self) -> None:
        """End it, whoever is still connected."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(_LONGEST_START_S)

    def _address(self, database: str) -> str:
        return f"host=127.0.0.1 port={self.port} dbname={database} user={USER} password={self.password}"

    def _command(self, program: str, *arguments: str) -> list[str]:
        # With setpriv, whatever happens to the tests, nothing is left running.
        setpriv = ["setpriv", "--pdeathsig", "KILL"] if shutil.which("setpriv") else []
        if os.getuid() == 0:
            setpriv += [f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
        return [*setpriv, str(self._programs / program), *arguments]

    @property
    def _environment(self) -> dict[str, str]:
        # Nothing of ours, since PG... would count. Unpacked, it has its libraries beside it.
        libraries = ":".join(str(folder) for folder in TOOLS.glob("*/usr/lib/*-linux-gnu*"))
        return {"LC_ALL": "C", "LD_LIBRARY_PATH": libraries}


def find_or_fetch() -> Path | None:
    """Return the folder of PostgreSQL's programs: the machine's own, else Debian's, unpacked; None without apt.

    Raises:
        NoPackage: apt could not fetch it.
    """
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), reverse=True)
    if installed:
        return installed[0].parent
    if shutil.which("apt-get") is None:
        return None
    plan = ["apt-get", "install", "--print-uris", "-qq", "-y", "--no-install-recommends", "postgresql"]
    wanted = subprocess.run(plan, capture_output=True, text=True, check=False)
    # A line is 'URI' FILE SIZE; what is for every machine alike is scripts around the programs.
    files = [line.split()[1] for line in wanted.stdout.splitlines() if not line.split()[1].endswith("_all.deb")]
    roots = [unpack_debian_package(file.partition("_")[0], TOOLS) for file in files]
    found = [path.parent for root in roots if root for path in root.glob("usr/lib/postgresql/*/bin/initdb")]
    return found[0] if found else None


@contextmanager
def running_postgres() -> Iterator[Postgres]:
    """Run a private server with an empty database; skip the test where none can be had."""
    try:
        programs = find_or_fetch()
    except NoPackage:
        programs = None
    if programs is None or (os.getuid() == 0 and shutil.which("setpriv") is None):
        missing("PostgreSQL")
    # Not pytest's folder, which is closed to the user that the server runs as.
    with TemporaryDirectory(prefix="wattline-postgres-") as folder:
        server = Postgres(programs, Path(folder))
        try:
            server.start()
            server.make_database()
            yield server
        finally:
            server.stop()
