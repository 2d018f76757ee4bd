"""A simulated Leneda and a simulated Elvia on real ports, one clock for them and for the installation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.leneda.conftest import clock, no_waits, plant, sandbox, server
from tests.support.home import Home

if TYPE_CHECKING:
    from pathlib import Path

    from sandbox.serve import Sandbox

__all__ = ["clock", "no_waits", "plant", "sandbox", "server"]


@pytest.fixture
def storage(sandbox: Sandbox, tmp_path: Path) -> Home:
    """An installation at Elvia that keeps the store alone."""
    sandbox.world.calls_per_hour = None
    return Home(sandbox, tmp_path, None)
