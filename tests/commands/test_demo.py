"""`demo`: the whole flow in a folder of its own, on a real InfluxDB; nothing is left running."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from filelock import FileLock

from pipelines.commands import demo
from pipelines.commands.demo.private import started_influxdb
from sandbox import households
from sandbox.world import World
from schemas.time import utc_now

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.commands.conftest import Installation

ROOT = Path(__file__).parents[2]
SCRIPT = f"import sys; sys.path.insert(0, {str(ROOT)!r}); from pipelines.commands import main; main(['demo'])"


@pytest.fixture
def _influxd_found(influxd_program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the demo find the program that the other tests use, so that nothing is fetched again."""
    monkeypatch.setenv("PATH", str(influxd_program.parent), prepend=":")


def table(text: str) -> list[list[str]]:
    """Return the cells of the table of what arrived, without its head."""
    lines = text.splitlines()
    head = next(number for number, line in enumerate(lines) if line.endswith("in InfluxDB"))
    end = lines.index("Hours are the operator's local time.")
    return [re.split(r"\s{2,}", line) for line in lines[head + 1 : end]]


def small_world() -> World:
    """Return a world with one household, since last year."""
    world = World(now=utc_now)
    newcomer = households.newcomer(utc_now())
    world.admit(f"sandbox-{newcomer.name}", [newcomer])
    return world


def processes_of(folder: Path) -> list[str]:
    """Return the command lines of running processes that name the folder."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().replace(b"\0", b" ").decode()
        except (FileNotFoundError, ProcessLookupError):
            continue
        found += [words] if str(folder) in words else []
    return found


@pytest.mark.usefixtures("_influxd_found")
def test_everything_arrives_and_a_second_run_finds_nothing_new(installation: Installation) -> None:
    """Every register's readings are in InfluxDB, one hour was corrected; the second run asks nothing and says so."""
    # What the user has configured is not looked at.
    Path("wattline.toml").write_text("[nonsense")
    installation.give(CONNECTIONS__MINE__SOURCE="elvia", DATA_DIR="mine")
    installation.environ.setenv("DAGSTER_HOME", str(installation.folder / "mine"))

    first = installation.run("demo")
    second = installation.run("demo")

    assert first.code == second.code == 0
    rows = table(first.out)
    registers = {"elvia/home": 1, "elvia/innlandet": 1, "elvia/newcomer": 1, "elvia/plus": 2}
    registers |= {"leneda/plant": 17, "leneda/solar": 3}
    assert Counter(row[0] for row in rows) == registers
    assert [row[5] for row in rows] == [row[-1] for row in rows]
    assert [row[8] for row in rows] == ["1", *("0" for _ in rows[1:])]
    assert re.search(r"revision 0: [\d.]+ kWh.*\n  revision 1: [\d.]+ kWh", first.out)
    assert "Nothing new to fetch." not in first.out
    assert "Nothing new to fetch." in second.out
    assert [line for line in second.out.splitlines() if line.endswith(("new", "sent", "FAILED"))] == []
    assert table(second.out) == rows
    assert {path.name for path in installation.folder.iterdir()} == {".demo", "wattline.toml"}
    assert list(Path(".demo/data/store").rglob("*.parquet")) != []
    report = Path(".demo/data/report/index.html")
    assert str(report.absolute()) in first.out
    assert "elvia/innlandet" in report.read_text(encoding="utf-8")
    assert "elvia/home: readings" in Path(".demo/demo.log").read_text()
    assert processes_of(installation.folder / ".demo") == []


def test_without_influxd_and_apt_the_store_alone_is_filled(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One line says so, and the rest is the same."""
    # Of one household, which is enough to see it.
    monkeypatch.setattr(demo, "demo_world", small_world)
    monkeypatch.setenv("PATH", str(installation.folder))

    ended = installation.run("demo", "--folder", "elsewhere")

    assert ended.code == 0
    assert "No `influxd` is on this machine, and no apt to fetch it." in ended.out
    assert {row[-1] for row in table(ended.out)} == {"-"}
    assert {path.name for path in installation.folder.iterdir()} == {"elsewhere"}


@pytest.mark.usefixtures("_influxd_found")
@pytest.mark.parametrize(
    ("after", "number"),
    [
        ("Sandbox: ", signal.SIGINT),
        ("Backfill ", signal.SIGTERM),
        ("elvia: ", signal.SIGINT),
        ("elvia: ", signal.SIGTERM),
    ],
)
def test_stopped_at_any_point_it_leaves_nothing_running(
    installation: Installation, after: str, number: signal.Signals
) -> None:
    """Ctrl-C and SIGTERM end it with 130 and no traceback, and its InfluxDB with it."""
    command: Sequence[str] = [sys.executable, "-u", "-c", SCRIPT]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith(after):
                    break
            process.send_signal(number)
            rest, _ = process.communicate(timeout=120)
        finally:
            process.kill()

    assert process.returncode == 130
    assert "Traceback" not in rest
    assert processes_of(installation.folder / ".demo") == []


def test_an_apt_that_fails_leaves_the_store_alone(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where Debian's archive cannot be reached, apt's words are told, and the demo goes on without InfluxDB."""
    for name in ("apt-get", "dpkg-deb"):
        program = installation.folder / name
        program.write_text("#!/bin/sh\necho 'E: no network' >&2\nexit 100\n")
        program.chmod(0o755)
    monkeypatch.setenv("PATH", str(installation.folder))

    with started_influxdb(installation.folder) as settings:
        assert settings == {}

    told = installation.capture.readouterr().out
    assert "E: no network" in told
    assert "the store alone is kept" in told


@pytest.mark.usefixtures("_influxd_found")
def test_the_database_stays_where_it_was(installation: Installation) -> None:
    """Its URL is the same in every run, since another would be another database; unless somebody took the port."""
    urls = []
    for _ in range(2):
        with started_influxdb(installation.folder) as settings:
            urls.append(settings["WATTLINE_INFLUXDB__URL"])
    with socket.create_server(("127.0.0.1", int(urls[0].rpartition(":")[2]))):  # noqa: SIM117 - in this order
        with started_influxdb(installation.folder) as settings:
            urls.append(settings["WATTLINE_INFLUXDB__URL"])

    assert urls[0] == urls[1] != urls[2]


def test_two_demos_do_not_share_a_folder(installation: Installation) -> None:
    """The second is told that the first is running."""
    Path(".demo").mkdir()

    with FileLock(".demo/demo.lock"):
        ended = installation.run("demo")

    assert ended.code == 1
    assert "another demo runs in" in ended.err
