"""A request with bad lines in it is halved until each bad line stands alone; the good ones are stored.

1.x stores the good lines of a request and names one bad one, 2.x refuses the whole for a syntax error
and a part for a type conflict, and the count in `dropped=` is not reliable. Writing a line again changes
nothing, so that halving works for all of them alike.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from connectors.errors import Refused, SourceChanged
from connectors.influxdb.base import RefusedLine, Written
from connectors.influxdb.errors import explained, reason_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.influxdb.lines import Lines

MOST_REFUSED: Final = 100
"""With more refused lines than this in one request, the fault is not in single lines."""

_FOR_SOME_LINES: Final = {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}


def check_acknowledged(status: int) -> None:
    """Raise `SourceChanged` for a confirmation that is not InfluxDB's: some web page answered in its place."""
    if status != HTTPStatus.NO_CONTENT:
        msg = f"what answers at `url` is no InfluxDB: it confirms with {status}, not 204"
        raise SourceChanged(msg)


def write_all(lines: Lines, send: Callable[[bytes], None], *, database: str) -> Written:
    """Send lines, halving whatever is refused for what some of them hold.

    Raises:
        Refused: more than `MOST_REFUSED` lines are refused, or it is not about lines.
        DatabaseMissing: there is no such database.
        RenewCredential: the user or token may not write.
    """
    refused: list[RefusedLine] = []
    parts = [lines]
    while parts:
        part = parts.pop()
        body = part.body
        try:
            send(body)
        except Refused as error:
            if error.status not in _FOR_SOME_LINES:
                raise explained(error, database) from None
            if part.count > 1:
                parts.extend(reversed(part.halves()))
                continue
            refused.append(RefusedLine(body, reason_of(error.body)))
            if len(refused) > MOST_REFUSED:
                tried = lines.count - sum(left.count for left in parts)
                msg = f"InfluxDB refused {len(refused)} of {tried} lines, the last for: {reason_of(error.body)}"
                raise Refused(msg, status=error.status, body=error.body) from None
    return Written(lines.count - len(refused), tuple(refused))
