"""An operator that turns out to refuse long windows: nobody knows whether Leneda does."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from connectors.base import Ask, Feed, RawAnswer, Subject
from connectors.errors import Refused
from connectors.leneda.settings import LenedaConnection
from connectors.leneda.source import Leneda
from connectors.leneda.wire import REGISTERS
from pipelines.sync.assignment import Assignment
from pipelines.sync.extract import Extraction
from pipelines.sync.plan import Rereading
from schemas.time import DAY, HOUR, Window
from tests.leneda.plant import ENERGY_ID, NOW, POINT
from tests.leneda.test_readings import body, item

if TYPE_CHECKING:
    from pipelines.sync.piece import Piece

LENEDA = Leneda(history_years=1)


@dataclass
class Operator:
    """An operator that has two registers, and refuses every window of more than so many days."""

    most: timedelta
    asked: list[Ask] = field(default_factory=list)

    def ask(self, ask: Ask) -> RawAnswer:
        """Answer with every quarter-hour of the window, or refuse."""
        self.asked.append(ask)
        (subject,) = ask.subjects
        if ask.window.length > self.most + HOUR:
            message = "too long"
            raise Refused(message, status=400)
        if subject.register not in {"consumption", "production"}:
            message = "nothing"
            raise Refused(message, status=200, divisible=False)
        starts = pl.datetime_range(ask.window.start, ask.window.end, "15m", closed="left", eager=True)
        items = [item(startedAt=f"{start:%Y-%m-%dT%H:%M:%SZ}") for start in starts]
        return RawAnswer(ask, NOW, body(*items, register=subject.register))

    def close(self) -> None:
        """Have nothing to give back."""


def pieces(operator: Operator, registers: tuple[str, ...]) -> list[Piece]:
    """Ask a new connection's metering point for all of the last year."""
    point = {"code": POINT, "registers": registers}
    connection = LenedaConnection.model_validate(
        {"source": "leneda", "energy_id": ENERGY_ID, "metering_points": [point]}
    )
    rules = Rereading(timedelta(hours=6), 30 * DAY, 30 * DAY)
    assignment = Assignment(
        source=LENEDA,
        connection="plant",
        years=(2026, 2025),
        configured=connection.listed(),
        possible=connection.possible(),
        known=(),
        asked={Feed.READINGS: {}},
        greeted_at=None,
        rereading={Feed.READINGS: rules},
        points_per_call=1,
        now=NOW,
        alias=str.lower,
    )
    return list(Extraction(assignment, operator, land=lambda _: None).pieces())


@pytest.mark.parametrize("most", [31, 40, 400])
@pytest.mark.parametrize("registers", [(), ("consumption", "production")], ids=["tried", "named"])
def test_everything_is_read_in_windows_that_are_taken(most: int, registers: tuple[str, ...]) -> None:
    """A year that is too long for one call is no sign that a register is missing, and every quarter-hour is read."""
    operator = Operator(most * DAY)

    found = pieces(operator, registers)

    for register in ("consumption", "production"):
        mine = [piece for piece in found if piece.subjects == (Subject(POINT, register),)]
        year = Window(LENEDA.history_start(Feed.READINGS, NOW), LENEDA.published_until(NOW))
        assert list(year.minus(piece.ask.window for piece in mine)) == []
        assert sum(piece.rows for piece in mine) >= year.length // (HOUR / 4)
    turned_down = {subject.register for piece in found for subject in piece.turned_down}
    assert turned_down == (set() if registers else set(REGISTERS) - {"consumption", "production"})


def test_days_are_halved_where_a_chunk_is_too_long() -> None:
    """Where even 31 days are refused, parts of them are asked for; but for the day with which the history begins."""
    operator = Operator(10 * DAY)

    found = pieces(operator, ("consumption",))

    year = Window(LENEDA.history_start(Feed.READINGS, NOW) + DAY, LENEDA.published_until(NOW))
    assert list(year.minus(piece.ask.window for piece in found if piece.rows)) == []
