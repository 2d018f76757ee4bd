"""The operator's table of OBIS codes: what each register counts, in which unit, at which interval.

Source: leneda.eu, "OBIS code meaning". The suffixes of the sharing layers 1 to 4 are 1, 3, 2, 4. The unit of
reactive energy is assumed.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from schemas.time import HOUR

QUARTER: Final = timedelta(minutes=15)
_LENGTHS: Final = {"PT15M": QUARTER, "PT1H": HOUR}


@dataclass(frozen=True)
class Register:
    """One register.

    `measured`: the register that a meter counts, of which this one is computed (itself, where it is counted).
    `energy_unit`: the unit of its sums; None where the operator gives none.
    """

    name: str
    obis: str
    unit: str
    energy_unit: str | None
    measured: str
    interval: str = "PT15M"

    @property
    def length(self) -> timedelta:
        """The time that one value stands for."""
        return _LENGTHS[self.interval]

    @property
    def calculated(self) -> bool:
        """Whether no meter counts it."""
        return self.name != self.measured

    @property
    def is_gas(self) -> bool:
        """Whether it counts gas."""
        return self.interval == "PT1H"


_LAYERS: Final = {"shared_layer1": 1, "shared_layer2": 3, "shared_layer3": 2, "shared_layer4": 4, "remaining": 9}


def _sharing(measured: str, group: int) -> list[Register]:
    return [
        Register(f"{measured}_{layer}", f"1-65:{group}.29.{suffix}", "kW", "kWh", measured)
        for layer, suffix in _LAYERS.items()
    ]


REGISTERS: Final = {
    register.name: register
    for register in (
        Register("consumption", "1-1:1.29.0", "kW", "kWh", "consumption"),
        Register("production", "1-1:2.29.0", "kW", "kWh", "production"),
        Register("reactive_consumption", "1-1:3.29.0", "kVAR", "kVARh", "reactive_consumption"),
        Register("reactive_production", "1-1:4.29.0", "kVAR", "kVARh", "reactive_production"),
        *_sharing("consumption", 1),
        *_sharing("production", 2),
        Register("gas_volume", "7-1:99.23.15", "m³", None, "gas_volume", "PT1H"),
        Register("gas_standard_volume", "7-1:99.23.17", "Nm³", None, "gas_volume", "PT1H"),
        Register("gas_energy", "7-20:99.33.17", "kWh", "kWh", "gas_volume", "PT1H"),
    )
}
"""Every register by the name that the sandbox's users know it by."""

BY_OBIS: Final = {register.obis: register for register in REGISTERS.values()}
EVERY: Final = tuple(REGISTERS)
AT_CONSUMPTION: Final = (
    "consumption",
    "reactive_consumption",
    "reactive_production",
    *(f"consumption_{layer}" for layer in _LAYERS),
)
AT_PRODUCTION: Final = ("production", *(f"production_{layer}" for layer in _LAYERS))
AT_GRID: Final = ("consumption", "production")
"""A house that makes energy: what it takes from the grid, and what it feeds in."""
AT_PLANT: Final = ("production",)
"""All that its panels make, before the house uses any of it."""
AT_GAS: Final = ("gas_volume", "gas_standard_volume", "gas_energy")
