"""Every fault, as a user of Leneda meets it over a real port, and which calls and values it hits."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import httpx
import msgspec
import pytest

from sandbox.faults import Fault, FaultKind
from sandbox.leneda.demo import CONSUMPTION, PRODUCTION
from tests.sandbox.asking import window
from tests.sandbox.asking_leneda import DAY, GROUPS, OBIS, by_start, started, time_series

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.asking_leneda import Leneda

    Item = dict[str, Any]

# Three quarter-hours from 10 o'clock by the local clock.
_QUARTERS: Final = window("2026-06-10T08:00", "2026-06-10T08:45")
_HIT: Final = slice(40, 43)
_GROUP_POINTS: Final = "/api/sharing-groups/CR00000001/metering-points"


def _with(leneda: Leneda, kind: FaultKind, **conditions: object) -> Leneda:
    leneda.world.faults.add(msgspec.structs.replace(Fault(kind=kind), **conditions))
    return leneda


def _text(leneda: Leneda) -> str:
    return leneda.get(time_series(), obisCode=OBIS, **DAY).text


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (FaultKind.NULL_VALUE, lambda item: item | {"value": None}),
        (FaultKind.TEXT_VALUE, lambda item: item | {"value": str(item["value"])}),
        (FaultKind.OFF_GRID, lambda item: item | {"startedAt": _seven_later(item["startedAt"])}),
        (FaultKind.NAIVE_TIME, lambda item: item | {"startedAt": item["startedAt"][:-1]}),
        (
            FaultKind.RENAMED_VALUE,
            lambda item: {{"value": "values"}.get(key, key): value for key, value in item.items()},
        ),
    ],
)
def test_single_values(leneda: Leneda, kind: FaultKind, change: Callable[[Item], Item]) -> None:
    """A fault of values touches the values that start in its window, and only these."""
    good = by_start(leneda.series()["items"])
    bad = by_start(_with(leneda, kind, window=_QUARTERS).series()["items"])
    assert bad == good[:40] + [change(item) for item in good[_HIT]] + good[43:]


def _seven_later(text: str) -> str:
    return text[:14] + f"{int(text[14:16]) + 7:02}" + text[16:]


@pytest.mark.parametrize("kind", [FaultKind.NULL_VALUE, FaultKind.TEXT_VALUE, FaultKind.OFF_GRID, FaultKind.NAIVE_TIME])
def test_sums_have_them_too(leneda: Leneda, kind: FaultKind) -> None:
    """Sums have the faults of values; those of times are at both ends."""
    (good,) = leneda.sums(aggregationLevel="Day").json()["aggregatedTimeSeries"]
    (bad,) = _with(leneda, kind).sums(aggregationLevel="Day").json()["aggregatedTimeSeries"]
    changed = {key for key in good if good[key] != bad[key]}
    assert changed == ({"value"} if "value" in kind else {"startedAt", "endedAt"})


def test_nan(leneda: Leneda) -> None:
    """A value may be the literal NaN, which is no JSON."""
    text = _text(_with(leneda, FaultKind.NAN_VALUE, window=_QUARTERS))
    assert text.count('"value":NaN,') == 3

    def refuse(_name: str) -> None:
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        json.loads(text, parse_constant=refuse)


def test_units_and_intervals(leneda: Leneda) -> None:
    """The unit may be wrong, in values and sums, and the interval one that nobody knows."""
    good = leneda.series()
    _with(leneda, FaultKind.WRONG_UNIT, times=1)
    assert leneda.series() == good | {"unit": "MW"}
    _with(leneda, FaultKind.UNKNOWN_INTERVAL, times=1)
    assert leneda.series() == good | {"intervalLength": "PT30M"}
    assert leneda.series() == good
    assert _with(leneda, FaultKind.WRONG_UNIT).sums().json()["unit"] == "MW"


def test_arrangements(leneda: Leneda) -> None:
    """Values may be missing, come twice, alike, with another value or a week later, or in no order."""
    leneda.world.leneda.switches.shuffled = False
    good = leneda.series()["items"]
    week_later = [item | {"startedAt": item["startedAt"].replace("-06-10", "-06-17")} for item in good[_HIT]]
    expected = {
        FaultKind.FORETOLD: good + week_later,
        FaultKind.EMPTY_SERIES: good[:40] + good[43:],
        FaultKind.DUPLICATE: good + good[_HIT],
        FaultKind.CONFLICT: good + [item | {"value": round(item["value"] + 1, 3)} for item in good[_HIT]],
    }
    for kind, items in expected.items():
        assert _with(leneda, kind, window=_QUARTERS, times=1).series()["items"] == items
    mixed = _with(leneda, FaultKind.UNSORTED, times=1).series()["items"]
    assert started(mixed) != started(good)
    assert by_start(mixed) == good
    assert _with(leneda, FaultKind.EMPTY_SERIES).series()["items"] == []


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 502, 503])
def test_statuses(leneda: Leneda, status: int) -> None:
    """Any status can be had at any endpoint, such as the 403 for a country that is kept out."""
    _with(leneda, FaultKind.STATUS, status=status)
    responses = [
        leneda.get(time_series(), obisCode=OBIS, **DAY),
        leneda.sums(),
        leneda.request(),
        leneda.get(GROUPS),
        leneda.get(_GROUP_POINTS),
    ]
    assert {response.status_code for response in responses} == {status}
    assert not any("Retry-After" in response.headers for response in responses)


@pytest.mark.parametrize(
    ("wait", "header"),
    [(120, "120"), (datetime(2026, 6, 17, 13, 0, 5, tzinfo=UTC), "Wed, 17 Jun 2026 13:00:05 GMT")],
)
def test_announced_waits(leneda: Leneda, wait: int | datetime, header: str) -> None:
    """A status may announce a wait in seconds or as a date."""
    response = _with(leneda, FaultKind.STATUS, status=429, retry_after=wait).get(GROUPS)
    assert (response.status_code, response.headers["Retry-After"]) == (429, header)


@pytest.mark.parametrize("path", [time_series(), f"{time_series()}/aggregated", GROUPS, _GROUP_POINTS])
def test_bodies(leneda: Leneda, path: str) -> None:
    """With 200 a body may be empty, HTML, half, begin with a byte order mark, or lack the envelope."""
    asked = DAY | {
        "obisCode": OBIS,
        "startDate": "2026-06-10",
        "endDate": "2026-06-10",
        "aggregationLevel": "Hour",
        "transformationMode": "Accumulation",
    }
    good = leneda.get(path, **asked).content
    expected = {
        FaultKind.EMPTY_BODY: b"",
        FaultKind.TRUNCATED: good[: len(good) // 2],
        FaultKind.BYTE_ORDER_MARK: b"\xef\xbb\xbf" + good,
        FaultKind.MISSING_ENVELOPE: b"{}",
    }
    for kind, body in expected.items():
        response = _with(leneda, kind, times=1).get(path, **asked)
        assert (response.status_code, response.content) == (200, body)
    page = _with(leneda, FaultKind.HTML).get(path, **asked)
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


def test_renamed_envelopes(leneda: Leneda) -> None:
    """The list stands under another name."""
    values, sums = _text(leneda), leneda.sums().text
    _with(leneda, FaultKind.RENAMED_ENVELOPE)
    assert _text(leneda) == values.replace('"items":', '"series":', 1)
    assert leneda.sums().text == sums.replace('"aggregatedTimeSeries":', '"series":', 1)


def test_cut_off(leneda: Leneda) -> None:
    """The connection closes before the announced length; the next call is served."""
    _with(leneda, FaultKind.CUT_OFF, times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        leneda.series()
    assert len(leneda.series()["items"]) == 96


def test_hang(leneda: Leneda) -> None:
    """A call that hangs runs into the client's timeout while others are served; a short one is answered late."""
    _with(leneda, FaultKind.HANG, endpoint="sharing-groups", times=1)
    with pytest.raises(httpx.ReadTimeout):
        leneda.client.get(leneda.base_url + GROUPS, headers=leneda.headers, timeout=0.05)
    assert len(_with(leneda, FaultKind.HANG, seconds=0.01).series()["items"]) == 96


