"""Kinds of panels. Units and decimals come from here; a panel without data says what that means."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from dashboards.model import Panel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from dashboards.model import Json, Query

KWH: Final = "kwatth"
KW: Final = "kwatt"
KRONER: Final = "currencyNOK"
SHARE: Final = "percentunit"
SECONDS: Final = "s"
MOMENT: Final = "time:YYYY-MM-DD HH:mm"

NOTHING: Final = "No reading in this time"

NOT_A_NUMBER: Final = {"type": "special", "options": {"match": "nan", "result": {"text": "–", "index": 0}}}  # noqa: RUF001
"""A share of nothing."""

BLUE, ORANGE, RED, GREEN, PURPLE = "#3274D9", "#FF9830", "#E02F44", "#56A64B", "#8F3BB8"


def by_name(name: str, **properties: object) -> Json:
    """Set properties of one field, `custom__x` for `custom.x`."""
    return _override("byName", name, properties)


def by_pattern(pattern: str, **properties: object) -> Json:
    """Set properties of all fields whose names fit a pattern."""
    return _override("byRegexp", pattern, properties)


def by_query(ref: str, **properties: object) -> Json:
    """Set properties of all fields of one query."""
    return _override("byFrameRefID", ref, properties)


def _override(matcher: str, options: str, properties: dict[str, object]) -> Json:
    told = [{"id": key.replace("__", "."), "value": value} for key, value in properties.items()]
    return {"matcher": {"id": matcher, "options": options}, "properties": told}


def fixed(color: str) -> Json:
    """Return one color."""
    return {"mode": "fixed", "fixedColor": color}


def thresholds(*steps: tuple[float | None, str]) -> Json:
    """Return colors by value, each from its value on."""
    return {"mode": "absolute", "steps": [{"value": value, "color": color} for value, color in steps]}


def stat(
    number: int,
    title: str,
    description: str,
    query: Query | Sequence[Query],
    *,
    unit: str = KWH,
    decimals: int | None = 1,
    empty: str = NOTHING,
    width: int = 4,
    height: int = 4,
    since: str = "",
    shift: str = "",
    overrides: Sequence[Json] = (),
    transformations: Sequence[Json] = (),
    colors: Json | None = None,
    mappings: Sequence[Json] = (),
) -> Panel:
    """One row of numbers: every field of the query's last row, `Time` as well unless it is dropped."""
    return Panel(
        number=number,
        title=title,
        description=description,
        kind="stat",
        queries=_several(query),
        width=width,
        height=height,
        options={
            "reduceOptions": {"calcs": ["lastNotNull"], "fields": "/.*/", "values": False},
            "orientation": "auto",
            "textMode": "value_and_name",
            "colorMode": "value" if colors or mappings else "none",
            "graphMode": "none",
            "justifyMode": "auto",
            "wideLayout": True,
            "showPercentChange": False,
            "percentChangeColorMode": "standard",
        },
        defaults=_defaults(unit, decimals, empty)
        | {"mappings": list(mappings)}
        | ({"thresholds": colors, "color": {"mode": "thresholds"}} if colors else {"color": fixed(BLUE)}),
        overrides=[by_name("Time", unit=MOMENT), *overrides],
        transformations=transformations,
        since=since,
        shift=shift,
    )


def over_time(
    number: int,
    title: str,
    description: str,
    query: Query | Sequence[Query],
    *,
    unit: str = KWH,
    decimals: int | None = 2,
    empty: str = NOTHING,
    width: int = 24,
    height: int = 8,
    bars: bool = True,
    stacked: bool = False,
    steps: Json | None = None,
    since: str = "",
    overrides: Sequence[Json] = (),
    transformations: Sequence[Json] = (),
) -> Panel:
    """Bars or lines over time; a gap stays a gap. `steps` are lines across, where a value is crossed."""
    custom: Json = {
        "drawStyle": "bars" if bars else "line",
        "lineWidth": 1,
        "fillOpacity": 80 if bars else 10,
        "showPoints": "never" if bars else "auto",
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
        "axisSoftMin": 0,
    }
    lines: Json = {"thresholds": steps} if steps else {}
    if steps:
        custom["thresholdsStyle"] = {"mode": "line"}
    return Panel(
        number=number,
        title=title,
        description=description,
        kind="timeseries",
        queries=_several(query),
        width=width,
        height=height,
        options={
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
            "tooltip": {"mode": "multi", "sort": "none"},
        },
        defaults=_defaults(unit, decimals, empty) | {"color": {"mode": "palette-classic"}, "custom": custom} | lines,
        overrides=overrides,
        transformations=transformations,
        since=since,
    )


