"""A real InfluxDB 2.x for tests, where WATTLINE_TEST_INFLUXDB2_URL, _TOKEN and _ORG give one.

Debian has no package of it, so tests of it run where somebody has one; the stand-in answers elsewhere. The token
is an operator's or an all-access one: buckets and tokens are made with it, and removed again.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, Self

import httpx
import pytest
from pydantic import SecretStr

from connectors.influxdb.settings import InfluxSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

_NAME: Final = "WATTLINE_TEST_INFLUXDB2_"

# Read at import: tests run without the user's variables.
_GIVEN: Final = {key: os.environ.get(f"{_NAME}{key}", "") for key in ("URL", "TOKEN", "ORG")}

IS_GIVEN: Final = bool(_GIVEN["URL"])
"""Whether there is one."""

WHERE_GIVEN: Final = pytest.mark.skipif(not IS_GIVEN, reason=f"no real InfluxDB 2.x: {_NAME}URL is not set")
NOT_THERE: Final = pytest.mark.skipif(IS_GIVEN, reason="changes the database by InfluxQL that 2.x has not")


class Influx2Server:
    """The server, as its administrator sees it."""

    def __init__(self) -> None:
        """Open it."""
        self.url, self.org = _GIVEN["URL"], _GIVEN["ORG"]
        headers = {"Authorization": f"Token {_GIVEN['TOKEN']}"}
        self._client = httpx.Client(base_url=self.url, headers=headers, timeout=60)
        self._org_id = self._ask("GET", "/api/v2/orgs", params={"org": self.org})["orgs"][0]["id"]

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give the sockets back."""
        self._client.close()

    def settings(self, bucket: str, token: str | None = None) -> InfluxSettings:
        """Return the settings of a bucket, with the administrator's token or another."""
        return InfluxSettings(url=self.url, org=self.org, bucket=bucket, token=SecretStr(token or _GIVEN["TOKEN"]))

    def make(self, bucket: str, keep_s: int = 0) -> str:
        """Make a bucket that keeps its points so long (0: for ever), and return its id."""
        rule = {"type": "expire", "everySeconds": keep_s}
        made = self._ask(
            "POST", "/api/v2/buckets", json={"orgID": self._org_id, "name": bucket, "retentionRules": [rule]}
        )
        return str(made["id"])

    def id_of(self, bucket: str) -> str:
        """Return the id of a bucket."""
        (found,) = self._found(bucket)
        return str(found["id"])

    def drop(self, bucket: str) -> None:
        """Remove a bucket with all its points, where there is one."""
        for found in self._found(bucket):
            self._ask("DELETE", f"/api/v2/buckets/{found['id']}")

    def map(self, bucket_id: str, database: str, retention_policy: str) -> None:
        """Let InfluxQL find a bucket as a database and retention policy (a DBRP mapping)."""
        names = {"database": database, "retention_policy": retention_policy, "default": True}
        self._ask("POST", "/api/v2/dbrps", json={"orgID": self._org_id, "bucketID": bucket_id, **names})

    @contextmanager
    def reader(self, bucket: str) -> Iterator[dict[str, str]]:
        """Give the headers of somebody who may read a bucket, as deploy/grafana/influxdb2.yaml sets them."""
        with self.token("read", bucket_id=self.id_of(bucket)) as token:
            yield {"Authorization": f"Token {token}"}

    @contextmanager
    def token(self, *actions: str, bucket_id: str | None = None) -> Iterator[str]:
        """Give a token that may do this ("read", "write") with one bucket or all, and nothing else; then revoke it."""
        resource = {"type": "buckets", "orgID": self._org_id} | ({"id": bucket_id} if bucket_id else {})
        permissions = [{"action": action, "resource": resource} for action in actions]
        made = self._ask("POST", "/api/v2/authorizations", json={"orgID": self._org_id, "permissions": permissions})
        yield made["token"]
        self._ask("DELETE", f"/api/v2/authorizations/{made['id']}")

    @contextmanager
    def user(self, *actions: str, bucket_id: str) -> Iterator[tuple[str, str]]:
        """Give a user and password for the API of 1.x, as `influx v1 auth create` does; then remove it."""
        legacy = "/private/legacy/authorizations"
        name, password = f"user of {bucket_id}", "a password"
        resource = {"type": "buckets", "orgID": self._org_id, "id": bucket_id}
        permissions = [{"action": action, "resource": resource} for action in actions]
        made = self._ask("POST", legacy, json={"token": name, "orgID": self._org_id, "permissions": permissions})
        self._ask("POST", f"{legacy}/{made['id']}/password", json={"password": password})
        yield name, password
        self._ask("DELETE", f"{legacy}/{made['id']}")

    def _found(self, bucket: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self._ask("GET", "/api/v2/buckets", params={"name": bucket})["buckets"]
        return found

    def _ask(self, method: str, path: str, **content: Any) -> Any:  # noqa: ANN401
        answer = self._client.request(method, path, **content)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None
