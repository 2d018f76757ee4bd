"""Leneda's own words as tables, and the shape of its answers: an envelope is checked whole, each row on its own.

Sources: leneda.eu, "API reference" and "OBIS code meaning"; the spellings of units that other clients met.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError)
"""What decoding raises: not JSON, not the documented shape, or a text that is not UTF-8."""

_BOM: Final = b"\xef\xbb\xbf"


@dataclass(frozen=True)
class Measured:
    """What Leneda calls a register, and how it sends it.

    `units` gives, for each known spelling, what one of it is worth in the register's own unit
    (`schemas.registers`); `interval` is the only length in which the register is known to come.
    """

    obis: str
    units: Mapping[str, float]
    interval: str = "PT15M"


# Electricity comes as the mean power of a quarter-hour, so its energy is a quarter of that.
_ACTIVE: Final = {"kW": 0.25}
_REACTIVE: Final = dict.fromkeys(("kVAR", "kVAr", "kvar"), 0.25)

REGISTERS: Final[Mapping[str, Measured]] = {
    "consumption": Measured("1-1:1.29.0", _ACTIVE),
    "production": Measured("1-1:2.29.0", _ACTIVE),
    "reactive_consumption": Measured("1-1:3.29.0", _REACTIVE),
    "reactive_production": Measured("1-1:4.29.0", _REACTIVE),
    # The operator's second and third layers are not in the order of their numbers.
    "consumption_shared_layer1": Measured("1-65:1.29.1", _ACTIVE),
    "consumption_shared_layer2": Measured("1-65:1.29.3", _ACTIVE),
    "consumption_shared_layer3": Measured("1-65:1.29.2", _ACTIVE),
    "consumption_shared_layer4": Measured("1-65:1.29.4", _ACTIVE),
    "consumption_remaining": Measured("1-65:1.29.9", _ACTIVE),
    "production_shared_layer1": Measured("1-65:2.29.1", _ACTIVE),
    "production_shared_layer2": Measured("1-65:2.29.3", _ACTIVE),
    "production_shared_layer3": Measured("1-65:2.29.2", _ACTIVE),
    "production_shared_layer4": Measured("1-65:2.29.4", _ACTIVE),
    "production_remaining": Measured("1-65:2.29.9", _ACTIVE),
    "gas_volume": Measured("7-1:99.23.15", dict.fromkeys(("m3", "m³"), 1.0), "PT1H"),
    "gas_standard_volume": Measured("7-1:99.23.17", dict.fromkeys(("Nm3", "Nm³"), 1.0), "PT1H"),
    "gas_energy": Measured("7-20:99.33.17", {"kWh": 1.0}, "PT1H"),
}
"""Every register by our name, in the order in which a metering point is asked for them."""

INTERVALS: Final[Mapping[str, timedelta]] = {"PT15M": timedelta(minutes=15), "PT1H": timedelta(hours=1)}

ESTIMATED: Final[Mapping[str, bool]] = {"Actual": False, "Estimated": True}
"""Whether a value of this `type` is estimated. "Actual" alone was ever seen; of any other word it is not known."""


class TimeSeries(msgspec.Struct, rename="camel"):
    """An answer of `time-series`: one register of one metering point, its items in no promised order."""

    items: list[msgspec.Raw]
    metering_point_code: str | None = None
    obis_code: str | None = None
    interval_length: str | None = None
    unit: str | None = None

    @property
    def is_unknown(self) -> bool:
        """Whether this is how Leneda answers for what it does not know, or does not show: with nulls and nothing."""
        return not self.items and None in {self.metering_point_code, self.obis_code, self.unit}


class Item(msgspec.Struct, rename="camel"):
    """One interval; `value` is null where the operator has none, `version` counts its corrections."""

    value: float | None
    started_at: str
    type: str
    # Bounded only so that it fits into a column.
    version: Annotated[int, msgspec.Meta(ge=0, lt=2**31)]


_series_of: Final = msgspec.json.Decoder(TimeSeries)
item_of: Final = msgspec.json.Decoder(Item)


def decode(body: bytes) -> TimeSeries:
    """Check the envelope of `time-series`. Raises `UNREADABLE`, which are `ValueError`, where it is not one."""
    return _series_of.decode(body.removeprefix(_BOM))
