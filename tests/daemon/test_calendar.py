"""The daily schedules under a moved clock: across New Year and both clock changes, and after a month switched off."""

from __future__ import annotations

import itertools
import json
import re
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest
import stamina
import time_machine

from connectors.leneda.source import LENEDA
from pipelines.flow import Flow
from sandbox.hours import OSLO
from sandbox.leneda import truth
from sandbox.leneda.demo import metering_point_code
from sandbox.leneda.grid import MeteringPoint
from sandbox.serve import running
from sandbox.world import World
from schemas.time import DAY, HOUR, Window, floor_hour, local_day, local_midnight, utc_now
from tests.support.home import Home, moved_in
from tests.support.ticking import ticking

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path
    from zoneinfo import ZoneInfo

    import dagster as dg

    from sandbox.world import Call

pytestmark = pytest.mark.filterwarnings(
    # Dagster's own.
    "ignore:Property `ScheduleDefinition.environment_vars` is deprecated:DeprecationWarning"
)

TAIL: Final = 30 * DAY
POINT: Final = metering_point_code(11)
ENERGY_ID: Final = "LUXE-XX-YY-12341"
KEY: Final = "sandbox-plant-key"
READINGS: Final = {"elvia": "/metervalues$", "leneda": "^/leneda/.*/time-series$"}
TICKS: Final = {"elvia_daily_sync": (OSLO, "06:30"), "leneda_daily_sync": (LENEDA.zone, "15:30")}


@pytest.fixture
def clock() -> Iterator[time_machine.Traveller]:
    """The one clock of installation, operators and scheduler; a test begins by moving it."""
    with time_machine.travel(datetime(2026, 1, 1, tzinfo=UTC)) as traveller, stamina.set_testing(True, attempts=4):
        yield traveller


