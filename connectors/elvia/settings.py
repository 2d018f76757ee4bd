"""The keys of a connection to Elvia."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from connectors.base import Subject
from connectors.connection import ConnectionSettings, Credential, WholeNumber

if TYPE_CHECKING:
    from collections.abc import Iterator

ID_DIGITS: Final = 18


def check_digit_fits(metering_point: str) -> bool:
    """Tell whether the last digit is the one that GS1's rule (mod 10, weights 3 and 1) gives for the others."""
    *digits, last = (int(digit) for digit in metering_point)
    weighted = sum(digit * (3, 1)[place % 2] for place, digit in enumerate(reversed(digits)))
    return (weighted + last) % 10 == 0


def _metering_point(text: str) -> str:
    digits = "".join(text.split())
    if len(digits) != ID_DIGITS or not (digits.isascii() and digits.isdecimal()):
        message = (
            f"is not a metering point id: that has {ID_DIGITS} digits and stands on the invoice and on Min side"
            " as målepunkt-ID; the number on the meter itself is another one"
        )
        raise ValueError(message)
    return digits


def _yes_no_auto(value: object) -> object:
    words = str(value).strip().lower()
    if words not in {"true", "false", "auto"}:
        message = 'must be true, false or "auto"'
        raise ValueError(message)
    return words


MeteringPoint = Annotated[str, AfterValidator(_metering_point)]


class ElviaConnection(ConnectionSettings):
    """A personal token, made by a customer of Elvia's on Min side."""

    credential_key: ClassVar[str] = "token"
    daily_at: ClassVar[str] = "30 6 * * *"

    source: Literal["elvia"]
    token: Credential = None
    metering_points: tuple[MeteringPoint, ...] = Field(default=(), examples=[["707057500000000018"]])
    include_production: bool = True
    gross_generation: tuple[MeteringPoint, ...] = Field(default=(), examples=[["707057500000000025"]])
    innlandet: Annotated[Literal["auto"] | bool, BeforeValidator(_yes_no_auto)] = "auto"
    base_url: str = "https://elvia.azure-api.net"
    calls_per_hour: WholeNumber = Field(default=200, ge=1, le=1_000_000)

    def listed_points(self) -> tuple[str, ...]:
        """Return the metering points to ask for; none: all that the token covers."""
        return self.metering_points

    def generation(self) -> tuple[Subject, ...]:
        """Return the production of the metering points of plants."""
        return tuple(Subject(point, "production") for point in dict.fromkeys(self.gross_generation))

    def flag_is_mute(self) -> bool | None:
        """Tell whether `verified` says nothing: so it is in Innlandet, for ever."""
        return None if self.innlandet == "auto" else self.innlandet

    def doubts(self) -> Iterator[str]:
        """Yield the metering points that look mistyped. Ids with a false check digit are in use, so it is no error."""
        for key, listed in (("metering_points", self.metering_points), ("gross_generation", self.gross_generation)):
            for place, metering_point in enumerate(listed):
                if not check_digit_fits(metering_point):
                    yield f"{key}[{place}]: its check digit does not fit; compare it with the invoice"
