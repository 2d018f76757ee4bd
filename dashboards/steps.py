"""The steps of Elvia's capacity charge (fastledd, kapasitetsledd), as data with dates of validity.

A month's charge is set by its basis: the mean of the highest hours of three different days. A step includes its
upper bound. Prices are kroner a month with all taxes. Sources:

- to 2024: elvia.no, page of grid prices; of those years only the lower steps are known here.
- 2024-10-01 to 2025-04-01: fri-nettleie, tariffer/elvia.yml, yearly and without taxes there: / 12, and 25 % VAT.
- 2025-04-01 and 2026-07-01: Elvia's tariff sheets of 2026-01-01 and 2026-07-01.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

BOUNDS: Final = (2, 5, 10, 15, 20, 25, 50, 75, 100)
"""Upper bounds of the steps in kW (kWh in an hour); the step after the last has none."""

STEPS: Final = len(BOUNDS) + 1


@dataclass(frozen=True)
class Tariff:
    """Prices from a day on, step by step from the lowest; steps that are not known are left out at the end."""

    valid_from: date
    kroner: tuple[float, ...]


TARIFFS: Final = (
    Tariff(date(2023, 2, 1), (110, 170, 270, 370, 470, 570)),
    Tariff(date(2023, 10, 1), (120, 190, 305)),
    Tariff(date(2024, 10, 1), (140, 230, 375, 525, 675, 820, 1560, 2300, 3030, 6050)),
    Tariff(date(2025, 1, 1), (135, 215, 350, 485, 620, 755, 1425, 2100, 2775, 5605)),
    Tariff(date(2025, 4, 1), (125, 190, 300, 410, 520, 630, 1175, 1720, 2270, 4570)),
    Tariff(date(2026, 7, 1), (150, 250, 420, 585, 755, 925, 1760, 2600, 3440, 6800)),
)


@dataclass(frozen=True)
class Period:
    """A tariff with the day on which the next one takes its place; None for the last."""

    tariff: Tariff
    valid_to: date | None


PERIODS: Final = tuple(
    Period(tariff, following.valid_from if following else None)
    for tariff, following in zip(TARIFFS, (*TARIFFS[1:], None), strict=True)
)


def bounds(step: int) -> tuple[int | None, int | None]:
    """Return the kW above which a step begins, and the kW that it ends with; steps count from 0."""
    return (BOUNDS[step - 1] if step else None), (BOUNDS[step] if step < len(BOUNDS) else None)


def label(step: int) -> str:
    """Name a step for people, such as "2–5 kW"."""  # noqa: RUF002 - a dash between numbers
    above, to = bounds(step)
    return f"over {above} kW" if to is None else f"{above or 0}–{to} kW"  # noqa: RUF001
