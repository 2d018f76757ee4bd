"""Registers of one metering point in the ledger: each with its own asks, and its own last word."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from connectors.base import Feed, Subject
from pipelines.store.ledger import Asked, Credit, Ledger
from pipelines.store.state import State
from tests.store.asks import ANOTHER_POINT, HOUR, POINT, span

if TYPE_CHECKING:
    from pathlib import Path

IN, OUT = Subject(POINT, "consumption"), Subject(POINT, "production")
LATER = HOUR + timedelta(days=1)


@pytest.fixture
def ledger(tmp_path: Path) -> Ledger:
    """Return a ledger of which nothing was asked."""
    return Ledger(State(tmp_path), "leneda")


def test_registers_are_asked_apart(ledger: Ledger) -> None:
    """An ask for one register says nothing of another, and takes the place of its own earlier ones alone."""
    ledger.credit("plant", [Credit(Feed.READINGS, (IN, OUT), Asked(span(0, 10), HOUR))])
    ledger.credit("plant", [Credit(Feed.READINGS, (OUT,), Asked(span(5, 10), LATER))])

    assert ledger.asked("plant", Feed.READINGS) == {
        IN: [Asked(span(0, 10), HOUR)],
        OUT: [Asked(span(0, 5), HOUR), Asked(span(5, 10), LATER)],
    }


def test_a_metering_point_is_known_by_any_of_its_registers(ledger: Ledger) -> None:
    """Its last answer is the last of them, and it is one metering point."""
    ledger.seen("plant", [IN, OUT], HOUR)
    ledger.seen("plant", [OUT], LATER)
    ledger.seen("other", [Subject(ANOTHER_POINT, "gas_volume")], HOUR)

    assert ledger.known("plant") == {IN: HOUR, OUT: LATER}
    assert ledger.metering_points("plant") == {POINT: LATER}
    assert ledger.owners() == {POINT: ["plant"], ANOTHER_POINT: ["other"]}


def test_what_was_turned_down_is_so_until_it_answers(ledger: Ledger) -> None:
    """The last refusal holds, by connection and register; an answer lifts it, and that of no other."""
    ledger.turn_down("plant", [IN, OUT], HOUR)
    ledger.turn_down("plant", [OUT], LATER)
    ledger.turn_down("other", [IN], HOUR)
    assert ledger.turned_down("plant") == {IN: HOUR, OUT: LATER}

    ledger.seen("plant", [IN], LATER)

    assert ledger.turned_down("plant") == {OUT: LATER}
    assert ledger.turned_down("other") == {IN: HOUR}
