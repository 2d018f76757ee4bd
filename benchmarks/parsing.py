"""One metering point's year: from the operator's JSON to the canonical frame, judged."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise

import msgspec
import polars as pl

from benchmarks.timing import best_of, show
from connectors.base import Ask, Feed, RawAnswer
from connectors.elvia.source import ELVIA
from schemas.judge import judge_readings
from schemas.time import year_window

YEAR = 2025


def _answer() -> RawAnswer:
    window = year_window(YEAR, ELVIA.zone)
    hours = pl.datetime_range(window.start, window.end, "1h", time_zone="UTC", eager=True).to_list()
    stamps = [hour.astimezone(ELVIA.zone).isoformat() for hour in hours]
    rows = [
        {
            "startTime": start,
            "endTime": end,
            "value": 0.001 * (number % 5000),
            "uom": "kWh",
            "production": False,
            "verified": True,
        }
        for number, (start, end) in enumerate(pairwise(stamps))
    ]
    series = {"fromHour": stamps[0], "toHour": stamps[-1], "resolutionMinutes": 60, "timeSeries": rows}
    body = {"meteringpoints": [{"meteringPointId": "707057500000000018", "metervalue": series}]}
    ask = Ask(Feed.READINGS, window)
    return RawAnswer(ask, datetime(YEAR + 1, 1, 2, tzinfo=UTC), msgspec.json.encode(body))


def run() -> None:
    """Print milliseconds for parsing and judging a metering point's year."""
    answer = _answer()
    took, verdict = best_of(7, lambda: judge_readings(ELVIA.parse(answer).frame, answer.asked_at))
    rows = verdict.accepted.height
    show(f"one meter-year, {len(answer.body) / 1e6:.1f} MB of JSON, to {rows:,} judged rows, ms", f"{took * 1000:.1f}")
