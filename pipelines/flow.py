"""A run from end to end, for some connections of one source: ask and store, then load, then say what happened.

Assets and commands call this; neither has a story of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from connectors.errors import OutsideError
from connectors.influxdb.database import connect
from pipelines.alarms.cut_short import CutShort
from pipelines.covered import covered
from pipelines.load.progress import Progress
from pipelines.load.run import Loaded, Loading, Target
from pipelines.store.home import SourceStore, check_room
from pipelines.sync.run import Syncing
from schemas.time import DAY

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
    from datetime import datetime

    import polars as pl

    from connectors.base import Source
    from connectors.influxdb.settings import InfluxSettings
    from pipelines.settings import Settings
    from pipelines.sync.outcome import Outcome


@dataclass(frozen=True)
class TargetLoad:
    """What happened at one database: what was loaded there, or why it failed."""

    target: str
    connections: tuple[str, ...]
    loaded: Loaded | None = None
    error: OutsideError | None = None


@dataclass
class SourceRun:
    """What a run did: an outcome for each connection that was asked, and a load for each database."""

    outcomes: Mapping[str, Outcome] = field(default_factory=dict)
    loads: list[TargetLoad] = field(default_factory=list)

    def load_of(self, connection: str) -> TargetLoad | None:
        """Return the load that the connection was part of; None where no database is configured."""
        return next((load for load in self.loads if connection in load.connections), None)


class Flow:
    """One source's runs under one reading of the settings, at one instant."""

    def __init__(
        self, settings: Settings, source: Source, now: datetime, *, among: Collection[str] | None = None
    ) -> None:
        """Bind settings, source and the instant that the whole run takes for now.

        `among`: the connections that there are assets of; another one stands in the settings since they were loaded.
        """
        self._settings, self.source, self.now = settings, source, now
        self.store = SourceStore(settings.data_dir, source)
        self.connections = {
            name: connection
            for name, connection in settings.connections_of(source.name).items()
            if among is None or name in among
        }
        self.silent_after = settings.access.silent_days * DAY
        """After how long an owner who was asked for access, and has not answered, is told of."""

    def syncing(self, connections: Collection[str] | None = None) -> Syncing:
        """Return the asking side for these connections (all, by default)."""
        chosen = {
            name: self.connections[name] for name in self.connections if connections is None or name in connections
        }
        return Syncing(self.source, self.store, chosen, self._settings.sync, self.now)

    def run(
        self,
        years: Sequence[int],
        *,
        ask: Collection[str],
        load: Collection[str],
        refetch: bool = False,
        full: bool = False,
        progress: Callable[[str], None] = lambda _: None,
    ) -> SourceRun:
        """Ask the connections of `ask` about the years, then load those of `load`: what is lacking, or everything.

        Raises:
            StoreBusyError: another process holds the source's lock for too long.
            StoreFullError: the disk has too little room left.
        """
        run = SourceRun()
        with (
            CutShort(self.store.state).watching(self.source.name, self.now),
            self.store.writing(self._settings.store.lock_wait_s),
        ):
            if ask:
                check_room(self.store.folder, self._settings.store.min_free_mb)
                run.outcomes = self.syncing(ask).run(years, refetch=refetch, progress=progress).outcomes
                self.store.raw.drop_before(self.source.name, self.now - self._settings.store.raw_retention_days * DAY)
            run.loads = [self._load(target, names, run.outcomes, full=full) for target, names in self._targets(load)]
        return run

    def coverage(self) -> pl.DataFrame:
        """Return the coverage of all that is in the store, as of now: `pipelines.covered.covered`."""
        return covered(self.store.readings.days(), self.store, self.connections, self.now)

    def target_of(self, connection: str) -> str | None:
        """Name the database that the connection's readings belong to; None where none is configured."""
        target = self._settings.influxdb_of(connection)
        return None if target is None else target.target()

    def _targets(self, connections: Collection[str]) -> Iterator[tuple[InfluxSettings, list[str]]]:
        """Yield every database with all connections that belong there, if one of the chosen does."""
        targets: dict[str, tuple[InfluxSettings, list[str]]] = {}
        for name in self.connections:
            if (target := self._settings.influxdb_of(name)) is not None:
                targets.setdefault(target.target(), (target, []))[1].append(name)
        for name, (_, names) in targets.items():
            self.store.ledger.belongs(names, name)
            # What a connection brought that left the settings since stays where it was, and nowhere else.
            names += [gone for gone in self.store.ledger.belonging(name) if gone not in self.connections]
        yield from (entry for entry in targets.values() if set(entry[1]) & set(connections))

    def _load(
        self, settings: InfluxSettings, names: list[str], outcomes: Mapping[str, Outcome], *, full: bool
    ) -> TargetLoad:
        target = Target(settings.target(), tuple(names), frozenset(self.connections))
        progress = Progress(self.store.state, target.name, self.source.name)
        try:
            database = connect(settings)
            try:
                loading = Loading(self.store, database, target, self.now)
                loaded = loading.run(full=full)
                loading.record(outcomes)
            finally:
                database.close()
        except OutsideError as error:
            progress.ended(str(error), self.now)
            return TargetLoad(target.name, target.connections, error=error)
        progress.ended(None, self.now)
        return TargetLoad(target.name, target.connections, loaded=loaded)
