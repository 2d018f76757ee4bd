"""The shell around the work: loading definitions, a household's memory, and a daily run of many connections."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING

from benchmarks.timing import show
from connectors.influxdb.database import connect
from connectors.influxdb.settings import InfluxSettings
from pipelines.store.state import State
from sandbox import households
from sandbox.influxd import find_or_fetch, running_influxd
from sandbox.serve import running
from sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sandbox.serve import Sandbox

LOAD_DEFINITIONS = """
from time import perf_counter
import dagster
begin = perf_counter()
from pipelines.definitions import defs
defs.get_repository_def().load_all_definitions()
print(perf_counter() - begin)
"""
COMMAND = "from pipelines.commands import main; main()"
DAY_S = 86_400
KB, MB = 1024, 1_000_000


@dataclass(frozen=True)
class Ended:
    """What a process took, and what it printed."""

    seconds: float
    peak_mb: float
    printed: str


@dataclass(frozen=True)
class Installation:
    """A folder with the settings of so many connections, each with a token of its own."""

    folder: Path

    @classmethod
    def of(cls, folder: Path, size: int, sandbox: str, influxdb: InfluxSettings | None) -> Installation:
        """Write the settings and the secrets."""
        secrets = folder / "secrets"
        secrets.mkdir(parents=True, mode=0o700)
        target = f'[influxdb]\nurl = "{influxdb.url}"\ndatabase = "{influxdb.database}"\n' if influxdb else ""
        tables = []
        for number in range(size):
            name = f"home{number}"
            keys = f'source = "elvia"\nbase_url = "{sandbox}"\ncalls_per_hour = 100000\n'
            tables.append(f"[connections.{name}]\n{keys}")
            secret = secrets / f"connections__{name}__token"
            secret.write_text(f"sandbox-{name}")
            secret.chmod(0o600)
        (folder / "wattline.toml").write_text(f'data_dir = "data"\n{target}{"".join(tables)}')
        return cls(folder)

    def run(self, code: str, *arguments: str) -> Ended:
        """Run Python here as a process of its own."""
        given = {name: value for name, value in os.environ.items() if not name.startswith(("WATTLINE_", "DAGSTER_"))}
        given |= {"DAGSTER_HOME": str(self.dagster), "PYTHONPATH": str(Path(__file__).parents[1])}
        self.dagster.mkdir(parents=True, exist_ok=True)
        begin = perf_counter()
        with (self.folder / "out").open("w+b") as out, (self.folder / "err").open("w+b") as err:
            process = subprocess.Popen(
                [sys.executable, "-c", code, *arguments], cwd=self.folder, env=given, stdout=out, stderr=err
            )
            # The usage of this very process, not the highest of all that ever ran.
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            message = (
                f"{arguments or 'definitions'} ended with {process.returncode}: {(self.folder / 'err').read_text()}"
            )
            raise RuntimeError(message)
        return Ended(perf_counter() - begin, usage.ru_maxrss / KB, (self.folder / "out").read_text())

    @property
    def dagster(self) -> Path:
        """Dagster's home."""
        return self.folder / "data" / "dagster"

    def event_log_mb(self) -> float:
        """Return how much Dagster keeps."""
        return sum(path.stat().st_size for path in self.dagster.rglob("*") if path.is_file()) / MB

    def let_a_day_pass(self) -> None:
        """Make all that was asked a day older."""
        with State(self.folder / "data").changing() as database:
            database.execute("UPDATE asked SET asked_at = asked_at - ?", (DAY_S,))
            database.execute("UPDATE contacts SET greeted_at = greeted_at - ?", (DAY_S,))


@contextmanager
def _operator(size: int) -> Iterator[Sandbox]:
    world = World(calls_per_hour=None)
    for number, household in enumerate(households.fleet(size)):
        world.admit(f"sandbox-home{number}", [household])
    with running(world) as sandbox:
        yield sandbox


def _definitions(folder: Path) -> None:
    for size in (1, 100, 1000):
        here = Installation.of(folder / f"definitions-{size}", size, "http://127.0.0.1:9", None)
        ended = here.run(LOAD_DEFINITIONS)
        show(f"definitions with {size} connections, s (beside importing Dagster)", f"{float(ended.printed):.2f}")
        show("  peak memory, MB", f"{ended.peak_mb:.0f}")


def _household(folder: Path, influxdb: InfluxSettings) -> None:
    with _operator(1) as sandbox:
        here = Installation.of(folder / "household", 1, sandbox.elvia_url, influxdb)
        for command in ("backfill", "sync", "status"):
            ended = here.run(COMMAND, command)
            show(f"one household's {command}, s", f"{ended.seconds:.1f}")
            show("  peak memory, MB", f"{ended.peak_mb:.0f}")


def _many(folder: Path, influxdb: InfluxSettings, size: int) -> None:
    with _operator(size) as sandbox:
        here = Installation.of(folder / "many", size, sandbox.elvia_url, influxdb)
        here.run(COMMAND, "backfill")
        for what in ("with nothing to ask", "a day later"):
            sandbox.world.calls.clear()
            before = here.event_log_mb()
            ended = here.run(COMMAND, "sync")
            show(f"sync of {size} connections x 3 years {what}, s", f"{ended.seconds:.1f}")
            show("  calls", f"{len(sandbox.world.calls)}")
            show("  peak memory, MB", f"{ended.peak_mb:.0f}")
            show("  growth of Dagster's event log, MB", f"{here.event_log_mb() - before:.1f}")
            here.let_a_day_pass()


def run(size: int) -> None:
    """Print what the shell costs; `size` is the number of connections of the daily run."""
    with tempfile.TemporaryDirectory(prefix="wattline-bench-") as name:
        folder = Path(name)
        _definitions(folder)
        binary = find_or_fetch(folder / "packages")
        if binary is None:
            message = "no influxd is here, and no apt to fetch it"
            raise RuntimeError(message)
        with running_influxd(binary, folder / "influxdb") as server:
            targets = [InfluxSettings(url=server.url, database=database) for database in ("household", "many")]
            for target in targets:
                database = connect(target)
                database.create()
                database.close()
            _household(folder, targets[0])
            _many(folder, targets[1], size)
