"""What Grafana does between a panel and InfluxDB: times, variables, the request, and the frames of the answer.

Written after Grafana's documentation and the behaviour of its InfluxQL data source (13.x):

- a panel's own time ("now/d", shifted by "1d/d") takes the dashboard's place; midnights are those of its zone;
- `$timeFilter` becomes `time >= Ams and time <= Bms`, both ends included, wherever it stands;
- `$name` becomes the value; of several (or All) inside a pattern `(a|b)`, with what is special in a pattern escaped;
- only the first statement's result is read; "table" makes one frame of all series, with a column for each tag,
  "time_series" one for each series and field, with the tags as labels and named by the alias.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Self
from zoneinfo import ZoneInfo

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Value = str | list[str]
Tree = dict[str, Any]

_EXPRESSION: Final = re.compile(r"^now(?:-(\d+)([dwMy]))?(?:/([dwMy]))?$")
_TICK: Final = timedelta(milliseconds=1)


@dataclass(frozen=True)
class TimeRange:
    """Two instants, as the time picker gives them."""

    start: datetime
    end: datetime

    @property
    def milliseconds(self) -> tuple[int, int]:
        """Both, as epochs."""
        return int(self.start.timestamp() * 1000), int(self.end.timestamp() * 1000)

    @property
    def filter(self) -> str:
        """What `$timeFilter` becomes."""
        start, end = self.milliseconds
        return f"time >= {start}ms and time <= {end}ms"


@dataclass
class Frame:
    """One of Grafana's data frames."""

    ref: str
    name: str
    columns: dict[str, list[Any]]
    labels: dict[str, str] = field(default_factory=dict)

    def rows(self) -> list[dict[str, Any]]:
        """Return row by row."""
        return [dict(zip(self.columns, row, strict=True)) for row in zip(*self.columns.values(), strict=True)]


