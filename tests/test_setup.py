"""`make setup`: from a bare Python to `.venv`, by the lock and nothing but the lock."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import pytest

from sandbox.debian import NoPackage
from tools import setup

ROOT: Final = Path(__file__).parents[1]
# Whatever these import beyond the standard library would be missing on a bare Python.
NEEDED: Final = (
    "tools/setup.py",
    "sandbox/__init__.py",
    "sandbox/debian.py",
    "connectors/__init__.py",
    "connectors/errors.py",
)
BACKEND: Final = '''
"""Builds the project: a wheel that holds nothing but the command `greet`."""

import pathlib
import zipfile


def build_editable(folder, config_settings=None, metadata_directory=None):
    name = "greeter-1.0-py3-none-any.whl"
    info = "greeter-1.0.dist-info"
    with zipfile.ZipFile(pathlib.Path(folder, name), "w") as wheel:
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\\nName: greeter\\nVersion: 1.0\\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr(f"{info}/entry_points.txt", "[console_scripts]\\ngreet = small_backend:greet\\n")
        wheel.writestr(f"{info}/RECORD", "")
    return name


def greet():
    print("hello")
'''


@dataclass
class Project:
    """A project with one locked package, which also builds it."""

    folder: Path
    wheels: Path

    @classmethod
    def make(cls, place: Path) -> Project:
        """Lay out what `make setup` needs, and a folder of wheels in place of a registry."""
        project = cls(place / "project", place / "wheels")
        for name in NEEDED:
            target = project.folder / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target)
        (project.folder / "pyproject.toml").write_text(
            '[build-system]\nrequires = ["small-backend"]\nbuild-backend = "small_backend"\n'
            '[project]\nname = "greeter"\nversion = "1.0"\n'
        )
        project.wheels.mkdir()
        info = "small_backend-1.0.dist-info"
        with zipfile.ZipFile(project.wheel, "w") as wheel:
            wheel.writestr("small_backend.py", BACKEND)
            wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: small-backend\nVersion: 1.0\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
        project.lock(hashlib.sha256(project.wheel.read_bytes()).hexdigest())
        return project

    @property
    def wheel(self) -> Path:
        """The file that the lock speaks of."""
        return self.wheels / "small_backend-1.0-py3-none-any.whl"

    def lock(self, digest: str) -> None:
        """Write the lock."""
        (self.folder / "requirements.lock").write_text(f"small-backend==1.0 --hash=sha256:{digest}\n")

    def set_up(self) -> subprocess.CompletedProcess[str]:
        """Run what `make setup` runs, on the standard library alone and without a network."""
        return subprocess.run(
            [sys.executable, "-S", "-m", "tools.setup"],
            cwd=self.folder,
            env={**os.environ, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels)},
            capture_output=True,
            text=True,
            check=False,
        )

    def greeting(self) -> str:
        """Run the project's command."""
        return subprocess.run([self.folder / ".venv/bin/greet"], capture_output=True, text=True, check=True).stdout

    def written(self) -> dict[Path, int]:
        """Return when each file of the environment was written."""
        return {path: path.stat().st_mtime_ns for path in (self.folder / ".venv").rglob("*")}


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Give a checkout in which nothing was set up."""
    return Project.make(tmp_path)


def test_it_makes_the_command_once(project: Project) -> None:
    """The first run makes the command; the second writes nothing and says nothing; a moved checkout is mended."""
    first = project.set_up()
    assert first.returncode == 0, first.stderr
    assert project.greeting() == "hello\n"

    before = project.written()
    second = project.set_up()
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert project.written() == before

    project.folder = project.folder.rename(project.folder.with_name("moved"))
    assert project.set_up().returncode == 0
    assert project.greeting() == "hello\n"


def test_what_is_not_in_the_lock_is_refused(project: Project) -> None:
    """A package whose hash differs is not installed, and the next run does not take the environment for ready."""
    project.lock("0" * 64)

    refused = project.set_up()

    assert refused.returncode == 1
    assert "HASHES" in refused.stderr
    assert "make setup: pip failed" in refused.stderr
    assert not (project.folder / ".venv/bin/greet").exists()

    project.lock(hashlib.sha256(project.wheel.read_bytes()).hexdigest())
    assert project.set_up().returncode == 0
    assert project.greeting() == "hello\n"


@pytest.mark.parametrize(
    ("answer", "words"),
    [(None, "there is no apt-get"), (NoPackage("no network"), "could not be fetched (no network)")],
    ids=["no apt", "no package"],
)
def test_without_any_pip_it_says_what_to_install(
    monkeypatch: pytest.MonkeyPatch, answer: NoPackage | None, words: str
) -> None:
    """A Python without pip, where Debian's is not to be had either, ends in words that name the remedy."""

    def no_package(*_: object) -> None:
        if answer:
            raise answer

    monkeypatch.setattr(setup, "_succeeds", lambda *_: False)
    monkeypatch.setattr(setup, "unpack_debian_package", no_package)

    with pytest.raises(setup.SetupError) as refused:
        setup._make_pip()

    assert words in str(refused.value)
    assert "python3-venv" in str(refused.value)


def test_help_names_every_target() -> None:
    """`make` alone prints a line of help for each target that a user may want."""
    printed = subprocess.run(
        ["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout

    targets = {line.split()[1] for line in printed.splitlines()}

    assert targets == {
        "help",
        "setup",
        "demo",
        "dev",
        "test",
        "check",
        "format",
        "dashboards",
        "bench",
        "lock",
        "clean",
    }
