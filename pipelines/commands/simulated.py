"""The sandbox's households as connections: what to set so that a run asks them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.connection import variable

if TYPE_CHECKING:
    from sandbox.world import World


def simulated_connections(world: World, url: str) -> dict[str, dict[str, str]]:
    """Return the environment of a connection for each token of the world, by the connection's name."""
    return {
        name: {
            variable("connections", name, "source"): "elvia",
            variable("connections", name, "base_url"): f"{url}/elvia",
            variable("connections", name, "token"): token,
        }
        for token in world.tokens
        for name in [token.removeprefix("sandbox-")]
    }
