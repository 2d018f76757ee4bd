"""`POST /metering-data-access-request`: asks for access to somebody else's registers.

The documented outcome is a list in the web pages; which status a refusal has, and what the body of a success
looks like, is unknown. A request is counted as false where the owner's name, Energy ID and metering points do
not belong together, and a request that is no request (empty, malformed) is not.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Final

import msgspec
from msgspec import Meta, Struct, field

from sandbox import tampering
from sandbox.leneda.access import FalseAttempt
from sandbox.leneda.registers import BY_OBIS
from sandbox.leneda.visit import Refusal

if TYPE_CHECKING:
    from starlette.responses import Response

    from sandbox.leneda.visit import Visit

_NO_CONTENT: Final = 204

_Text = Annotated[str, Meta(pattern=r"\S")]
_Texts = Annotated[tuple[_Text, ...], Meta(min_length=1)]


class _Body(Struct, frozen=True):
    owner: _Text = field(name="from")
    owner_name: _Text = field(name="fromName")
    metering_points: _Texts = field(name="meteringPointCodes")
    obis_codes: _Texts = field(name="obisCodes")


async def answer(visit: Visit) -> Response:
    """Take a request that is right: it is pending until the owner decides.

    Raises:
        Refusal: 400 where the body is empty, malformed, or has an unknown OBIS code; by the switches where
            it is false, or there were too many false ones today.
    """
    body = _read(await visit.request.body())
    await visit.understood(body.metering_points)
    switches, book = visit.grid.switches, visit.grid.access
    asker, now = visit.account.energy_id, visit.call.at
    allowed = switches.false_attempts_per_day
    if allowed is not None and book.false_attempts_on_day(asker, now) >= allowed:
        raise Refusal(switches.too_many_status, "Too many false attempts today.")
    if not visit.grid.belong_together(body.owner, body.owner_name, body.metering_points):
        book.false_attempts.append(FalseAttempt(now, asker))
        raise Refusal(switches.false_attempt_status, "Name, Energy ID and metering points do not belong together.")
    registers = [BY_OBIS[code].name for code in body.obis_codes]
    taken = book.request(asker, body.owner, body.metering_points, registers, now)
    told = json.dumps({"requestId": str(taken.number), "status": "PENDING"}).encode()
    status = switches.accepted_status
    return tampering.answer(b"" if status == _NO_CONTENT else told, visit.faults, status)


def _read(text: bytes) -> _Body:
    try:
        body = msgspec.json.decode(text, type=_Body)
    except msgspec.DecodeError as error:
        raise Refusal(400, str(error)) from None
    unknown = sorted(set(body.obis_codes) - set(BY_OBIS))
    if unknown:
        raise Refusal(400, f"Unknown OBIS codes: {', '.join(unknown)}.")
    return body
