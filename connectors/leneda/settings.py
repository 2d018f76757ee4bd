"""The keys of a connection to Leneda."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, BaseModel, Field, SecretStr

from connectors.base import Subject
from connectors.connection import STRICT, ConnectionSettings, Credential, WholeNumber
from connectors.leneda.wire import REGISTERS

if TYPE_CHECKING:
    from collections.abc import Iterator

CODE_LENGTH: Final = 33
LONGEST_HISTORY: Final = 3
"""Years. How far back Leneda serves is nowhere documented."""


def code_of(text: str) -> str:
    """Return a metering point code without blanks, in capitals. Raises `ValueError` with what it should look like."""
    code = "".join(text.split()).upper()
    # Invented codes in Leneda's own samples have hyphens and underscores.
    if not re.fullmatch(r"LU[A-Z0-9_-]+", code):
        message = (
            f"is not a metering point code (POD): that is LU and {CODE_LENGTH - 2} digits or letters, and stands on the"
            " electricity or gas bill; the number on the meter itself is another one"
        )
        raise ValueError(message)
    return code


def energy_id_of(text: str) -> str:
    """Return an Energy ID without blanks, in capitals. Raises `ValueError` with what it should look like."""
    energy_id = "".join(text.split()).upper()
    if not re.fullmatch(r"LUXE-[A-Z0-9]{2}-[A-Z0-9]{2}-[A-Z0-9]{4,6}", energy_id):
        message = "is not an Energy ID: that looks like LUXE-AB-CD-12345; Leneda gave it to you when you signed up"
        raise ValueError(message)
    return energy_id


def register_of(text: str) -> str:
    """Return the name of a register as it is. Raises `ValueError` with those that there are."""
    if text not in REGISTERS:
        message = f"is no register; the registers are {', '.join(REGISTERS)}"
        raise ValueError(message)
    return text


class LenedaPoint(BaseModel):
    """A metering point, and what to read of it."""

    model_config = STRICT

    code: Annotated[str, AfterValidator(code_of)] = Field(examples=["LU0000000000000000000000000000001"])
    registers: tuple[Annotated[str, AfterValidator(register_of)], ...] = Field(default=(), examples=[["consumption"]])
    """None: all that the operator answers for."""


class LenedaPlant(LenedaPoint):
    """A metering point whose registers count all that is made, whoever uses it."""

    registers: tuple[Annotated[str, AfterValidator(register_of)], ...] = Field(
        default=("production",), min_length=1, examples=[["production"]]
    )


class LenedaConnection(ConnectionSettings):
    """An API key, made in Leneda by the holder of an Energy ID."""

    credential_key: ClassVar[str] = "api_key"
    checked_first: ClassVar[str] = (
        "see first that energy_id and the codes in metering_points are right and that access to them is granted; "
        "a new key makes the old one useless, so only where none of that is at fault, "
    )
    daily_at: ClassVar[str] = "30 15 * * *"

    source: Literal["leneda"]
    energy_id: Annotated[str, AfterValidator(energy_id_of)] = Field(examples=["LUXE-AB-CD-12345"])
    api_key: Credential = None
    metering_points: tuple[LenedaPoint, ...] = Field(
        default=(), examples=[[{"code": "LU0000000000000000000000000000001"}]]
    )
    gross_generation: tuple[LenedaPlant, ...] = Field(
        default=(), examples=[[{"code": "LU0000000000000000000000000000002"}]]
    )
    base_url: str = "https://api.leneda.eu"
    history_years: WholeNumber = Field(default=LONGEST_HISTORY, ge=1, le=LONGEST_HISTORY)
    days_per_call: WholeNumber = Field(default=31, ge=1, le=366)
    calls_per_minute: WholeNumber = Field(default=60, ge=1, le=60_000)

    def listed_points(self) -> tuple[str, ...]:
        """Return the metering points; Leneda has no list of them, so that no other is asked for."""
        return tuple(point.code for point in self.metering_points)

    def listed(self) -> tuple[Subject, ...]:
        """Return the registers that are named."""
        named = (Subject(point.code, register) for point in self.metering_points for register in point.registers)
        return tuple(dict.fromkeys(named))

    def possible(self) -> tuple[Subject, ...]:
        """Return every register of the metering points for which none is named."""
        open_points = [point.code for point in self.metering_points if not point.registers]
        return tuple(Subject(code, register) for code in open_points for register in REGISTERS)

    def generation(self) -> tuple[Subject, ...]:
        """Return the registers that the settings name."""
        named = (Subject(plant.code, register) for plant in self.gross_generation for register in plant.registers)
        return tuple(dict.fromkeys(named))

    def identity(self, name: str) -> SecretStr:
        """Return the key with what it is used for: the Energy ID decides about access, and only codes are asked for."""
        asked = (" ".join((point.code, *point.registers)) for point in self.metering_points)
        return SecretStr(" ".join((self.credential(name).get_secret_value(), self.energy_id, *asked)))

    def doubts(self) -> Iterator[str]:
        """Yield what looks mistyped. Codes of other lengths stand in Leneda's own samples."""
        for key, listed in (("metering_points", self.metering_points), ("gross_generation", self.gross_generation)):
            for place, point in enumerate(listed):
                if len(point.code) != CODE_LENGTH:
                    words = f"has {len(point.code)} characters and not {CODE_LENGTH}; compare it with the bill"
                    yield f"{key}[{place}].code: {words}"


def of_leneda(connection: ConnectionSettings) -> LenedaConnection:
    """Return the connection as one of Leneda's, which it is. Raises `TypeError` where it is another's."""
    if not isinstance(connection, LenedaConnection):
        message = "the connection is not one of Leneda's"
        raise TypeError(message)
    return connection
