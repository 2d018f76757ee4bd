"""A charge by steps of capacity: a month costs what the step costs that its highest hours lie in.

The month's basis is the mean of the highest hours of three different days (`schemas.peak`). A step includes its upper
bound. What the steps and prices are stands with the operator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import date

CAPS: Final = (2, 3, 4, 5, 6, 8, 10, 15, 20)
"""kW at which it is shown what a month had cost, had no hour been above."""


@dataclass(frozen=True)
class Tariff:
    """Prices from a day on, step by step from the lowest; steps that are not known are left out at the end."""

    valid_from: date
    kroner: tuple[float, ...]


@dataclass(frozen=True)
class Period:
    """A tariff with the day on which the next one takes its place; None for the last."""

    tariff: Tariff
    valid_to: date | None


@dataclass(frozen=True)
class CapacityCharge:
    """An operator's charge: upper bounds of the steps in kW (kWh in an hour), and its tariffs in order.

    The step after the last bound has none.
    """

    bounds: tuple[int, ...]
    tariffs: tuple[Tariff, ...]

    @property
    def periods(self) -> tuple[Period, ...]:
        """Every tariff with its end."""
        return tuple(
            Period(tariff, following.valid_from if following else None)
            for tariff, following in zip(self.tariffs, (*self.tariffs[1:], None), strict=True)
        )

    @property
    def steps(self) -> range:
        """The steps, from 0."""
        return range(len(self.bounds) + 1)

    def bounds_of(self, step: int) -> tuple[int | None, int | None]:
        """Return the kW above which a step begins, and the kW that it ends with."""
        return (self.bounds[step - 1] if step else None), (self.bounds[step] if step < len(self.bounds) else None)

    def label(self, step: int) -> str:
        """Name a step for people, such as "2–5 kW"."""  # noqa: RUF002 - a dash between numbers
        above, to = self.bounds_of(step)
        return f"over {above} kW" if to is None else f"{above or 0}–{to} kW"  # noqa: RUF001

    def step_of(self, basis: float) -> int:
        """Return the step that a basis lies in."""
        return sum(basis > bound for bound in self.bounds)

    def price(self, basis: float, month: date) -> float | None:
        """Return what a month costs in kroner, by its basis and its first day; None where the price is not known."""
        valid = [tariff for tariff in self.tariffs if tariff.valid_from <= month]
        step = self.step_of(basis)
        return valid[-1].kroner[step] if valid and step < len(valid[-1].kroner) else None
