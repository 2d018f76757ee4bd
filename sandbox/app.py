"""The whole sandbox as one ASGI application: each operator under its prefix, the control API, a page."""

from __future__ import annotations

from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from sandbox import control, page
from sandbox.elvia import app as elvia_app
from sandbox.leneda import app as leneda_app

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from sandbox.world import World

OPERATORS: Final[dict[str, Callable[[World], ASGIApp]]] = {"elvia": elvia_app.build, "leneda": leneda_app.build}
"""Each operator's short name, which is its prefix, and what builds its application."""


def build(world: World) -> ASGIApp:
    """Return the application for a world; changes to the world show at once."""
    operators = [Mount(f"/{name}", app=build_operator(world)) for name, build_operator in OPERATORS.items()]
    front = Route("/", page.handler(world, list(OPERATORS)))
    application = Starlette(routes=[front, Mount("/control", app=control.build(world)), *operators])

    async def dated(scope: Scope, receive: Receive, send: Send) -> None:
        """Date every answer by the world's clock: it is the operator's."""

        async def send_dated(message: Message) -> None:
            if message["type"] == "http.response.start":
                date = format_datetime(world.now(), usegmt=True).encode()
                message = {**message, "headers": [*message["headers"], (b"date", date)]}
            await send(message)

        await application(scope, receive, send_dated)

    return dated
