"""Where everything lies: the parts of one source's store, and the lock that guards them."""

from __future__ import annotations

from contextlib import contextmanager
from shutil import disk_usage
from typing import TYPE_CHECKING

from connectors.base import Feed
from pipelines.store.access import Requests
from pipelines.store.files import sweep
from pipelines.store.ledger import Ledger
from pipelines.store.lock import writing
from pipelines.store.log import Log
from pipelines.store.quarantine import Quarantine
from pipelines.store.raw import RawAnswers
from pipelines.store.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connectors.base import Source


class StoreFullError(Exception):
    """The disk has too little room left to begin a run."""


def check_room(data_dir: Path, min_free_mb: int) -> None:
    """Raise `StoreFullError` where the disk has less room than the settings ask for; the words say what may go."""
    free_mb = disk_usage(data_dir).free // 1_000_000
    if free_mb < min_free_mb:
        message = (
            f"the disk of {data_dir} has {free_mb} MB left, and store.min_free_mb asks for {min_free_mb}: nothing was "
            f"asked for. Make room: {data_dir / 'raw'} may go, and a lower dagster.keep_runs_days deletes old runs."
        )
        raise StoreFullError(message)


class SourceStore:
    """One source's part of `data_dir`."""

    def __init__(self, data_dir: Path, source: Source) -> None:
        """Bind the parts; only the state file is made at once."""
        self.folder = data_dir
        self.source = source
        self.state = State(data_dir)
        self.ledger = Ledger(self.state, source.name)
        self.requests = Requests(self.state, source.name)
        self.raw = RawAnswers(data_dir / "raw")
        self.quarantine = Quarantine(data_dir / "quarantine", source.name)
        self.logs = {feed: Log(data_dir / "store", source.name, feed, source.zone) for feed in source.feeds}

    @property
    def readings(self) -> Log:
        """Return the log of readings, which every source has."""
        return self.logs[Feed.READINGS]

    @property
    def budget_path(self) -> Path:
        """Return the file in which calls are counted over processes."""
        return self.folder / "budget.sqlite"

    @contextmanager
    def writing(self, wait_s: float) -> Iterator[None]:
        """Hold the source's lock and sweep what killed writers left. Raises `StoreBusyError`."""
        with writing(self.folder / "locks", self.source.name, wait_s=wait_s):
            for part in ("store", "raw", "quarantine"):
                sweep(self.folder / part / self.source.name)
            yield
