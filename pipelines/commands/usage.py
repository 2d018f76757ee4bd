"""What a user may ask for: checked before anything is written, refused in words that name the argument."""

from __future__ import annotations

import difflib
from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.connection import variable
from connectors.registry import SOURCES
from pipelines.store.files import private_folder

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from connectors.base import Source
    from pipelines.settings import Settings


class UsageError(Exception):
    """The command cannot be carried out as it was given, or as things are configured; the user must act."""


def chosen_connections(settings: Settings, wanted: Sequence[str] | None) -> list[str]:
    """Return the connections to work on: those that were named, or all.

    Raises:
        UsageError: none is configured, or one that was named is not.
    """
    known = list(settings.connections)
    if not known:
        raise UsageError(_how_to_connect())
    for name in wanted or ():
        if name not in settings.connections:
            close = difflib.get_close_matches(name.lower(), known, n=1)
            meant = f"did you mean {close[0]}? " if close else ""
            message = f"--connection: no connection is called {name!r}; {meant}The connections are: {', '.join(known)}"
            raise UsageError(message)
    return list(dict.fromkeys(wanted or known))


def served_years(source: Source, now: datetime) -> range:
    """Return the local years that the operator serves, oldest first; decided without the store."""
    oldest = min(source.history_start(feed, now) for feed in source.feeds)
    newest = source.published_until(now) - timedelta.resolution
    return range(oldest.astimezone(source.zone).year, newest.astimezone(source.zone).year + 1)


def check_years(sources: Collection[str], first: int | None, last: int | None, now: datetime) -> int:
    """Return how many of the sources' years lie in `[first, last]`.

    Raises:
        UsageError: a bound is a year that no operator serves, or they are the wrong way round.
    """
    served = {name: served_years(SOURCES[name], now) for name in sources}
    for option, year in (("--from", first), ("--to", last)):
        if year is not None and not any(year in years for years in served.values()):
            spans = "; ".join(f"{name} serves {years[0]} to {years[-1]}" for name, years in served.items())
            message = f"{option}: {year} is not served; {spans}"
            raise UsageError(message)
    if first is not None and last is not None and first > last:
        message = f"--from: {first} is later than --to {last}; swap them"
        raise UsageError(message)
    return sum(
        (first is None or year >= first) and (last is None or year <= last)
        for years in served.values()
        for year in years
    )


def prepare_data_dir(settings: Settings) -> None:
    """Make the data folder where it is missing. Raises `UsageError` where nothing can be written there."""
    try:
        private_folder(settings.data_dir)
    except OSError as error:
        message = f"data_dir: {settings.data_dir} cannot be made: {error.strerror}; correct the path or its permissions"
        raise UsageError(message) from None


def _how_to_connect() -> str:
    ways = [
        f"  export {variable('connections', 'home', 'source')}={source.name} "
        f"{variable('connections', 'home', source.settings.credential_key)}=...  (docs/sources/{source.name}.md)"
        for source in SOURCES.values()
    ]
    return "\n".join(
        [
            "connections: none is configured. The shortest way to one named home:",
            *ways,
            "Without a credential: `wattline sandbox` simulates the operators and says how to connect to them,",
            "and `wattline demo` shows everything at once.",
        ]
    )
