"""Somebody's installation beside a simulated operator, such as Elvia: settings by environment, data folder, database.

`Home.backfill` and `Home.sync` do what the commands do, run after run, without the seconds that Dagster takes;
that Dagster does the same is tested where it is the point.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self

import polars as pl

from connectors.elvia.source import ELVIA
from connectors.influxdb.database import connect
from connectors.influxdb.influxql import identifier
from connectors.influxdb.lines import Lines
from pipelines import launch
from pipelines.flow import Flow, SourceRun
from pipelines.settings import Settings, load
from pipelines.status import ConnectionStatus, SeriesStatus, status
from sandbox import truth
from sandbox.hours import OSLO
from sandbox.households import Household, metering_point_id
from schemas.time import Window, floor_hour, local_day, local_midnight, utc_now
from tests.support.influx import name_in, variables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from connectors.base import Source
    from connectors.influxdb.base import Database
    from connectors.influxdb.settings import InfluxSettings
    from sandbox.serve import Sandbox
    from sandbox.world import Call, World

# A Wednesday, 14:20 in Oslo. Three calendar years back lies a leap day, and six clock changes.
NOW: Final = datetime(2026, 6, 17, 12, 20, tzinfo=UTC)

MEASUREMENTS: Final = ("hourly_reading", "local_day", "local_month", "monthly_max_hour", "capacity_basis", "sync_run")


def moved_in(
    days_ago: int, name: str = "home", serial: int = 1, *, produces: bool = False, innlandet: bool = False
) -> Household:
    """Return a household whose contract began at a local midnight so many days before now."""
    start = local_midnight(local_day(utc_now(), OSLO) - timedelta(days=days_ago), OSLO)
    return Household(metering_point_id(serial), name, start, produces=produces, innlandet=innlandet)


@dataclass
class Runs:
    """What several runs did."""

    runs: list[SourceRun] = field(default_factory=list)

    def sum(self, connection: str, what: str) -> int:
        """Add up a number over one connection's outcomes."""
        return sum(getattr(run.outcomes[connection], what) for run in self.runs if connection in run.outcomes)

    def quarantined(self, connection: str) -> dict[str, int]:
        """Add up one connection's newly quarantined rows, by rule."""
        found: dict[str, int] = {}
        for run in self.runs:
            for rule, count in run.outcomes[connection].quarantined.items() if connection in run.outcomes else ():
                found[rule] = found.get(rule, 0) + count
        return found

    def causes(self, connection: str) -> list[str | None]:
        """Return why each run failed for a connection that it was about."""
        return [run.outcomes[connection].cause for run in self.runs if connection in run.outcomes]

    def words(self, connection: str) -> list[str]:
        """Return what each run that failed for a connection said."""
        said = [run.outcomes[connection].words for run in self.runs if connection in run.outcomes]
        return [words for words in said if words is not None]

    @property
    def wrote_nothing(self) -> bool:
        """Tell whether no line was sent to any database."""
        return all(load.loaded is not None and not load.loaded.sent for run in self.runs for load in run.loads)

    @property
    def load_errors(self) -> list[str]:
        """Return the words of every load that failed."""
        return [str(load.error) for run in self.runs for load in run.loads if load.error is not None]


