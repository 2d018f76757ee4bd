"""`wattline export`: current readings out of the store, for spreadsheets and other programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import polars as pl

from connectors.registry import SOURCES
from pipelines.commands.failures import WELL
from pipelines.commands.files import check_out, write_csv
from pipelines.commands.output import remark, remark_on_target
from pipelines.commands.rows import Wanted, rows
from pipelines.commands.summary import counted
from pipelines.commands.usage import UsageError, chosen_connections, prepare_data_dir
from pipelines.flow import Flow
from pipelines.settings import load
from pipelines.store.files import replacing
from schemas.time import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date
    from pathlib import Path

    from pipelines.commands.rows import By


def run(
    *,
    by: By,
    form: Literal["csv", "parquet"],
    out: Path | None,
    connections: Sequence[str] | None,
    first: date | None,
    last: date | None,
) -> int:
    """Return the exit code. Raises `SettingsError`, `UsageError`."""
    settings = load()
    # Without a choice, what a removed connection left is exported, too.
    chosen = chosen_connections(settings, connections) if connections else None
    _check(form, out, first, last)
    prepare_data_dir(settings)
    now = utc_now()
    wanted = Wanted(by, chosen, first, last, settings.names)
    frames = (frame for source in SOURCES.values() for frame in rows(Flow(settings, source, now), wanted))
    count = _write(frames, form, out)
    remark(f"{counted(count, 'row')}{f' in {out}' if out else ''}.")
    remark_on_target(settings)
    return WELL


def _check(form: str, out: Path | None, first: date | None, last: date | None) -> None:
    message = None
    if first is not None and last is not None and first > last:
        message = f"--from: {first} is later than --to {last}; swap them"
    elif form == "parquet" and out is None:
        message = "--out: Parquet is no text and goes to no terminal; say which file to write"
    if message is not None:
        raise UsageError(message)
    check_out(out)


def _write(frames: Iterator[pl.DataFrame], form: str, out: Path | None) -> int:
    if form == "csv" or out is None:
        return write_csv(frames, out)
    with replacing(out) as temporary:
        frame = pl.concat(frames)
        frame.write_parquet(temporary)
        return frame.height
