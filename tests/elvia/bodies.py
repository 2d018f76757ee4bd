"""Answers as Elvia's API writes them, row by row as text, so that what must stay verbatim can be compared."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from connectors.base import Ask, Feed, RawAnswer
from connectors.elvia.source import ELVIA
from schemas.judge import judge_readings
from schemas.time import Window

if TYPE_CHECKING:
    from connectors.base import Candidates

OSLO: Final = ZoneInfo("Europe/Oslo")
POINT, ANOTHER_POINT = "707057500000000018", "707057500000000025"
HOUR: Final = timedelta(hours=1)
JUNE: Final = Window(datetime(2026, 5, 31, 22, tzinfo=UTC), datetime(2026, 6, 30, 22, tzinfo=UTC))
NOW: Final = datetime(2026, 11, 22, 12, 0, 30, tzinfo=UTC)


def told(instant: datetime) -> str:
    """Write an instant as Elvia does: by the local clock, with the offset."""
    return instant.astimezone(OSLO).isoformat(timespec="seconds")


def row(number: int = 0, *, start: datetime = JUNE.start, **changes: object) -> dict[str, Any]:
    """Return an hour, the `number`-th from the start."""
    begin = start + number * HOUR
    return {
        "startTime": told(begin),
        "endTime": told(begin + HOUR),
        "value": 0.125 * number,
        "uom": "kWh",
        "production": False,
        "verified": True,
    } | changes


def without(key: str, whole: dict[str, Any]) -> dict[str, Any]:
    """Return the mapping without a key."""
    return {name: value for name, value in whole.items() if name != key}


def point(*rows: object, name: str = POINT, minutes: int = 60) -> dict[str, Any]:
    """Return a metering point's part of an answer of `metervalues`."""
    return {
        "meteringPointId": name,
        "customerContract": {"startTime": told(JUNE.start), "endTime": None},
        "metervalue": {
            "fromHour": told(JUNE.start),
            "toHour": told(JUNE.end),
            "resolutionMinutes": minutes,
            "timeSeries": list(rows),
        },
    }


def values(*points: object) -> bytes:
    """Return a body of `metervalues`."""
    return json.dumps({"meteringpoints": list(points)}).encode()


def month(back: int, *rows: object, average: float | None = 4.0) -> dict[str, Any]:
    """Return a month's part of an answer of `maxhours`."""
    return {"averageValue": average, "uom": "kWh", "noOfMonthsBack": back, "maxHours": list(rows)}


def peaks(*months: object, name: str = POINT) -> bytes:
    """Return a body of `maxhours` v2 for one metering point."""
    part = {
        "meteringPointId": name,
        "customerContract": {"startDate": told(JUNE.start), "endDate": None},
        "maxHoursCalculatedTime": told(JUNE.end),
        "maxHoursFromTime": told(JUNE.start),
        "maxHoursToTime": told(JUNE.end),
        "maxHoursAggregate": list(months),
    }
    return json.dumps({"meteringpoints": [part]}).encode()


def parsed(body: bytes, feed: Feed = Feed.READINGS, window: Window = JUNE) -> Candidates:
    """Put a body into canonical columns."""
    return ELVIA.parse(RawAnswer(Ask(feed, window), NOW, body))


def stored(candidates: Candidates) -> list[tuple[str, str, datetime, float]]:
    """Return what the rules let through: point, register, start, value."""
    accepted = judge_readings(candidates.frame, NOW).accepted
    return accepted.select("metering_point", "register", "start", "quantity").rows()


def refused(candidates: Candidates) -> list[tuple[str, bytes]]:
    """Return the rule and the verbatim bytes of every row that is not stored."""
    rejected = judge_readings(candidates.frame, NOW).rejected
    return [(bad.rule, bad.row) for bad in candidates.bad] + [
        (rule, candidates.verbatim(number)) for number, rule in rejected.select("row", "rule").iter_rows()
    ]
