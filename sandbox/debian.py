"""A program out of Debian's archive, unpacked into a folder; nothing on the user's system is changed.

apt does the fetching and checks the signatures, by the machine's own sources and architecture, with its
cache, and where need be its package lists, in a private folder. It needs no root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from connectors.errors import OutsideError

# Machines hang their own commands on "apt update" (docker-clean empties the system's cache, PackageKit
# rebuilds its own): these are for the system's lists, not for a private copy.
_NO_HOOKS: Final = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Acquire::Languages "none";
"""
_LONGEST_S: Final = 600


class NoPackage(OutsideError):
    """Debian's archive could not be reached, or it has no such package for this machine."""

    cause = "no_package"


def unpack_debian_package(name: str, folder: Path) -> Path | None:
    """Return the folder that holds the files of Debian's package, fetching and unpacking it once.

    Args:
        name: the package, such as `influxdb`.
        folder: where it goes, as `folder/name`; a program of it lies in `folder/name/usr/bin`.

    Returns:
        The folder, or None on a machine without apt.

    Raises:
        NoPackage: apt could not fetch or unpack it; the message has apt's words.
    """
    root = folder.absolute() / name
    if root.is_dir():
        return root
    if shutil.which("apt-get") is None or shutil.which("dpkg-deb") is None:
        return None
    root.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{name}-", dir=root.parent) as scratch:
        package, unpacked = _download(name, Path(scratch)), Path(scratch, "unpacked")
        _run("dpkg-deb", "-x", str(package), str(unpacked), folder=Path(scratch))
        try:
            unpacked.rename(root)
        except OSError:
            # Another process was faster, and a folder is not renamed over a full one: theirs is as good.
            if not root.is_dir():
                raise
    return root


def _download(name: str, scratch: Path) -> Path:
    """Fetch the package by the machine's lists, else by lists of our own (it may have none, or stale ones)."""
    for part in ("cache/archives/partial", "state/lists/partial", "package"):
        (scratch / part).mkdir(parents=True)
    settings = scratch / "apt.conf"
    settings.write_text(_NO_HOOKS)
    apt = ("apt-get", f"-c={settings}", f"-oDir::Cache={scratch / 'cache'}", "-oAPT::Sandbox::User=root")
    lists = (f"-oDir::State={scratch / 'state'}", "-oDir::State::status=/dev/null")
    try:
        _run(*apt, "download", name, folder=scratch / "package")
    except NoPackage:
        _run(*apt, *lists, "update", folder=scratch)
        _run(*apt, *lists, "download", name, folder=scratch / "package")
    return next((scratch / "package").glob("*.deb"))


def _run(*command: str, folder: Path) -> None:
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            timeout=_LONGEST_S,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        msg = f"{command[0]} took more than {_LONGEST_S} s"
        raise NoPackage(msg) from error
    if done.returncode:
        words = [line for line in done.stderr.splitlines() if line.startswith(("E: ", "W: "))]
        msg = f"{command[0]} failed: {' '.join(words[-1:]) or done.returncode} (offline, or not in Debian's archive?)"
        raise NoPackage(msg)