@pytest.fixture
def home(clock: time_machine.Traveller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:  # noqa: ARG001 - the operators' too
    """An installation that keeps the store alone; hours come late, and are corrected, by themselves."""
    monkeypatch.chdir(tmp_path)
    with running(World(calls_per_hour=None, sporadic=True)) as sandbox, Home(sandbox, tmp_path, None) as installation:
        yield installation


def _connect_both(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Connect a household and a plant, which began 20 days ago, and fill what there is of them."""
    home.admit(moved_in(20))
    since = local_midnight(local_day(utc_now(), LENEDA.zone) - 20 * DAY, LENEDA.zone)
    home.world.leneda.admit(ENERGY_ID, "Plant Example", KEY, [MeteringPoint(POINT, "11", ("consumption",), since)])
    plant = {
        "source": "leneda",
        "base_url": home.sandbox.leneda_url,
        "energy_id": ENERGY_ID,
        "api_key": KEY,
        "history_years": 1,
        "calls_per_minute": 60_000,
        "metering_points": json.dumps([{"code": POINT, "registers": ["consumption"]}]),
    }
    for key, value in plant.items():
        home.set(f"connections__plant__{key}", value)
    for flow in (home.flow(), Flow(home.settings, LENEDA, utc_now())):
        flow.run(flow.syncing().years(), ask=flow.connections, load=())
    home.calls()
    for name, value in home.environment.items():
        monkeypatch.setenv(name, value)


def _asked(calls: Sequence[Call], path: str) -> list[Window]:
    """Return what was asked of a path and answered; where there was no contract, parts of it are tried."""
    answered = (call for call in calls if re.search(path, call.path) and call.status == HTTPStatus.OK)
    return sorted(call.window for call in answered if call.window is not None)


def _as_one(windows: Sequence[Window]) -> Window:
    """Return the window that these make up together; they must neither overlap nor leave a gap."""
    assert windows
    assert all(before.end == after.start for before, after in itertools.pairwise(windows)), "\n".join(map(str, windows))
    return Window(windows[0].start, windows[-1].end)


def _elvia_is_whole(home: Home) -> bool:
    """Tell whether the store has what Elvia serves now, no less and no more, each hour as it is now."""
    (household,) = home.world.households.values()
    return home.current().select("start", "quantity", "verified").equals(home.served(household))


def _leneda_is_whole(home: Home) -> bool:
    """Tell the same of Leneda's quarter-hours."""
    now = utc_now()
    window = Window(LENEDA.recent(now).start, LENEDA.published_until(now))
    served = truth.served(home.world, POINT, "consumption", window, now).drop_nulls("quantity")
    log = Flow(home.settings, LENEDA, now).store.readings
    stored = pl.concat([log.current(month) for month in log.months()]).sort("start")
    return stored.select("start", "quantity").equals(served.select("start", pl.col("quantity") / 4))


def _instants(first: date, days: int, *times: str) -> Iterator[datetime]:
    """Yield times of day, which are UTC, on so many days."""
    for day in range(days):
        yield from (datetime.fromisoformat(f"{first + timedelta(days=day)}T{time}Z") for time in times)


def _local(instant: datetime, zone: ZoneInfo) -> tuple[date, str]:
    local = instant.astimezone(zone)
    return local.date(), f"{local:%H:%M}"


def _ran_well(runs: Sequence[dg.DagsterRun]) -> bool:
    return bool(runs) and all(run.is_success for run in runs)


@pytest.mark.parametrize(
    "first",
    [date(2026, 12, 30), date(2026, 3, 28), date(2026, 10, 24)],
    ids=["new year", "summer time begins", "summer time ends"],
)
def test_each_day_asks_for_the_right_hours(
    home: Home, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, first: date
) -> None:
    """Each day once, at its local time, a schedule asks for the last 30 days, once, and no more; none is missed."""
    clock.move_to(datetime(first.year, first.month, first.day, tzinfo=UTC) - 10 * HOUR)
    _connect_both(home, monkeypatch)
    seen: list[tuple[str, date, str]] = []
    with ticking() as scheduler:
        # Half past six in Oslo and half past three in Luxembourg, summer and winter, and half an hour around.
        for instant in _instants(first, 3, "04:00", "04:30", "05:00", "05:30", "06:00", "13:30", "14:30", "15:30"):
            clock.move_to(instant)
            runs = scheduler.tick()
            calls = home.calls()
            if not runs:
                assert calls == []
                continue
            assert _ran_well(runs)
            (schedule,) = {run.tags["dagster/schedule_name"] for run in runs}
            seen.append((schedule, *_local(instant, TICKS[schedule][0])))
            if schedule == "elvia_daily_sync":
                newest = floor_hour(instant)
                assert _as_one(_asked(calls, READINGS["elvia"])) == Window(newest - TAIL, newest)
                assert len(_asked(calls, "/maxhours$")) == 1
                assert _elvia_is_whole(home)
            else:
                newest = local_midnight(local_day(instant, LENEDA.zone), LENEDA.zone)
                oldest = local_midnight(local_day(newest - TAIL, LENEDA.zone), LENEDA.zone)
                assert _as_one(_asked(calls, READINGS["leneda"])) == Window(oldest, newest)
                assert _leneda_is_whole(home)
    assert seen == [
        (schedule, first + timedelta(days=day), at) for day in range(3) for schedule, (_, at) in TICKS.items()
    ]


def test_a_month_switched_off_is_caught_up_by_one_tick(
    home: Home, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many ticks were missed, the next one asks for all that they would have asked for, once."""
    clock.move_to(datetime(2026, 12, 10, 1, tzinfo=UTC))
    _connect_both(home, monkeypatch)
    with ticking() as scheduler:
        assert scheduler.tick() == []
        clock.move_to(datetime(2026, 12, 10, 16, tzinfo=UTC))
        assert _ran_well(scheduler.tick())
        home.calls()

        clock.move_to(datetime(2027, 1, 20, 16, tzinfo=UTC))
        runs = scheduler.tick()

        assert _ran_well(runs)
        assert {name: len(scheduler.ticks(name)) for name in TICKS} == dict.fromkeys(TICKS, 2)
        partitions = Counter(run.tags.get("dagster/partition") for run in runs)
        assert partitions["2027"] == partitions["2026"] == partitions[None] == 2
        calls = home.calls()
        for path in READINGS.values():
            asked = _asked(calls, path)
            assert sum((window.length for window in asked), timedelta()) == _as_one(asked).length
        assert _elvia_is_whole(home)
        assert _leneda_is_whole(home)

        clock.shift(HOUR)
        assert scheduler.tick() == []


@pytest.mark.parametrize("first", [date(2026, 3, 27), date(2026, 10, 23)], ids=["it is left out", "it comes twice"])
def test_a_time_that_clocks_change_over_is_a_tick_a_day(
    home: Home, clock: time_machine.Traveller, monkeypatch: pytest.MonkeyPatch, first: date
) -> None:
    """Set to half past two, which one day of the year has not and another has twice, a schedule ticks once each day."""
    home.set("schedules__elvia", "30 2 * * *")
    for name, value in home.environment.items():
        monkeypatch.setenv(name, value)
    clock.move_to(datetime(first.year, first.month, first.day, tzinfo=UTC) - 2 * HOUR)
    with ticking() as scheduler:
        scheduler.tick()
        for instant in _instants(first, 4, "00:00", "00:30", "01:00", "01:30", "02:00", "02:30"):
            clock.move_to(instant)
            assert scheduler.tick() == []
        ticks = scheduler.ticks("elvia_daily_sync")
    assert [local_day(tick, OSLO) for tick in reversed(ticks)] == [first + timedelta(days=day) for day in range(4)]
