"""Alert rules: each fires for what it is about, on a real database, and keeps quiet otherwise."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

import pytest

from connectors.registry import SOURCES
from dashboards.alerts import longest_delay, provisioned, rules
from dashboards.files import DATASOURCE
from schemas.time import DAY, HOUR
from tests.dashboards.asking import TimeRange
from tests.dashboards.filled import ORDINARY
from tests.support.home import NOW

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    import polars as pl

    from tests.dashboards.asking import Grafana, Tree
    from tests.dashboards.filled import Filled

RULES: Final[dict[str, Tree]] = {rule["uid"]: rule for rule in provisioned(DATASOURCE)["groups"][0]["rules"]}  # type: ignore[index]
BY: Final = {
    "wattline-holes": ("metering_point", "register"),
    "wattline-dead": ("connection",),
    **{f"wattline-late-{source}": ("connection",) for source in SOURCES},
}


def _firing(grafana: Grafana, uid: str, now: datetime) -> dict[tuple[str, ...], float] | None:
    """Evaluate a rule as Grafana does: query, reduce to the last number, compare. None: it got no data."""
    query, reduce, threshold = RULES[uid]["data"]
    assert RULES[uid]["condition"] == threshold["refId"]
    assert (reduce["model"]["reducer"], threshold["model"]["expression"]) == ("last", reduce["refId"])
    back = timedelta(seconds=query["relativeTimeRange"]["from"])
    frames = grafana.frames({"refId": "A", **query["model"]}, {}, TimeRange(now - back, now))
    (evaluator,) = [condition["evaluator"] for condition in threshold["model"]["conditions"]]
    (limit,) = evaluator["params"]
    last = {
        tuple(frame.labels[tag] for tag in BY[uid]): [value for value in frame.columns["Value"] if value is not None][
            -1
        ]
        for frame in frames
    }
    if not last:
        return None
    return {
        key: value for key, value in last.items() if (value > limit if evaluator["type"] == "gt" else value < limit)
    }


def test_every_rule_runs(grafana: Grafana) -> None:
    """Each query is taken by the database, and the rules are told apart by uids that stay."""
    assert set(RULES) == {"wattline-late-elvia", "wattline-late-leneda", "wattline-holes", "wattline-dead"}
    for uid in RULES:
        assert _firing(grafana, uid, NOW) is not None


def test_no_rule_has_variables() -> None:
    """Grafana puts no variables into the queries of alerts."""
    for rule in rules():
        assert "$" not in rule.query.replace("$timeFilter", "")


@pytest.mark.parametrize(("name", "hours"), [("elvia", 37), ("leneda", 78)])
def test_late_allows_the_operators_delay(name: str, hours: int) -> None:
    """The limit is the longest wait for a day that is due, and six hours: nothing normal is late."""
    assert longest_delay(SOURCES[name]) == pytest.approx(timedelta(hours=hours), abs=timedelta(minutes=1))


def test_late(grafana: Grafana, store: Filled) -> None:
    """No alarm while data is fresh; one for the connection whose newest reading was too old at its last run alone."""
    for name in SOURCES:
        assert _firing(grafana, f"wattline-late-{name}", NOW) == {}
        limit = int(longest_delay(SOURCES[name]).total_seconds())
        lags = {"late": [limit - 60, limit + 60], "well": [limit + 60, limit - 60]}
        with _runs(store, lags, name):
            assert _firing(grafana, f"wattline-late-{name}", NOW) == {("late",): limit + 60}


class _runs:  # noqa: N801 - reads as a function where it is used
    """Connections that are not there, with one run a minute up to now, and the lag that each found."""

    def __init__(self, store: Filled, lags: Mapping[str, Sequence[int]], source: str) -> None:
        self._store, self._lags, self._source = store, lags, source

    def __enter__(self) -> None:
        for connection, lags in self._lags.items():
            for ago, lag in enumerate(reversed(lags), 1):
                at = int((NOW - timedelta(minutes=ago)).timestamp())
                self._store.scribble(
                    f"sync_run,source={self._source},connection={connection} ok=true,calls=1i,lag_s={lag}i {at}"
                )

    def __exit__(self, *_: object) -> None:
        for connection in self._lags:
            self._store.database.delete("sync_run", tags={"connection": connection})


def test_holes(grafana: Grafana, every_reading: pl.DataFrame) -> None:
    """Alarmed for registers with missing intervals in the last thirty days, and not for production, which may pause."""
    firing = _firing(grafana, "wattline-holes", NOW)

    assert firing is not None
    assert firing[ORDINARY.metering_point, "consumption"] == 24
    assert {register for _, register in firing} == {"consumption"}
    # The day of the hole is past its thirty days then, and so are all readings.
    assert every_reading["start"].max() < NOW + 40 * DAY  # type: ignore[operator]
    assert _firing(grafana, "wattline-holes", NOW + 40 * DAY) is None
    assert RULES["wattline-holes"]["noDataState"] == "OK"


def test_dead(grafana: Grafana) -> None:
    """Alarmed for a connection without a good run for two days, or ever; with no run at all by the lack of data."""
    dead, never = "wattline-dead", {("gone",)}

    assert set(_firing(grafana, dead, NOW) or ()) == never
    assert set(_firing(grafana, dead, NOW + 46 * HOUR) or ()) == never
    assert set(_firing(grafana, dead, NOW + 49 * HOUR) or ()) == {("home",), ("plus",), ("plant",), ("solar",)} | never
    assert _firing(grafana, dead, NOW + 15 * DAY) is None
    assert RULES[dead]["noDataState"] == "Alerting"


def test_a_database_that_is_down_for_a_moment_is_no_alarm() -> None:
    """An error keeps the state that there was."""
    assert {rule["execErrState"] for rule in RULES.values()} == {"KeepLast"}
