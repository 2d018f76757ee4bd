"""The lock files: complete, hashed, free of hosts, and what this environment was made from."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Final

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT: Final = Path(__file__).parents[1]
LOCK: Final = "requirements.lock"
DEVELOPMENT_LOCK: Final = "requirements-dev.lock"
PROJECT: Final = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

BOTH: Final = pytest.mark.parametrize("lock", [LOCK, DEVELOPMENT_LOCK])


def _text(lock: str) -> str:
    return (ROOT / lock).read_text(encoding="utf-8").replace("\\\n", " ")


def _pins(lock: str) -> list[Requirement]:
    return [Requirement(line.split("--hash")[0]) for line in _text(lock).splitlines()]


def _pins_here(lock: str) -> dict[str, str]:
    """Return the versions that a lock has for this Python and machine, by name."""
    return {
        canonicalize_name(pin.name): str(pin.specifier).removeprefix("==")
        for pin in _pins(lock)
        if pin.marker is None or pin.marker.evaluate()
    }


@BOTH
def test_every_pin_has_hashes_and_no_host(lock: str) -> None:
    """A line is one exact version and the hashes of its files, and says nothing of where they lie."""
    line = re.compile(r"[a-z0-9-]+==[^ ;]+( ; [^-]+?)?( +--hash=sha256:[0-9a-f]{64})+")

    assert [text for text in _text(lock).splitlines() if not line.fullmatch(text)] == []


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [
        (LOCK, PROJECT["project"]["dependencies"]),
        (LOCK, PROJECT["project"]["optional-dependencies"]["postgres"]),
        (LOCK, PROJECT["dependency-groups"]["build"]),
        (LOCK, PROJECT["build-system"]["requires"]),
        (DEVELOPMENT_LOCK, PROJECT["dependency-groups"]["dev"]),
    ],
    ids=["dependencies", "postgres", "build", "build-system", "dev"],
)
def test_a_lock_fits_the_project(lock: str, wanted: list[str]) -> None:
    """Whatever pyproject.toml asks for is pinned, at a version that it allows."""
    pins = _pins_here(lock)
    requirements = [Requirement(text) for text in wanted]

    assert [
        str(requirement)
        for requirement in requirements
        if not requirement.specifier.contains(pins.get(canonicalize_name(requirement.name), "0"))
    ] == []


def test_the_locks_agree() -> None:
    """What both files pin, they pin at one version."""
    runtime, development = _pins_here(LOCK), _pins_here(DEVELOPMENT_LOCK)

    assert {name: (runtime[name], development[name]) for name in runtime.keys() & development.keys()} == {
        name: (runtime[name], runtime[name]) for name in runtime.keys() & development.keys()
    }


@BOTH
def test_this_environment_is_the_locked_one(lock: str) -> None:
    """The tests run on the versions that a user gets."""
    pins = _pins_here(lock)

    assert {name: version(name) for name in pins} == pins