def test_conditions(leneda: Leneda) -> None:
    """Key, endpoint, metering point, register and window each leave the calls alone that do not fit."""
    _with(
        leneda,
        FaultKind.STATUS,
        status=503,
        token=leneda.api_key,
        endpoint="time-series",
        metering_point=CONSUMPTION,
        register="consumption",
        window=_QUARTERS,
    )
    yesterday = {"startDateTime": "2026-06-08T22:00:00Z", "endDateTime": "2026-06-09T22:00:00Z"}
    assert leneda.get(time_series(), obisCode=OBIS, **DAY).status_code == 503
    assert leneda.get(time_series(), obisCode=OBIS, **yesterday).status_code == 200
    assert len(leneda.series(register="consumption_remaining")["items"]) == 96
    assert len(leneda.series(PRODUCTION, "production")["items"]) == 96
    assert leneda.sums().status_code == 200
    leneda.world.faults.clear()
    _with(leneda, FaultKind.STATUS, token="sandbox-home")
    assert len(leneda.series()["items"]) == 96


def test_the_nth_call(leneda: Leneda) -> None:
    """`first` and `times` choose which of the fitting calls are hit."""
    _with(leneda, FaultKind.STATUS, endpoint="sharing-groups", first=2, times=2)
    assert leneda.sums().status_code == 200
    assert [leneda.get(GROUPS).status_code for _ in range(5)] == [200, 500, 500, 200, 200]
