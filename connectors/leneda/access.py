"""Requests for access to somebody else's metering points, as Leneda takes them.

Source: leneda.eu, "Requesting access to someone else data": the owner's name as registered, the owner's Energy ID and
the metering point must belong together; "only a limited number of false attempts will be allowed per day". The body's
keys are those of leneda-client. What is answered is nowhere documented: a 2xx is taken for success, whatever it says.
"""

from __future__ import annotations

import re
from contextlib import closing
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import msgspec

from connectors.access import METERING_POINTS, OWNER, OWNER_ID, REGISTERS, AccessFieldError, AccessRequest
from connectors.errors import Refused, TryLater
from connectors.leneda import wire
from connectors.leneda.settings import CODE_LENGTH, code_of, energy_id_of, of_leneda, register_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import date

    from connectors.base import Subject
    from connectors.budget import Budget
    from connectors.connection import ConnectionSettings

PATH: Final = "/api/metering-data-access-request"
ENDPOINT: Final = "access-request"
JSON: Final = {"Content-Type": "application/json"}

_FALSE: Final = (
    "the owner's name as it is registered in Leneda, the owner's Energy ID and the metering points do not belong "
    "together; compare them with what the owner sent you"
)
_MEANINGS: Final[Mapping[int, str]] = {
    HTTPStatus.FORBIDDEN: "access is restricted; Leneda also blocks calls from some countries and hosting networks",
    HTTPStatus.TOO_MANY_REQUESTS: "Leneda takes no more requests for now; it allows few false attempts a day",
}
"""Refusals that say nothing of the one request, and the same of every other."""

_EMPTY_NAME: Final = "is empty; give the owner's name as it is registered in Leneda"
_LONGEST: Final = 60
"""How much of what somebody wrote is repeated in a message."""
_OWN_ID: Final = "is your own Energy ID; give the owner's"
_TWICE: Final = "names one twice; leave it out"
_NONE: Final = {
    METERING_POINTS: "is empty; give at least one metering point code (POD)",
    REGISTERS: f"is empty; give at least one register; the registers are {', '.join(wire.REGISTERS)}",
}


