"""`wattline report`: one HTML file with plots, out of the store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.commands.failures import WELL
from pipelines.commands.files import check_out
from pipelines.commands.output import say
from pipelines.commands.usage import chosen_connections, prepare_data_dir
from pipelines.report.write import report_path, write_report
from pipelines.settings import load
from schemas.time import utc_now

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pipelines.settings import Settings


def run(*, out: Path | None, connections: Sequence[str] | None) -> int:
    """Return the exit code. Raises `SettingsError`, `UsageError`."""
    settings = load()
    # Without a choice, what a removed connection left is shown, too.
    chosen = chosen_connections(settings, connections) if connections else None
    check_out(out)
    prepare_data_dir(settings)
    say_report(settings, connections=chosen, out=out)
    return WELL


def say_report(settings: Settings, *, connections: Sequence[str] | None, out: Path | None) -> None:
    """Write the report and print where it is."""
    path = write_report(settings, utc_now(), connections=connections, out=out or report_path(settings))
    say(f"The report is {path.absolute()}: {path.stat().st_size / 1_000_000:.1f} MB, opens in any browser, offline.")
