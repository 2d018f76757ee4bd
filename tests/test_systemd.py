"""The service and the timer: what deploy/systemd promises, and what systemd itself thinks of them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from connectors.registry import SOURCES
from pipelines.settings import load

ROOT: Final = Path(__file__).parents[1]
UNITS: Final = ROOT / "deploy" / "systemd"
MOST_EXPOSED: Final = 20
"""Of 100, where a service without any protection has 96."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze is not on this machine"
)


def _unit(name: str) -> dict[str, list[str]]:
    """Return a unit's keys, each with all that is given for it."""
    found: dict[str, list[str]] = {}
    for line in (UNITS / name).read_text(encoding="utf-8").splitlines():
        if line and line[0] not in "#[":
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


SERVICE: Final = _unit("wattline.service")
ENVIRONMENT: Final = dict(given.split("=", 1) for given in SERVICE["Environment"])


def _analyze(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """The units, with a program that is there."""
    for name in ("wattline.service", "wattline.timer"):
        text = (UNITS / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("/opt/wattline/.venv/bin/wattline", sys.executable))
    return tmp_path


def test_the_service_is_one_sync() -> None:
    """It runs `wattline sync` once, and ends it as Ctrl-C does: what arrived is kept."""
    assert SERVICE["Type"] == ["oneshot"]
    assert SERVICE["ExecStart"] == ["/opt/wattline/.venv/bin/wattline sync"]
    assert SERVICE["KillSignal"] == ["SIGINT"]


def test_it_is_a_user_of_its_own_with_one_folder() -> None:
    """It is not root, and the only folder that it writes to is its own, closed to everybody else."""
    assert SERVICE["User"] == SERVICE["Group"] == SERVICE["StateDirectory"] == ["wattline"]
    assert SERVICE["StateDirectoryMode"] == ["0700"]
    assert SERVICE["ProtectSystem"] == ["strict"]
    assert SERVICE["WorkingDirectory"] == [ENVIRONMENT["WATTLINE_DATA_DIR"]] == ["/var/lib/wattline"]
    assert "ReadWritePaths" not in SERVICE


def test_its_variables_are_settings(tmp_path: Path) -> None:
    """What it gives by the environment is understood, and no secret is among it."""
    assert set(ENVIRONMENT) == {"WATTLINE_CONFIG", "WATTLINE_SECRETS_DIR", "WATTLINE_DATA_DIR"}
    (tmp_path / "secrets").mkdir(mode=0o700)
    (tmp_path / "wattline.toml").write_text("")
    here = {name: value.replace("/etc/wattline", str(tmp_path)) for name, value in ENVIRONMENT.items()}
    assert load(here, tmp_path).data_dir == Path("/var/lib/wattline")


def test_the_timer_is_the_schedules() -> None:
    """It runs when each operator's schedule does, catches up once after an absence, and not in the same second."""
    timer = _unit("wattline.timer")
    crons = [(source.settings.daily_at.split(), source.zone.key) for source in SOURCES.values()]
    times = [f"*-*-* {int(hour):02}:{int(minute):02}:00 {zone}" for (minute, hour, *_), zone in crons]
    assert timer["OnCalendar"] == times
    assert timer["Persistent"] == ["true"]
    assert timer["RandomizedDelaySec"] == ["20min"]
    assert timer["WantedBy"] == ["timers.target"]


@needs_systemd
def test_systemd_accepts_them(installed: Path) -> None:
    """Systemd knows every key and every value."""
    done = _analyze("verify", "--man=no", str(installed / "wattline.service"), str(installed / "wattline.timer"))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
def test_systemd_finds_little_exposed(installed: Path) -> None:
    """By systemd's own measure the service could do little harm."""
    done = _analyze("security", "--offline=true", f"--threshold={MOST_EXPOSED}", str(installed / "wattline.service"))
    assert done.returncode == 0, done.stdout
