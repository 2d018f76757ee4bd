"""Runs of the assets, one after another: shown while they go on, summed up as they end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dagster import DagsterExecutionInterruptedError

from pipelines.commands.tally import Tally

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pipelines.commands.output import Progress
    from pipelines.launch import Launched


def summed_up(runs: Iterable[Launched], shown: Progress) -> Tally:
    """Return what the runs did. Raises `KeyboardInterrupt` where the user stopped them."""
    tally = Tally()
    try:
        for done in runs:
            tally.add(done.source, done.run, done.year)
            shown.step(f"{done.source}: {done.year} is done")
    except DagsterExecutionInterruptedError:
        # Dagster makes an error of Ctrl-C; for the user it is none.
        raise KeyboardInterrupt from None
    return tally
