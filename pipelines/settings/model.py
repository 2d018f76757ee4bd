"""What may be set: every key with its type, bounds and default. `docs/settings.md` says what each means."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import reduce
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, cast

from pydantic import (
    AfterValidator,
    BaseModel,
    Field,
    PrivateAttr,
    WrapValidator,
    field_validator,
)
from pydantic_core import PydanticCustomError

from connectors.connection import STRICT, ConnectionSettings, WholeNumber
from connectors.influxdb.settings import InfluxSettings
from connectors.messages.settings import AlarmSettings
from connectors.registry import SOURCES
from pipelines.settings.cron import checked_cron

SOURCE_MISSING: Final = "source_missing"
SOURCE_UNKNOWN: Final = "source_unknown"


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", text):
        message = (
            "a connection's name is made of lower-case letters, digits and single underscores,"
            " and begins with a letter, such as home or summer_house"
        )
        raise ValueError(message)
    return text


def _source_name(text: str) -> str:
    if text not in SOURCES:
        raise PydanticCustomError(SOURCE_UNKNOWN, "no such source", {"name": text})
    return text


def _folder(path: Path) -> Path:
    if path.is_file():
        message = "must be a folder, and a file of that name is there"
        raise ValueError(message)
    return path


def _by_source(table: object, _: object) -> ConnectionSettings:
    """Read a connection by the model of its source. A union of models would report the faults of each."""
    if isinstance(table, ConnectionSettings):
        return table
    if not isinstance(table, dict):
        kind = "dict_type"
        raise PydanticCustomError(kind, "must be a table")
    source = table.get("source")
    if source is None:
        raise PydanticCustomError(SOURCE_MISSING, "no source given")
    if source not in tuple(SOURCES):
        raise PydanticCustomError(SOURCE_UNKNOWN, "no such source", {"name": source})
    return SOURCES[source].settings.model_validate(table)


if TYPE_CHECKING:
    from collections.abc import Iterable

    from pydantic_settings import BaseSettings

    Connection = ConnectionSettings
else:
    Connection = Annotated[reduce(or_, (source.settings for source in SOURCES.values())), WrapValidator(_by_source)]


class Section(BaseModel):
    """A table with keys that are all known."""

    model_config = STRICT


class SyncSettings(Section):
    """How far back is asked again, and how much in one call."""

    reread_days: WholeNumber = Field(default=30, ge=1, le=1096)
    deep_reread_days: WholeNumber = Field(default=30, ge=1, le=1096)
    points_per_call: WholeNumber = Field(default=20, ge=1, le=1000)


class StoreSettings(Section):
    """The files under `data_dir`."""

    raw_retention_days: WholeNumber = Field(default=90, ge=1, le=36_500)
    lock_wait_s: WholeNumber = Field(default=600, ge=0, le=86_400)
    min_free_mb: WholeNumber = Field(default=500, ge=0, le=10_000_000)


class DagsterSettings(Section):
    """What Dagster keeps of its own."""

    keep_runs_days: WholeNumber = Field(default=30, ge=1, le=36_500)


class AccessSettings(Section):
    """Requests for access to other people's data."""

    attempts_per_day: WholeNumber = Field(default=5, ge=1, le=1000)
    silent_days: WholeNumber = Field(default=14, ge=1, le=365)
    check_every_s: WholeNumber = Field(default=3600, ge=5, le=86_400)


class Settings(Section):
    """Everything that may be set, as `load` found it."""

    data_dir: Annotated[Path, AfterValidator(_folder)] = Path("data")
    influxdb: InfluxSettings | None = None
    connections: dict[Annotated[str, AfterValidator(_name)], Connection] = Field(default_factory=dict)
    names: dict[str, str] = Field(default_factory=dict)
    sync: SyncSettings = SyncSettings()
    store: StoreSettings = StoreSettings()
    schedules: dict[Annotated[str, AfterValidator(_source_name)], Annotated[str, AfterValidator(checked_cron)]] = Field(
        default_factory=dict, validate_default=True
    )
    dagster: DagsterSettings = DagsterSettings()
    access: AccessSettings = AccessSettings()
    alarms: AlarmSettings = AlarmSettings()

    _warnings: tuple[str, ...] = PrivateAttr(default=())

    @property
    def warnings(self) -> tuple[str, ...]:
        """What looks wrong but stops nothing, for `doctor`; each names its key or file."""
        doubts = (
            f"connections.{name}.{doubt}"
            for name, connection in self.connections.items()
            for doubt in connection.doubts()
        )
        return (*self._warnings, *doubts)

    def connections_of(self, source: str) -> dict[str, ConnectionSettings]:
        """Return the connections to one source, by name."""
        return {name: connection for name, connection in self.connections.items() if connection.source == source}

    def influxdb_of(self, connection: str) -> InfluxSettings | None:
        """Return the database that a connection's readings belong to; None where none is configured."""
        table = self.connections[connection]
        apart = table.database or table.bucket
        return self.influxdb.for_database(apart) if self.influxdb is not None and apart is not None else self.influxdb

    def note(self, warnings: Iterable[str]) -> None:
        """Keep what `load` found doubtful in the files."""
        self._warnings = tuple(warnings)

    @field_validator("connections", mode="after")
    @classmethod
    def _one_claim_each(cls, connections: dict[str, ConnectionSettings]) -> dict[str, ConnectionSettings]:
        claims: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for name, connection in connections.items():
            for place, metering_point in enumerate(connection.listed_points()):
                claims[connection.source, metering_point].append(f"connections.{name}.metering_points[{place}]")
        twice = [" and ".join(keys) for keys in claims.values() if len(keys) > 1]
        if twice:
            message = f"{'; '.join(twice)} are the same metering point: leave it in one of them"
            raise ValueError(message)
        return connections

    @field_validator("names", mode="after")
    @classmethod
    def _as_operators_write_them(cls, names: dict[str, str]) -> dict[str, str]:
        # The environment knows no case, and every operator's ids are digits and capitals.
        return {metering_point.strip().upper(): name for metering_point, name in names.items()}

    @field_validator("schedules", mode="after")
    @classmethod
    def _every_source(cls, schedules: dict[str, str]) -> dict[str, str]:
        return {name: source.settings.daily_at for name, source in SOURCES.items()} | schedules


MODEL: Final = cast("type[BaseSettings]", Settings)
"""The model for pydantic-settings' sources, which ask it for its fields and for nothing else.

It is no `BaseSettings`, since that would read the environment whenever it is made, and would take a key such as
`_env_file` in a TOML file for an order.
"""
