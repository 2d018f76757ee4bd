"""The sandbox on a real loopback port: beside a test, in a thread, or alone, until it is stopped."""

from __future__ import annotations

import socket
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Thread
from typing import TYPE_CHECKING

import uvicorn

from sandbox import app
from sandbox.world import World, demo_world

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LOOPBACK = "127.0.0.1"
PORT = 8899


@dataclass(frozen=True)
class Sandbox:
    """A running sandbox: where it is, and the world that it serves."""

    url: str
    world: World

    @property
    def elvia_url(self) -> str:
        """The `base_url` of a connection to the simulated Elvia."""
        return f"{self.url}/elvia"

    @property
    def leneda_url(self) -> str:
        """The `base_url` of a connection to the simulated Leneda."""
        return f"{self.url}/leneda"


@contextmanager
def running(world: World | None = None, port: int = 0) -> Iterator[Sandbox]:
    """Serve a world (by default the demo's) from a thread of this process until the context ends.

    Port 0 takes a free one. Raises OSError where the port is taken.
    """
    world = world or demo_world()
    with _listening(LOOPBACK, port) as listener:
        server = _server(world)
        thread = Thread(target=server.run, kwargs={"sockets": [listener]}, name="sandbox", daemon=True)
        thread.start()
        try:
            yield Sandbox(_url(listener), world)
        finally:
            # Answers that hang by order of a fault are not waited for.
            server.should_exit = server.force_exit = True
            thread.join()


def serve(
    host: str = LOOPBACK, port: int = PORT, world: World | None = None, ready: Callable[[str], None] | None = None
) -> None:
    """Serve a world (by default the demo's) until SIGINT or SIGTERM; `ready` is told the URL once it listens.

    Raises OSError where the port is taken.
    """
    with _listening(host, port) as listener:
        if ready:
            ready(_url(listener))
        # After SIGINT the server has stopped well when the interrupt gets here.
        with suppress(KeyboardInterrupt):
            _server(world or demo_world()).run(sockets=[listener])


def _listening(host: str, port: int) -> socket.socket:
    # Bound and listening before the server runs, so that nobody has to wait for it: early calls queue.
    listener = socket.create_server((host, port), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    listener.setblocking(False)  # noqa: FBT003 - the standard library's signature
    return listener


def _server(world: World) -> uvicorn.Server:
    return uvicorn.Server(
        uvicorn.Config(
            app.build(world),
            log_level="warning",
            access_log=False,
            lifespan="off",
            ws="none",
            # The application dates its answers itself.
            date_header=False,
            timeout_graceful_shutdown=1,
        )
    )


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
