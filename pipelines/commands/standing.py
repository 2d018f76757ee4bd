"""A connection in words: how its last run went, what is missing, what is quarantined, and who must act."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.commands.output import say
from pipelines.commands.summary import counted
from pipelines.who import who_must_act

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from pipelines.commands.status import NamedSeries
    from pipelines.status import ConnectionStatus

MOST_HOLES_SHOWN: Final = 3


def say_connection(connection: ConnectionStatus, series: Sequence[NamedSeries], zone: ZoneInfo) -> None:
    """Print a connection; times are the operator's local time."""
    say(f"{connection.source}/{connection.connection}: {contact(connection, zone)}")
    for line in remarks(connection, series):
        say(f"  {line}")


def remarks(connection: ConnectionStatus, series: Sequence[NamedSeries]) -> list[str]:
    """Return what there is to say of a connection beyond how its last run went; nothing where all is as it should."""
    said = (_named(connection), _holes(series), _imbalances(series), _faults(connection), _of_the_database(connection))
    return [line for lines in said for line in lines]


def contact(connection: ConnectionStatus, zone: ZoneInfo) -> str:
    """Return how a connection's last run went, and who must act where it failed."""
    last = f"last good run {_local(connection.last_contact, zone)}" if connection.last_contact else "no good run yet"
    if connection.cause is None:
        return f"well, {last}" if connection.last_contact else "never asked; run `wattline backfill`"
    later = f" Not before {_local(connection.not_before, zone)}." if connection.not_before else ""
    when = f" on {_local(connection.last_failure, zone)}" if connection.last_failure else ""
    who = who_must_act(connection.cause, connection.source, connection.connection)
    return f"FAILED{when}, {last}: {connection.words}.{later} {who}"


def _named(connection: ConnectionStatus) -> Iterator[str]:
    for alias, point in connection.aliases.items():
        if connection.words and alias in connection.words:
            yield f"{alias} is the metering point {point}"


def _holes(series: Sequence[NamedSeries]) -> Iterator[str]:
    for one in series:
        if one.missing and not one.sparse:
            shown = "; ".join(one.holes[:MOST_HOLES_SHOWN])
            more = " and more" if len(one.holes) > MOST_HOLES_SHOWN else ""
            what = f"{one.name or one.metering_point} {one.register}"
            yield f"{what}: {counted(one.missing, 'interval')} missing ({shown}{more})"


def _imbalances(series: Sequence[NamedSeries]) -> Iterator[str]:
    for one in series:
        if one.unbalanced:
            shown = "".join(f"; {day}" for day in one.unbalanced[:MOST_HOLES_SHOWN])
            what = f"{one.name or one.metering_point} {one.register}"
            yield f"{what}: NOT what its parts add up to on {counted(len(one.unbalanced), 'day')}{shown}"


def _faults(connection: ConnectionStatus) -> Iterator[str]:
    for point, verdict in connection.flag_verdicts.items():
        if verdict.startswith("mute"):
            yield f"{point}: the operator's mark of a final value is {verdict}"
    if connection.nulls:
        yield f"{counted(connection.nulls, 'row')} without a value in the last run: missing, not zero"
    for words in connection.access:
        yield f"access to {words}; `wattline access list` says more"
    for word, count in connection.unfamiliar.items():
        yield f"{counted(count, 'row')} of the last run are provisional by the unknown {word}"
    for rule, count in connection.quarantined.items():
        yield f"QUARANTINED {counted(count, 'row')}: {rule}"
    for row in connection.quarantined_rows:
        yield f"  {row}"


def _of_the_database(connection: ConnectionStatus) -> Iterator[str]:
    if connection.load_failure:
        yield f"InfluxDB FAILED: {connection.load_failure}."
    if connection.refused_lines:
        yield f"InfluxDB REFUSED {counted(connection.refused_lines, 'line')}. {who_must_act('refused')}"
    for difference in connection.differences:
        yield f"InfluxDB DIFFERS from the store in {difference}. Run `wattline load --full`."


def _local(instant: datetime, zone: ZoneInfo) -> str:
    return f"{instant.astimezone(zone):%Y-%m-%d %H:%M}"
