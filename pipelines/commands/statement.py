"""`wattline statement`: what a month came to, by register and layer, and what was restated since it was last told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import polars as pl

from connectors.registry import SOURCES
from pipelines.commands.failures import WELL
from pipelines.commands.files import check_out, write_csv
from pipelines.commands.output import remark, remark_on_target, say, say_table
from pipelines.commands.status import percent
from pipelines.commands.summary import counted
from pipelines.commands.usage import UsageError, chosen_connections, prepare_data_dir
from pipelines.flow import Flow
from pipelines.settings import load
from pipelines.statement import draw_up, issue
from schemas.time import local_day, utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date, datetime
    from pathlib import Path
    from zoneinfo import ZoneInfo

    from pipelines.statement import Statement

FIGURES: Final = ("register", "quantity", "unit", "coverage", "settled", "restated", "new", "corrected", "since")


def run(
    *,
    month: date,
    form: Literal["csv", "table"],
    out: Path | None,
    connections: Sequence[str] | None,
    preview: bool,
) -> int:
    """Return the exit code. Raises `SettingsError`, `UsageError`."""
    settings = load()
    # Without a choice, what a removed connection left is told, too.
    chosen = chosen_connections(settings, connections) if connections else None
    now = utc_now()
    _check(month, form, out, now)
    prepare_data_dir(settings)
    flows = [Flow(settings, source, now) for source in SOURCES.values()]
    statements = [draw_up(flow, month, settings.names, chosen) for flow in flows]
    if form == "table":
        _say(statements)
    else:
        count = write_csv([*(each.rows for each in statements), *(each.totals for each in statements)], out)
        remark(f"{counted(count, 'row')}{f' in {out}' if out else ''}.")
    told = [(flow, statement) for flow, statement in zip(flows, statements, strict=True) if statement.rows.height]
    for flow, statement in told:
        for line in _doubts(statement):
            remark(f"{flow.source.name}: {line}")
        if not preview:
            # Only what was written whole was issued.
            issue(flow, statement)
    remark(_ending(month, told=bool(told), preview=preview))
    remark_on_target(settings)
    return WELL


def _check(month: date, form: str, out: Path | None, now: datetime) -> None:
    message = None
    if all(month > local_day(now, source.zone) for source in SOURCES.values()):
        message = f"--month: {_name(month)} has not begun; name a month that has"
    elif form == "table" and out is not None:
        message = "--out: a table is for the terminal; leave out --format to write CSV"
    if message is not None:
        raise UsageError(message)
    check_out(out)


def _name(month: date) -> str:
    return month.isoformat()[: len("2026-10")]


def _doubts(statement: Statement) -> Iterator[str]:
    """Say what of a statement may still change, and when it will be known."""
    month, rule = _name(statement.month), statement.source.settlement
    if statement.undue_from is not None:
        yield f"{month} is incomplete: what the operator has of {statement.undue_from} and later is not all due yet"
    if statement.missing:
        yield f"{counted(statement.missing, 'interval')} missing; no sum counts them as zero"
    if statement.unbalanced:
        days = counted(statement.unbalanced, "day")
        yield f"on {days} layers and remainder are NOT what was measured; `wattline status` names each"
    if statement.provisional_until is not None:
        present, settled = statement.rows.select(pl.col("present", "settled").sum()).row(0)
        by_age = f"those read again on {rule.aged_from(statement.provisional_until)} or later will be settled"
        when = {
            "always": by_age,
            "where_the_flag_is_mute": f"settled when the operator says so; where it never does, {by_age}",
        }
        part = f"{present - settled:,} of {counted(present, 'interval')} ({percent(present - settled, present)})"
        yield f"{part} are provisional, the last on {statement.provisional_until}; {when[rule.by_age]}"


def _ending(month: date, *, told: bool, preview: bool) -> str:
    if not told:
        return f"Nothing is stored of {_name(month)}, so nothing was issued."
    if preview:
        return "A preview: it is not recorded as issued."
    return f"Recorded as issued: the next statement of {_name(month)} tells what was restated since."


def _say(statements: Sequence[Statement]) -> None:
    rows = [
        [f"{row['source']}/{row['connection']}", row["name"] or row["metering_point"], *_figures(row, each.source.zone)]
        for each in statements
        for row in each.rows.iter_rows(named=True)
    ]
    totals = [
        [row["source"], *_figures(row, each.source.zone)]
        for each in statements
        for row in each.totals.iter_rows(named=True)
    ]
    if rows:
        say_table(("connection", "metering point", *FIGURES), rows, naming=3)
        say()
        say_table(("total of", *FIGURES), totals, naming=2)


def _figures(row: dict[str, Any], zone: ZoneInfo) -> list[str]:
    since = row["previous_statement"]
    return [
        row["register"],
        "-" if row["quantity"] is None else f"{row['quantity']:,.3f}",
        row["unit"],
        percent(row["present"], row["expected"]),
        percent(row["settled"], row["present"]),
        *(
            ["-"] * 4
            if since is None
            else [
                f"{row['restated']:+,.3f}",
                f"{row['new']:,}",
                f"{row['corrected']:,}",
                f"{since.astimezone(zone):%Y-%m-%d %H:%M}",
            ]
        ),
    ]
