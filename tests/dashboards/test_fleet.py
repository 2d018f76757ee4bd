"""Fleet: one row a metering point, and what stands in it is what polars computes of the store."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from connectors.elvia.source import ELVIA
from connectors.leneda.source import LENEDA
from dashboards.fleet import FLEET
from schemas.time import HOUR, local_midnight
from tests.dashboards.board import Board
from tests.dashboards.comparing import between, total
from tests.dashboards.filled import ORDINARY
from tests.support.home import NOW

if TYPE_CHECKING:
    from connectors.base import Source
    from tests.dashboards.asking import Grafana

CHOSEN: Final = {
    "elvia": (ELVIA, "consumption"),
    "fed in": (ELVIA, "production"),
    "leneda": (LENEDA, "consumption_remaining"),
}
MAY, JUNE = (date(2026, 5, 1), date(2026, 5, 31)), (date(2026, 6, 1), date(2026, 6, 30))


@pytest.fixture(params=list(CHOSEN.values()), ids=list(CHOSEN))
def chosen(request: pytest.FixtureRequest) -> tuple[Source, str]:
    """Return a source and a register."""
    pair: tuple[Source, str] = request.param
    return pair


@pytest.fixture
def board(grafana: Grafana, chosen: tuple[Source, str]) -> Board:
    """The dashboard, now: from the first of May."""
    source, register = chosen
    return Board(grafana, FLEET, {"source": source.name, "register": register}, NOW)


def _missing(readings: pl.DataFrame, source: Source) -> int:
    """Count what should have arrived since the first of May, and did not."""
    due = local_midnight(MAY[0], source.zone), source.expected_until(NOW)
    interval = HOUR if readings["resolution"][0] == "PT1H" else timedelta(minutes=15)
    there = readings.filter(pl.col("start").is_between(*due, closed="left")).height
    return round((due[1] - due[0]) / interval) - there


def test_the_table(
    board: Board, chosen: tuple[Source, str], every_reading: pl.DataFrame, every_hour: pl.DataFrame
) -> None:
    """Each metering point has its coverage, settled share, holes, newest hour, and a month against a year before."""
    source, register = chosen
    readings = every_reading.filter(source=source.name, register=register)
    shown = board.shown("Metering points of the fleet")
    rows = [dict(zip(shown, row, strict=True)) for row in zip(*shown.values(), strict=True)]

    assert [row["Metering point"] for row in rows] == sorted(readings["metering_point"].unique())
    for row in rows:
        mine = readings.filter(metering_point=row["Metering point"])
        now, missing = between(mine, MAY[0], JUNE[1]), _missing(mine, source)
        newest = every_hour.filter(metering_point=row["Metering point"], register=register)["start"].max()
        assert row["Missing"] == missing
        assert row["Coverage"] == pytest.approx(now.height / (now.height + missing))
        assert row["Settled"] == pytest.approx(now["settled"].sum() / now.height)
        assert row["Newest reading"] == newest.timestamp() * 1000  # type: ignore[union-attr]
        month, before = total(between(mine, *MAY)), total(between(mine, *(day.replace(year=2025) for day in MAY)))
        assert row["Month"] == local_midnight(MAY[0], source.zone).timestamp() * 1000
        assert row["Energy"] == pytest.approx(month)
        if before:
            assert row["A year before"] == pytest.approx(before)
            assert row["Change"] == pytest.approx(month / before - 1)
        else:
            assert "Change" not in row
    if register == "consumption":
        assert {row["Metering point"]: row["Missing"] for row in rows}[ORDINARY.metering_point] == 24


def test_the_numbers_above_it(board: Board, chosen: tuple[Source, str], every_reading: pl.DataFrame) -> None:
    """How many points there are, how many lack something, and how little the worst has."""
    source, register = chosen
    readings = every_reading.filter(source=source.name, register=register)
    parts = readings.partition_by("metering_point")
    holed = [part for part in parts if _missing(part, source)]
    coverage = [
        between(part, MAY[0], JUNE[1]).height / (between(part, MAY[0], JUNE[1]).height + _missing(part, source))
        for part in parts
    ]

    assert board.shown("Metering points") == {"Metering points": [len(parts)]}
    lacking = board.shown("With missing intervals")
    assert lacking == ({"With missing intervals": [len(holed)]} if holed else {})
    assert board.panel("With missing intervals")["fieldConfig"]["defaults"]["noValue"] == "0"
    assert board.shown("Lowest coverage")["Lowest coverage"] == pytest.approx([min(coverage)])


def test_the_connections(board: Board, chosen: tuple[Source, str], every_reading: pl.DataFrame) -> None:
    """Each connection's last run is there, the failed one as such, with the age of its newest reading."""
    source, _ = chosen
    shown = board.shown("Connections")
    age = dict(zip(shown["Connection"], zip(shown["Went well"], shown["Lag"], strict=True), strict=True))
    newest = {connection: max(part["start"]) for (connection,), part in every_reading.group_by("connection")}

    for connection, (well, lag) in age.items():
        assert well is (connection != "gone")
        assert lag == (None if connection == "gone" else (NOW - newest[connection]).total_seconds())
    assert set(age) == ({"plant", "solar"} if source is LENEDA else {"home", "plus", "gone"})
    worst = max(float(str(lag)) for _, lag in age.values() if lag is not None)
    assert board.shown("Oldest news of a connection") == {"Lag": [worst]}


def test_links_lead_to_the_metering_point(board: Board) -> None:
    """The metering point of a row leads to Home and to its data health, with the choices made."""
    panel = board.panel("Metering points of the fleet")
    (links,) = [
        each["value"]
        for told in panel["fieldConfig"]["overrides"]
        for each in told["properties"]
        if each["id"] == "links"
    ]

    assert [link["url"].split("?")[0] for link in links] == ["/d/wattline-home", "/d/wattline-health"]
    # The raw value: where an installation has names, the cell shows one of them.
    assert all("var-metering_point=${__value.raw}" in link["url"] for link in links)
    assert all("var-source=${source}" in link["url"] for link in links)
