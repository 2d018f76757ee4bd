"""Windows that an operator refuses as a whole, though it has part of them: all of that part is read."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

import msgspec
import polars as pl
import pytest

from connectors.base import Ask, Feed, RawAnswer
from connectors.elvia.source import ELVIA
from connectors.errors import Refused, RenewCredential
from pipelines.sync.assignment import Assignment
from pipelines.sync.extract import Extraction
from pipelines.sync.plan import Rereading
from schemas.time import HOUR, Window, local_midnight

if TYPE_CHECKING:
    from collections.abc import Callable

    from pipelines.sync.piece import Piece

NOW: Final = datetime(2026, 11, 22, 14, tzinfo=UTC)
POINT: Final = "707057500000000018"
CONTRACT: Final = local_midnight(date(2025, 3, 14), ELVIA.zone)
DAY: Final = timedelta(days=1)


@dataclass
class Operator:
    """An operator with rules of its own about windows; whatever it does not refuse, it has."""

    refuses: Callable[[Window], bool]
    status: int = 400
    asked: list[Window] = field(default_factory=list)

    def ask(self, ask: Ask) -> RawAnswer:
        """Answer with every hour of the window, or refuse."""
        if ask.feed is Feed.PEAKS:
            message = "no peaks here"
            raise Refused(message, status=404)
        self.asked.append(ask.window)
        if self.refuses(ask.window):
            message = "refused"
            raise Refused(message, status=self.status)
        starts = pl.datetime_range(ask.window.start, ask.window.end, "1h", closed="left", eager=True).to_list()
        rows = [
            {
                "startTime": start.isoformat(),
                "endTime": (start + HOUR).isoformat(),
                "value": 1.0,
                "uom": "kWh",
                "production": False,
                "verified": True,
            }
            for start in starts
        ]
        series = {"resolutionMinutes": 60, "timeSeries": rows}
        body = {"meteringpoints": [{"meteringPointId": POINT, "metervalue": series}]}
        return RawAnswer(ask, NOW, msgspec.json.encode(body))

    def close(self) -> None:
        """Have nothing to give back."""


def _asked_about(operator: Operator, *years: int) -> list[Piece]:
    rules = Rereading(timedelta(hours=1), timedelta(days=30), timedelta(days=30))
    assignment = Assignment(
        source=ELVIA,
        connection="home",
        years=years,
        configured=(),
        known=(),
        asked={feed: {} for feed in Feed},
        greeted_at=None,
        rereading=dict.fromkeys(Feed, rules),
        points_per_call=20,
        now=NOW,
        alias=str.lower,
    )
    return list(Extraction(assignment, operator, land=lambda _: None).pieces())


def _hours(pieces: list[Piece]) -> list[datetime]:
    frames = [piece.accepted for piece in pieces if piece.ask.feed is Feed.READINGS and piece.accepted is not None]
    return pl.concat(frames)["start"].unique().sort().to_list()


def _every_hour(start: datetime, end: datetime) -> list[datetime]:
    return pl.datetime_range(start, end, "1h", closed="left", eager=True).to_list()


def test_a_contract_that_began_in_the_middle_of_a_year() -> None:
    """Where an operator refuses windows that begin before the contract, every hour since it began is read."""
    operator = Operator(lambda window: window.start < CONTRACT)

    pieces = _asked_about(operator, 2026, 2025, 2024)

    assert _hours(pieces) == _every_hour(CONTRACT, NOW)
    assert len(operator.asked) < 40


def test_an_operator_that_gives_no_more_than_365_days() -> None:
    """A leap year that is refused for its 366 days is read in parts, whole."""
    operator = Operator(lambda window: window.length > 365 * DAY)

    pieces = _asked_about(operator, 2026, 2025, 2024)

    assert _hours(pieces) == _every_hour(local_midnight(date(2024, 1, 1), ELVIA.zone), NOW)


def test_what_is_refused_for_good_is_recorded_as_asked() -> None:
    """All of a year without a contract counts as asked, so that it is not asked for again tomorrow."""
    year = Window(local_midnight(date(2024, 1, 1), ELVIA.zone), local_midnight(date(2025, 1, 1), ELVIA.zone))
    pieces = _asked_about(Operator(lambda window: window.start < CONTRACT), 2026, 2025, 2024)

    asked = [piece.ask.window for piece in pieces if piece.ask.feed is Feed.READINGS]

    assert list(year.minus(asked)) == []


@pytest.mark.parametrize("status", [400, 403, 404])
def test_a_refused_newest_day_is_a_refused_credential(status: int) -> None:
    """Where the newest day is refused, one call is made, and the words say whose turn it is."""
    operator = Operator(lambda _: True, status)

    with pytest.raises(RenewCredential, match="the credential does not cover it, or its contract has ended"):
        _asked_about(operator, 2026)

    assert len(operator.asked) == 1


def test_without_peaks_readings_are_read() -> None:
    """An operator, or a proxy, without the endpoint for peaks costs one call a year, and no reading."""
    operator = Operator(lambda _: False)

    pieces = _asked_about(operator, 2026, 2025)

    peaks = [piece for piece in pieces if piece.ask.feed is Feed.PEAKS]
    assert all(piece.accepted is None for piece in peaks)
    assert _hours(pieces) == _every_hour(local_midnight(date(2025, 1, 1), ELVIA.zone), NOW)
