"""Elvia's MeterValueApi as an ASGI application: gateway, credential, query, faults, body."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, NamedTuple

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from sandbox import tampering
from sandbox.elvia import maxhours, metervalues, query
from sandbox.elvia.problems import Problem, Stopped, refuse
from sandbox.world import Call

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from starlette.requests import Request
    from starlette.responses import Response

    from sandbox.faults import Fault
    from sandbox.households import Household
    from sandbox.world import World

PREFIX: Final = "/customer/metervalues"


class _Endpoint(NamedTuple):
    name: str
    read: Callable[[Mapping[str, str], datetime], query.Query]
    point: Callable[[World, Household, query.Query, datetime, Sequence[Fault]], str]


_ENDPOINTS: Final = {
    "/api/v1/metervalues": _Endpoint("metervalues", query.read_metervalues, metervalues.point),
    "/api/v1/maxhours": _Endpoint("maxhours", query.read_maxhours, maxhours.point_v1),
    "/api/v2/maxhours": _Endpoint("maxhours", query.read_maxhours, maxhours.point_v2),
}


def build(world: World) -> Starlette:
    """Return the application; its paths are the real API's."""
    return Starlette(
        routes=[
            Route(PREFIX + path, _handler(world, endpoint), methods=["GET"]) for path, endpoint in _ENDPOINTS.items()
        ],
        exception_handlers={HTTPException: _no_such_route},
    )


def _handler(world: World, endpoint: _Endpoint) -> Callable[[Request], object]:
    async def handle(request: Request) -> Response:
        call = Call(world.now(), request.url.path)
        world.calls.append(call)
        try:
            response = await _respond(world, endpoint, request, call)
        except (Problem, Stopped) as refusal:
            response = refusal.response()
        call.status = response.status_code
        return response

    return handle


async def _respond(world: World, endpoint: _Endpoint, request: Request, call: Call) -> Response:
    token = _credential(world, request)
    call.token = token
    wait = world.throttle(token)
    if wait is not None:
        seconds = math.ceil(wait.total_seconds())
        message = f"Rate limit is exceeded. Try again in {seconds} seconds."
        raise Stopped(429, message, {"Retry-After": str(seconds)})
    asked = endpoint.read(request.query_params, call.at)
    residents = _residents(world, token, asked)
    points = [household.metering_point for household in residents]
    call.metering_points, call.window = tuple(points), asked.window
    faults = world.faults.strike(token, endpoint.name, points, asked.window)
    await tampering.silence(faults)
    refuse(faults)
    if residents and not any(asked.window.clip(household.contract) for household in residents):
        raise Problem(world.outside_contract_status)
    written = (
        endpoint.point(world, household, asked, call.at, _concerning(faults, household)) for household in residents
    )
    return tampering.answer(f'{{"meteringpoints":[{",".join(written)}]}}'.encode(), faults)


def _credential(world: World, request: Request) -> str:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    known = world.tokens.get(token)
    if scheme.lower() != "bearer" or known is None or known.deleted:
        raise Stopped(401, "Unauthorized. Access token is missing or invalid.")
    return token


def _residents(world: World, token: str, asked: query.Query) -> list[Household]:
    covered = world.tokens[token].metering_points
    foreign = set(asked.metering_points) - set(covered)
    if foreign and world.foreign_point_status != 200:  # noqa: PLR2004
        raise Problem(world.foreign_point_status)
    wanted = asked.metering_points or covered
    return [world.households[metering_point] for metering_point in wanted if metering_point not in foreign]


def _concerning(faults: Sequence[Fault], household: Household) -> list[Fault]:
    return [fault for fault in faults if fault.metering_point in (None, household.metering_point)]


def _no_such_route(_request: Request, _error: Exception) -> Response:
    # The gateway knows no other operation, so a wrong method is a wrong route to it.
    return Stopped(404, "Resource not found").response()
