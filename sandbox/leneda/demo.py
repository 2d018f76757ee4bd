"""Who is in the simulated Luxembourg: somebody with three metering points, their neighbour, and a house with panels.

Every code, Energy ID and key is invented, and looks it.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

from sandbox.leneda.grid import Grid, MeteringPoint, SharingGroup
from sandbox.leneda.profile import LUXEMBOURG
from sandbox.leneda.registers import AT_CONSUMPTION, AT_GAS, AT_GRID, AT_PLANT, AT_PRODUCTION
from schemas.time import local_midnight

if TYPE_CHECKING:
    from datetime import datetime

PLANT: Final = "LUXE-XX-YY-12341"
PLANT_KEY: Final = "00000000-0000-4000-8000-000000000001"
NEIGHBOUR: Final = "LUXE-XX-YY-12342"
NEIGHBOUR_KEY: Final = "00000000-0000-4000-8000-000000000002"
NEIGHBOUR_NAME: Final = "Neighbour Example"
SOLAR: Final = "LUXE-XX-YY-12343"
SOLAR_KEY: Final = "00000000-0000-4000-8000-000000000003"

_GROUP_TYPES: Final = ("AIR", "AIN", "ACR", "AC1", "CEL", "APS", "CER", "CEN")
_GROUPS: Final = 12
_FIRST_YEAR: Final = 2015


def metering_point_code(serial: int) -> str:
    """Return a POD of 33 characters that nobody has."""
    return f"LU{serial:031d}"


CONSUMPTION: Final = metering_point_code(1)
PRODUCTION: Final = metering_point_code(2)
GAS: Final = metering_point_code(3)
NEIGHBOURS: Final = metering_point_code(4)
HOUSE: Final = metering_point_code(5)
PANELS: Final = metering_point_code(6)


def demo_grid() -> Grid:
    """Return the users, their metering points and the groups that they share in."""
    grid = Grid()
    grid.admit(
        PLANT,
        "Plant Example",
        PLANT_KEY,
        [
            _point(CONSUMPTION, "consumption", AT_CONSUMPTION),
            _point(PRODUCTION, "production", AT_PRODUCTION),
            _point(GAS, "gas", AT_GAS),
        ],
    )
    grid.admit(NEIGHBOUR, NEIGHBOUR_NAME, NEIGHBOUR_KEY, [_point(NEIGHBOURS, "consumption", AT_CONSUMPTION)])
    grid.admit(SOLAR, "Solar Example", SOLAR_KEY, solar_house(_long_ago()))
    grid.groups += [_group(number) for number in range(1, _GROUPS + 1)]
    return grid


def solar_house(since: datetime) -> list[MeteringPoint]:
    """Return a house's grid meter, and the meter of the panels behind it."""
    return [
        MeteringPoint(HOUSE, "house", AT_GRID, since, plant=PANELS),
        MeteringPoint(PANELS, "panels", AT_PLANT, since),
    ]


def _point(code: str, name: str, registers: tuple[str, ...]) -> MeteringPoint:
    return MeteringPoint(code, name, registers, _long_ago())


def _long_ago() -> datetime:
    return local_midnight(date(_FIRST_YEAR, 1, 1), LUXEMBOURG)


def _group(number: int) -> SharingGroup:
    """Make a group; the plant owns the odd ones, the neighbour manages every third, the last has ended."""
    return SharingGroup(
        id=number,
        contract_number=f"CR{number:08d}",
        type=_GROUP_TYPES[number % len(_GROUP_TYPES)],
        owner=PLANT if number % 2 else NEIGHBOUR,
        manager=NEIGHBOUR if number % 3 == 0 else PLANT,
        start=date(2024, number, 1),
        end=date(2026, 1, 1) if number == _GROUPS else None,
        metering_points=(CONSUMPTION, PRODUCTION) if number % 2 else (CONSUMPTION, NEIGHBOURS),
    )
