"""Which official peaks may be stored: three ranks a month, each an hour of its own."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import polars as pl
import pytest

from schemas import peak
from schemas.judge import judge_peaks
from schemas.peak import Peak

MONTH: Final = datetime(2026, 9, 30, 22, tzinfo=UTC)
ASKED_AT: Final = datetime(2026, 12, 1, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)

GOOD: Final[dict[str, Any]] = {
    "metering_point": "707057500000000018",
    "register": "consumption",
    "start": MONTH,
    "rank": 1,
    "quantity": 5.5,
    "unit": "kWh",
    "hour_start": MONTH + 9 * HOUR,
    "hour_end": MONTH + 10 * HOUR,
    "average": 4.5,
    "verified": True,
}


def hour(number: int, **changes: object) -> dict[str, Any]:
    """Return changes that move the good peak to another hour of its month."""
    return {"hour_start": MONTH + number * HOUR, "hour_end": MONTH + (number + 1) * HOUR, **changes}


SECOND: Final = GOOD | hour(50, rank=2, quantity=4.5)
THIRD: Final = GOOD | hour(100, rank=3, quantity=3.5)


def judged(*rows: dict[str, Any]) -> tuple[list[int], dict[int, str]]:
    """Return the numbers of the accepted peaks, and of the rejected ones with their rules."""
    frame = pl.DataFrame([{**row, "row": number} for number, row in enumerate(rows)], schema=peak.CANDIDATE)
    verdict = judge_peaks(frame, ASKED_AT)
    return verdict.accepted["row"].to_list(), dict(verdict.rejected.select("row", "rule").iter_rows())


BAD: Final[dict[str, tuple[dict[str, Any], str]]] = {
    "no value": ({"quantity": None}, "quantity_nullability"),
    "NaN": ({"quantity": math.nan}, "quantity_nan"),
    "infinite": ({"quantity": math.inf}, "quantity_inf"),
    "negative": ({"quantity": -1.0}, "quantity_min"),
    "no mean": ({"average": None}, "average_nullability"),
    "a mean that is no number": ({"average": math.nan}, "average_nan"),
    "negative mean": ({"average": -1.0}, "average_min"),
    "rank 0": ({"rank": 0}, "rank_min"),
    "a fourth": ({"rank": 4}, "rank_max"),
    "unknown register": ({"register": "steam"}, "register_is_known"),
    "mean power": ({"unit": "kW"}, "unit_is_the_registers"),
    "quarter of an hour": ({"hour_end": MONTH + 9.25 * HOUR}, "lasts_one_hour"),
    "a microsecond short": ({"hour_end": MONTH + 10 * HOUR - timedelta.resolution}, "lasts_one_hour"),
    "no start": ({"hour_start": None}, "hour_start_nullability"),
    "no end": ({"hour_end": None}, "hour_end_nullability"),
    "before its month": (hour(-1), "lies_in_its_month"),
    "after its month": (hour(31 * 24 + 1), "lies_in_its_month"),
    "the month of the year 1": (
        {
            name: datetime(1, 1, 1, number, tzinfo=UTC)
            for name, number in (("start", 0), ("hour_start", 0), ("hour_end", 1))
        },
        "start_min",
    ),
    "not over yet": ({"start": ASKED_AT, "hour_start": ASKED_AT, "hour_end": ASKED_AT + HOUR}, "lies_in_the_past"),
}


@pytest.mark.parametrize("name", BAD)
def test_each_bad_peak_is_refused_by_name(name: str) -> None:
    """A peak that breaks a rule is refused under the rule's name, and the month's others go on."""
    changes, rule = BAD[name]

    assert judged(GOOD | changes) == ([], {0: rule})
    assert judged(SECOND, GOOD | changes, THIRD) == ([0, 2], {1: rule})


def test_every_rule_is_in_a_test() -> None:
    """No rule can be added without a row that breaks it."""
    frame = pl.DataFrame([{**GOOD, "row": 0}], schema=peak.CANDIDATE)
    rules = set(Peak.filter(frame)[1].details().columns) - set(peak.CANDIDATE)
    elsewhere = {"primary_key", "names_an_hour_once"}

    assert {rule for rule in rules if "|" not in rule} <= {rule for _, rule in BAD.values()} | elsewhere


def test_three_peaks_of_a_month() -> None:
    """A month has up to three peaks; another metering point, register or month has its own."""
    others = [
        GOOD | {"metering_point": "707057500000000025"},
        GOOD | {"register": "production"},
        GOOD | {"start": MONTH - 720 * HOUR} | hour(-700),
    ]

    assert judged(THIRD, SECOND, GOOD, *others) == ([0, 1, 2, 3, 4, 5], {})


@pytest.mark.parametrize(
    "changes", [{"quantity": 0.0, "average": 0.0}, {"verified": None}, {"verified": False}], ids=str
)
def test_good_peaks_are_accepted(changes: dict[str, Any]) -> None:
    """Zero is a value, and the flag may say no or nothing."""
    assert judged(GOOD | changes) == ([0], {})


def test_an_hour_that_has_just_ended() -> None:
    """A peak's hour may end at the very instant of asking, and no microsecond later."""
    frame = pl.DataFrame([{**GOOD, "row": 0}], schema=peak.CANDIDATE)

    assert judge_peaks(frame, GOOD["hour_end"]).accepted.height == 1
    assert judge_peaks(frame, GOOD["hour_end"] - timedelta.resolution).accepted.is_empty()


def test_the_longest_month() -> None:
    """The last hour of October, the month with an hour that comes twice, is in it."""
    assert judged(GOOD | hour(31 * 24)) == ([0], {})


def test_a_peak_sent_twice_is_one() -> None:
    """Of identical peaks the first stays, and none goes to quarantine."""
    assert judged(GOOD, SECOND, GOOD) == ([0, 1], {})


def test_two_peaks_for_one_rank() -> None:
    """Of different peaks of one rank none is stored; the month's others are."""
    assert judged(GOOD, GOOD | hour(77), THIRD) == ([2], {0: "primary_key", 1: "primary_key"})


def test_two_ranks_for_one_hour() -> None:
    """Of two values for one hour none is stored, and nothing counts twice for the capacity charge."""
    rule = "names_an_hour_once"

    assert judged(GOOD, GOOD | {"rank": 2, "quantity": 5.0}, THIRD) == ([2], {0: rule, 1: rule})


def test_no_peaks() -> None:
    """In the first hours of a month there is none, and that is no fault."""
    assert judged() == ([], {})
