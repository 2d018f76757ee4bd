"""A request's query string: parameters, defaults and limits, as far as the API's own documentation tells.

Times are read in every form that clients send: with an offset, `Z`, fractions, minutes, or naive, which is
taken as Norwegian time (how Elvia reads a naive time is unknown). A `+` that the client forgot to encode
arrives as a space and is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Final

from sandbox.elvia.problems import Problem
from sandbox.hours import OSLO
from schemas.time import Window, floor_hour, local_day, local_midnight, years_before

if TYPE_CHECKING:
    from collections.abc import Mapping

_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?")
_BOOLEANS: Final = {"true": True, "false": False}
_YEARS_BACK: Final = 3
# Documented as three years; clients have used 1095 days with success, which is less across a leap day.
_DAYS_BACK: Final = timedelta(days=1095)


@dataclass(frozen=True)
class Query:
    """What a request asks for; no metering points means all that the token covers."""

    window: Window
    metering_points: tuple[str, ...]
    include_production: bool


def read_metervalues(parameters: Mapping[str, str], now: datetime) -> Query:
    """Read a query of metervalues: by default from last midnight to the last full hour, Norwegian time.

    Raises:
        Problem: 400 where a parameter is malformed, start is not before end, the span is over a year, or
            start lies over three years back.
    """
    reader = _Reader(parameters)
    start = reader.time("startTime", local_midnight(local_day(now, OSLO), OSLO).astimezone(OSLO))
    end = reader.time("endTime", floor_hour(now).astimezone(OSLO))
    query = reader.finish(start, end)
    if query.window.start >= query.window.end:
        _refuse(f"The period is empty: it starts {_printed(start)}, which must be before its end {_printed(end)}.")
    if years_before(query.window.end, 1, OSLO) > query.window.start:
        _refuse("At most one year of values can be asked for in a request.")
    _check_history(query.window.start, now)
    return query


def read_maxhours(parameters: Mapping[str, str], now: datetime) -> Query:
    """Read a query of maxhours; the window goes from the first of the month before to `calculateTime` (default now).

    Raises:
        Problem: 400 where a parameter is malformed or `calculateTime` lies over three years back.
    """
    reader = _Reader(parameters)
    instant = reader.time("calculateTime", now.astimezone(OSLO))
    day = local_day(instant, OSLO)
    before = date(day.year - (day.month == 1), (day.month - 2) % 12 + 1, 1)
    query = reader.finish(local_midnight(before, OSLO), instant)
    _check_history(query.window.end, now)
    return query


class _Reader:
    """Takes parameters by their name in any case, and collects every fault before it complains."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._given = {name.lower(): value.strip() for name, value in parameters.items()}
        self._errors: dict[str, list[str]] = {}

    def time(self, name: str, default: datetime) -> datetime:
        """Read an instant with the offset that was sent; blank means the default."""
        text = self._given.get(name.lower(), "")
        if not text:
            return default
        instant = _instant(text)
        if instant is None:
            self._errors[name] = [f"The value '{text}' is not valid for {name}."]
        return instant or default

    def finish(self, start: datetime, end: datetime) -> Query:
        """Read the rest and return the query."""
        flag = self._given.get("includeproduction", "") or "false"
        if flag.lower() not in _BOOLEANS:
            self._errors["includeProduction"] = [f"The value '{flag}' is not valid for includeProduction."]
        if self._errors:
            raise Problem(400, self._errors)
        ids = (part.strip() for part in self._given.get("meteringpointids", "").split(","))
        window = Window(start.astimezone(UTC), end.astimezone(UTC))
        return Query(window, tuple(dict.fromkeys(filter(None, ids))), _BOOLEANS[flag.lower()])


def _instant(text: str) -> datetime | None:
    if not _TIME.fullmatch(text):
        return None
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return instant if instant.tzinfo else instant.replace(tzinfo=OSLO)


def _check_history(start: datetime, now: datetime) -> None:
    if start < floor_hour(min(now - _DAYS_BACK, years_before(now, _YEARS_BACK, OSLO))):
        _refuse("Values are served for at most three years back.")


def _refuse(message: str) -> None:
    raise Problem(400, {"": [message]})


def _printed(instant: datetime) -> str:
    return f"{instant:%m/%d/%Y %H:%M:%S} {instant.isoformat()[-6:]}"
