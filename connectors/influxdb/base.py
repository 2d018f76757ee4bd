"""What the pipelines may assume of the database, whichever version of InfluxDB answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime, timedelta

    from connectors.influxdb.lines import Lines
    from connectors.influxdb.settings import Api


@dataclass(frozen=True)
class RefusedLine:
    """A line that the database does not take, verbatim, and why, in the server's words without the line."""

    line: bytes = field(repr=False)
    words: str


@dataclass(frozen=True)
class Written:
    """How many lines of a request are in the database now, and which are not."""

    accepted: int
    refused: tuple[RefusedLine, ...] = ()


@dataclass(frozen=True)
class Limit:
    """How long a database keeps its points, and what its administrator runs so that it keeps them for ever."""

    kept: timedelta
    remedy: str


@dataclass(frozen=True)
class Series:
    """One table of a query's answer; `time` comes as seconds since 1970."""

    name: str
    tags: Mapping[str, str]
    columns: list[str]
    rows: list[list[object]]

    def continues(self, other: Series) -> bool:
        """Tell whether these are further rows of the same table."""
        return (self.name, self.tags, self.columns) == (other.name, other.tags, other.columns)


class Database(Protocol):
    """One database or bucket on one server.

    Every method raises `TryLater` where the server is down, `RenewCredential` where it refuses the user or
    token, and `DatabaseMissing` where it has no such database or bucket.
    """

    @property
    def version(self) -> str:
        """The server's version, such as "1.6.7", or "unknown" where it doesn't say."""
        ...

    @property
    def api(self) -> Api:
        """The generation of the API that is spoken."""
        ...

    @property
    def target(self) -> str:
        """The URL and the database or bucket; no secret."""
        ...

    @property
    def readable(self) -> bool:
        """Whether answers can be trusted; VictoriaMetrics answers 200 to any query, with something else."""
        ...

    def write(self, lines: Lines) -> Written:
        """Write the lines of one request; what is accepted is on the server's disk.

        Raises:
            Refused: so many lines are refused that the fault is not in single lines; the message says why.
        """
        ...

    def query(self, influxql: str) -> list[Series]:
        """Ask in InfluxQL, the one language of every version.

        Raises:
            Refused: the statement failed, though the HTTP status may be 200.
            CannotDo: the server is not `readable`.
        """
        ...

    def delete(
        self, measurement: str, *, tags: Mapping[str, str], start: datetime | None = None, end: datetime | None = None
    ) -> None:
        """Delete a measurement's points with these tags in `[start, end)`; no bound means no limit.

        Raises:
            CannotDo: the server cannot delete points (VictoriaMetrics, InfluxDB 3).
        """
        ...

    def create(self) -> None:
        """Make the database or bucket, kept for ever, in shards of 52 weeks; nothing where it exists.

        Shards of a week, the default, are 158 for three years of history, and twice the memory.
        """
        ...

    def exists(self) -> bool:
        """Tell whether the database or bucket is there; true where a write makes it."""
        ...

    def limit(self) -> Limit | None:
        """Tell how long points are kept; None for ever, and where the server does not say."""
        ...

    def close(self) -> None:
        """Give the sockets back."""
        ...
