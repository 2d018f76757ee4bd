"""What each panel costs on three years of a fleet: its queries as Grafana sends them, to a real InfluxDB."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, Final

import polars as pl

from benchmarks.timing import best_of, show
from connectors.influxdb.database import connect
from connectors.influxdb.lines import lines
from connectors.influxdb.settings import InfluxSettings
from connectors.leneda.source import LENEDA
from dashboards.files import ALL
from dashboards.home import HOME
from dashboards.own_use import with_own_use
from sandbox.leneda.demo import metering_point_code
from schemas.own_use import Household
from schemas.time import DAY, local_day, local_midnight, utc_now
from tests.dashboards.asking import Grafana
from tests.dashboards.board import Board

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from connectors.influxdb.base import Database
    from dashboards.model import Dashboard

YEARS: Final = 3
TAGS: Final = ("source", "metering_point", "register")
SHARED: Final = tuple(f"consumption_{layer}" for layer in ("shared_layer1", "shared_layer2", "remaining"))
HOUSEHOLD: Final = Household(
    LENEDA.name, "home", *(((metering_point_code(number), "consumption"),) for number in (1, 2, 3))
)
"""Its parts are what there is: what a sum over three years costs does not depend on what is summed."""

AT_LEAST_SHOWN_MS: Final = 100
AIM_MS: Final = 1000


def run(url: str, name: str, size: int) -> None:
    """Print what each panel costs, over the fleet that is there and as many of Leneda's metering points."""
    database = connect(InfluxSettings(url=url, database=name))
    try:
        count = _add_community(database, size)
    finally:
        database.close()
    show(f"lines of {size} more metering points, by quarter-hour, for the dashboards", f"{count:,}")
    _measure_all(url, name)


def _add_community(database: Database, size: int) -> int:
    """Write three years of quarter-hours and hours of one register of Leneda's, days of four; return how many lines."""
    today = local_midnight(local_day(utc_now(), LENEDA.zone), LENEDA.zone)
    written = 0
    for number in range(1, size + 1):
        for frame, measurement, fields in _community(metering_point_code(number), today):
            for part in lines(frame, measurement=measurement, tags=TAGS, fields=fields, time="time"):
                written += database.write(part).accepted
    return written


def _community(code: str, today: datetime) -> Iterator[tuple[pl.DataFrame, str, tuple[str, ...]]]:
    since = pl.lit(today) - YEARS * 365 * DAY
    for measurement, every in (("quarter_hour_reading", "15m"), ("hourly_reading", "1h")):
        times = pl.select(time=pl.datetime_range(since, pl.lit(today), every, closed="left"))
        yield _tagged(times, code, "consumption"), measurement, ("energy_kwh", "settled", "revision")
    days = pl.select(time=pl.datetime_range(since, pl.lit(today), "1d", closed="left", time_zone="UTC"))
    local = days.with_columns(
        time=pl.col("time").dt.convert_time_zone(LENEDA.zone.key).dt.truncate("1d").dt.convert_time_zone("UTC")
    ).unique(maintain_order=True)
    counts = {"expected": 96, "present": 96, "missing": 0}
    for register in ("consumption", *SHARED):
        frame = _tagged(local, code, register).with_columns(
            settled=pl.lit(96), **{k: pl.lit(v) for k, v in counts.items()}
        )
        yield frame, "local_day", ("energy_kwh", "settled", *counts)
    balance = _tagged(local, code, "consumption").with_columns(residual_kwh=pl.lit(0.0))
    yield balance, "register_balance", ("residual_kwh",)


def _tagged(times: pl.DataFrame, code: str, register: str) -> pl.DataFrame:
    return times.with_row_index("number").select(
        "time",
        source=pl.lit(LENEDA.name),
        metering_point=pl.lit(code),
        register=pl.lit(register),
        energy_kwh=(pl.col("number") % 997) / 1000 + 0.001,
        settled=pl.lit(value=True),
        revision=pl.lit(0),
    )


def _measure_all(url: str, database: str) -> None:
    with Grafana(url, database, headers={}) as grafana:
        for dashboard in (with_own_use(HOME, [HOUSEHOLD]), *ALL[1:]):
            sources = ("elvia", "leneda") if any(each.name == "source" for each in dashboard.variables) else ("",)
            for source in sources:
                _measure(Board(grafana, dashboard, {"source": source} if source else {}, utc_now()), dashboard, source)


def _measure(board: Board, dashboard: Dashboard, source: str) -> None:
    took, values = best_of(1, board.variables)
    shown = [(f"{len(values)} variables", took)]
    for panel in board.tree["panels"]:
        if panel["type"] != "row":
            best = min(_seconds(board, panel["title"]) for _ in range(2))
            shown.append((panel["title"], best))
    whole = f"{dashboard.title}{f', {source}' if source else ''}"
    show(f"{whole}: all panels, ms", f"{sum(took for _, took in shown) * 1000:.0f}")
    for title, seconds in sorted(shown, key=lambda pair: -pair[1]):
        if seconds * 1000 >= AT_LEAST_SHOWN_MS:
            mark = " over the aim" if seconds * 1000 > AIM_MS else ""
            show(f"  {title}", f"{seconds * 1000:.0f}{mark}")


def _seconds(board: Board, title: str) -> float:
    begin = perf_counter()
    board.frames(title)
    return perf_counter() - begin
