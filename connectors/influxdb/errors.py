"""What can go wrong with the database alone, and what InfluxDB's own words mean in ours."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

import msgspec

from connectors.errors import OutsideError, Refused, RenewCredential

HIDDEN: Final = " (2.x shows none that the token may not read)"
"""What else it means that a bucket is missing."""

_LONGEST_WORDS: Final = 500

_QUOTED: Final = re.compile(
    # A line or a statement; the value of a tag of which the server takes no further one; and the series that 2.x
    # names in full where a point is older than the retention.
    r"""'.*'|(?<=\bvalue=)".*"|(?:\\.|[^\s\\,])+(?:,(?:\\.|[^\s\\,=])+=(?:\\.|[^\s\\,])+)+""",
    re.DOTALL,
)
_NO_DATABASE: Final = ("database not found", "no dbrp mapping found", "default retention policy not set for")


class DatabaseMissing(OutsideError):
    """The server is there, the database or bucket is not; `wattline doctor --create` makes it."""

    cause = "database_missing"

    def __init__(self, name: str) -> None:
        """Name what is missing."""
        super().__init__(f"InfluxDB has no database or bucket {name!r}: run `wattline doctor --create`{HIDDEN}")


class NotConfigured(OutsideError):
    """The server that answers needs settings that are not given, or is not set up for this; the user must act."""

    cause = "not_configured"


class CannotDo(OutsideError):
    """This kind of server has no such function, and would not always say so."""

    cause = "cannot_do"


class _Problem(msgspec.Struct):
    error: str = ""
    message: str = ""


def words_of(body: bytes) -> str:
    """Return what the server said was wrong: 1.x calls it `error`, 2.x `message`, a proxy just says it."""
    try:
        problem = msgspec.json.decode(body, type=_Problem)
    except msgspec.MsgspecError:
        return body.decode(errors="replace")[:_LONGEST_WORDS]
    return (problem.error or problem.message)[:_LONGEST_WORDS]


def reason_of(body: bytes) -> str:
    """Return the server's words without the line, series, statement or tag in them, which may hold a metering point."""
    return _QUOTED.sub("'...'", words_of(body))


def explained(error: Refused, database: str) -> OutsideError:
    """Return a refusal as the error of who must act, with the server's reason in its message."""
    words = words_of(error.body)
    if any(said in words for said in _NO_DATABASE) or (error.status == HTTPStatus.NOT_FOUND and "bucket" in words):
        return DatabaseMissing(database)
    reason = reason_of(error.body)
    if error.status == HTTPStatus.NOT_FOUND and words.startswith("organization"):
        return NotConfigured(f"InfluxDB refuses: {reason}: mend `org`")
    if error.status == HTTPStatus.FORBIDDEN or words == "insufficient permissions":
        return RenewCredential(f"InfluxDB does not allow this to the user or token that is configured: {reason}")
    return Refused(f"InfluxDB refuses: {reason}", status=error.status, body=error.body)
