"""The control API: what a test or a user does to the world from outside, as JSON, from this machine only.

Instants are UTC (`2026-01-31T12:00:00Z`), a window is `{"start": ..., "end": ...}`; a body may be one thing
or a list of them. A body that does not fit gets 400 with the reason.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
from starlette.applications import Starlette
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from sandbox import clock, truth
from sandbox.faults import Fault
from sandbox.hours import OSLO
from sandbox.leneda import control as leneda
from sandbox.plans import Absence, Correction, Instant, hour_of
from sandbox.world import Token
from schemas.time import DAY, local_day, local_midnight, utc_now

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.requests import Request

    from sandbox.world import World

    Handler = Callable[[World, bytes], object]

T = TypeVar("T")

_EVENING: Final = timedelta(hours=18)


class ClockChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What time it is: stands `fixed`, or runs on `shift_seconds` beside the machine's clock (0: just so)."""

    fixed: Instant | None = None
    shift_seconds: float = 0.0


class TokenChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token to add, change, delete (`deleted` true) or restore; without metering points it keeps its own."""

    token: str
    metering_points: tuple[str, ...] | None = None
    deleted: bool = False


def build(world: World) -> Starlette:
    """Return the control API's application."""
    return Starlette(
        routes=[
            Route("/state", _route(world, _state), methods=["GET"]),
            Route("/faults", _route(world, _add_faults), methods=["POST"]),
            Route("/faults", _route(world, _clear_faults), methods=["DELETE"]),
            Route("/corrections", _route(world, _correct), methods=["POST"]),
            Route("/late", _route(world, _hold_back), methods=["POST"]),
            Route("/clock", _route(world, _set_clock), methods=["POST"]),
            Route("/tokens", _route(world, _change_token), methods=["POST"]),
            *(Route(path, _route(world, handle), methods=[method]) for method, path, handle in leneda.ROUTES),
        ]
    )


def _route(world: World, handle: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def answer(request: Request) -> Response:
        if request.client is None or not ip_address(request.client.host).is_loopback:
            return JSONResponse({"error": "the control API answers this machine only"}, 403)
        try:
            done = handle(world, await request.body())
        except (msgspec.ValidationError, msgspec.DecodeError) as error:
            return JSONResponse({"error": str(error)}, 400)
        if isinstance(done, Response):
            return done
        return Response(msgspec.json.encode(done), media_type="application/json")

    return answer


def _decoded(body: bytes, kind: type[T]) -> list[T]:
    """Read one thing or a list of them."""
    if body.lstrip().startswith(b"["):
        return msgspec.json.decode(body, type=list[kind])  # type: ignore[valid-type]
    return [msgspec.json.decode(body, type=kind)]


def _state(world: World, _body: bytes) -> object:
    return {
        "now": world.now(),
        "households": list(world.households.values()),
        "tokens": world.tokens,
        "calls": list(world.calls),
        "faults": world.faults.faults,
        "corrections": world.corrections,
        "absences": world.absences,
        "leneda": leneda.state(world),
    }


def _add_faults(world: World, body: bytes) -> object:
    world.faults.add(*_decoded(body, Fault))
    return world.faults.faults


def _clear_faults(world: World, _body: bytes) -> object:
    world.faults.clear()
    return world.faults.faults


def _correct(world: World, body: bytes) -> object:
    """Plan corrections; with an empty body correct one hour at once and tell which, from what to what."""
    if body.strip():
        world.corrections += _decoded(body, Correction)
        return world.corrections
    now = world.now()
    metering_point = next(iter(world.households))
    hour = hour_of(local_midnight(local_day(now, OSLO) - 3 * DAY, OSLO) + _EVENING)
    correction = Correction(metering_point=metering_point, register="consumption", window=hour, shows=now, factor=1.25)
    before = truth.served(world, metering_point, "consumption", hour, now)["quantity"].to_list()
    world.corrections.append(correction)
    after = truth.served(world, metering_point, "consumption", hour, now)["quantity"].to_list()
    return {"correction": correction, "before": before, "after": after}


def _hold_back(world: World, body: bytes) -> object:
    world.absences += _decoded(body, Absence)
    return world.absences


def _set_clock(world: World, body: bytes) -> object:
    (change,) = _decoded(body or b"{}", ClockChange)
    world.now = clock.fixed(change.fixed) if change.fixed else clock.shifted(timedelta(seconds=change.shift_seconds))
    return {"now": world.now(), "machine": utc_now()}


def _change_token(world: World, body: bytes) -> object:
    changes = _decoded(body, TokenChange)
    for change in changes:
        unknown = set(change.metering_points or ()) - set(world.households)
        if unknown:
            msg = f"nobody has the metering points {sorted(unknown)}"
            raise msgspec.ValidationError(msg)
    for change in changes:
        token = world.tokens.setdefault(change.token, Token(()))
        points = token.metering_points if change.metering_points is None else change.metering_points
        world.tokens[change.token] = replace(token, metering_points=points, deleted=change.deleted)
    return world.tokens
