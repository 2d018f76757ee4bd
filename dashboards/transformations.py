"""What Grafana does to answers before it shows them. A test runs Grafana's own code for these on real answers.

InfluxQL knows no hour of the day, so heat maps and profiles are made here: the time is taken twice, once as the row
and once as the hour, both by the operator's wall clock.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboards.model import ZONE

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from dashboards.model import Json

KWH: Final = "kWh"
"""The name that queries give to the quantity."""


def step(kind: str, options: Mapping[str, object], only: str = "") -> Json:
    """Return a transformation; `only` names the one query that it is for."""
    scope: Json = {"filter": {"id": "byRefId", "options": only}} if only else {}
    return {"id": kind, "options": dict(options), **scope}


def tidied(*names: str, rename: Mapping[str, str] | None = None, drop: Sequence[str] = (), only: str = "") -> Json:
    """Put columns into an order, rename some, drop others."""
    options = {
        "indexByName": {name: place for place, name in enumerate(names)},
        "renameByName": dict(rename or {}),
        "excludeByName": dict.fromkeys(drop, True),
    }
    return step("organize", options, only)


def _clock(rows: str) -> list[Json]:
    """Make of `Time` a text of that format, and of the hour a column `Hour`."""
    return [
        time_again("Hour"),
        step("convertFieldType", {"conversions": [{"targetField": "Hour", "destinationType": "time"}], "fields": {}}),
        _as_text("Time", rows),
        _as_text("Hour", "HH"),
    ]


def time_again(name: str, only: str = "") -> Json:
    """Take the time a second time, as a column of numbers."""
    reduced = {"include": ["Time"], "reducer": "lastNotNull"}
    return step("calculateField", {"mode": "reduceRow", "alias": name, "reduce": reduced}, only)


def _as_text(column: str, form: str) -> Json:
    return step("formatTime", {"timeField": column, "outputFormat": form, "useTimezone": False, "timezone": ZONE})


def grouped(keys: Sequence[str], **aggregations: Sequence[str]) -> Json:
    """Group rows by some columns; columns get the name of the aggregation behind their own."""
    fields: Json = {key: {"operation": "groupby", "aggregations": []} for key in keys}
    fields |= {name: {"operation": "aggregate", "aggregations": list(kinds)} for name, kinds in aggregations.items()}
    return step("groupBy", {"fields": fields})


def in_order_of(column: str) -> Json:
    """Sort rows."""
    return step("sortBy", {"fields": {}, "sort": [{"field": column}]})


def heat_map(rows: str) -> list[Json]:
    """Lay the mean out by rows (a format of the time) and hours; what is not there stays empty."""
    matrix = {"rowField": "Time", "columnField": "Hour", "valueField": f"{KWH} (mean)", "emptyValue": "null"}
    return [
        *_clock(rows),
        grouped(["Time", "Hour"], **{KWH: ["mean"]}),
        in_order_of("Hour"),
        step("groupingToMatrix", matrix),
        in_order_of("Time\\Hour"),
        tidied(rename={"Time\\Hour": "Day"}),
    ]


def profile() -> list[Json]:
    """Return the mean of each hour of the day."""
    return [*_clock("HH"), grouped(["Hour"], **{KWH: ["mean"]}), in_order_of("Hour")]


def same_days_of_two_years() -> list[Json]:
    """Sum up two years over the days that both have: `Last year`, `This year`, `Difference`, `Change`."""
    return [
        _as_text("Time", "MM-DD"),
        grouped(["Time"], **{KWH: ["first", "last", "count"]}),
        _only(f"{KWH} (count)", "equal", 2),
        _summed(),
        # The sum of no day at all is no zero.
        _only(f"{KWH} (count)", "greater", 0),
        tidied(
            f"{KWH} (last)",
            f"{KWH} (first)",
            rename={f"{KWH} (last)": "This year", f"{KWH} (first)": "Last year"},
            drop=["Time", f"{KWH} (count)"],
        ),
        of_two("Difference", "This year", "-", "Last year"),
        of_two("Change", "Difference", "/", "Last year"),
    ]


def _summed() -> Json:
    """Make one row of all: the sum of each column of numbers."""
    return step("reduce", {"mode": "reduceFields", "reducers": ["sum"], "includeTimeField": False})


def share_of_sums(name: str, part: str, whole: str) -> list[Json]:
    """Sum up a part and a whole over all rows: the part by that name, and its `Share`.

    InfluxQL of 1.6 cannot: in a subquery of a subquery it puts the two fields of one row apart.
    """
    return [
        _summed(),
        of_two("Share", part, "/", whole),
        tidied(part, "Share", rename={part: name}, drop=["Time", "metering_point", whole]),
    ]


def _only(column: str, relation: str, value: float) -> Json:
    wanted = {"fieldName": column, "config": {"id": relation, "options": {"value": value}}}
    return step("filterByValue", {"type": "include", "match": "all", "filters": [wanted]})


def of_two(alias: str, left: str, operator: str, right: str) -> Json:
    """Add a column that is made of two others."""
    return step(
        "calculateField",
        {
            "mode": "binary",
            "alias": alias,
            "binary": {
                "left": {"matcher": {"id": "byName", "options": left}},
                "operator": operator,
                "right": {"matcher": {"id": "byName", "options": right}},
            },
        },
    )


def sums() -> list[Json]:
    """Sum every column of numbers up."""
    return [_summed(), tidied(drop=["Time"])]


def months(*columns: str) -> list[Json]:
    """Sum columns up by calendar month, and put them behind it: `Month`, and the columns by their own names."""
    return [
        _as_text("Time", "YYYY-MM"),
        grouped(["Time"], **{name: ["sum"] for name in columns}),
        tidied("Time", rename={"Time": "Month"} | {f"{name} (sum)": name for name in columns}),
    ]


def change(alias: str, now: str, before: str) -> list[Json]:
    """Add the relative change from one column to another."""
    return [
        of_two("Difference", now, "-", before),
        of_two(alias, "Difference", "/", before),
        tidied(drop=["Difference"]),
    ]


def matrix_of_labels(rows: str, columns: str) -> list[Json]:
    """Lay series out by two of their tags.

    Grafana's own table of series may put values under the wrong tag where there are two: its reader goes over the
    tags in no order.
    """
    return [
        step("reduce", {"mode": "seriesToRows", "reducers": ["sum"], "labelsToFields": True}),
        step(
            "groupingToMatrix",
            {"rowField": rows, "columnField": columns, "valueField": "Total", "emptyValue": "null"},
        ),
    ]


def joined() -> Json:
    """Join tables into one, by the columns that they share."""
    return step("merge", {})


def falling(column: str, share: str) -> list[Json]:
    """Sort a column from the highest value down, and add the share of rows that stand before each."""
    return [
        tidied(drop=["Time"]),
        step("sortBy", {"fields": {}, "sort": [{"field": column, "desc": True}]}),
        step("calculateField", {"mode": "index", "alias": share, "index": {"asPercentile": True}}),
    ]
