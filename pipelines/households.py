"""Which connections' own use can be told: those whose settings name gross generation, with what the store has of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from schemas.own_use import Household

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from connectors.connection import ConnectionSettings
    from schemas.own_use import Part


def household(source: str, name: str, connection: ConnectionSettings, series: Iterable[Part]) -> Household:
    """Return the connection's household, of these series that are kept of it.

    Where the settings list metering points, others are somebody else's, read by their leave: no grid meters of this.
    """
    made = [(subject.metering_point, subject.register) for subject in connection.generation()]
    own = {*connection.listed_points(), *(point for point, _ in made)}
    mine = series if not connection.listed_points() else [part for part in series if part[0] in own]
    return Household.of(source, name, made, mine)


def households(
    source: str, connections: Mapping[str, ConnectionSettings], series: Iterable[tuple[str, str, str]]
) -> Iterator[Household]:
    """Yield those of which every part is known; `series`: connection, metering point, register."""
    kept = list(series)
    for name, connection in connections.items():
        named = connection.generation()
        found = household(source, name, connection, [(point, register) for of, point, register in kept if of == name])
        if named and len(found.made) == len(named) and found.fed_in and found.bought:
            yield found
