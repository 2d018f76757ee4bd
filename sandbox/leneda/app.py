"""Leneda's API as an ASGI application: key and Energy ID, then the endpoint. No browser is let in (no CORS)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from sandbox.leneda import asking, groups, sums, timeseries
from sandbox.leneda.visit import Refusal, Visit
from sandbox.world import Call

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request
    from starlette.responses import Response

    from sandbox.world import World

PREFIX: Final = "/api"


class _Endpoint(NamedTuple):
    name: str
    method: str
    path: str
    answer: Callable[[Visit], Awaitable[Response]]


_ENDPOINTS: Final = (
    _Endpoint("time-series", "GET", "/metering-points/{code}/time-series", timeseries.answer),
    _Endpoint("aggregated", "GET", "/metering-points/{code}/time-series/aggregated", sums.answer),
    _Endpoint("access-request", "POST", "/metering-data-access-request", asking.answer),
    _Endpoint("sharing-groups", "GET", "/sharing-groups-small", groups.answer_list),
    _Endpoint("sharing-group-points", "GET", "/sharing-groups/{contract_number}/metering-points", groups.answer_points),
)


def build(world: World) -> Starlette:
    """Return the application; its paths are the real API's."""
    return Starlette(
        routes=[
            Route(PREFIX + endpoint.path, _handler(world, endpoint), methods=[endpoint.method])
            for endpoint in _ENDPOINTS
        ],
        exception_handlers={HTTPException: _no_such_route},
    )


def _handler(world: World, endpoint: _Endpoint) -> Callable[[Request], object]:
    async def handle(request: Request) -> Response:
        call = Call(world.now(), request.url.path)
        world.calls.append(call)
        try:
            response = await endpoint.answer(_admitted(world, endpoint, request, call))
        except Refusal as refusal:
            response = refusal.response()
        call.status = response.status_code
        return response

    return handle


def _admitted(world: World, endpoint: _Endpoint, request: Request, call: Call) -> Visit:
    account = world.leneda.account(request.headers.get("X-API-KEY"), request.headers.get("X-ENERGY-ID"))
    if account is None:
        raise Refusal(401, "The API key or the Energy ID is missing or wrong.")
    call.token = account.api_key
    return Visit(world, account, endpoint.name, request, call)


def _no_such_route(_request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return Refusal(status, "There is no such operation.").response()
