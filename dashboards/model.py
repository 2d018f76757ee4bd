"""What a dashboard is made of: queries, panels, variables, and the grid that they lie on.

Names of keys are those of Grafana's classic schema; a test checks the result against npm's `@grafana/schema`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Json = dict[str, object]

SCHEMA_VERSION: Final = 39
"""Grafana 11's; newer ones migrate it when they load it."""

GRID: Final = 24
"""Columns of Grafana's grid."""

ZONE: Final = "Europe/Oslo"
"""What "now/d" and the axes are in. A test holds every source's zone to show the same wall clock."""

TAG: Final = "wattline"

Format = Literal["table", "time_series"]


@dataclass(frozen=True)
class Query:
    """One InfluxQL statement; `table` makes one frame of it, `time_series` one for each series and field."""

    text: str
    alias: str = ""
    form: Format = "time_series"

    def target(self, ref: str, datasource: Json) -> Json:
        """Return Grafana's target."""
        told: Json = {
            "refId": ref,
            "datasource": datasource,
            "query": self.text,
            "rawQuery": True,
            "resultFormat": self.form,
        }
        return told | ({"alias": self.alias} if self.alias else {})


@dataclass(frozen=True)
class Panel:
    """A panel: what it shows (`description`, one sentence), how, and the time that it is about.

    `number` names it for ever: links and alerts to a panel use it. `since` and `shift` put the panel's own time in
    the place of the dashboard's, as in "now/d" and "1d/d".
    """

    number: int
    title: str
    description: str
    kind: str
    queries: Sequence[Query]
    width: int
    height: int
    options: Mapping[str, object]
    defaults: Mapping[str, object]
    overrides: Sequence[Json] = ()
    transformations: Sequence[Json] = ()
    since: str = ""
    shift: str = ""

    def json(self, datasource: Json, x: int, y: int) -> Json:
        """Return Grafana's panel, at a place of the grid."""
        own_time = {"timeFrom": self.since, "timeShift": self.shift}
        return {
            "id": self.number,
            "title": self.title,
            "description": self.description,
            "type": self.kind,
            "datasource": datasource,
            "gridPos": {"x": x, "y": y, "w": self.width, "h": self.height},
            "targets": [
                query.target(ref, datasource) for ref, query in zip(ascii_uppercase, self.queries, strict=False)
            ],
            "options": dict(self.options),
            "fieldConfig": {"defaults": dict(self.defaults), "overrides": list(self.overrides)},
            "transformations": list(self.transformations),
            **{key: value for key, value in own_time.items() if value},
        }


@dataclass(frozen=True)
class Row:
    """A heading above the panels that follow."""

    number: int
    title: str


@dataclass(frozen=True)
class Variable:
    """A choice at the top, from a query, or of `choices` (value by name), which then take its place.

    `default` is the name of the choice that is made at first; the first one by default, or all of `several`.
    """

    name: str
    label: str
    description: str
    query: str = ""
    choices: Mapping[str, str] = field(default_factory=dict)
    default: str = ""
    several: bool = False
    hidden: bool = False

    def json(self, datasource: Json) -> Json:
        """Return Grafana's variable."""
        kind: Json
        if self.choices:
            listed = ", ".join(f"{_escaped(name)} : {_escaped(value)}" for name, value in self.choices.items())
            kind = {"type": "custom", "query": listed, **self._first()}
        else:
            # Refreshed when the dashboard loads, or, where it asks about a time, when that changes.
            refresh = 2 if "$timeFilter" in self.query else 1
            kind = {"type": "query", "query": self.query, "datasource": datasource, "refresh": refresh, "sort": 1}
            kind |= {"current": _ALL} if self.several else {}
        return {
            "name": self.name,
            "label": self.label,
            "description": self.description,
            "hide": 2 if self.hidden else 0,
            "multi": self.several,
            "includeAll": self.several,
            **kind,
        }

    def _first(self) -> Json:
        chosen = self.default or next(iter(self.choices))
        options = [
            {"text": name, "value": value, "selected": name == chosen and not self.several}
            for name, value in self.choices.items()
        ]
        one = {"text": chosen, "value": self.choices[chosen]}
        return {"current": _ALL if self.several else one, "options": options}


_ALL: Final = {"text": ["All"], "value": ["$__all"]}


def _escaped(text: str) -> str:
    # A comma ends an option, and " : " parts its name from its value.
    return text.replace(",", "\\,").replace(" : ", " ")


@dataclass(frozen=True)
class Annotation:
    """Marks on the time axis, from a query whose field `text` says what happened."""

    name: str
    query: str
    text: str
    tags: str
    color: str

    def json(self, datasource: Json) -> Json:
        """Return Grafana's annotation query."""
        return {
            "name": self.name,
            "datasource": datasource,
            "enable": True,
            "iconColor": self.color,
            "query": self.query,
            "textColumn": self.text,
            "tagsColumn": self.tags,
        }


@dataclass(frozen=True)
class Dashboard:
    """One dashboard. `uid` names it for ever, in links and files."""

    uid: str
    title: str
    description: str
    time: tuple[str, str]
    variables: Sequence[Variable]
    panels: Sequence[Panel | Row]
    annotations: Sequence[Annotation] = ()

    def json(self, datasource_uid: str) -> Json:
        """Return Grafana's dashboard, which asks the data source of that uid."""
        datasource: Json = {"type": "influxdb", "uid": datasource_uid}
        start, end = self.time
        return {
            "id": None,
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": [TAG],
            "schemaVersion": SCHEMA_VERSION,
            "version": 1,
            "editable": True,
            "timezone": ZONE,
            "weekStart": "monday",
            "time": {"from": start, "to": end},
            "refresh": "15m",
            "graphTooltip": 1,
            "links": [_LINKS],
            "templating": {"list": [variable.json(datasource) for variable in self.variables]},
            "annotations": {"list": [annotation.json(datasource) for annotation in self.annotations]},
            "panels": list(self._laid_out(datasource)),
        }

    def _laid_out(self, datasource: Json) -> Iterator[Json]:
        """Put the panels side by side until a line is full; a heading begins a line of its own."""
        x = y = tallest = 0
        for panel in self.panels:
            width = GRID if isinstance(panel, Row) else panel.width
            if x + width > GRID:
                x, y, tallest = 0, y + tallest, 0
            if isinstance(panel, Row):
                place = {"x": 0, "y": y, "w": GRID, "h": 1}
                yield {
                    "id": panel.number,
                    "title": panel.title,
                    "type": "row",
                    "collapsed": False,
                    "gridPos": place,
                    "panels": [],
                }
                x, y, tallest = 0, y + 1, 0
            else:
                yield panel.json(datasource, x, y)
                x, tallest = x + width, max(tallest, panel.height)


_LINKS: Final[Json] = {
    "title": "Wattline",
    "type": "dashboards",
    "tags": [TAG],
    "asDropdown": True,
    "icon": "external link",
    "includeVars": True,
    "keepTime": False,
    "targetBlank": False,
    "tooltip": "",
    "url": "",
}
