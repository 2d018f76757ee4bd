"""InfluxQL as text. Names are ours and fixed, so that nothing here is quoted but for looks.

A missing interval has no point, so no query fills gaps: `fill(none)` stands wherever time is grouped. What groups by
a day or more names its zone, since Grafana's own never reaches InfluxQL.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors.registry import SOURCES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from dashboards.model import Query

IN_TIME: Final = "$timeFilter"
SOURCE: Final = '"source" =~ /^$source$/'
POINT: Final = '"metering_point" =~ /^$metering_point$/'
REGISTER: Final = '"register" =~ /^$register$/'

WEEKS: Final = "time(7d, -3d)"
"""Weeks from Monday. By a positive offset they are an hour off at clock changes before 1.11.7 and 2.7.7."""

DAYS: Final = "time(1d)"


def every(*conditions: str) -> str:
    """Join conditions that must all hold."""
    return " AND ".join(conditions)


def any_of(names: Sequence[str]) -> str:
    """Return a pattern for exactly these tag values."""
    return f"/^({'|'.join(names)})$/"


def select(what: str, measurement: str, *conditions: str, by: str = "", zone: str = "", order: str = "") -> str:
    """Write a statement.

    Args:
        what: fields and functions.
        measurement: its name, or subqueries.
        conditions: joined by AND.
        by: what to group by.
        zone: the zone of the grouping, and of times in the conditions that name none.
        order: what follows after that, as ORDER BY or LIMIT.
    """
    source = measurement if measurement.startswith("(") else f'"{measurement}"'
    parts = [f"SELECT {what} FROM {source} WHERE {every(*conditions)}"]  # noqa: S608 - nothing of a user's is in it
    if by:
        parts.append(f"GROUP BY {by}" + (" fill(none)" if "time(" in by else ""))
    if order:
        parts.append(order)
    if zone:
        parts.append(f"tz('{zone}')")
    return " ".join(parts)


def union(subqueries: Sequence[str]) -> str:
    """Read the rows of several statements as one measurement."""
    return ", ".join(f"({subquery})" for subquery in subqueries)


def zones() -> Iterator[tuple[str, list[str]]]:
    """Yield every zone with the sources whose calendar it is."""
    by_zone: dict[str, list[str]] = {}
    for source in SOURCES.values():
        by_zone.setdefault(source.zone.key, []).append(source.name)
    yield from by_zone.items()


def by_zone(make: Callable[[str, str], Query]) -> list[Query]:
    """Make a query for each zone, of the condition that holds the sources in it, and the zone.

    A zone can be no variable of Grafana's, as it depends on another; only the chosen source's query finds anything.
    """
    return [make(f'"source" =~ {any_of(names)}', zone) for zone, names in zones()]


def tag_values(measurement: str, tag: str, *conditions: str) -> str:
    """Write the statement that lists a tag's values."""
    where = f" WHERE {every(*conditions)}" if conditions else ""
    return f'SHOW TAG VALUES FROM "{measurement}" WITH KEY = "{tag}"{where}'
