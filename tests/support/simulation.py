"""Fixtures of every test that asks simulated operators; a `conftest.py` takes those that it needs by importing them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stamina

from sandbox.serve import Sandbox, running
from sandbox.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def no_waits() -> Iterator[None]:
    """Repeat failed requests at once, as often as ever."""
    with stamina.set_testing(True, attempts=4, cap=True):
        yield


@pytest.fixture(scope="session")
def server() -> Iterator[Sandbox]:
    """One server for all tests: to stop one takes a fifth of a second."""
    with running(World()) as served:
        yield served
