"""InfluxDB 1.x, and all that speaks its API: `/write` and InfluxQL."""

from __future__ import annotations

import gzip
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from connectors.errors import TryLater
from connectors.influxdb.base import Limit
from connectors.influxdb.errors import CannotDo, NotConfigured
from connectors.influxdb.influxql import ask, duration, identifier, tell, where
from connectors.influxdb.writing import check_acknowledged, write_all

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connectors.http import Http
    from connectors.influxdb.base import Series, Written
    from connectors.influxdb.lines import Lines
    from connectors.influxdb.settings import Api

# Level 6 costs the client twice the time for a quarter less to send.
_GZIP_LEVEL: Final = 1


class V1:
    """A database; `Http` has the user and the password, in a header and never in a URL."""

    api: Final[Api] = "v1"

    def __init__(self, http: Http, database: str, *, version: str, readable: bool, target: str) -> None:
        """Speak to one database over `http`."""
        self._http, self._database = http, database
        self.version, self.readable, self.target = version, readable, target

    def write(self, lines: Lines) -> Written:
        """Write the lines of one request."""
        try:
            return write_all(lines, self._send, database=self._database)
        except TryLater as error:
            # Not the server is ill then, it is what 1.x says of a database without a default retention policy.
            if "answered 500" in str(error):
                self._check_default_retention()
            raise

    def query(self, influxql: str) -> list[Series]:
        """Ask in InfluxQL."""
        self._check_readable()
        return ask(self._http, influxql, database=self._database)

    def delete(
        self, measurement: str, *, tags: Mapping[str, str], start: datetime | None = None, end: datetime | None = None
    ) -> None:
        """Delete a measurement's points with these tags in `[start, end)`."""
        self._tell(f"DELETE FROM {identifier(measurement)}{where(tags, start, end)}")  # noqa: S608 - quoted

    def create(self) -> None:
        """Make the database where it does not exist. An existing one keeps the shards that it has."""
        if not self.exists():
            if not self.version.startswith("1."):
                msg = f"InfluxDB {self.version} makes a bucket for `org`, `bucket` and `token` in the settings alone"
                raise NotConfigured(msg)
            name = identifier(self._database)
            self._tell(f'CREATE DATABASE {name} WITH DURATION INF REPLICATION 1 SHARD DURATION 52w NAME "autogen"')

    def exists(self) -> bool:
        """Tell whether the database is there."""
        if not self.readable:
            return True
        return any([self._database] in series.rows for series in self.query("SHOW DATABASES"))

    def limit(self) -> Limit | None:
        """Tell how long points are kept. Asked by this API, 2.x says "for ever" of any bucket."""
        if not self.readable:
            return None
        for series in self.query(f"SHOW RETENTION POLICIES ON {identifier(self._database)}"):
            for row in series.rows:
                policy = dict(zip(series.columns, row, strict=True))
                kept = duration(str(policy["duration"]))
                if policy["default"] and kept > timedelta(0):
                    names = f"{identifier(str(policy['name']))} ON {identifier(self._database)}"
                    return Limit(kept, f"ALTER RETENTION POLICY {names} DURATION INF")
        return None

    def close(self) -> None:
        """Give the sockets back."""
        self._http.close()

    def _tell(self, influxql: str) -> None:
        self._check_readable()
        tell(self._http, influxql, database=self._database)

    def _check_readable(self) -> None:
        if not self.readable:
            msg = f"{self.target} does not say that it is InfluxDB: its answers to queries cannot be trusted"
            raise CannotDo(msg)

    def _send(self, body: bytes) -> None:
        reply = self._http.request(
            "POST",
            "/write",
            endpoint="write",
            params={"db": self._database, "precision": "s"},
            content=gzip.compress(body, _GZIP_LEVEL, mtime=0),
            headers={"Content-Encoding": "gzip", "Content-Type": "text/plain; charset=utf-8"},
            decode=bytes,
        )
        check_acknowledged(reply.status)

    def _check_default_retention(self) -> None:
        for series in self.query(f"SHOW RETENTION POLICIES ON {identifier(self._database)}"):
            if not any(row[series.columns.index("default")] for row in series.rows):
                msg = f"InfluxDB's database {self._database!r} has no default retention policy: make one the default"
                raise NotConfigured(msg)
