"""`GET /metering-points/{code}/time-series`: the values of one register, by the quarter-hour (gas: the hour)."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from sandbox import tampering
from sandbox.faults import FaultKind
from sandbox.leneda import rows, truth
from sandbox.leneda.registers import BY_OBIS
from sandbox.leneda.visit import Refusal
from schemas.time import Window

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from sandbox.leneda.visit import Visit

# Dates alone stand in an official sample; that they mean midnight UTC is assumed.
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\dZ)?")

_NOTHING: Final = dict.fromkeys(("meteringPointCode", "obisCode", "intervalLength", "unit"))


async def answer(visit: Visit) -> Response:
    """Answer with the values that start in `[startDateTime, endDateTime)`, or nulls where nothing may be read.

    Raises:
        Refusal: 400 where a parameter is missing or malformed, or the start lies after the end; 404 where
            the switch says so for what is unknown or not granted.
    """
    code = visit.request.path_params["code"]
    start, end = _instant(visit, "startDateTime"), _instant(visit, "endDateTime")
    obis = visit.parameter("obisCode")
    if start > end:
        raise Refusal(400, "startDateTime lies after endDateTime.")
    window = Window(start, end)
    register = BY_OBIS.get(obis)
    await visit.understood([code], register.name if register else None, window)
    switches = visit.grid.switches
    if register is None or not visit.grid.may_read(visit.account, code, register.name):
        if switches.no_access_status != 200:  # noqa: PLR2004
            raise Refusal(switches.no_access_status, "The metering point was not found.")
        return _written(visit, _NOTHING, "[]")
    values = truth.served(visit.world, code, register.name, window, visit.call.at)
    if values.is_empty() and switches.null_when_empty:
        return _written(visit, _NOTHING, "[]")
    unknown_interval = any(fault.kind is FaultKind.UNKNOWN_INTERVAL for fault in visit.faults)
    head = {
        "meteringPointCode": code,
        "obisCode": obis,
        "intervalLength": "PT30M" if unknown_interval else register.interval,
        "unit": rows.unit(switches.units.get(register.name, register.unit), visit.faults),
    }
    values = tampering.misarranged(tampering.shuffled(values) if switches.shuffled else values, visit.faults)
    return _written(visit, head, rows.written(values, visit.faults))


def _written(visit: Visit, head: Mapping[str, str | None], items: str) -> Response:
    told = json.dumps(head, ensure_ascii=False)
    body = f'{told[:-1]}, "{rows.list_key("items", visit.faults)}": {items}}}'
    return tampering.answer(body.encode(), visit.faults)


def _instant(visit: Visit, name: str) -> datetime:
    text = visit.parameter(name)
    if _TIME.fullmatch(text):
        with suppress(ValueError):
            return datetime.fromisoformat(text).replace(tzinfo=UTC)
    raise Refusal(400, f"'{name}' is no UTC time such as 2026-01-31T00:00:00Z.")
