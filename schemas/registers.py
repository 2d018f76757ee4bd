"""The catalogue of registers: what is measured at a metering point, in which unit, under which field.

Source of the names and fields: the design's section 6. An operator's own words for them (OBIS codes,
flags) stand in that operator's folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Register:
    """One register: its name, the unit of its quantity, and the field that carries it outside.

    `layer` says which part of a measured register it is, where energy is shared: "1" to "4", or "remaining" for
    what nobody shared; None where it is measured itself.
    """

    name: str
    unit: str
    field: str
    layer: str | None = None


def _energy(*names: str) -> list[Register]:
    return [Register(name, "kWh", "energy_kwh") for name in names]


LAYERS: Final = ("shared_layer1", "shared_layer2", "shared_layer3", "shared_layer4")
"""What an energy community shares, by how near its members are to each other: the ends of registers' names."""

REMAINING: Final = "remaining"
"""What is left after sharing: bought from, or sold to, somebody else."""


def _sharing(measured: str) -> list[Register]:
    parts = (*LAYERS, REMAINING)
    return [Register(f"{measured}_{part}", "kWh", "energy_kwh", part.removeprefix("shared_layer")) for part in parts]


REGISTERS: Final = {
    register.name: register
    for register in (
        *_energy("consumption", "production"),
        Register("reactive_consumption", "kvarh", "reactive_energy_kvarh"),
        Register("reactive_production", "kvarh", "reactive_energy_kvarh"),
        *_sharing("consumption"),
        *_sharing("production"),
        Register("gas_volume", "m3", "volume_m3"),
        Register("gas_standard_volume", "Nm3", "standard_volume_nm3"),
        *_energy("gas_energy"),
    )
}
"""Every register by name; the order is the one shown to people."""

RESOLUTIONS: Final = {"PT15M": 15 * 60, "PT1H": 60 * 60}
"""Seconds in an interval, by ISO 8601 duration: the only resolutions that are stored."""
