"""`wattline backfill`: every year that the operators serve, through the same assets as in the UI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines import launch
from pipelines.commands.failures import FAILED, WELL
from pipelines.commands.output import progress, remark_on_target
from pipelines.commands.runs import summed_up
from pipelines.commands.summary import say_summary
from pipelines.commands.usage import check_years, chosen_connections, prepare_data_dir
from pipelines.settings import load
from schemas.time import utc_now

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pipelines.commands.tally import Tally
    from pipelines.settings import Settings


def run(*, first: int | None, last: int | None, connections: Sequence[str] | None, refetch: bool) -> int:
    """Return the exit code. Raises `SettingsError`, `UsageError`, `StoreBusyError`."""
    settings = load()
    tally = fetch(settings, chosen_connections(settings, connections), first=first, last=last, refetch=refetch)
    say_summary(tally)
    remark_on_target(settings)
    return WELL if tally.ok else FAILED


def fetch(
    settings: Settings,
    connections: Collection[str],
    *,
    first: int | None = None,
    last: int | None = None,
    refetch: bool = False,
) -> Tally:
    """Fetch the years in `[first, last]` and load what changed; show progress.

    Raises:
        UsageError: the years are not served, or nothing can be written to the store.
        StoreBusyError: another process writes to the store.
    """
    sources = {settings.connections[name].source for name in connections}
    years = check_years(sources, first, last, utc_now())
    prepare_data_dir(settings)
    with progress(years) as shown:
        runs = launch.backfill(
            settings, connections=connections, first=first, last=last, refetch=refetch, progress=shown.tell
        )
        return summed_up(runs, shown)
