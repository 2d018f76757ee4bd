"""Make `.venv` from the lock files, and the `wattline` command in it. `make setup` runs this.

It needs Python 3.11 and nothing else, not even pip: where Python came without one (Debian keeps it in a
package of its own), pip is unpacked from Debian's archive into the ignored folder `.tools`. Nothing
outside the project is written. pip asks wherever the user's own configuration sends it; what it brings
must have the hashes in the lock.

A stamp beside each part of `.venv` holds the hash of the file that it was made from, so that a second
run has nothing to do.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from sandbox.debian import NoPackage, unpack_debian_package

ROOT: Final = Path(__file__).resolve().parents[1]
VENV: Final = ROOT / ".venv"
PYTHON: Final = VENV / "bin" / "python"
TOOLS: Final = ROOT / ".tools"

LOCK: Final = "requirements.lock"
DEVELOPMENT_LOCK: Final = "requirements-dev.lock"
PROJECT: Final = "pyproject.toml"


class SetupError(Exception):
    """What keeps `.venv` from being made, and what to do about it."""


def main() -> None:
    """Bring `.venv` up to date, or end with words and 1."""
    parser = argparse.ArgumentParser(description="Make .venv and the wattline command in it.")
    parser.add_argument("--dev", action="store_true", help="also what `make test` and `make check` need")
    parts = [LOCK, DEVELOPMENT_LOCK, PROJECT] if parser.parse_args().dev else [LOCK, PROJECT]
    try:
        _set_up(parts)
    except SetupError as error:
        sys.exit(f"make setup: {error}")


def _set_up(parts: list[str]) -> None:
    _make_environment()
    due = [part for part in parts if not _is_current(part)]
    if not due:
        return
    _make_pip()
    for part in due:
        _stamp(part).unlink(missing_ok=True)
        if part == PROJECT:
            _pip("install", "--no-deps", "--no-build-isolation", "--editable", str(ROOT))
        else:
            print(f"Installing {part} into .venv; the first time takes a minute or two.", flush=True)
            _pip("install", "--require-hashes", "--no-deps", "--only-binary=:all:", f"--requirement={ROOT / part}")
        _stamp(part).write_text(_fingerprint(part))
    print("The environment is up to date; the command is .venv/bin/wattline.")


def _make_environment() -> None:
    """Create `.venv` without pip, unless it is there and works."""
    made_for = VENV / "made-for"
    # The scripts in .venv/bin name their interpreter by its whole path, so a moved checkout needs new ones.
    moved = made_for.exists() and made_for.read_text() != str(ROOT)
    if PYTHON.exists() and not moved:
        return
    if not _succeeds(sys.executable, "-m", "venv", "--clear", "--without-pip", str(VENV)):
        msg = (
            f"{sys.executable} cannot make a virtual environment. Install Python's module venv (on Debian and"
            " Ubuntu: apt-get install python3-venv), or name another Python: make setup PYTHON=/path/to/python3"
        )
        raise SetupError(msg)
    made_for.write_text(str(ROOT))


def _make_pip() -> None:
    """Put pip into `.venv`: there already, out of Python itself, or out of Debian's archive."""
    if _succeeds(str(PYTHON), "-I", "-m", "pip", "--version"):
        return
    if _succeeds(str(PYTHON), "-I", "-m", "ensurepip"):
        return
    advice = "Install pip for this Python (on Debian and Ubuntu: apt-get install python3-venv) and run it again"
    try:
        package = unpack_debian_package("python3-pip-whl", TOOLS)
    except NoPackage as error:
        msg = f"this Python has no pip, and Debian's could not be fetched ({error}). {advice}"
        raise SetupError(msg) from error
    if package is None:
        msg = f"this Python has no pip, and there is no apt-get to fetch one. {advice}"
        raise SetupError(msg)
    wheel = next(package.glob("usr/share/python-wheels/pip-*.whl"))
    # A wheel can be run where it lies: pip installs itself.
    if not _succeeds(str(PYTHON), "-I", f"{wheel}/pip", "install", "--no-index", "--no-deps", str(wheel)):
        msg = f"the pip in {wheel} does not run on this Python. {advice}"
        raise SetupError(msg)


def _pip(*words: str) -> None:
    # A user's `user = true` would make pip install beside .venv, or refuse to.
    settings = {"PIP_USER": "0", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
    command = [str(PYTHON), "-I", "-m", "pip", "--quiet", *words]
    if subprocess.run(command, cwd=ROOT, env=os.environ | settings, check=False).returncode:
        msg = "pip failed; its words are above. If they speak of the network, mend that and run it again"
        raise SetupError(msg)


def _succeeds(*command: str) -> bool:
    return subprocess.run(command, cwd=ROOT, capture_output=True, check=False).returncode == 0


def _stamp(part: str) -> Path:
    return VENV / f"{part}.sha256"


def _fingerprint(part: str) -> str:
    return hashlib.sha256((ROOT / part).read_bytes()).hexdigest()


def _is_current(part: str) -> bool:
    stamp = _stamp(part)
    return stamp.exists() and stamp.read_text() == _fingerprint(part)


if __name__ == "__main__":
    main()
