"""InfluxQL, the one query language of InfluxDB 1, 2 and 3: how to write a statement, send it, read its answer."""

from __future__ import annotations

import re
from datetime import timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urlencode

import msgspec

from connectors.errors import Refused
from connectors.influxdb.base import Series
from connectors.influxdb.errors import explained

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connectors.http import Http

T = TypeVar("T")


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


def duration(text: str) -> timedelta:
    """Read a duration as InfluxQL writes it, such as 168h0m0s."""
    hours, minutes, seconds = (
        int(found[1]) if (found := re.search(rf"(\d+){unit}", text)) else 0 for unit in ("h", "m", "s")
    )
    return timedelta(hours=hours, minutes=minutes, seconds=seconds)


def where(tags: Mapping[str, str], start: datetime | None, end: datetime | None) -> str:
    """Write the condition that holds for points with these tags in `[start, end)`; empty without any."""
    conditions = [f"{identifier(tag)} = {literal(value)}" for tag, value in tags.items()]
    if start is not None:
        conditions.append(f"time >= {instant(start)}")
    if end is not None:
        conditions.append(f"time < {instant(end)}")
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""


def ask(http: Http, statement: str, *, database: str, retention_policy: str = "") -> list[Series]:
    """Send a statement, in the body, so that no metering point gets into a URL, and so into a proxy's log.

    Raises:
        Refused: the statement failed.
        DatabaseMissing: the server has no such database.
    """
    # Whole answers are cut off at the server's `max-row-limit`, and 1.6 says "partial" of longer ones that are not.
    form = {"q": statement, "db": database, "rp": retention_policy, "epoch": "s", "chunked": "true"}
    return _send(http, form, _series_of)


def tell(http: Http, statement: str, *, database: str) -> None:
    """Send a statement that changes something and returns nothing: 2.x answers `{}` to it, 1.x a result without rows.

    Raises:
        Refused: the statement failed.
        DatabaseMissing: the server has no such database.
    """
    _send(http, {"q": statement, "db": database}, _results_of)


def _send(http: Http, form: Mapping[str, str], decode: Callable[[bytes], T]) -> T:
    try:
        reply = http.request(
            "POST",
            "/query",
            endpoint="query",
            content=urlencode(form).encode(),
            headers={"Content-Type": "application/x-www-form-urlencoded"},
            decode=decode,
        )
    except Refused as error:
        raise explained(error, form["db"]) from None
    return reply.value


def _results_of(body: bytes) -> list[_Result]:
    """Return what is in the pieces of an answer. A statement that fails says so in one, though the status is 200."""
    try:
        pieces = _PIECES.decode_lines(body)
    except msgspec.MsgspecError as error:
        msg = "not InfluxQL's JSON"
        raise ValueError(msg) from error
    if not pieces:
        msg = "empty"
        raise ValueError(msg)
    results = [result for piece in pieces for result in piece.results]
    for problem in (*(piece.error for piece in pieces), *(result.error for result in results)):
        if problem:
            msg = "InfluxDB query: a statement failed"
            raise Refused(msg, status=HTTPStatus.OK, body=msgspec.json.encode({"error": problem}))
    return results


def _series_of(body: bytes) -> list[Series]:
    """Put the pieces of an answer together."""
    results = _results_of(body)
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
