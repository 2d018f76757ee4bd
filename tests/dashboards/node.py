"""Grafana's own code, out of npm's packages at the pinned version, run by Node."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NoReturn

import pytest
from filelock import FileLock

from tests.support.influx import TOOLS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.dashboards.asking import Frame

SOURCES: Final = Path(__file__).parent / "grafana"
FOLDER: Final = TOOLS / "grafana"


def _missing(words: str) -> NoReturn:
    """Fail where a missing Node would hide what was not tested; elsewhere skip."""
    if os.environ.get("CI"):
        pytest.fail(words)
    pytest.skip(words)


def installed() -> Path:
    """Return the folder with Grafana's packages, installed by their lock; another process may be at it, too."""
    if shutil.which("npm") is None:
        _missing("Node and npm are not on this machine")
    FOLDER.mkdir(parents=True, exist_ok=True)
    lock, done = (SOURCES / "package-lock.json").read_bytes(), FOLDER / "installed-by"
    with FileLock(FOLDER / "lock"):
        if not (done.exists() and done.read_bytes() == lock):
            for name in ("package.json", "package-lock.json"):
                shutil.copy(SOURCES / name, FOLDER)
            command = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
            ended = subprocess.run(command, cwd=FOLDER, capture_output=True, text=True, timeout=240, check=False)
            if ended.returncode:
                _missing(f"npm could not install Grafana's packages: {ended.stderr}")
            done.write_bytes(lock)
    return FOLDER


def run(program: str, *words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a program of `tests/dashboards/grafana` beside the packages."""
    folder = installed()
    # Whole or not at all: another process may be about to run it.
    own = folder / f"{program}.{os.getpid()}"
    shutil.copy(SOURCES / program, own)
    own.replace(folder / program)
    command = ["node", program, *words]
    return subprocess.run(command, cwd=folder, input=stdin, capture_output=True, text=True, timeout=240, check=False)


def transformed(jobs: Sequence[tuple[list[dict[str, Any]], Sequence[Frame]]]) -> list[list[dict[str, list[Any]]]]:
    """Return what Grafana makes of frames by transformations, job by job: frames as columns by display name."""
    told = [
        {
            "transformations": transformations,
            "frames": [
                {
                    "ref": frame.ref,
                    "name": frame.name,
                    "columns": frame.columns,
                    "labels": frame.labels,
                    "named": "Value" in frame.columns,
                }
                for frame in frames
            ],
        }
        for transformations, frames in jobs
    ]
    ended = run("transform.cjs", stdin=json.dumps(told))
    assert ended.returncode == 0, ended.stderr
    return [[dict(frame["columns"]) for frame in frames] for frames in json.loads(ended.stdout)]
