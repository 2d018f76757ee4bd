"""`wattline access check`: look at once whether what was asked for is granted, and what was granted still is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.access.check import check, standing
from pipelines.access.standing import WAITING, State
from pipelines.commands.access import flows, prepared
from pipelines.commands.access.listing import cells_of, say_reminders
from pipelines.commands.failures import FAILED, WELL
from pipelines.commands.output import progress, say
from pipelines.commands.summary import counted
from pipelines.who import who_must_act

if TYPE_CHECKING:
    from pipelines.access.check import Checked
    from pipelines.flow import Flow
    from pipelines.settings import Settings


def run() -> int:
    """Return the exit code. Raises `SettingsError`, `UsageError`, `StoreBusyError`, `StoreFullError`."""
    settings = prepared()
    code = WELL
    for flow in flows(settings):
        with progress() as shown:
            checked = check(
                settings,
                flow,
                list(flow.connections),
                all_granted=True,
                wait_s=settings.store.lock_wait_s,
                progress=shown.tell,
            )
        for name in flow.connections:
            code = _say(settings, flow, name, checked) or code
    return code


def _say(settings: Settings, flow: Flow, name: str, checked: Checked) -> int:
    where, outcome = f"{flow.source.name}/{name}", checked.outcomes.get(name)
    found = standing(settings, flow, name)
    for one in checked.changed.get(name, []):
        say(f"{where}: {' '.join(cells_of(settings, one))} is {one.state}{_AND[one.state]}")
    waiting = sum(one.state in WAITING for one in found)
    say(f"{where}: {counted(len(found), 'register')} of other people's, {waiting:,} of them not granted yet")
    say_reminders(flow, name, found)
    if outcome is None or outcome.ok:
        return WELL
    later = f" Not before {outcome.not_before:%Y-%m-%d %H:%M} UTC." if outcome.not_before else ""
    who = who_must_act(outcome.cause or "", flow.source.name, name)
    say(f"{where}: FAILED: {outcome.words}.{later} {who}")
    return FAILED


_AND = {
    State.GRANTED: "; `wattline backfill` fetches every year, and Dagster's sensor does it by itself",
    State.LOST: ". It is asked for no longer, and what was read stays. You must act: ask its owner",
}
