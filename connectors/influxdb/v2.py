"""InfluxDB 2.x, and 3 as far as it speaks the same: writing, buckets and deleting by influxdb-client.

It is used synchronously: its batching mode loses what the database refuses, and what is left at exit,
without an exception. Reading back is InfluxQL through `/query`, which finds a bucket by its name from 2.5
on (an older one needs a DBRP mapping); a bucket that an upgrade from 1.x made is named
`database/retention policy`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from influxdb_client.client.influxdb_client import InfluxDBClient
from influxdb_client.client.write_api import SYNCHRONOUS

from connectors.errors import Refused, SourceChanged
from connectors.influxdb.base import Limit
from connectors.influxdb.client import patiently
from connectors.influxdb.errors import CannotDo, DatabaseMissing, explained
from connectors.influxdb.influxql import ask, identifier
from connectors.influxdb.writing import check_acknowledged, write_all

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.http import Http, Policy
    from connectors.influxdb.base import Series, Written
    from connectors.influxdb.lines import Lines
    from connectors.influxdb.settings import Api, InfluxSettings

_MOST_BUCKETS: Final = 100
_SHARDS: Final = timedelta(weeks=52)
# The ends of InfluxDB's time, 64 bits of nanoseconds.
_FIRST: Final = "1677-09-21T00:12:44Z"
_LAST: Final = "2262-04-11T23:47:16Z"


class V2:
    """A bucket of an organization."""

    api: Final[Api] = "v2"

    def __init__(self, http: Http, settings: InfluxSettings, policy: Policy, *, version: str, readable: bool) -> None:
        """Speak to the bucket of the settings: queries over `http`, which has the token, else by influxdb-client."""
        token = settings.token.get_secret_value() if settings.token else ""
        timeouts_ms = (int(policy.connect_s * 1000), int(policy.read_s * 1000))
        self._client: Any = InfluxDBClient(settings.url, token, timeout=timeouts_ms)
        self._writer: Any = self._client.write_api(write_options=SYNCHRONOUS)
        self._http, self._policy = http, policy
        self._org, self._bucket = settings.org or "", settings.bucket or ""
        self.version, self.readable, self.target = version, readable, f"{settings.url} {self._bucket}"

    def write(self, lines: Lines) -> Written:
        """Write the lines of one request."""
        return write_all(lines, self._send, database=self._bucket)

    def query(self, influxql: str) -> list[Series]:
        """Ask in InfluxQL."""
        if not self.readable:
            msg = f"{self.target} does not say that it is InfluxDB: its answers to queries cannot be trusted"
            raise CannotDo(msg)
        database, _, retention_policy = self._bucket.partition("/")
        return ask(self._http, influxql, database=database, retention_policy=retention_policy)

    def delete(
        self, measurement: str, *, tags: Mapping[str, str], start: datetime | None = None, end: datetime | None = None
    ) -> None:
        """Delete a measurement's points with these tags in `[start, end)`."""
        if not self._has_buckets:
            msg = f"{self.target} cannot delete single points: drop the database there, and load again in full"
            raise CannotDo(msg)
        equal = {"_measurement": measurement, **tags}
        predicate = " AND ".join(f"{name}={identifier(value)}" for name, value in equal.items())
        self._ask_client(
            "delete",
            lambda: self._client.delete_api().delete(
                start=f"{start:%Y-%m-%dT%H:%M:%SZ}" if start else _FIRST,
                # The last instant is deleted, too; times are whole seconds.
                stop=f"{end - timedelta(seconds=1):%Y-%m-%dT%H:%M:%SZ}" if end else _LAST,
                predicate=predicate,
                bucket=self._bucket,
                org=self._org,
            ),
        )
        self._check_acknowledged()

    def create(self) -> None:
        """Make the bucket where it does not exist. An existing one keeps the shards that it has."""
        if self.exists():
            return
        rule = {"type": "expire", "everySeconds": 0, "shardGroupDurationSeconds": int(_SHARDS.total_seconds())}
        self._ask_client(
            "bucket creation",
            lambda: self._client.buckets_api().create_bucket(
                bucket_name=self._bucket, retention_rules=[rule], org=self._organization()
            ),
        )

    def exists(self) -> bool:
        """Tell whether the bucket is there."""
        if not self._has_buckets:
            return True
        return bool(self._buckets(name=self._bucket))

    def limit(self) -> Limit | None:
        """Tell how long points are kept; InfluxQL says "for ever" of any bucket."""
        for bucket in self._buckets(name=self._bucket) if self._has_buckets else ():
            for rule in bucket.retention_rules:
                if rule.every_seconds:
                    kept = timedelta(seconds=rule.every_seconds)
                    return Limit(kept, f"influx bucket update --id {bucket.id} --retention 0")
        return None

    def close(self) -> None:
        """Give the sockets back."""
        self._client.close()
        self._http.close()

    @property
    def _has_buckets(self) -> bool:
        """Whether there is a management API; InfluxDB 3 and VictoriaMetrics make a database by writing to it."""
        return self.readable and not self.version.startswith("3.")

    def _organization(self) -> str:
        """Return the id of `org`: a token for all buckets alone sees no organization, but whose a bucket is."""
        # The limit counts those as well that are then not shown.
        for bucket in self._buckets(limit=_MOST_BUCKETS):
            return str(bucket.org_id)
        return self._org

    def _buckets(self, **which: object) -> list[Any]:
        try:
            found = self._ask_client(
                "bucket list", lambda: self._client.buckets_api().find_buckets(org=self._org, **which)
            )
        except DatabaseMissing:
            return []
        if found.buckets is None:
            msg = "InfluxDB bucket list: the answer has no buckets in it"
            raise SourceChanged(msg)
        return list(found.buckets)

    def _send(self, body: bytes) -> None:
        patiently(
            "InfluxDB write",
            self._policy,
            lambda: self._writer.write(bucket=self._bucket, org=self._org, record=body, write_precision="s"),
        )
        self._check_acknowledged()

    def _check_acknowledged(self) -> None:
        check_acknowledged(self._client.api_client.last_response.status)

    def _ask_client(self, endpoint: str, request: Any) -> Any:  # noqa: ANN401
        try:
            return patiently(f"InfluxDB {endpoint}", self._policy, request)
        except Refused as error:
            raise explained(error, self._bucket) from None
