"""What the report shows: a section is a function that returns HTML, or None where it has nothing to say.

To add one, write the function in a file of its own and name it here, where it is to stand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.report.sections.attention import attention
from pipelines.report.sections.cap import cap
from pipelines.report.sections.capacity import capacity
from pipelines.report.sections.community import community
from pipelines.report.sections.exchange import exchange
from pipelines.report.sections.habits import habits
from pipelines.report.sections.headline import headline
from pipelines.report.sections.health import health
from pipelines.report.sections.hours import hours
from pipelines.report.sections.load import load
from pipelines.report.sections.overview import overview
from pipelines.report.sections.own_use import own_use
from pipelines.report.sections.periods import periods
from pipelines.report.sections.statement import statement
from pipelines.report.sections.years import years

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.report.gather import Gathered, Point
    from pipelines.report.html import Html

PAGE: Final[tuple[Callable[[Gathered], Html | None], ...]] = (overview, attention, statement, own_use)
"""Sections about everything, in their order."""

POINT: Final[tuple[Callable[[Point], Html | None], ...]] = (
    headline,
    hours,
    periods,
    years,
    habits,
    load,
    capacity,
    cap,
    exchange,
    community,
    health,
)
"""Sections about one metering point, in their order."""
