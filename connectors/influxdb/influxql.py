"""InfluxQL, the one query language of InfluxDB 1, 2 and 3: how to write a statement, send it, read its answer."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import msgspec

from connectors.errors import Refused
from connectors.influxdb.base import Series
from connectors.influxdb.errors import NotConfigured, explained

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connectors.http import Http


class _Table(msgspec.Struct):
    columns: list[str]
    name: str = ""
    tags: dict[str, str] = {}
    values: list[list[object]] = []
    partial: bool = False


class _Result(msgspec.Struct):
    series: list[_Table] = []
    error: str = ""


class _Answer(msgspec.Struct):
    results: list[_Result] = []
    error: str = ""


def identifier(name: str) -> str:
    """Quote the name of a database, measurement, tag or field."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def literal(value: str) -> str:
    """Quote a text."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


def instant(value: datetime) -> str:
    """Write a UTC instant."""
    return f"'{value:%Y-%m-%dT%H:%M:%SZ}'"


def where(tags: Mapping[str, str], start: datetime | None, end: datetime | None) -> str:
    """Write the condition that holds for points with these tags in `[start, end)`; empty without any."""
    conditions = [f"{identifier(tag)} = {literal(value)}" for tag, value in tags.items()]
    if start is not None:
        conditions.append(f"time >= {instant(start)}")
    if end is not None:
        conditions.append(f"time < {instant(end)}")
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def ask(http: Http, statement: str, *, database: str, retention_policy: str = "") -> list[Series]:
    """Send a statement, in the body, so that no metering point gets into a URL and a log.

    Raises:
        Refused: the statement failed.
        DatabaseMissing: the server has no such database.
        NotConfigured: the server cuts answers off.
    """
    form = {"q": statement, "db": database, "rp": retention_policy, "epoch": "s"}
    try:
        reply = http.request(
            "POST",
            "/query",
            endpoint="query",
            content=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            decode=_series_of,
        )
    except Refused as error:
        raise explained(error, database) from None
    return reply.value


def _series_of(body: bytes) -> list[Series]:
    try:
        answer = msgspec.json.decode(body, type=_Answer)
    except msgspec.MsgspecError as error:
        msg = "not InfluxQL's JSON"
        raise ValueError(msg) from error
    # A statement that fails says so inside an answer with status 200.
    for problem in (answer.error, *(result.error for result in answer.results)):
        if problem:
            raise Refused(problem, status=HTTPStatus.OK, body=msgspec.json.encode({"error": problem}))
    tables = [table for result in answer.results for table in result.series]
    if any(table.partial for table in tables):
        msg = "InfluxDB cut an answer off: set `max-row-limit` to 0 in its configuration"
        raise NotConfigured(msg)
    return [Series(table.name, table.tags, table.columns, table.values) for table in tables]
