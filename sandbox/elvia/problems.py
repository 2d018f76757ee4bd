"""The API's two kinds of error: the gateway's, and the service's (ASP.NET ProblemDetails)."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Final
from uuid import uuid4

from starlette.responses import JSONResponse

from sandbox import tampering
from sandbox.faults import FaultKind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sandbox.faults import Fault

_RFC: Final = "https://tools.ietf.org/html/rfc7231#section-"
# The service answers these itself; the gateway all others.
_SERVICE_STATUSES: Final = (400, 403, 404, 500)
_SECTIONS: Final = {400: "6.5.1", 403: "6.5.3", 404: "6.5.4", 500: "6.6.1"}


class Problem(Exception):
    """A request that the service refuses; `errors` maps a parameter, or "" for the whole, to messages."""

    def __init__(self, status: int, errors: Mapping[str, list[str]] | None = None) -> None:
        """Keep what the answer will say."""
        super().__init__(status, errors)
        self.status = status
        self.errors = errors

    def response(self) -> JSONResponse:
        """Write the answer: with `errors` a ValidationProblemDetails, else a ProblemDetails."""
        body: dict[str, object] = {
            "type": _RFC + _SECTIONS.get(self.status, "6.5.1"),
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "traceId": f"00-{uuid4().hex}-{uuid4().hex[:16]}-00",
        }
        if self.errors is not None:
            body |= {"title": "One or more validation errors occurred.", "errors": dict(self.errors)}
        return JSONResponse(body, self.status, media_type="application/problem+json; charset=utf-8")


class Stopped(Exception):
    """A request that the gateway in front of the service answers by itself."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        """Keep what the answer will say."""
        super().__init__(status, message)
        self.status = status
        self.message = message
        self.headers = headers

    def response(self) -> JSONResponse:
        """Write the answer."""
        return JSONResponse({"statusCode": self.status, "message": self.message}, self.status, self.headers)


def refuse(faults: Sequence[Fault]) -> None:
    """Refuse the request where a fault says so.

    Raises:
        Problem, Stopped: the answer is another status.
    """
    for fault in faults:
        if fault.kind is FaultKind.STATUS and fault.status in _SERVICE_STATUSES and fault.retry_after is None:
            raise Problem(fault.status)
        if fault.kind is FaultKind.STATUS:
            raise Stopped(fault.status, HTTPStatus(fault.status).phrase, tampering.retry_after(fault))
