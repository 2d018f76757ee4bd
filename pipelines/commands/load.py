"""`wattline load`: the store into InfluxDB, without asking an operator."""

from __future__ import annotations

from pipelines import launch
from pipelines.commands.failures import FAILED, WELL
from pipelines.commands.output import STORE_ALONE, progress
from pipelines.commands.runs import summed_up
from pipelines.commands.summary import say_summary
from pipelines.commands.usage import UsageError, chosen_connections, prepare_data_dir
from pipelines.settings import load


def run(*, full: bool) -> int:
    """Return the exit code. Raises `SettingsError`, `UsageError`, `StoreBusyError`."""
    settings = load()
    chosen = chosen_connections(settings, None)
    if settings.influxdb is None:
        message = f"influxdb: {STORE_ALONE} To load it, set url and the rest of [influxdb] in wattline.toml."
        raise UsageError(message)
    prepare_data_dir(settings)
    sources = {settings.connections[name].source for name in chosen}
    with progress(len(sources)) as shown:
        tally = summed_up(launch.load(settings, connections=chosen, full=full), shown)
    say_summary(tally)
    return WELL if tally.ok else FAILED
