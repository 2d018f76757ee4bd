"""`wattline doctor`: looks at everything that a run needs, and says what to do where it isn't there."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from pipelines.commands.doctor.alarms import look_at_alarms
from pipelines.commands.doctor.databases import look_at_databases
from pipelines.commands.doctor.finding import Finding
from pipelines.commands.doctor.generation import look_at_generation
from pipelines.commands.doctor.machine import look_at_machine
from pipelines.commands.doctor.operators import look_at_connections
from pipelines.commands.failures import FAILED, WELL
from pipelines.commands.output import say
from pipelines.commands.usage import chosen_connections, prepare_data_dir
from pipelines.settings import load, unknown_variables
from schemas.time import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.settings import Settings

__all__ = ["Finding", "run"]


def run(*, create: bool, probe: bool, alarm: bool) -> int:
    """Return the exit code. Raises `SettingsError`, `UsageError`."""
    settings = load()
    chosen_connections(settings, None)
    prepare_data_dir(settings)
    now = utc_now()
    code = WELL
    for finding in chain(
        _look_at_settings(settings),
        look_at_machine(settings, now),
        look_at_connections(settings, now),
        look_at_generation(settings, now),
        look_at_databases(settings, now, create=create, probe=probe),
        look_at_alarms(settings, now, send=alarm),
    ):
        say(str(finding))
        code = code if finding.ok else FAILED
    return code


def _look_at_settings(settings: Settings) -> Iterator[Finding]:
    names = ", ".join(f"{connection.source}/{name}" for name, connection in settings.connections.items())
    yield Finding("settings", f"read; connections: {names}")
    for doubt in (*settings.warnings, *unknown_variables()):
        yield Finding("settings", doubt, ok=False)
