"""Alert rules, as Grafana's file provisioning takes them: late data, holes, a dead pipeline.

Rules know no variables, so each asks about everything, and Grafana makes an alert of each connection or register.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

from connectors.registry import SOURCES
from dashboards.influxql import IN_TIME, select, union
from schemas.time import DAY, HOUR

if TYPE_CHECKING:
    from connectors.base import Source
    from dashboards.model import Json

FOLDER: Final = "Wattline"
SLACK: Final = 6 * HOUR
"""Beyond the operator's normal delay, until data counts as late: a run comes once a day, and may be late itself."""

HOLES_SINCE: Final = 30 * DAY
DEAD_AFTER: Final = 2 * DAY
_REMEMBERED: Final = 14 * DAY
"""A connection without a run for so long was taken out of the settings, and is no dead one."""

SOMETIMES_SILENT: Final = '"register" !~ /production/'
"""Production that pauses at night is served with gaps: missing, and no alarm."""

# Any day shows the same: an operator's delay depends on the time of day alone.
_SOME_DAY: Final = datetime(2026, 6, 17, tzinfo=UTC)


@dataclass(frozen=True)
class Rule:
    """One rule: alarmed where the query's last value is over (`gt`) or under (`lt`) a limit, for so long."""

    uid: str
    title: str
    summary: str
    query: str
    look_back: timedelta
    relation: str
    limit: float
    lasting: str
    without_data: str

    def json(self, datasource_uid: str) -> Json:
        """Return Grafana's rule."""
        return {
            "uid": self.uid,
            "title": self.title,
            "condition": "C",
            "for": self.lasting,
            "noDataState": self.without_data,
            # A database that is down for a moment is no late data; the rule for dead pipelines tells if it stays so.
            "execErrState": "KeepLast",
            # Not $labels: some Grafanas put an environment variable in its place.
            "annotations": {"summary": self.summary},
            "labels": {"product": "wattline"},
            "data": [
                self._step("A", datasource_uid, {"query": self.query, "rawQuery": True, "resultFormat": "time_series"}),
                self._step(
                    "B",
                    _EXPRESSION,
                    {"type": "reduce", "expression": "A", "reducer": "last", "settings": {"mode": "dropNN"}},
                ),
                self._step(
                    "C",
                    _EXPRESSION,
                    {
                        "type": "threshold",
                        "expression": "B",
                        "conditions": [{"evaluator": {"type": self.relation, "params": [self.limit]}}],
                    },
                ),
            ],
        }

    def _step(self, ref: str, datasource_uid: str, model: Json) -> Json:
        back = int(self.look_back.total_seconds()) if datasource_uid != _EXPRESSION else 0
        return {
            "refId": ref,
            "datasourceUid": datasource_uid,
            "relativeTimeRange": {"from": back, "to": 0},
            "model": {"refId": ref} | model,
        }


_EXPRESSION: Final = "__expr__"


def longest_delay(source: Source) -> timedelta:
    """Return how old the newest reading may be when all is well: the longest wait for a due day, and `SLACK`."""
    day = (_SOME_DAY + minutes * timedelta(minutes=1) for minutes in range(24 * 60))
    return max(instant - source.expected_until(instant) for instant in day) + SLACK


def _late(source: Source) -> Rule:
    limit = longest_delay(source)
    return Rule(
        uid=f"wattline-late-{source.name}",
        title=f"Late data from {source.name}",
        summary=(
            f"The newest reading of {{{{ .Labels.connection }}}} is older than {source.name}'s normal delay allows: "
            "see its last runs, and the operator's own pages."
        ),
        query=select(
            'last("lag_s")', "sync_run", f"\"source\" = '{source.name}'", IN_TIME, by='"source", "connection"'
        ),
        look_back=3 * DAY,
        relation="gt",
        limit=limit.total_seconds(),
        lasting="1h",
        without_data="OK",
    )


def rules() -> list[Rule]:
    """Return every rule."""
    by_connection = '"source", "connection"'
    # A run that failed counts as none, but its connection is there: one that never had a good run is alarmed, too.
    counted = [
        select(f'"calls" * 0 + {good} AS "good"', "sync_run", f'"ok" = {ok}', IN_TIME, by=by_connection)
        for ok, good in (("true", 1), ("false", 0))
    ]
    runs = select(
        f'moving_average(sum("good"), {int(DEAD_AFTER / HOUR)})',
        union(counted),
        IN_TIME,
        by=f"time(1h), {by_connection}",
    )
    return [
        *(_late(source) for source in SOURCES.values()),
        Rule(
            uid="wattline-holes",
            title="Missing intervals",
            summary=(
                "{{ .Labels.metering_point }}, {{ .Labels.register }}: intervals of the last 30 days are "
                "missing that should "
                "have arrived by the operator's normal delay."
            ),
            query=select(
                'sum("missing")',
                "local_day",
                SOMETIMES_SILENT,
                IN_TIME,
                by='"source", "metering_point", "register"',
            ),
            look_back=HOLES_SINCE,
            relation="gt",
            limit=0,
            lasting="1d",
            without_data="OK",
        ),
        Rule(
            uid="wattline-dead",
            title="No successful run",
            summary=(
                "{{ .Labels.connection }}: no run went well for two days, or ever. Nothing new arrives until one does."
            ),
            # Hours without a run count as 0 here, and nowhere else: it is runs that are counted, and no readings.
            query=runs.replace("fill(none)", "fill(0)"),
            look_back=_REMEMBERED,
            relation="lt",
            limit=1e-6,
            lasting="1h",
            without_data="Alerting",
        ),
    ]


def provisioned(datasource_uid: str) -> Json:
    """Return the file that Grafana reads."""
    group: Json = {
        "orgId": 1,
        "name": "wattline",
        "folder": FOLDER,
        "interval": "5m",
        "rules": [rule.json(datasource_uid) for rule in rules()],
    }
    return {"apiVersion": 1, "groups": [group]}