def table(
    number: int,
    title: str,
    description: str,
    query: Query | Sequence[Query],
    *,
    unit: str = KWH,
    decimals: int | None = 2,
    empty: str = NOTHING,
    width: int = 12,
    height: int = 8,
    sort: str = "",
    descending: bool = True,
    heat: str = "",
    since: str = "",
    overrides: Sequence[Json] = (),
    transformations: Sequence[Json] = (),
) -> Panel:
    """A table; with `heat`, a scheme of Grafana's, the cells have the color of their value."""
    custom: Json = {"align": "auto", "filterable": not heat}
    colors: Json = {}
    if heat:
        custom |= {"cellOptions": {"type": "color-background", "mode": "basic"}, "minWidth": 40}
        colors = {"color": {"mode": heat}}
    return Panel(
        number=number,
        title=title,
        description=description,
        kind="table",
        queries=_several(query),
        width=width,
        height=height,
        options={
            "frameIndex": 0,
            "showHeader": True,
            "cellHeight": "sm",
            **({"sortBy": [{"displayName": sort, "desc": descending}]} if sort else {}),
        },
        defaults=_defaults(unit, decimals, empty) | {"custom": custom} | colors,
        overrides=[by_name("Time", unit=MOMENT), *overrides],
        transformations=transformations,
        since=since,
    )


def bars(
    number: int,
    title: str,
    description: str,
    query: Query,
    *,
    x: str,
    transformations: Sequence[Json],
    unit: str = KWH,
    empty: str = NOTHING,
    width: int = 12,
    height: int = 8,
) -> Panel:
    """Bars over names, such as the hours of a day."""
    return Panel(
        number=number,
        title=title,
        description=description,
        kind="barchart",
        queries=[query],
        width=width,
        height=height,
        options={
            "xField": x,
            "orientation": "vertical",
            "barWidth": 0.9,
            "groupWidth": 0.7,
            "fullHighlight": False,
            "showValue": "never",
            "stacking": "none",
            "xTickLabelRotation": 0,
            "xTickLabelMaxLength": 0,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []},
            "tooltip": {"mode": "single", "sort": "none"},
        },
        defaults=_defaults(unit, 2, empty) | {"color": fixed(BLUE), "custom": {"fillOpacity": 80, "axisSoftMin": 0}},
        transformations=transformations,
    )


def curve(number: int, title: str, description: str, query: Query, *, x: str, transformations: Sequence[Json]) -> Panel:
    """A line over a number other than time, in kW."""
    return Panel(
        number=number,
        title=title,
        description=description,
        kind="trend",
        queries=[query],
        width=12,
        height=8,
        options={
            "xField": x,
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": False, "calcs": []},
            "tooltip": {"mode": "single", "sort": "none"},
        },
        defaults=_defaults(KW, 2, NOTHING)
        | {"color": fixed(BLUE), "custom": {"drawStyle": "line", "lineWidth": 1, "fillOpacity": 10, "axisSoftMin": 0}},
        overrides=[by_name(x, unit=SHARE, decimals=0)],
        transformations=transformations,
    )


def calendar(number: int, title: str, description: str, query: Query, *, height: int = 10) -> Panel:
    """A cell for each series and day, colored by a share from 0 to 1."""
    return Panel(
        number=number,
        title=title,
        description=description,
        kind="status-history",
        queries=[query],
        width=24,
        height=height,
        options={
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True, "calcs": []},
            "tooltip": {"mode": "single", "sort": "none"},
            "rowHeight": 0.9,
            "colWidth": 0.9,
            "perPage": 20,
            "showValue": "never",
        },
        defaults=_defaults(SHARE, 1, NOTHING)
        | {
            "min": 0,
            "max": 1,
            "color": {"mode": "thresholds"},
            "thresholds": thresholds((None, RED), (0.5, ORANGE), (0.9, "#FADE2A"), (1, GREEN)),
            "custom": {"fillOpacity": 80, "lineWidth": 0},
        },
    )


def _several(query: Query | Sequence[Query]) -> Sequence[Query]:
    return list(query) if isinstance(query, (list, tuple)) else [query]  # type: ignore[list-item]


def _defaults(unit: str, decimals: int | None, empty: str) -> Json:
    told: Json = {"unit": unit, "noValue": empty, "mappings": []}
    return told | ({} if decimals is None else {"decimals": decimals})