class LenedaAccess:
    """One `POST` a request: its owner gets an e-mail, and decides in Leneda."""

    def asker(self, connection: ConnectionSettings) -> str:
        """Return the Energy ID: several keys of one user are one user."""
        return of_leneda(connection).energy_id

    def request(
        self,
        connection: ConnectionSettings,
        *,
        owner: str,
        owner_id: str,
        metering_points: Sequence[str],
        registers: Sequence[str],
    ) -> AccessRequest:
        """Put a wish into Leneda's spelling: no blanks and capitals in codes, the name as it is.

        Raises:
            AccessFieldError: a part cannot be right, by its form alone.
        """
        name = " ".join(owner.split())
        if not name:
            raise AccessFieldError(OWNER, _EMPTY_NAME)
        energy_id = _formed(OWNER_ID, _owners_id, owner_id)
        if energy_id == of_leneda(connection).energy_id:
            raise AccessFieldError(OWNER_ID, _OWN_ID)
        codes = [_formed(METERING_POINTS, _whole_code, code) for code in metering_points]
        names = [_formed(REGISTERS, register_of, register.lower()) for register in registers]
        for part, values in ((METERING_POINTS, codes), (REGISTERS, names)):
            if not values:
                raise AccessFieldError(part, _NONE[part])
            if len(set(values)) < len(values):
                raise AccessFieldError(part, _TWICE)
        return AccessRequest(name, energy_id, tuple(codes), tuple(names))

    def rendered(self, connection: ConnectionSettings, request: AccessRequest) -> str:
        """Write method, URL, headers and body."""
        leneda = of_leneda(connection)
        headers = {"X-API-KEY": "(not shown)", "X-ENERGY-ID": leneda.energy_id, **JSON}
        head = [f"POST {leneda.base_url}{PATH}", *(f"{name}: {value}" for name, value in headers.items())]
        return "\n".join([*head, "", _body(request).decode()])

    def send(self, name: str, connection: ConnectionSettings, request: AccessRequest, budget: Budget) -> None:
        """Send a request, once.

        Raises:
            Refused: any 4xx but 401: Leneda found it false, or restricts access as such.
            RenewCredential: 401, before anything else was looked at.
            OutsideError: any other: nobody knows what became of it.
        """
        from connectors.http import Http, Policy  # noqa: PLC0415 - settings load without httpx
        from connectors.leneda.session import credentials, paced  # noqa: PLC0415

        leneda = of_leneda(connection)
        key = leneda.credential(name)
        http = Http(
            leneda.base_url,
            service="leneda",
            headers=credentials(leneda, key),
            # It must not be sent twice: the owner would get two letters, or Leneda count two attempts.
            policy=Policy(attempts=1),
            before_call=paced(leneda, key, budget),
        )
        with closing(http):
            try:
                http.request("POST", PATH, endpoint=ENDPOINT, content=_body(request), headers=JSON, decode=_read)
            except TryLater as error:
                if error.status == HTTPStatus.TOO_MANY_REQUESTS:
                    raise _refused(HTTPStatus.TOO_MANY_REQUESTS) from None
                raise
            except Refused as refusal:
                raise _refused(refusal.status) from None

    def reminder(self, connection: ConnectionSettings, owner: str, subjects: Sequence[Subject], asked_on: date) -> str:
        """Write a letter to an owner who has not decided."""
        points: dict[str, list[str]] = {}
        for subject in subjects:
            points.setdefault(subject.metering_point, []).append(subject.register)
        lines = [f"- {point}: {', '.join(registers)}" for point, registers in points.items()]
        return "\n".join(
            [
                f"Dear {owner},",
                f"on {asked_on:%Y-%m-%d} I asked on Leneda for access to readings of yours, and it still waits:",
                *lines,
                f"Leneda has sent you an e-mail about it; my Energy ID is {of_leneda(connection).energy_id}.",
                "To decide, please log in to Leneda and open Access, Data accesses.",
            ]
        )


def _body(request: AccessRequest) -> bytes:
    """Write the body. `from` is the owner, from whom access is asked; who asks is in the header."""
    return msgspec.json.encode(
        {
            "from": request.owner_id,
            "fromName": request.owner,
            "meteringPointCodes": request.metering_points,
            "obisCodes": [wire.REGISTERS[register].obis for register in request.registers],
        }
    )


def _read(body: bytes) -> None:
    """Take any JSON, or nothing, for an answer; a page of HTML may be anybody's."""
    if body.strip():
        msgspec.json.decode(body)


def _refused(status: int) -> Refused:
    meaning = _MEANINGS.get(status, _FALSE)
    words = f"leneda {ENDPOINT}: refuses the request ({status}): {meaning}"
    return Refused(words, status=status, meaning=meaning, divisible=status not in _MEANINGS)


def _formed(part: str, form: Callable[[str], str], text: str) -> str:
    try:
        return form(text)
    except ValueError as error:
        raise AccessFieldError(part, f"{text.strip()[:_LONGEST]!r} {error}") from None


def _owners_id(text: str) -> str:
    try:
        return energy_id_of(text)
    except ValueError:
        message = "is not an Energy ID: that looks like LUXE-AB-CD-12345; ask the owner for it"
        raise ValueError(message) from None


def _whole_code(text: str) -> str:
    """Return a code of the documented form: settings take others with a doubt, an attempt is too dear for that."""
    code = code_of(text)
    if not re.fullmatch(rf"LU[A-Z0-9]{{{CODE_LENGTH - 2}}}", code):
        words = f"is not a metering point code (POD): that is LU and {CODE_LENGTH - 2} digits or letters"
        message = f"{words}, {CODE_LENGTH} characters in all, and this one has {len(code)}; compare it with the bill"
        raise ValueError(message)
    return code
