"""Fetching and unpacking a package, by the machine's real apt from a small archive of the test's own."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from sandbox.debian import NoPackage, unpack_debian_package

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("apt-get") is None, reason="no apt on this machine")

PACKAGE = "wattline-test"


def run(*command: str) -> str:
    """Run a command, and return what it says."""
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive with one package, as the only source that apt knows; the machine has no lists of it."""
    archive = tmp_path / "archive"
    program = archive / "tree/usr/bin/hello"
    program.parent.mkdir(parents=True)
    program.write_text("#!/bin/sh\necho hello\n")
    program.chmod(0o755)
    control = f"""\
Package: {PACKAGE}
Version: 1.0
Architecture: {run("dpkg", "--print-architecture").strip()}
Maintainer: Nobody <nobody@example.org>
Description: a package of a test
"""
    (archive / "tree/DEBIAN").mkdir()
    (archive / "tree/DEBIAN/control").write_text(control)
    run("dpkg-deb", "--build", str(archive / "tree"), str(archive / "hello.deb"))
    content = (archive / "hello.deb").read_bytes()
    entry = f"Filename: ./hello.deb\nSize: {len(content)}\nSHA256: {hashlib.sha256(content).hexdigest()}\n"
    (archive / "Packages").write_text(control + entry)

    (tmp_path / "sources.list").write_text(f"deb [trusted=yes] file:{archive} ./\n")
    (tmp_path / "machine/lists/partial").mkdir(parents=True)
    (tmp_path / "apt.conf").write_text(
        f'Dir::Etc::sourcelist "{tmp_path}/sources.list";\n'
        'Dir::Etc::sourceparts "/dev/null";\n'
        f'Dir::State "{tmp_path}/machine";\n'
        'Dir::State::status "/dev/null";\n'
        # What packages such as PackageKit hang on an update of the system's lists.
        f'APT::Update::Post-Invoke {{ "touch {tmp_path}/machine/hooked"; }};\n'
    )
    monkeypatch.setenv("APT_CONFIG", str(tmp_path / "apt.conf"))
    return archive


def test_without_lists(archive: Path, tmp_path: Path) -> None:
    """Where the machine has no lists, its own are fetched, and nothing of the machine's is touched."""
    root = unpack_debian_package(PACKAGE, tmp_path / "tools")

    assert root == tmp_path / "tools" / PACKAGE
    assert run(str(root / "usr/bin/hello")) == "hello\n"
    assert [path.name for path in (tmp_path / "tools").iterdir()] == [PACKAGE]
    assert sorted(path.name for path in (tmp_path / "machine").rglob("*")) == ["lists", "partial"]
    assert archive.exists()


@pytest.mark.usefixtures("archive")
def test_with_the_machine_s_lists(tmp_path: Path) -> None:
    """Where the machine has lists, they do, as they are."""
    run("apt-get", "-o", f"Dir::Cache={tmp_path}/cache", "-o", "APT::Sandbox::User=root", "update")
    (tmp_path / "machine/hooked").unlink()
    # With its sources gone, new lists could not be fetched.
    lists = {path: path.stat().st_mtime_ns for path in (tmp_path / "machine").rglob("*") if path.is_file()}

    root = unpack_debian_package(PACKAGE, tmp_path / "tools")

    assert root is not None
    assert lists == {path: path.stat().st_mtime_ns for path in (tmp_path / "machine").rglob("*") if path.is_file()}


@pytest.mark.usefixtures("archive")
def test_second_time(tmp_path: Path) -> None:
    """What is unpacked is not fetched again."""
    first = unpack_debian_package(PACKAGE, tmp_path / "tools")
    shutil.rmtree(tmp_path / "archive")

    assert unpack_debian_package(PACKAGE, tmp_path / "tools") == first


def test_package_that_is_damaged(archive: Path, tmp_path: Path) -> None:
    """A package with another checksum than its list has is not unpacked, and leaves nothing behind."""
    (archive / "hello.deb").write_bytes(b"x" * (archive / "hello.deb").stat().st_size)

    with pytest.raises(NoPackage, match="apt-get failed: E: "):
        unpack_debian_package(PACKAGE, tmp_path / "tools")
    assert list((tmp_path / "tools").iterdir()) == []


@pytest.mark.usefixtures("archive")
def test_package_that_does_not_exist(tmp_path: Path) -> None:
    """A package that the archive does not have is said so in apt's words."""
    with pytest.raises(NoPackage, match="Unable to locate package wattline-none"):
        unpack_debian_package("wattline-none", tmp_path / "tools")


def test_without_apt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without apt has no such packages, which is no error."""
    monkeypatch.setenv("PATH", str(tmp_path))

    assert unpack_debian_package(PACKAGE, tmp_path / "tools") is None
    assert not (tmp_path / "tools").exists()
