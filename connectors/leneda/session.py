"""One API key at work: the call of `time-series`, and what its refusals mean."""

from __future__ import annotations

from datetime import UTC, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from pydantic import SecretStr

from connectors.base import Ask, RawAnswer
from connectors.budget import fingerprint
from connectors.errors import OurMistake, Refused
from connectors.http import Http
from connectors.leneda import wire

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from connectors.budget import Budget
    from connectors.leneda.settings import LenedaConnection

PATH: Final = "/api/metering-points/{code}/time-series"
# The path holds the metering point, so messages name this instead.
ENDPOINT: Final = "time-series"
MINUTE: Final = timedelta(minutes=1)

NOTHING: Final = "the metering point has no such register there, or access to it is not granted"
MEANINGS: Final[Mapping[int, str]] = {
    HTTPStatus.FORBIDDEN: "access is restricted; Leneda also blocks calls from some countries and hosting networks",
    HTTPStatus.NOT_FOUND: "there is no such metering point, or access to it is not granted",
}


class LenedaSession:
    """Calls of one connection, evenly spaced."""

    def __init__(self, connection: LenedaConnection, key: SecretStr, budget: Budget) -> None:
        """Open the connection; `budget` outlives it, since the pace holds for all processes."""
        self._http = Http(
            connection.base_url,
            service="leneda",
            headers=credentials(connection, key),
            before_call=paced(connection, key, budget),
        )

    def ask(self, ask: Ask) -> RawAnswer:
        """Make one call, for one register of one metering point.

        Raises:
            Refused: also where the operator answers that it knows nothing of the kind, which it does with nulls.
        """
        if len(ask.subjects) != 1 or not ask.registers:
            message = f"leneda {ENDPOINT}: a call asks for one register of one metering point"
            raise OurMistake(message)
        (subject,) = ask.subjects
        params = {
            "startDateTime": _utc(ask.window.start),
            "endDateTime": _utc(ask.window.end),
            "obisCode": wire.REGISTERS[subject.register].obis,
        }
        path = PATH.format(code=quote(subject.metering_point, safe=""))
        try:
            reply = self._http.request("GET", path, endpoint=ENDPOINT, params=params, decode=wire.decode)
        except Refused as refusal:
            raise _explained(refusal) from None
        if reply.value.is_unknown:
            message = f"leneda {ENDPOINT}: knows nothing of what was asked for: {NOTHING}"
            raise Refused(message, status=reply.status, meaning=NOTHING, divisible=False)
        return RawAnswer(ask, reply.answered_at, reply.body)

    def close(self) -> None:
        """Give the sockets back."""
        self._http.close()


def credentials(connection: LenedaConnection, key: SecretStr) -> dict[str, SecretStr]:
    """Return the headers that say who asks."""
    return {"X-API-KEY": key, "X-ENERGY-ID": SecretStr(connection.energy_id)}


def paced(connection: LenedaConnection, key: SecretStr, budget: Budget) -> Callable[[], None]:
    """Return what waits until the next call may be made, whatever it is for."""
    name, pause = fingerprint(key), MINUTE / connection.calls_per_minute
    return lambda: budget.take(name, limit=1, period=pause)


def _explained(refusal: Refused) -> Refused:
    meaning = MEANINGS.get(refusal.status)
    if meaning is None:
        return refusal
    words = f"{refusal}: {meaning}"
    return Refused(words, status=refusal.status, body=refusal.body, meaning=meaning, divisible=False)


def _utc(instant: datetime) -> str:
    return f"{instant.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
