"""`wattline load`: the store into InfluxDB, without asking an operator."""

from __future__ import annotations

from connectors.registry import SOURCES
from pipelines.commands.failures import FAILED, WELL
from pipelines.commands.output import STORE_ALONE, progress
from pipelines.commands.summary import say_summary
from pipelines.commands.tally import Tally
from pipelines.commands.usage import UsageError, chosen_connections, prepare_data_dir
from pipelines.flow import Flow
from pipelines.settings import load
from schemas.time import utc_now


def run(*, full: bool) -> int:
    """Return the exit code. Raises `SettingsError`, `UsageError`, `StoreBusyError`."""
    settings = load()
    chosen = chosen_connections(settings, None)
    if settings.influxdb is None:
        message = f"influxdb: {STORE_ALONE} To load it, set url and the rest of [influxdb] in wattline.toml."
        raise UsageError(message)
    prepare_data_dir(settings)
    sources = {settings.connections[name].source for name in chosen}
    tally = Tally()
    with progress(len(sources)) as shown:
        for source in SOURCES.values():
            if source.name in sources:
                shown.tell(f"{source.name}: loading")
                tally.add(source.name, Flow(settings, source, utc_now()).load(chosen, full=full))
                shown.step(f"{source.name}: loaded")
    say_summary(tally)
    return WELL if tally.ok else FAILED
