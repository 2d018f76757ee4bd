"""Numbers, instants and registers as people read them. Instants are shown in the operator's local time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from schemas.registers import LAYERS, REGISTERS, REMAINING
from schemas.time import DAY, next_month

if TYPE_CHECKING:
    from datetime import date, datetime
    from zoneinfo import ZoneInfo

NONE: Final = "\u2013"
"""What stands where there is no value: never a zero."""

_THIN: Final = "\u202f"
_FEW, _MANY = 10, 100
_UNITS: Final = {"m3": "m³", "Nm3": "Nm³"}
_PARTS: Final = {layer: f"shared, layer {number}" for number, layer in enumerate(LAYERS, 1)} | {REMAINING: "not shared"}


def number(value: float | None, decimals: int | None = None) -> str:
    """Return a number with as many decimals as matter, thousands apart."""
    if value is None:
        return NONE
    if decimals is None:
        decimals = 2 if abs(value) < _FEW else 1 if abs(value) < _MANY else 0
    return f"{value:,.{decimals}f}".replace(",", _THIN).replace("-", "\u2212")


def count(value: int) -> str:
    """Return a count, thousands apart."""
    return f"{value:,}".replace(",", _THIN)


def unit(register: str) -> str:
    """Return the unit of a register's quantity."""
    own = REGISTERS[register].unit
    return _UNITS.get(own, own)


def quantity(value: float | None, register: str) -> str:
    """Return a quantity with its unit."""
    return NONE if value is None else f"{number(value)}\u00a0{unit(register)}"


def kw(value: float | None) -> str:
    """Return a load."""
    return NONE if value is None else f"{number(value, 2)}\u00a0kW"


def kroner(value: float | None) -> str:
    """Return an amount of money; whole kroner, as tariffs are."""
    return NONE if value is None else f"{number(value, 0)}\u00a0kr"


def share(part: int, whole: int) -> str:
    """Return a share in per cent that says 100 only of a whole."""
    if not whole:
        return NONE
    shown = 100 * part / whole
    if part < whole:
        shown = min(shown, 99.9)
    return f"{shown:.1f}\u00a0%".replace(".0\u00a0", "\u00a0")


def percent(part: float) -> str:
    """Return a part of 1 in per cent."""
    return f"{100 * part:.0f}\u00a0%"


def counted(value: int, noun: str) -> str:
    """Return a count with its noun, such as 1 day or 12 days."""
    return f"{count(value)} {noun}{'' if value == 1 else 's'}"


def settled(part: float) -> str:
    """Return how much of something is settled."""
    if part in {0, 1}:
        return "all settled" if part else "none settled"
    return f"{percent(part)} settled"


def change(part: float) -> str:
    """Return a change, given as a part of 1, in per cent and with its sign."""
    shown = round(100 * part, 1)
    sign = "+" if shown > 0 else "\u2212" if shown < 0 else "±"
    return f"{sign}{abs(shown):.1f}\u00a0%"


def label(register: str) -> str:
    """Return a register's name for people."""
    kind, _, part = register.partition("_")
    if part in _PARTS:
        return f"{kind.capitalize()}, {_PARTS[part]}"
    return register.replace("_", " ").capitalize()


def day(value: date) -> str:
    """Return a day, such as Wed 17 Jun 2026."""
    return f"{value:%a} {value.day} {value:%b %Y}"


def brief(value: date) -> str:
    """Return a day without its year, such as 17 Jun."""
    return f"{value.day} {value:%b}"


def span(first: date, last: date) -> str:
    """Return days as a month, or from the first to the last, such as 1 to 21 November 2025 in short."""
    if first.day == 1 and next_month(first) - DAY == last:
        return month(first)
    since = str(first.day) if first.month == last.month else brief(first)
    return f"{since}\u2013{brief(last)} {last.year}"


def month(value: date) -> str:
    """Return a month, such as Jun 2026."""
    return f"{value:%b %Y}"


def short_moment(instant: datetime, zone: ZoneInfo) -> str:
    """Return an instant of the last months in local time, such as 17 Jun, 14:00."""
    local = instant.astimezone(zone)
    return f"{brief(local.date())}, {local:%H:%M}"


def hour(start: datetime, zone: ZoneInfo) -> str:
    """Return an hour of a month that is known, in local time, such as Wed 17 Jun 14:00."""
    local = start.astimezone(zone)
    return f"{local:%a} {brief(local.date())} {local:%H:%M}"


def moment(instant: datetime, zone: ZoneInfo) -> str:
    """Return an instant in local time, such as Wed 17 Jun 2026, 14:00."""
    local = instant.astimezone(zone)
    return f"{day(local.date())}, {local:%H:%M}"