class Home:
    """One installation; a context manager. Reading it needs nothing running but the database."""

    def __init__(self, sandbox: Sandbox, folder: Path, influx: InfluxSettings | None, source: Source = ELVIA) -> None:
        """Begin with no connection."""
        self.sandbox, self.folder, self.influx, self.source = sandbox, folder, influx, source
        self.environment: dict[str, str] = {}
        if influx is not None:
            self.use(influx)
        self._database: Database | None = None

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close."""
        self.close()

    @property
    def database_name(self) -> str:
        """The name of the database in the settings."""
        assert self.settings.influxdb is not None
        return name_in(self.settings.influxdb)

    @property
    def world(self) -> World:
        """The world that the sandbox serves."""
        return self.sandbox.world

    @property
    def data_dir(self) -> Path:
        """Where everything is kept."""
        return self.folder / "data"

    def set(self, key: str, value: object) -> None:
        """Set a variable of the environment, such as `sync__reread_days`."""
        self.environment[f"WATTLINE_{key.upper()}"] = str(value)

    def use(self, influx: InfluxSettings) -> None:
        """Set the database."""
        for key, value in variables(influx).items():
            self.set(key, value)

    def connect(self, name: str, token: str | None = None, **keys: object) -> None:
        """Configure a connection to the simulated Elvia; its token is `sandbox-<name>` unless another is given."""
        # The budget counts in real time, in which a simulated month is a minute.
        given = {"source": "elvia", "base_url": self.sandbox.elvia_url, "calls_per_hour": 100_000} | keys
        for key, value in (given | {"token": token or f"sandbox-{name}"}).items():
            self.set(f"connections__{name}__{key}", value)

    def admit(self, *households: Household) -> None:
        """Let households of Elvia's move in, each with a token and a connection of its name."""
        for household in households:
            self.world.admit(f"sandbox-{household.name}", [household])
            self.connect(household.name)

    @property
    def settings(self) -> Settings:
        """The settings as the next run would read them."""
        return load(self.environment, self.folder)

    def flow(self) -> Flow:
        """Return the flow of a run that begins now."""
        return Flow(self.settings, self.source, utc_now())

    def backfill(self, *, refetch: bool = False) -> Runs:
        """Do what `wattline backfill` does."""
        years, names = self.flow().syncing().years(), list(self.settings.connections)
        return Runs([self.flow().run([year], ask=names, load=names, refetch=refetch) for year in years])

    def sync(self) -> Runs:
        """Do what `wattline sync` does."""
        work = launch._with_something_to_ask(self.flow(), None)
        return Runs([self.flow().run([year], ask=names, load=names) for year, names in work])

    def load(self, *, full: bool = False) -> SourceRun:
        """Do what `wattline load` does."""
        flow = self.flow()
        return flow.run((), ask=(), load=list(flow.connections), full=full)

    def status(self, connection: str) -> tuple[ConnectionStatus, list[SeriesStatus]]:
        """Return how one connection and its registers stand."""
        connections, series = status(self.flow(), utc_now())
        (mine,) = [one for one in connections if one.connection == connection]
        return mine, [one for one in series if one.connection == connection]

    # What the operator saw and serves.

    def calls(self) -> list[Call]:
        """Return what the operator was asked since the last time, and forget it."""
        seen = list(self.world.calls)
        self.world.calls.clear()
        return seen

    def served(self, household: Household, register: str = "consumption", at: datetime | None = None) -> pl.DataFrame:
        """Return all that Elvia serves of a series at an instant (now): `start`, `quantity`, `verified`."""
        at = at or self.world.now()
        window = Window(ELVIA.history_start(next(iter(ELVIA.feeds)), at), floor_hour(at))
        return truth.served(self.world, household.metering_point, register, window, at)

    # What is kept.

    def log(self) -> pl.DataFrame:
        """Return every revision of every reading in the store, by metering point, register, start and `seq`."""
        return self._whole_log(self.flow().store.readings.read)

    def current(self) -> pl.DataFrame:
        """Return the current readings in the store."""
        return self._whole_log(self.flow().store.readings.current)

    def _whole_log(self, read: Callable[[Any], pl.DataFrame]) -> pl.DataFrame:
        store = self.flow().store.readings
        frames = [read(month) for month in store.months()]
        return pl.concat([store.shape.schema.to_frame(eager=True), *frames]).sort(*store.shape.key, "seq")

    def files(self, *parts: str) -> dict[str, str]:
        """Return the SHA-256 of every file in these folders of the data folder."""
        return {
            str(path.relative_to(self.data_dir)): hashlib.sha256(path.read_bytes()).hexdigest()
            for part in parts
            for path in sorted((self.data_dir / part).rglob("*"))
            if path.is_file()
        }

    # What is in the database.

    @property
    def database(self) -> Database:
        """The database of the settings, opened once."""
        if self._database is None:
            influx = self.settings.influxdb
            assert influx is not None
            self._database = connect(influx)
        return self._database

    def points(self, measurement: str = "hourly_reading") -> pl.DataFrame:
        """Return every point of a measurement, tags and fields as columns, `time` as UTC instants."""
        answer = self.database.query(f"SELECT * FROM {identifier(measurement)}")  # noqa: S608 - quoted
        frames = [frame_of(series.columns, series.rows) for series in answer]
        return pl.concat(frames, how="diagonal") if frames else pl.DataFrame()

    def contents(self, without: Iterable[str] = ()) -> dict[str, list[tuple[object, ...]]]:
        """Return all that the database holds, by measurement."""
        names = [name for name in MEASUREMENTS if name not in without]
        return {name: sorted(self.points(name).rows(), key=repr) for name in names}

    def scribble(self, line: str) -> None:
        """Write a line into the database as somebody else would, with its time in seconds."""
        assert self.database.write(Lines(pl.Series([line]))).refused == ()

    def close(self) -> None:
        """Give the sockets back; the next look at the database opens it by the settings."""
        if self._database is not None:
            self._database.close()
            self._database = None


def frame_of(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> pl.DataFrame:
    """Put a table of a query's answer into a frame."""
    frame = pl.DataFrame(rows, schema=list(columns), orient="row", infer_schema_length=None)
    return frame.with_columns(pl.from_epoch("time", "s").dt.replace_time_zone("UTC").cast(pl.Datetime("us", "UTC")))
