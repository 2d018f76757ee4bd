"""`wattline access`: ask for access to other people's readings, see how it stands, look for what has changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.registry import SOURCES
from pipelines.commands.usage import UsageError, chosen_connections, prepare_data_dir
from pipelines.flow import Flow
from pipelines.settings import load
from schemas.time import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.settings import Settings


def prepared() -> Settings:
    """Return the settings, with a folder to keep the answer in. Raises `SettingsError`, `UsageError`."""
    settings = load()
    chosen_connections(settings, None)
    prepare_data_dir(settings)
    return settings


def flows(settings: Settings) -> Iterator[Flow]:
    """Yield the flow of each source at which access can be asked for, and has a connection.

    Raises:
        UsageError: there is none.
    """
    able = [source for source in SOURCES.values() if source.access is not None]
    found = [Flow(settings, source, utc_now()) for source in able if settings.connections_of(source.name)]
    if not found:
        names = ", ".join(source.name for source in able)
        message = f"connections: access to other people's readings is asked for at {names}, and no connection is there"
        raise UsageError(message)
    yield from found
