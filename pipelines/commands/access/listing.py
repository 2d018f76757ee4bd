"""`wattline access list`: how access stands, from what is kept; no operator is asked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import msgspec

from pipelines.access.check import standing
from pipelines.access.standing import WAITING, State
from pipelines.commands.access import flows, prepared
from pipelines.commands.failures import WELL
from pipelines.commands.output import say, say_table
from schemas.time import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from pipelines.access.standing import Standing
    from pipelines.flow import Flow
    from pipelines.settings import Settings

COLUMNS: Final = ("connection", "metering point", "register", "owner", "state", "since")
NAMING: Final = 4


@dataclass(frozen=True)
class NamedAccess:
    """Access to one register of a metering point."""

    source: str
    connection: str
    metering_point: str
    name: str | None
    register: str
    owner: str | None
    state: str
    since: datetime
    arrived: bool | None
    reminder: str | None


@dataclass(frozen=True)
class Document:
    """All of `access list --json`; `docs/commands.md` says what each key means."""

    at: datetime
    accesses: list[NamedAccess]


def run(*, as_json: bool) -> int:
    """Return the exit code. Raises `SettingsError`, `UsageError`."""
    settings = prepared()
    found = [(flow, name, standing(settings, flow, name)) for flow in flows(settings) for name in flow.connections]
    if as_json:
        accesses = [_named(settings, flow, name, one) for flow, name, every in found for one in every]
        say(msgspec.json.format(msgspec.json.encode(Document(utc_now(), accesses)), indent=2).decode())
        return WELL
    rows = [_cells(settings, flow, name, one) for flow, name, every in found for one in every]
    if not rows:
        say("Nothing was asked for. `wattline access request` asks for access to somebody else's readings.")
        return WELL
    say_table(COLUMNS, rows, naming=NAMING)
    for flow, name, every in found:
        say_reminders(flow, name, every)
    return WELL


def say_reminders(flow: Flow, name: str, found: Sequence[Standing]) -> None:
    """Print what to send to owners who have not decided for long."""
    for text in _reminders(flow, name, found):
        say()
        say("You must act: the owner has not decided. Send them this:")
        say()
        say(text)


def cells_of(settings: Settings, one: Standing) -> tuple[str, str]:
    """Return the metering point, by its name if it has one, and the register."""
    point = one.subject.metering_point
    return settings.names.get(point, point), one.subject.register


def _reminders(flow: Flow, name: str, found: Sequence[Standing]) -> Iterator[str]:
    """Yield a letter for each request that waits for too long."""
    requests: dict[int, list[Standing]] = {}
    for one in found:
        if one.state is State.SILENT and one.requested is not None:
            requests.setdefault(one.requested.number, []).append(one)
    for waiting in requests.values():
        if text := _reminder(flow, name, waiting):
            yield text


def _reminder(flow: Flow, name: str, waiting: Sequence[Standing]) -> str | None:
    access, requested = flow.source.access, waiting[0].requested
    if access is None or requested is None or waiting[0].state is not State.SILENT:
        return None
    asked_on = requested.at.astimezone(flow.source.zone).date()
    return access.reminder(flow.connections[name], requested.owner, [one.subject for one in waiting], asked_on)


def _cells(settings: Settings, flow: Flow, name: str, one: Standing) -> list[str]:
    point, register = cells_of(settings, one)
    owner = one.requested.owner if one.requested else ""
    # What is granted has arrived, whatever was known of it when it was sent.
    is_open = one.state in WAITING and one.requested is not None and not one.requested.is_taken
    state = f"{one.state} (arrival unknown)" if is_open else one.state
    since = f"{one.since.astimezone(flow.source.zone):%Y-%m-%d %H:%M}"
    return [f"{flow.source.name}/{name}", point, register, owner, state, since]


def _named(settings: Settings, flow: Flow, name: str, one: Standing) -> NamedAccess:
    point, requested = one.subject.metering_point, one.requested
    return NamedAccess(
        source=flow.source.name,
        connection=name,
        metering_point=point,
        name=settings.names.get(point),
        register=one.subject.register,
        owner=requested.owner if requested else None,
        state=one.state,
        since=one.since,
        arrived=requested.is_taken or one.state not in WAITING if requested else None,
        reminder=_reminder(flow, name, [one]),
    )
