"""Answers about readings as the log takes them, written as short as they can be."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, Final, NamedTuple

import polars as pl

from schemas.revision import READINGS, Revised, current, revise

POINT: Final = "707057500000000018"
ANOTHER_POINT: Final = "707057500000000025"
START: Final = datetime(2026, 3, 1, tzinfo=UTC)
HOUR: Final = timedelta(hours=1)

UNNUMBERED: Final = pl.Schema(
    {name: dtype for name, dtype in READINGS.schema.items() if name not in ("revision", "seq", "known_at")}
)


class Told(NamedTuple):
    """One reading as an operator tells it; `hour` counts from `START`."""

    hour: int
    quantity: float
    settled: bool = False
    verified: bool | None = False
    version: int | None = None
    point: str = POINT
    register: str = "consumption"

    def row(self, connection: str = "home") -> dict[str, Any]:
        """Return it in the log's columns."""
        return {
            "source": "elvia",
            "connection": connection,
            "metering_point": self.point,
            "register": self.register,
            "start": START + self.hour * HOUR,
            "resolution": "PT1H",
            "quantity": self.quantity,
            "settled": self.settled,
            "verified": self.verified,
            "operator_version": self.version,
        }


def answer(*told: Told, connection: str = "home") -> pl.DataFrame:
    """Return an answer, judged and settled."""
    return pl.DataFrame([each.row(connection) for each in told], schema=UNNUMBERED)


def empty_log() -> pl.DataFrame:
    """Return a log in which nothing is known."""
    return READINGS.schema.to_frame(eager=True)


def added(log: pl.DataFrame, incoming: pl.DataFrame, known_at: datetime) -> tuple[pl.DataFrame, Revised]:
    """Add an answer to a log; return the log and what was added."""
    seq = log["seq"].max() or 0
    assert isinstance(seq, int)
    revised = revise(current(log, READINGS), incoming, READINGS, seq=seq, known_at=known_at)
    return pl.concat([log, revised.rows]).sort(*READINGS.key, "seq"), revised
