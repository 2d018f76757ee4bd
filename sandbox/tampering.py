"""Faults that are the same at every operator: of time, of a body as a whole, of how rows are arranged."""

from __future__ import annotations

import asyncio
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

import polars as pl
from starlette.responses import Response

from sandbox.faults import Fault, FaultKind
from schemas.time import DAY

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.types import Receive, Scope, Send

_JSON: Final = "application/json; charset=utf-8"
_HTML: Final = "<!DOCTYPE html><html><body><h1>Service under maintenance</h1></body></html>"


async def silence(faults: Sequence[Fault]) -> None:
    """Wait as long as faults say."""
    for fault in faults:
        if fault.kind is FaultKind.HANG:
            await asyncio.sleep(fault.seconds)


def retry_after(fault: Fault) -> dict[str, str]:
    """Return the header that announces a wait, where the fault has one."""
    if fault.retry_after is None:
        return {}
    if isinstance(fault.retry_after, int):
        return {"Retry-After": str(fault.retry_after)}
    return {"Retry-After": format_datetime(fault.retry_after, usegmt=True)}


def answer(body: bytes, faults: Sequence[Fault], status: int = 200) -> Response:
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
    return (_CutOff if FaultKind.CUT_OFF in kinds else Response)(body, status, media_type=_JSON)


def touched(fault: Fault) -> pl.Expr:
    """Tell which rows of a series a fault is about."""
    if fault.window is None:
        return pl.lit(value=True)
    return (pl.col("start") >= fault.window.start) & (pl.col("start") < fault.window.end)


def misarranged(frame: pl.DataFrame, faults: Sequence[Fault]) -> pl.DataFrame:
    """Apply the faults that add, drop or move rows of a series (`start`, `quantity`, ...)."""
    for fault in faults:
        hit = frame.filter(touched(fault))
        if fault.kind is FaultKind.EMPTY_SERIES:
            frame = frame.filter(~touched(fault))
        elif fault.kind is FaultKind.DUPLICATE:
            frame = pl.concat([frame, hit])
        elif fault.kind is FaultKind.CONFLICT:
            frame = pl.concat([frame, hit.with_columns((pl.col("quantity") + 1).round(3))])
        elif fault.kind is FaultKind.FORETOLD:
            frame = pl.concat([frame, hit.with_columns(pl.col("start") + 7 * DAY)])
        elif fault.kind is FaultKind.UNSORTED:
            frame = shuffled(frame)
    return frame


def shuffled(frame: pl.DataFrame) -> pl.DataFrame:
    """Put the rows of a series into an order that looks like none, the same every time."""
    return frame.sort(pl.col("start").dt.epoch("s") * 48_271 % 2_147_483_647, maintain_order=True)


class _CutOff(Response):
    """Announces its whole length, sends half and ends; the server then closes the connection."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI's signature
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": self.body[: len(self.body) // 2], "more_body": True})
