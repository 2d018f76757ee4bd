"""Whether own use can be told where the settings name gross generation: each part of it must be read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.base import Subject
from connectors.registry import SOURCES
from pipelines.commands.doctor.finding import Finding
from pipelines.flow import Flow
from pipelines.households import household
from schemas.coverage import SERIES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import datetime

    from connectors.connection import ConnectionSettings
    from pipelines.settings import Settings
    from schemas.own_use import Household, Part

_GRID = {"fed_in": "production", "bought": "consumption"}


def look_at_generation(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Yield a line for each connection that names gross generation."""
    for source in SOURCES.values():
        naming = {name: each for name, each in settings.connections_of(source.name).items() if each.generation()}
        if not naming:
            continue
        kept = Flow(settings, source, now).store.readings.days().select(*SERIES).unique()
        for name, connection in naming.items():
            mine = kept.filter(connection=name).select("metering_point", "register").rows()
            found = household(source.name, name, connection, mine)
            yield from _told(found, connection, mine, settings.names)


def _told(
    found: Household, connection: ConnectionSettings, kept: list[Part], names: Mapping[str, str]
) -> Iterator[Finding]:
    subject = f"{found.source}/{found.connection}"
    lacking = [one for one in connection.generation() if (one.metering_point, one.register) not in found.made]
    for one in lacking:
        what = f"gross_generation names {one.register} of {names.get(one.metering_point, one.metering_point)}, which"
        if not _is_asked(connection, one):
            words = f"{what} is not read; add it to metering_points, or take it out of gross_generation"
            yield Finding(subject, words, ok=False)
        elif kept:
            at_point = ", ".join(sorted(register for point, register in kept if point == one.metering_point))
            there = f"of it {at_point} is read" if at_point else "no register of it is"
            yield Finding(subject, f"{what} has no reading; {there}: name what counts all that is made", ok=False)
        else:
            yield Finding(subject, f"{what} is asked for; nothing is read yet")
    if lacking:
        return
    wanting = [register for kind, register in _GRID.items() if not found.parts[kind]]
    for register in wanting:
        words = f"has no {register} at a grid meter, and own use cannot be told without; list the meter that counts it"
        yield Finding(subject, words, ok=False)
    if not wanting:
        at_grid = dict.fromkeys(names.get(point, point) for point, _ in (*found.fed_in, *found.bought))
        yield Finding(subject, f"own use is told by gross_generation and the grid meter {', '.join(at_grid)}")


def _is_asked(connection: ConnectionSettings, one: Subject) -> bool:
    """Tell whether it is among what the settings list; where they list nothing, all that is covered is asked for."""
    asked = {*connection.listed(), *connection.possible()}
    return not connection.listed_points() or bool({one, Subject(one.metering_point)} & asked)
