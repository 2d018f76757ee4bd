"""Who lives in the simulated grid: metering points, contracts, and what is particular to each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Final

from sandbox.hours import OSLO
from schemas.time import Window, local_day, local_midnight

if TYPE_CHECKING:
    from collections.abc import Iterator

FOREVER: Final = datetime(9999, 1, 1, tzinfo=UTC)

# The series that belong to Elvia's real customers begin above this.
_LAST_FREE_SERIAL: Final = 1_429_999
_FLEET_FROM: Final = 101


def metering_point_id(serial: int) -> str:
    """Return an 18-digit GSRN with its check digit, outside every series in use.

    The rule is GS1's mod 10: from the right, digits weigh 3, 1, 3, 1, ...

    Raises:
        ValueError: the serial is negative or might belong to a real customer.
    """
    if not 0 <= serial <= _LAST_FREE_SERIAL:
        msg = f"serial {serial} is not free: real metering points begin at {_LAST_FREE_SERIAL + 1}"
        raise ValueError(msg)
    digits = f"70705750{serial:09d}"
    weighed = sum(int(digit) * (3 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits)))
    return f"{digits}{-weighed % 10}"


@dataclass(frozen=True)
class Household:
    """One metering point and its customer.

    `produces`: a plus-customer, whose production has a row for every hour, 0 at night; with `sparse` only
    for the hours that made something. `innlandet`: no hour is ever flagged as verified.
    """

    metering_point: str
    name: str
    contract_start: datetime
    contract_end: datetime | None = None
    produces: bool = False
    sparse: bool = False
    innlandet: bool = False

    @property
    def contract(self) -> Window:
        """The time for which the customer may read values."""
        return Window(self.contract_start, self.contract_end or FOREVER)

    @property
    def registers(self) -> tuple[str, ...]:
        """What is measured here."""
        return ("consumption", "production") if self.produces else ("consumption",)


def home() -> Household:
    """Return an ordinary household."""
    return Household(metering_point_id(1), "home", _long_ago())


def plus() -> Household:
    """Return a plus-customer."""
    return Household(metering_point_id(2), "plus", _long_ago(), produces=True)


def innlandet() -> Household:
    """Return a household in Innlandet."""
    return Household(metering_point_id(3), "innlandet", _long_ago(), innlandet=True)


def newcomer(now: datetime) -> Household:
    """Return a household whose contract began on the first of the month fourteen months ago."""
    today = local_day(now, OSLO)
    months = today.year * 12 + today.month - 1 - 14
    return Household(metering_point_id(4), "newcomer", local_midnight(date(months // 12, months % 12 + 1, 1), OSLO))


def sparse() -> Household:
    """Return a plus-customer whose production has no rows at night."""
    return Household(metering_point_id(5), "sparse", _long_ago(), produces=True, sparse=True)


def fleet(size: int) -> Iterator[Household]:
    """Yield that many ordinary households."""
    for number in range(1, size + 1):
        yield Household(metering_point_id(_FLEET_FROM + number - 1), f"fleet {number}", _long_ago())


def _long_ago() -> datetime:
    return local_midnight(date(2015, 1, 1), OSLO)
