"""`wattline access request`: ask for access, once everything that can be checked was checked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.access import METERING_POINTS, OWNER, OWNER_ID, REGISTERS
from connectors.errors import RenewCredential
from connectors.registry import SOURCES
from pipelines.access.plan import Planned, Planning
from pipelines.access.send import Sending, Sent
from pipelines.access.wish import OPTIONS, Wish, WishError, read_wishes
from pipelines.commands.access import prepared
from pipelines.commands.failures import FAILED, WELL
from pipelines.commands.output import say
from pipelines.commands.summary import counted
from pipelines.commands.usage import UsageError, chosen_connections
from pipelines.flow import Flow
from schemas.time import utc_now

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from connectors.access import Access
    from pipelines.settings import Settings


def run(
    *,
    connection: str,
    owner: str | None,
    energy_id: str | None,
    pods: Sequence[str],
    registers: Sequence[str],
    file: Path | None,
    dry_run: bool,
) -> int:
    """Return the exit code. Raises `SettingsError`, `UsageError`, `OutsideError`."""
    settings = prepared()
    flow, access = _asker(settings, connection)
    planning = Planning(settings, flow, access, connection)
    try:
        if file is None:
            wish = Wish("", OPTIONS, owner or "", energy_id or "", tuple(pods), tuple(registers))
            plan = [planning.one(wish)]
        else:
            plan = planning.many(_wishes(file, owner, energy_id, pods, registers))
    except WishError as error:
        raise UsageError(str(error)) from None
    sending = Sending(settings, flow, access, connection, planning.asked_for)
    if dry_run:
        return _show(plan, access, flow, connection, sending)
    return _send(plan, f"{flow.source.name}/{connection}", sending)


def _asker(settings: Settings, name: str) -> tuple[Flow, Access]:
    """Return what the connection asks with. Raises `UsageError` or `OutsideError` where it cannot ask."""
    chosen_connections(settings, [name])
    source, connection = SOURCES[settings.connections[name].source], settings.connections[name]
    access = source.access
    if access is None:
        able = ", ".join(source.name for source in SOURCES.values() if source.access is not None)
        message = f"--connection: {name} is one to {source.name}, which takes no requests for access; {able} does"
        raise UsageError(message)
    try:
        connection.credential(name)
    except RenewCredential as error:
        raise UsageError(str(error)) from None
    flow = Flow(settings, source, utc_now())
    if resting := flow.syncing([name]).resting(name):
        raise resting
    return flow, access


def _wishes(
    file: Path, owner: str | None, energy_id: str | None, pods: Sequence[str], registers: Sequence[str]
) -> list[Wish]:
    given = {OWNER: owner, OWNER_ID: energy_id, METERING_POINTS: pods, REGISTERS: registers}
    if beside := [OPTIONS[part] for part, value in given.items() if value]:
        message = f"--file: each line of it is a whole request; leave out {', '.join(beside)}"
        raise UsageError(message)
    return read_wishes(file)


def _show(plan: Sequence[Planned], access: Access, flow: Flow, name: str, sending: Sending) -> int:
    for planned in plan:
        if planned.request is None:
            say(f"{planned.wish.place}: {planned.words}")
        else:
            say(access.rendered(flow.connections[name], planned.request))
            say()
    say(f"Nothing was sent. {counted(sending.left(), 'false attempt')} may still be made today.")
    return WELL


def _send(plan: Sequence[Planned], asker: str, sending: Sending) -> int:
    well, left = True, 0
    last: Sent | None = None
    for planned in plan:
        place = planned.wish.place or asker
        if planned.request is None:
            well = well and not planned.needs_somebody
            say(f"{place}: {planned.words}")
        elif last is None or last.goes_on:
            last = sending.send(planned.request)
            well, left = well and last.ok, left + last.is_to_be_sent
            say(f"{place}: {last.words}")
        else:
            left += 1
    if left and last is not None and planned.wish.place:
        when = f"from {sending.begins_again()}" if last.is_to_be_sent else "once that is mended"
        say(f"{counted(left, 'request')} left. Run the same again {when}; none is repeated.")
    return WELL if well else FAILED
