"""What was read late enough is settled after all, once its metering point's flag is found to say nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from connectors.base import Feed, Subject
from connectors.elvia.source import ELVIA
from pipelines.store.home import SourceStore
from pipelines.store.ledger import Asked, Credit
from pipelines.sync.settle import Settling
from schemas.reading import CANDIDATE
from schemas.settlement import FlagVerdict
from schemas.time import HOUR, Window, local_midnight
from tests.schemas.answers import ANOTHER_POINT, POINT, START, Told, answer
from tests.store.big import OSLO

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date
    from pathlib import Path

DAY: Final = timedelta(days=1)
NOW: Final = START + 90 * DAY
AUTO: Final = {"home": None}


@pytest.fixture
def store(tmp_path: Path) -> SourceStore:
    """Return a store in which nothing is."""
    return SourceStore(tmp_path, ELVIA)


def keep(store: SourceStore, told: Iterable[Told]) -> None:
    """Store readings."""
    for _ in store.readings.merge(answer(*told), NOW):
        pass


def asked(store: SourceStore, first: float, last: float, at: datetime, point: str = POINT) -> None:
    """Record an ask for some days, counted from the start."""
    window = Window(START + first * DAY, START + last * DAY)
    store.ledger.credit("home", [Credit(Feed.READINGS, (Subject(point),), Asked(window, at))])


def overdue(store: SourceStore, *newly_mute: str) -> pl.DataFrame:
    """Return what is settled after all."""
    found = list(Settling(ELVIA, store, AUTO).overdue(newly_mute))
    return pl.concat(found) if found else store.readings.read(NOW.date().replace(year=2000, day=1))


def test_what_was_read_late_enough(store: SourceStore) -> None:
    """A provisional reading is settled if its last ask came after five full local days; over months, to the hour."""
    keep(store, (Told(hour, 1.0) for hour in range(60 * 24)))
    read_at = START + 50 * DAY
    asked(store, 0, 60, read_at)
    found = overdue(store, POINT)

    aged_before = ELVIA.settlement.aged_before(read_at, OSLO)
    assert found["settled"].all()
    assert found["start"].to_list() == [START + number * HOUR for number in range((aged_before - START) // HOUR)]
    assert found["start"].max() == local_midnight((read_at - 5 * DAY).date(), OSLO) - HOUR


def test_each_reading_by_its_own_ask(store: SourceStore) -> None:
    """Of a window the asks count that came last for each part of it; what was never asked for stays provisional."""
    keep(store, (Told(24 * day + 12, 1.0) for day in range(40)))
    asked(store, 0, 20, START + 20 * DAY)
    asked(store, 10, 13, START + 40 * DAY)
    asked(store, 16, 17, START + 40 * DAY)
    found = overdue(store, POINT)

    days = {(start - START).days for start in found["start"]}
    assert days == {*range(15), 16}


def test_only_what_is_in_question(store: SourceStore) -> None:
    """Settled readings, other metering points and those that nobody asks about are left alone."""
    keep(
        store,
        [
            Told(0, 1.0),
            Told(1, 1.0, settled=True),
            Told(2, 1.0, register="production"),
            Told(3, 1.0, point=ANOTHER_POINT),
        ],
    )
    for point in (POINT, ANOTHER_POINT):
        asked(store, 0, 1, NOW, point)

    assert overdue(store).is_empty()
    assert overdue(store, "707057500000000032").is_empty()
    found = overdue(store, POINT)
    assert found.select("start", "register").rows() == [(START, "consumption"), (START + 2 * HOUR, "production")]


def test_settling_after_all_is_no_revision(store: SourceStore) -> None:
    """Merged into the log, readings that are settled after all are confirmed; again there is nothing to settle."""
    keep(store, (Told(hour, hour / 8) for hour in range(48)))
    asked(store, 0, 2, NOW)
    columns = list(answer().schema)
    (merged,) = store.readings.merge(overdue(store, POINT).select(columns), NOW)

    assert merged.kinds.rows() == [("home", 0, 0, 48)]
    current = store.readings.current(merged.month)
    assert current["settled"].all()
    assert current["revision"].unique().to_list() == [0]
    assert overdue(store, POINT).is_empty()


def answered(days: range, *, verified: bool, point: str = POINT) -> pl.DataFrame:
    """Return what a call brought: some days in full."""
    told = (Told(24 * day + hour, 1.0, verified=verified, point=point) for day in days for hour in range(24))
    return answer(*told).drop("settled").with_columns(estimated=pl.lit(None, CANDIDATE["estimated"]))


def test_flags_are_judged_by_what_came_and_what_is_stored(store: SourceStore) -> None:
    """A few new days are judged together with the stored ones; of a day that came again what came last counts."""
    keep(store, (Told(hour, 1.0) for hour in range(40 * 24)))
    settling = Settling(ELVIA, store, AUTO)

    assert settling.judge_flags([answered(range(40, 42), verified=False)])[POINT].mute
    assert not settling.judge_flags([answered(range(30, 42), verified=True)])[POINT].mute
    assert not settling.judge_flags([answered(range(13), verified=False, point=ANOTHER_POINT)])[ANOTHER_POINT].mute
    assert settling.judge_flags([]) == {}


@pytest.mark.parametrize("said", [True, False])
def test_the_user_has_the_last_word(store: SourceStore, *, said: bool) -> None:
    """A setting holds whatever the days say, and says that it was set."""
    for verified in (True, False):
        verdicts = Settling(ELVIA, store, {"home": said}).judge_flags([answered(range(60), verified=verified)])
        assert verdicts == {POINT: FlagVerdict(mute=said, reason="set by the user")}


def test_rows_are_settled_by_flag_and_age(store: SourceStore) -> None:
    """Rows of a point whose flag is mute settle by age, all others by their flag alone."""
    rows = pl.concat([answered(range(60), verified=False), answered(range(60), verified=False, point=ANOTHER_POINT)])
    read_at = START + 50 * DAY
    verdicts = {POINT: FlagVerdict(mute=True, reason=""), ANOTHER_POINT: FlagVerdict(mute=False, reason="")}
    found = Settling(ELVIA, store, AUTO).readings(rows, read_at, verdicts)

    settled = found.filter("settled")
    assert settled["metering_point"].unique().to_list() == [POINT]
    aged_before = ELVIA.settlement.aged_before(read_at, OSLO)
    assert settled.height == (aged_before - START) // HOUR
    assert settled["start"].max() == aged_before - HOUR


def test_a_peak_is_as_final_as_its_hour(store: SourceStore) -> None:
    """A month's peaks settle one by one, by their own hours, and keep the month that they belong to."""
    month = datetime(2026, 2, 28, 23, tzinfo=UTC)
    hours: list[date | datetime] = [month + 3 * DAY, month + 20 * DAY, month + 24 * DAY]
    peaks = pl.DataFrame(
        {
            "metering_point": [POINT] * 3,
            "start": [month] * 3,
            "hour_start": hours,
            "verified": [False, False, True],
        },
        schema_overrides={"start": CANDIDATE["start"], "hour_start": CANDIDATE["start"]},
    )
    settling = Settling(ELVIA, store, AUTO)
    mute = {POINT: FlagVerdict(mute=True, reason="")}

    found = settling.peaks(peaks, month + 25 * DAY, mute)
    assert found["settled"].to_list() == [True, False, True]
    assert found["start"].to_list() == [month] * 3
    assert settling.peaks(peaks, month + 25 * DAY, {})["settled"].to_list() == [False, False, True]
