"""The part of the control API that is Leneda's: owners' decisions, keys, switches, odd values."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from sandbox.leneda import page
from sandbox.leneda.access import Decision
from sandbox.leneda.plans import Oddity
from sandbox.leneda.registers import REGISTERS
from sandbox.leneda.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Callable

    from sandbox.world import World


class KeyChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A user's new API key, which ends the old one; None removes it."""

    energy_id: str
    api_key: str | None


def state(world: World) -> object:
    """Return everything that decides what Leneda answers, and every request for access."""
    grid = world.leneda
    return {
        "accounts": list(grid.accounts.values()),
        "metering_points": list(grid.metering_points.values()),
        "requests": grid.access.requests,
        "accesses": grid.access.accesses,
        "false_attempts": grid.access.false_attempts,
        "letters": grid.access.letters,
        "switches": grid.switches,
        "oddities": grid.oddities,
    }


def decide(world: World, body: bytes) -> object:
    """Do what an owner decides; returns what changed."""
    return _decided(world, msgspec.json.decode(body, type=Decision))


def change_key(world: World, body: bytes) -> object:
    """Give a user another key."""
    change = msgspec.json.decode(body, type=KeyChange)
    account = world.leneda.accounts.get(change.energy_id)
    if account is None:
        msg = f"nobody has the Energy ID {change.energy_id}"
        raise msgspec.ValidationError(msg)
    account.api_key = change.api_key
    return account


def switch(world: World, body: bytes) -> object:
    """Set the switches that are named; the others stay."""
    changes = msgspec.json.decode(body, type=dict[str, Any])
    world.leneda.switches = msgspec.convert(msgspec.to_builtins(world.leneda.switches) | changes, Switches)
    return world.leneda.switches


def make_odd(world: World, body: bytes) -> object:
    """Plan values that are null or of another type."""
    world.leneda.oddities.append(msgspec.json.decode(body, type=Oddity))
    return world.leneda.oddities


def decide_by_form(world: World, body: bytes) -> object:
    """Do what a form of the page says, and send the browser back to it."""
    _decided(world, msgspec.convert(page.fields(body), Decision))
    return page.back()


def _decided(world: World, decision: Decision) -> object:
    point = world.leneda.metering_points.get(decision.metering_point)
    if point is None or decision.register not in (None, *REGISTERS):
        msg = "there is no such metering point or register"
        raise msgspec.ValidationError(msg)
    try:
        return world.leneda.access.decide(decision, point.registers, world.now())
    except ValueError as error:
        raise msgspec.ValidationError(str(error)) from error


def _show(world: World, _body: bytes) -> object:
    return page.show(world)


ROUTES: Final[tuple[tuple[str, str, Callable[[World, bytes], object]], ...]] = (
    ("GET", "/leneda", _show),
    ("POST", "/leneda", decide_by_form),
    ("POST", "/leneda/access", decide),
    ("POST", "/leneda/keys", change_key),
    ("POST", "/leneda/switches", switch),
    ("POST", "/leneda/oddities", make_odd),
)
"""Method, path below the control API, handler."""
