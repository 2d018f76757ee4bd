"""`wattline sandbox`: the operators' APIs, simulated, until Ctrl-C, and how to connect to them."""

from __future__ import annotations

from shlex import quote
from typing import TYPE_CHECKING

from pipelines.commands.failures import WELL
from pipelines.commands.output import say
from pipelines.commands.simulated import simulated_connections
from pipelines.commands.usage import UsageError
from sandbox.serve import LOOPBACK, serve
from sandbox.world import demo_world

if TYPE_CHECKING:
    from sandbox.world import World


def run(*, port: int, fleet: int) -> int:
    """Return the exit code, once it is stopped. Raises `UsageError` where the port is not to be had."""
    world = demo_world(fleet=fleet)
    listening = False

    def ready(url: str) -> None:
        nonlocal listening
        listening = True
        for line in _how_to_connect(world, url):
            say(line)

    try:
        serve(LOOPBACK, port, world, ready)
    except KeyboardInterrupt:
        return WELL
    except OSError as error:
        if listening:
            raise
        message = f"--port: {port} cannot be listened on ({error.strerror}); choose another, or 0 for any free one"
        raise UsageError(message) from None
    return WELL


def _how_to_connect(world: World, url: str) -> list[str]:
    lines = [f"The sandbox is at {url}; stop it with Ctrl-C. What to set for each of its customers:"]
    for name, variables in simulated_connections(world, url).items():
        lines += ["", f"# {name}", *(f"export {key}={quote(value)}" for key, value in variables.items())]
    return lines
