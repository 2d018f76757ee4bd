"""`GET /metering-points/{code}/time-series/aggregated`: sums of one register by hour, day, week, month or at all."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import polars as pl

from sandbox import tampering
from sandbox.leneda import rows, truth
from sandbox.leneda.profile import LUXEMBOURG
from sandbox.leneda.registers import BY_OBIS
from sandbox.leneda.visit import Refusal
from schemas.time import DAY, Window, local_midnight

if TYPE_CHECKING:
    from starlette.responses import Response

    from sandbox.leneda.registers import Register
    from sandbox.leneda.visit import Visit

_MODE: Final = "Accumulation"
_LEVELS: Final = {level.value: level for level in truth.Level}


async def answer(visit: Visit) -> Response:
    """Answer with the sums from `startDate` to `endDate`, both inclusive and local; nothing where none may be read.

    Raises:
        Refusal: 400 where a parameter is missing, malformed or unknown, the start lies after the end, or gas
            is to be accumulated.
    """
    code, obis = visit.request.path_params["code"], visit.parameter("obisCode")
    first, last = visit.day("startDate"), visit.day("endDate")
    level = _LEVELS.get(visit.parameter("aggregationLevel"))
    register = BY_OBIS.get(obis)
    if level is None:
        raise Refusal(400, f"aggregationLevel is one of {', '.join(_LEVELS)}.")
    if first > last:
        raise Refusal(400, "startDate lies after endDate.")
    _check_mode(visit, register, level)
    window = Window(local_midnight(first, LUXEMBOURG), local_midnight(last + DAY, LUXEMBOURG))
    await visit.understood([code], register.name if register else None, window)
    if register is None or register.energy_unit is None or not visit.grid.may_read(visit.account, code, register.name):
        return _written(visit, None, "[]")
    sums = truth.aggregated(visit.world, code, register.name, window, visit.call.at, level=level)
    if sums.is_empty():
        return _written(visit, None, "[]")
    sums = tampering.misarranged(sums.with_columns(calculated=pl.lit(register.calculated)), visit.faults)
    return _written(visit, rows.unit(register.energy_unit, visit.faults), rows.written(sums, visit.faults))


def _check_mode(visit: Visit, register: Register | None, level: truth.Level) -> None:
    """Refuse, for gas, the only mode that there is and a sum over everything; for the others, any but that one.

    Whether the others need a mode at all is unknown.
    """
    if register is None or not register.is_gas:
        if visit.parameter("transformationMode") != _MODE:
            raise Refusal(400, f"transformationMode is {_MODE}.")
    elif visit.parameter("transformationMode", "none") != "none" or level is truth.Level.INFINITE:
        raise Refusal(400, "Gas is not accumulated.")


def _written(visit: Visit, unit: str | None, sums: str) -> Response:
    name = rows.list_key("aggregatedTimeSeries", visit.faults)
    return tampering.answer(f'{{"unit": {json.dumps(unit)}, "{name}": {sums}}}'.encode(), visit.faults)
