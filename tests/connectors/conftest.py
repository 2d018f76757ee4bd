"""What the tests of the connectors share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stamina

from tests.support.machine import Machine

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def no_waits() -> Iterator[None]:
    """Repeat requests as often as their policy says, without the waits in between."""
    with stamina.set_testing(True, attempts=99, cap=True):
        yield


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Return a machine that has been running for days."""
    return Machine(tmp_path / "state" / "budget.sqlite")
