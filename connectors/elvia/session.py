"""One personal token at work: which of Elvia's endpoints is called, and with which words."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from pydantic import SecretStr

from connectors.base import Ask, Feed, RawAnswer
from connectors.budget import fingerprint
from connectors.elvia import wire
from connectors.http import Http

if TYPE_CHECKING:
    from collections.abc import Callable
    from zoneinfo import ZoneInfo

    from connectors.budget import Budget
    from connectors.elvia.settings import ElviaConnection

VALUES_PATH: Final = "/customer/metervalues/api/v1/metervalues"
PEAKS_PATH: Final = "/customer/metervalues/api/v2/maxhours"
HOUR: Final = timedelta(hours=1)


class ElviaSession:
    """Calls of one connection, within the hourly budget of its token."""

    def __init__(self, connection: ElviaConnection, token: SecretStr, budget: Budget, zone: ZoneInfo) -> None:
        """Open the connection; `budget` outlives it, since the operator counts over processes."""
        self._include_production = connection.include_production
        self._zone = zone
        key = fingerprint(token)
        self._http = Http(
            connection.base_url,
            service="elvia",
            headers={"Authorization": SecretStr(f"Bearer {token.get_secret_value()}")},
            before_call=lambda: budget.take(key, limit=connection.calls_per_hour, period=HOUR),
        )

    def ask(self, ask: Ask) -> RawAnswer:
        """Make one call. `ask.window` lies within one local year (readings) or ends with its months (peaks)."""
        if ask.feed is Feed.PEAKS:
            # The operator computes as if now were this instant, so the end of a month shows it finished.
            params = {"calculateTime": self._local(ask.window.end), "includeProduction": "false"}
            return self._get(PEAKS_PATH, "maxhours", ask, params, wire.decode_peaks)
        params = {
            "startTime": self._local(ask.window.start),
            "endTime": self._local(ask.window.end),
            "includeProduction": str(self._include_production).lower(),
        }
        return self._get(VALUES_PATH, "metervalues", ask, params, wire.decode_values)

    def close(self) -> None:
        """Give the sockets back."""
        self._http.close()

    def _local(self, instant: datetime) -> str:
        return instant.astimezone(self._zone).isoformat(timespec="seconds")

    def _get(
        self, path: str, endpoint: str, ask: Ask, params: dict[str, str], decode: Callable[[bytes], object]
    ) -> RawAnswer:
        if ask.metering_points:
            params["meteringPointIds"] = ",".join(ask.metering_points)
        reply = self._http.request("GET", path, endpoint=endpoint, params=params, decode=decode)
        return RawAnswer(ask, reply.answered_at, reply.body)
