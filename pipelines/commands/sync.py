"""`wattline sync`: what the schedules do, for cron or systemd, through the same assets as in the UI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines import launch
from pipelines.alarms.look import tell_settings
from pipelines.commands.failures import FAILED, WELL
from pipelines.commands.output import progress, remark, remark_on_target
from pipelines.commands.runs import summed_up
from pipelines.commands.summary import say_summary
from pipelines.commands.usage import chosen_connections, prepare_data_dir
from pipelines.settings import SettingsError, load
from schemas.time import utc_now

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pipelines.commands.tally import Tally
    from pipelines.settings import Settings


def run(*, connections: Sequence[str] | None) -> int:
    """Return the exit code. Raises `SettingsError`, `UsageError`, `StoreBusyError`."""
    try:
        settings = load()
        tally = synchronise(settings, chosen_connections(settings, connections))
    except SettingsError as error:
        # Nobody watches what cron runs.
        for words in tell_settings(error, utc_now()):
            remark(words)
        raise
    say_summary(tally)
    remark_on_target(settings)
    return WELL if tally.ok else FAILED


def synchronise(settings: Settings, connections: Collection[str]) -> Tally:
    """Ask for what is new, late or due, and load what changed; show progress.

    Raises:
        UsageError: nothing can be written to the store.
        StoreBusyError: another process writes to the store.
    """
    prepare_data_dir(settings)
    with progress() as shown:
        return summed_up(launch.sync(settings, connections=connections, progress=shown.tell), shown)
