"""The one partitions definition: calendar years, the running one included."""

from __future__ import annotations

from typing import Final

import dagster as dg

FIRST_YEAR: Final = "2023"
"""Elvia serves three years back, so nothing older could be fetched when this was first released."""

# One definition for every asset, since a run cannot mix two. A source clips a year to its own calendar and
# to what it still serves; the zones of both operators have the same offset all year.
YEARS: Final = dg.TimeWindowPartitionsDefinition(
    cron_schedule="0 0 1 1 *", start=FIRST_YEAR, timezone="Europe/Oslo", fmt="%Y", end_offset=1
)
