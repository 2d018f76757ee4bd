"""A quiet world whose clock stands still, served on a real port."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import httpx
import pytest

from sandbox import clock
from sandbox.serve import Sandbox, running
from sandbox.world import World, demo_world
from tests.sandbox.asking import Elvia
from tests.sandbox.asking_leneda import Leneda

if TYPE_CHECKING:
    from collections.abc import Iterator

# A Wednesday, 14:20 in Oslo; three calendar years back lies a leap day.
NOW = datetime(2026, 6, 17, 12, 20, tzinfo=UTC)


@pytest.fixture(scope="session")
def client() -> Iterator[httpx.Client]:
    """Share one HTTP client: making one costs more than a test."""
    with httpx.Client(trust_env=False, timeout=30) as shared:
        yield shared


@pytest.fixture(scope="session")
def shared_sandbox() -> Iterator[Sandbox]:
    """Share one server, too: to stop one takes a fifth of a second."""
    with running(World()) as served:
        yield served


@pytest.fixture
def world() -> World:
    """Give the demo's households without late hours or corrections of their own; the clock stands still."""
    quiet = demo_world(now=clock.fixed(NOW))
    quiet.sporadic = False
    return quiet


@pytest.fixture
def sandbox(shared_sandbox: Sandbox, world: World) -> Sandbox:
    """Serve the world, in the place of whatever was served before."""
    vars(shared_sandbox.world).update(vars(world))
    return shared_sandbox


@pytest.fixture
def elvia(sandbox: Sandbox, client: httpx.Client) -> Elvia:
    """Give somebody who asks the simulated Elvia."""
    return Elvia(client, sandbox.elvia_url, sandbox.world)


@pytest.fixture
def leneda(sandbox: Sandbox, client: httpx.Client) -> Leneda:
    """Give somebody who asks the simulated Leneda."""
    return Leneda(client, sandbox.leneda_url, sandbox.world)
