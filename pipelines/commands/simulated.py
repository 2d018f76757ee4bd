"""The sandbox's customers as connections: what to set so that a run asks them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.connection import variable
from sandbox.connections import connections

if TYPE_CHECKING:
    from sandbox.world import World


def simulated_connections(world: World, url: str) -> dict[str, dict[str, str]]:
    """Return the environment of a connection for each credential of the world, by the connection's name."""
    return {
        name: {variable("connections", name, key): value for key, value in keys.items()}
        for name, keys in connections(world, url).items()
    }
