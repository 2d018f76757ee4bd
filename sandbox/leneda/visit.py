"""One call of a user whose key and Energy ID are right, and how it is refused.

What a refusal's body looks like is unknown; clients go by the status.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import JSONResponse

from sandbox import tampering
from sandbox.faults import Fault, FaultKind
from schemas.time import Window

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from starlette.requests import Request

    from sandbox.leneda.grid import Account, Grid
    from sandbox.world import Call, World


class Refusal(Exception):
    """A request that is not answered."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        """Keep what the answer will say."""
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.headers = headers

    def response(self) -> JSONResponse:
        """Write the answer."""
        return JSONResponse({"status": self.status, "message": self.message}, self.status, self.headers)


@dataclass
class Visit:
    """A call on its way: who makes it, what it asks, and the faults that hit it."""

    world: World
    account: Account
    endpoint: str
    request: Request
    call: Call
    faults: list[Fault] = field(default_factory=list)

    @property
    def grid(self) -> Grid:
        """The part of the world that is Leneda's."""
        return self.world.leneda

    def parameter(self, name: str, default: str | None = None) -> str:
        """Return a parameter of the query. Raises Refusal (400) where it is missing or blank."""
        value = self.request.query_params.get(name, "").strip() or default
        if value is None:
            raise Refusal(400, f"The parameter '{name}' is missing.")
        return value

    def day(self, name: str, default: str | None = None) -> date:
        """Return a day of the query. Raises Refusal (400) where it is missing or none."""
        text = self.parameter(name, default)
        with suppress(ValueError):
            day = date.fromisoformat(text)
            # Python reads weeks and dates without hyphens, too.
            if day.isoformat() == text:
                return day
        raise Refusal(400, f"'{name}' is no date such as 2026-01-31.")

    async def understood(
        self, metering_points: Collection[str] = (), register: str | None = None, window: Window | None = None
    ) -> None:
        """Log what the call is about, and let faults hit it.

        Raises:
            Refusal: a fault wants another status.
        """
        self.call.metering_points, self.call.register, self.call.window = tuple(metering_points), register, window
        now = self.call.at
        self.faults = self.world.faults.strike(
            self.call.token or "", self.endpoint, metering_points, window or Window(now, now), register
        )
        await tampering.silence(self.faults)
        for fault in self.faults:
            if fault.kind is FaultKind.STATUS:
                raise Refusal(fault.status, HTTPStatus(fault.status).phrase, tampering.retry_after(fault))