def _earlier(local: datetime, count: int, unit: str) -> datetime:
    if unit in "dw":
        return local - timedelta(days=count * (7 if unit == "w" else 1))
    months = local.year * 12 + local.month - 1 - count * (12 if unit == "y" else 1)
    last_day = (datetime(months // 12 + (months % 12 == 11), (months % 12 + 1) % 12 + 1, 1) - timedelta(days=1)).day  # noqa: DTZ001
    return local.replace(year=months // 12, month=months % 12 + 1, day=min(local.day, last_day))


def _floor(local: datetime, unit: str) -> datetime:
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if unit == "w":  # from Monday, as the dashboard's `weekStart` says
        return midnight - timedelta(days=midnight.weekday())
    return midnight.replace(day=1 if unit in "My" else midnight.day, month=1 if unit == "y" else midnight.month)


def _moved(instant: datetime, zone: ZoneInfo, *, back: int, unit: str, floor: str, up: bool) -> datetime:
    # Wall-clock arithmetic, then the instant that the wall clock shows it: naive in between.
    local = instant.astimezone(zone).replace(tzinfo=None)
    local = _earlier(local, back, unit) if back else local
    if floor:
        local = _floor(local, floor)
        if up:
            local = _floor(_earlier(local, -1, floor), floor) - _TICK
    return local.replace(tzinfo=zone).astimezone(UTC)


def instant(expression: str, now: datetime, zone: ZoneInfo, *, up: bool = False) -> datetime:
    """Read "now", "now-30d", "now/d", "now-1y/y"; rounded up to the end of the unit where it is an end."""
    parts = _EXPRESSION.match(expression)
    assert parts, expression
    return _moved(now, zone, back=int(parts[1] or 0), unit=parts[2] or "d", floor=parts[3] or "", up=up)


def time_of(dashboard: Tree, panel: Tree, now: datetime) -> TimeRange:
    """Return the time that a panel is about."""
    zone = ZoneInfo(dashboard["timezone"])
    span = dashboard["time"]
    time = TimeRange(instant(span["from"], now, zone), instant(span["to"], now, zone, up=True))
    if since := panel.get("timeFrom"):
        time = TimeRange(instant(since, now, zone), now)
    if shift := panel.get("timeShift"):
        parts = re.fullmatch(r"(\d+)([dwMy])(?:/([dwMy]))?", shift)
        assert parts, shift
        back, unit, floor = int(parts[1]), parts[2], parts[3] or ""
        time = TimeRange(
            _moved(time.start, zone, back=back, unit=unit, floor=floor, up=False),
            _moved(time.end, zone, back=back, unit=unit, floor=floor, up=True),
        )
    return time


def interpolated(text: str, variables: Mapping[str, Value], time: TimeRange) -> str:
    """Put values in the place of variables, and times in the place of `$timeFilter`."""
    start, end = time.milliseconds
    known = dict(variables) | {"__from": str(start), "__to": str(end)}
    for name in sorted(known, key=len, reverse=True):
        text = _put(text, name, known[name])
    text = text.replace("$timeFilter", time.filter)
    left = re.findall(r"\$\w+|\$\{[^}]*\}", re.sub(r"\$/|\$\)", "", text))
    assert left == [], f"{left} in {text}"
    return text


def _put(text: str, name: str, value: Value) -> str:
    if not re.search(rf"\$\{{?{name}\b", text):
        return text
    in_pattern = re.search(rf"=~ /[^/]*\$\{{?{name}\b[^/]*/", text) is not None
    if isinstance(value, list):
        shown = f"({'|'.join(_special(one) for one in value)})"
        assert in_pattern, f"several values of {name} outside of a pattern"
    else:
        shown = _special(value) if in_pattern and not _is_number(value) else value
    return re.sub(rf"\$\{{{name}\}}|\${name}\b", lambda _: shown, text)


def _special(value: str) -> str:
    return re.sub(r"[\\^$*+?.()|[\]{}/]", lambda found: "\\" + found[0], value)


def _is_number(value: str) -> bool:
    return re.match(r"\s*[-+]?\d", value) is not None


class Grafana:
    """Asks one database as the data source does."""

    def __init__(self, url: str, database: str, headers: Mapping[str, str]) -> None:
        """Open, with the headers that the data source's settings add to each request."""
        self._client, self._database = httpx.Client(base_url=url, headers=headers, timeout=60), database

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Give the sockets back."""
        self._client.close()

    def result(self, query: str) -> list[Tree]:
        """Return the series of the first statement; raises AssertionError with InfluxDB's words."""
        answer = self._client.post("/query", params={"db": self._database, "epoch": "ms"}, data={"q": query}).json()
        assert "error" not in answer, f"{answer['error']}: {query}"
        first = answer["results"][0]
        assert "error" not in first, f"{first['error']}: {query}"
        series: list[Tree] = first.get("series", [])
        return series

    def values(self, query: str, variables: Mapping[str, Value], time: TimeRange) -> list[str]:
        """Return what a variable's query offers, in its order."""
        found = {
            str(row[1]) for series in self.result(interpolated(query, variables, time)) for row in series["values"]
        }
        return sorted(found)

    def frames(self, target: Tree, variables: Mapping[str, Value], time: TimeRange) -> list[Frame]:
        """Return what a target gives to its panel."""
        assert target["rawQuery"] is True
        series = self.result(interpolated(target["query"], variables, time))
        ref, alias = target["refId"], target.get("alias", "")
        return _table(ref, series) if target["resultFormat"] == "table" else list(_each(ref, alias, series))


def _table(ref: str, series: list[Tree]) -> list[Frame]:
    if not series:
        return []
    columns: dict[str, list[Any]] = {}
    tags = list(series[0].get("tags", {}))
    # With two, Grafana's reader of streams may put values under the wrong names.
    assert len(tags) <= 1, "a table of series with several tags"
    names = ["Time" if name == "time" else name for name in series[0]["columns"]]
    for name in [names[0], *tags, *names[1:]]:
        columns[name] = []
    for one in series:
        for row in one["values"]:
            for tag in tags:
                columns[tag].append(one["tags"][tag])
            for name, value in zip(names, row, strict=True):
                columns[name].append(value)
    return [Frame(ref, series[0]["name"], columns)]


def _each(ref: str, alias: str, series: Iterable[Tree]) -> Iterable[Frame]:
    for one in series:
        tags = one.get("tags", {})
        for place, column in enumerate(one["columns"][1:], start=1):
            name = f"{one['name']}.{column}" + (
                f" {{{', '.join(f'{k}: {v}' for k, v in tags.items())}}}" if tags else ""
            )
            if alias:
                name = re.sub(r"\$tag_(\w+)|\$col", lambda m, c=column, t=tags: t[m[1]] if m[1] else c, alias)  # type: ignore[misc]
            columns = {"Time": [row[0] for row in one["values"]], "Value": [row[place] for row in one["values"]]}
            yield Frame(ref, name, columns, dict(tags))
