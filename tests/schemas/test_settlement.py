"""When a value counts as final: by the operator's flag, by age, and by what the flag is worth."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.reading import INSTANT
from schemas.settlement import FlagVerdict, Settlement, judge_flag, settled
from schemas.time import local_day, local_days, local_midnight, year_window

OSLO: Final = ZoneInfo("Europe/Oslo")
BY_FLAG: Final = Settlement(full_days=5, by_age="where_the_flag_is_mute")
BY_AGE: Final = Settlement(full_days=7, by_age="always")
DAY: Final = timedelta(days=1)


def at(text: str) -> datetime:
    """Return the instant of a local time in Oslo."""
    return datetime.fromisoformat(text).replace(tzinfo=OSLO).astimezone(UTC)


def is_settled(
    rule: Settlement, start: datetime, read_at: datetime, *, verified: bool | None, estimated: bool | None, mute: bool
) -> bool:
    """Tell whether one reading is settled."""
    frame = pl.DataFrame(
        {"start": [start], "verified": [verified], "estimated": [estimated]},
        schema={"start": INSTANT, "verified": pl.Boolean(), "estimated": pl.Boolean()},
    )
    aged_before = rule.aged_before(read_at, OSLO)
    answer = frame.select(settled(rule, aged_before=aged_before, mute=pl.lit(mute)))
    return bool(answer.item())


@pytest.mark.parametrize(
    ("start", "read_at", "aged"),
    [
        # Read on the 10th: the 5th to the 9th are the five full days that lie between.
        ("2026-06-04T23:00", "2026-06-10T00:00", True),
        ("2026-06-04T23:00", "2026-06-09T23:59", False),
        ("2026-06-05T00:00", "2026-06-10T23:59", False),
        # Across both clock changes: days by the calendar, not times 24 hours.
        ("2026-03-26T23:00", "2026-04-01T00:00", True),
        ("2026-03-27T00:00", "2026-04-01T00:00", False),
        ("2026-10-22T23:00", "2026-10-28T00:00", True),
        ("2026-10-23T00:00", "2026-10-28T23:59", False),
        # Across New Year, and across 29 February.
        ("2025-12-28T23:00", "2026-01-03T00:00", True),
        ("2025-12-29T00:00", "2026-01-03T00:00", False),
        ("2028-02-25T23:00", "2028-03-02T00:00", True),
        ("2028-02-26T00:00", "2028-03-02T00:00", False),
    ],
)
def test_exactly_five_full_local_days(start: str, read_at: str, *, aged: bool) -> None:
    """Where the flag is mute a reading settles when it is read after five full local days, and no hour before."""
    for verified in (None, False):
        found = is_settled(BY_FLAG, at(start), at(read_at), verified=verified, estimated=None, mute=True)
        assert found == aged


@given(
    hour=st.integers(0, 22),
    day=st.sampled_from(list(local_days(year_window(2026, OSLO), OSLO))),
    later=st.integers(0, 20),
    minute=st.integers(0, 22 * 60),
    mute=st.booleans(),
    verified=st.sampled_from([None, False, True]),
    estimated=st.sampled_from([None, False, True]),
)
def test_settled_by_flag_or_by_age(
    *, hour: int, day: date, later: int, minute: int, mute: bool, verified: bool | None, estimated: bool | None
) -> None:
    """A flag that says yes settles at once; age settles what is no estimate, everywhere or where the flag is mute."""
    start = local_midnight(day, OSLO) + timedelta(hours=hour)
    read_at = local_midnight(day + later * DAY, OSLO) + timedelta(minutes=minute)
    full_days_between = (local_day(read_at, OSLO) - local_day(start, OSLO)).days - 1
    for rule, age_counts in ((BY_FLAG, mute), (BY_AGE, True)):
        by_age = age_counts and full_days_between >= rule.full_days and not estimated
        found = is_settled(rule, start, read_at, verified=verified, estimated=estimated, mute=mute)
        assert found == (bool(verified) or by_age)


def days_of(**spans: tuple[int, int, int, int]) -> pl.DataFrame:
    """Return days counted back from the newest: each span is oldest, newest, readings and verified ones."""
    rows = [
        (date(2026, 6, 30) - back * DAY, present, verified)
        for oldest, newest, present, verified in spans.values()
        for back in range(oldest, newest - 1, -1)
    ]
    schema = {"day": pl.Date(), "present": pl.Int64(), "verified": pl.Int64()}
    return pl.DataFrame(rows, schema=schema, orient="row")


MUTE: Final = FlagVerdict(mute=True, reason="as before")
SPEAKS: Final = FlagVerdict(mute=False, reason="as before")

BEGINS: Final = {
    "Innlandet": days_of(all=(90, 0, 24, 0)),
    "fourteen days": days_of(old=(19, 6, 24, 0), newest=(0, 0, 24, 0)),
    "fourteen days at the far end": days_of(old=(60, 47, 24, 0), newest=(0, 0, 24, 0)),
    "days of one hour": days_of(old=(19, 6, 1, 0), newest=(0, 0, 1, 0)),
    "verified before the 60 days": days_of(long_ago=(90, 61, 24, 24), since=(60, 0, 24, 0)),
    "verified in the last days alone": days_of(before=(60, 6, 24, 0), since=(5, 0, 24, 24)),
}
ENDS: Final = {
    "a normal household": days_of(before=(60, 2, 24, 24), since=(1, 0, 24, 0)),
    "one day at the near end": days_of(before=(60, 7, 24, 0), one=(6, 6, 24, 24), since=(5, 0, 24, 0)),
    "one day at the far end": days_of(one=(60, 60, 24, 24), since=(59, 0, 24, 0)),
    "one day of few": days_of(one=(8, 8, 23, 23), since=(0, 0, 24, 0)),
    "two unverified days": days_of(before=(60, 9, 24, 24), two=(8, 7, 24, 0), since=(6, 0, 24, 24)),
}
SAYS_TOO_LITTLE: Final = {
    "nothing at all": days_of(),
    "thirteen days": days_of(old=(18, 6, 24, 0), newest=(0, 0, 24, 0)),
    "only the last days": days_of(since=(5, 0, 24, 0)),
    "only days of long ago": days_of(long_ago=(90, 61, 24, 24), newest=(0, 0, 24, 0)),
    "days without readings": days_of(old=(60, 6, 0, 0), newest=(0, 0, 24, 0)),
    "some hours verified": days_of(old=(60, 7, 24, 0), one=(6, 6, 24, 5), since=(5, 0, 24, 0)),
}


@pytest.mark.parametrize("name", BEGINS)
def test_a_flag_that_never_says_yes_is_mute(name: str) -> None:
    """Fourteen days of the days 6 to 60, and no verified hour in them, make a flag mute; the reason counts them."""
    for before in (None, SPEAKS, MUTE):
        verdict = judge_flag(BEGINS[name], before)
        assert verdict.mute
        assert verdict.reason.startswith("no hour of the ")


def test_the_reasons() -> None:
    """A verdict's reason says by which days it was found, for people to look at."""
    assert judge_flag(BEGINS["fourteen days"], None).reason == (
        "no hour of the 14 days from 2026-06-11 to 2026-06-24 is verified"
    )
    assert judge_flag(ENDS["two unverified days"], MUTE).reason == "2026-06-24 is fully verified"
    assert judge_flag(SAYS_TOO_LITTLE["thirteen days"], None).reason == "too few days to judge the flag by"


@pytest.mark.parametrize("name", ENDS)
def test_one_verified_day_ends_it(name: str) -> None:
    """One fully verified day in the days 6 to 60 shows that the flag speaks; the reason names it."""
    for before in (None, SPEAKS, MUTE):
        verdict = judge_flag(ENDS[name], before)
        assert not verdict.mute
        assert "2026-" in verdict.reason


@pytest.mark.parametrize("name", SAYS_TOO_LITTLE)
def test_too_little_to_judge_by(name: str) -> None:
    """Where the days say too little the last verdict stands; without one the flag is believed."""
    days = SAYS_TOO_LITTLE[name]

    assert judge_flag(days, MUTE) == MUTE
    assert judge_flag(days, SPEAKS) == SPEAKS
    assert not judge_flag(days, None).mute


def test_the_order_of_days_does_not_matter() -> None:
    """Days come as they are stored; the verdict and its words are the same in any order."""
    for days in (*BEGINS.values(), *ENDS.values()):
        assert judge_flag(days.reverse(), None) == judge_flag(days, None)
