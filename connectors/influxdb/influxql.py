"""InfluxQL, the one query language of InfluxDB 1, 2 and 3: how to write a statement, send it, read its answer."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode

import msgspec

from connectors.errors import Refused
from connectors.influxdb.base import Series
from connectors.influxdb.errors import explained

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connectors.http import Http


class _Table(msgspec.Struct):
    columns: list[str]
    name: str = ""
    tags: dict[str, str] = {}
    values: list[list[object]] = []


class _Result(msgspec.Struct):
    statement_id: int = 0
    series: list[_Table] = []
    partial: bool = False
    error: str = ""


class _Piece(msgspec.Struct):
    results: list[_Result] = []
    error: str = ""


_PIECES: Final = msgspec.json.Decoder(_Piece)


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
    """
    # Whole answers are cut off at the server's `max-row-limit`, and 1.6 says "partial" of longer ones that are not.
    form = {"q": statement, "db": database, "rp": retention_policy, "epoch": "s", "chunked": "true"}
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
    """Put the pieces of an answer together. A statement that fails says so in one, though the status is 200."""
    try:
        pieces = _PIECES.decode_lines(body)
    except msgspec.MsgspecError as error:
        msg = "not InfluxQL's JSON"
        raise ValueError(msg) from error
    results = [result for piece in pieces for result in piece.results]
    for problem in (*(piece.error for piece in pieces), *(result.error for result in results)):
        if problem:
            msg = "InfluxDB query: a statement failed"
            raise Refused(msg, status=HTTPStatus.OK, body=msgspec.json.encode({"error": problem}))
    if not results or results[-1].partial:
        msg = "no results, or cut short"
        raise ValueError(msg)
    series: list[Series] = []
    statement = None
    for result in results:
        for table in result.series:
            one = Series(table.name, table.tags, table.columns, table.values)
            if statement == result.statement_id and one.continues(series[-1]):
                series[-1].rows.extend(one.rows)
            else:
                series.append(one)
            statement = result.statement_id
    return series
