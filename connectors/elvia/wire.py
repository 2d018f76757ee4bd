"""The shape of Elvia's answers, row by row: an envelope is checked whole, each row on its own.

Casing is the operator's own and not consistent: `meteringpoints` and `metervalue` are lower case. `maxhours`
v2 names the contract's bounds otherwise than `metervalues` does, and nothing here needs them.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

UNREADABLE: Final = (msgspec.MsgspecError, UnicodeDecodeError)
"""What decoding raises: not JSON, not the documented shape, or a text that is not UTF-8."""

_BOM: Final = b"\xef\xbb\xbf"


class MeterValue(msgspec.Struct, rename="camel"):
    """One metering point's series: rows of every register mixed, in no promised order."""

    resolution_minutes: int
    time_series: list[msgspec.Raw]


class MeteringPointValues(msgspec.Struct, rename="camel"):
    """A metering point in an answer of `metervalues`; without a contract then, the series can be null."""

    metering_point_id: str
    metervalue: MeterValue | None = msgspec.field(name="metervalue", default=None)


class MeterValues(msgspec.Struct):
    """An answer of `metervalues` v1."""

    meteringpoints: list[MeteringPointValues]


class ValueRow(msgspec.Struct, rename="camel"):
    """One hour of one register; `value` is null where the operator has none."""

    start_time: str
    end_time: str
    value: float | None
    uom: str
    production: bool
    verified: bool


class Aggregate(msgspec.Struct, rename="camel"):
    """One month's peaks; the running month's can be absent at its start."""

    average_value: float | None
    max_hours: list[msgspec.Raw]
    # 0 and 1 are documented; the bound only keeps a nonsense count from becoming a date.
    no_of_months_back: Annotated[int, msgspec.Meta(ge=0, le=1200)]


class MeteringPointPeaks(msgspec.Struct, rename="camel"):
    """A metering point in an answer of `maxhours`."""

    metering_point_id: str
    max_hours_aggregate: list[Aggregate] | None = None


class MaxHours(msgspec.Struct):
    """An answer of `maxhours` v2."""

    meteringpoints: list[MeteringPointPeaks]


values_of: Final = msgspec.json.Decoder(MeterValues)
peaks_of: Final = msgspec.json.Decoder(MaxHours)
row_of: Final = msgspec.json.Decoder(ValueRow)


def decode_values(body: bytes) -> MeterValues:
    """Check the envelope of `metervalues`. Raises `UNREADABLE`, which are `ValueError`, where it is not one."""
    return values_of.decode(body.removeprefix(_BOM))


def decode_peaks(body: bytes) -> MaxHours:
    """Check the envelope of `maxhours`. Raises `UNREADABLE`, which are `ValueError`, where it is not one."""
    return peaks_of.decode(body.removeprefix(_BOM))
