"""`<source>/summary`: checks and a table over all years and connections, with those that fail named.

A check of each connection would cost most of a second in Dagster; one check that names the failing ones does not.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import dagster as dg
from dagster._core.definitions.metadata import RawMetadataValue

from connectors.base import Source
from pipelines import charts
from pipelines.alarms.look import look
from pipelines.flow import Flow
from pipelines.liveness import live
from pipelines.metadata import verdict_lines
from pipelines.peaks import differing_peaks
from pipelines.settings import Settings, load
from pipelines.status import LATE_AFTER, ConnectionStatus, SeriesStatus, status
from pipelines.store.alias import Aliases
from pipelines.store.files import StoreDamagedError
from schemas.time import utc_now

SUMMARY: Final = "summary"

DAILY_TAG: Final = "wattline/daily"
"""A summary with this tag set to "true" ends a whole daily run: where all is well, the heartbeat is due."""

COVERED_ENOUGH: Final = 0.99
SETTLED_ENOUGH: Final = 0.9


@dataclass(frozen=True)
class Standing:
    """How a source stands at one instant."""

    flow: Flow
    connections: list[ConnectionStatus]
    series: list[SeriesStatus]
    expected_until_age: timedelta


def _contact(standing: Standing) -> list[str]:
    return [f"{each.connection}: {each.words}" for each in standing.connections if not each.ok]


def _rules_kept(standing: Standing) -> list[str]:
    return [
        f"{each.connection}: {count} rows break {rule}"
        for each in standing.connections
        for rule, count in each.quarantined.items()
    ]


def _covered(standing: Standing) -> list[str]:
    return [
        f"{each.connection}, {each.register}: {each.missing} of {each.expected} missing"
        for each in standing.series
        if not each.sparse and each.coverage < COVERED_ENOUGH
    ]


def _settled(standing: Standing) -> list[str]:
    return [
        f"{each.connection}, {each.register}: {each.settled_share:.1%} settled"
        for each in standing.series
        if each.settled_share < SETTLED_ENOUGH
    ]


def _fresh(standing: Standing) -> list[str]:
    oldest = utc_now() - standing.expected_until_age - LATE_AFTER
    return [
        f"{each.connection}, {each.register}: newest reading starts {each.last_start:%Y-%m-%d %H:%M} UTC"
        for each in standing.series
        if not each.sparse and each.last_start < oldest
    ]


def _equal(standing: Standing) -> list[str]:
    return [
        *sorted({each.load_failure for each in standing.connections if each.load_failure}),
        *(
            f"{each.connection}: {each.refused_lines} lines refused"
            for each in standing.connections
            if each.refused_lines
        ),
        *sorted({words for each in standing.connections for words in each.differences}),
    ]


def _peaks(standing: Standing) -> list[str]:
    return differing_peaks(standing.flow)


def _balanced(standing: Standing) -> list[str]:
    return [
        f"{each.connection}, {each.alias}, {each.register}, {day}"
        for each in standing.series
        for day in each.unbalanced
    ]


CHECKS: Final[dict[str, tuple[str, Callable[[Standing], list[str]]]]] = {
    "every_connection_answers": ("The last run of each connection went well.", _contact),
    "rules_are_kept": ("No row that the operator still sends breaks a rule.", _rules_kept),
    "days_are_covered": ("At least 99 % of the expected intervals of each register are there.", _covered),
    "readings_are_settled": ("At least 90 % of the readings of each register are settled.", _settled),
    "readings_are_fresh": ("The newest reading of each register is no older than its operator's delay allows.", _fresh),
    "influxdb_equals_the_store": ("Counts and sums per month are the same in InfluxDB as in the store.", _equal),
    "registers_balance": ("Each interval of a measured register is its shared layers and the remainder.", _balanced),
    "official_peaks_are_ours": ("The operator's peaks are the highest hours that we have.", _peaks),
}
"""Name, promise, and what breaks it, a line each."""


def summary_asset(
    source: Source,
    *,
    configured: bool,
    problem: str | None,
    settings: Settings | None = None,
    warn: Callable[[str], None] | None = None,
) -> dg.AssetsDefinition:
    """Declare a source's summary; `problem` says why the settings could not be read.

    It is what every schedule and every command runs last, so it is from here that alarms are sent. A command hands
    over its settings, with where to tell what went wrong with that.
    """
    asset_key = dg.AssetKey([source.name, SUMMARY])
    missing = "" if configured else f" No connection to {source.name} is configured yet."
    description = f"How every connection to {source.name} stands, over all years.{missing}"

    @dg.asset(
        key=asset_key,
        group_name=source.name,
        description=f"{description}\n\n{problem}" if problem else description,
        check_specs=[
            dg.AssetCheckSpec(name, asset=asset_key, description=promise) for name, (promise, _) in CHECKS.items()
        ],
    )
    def summary(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[None]]:
        live(context.instance, context.run.run_id)
        now, given = utc_now(), settings or load()
        flow = Flow(given, source, now)
        try:
            connections, series = status(flow, now)
        except StoreDamagedError as damage:
            _each(warn or context.log.warning, look(given, flow, damage, now))
            raise
        # What a removed connection left behind, or one that access was lost to, stays in the table: nobody's fault.
        judged = [each for each in series if each.connection in flow.connections and not each.lost]
        standing = Standing(flow, connections, judged, now - source.expected_until(now))
        by_month = dg.MetadataValue.md(charts.by_month(flow.coverage()))
        yield dg.MaterializeResult(
            metadata={"connections": len(connections), "registers": len(series), **_table(series), "months": by_month},
            check_results=list(_judged(standing)),
        )
        daily = context.run.tags.get(DAILY_TAG) == "true"
        _each(warn or context.log.warning, look(given, flow, judged, now, daily=daily))

    return summary


def _each(warn: Callable[[str], None], problems: list[str]) -> None:
    for words in problems:
        warn(words)


def _judged(standing: Standing) -> Iterator[dg.AssetCheckResult]:
    store = standing.flow.store
    aliases = Aliases(store.state)
    verdicts = verdict_lines({aliases.of(point): verdict for point, verdict in store.ledger.flags().items()})
    for name, (_, broken_by) in CHECKS.items():
        failing = broken_by(standing)
        # What settles a reading by its age, where the operator's own mark says nothing, is told beside the share.
        more = {"flag_verdicts": "\n\n".join(verdicts) or "none"} if broken_by is _settled else {}
        yield dg.AssetCheckResult(
            check_name=name,
            passed=not failing,
            severity=dg.AssetCheckSeverity.WARN,
            metadata={"failing": len(failing), "which": "\n\n".join(failing) or "none", **more},
        )


def _table(series: list[SeriesStatus]) -> dict[str, RawMetadataValue]:
    rows = [
        "| connection | register | first | last | readings | coverage | settled | corrected | quarantined |",
        "| --- | --- | --- | --- | ---: | ---: | ---: | ---: | ---: |",
        *(
            f"| {each.connection} | {each.register} | {each.first_start:%Y-%m-%d} | {each.last_start:%Y-%m-%d %H:%M} "
            f"| {each.readings} | {each.coverage:.1%} | {each.settled_share:.1%} | {each.corrected} "
            f"| {each.quarantined} |"
            for each in series
        ),
    ]
    return {
        "readings": sum(each.readings for each in series),
        "missing": sum(each.missing for each in series if not each.sparse),
        "corrected": sum(each.corrected for each in series),
        "quarantined": sum(each.quarantined for each in series),
        "table": dg.MetadataValue.md("\n".join(rows)),
    }
