"""The steps of Elvia's capacity charge (fastledd, kapasitetsledd), as data with dates of validity.

Prices are kroner a month with all taxes. Sources:

- to 2024: elvia.no, page of grid prices; of those years only the lower steps are known here.
- 2024-10-01 to 2025-04-01: fri-nettleie, tariffer/elvia.yml, yearly and without taxes there: / 12, and 25 % VAT.
- 2025-04-01 and 2026-07-01: Elvia's tariff sheets of 2026-01-01 and 2026-07-01.
"""

from __future__ import annotations

from datetime import date
from typing import Final

from schemas.charge import CapacityCharge, Tariff

CHARGE: Final = CapacityCharge(
    bounds=(2, 5, 10, 15, 20, 25, 50, 75, 100),
    tariffs=(
        Tariff(date(2023, 2, 1), (110, 170, 270, 370, 470, 570)),
        Tariff(date(2023, 10, 1), (120, 190, 305)),
        Tariff(date(2024, 10, 1), (140, 230, 375, 525, 675, 820, 1560, 2300, 3030, 6050)),
        Tariff(date(2025, 1, 1), (135, 215, 350, 485, 620, 755, 1425, 2100, 2775, 5605)),
        Tariff(date(2025, 4, 1), (125, 190, 300, 410, 520, 630, 1175, 1720, 2270, 4570)),
        Tariff(date(2026, 7, 1), (150, 250, 420, 585, 755, 925, 1760, 2600, 3440, 6800)),
    ),
)
