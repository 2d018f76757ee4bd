"""What a run needs of the machine: a folder to write to, room in it, a clock that is right, a home for Dagster."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Final

import polars as pl

from connectors.registry import SOURCES
from pipelines.commands.doctor.finding import Finding
from pipelines.dagster_home import FILE, check_configuration
from pipelines.flow import Flow
from pipelines.settings import SettingsError
from pipelines.store.shown import not_shown, running
from pipelines.store.state import State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pipelines.settings import Settings

MEGABYTE: Final = 1_000_000
NEWEST_MONTHS: Final = 2


def look_at_machine(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Yield what was found, in the order in which it matters."""
    yield _folder("data_dir", settings.data_dir)
    yield _space(settings)
    yield _clock(settings, now)
    yield _dagster_home(settings)
    yield from _dagster_definitions(settings, now)


def _folder(subject: str, folder: Path) -> Finding:
    try:
        # Permissions alone do not tell: a file system may be read-only, or full.
        with TemporaryFile(dir=folder) as probe:
            probe.write(b"probe")
    except OSError as error:
        words = f"nothing can be written in {folder}: {error.strerror}; mend that, or set another folder"
        return Finding(subject, words, ok=False)
    return Finding(subject, f"{folder} can be written to")


def _space(settings: Settings) -> Finding:
    free = shutil.disk_usage(settings.data_dir).free // MEGABYTE
    least = settings.store.min_free_mb
    if free < least:
        words = f"{free:,} MB are free, fewer than store.min_free_mb = {least:,}; make room, or set another data_dir"
        return Finding("disk", words, ok=False)
    return Finding("disk", f"{free:,} MB are free")


def _clock(settings: Settings, now: datetime) -> Finding:
    """Compare the clock with the newest reading: nothing can have been measured after now."""
    for source in SOURCES.values():
        log = Flow(settings, source, now).store.readings
        newest = log.days(log.months()[-NEWEST_MONTHS:]).select(pl.col("last_start").max()).item()
        if newest is not None and newest > now:
            words = (
                f"says {now:%Y-%m-%d %H:%M} UTC, and a reading of {newest:%Y-%m-%d %H:%M} UTC is stored already; "
                "set the clock, by the network (timedatectl set-ntp true)"
            )
            return Finding("clock", words, ok=False)
    return Finding("clock", f"{now:%Y-%m-%d %H:%M} UTC")


def _dagster_home(settings: Settings) -> Finding:
    chosen = os.environ.get("DAGSTER_HOME")
    home = Path(chosen or settings.data_dir / "dagster")
    if (home / FILE).is_file():
        try:
            check_configuration(home)
        except SettingsError as error:
            return Finding("Dagster's home", str(error), ok=False)
    if not chosen:
        return Finding("Dagster's home", str(home))
    if not home.is_absolute():
        return Finding("Dagster's home", f"DAGSTER_HOME is {chosen}; Dagster wants the whole path", ok=False)
    if not home.is_dir():
        return Finding("Dagster's home", f"DAGSTER_HOME is {chosen}, which is no folder; make it", ok=False)
    return _folder("Dagster's home", home)


def _dagster_definitions(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Tell whether a Dagster that is running shows every connection; nothing where none runs."""
    said = running(State(settings.data_dir), now)
    if said is None:
        return
    if missing := not_shown(settings.connections, said):
        as_of = f"{said.at:%H:%M} UTC"
        words = f"not shown as of {as_of}: {', '.join(missing)}; press Reload in the UI, under Deployment"
        yield Finding("Dagster", words, ok=False)
    else:
        yield Finding("Dagster", "shows every connection")
