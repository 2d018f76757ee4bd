"""Faults that spoil an answer as a whole, whatever its rows."""

from __future__ import annotations

import asyncio
from email.utils import format_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from sandbox.elvia.problems import Problem, Stopped
from sandbox.faults import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Receive, Scope, Send

_JSON: Final = "application/json; charset=utf-8"
_HTML: Final = "<!DOCTYPE html><html><body><h1>Service under maintenance</h1></body></html>"
# The service answers these itself; the gateway all others.
_SERVICE_STATUSES: Final = (400, 403, 404, 500)


async def before(faults: Sequence[Fault]) -> None:
    """Keep silent, then refuse, where faults say so.

    Raises:
        Problem, Stopped: the answer is another status.
    """
    for fault in faults:
        if fault.kind is FaultKind.HANG:
            await asyncio.sleep(fault.seconds)
    for fault in faults:
        if fault.kind is FaultKind.STATUS and fault.status in _SERVICE_STATUSES and fault.retry_after is None:
            raise Problem(fault.status)
        if fault.kind is FaultKind.STATUS:
            raise Stopped(fault.status, HTTPStatus(fault.status).phrase, _retry_after(fault))


def answer(body: bytes, faults: Sequence[Fault]) -> Response:
    """Return the body, or what the faults leave of it."""
    kinds = {fault.kind for fault in faults}
    if FaultKind.HTML in kinds:
        return Response(_HTML, media_type="text/html; charset=utf-8")
    if FaultKind.EMPTY_BODY in kinds:
        body = b""
    if FaultKind.MISSING_ENVELOPE in kinds:
        body = b"{}"
    if FaultKind.BYTE_ORDER_MARK in kinds:
        body = b"\xef\xbb\xbf" + body
    if FaultKind.TRUNCATED in kinds:
        body = body[: len(body) // 2]
    return (_CutOff if FaultKind.CUT_OFF in kinds else Response)(body, media_type=_JSON)


class _CutOff(Response):
    """Announces its whole length, sends half and ends; the server then closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body[: len(self.body) // 2], "more_body": True})


def _retry_after(fault: Fault) -> dict[str, str]:
    if fault.retry_after is None:
        return {}
    if isinstance(fault.retry_after, int):
        return {"Retry-After": str(fault.retry_after)}
    return {"Retry-After": format_datetime(fault.retry_after, usegmt=True)}
