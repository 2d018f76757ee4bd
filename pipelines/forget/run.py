"""Erase what is forgotten: databases first, the ledger last, so that what is cut short can be run again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.forget import databases
from pipelines.forget.proof import Proof
from pipelines.report.write import erase_report

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.forget.who import Forgotten
    from pipelines.settings import Settings


def erase(settings: Settings, forgotten: Forgotten) -> Iterator[Proof]:
    """Erase everywhere, and say of each place what it had and what is left.

    Raises:
        StoreBusyError: another process holds the source's lock for too long.
        OutsideError: a database does not answer; the store still has everything, for the next attempt.
    """
    store, points = forgotten.flow.store, forgotten.metering_points
    with store.writing(settings.store.lock_wait_s):
        yield from databases.erase(settings, forgotten)
        yield Proof("raw answers", *store.raw.erase(forgotten.flow.source.name, points, forgotten.whole))
        for log in store.logs.values():
            yield Proof(f"store, {log.feed}", *log.erase(points))
        yield Proof("report", *erase_report(settings, points))
        yield Proof("quarantine", *store.quarantine.erase(points, forgotten.whole))
        yield Proof("ledger", *store.state.erase(forgotten.flow.source.name, points, forgotten.whole))
