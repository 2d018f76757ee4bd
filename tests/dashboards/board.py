"""A dashboard as somebody looks at it: choices made, panels asked for, at a moment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from dashboards.files import DATASOURCE
from tests.dashboards.asking import Frame, TimeRange, time_of
from tests.dashboards.node import transformed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from dashboards.model import Dashboard
    from tests.dashboards.asking import Grafana, Tree, Value

Columns = dict[str, list[object]]


@dataclass
class Board:
    """One dashboard, with the values of its variables, as it was at `now`."""

    grafana: Grafana
    dashboard: Dashboard
    chosen: Mapping[str, Value]
    now: datetime

    @property
    def tree(self) -> Tree:
        """The JSON that is committed."""
        return self.dashboard.json(DATASOURCE)

    def panel(self, title: str) -> Tree:
        """Return a panel by its title."""
        (found,) = [panel for panel in self.tree["panels"] if panel["title"] == title]
        tree: Tree = found
        return tree

    def time(self, title: str) -> TimeRange:
        """Return the time that a panel is about."""
        return time_of(self.tree, self.panel(title), self.now)

    def variables(self) -> dict[str, Value]:
        """Return the values of all variables: those that were chosen, else the first that Grafana would take."""
        values: dict[str, Value] = {}
        time = time_of(self.tree, {}, self.now)
        for variable in self.tree["templating"]["list"]:
            name = variable["name"]
            if name in self.chosen:
                values[name] = self.chosen[name]
            elif variable["type"] == "custom":
                every = [option["value"] for option in variable["options"]]
                values[name] = every if variable["includeAll"] else variable["current"]["value"]
            else:
                offered = self.grafana.values(variable["query"], values, time)
                assert offered, f"{name} offers nothing"
                values[name] = offered if variable["multi"] else offered[0]
        return values

    def frames(self, title: str) -> list[Frame]:
        """Return what a panel's queries give."""
        values, time, panel = self.variables(), self.time(title), self.panel(title)
        return [frame for target in panel["targets"] for frame in self.grafana.frames(target, values, time)]

    def series(self, title: str) -> dict[str, dict[int, object]]:
        """Return a panel's series by name: value by time (epoch in ms), empty ones left out."""
        found: dict[str, dict[int, object]] = {}
        for frame in self.frames(title):
            points = zip(frame.columns["Time"], frame.columns["Value"], strict=True)
            found.setdefault(frame.name, {}).update({time: value for time, value in points if value is not None})
        return {name: points for name, points in found.items() if points}

    def shown(self, title: str) -> Columns:
        """Return the one table that a panel shows, after Grafana's own transformations; empty where it is."""
        frames = self.frames(title)
        if not frames:
            return {}
        ((made,),) = transformed([(self.panel(title)["transformations"], frames)])
        return made
