"""The whole sandbox as one ASGI application: each operator under its prefix, the control API, a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.routing import Mount, Route

from sandbox import control, page
from sandbox.elvia import app as elvia_app

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import ASGIApp

    from sandbox.world import World

OPERATORS: Final[dict[str, Callable[[World], ASGIApp]]] = {"elvia": elvia_app.build}
"""Each operator's short name, which is its prefix, and what builds its application."""


def build(world: World) -> Starlette:
    """Return the application for a world; changes to the world show at once."""
    operators = [Mount(f"/{name}", app=build_operator(world)) for name, build_operator in OPERATORS.items()]
    return Starlette(
        routes=[
            Route("/", page.handler(world, list(OPERATORS))),
            Mount("/control", app=control.build(world)),
            *operators,
        ]
    )
