"""Dashboards for one installation: its own metering points to choose from, and their names wherever they show."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from dashboards import transformations as t
from dashboards.home import HOME
from dashboards.influxql import POINT, any_of, tag_values
from dashboards.model import Panel, Variable
from dashboards.own_use import with_own_use
from dashboards.panels import by_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from dashboards.model import Dashboard
    from schemas.own_use import Household

COLUMN: Final = "Metering point"
"""The column of every table that names metering points."""


@dataclass(frozen=True)
class Point:
    """A metering point, the connection that it is read by, and its friendly name, if it has one."""

    source: str
    connection: str
    metering_point: str
    name: str = ""


def labels(points: Iterable[Point]) -> dict[str, str]:
    """Return what to call each metering point: by its name, else its connection's, with the id where two share it.

    A name is one line here, whatever blanks it has: Grafana reads choices line by line.
    """
    called = {point.metering_point: " ".join(point.name.split()) or point.connection for point in points}
    shared = {name for name, count in Counter(called.values()).items() if count > 1}
    return {one: f"{name} {one}" if name in shared else name for one, name in called.items()}


def concerns(dashboard: Dashboard, points: Iterable[Point]) -> bool:
    """Tell whether a dashboard has anything to show of these metering points: one operator's may have none."""
    by_name = {variable.name: variable for variable in dashboard.variables}
    return any(_offered(by_name, points)) if "metering_point" in by_name else True


def _offered(variables: Mapping[str, Variable], points: Iterable[Point]) -> list[Point]:
    """Return the metering points to choose from: without a choice of source, those of the one the query names."""
    return [
        point for point in points if "source" in variables or f"'{point.source}'" in variables["metering_point"].query
    ]


def of_installation(dashboard: Dashboard, points: Sequence[Point], households: Sequence[Household] = ()) -> Dashboard:
    """Return the dashboard with these metering points in the place of all that the database has.

    On Home, each household that tells what it makes has a row for its own use.
    """
    if not points:
        return dashboard
    if dashboard.uid == HOME.uid:
        dashboard = with_own_use(dashboard, households)
    called = labels(points)
    return replace(
        dashboard,
        variables=list(_variables(dashboard, points, called)),
        panels=[_named(panel, called) if isinstance(panel, Panel) else panel for panel in dashboard.panels],
    )


def narrowed(dashboard: Dashboard, points: Iterable[Point], connections: Iterable[str]) -> Dashboard:
    """Return the dashboard with nothing of others: whatever it asks is about these metering points and connections."""
    mine = {
        "metering_point": [re.escape(point.metering_point) for point in points],
        "connection": list(connections),
    }

    def only(query: str) -> str:
        def named(read: re.Match[str]) -> str:
            tag = "connection" if read["measurement"] == "sync_run" else "metering_point"
            return f'{read[0]}"{tag}" =~ {any_of(mine[tag])} AND '

        return _READ.sub(named, query)

    return replace(
        dashboard,
        variables=[replace(variable, query=only(variable.query)) for variable in dashboard.variables],
        panels=[
            replace(panel, queries=[replace(query, text=only(query.text)) for query in panel.queries])
            if isinstance(panel, Panel)
            else panel
            for panel in dashboard.panels
        ],
        annotations=[replace(each, query=only(each.query)) for each in dashboard.annotations],
    )


_READ: Final = re.compile(r'FROM "(?P<measurement>\w+)"(?: WITH KEY = "\w+")? WHERE ')
"""Where a statement reads from the database: every one does so under a condition."""


def _variables(dashboard: Dashboard, points: Sequence[Point], called: dict[str, str]) -> Iterable[Variable]:
    by_name = {variable.name: variable for variable in dashboard.variables}
    source, chosen = by_name.get("source"), by_name.get("metering_point")
    sources = {point.source: point.source for point in points}
    if chosen is not None:
        choices = {called[point.metering_point]: point.metering_point for point in _offered(by_name, points)}
        by_name["metering_point"] = replace(chosen, choices=choices)
    if source is not None and chosen is not None and not chosen.several:
        # A metering point has one source, which is therefore no choice of its own, and must come after it.
        follows = replace(source, query=tag_values("local_day", "source", POINT), hidden=True)
        del by_name["source"]
        by_name = {"metering_point": by_name.pop("metering_point"), "source": follows, **by_name}
    elif source is not None:
        by_name["source"] = replace(source, choices=sources)
    return by_name.values()


def _named(panel: Panel, called: dict[str, str]) -> Panel:
    """Put names in the place of ids: in the names of series by renaming, in a table's column by a mapping."""
    if panel.kind == "table":
        texts = {one: {"text": name, "index": index} for index, (one, name) in enumerate(called.items())}
        return replace(
            panel, overrides=[*panel.overrides, by_name(COLUMN, mappings=[{"type": "value", "options": texts}])]
        )
    if any("$tag_metering_point" in query.alias for query in panel.queries):
        renamed = [
            t.step("renameByRegex", {"regex": f"{re.escape(one)}(.*)", "renamePattern": name.replace("$", "$$") + "$1"})
            for one, name in called.items()
        ]
        return replace(panel, transformations=[*panel.transformations, *renamed])
    return panel
