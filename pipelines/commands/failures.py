"""Errors that end a command, as words for the user and an exit code."""

from __future__ import annotations

from typing import Final, NamedTuple

from connectors.errors import OutsideError
from pipelines.commands.usage import UsageError
from pipelines.settings import SettingsError
from pipelines.store.files import OF_THE_DISK, StoreDamagedError
from pipelines.store.home import StoreFullError
from pipelines.store.lock import StoreBusyError
from pipelines.who import who_must_act

WELL: Final = 0
FAILED: Final = 1
MISUSED: Final = 2


class Ending(NamedTuple):
    """What to say, and what to exit with."""

    words: str
    code: int


def explained(error: Exception) -> Ending | None:
    """Return how a command ends that met this error; None where the error is not one that we know."""
    # Of several sources each may have met one, and often the same.
    each = [_one_explained(one) for one in (error.exceptions if isinstance(error, ExceptionGroup) else [error])]
    known = [ending for ending in each if ending is not None]
    if len(known) < len(each):
        return None
    return Ending("\n".join(dict.fromkeys(ending.words for ending in known)), max(ending.code for ending in known))


def _one_explained(error: Exception) -> Ending | None:
    if isinstance(error, (SettingsError, UsageError)):
        return Ending(str(error), MISUSED)
    if isinstance(error, OutsideError):
        return Ending(f"{error}. {who_must_act(error.cause)}", FAILED)
    if isinstance(error, (StoreBusyError, StoreDamagedError, StoreFullError)):
        return Ending(str(error), FAILED)
    if isinstance(error, OSError) and error.errno in OF_THE_DISK:
        where = f" ({error.filename})" if error.filename else ""
        words = f"{error.strerror}{where}. What was stored is whole; mend that, and run again."
        return Ending(words, FAILED)
    if (said := _by_dagsters_database(error)) is not None:
        words = f"Dagster's own records could not be read or written: {said}. What was stored is whole. "
        return Ending(f"{words}docs/operating.md says what to do under *Dagster's records*.", FAILED)
    return None


def _by_dagsters_database(error: BaseException | None) -> str | None:
    """Return what the database of Dagster's runs said, where it is behind the error."""
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415 - nothing else here needs it

    while error is not None and not isinstance(error, DBAPIError):
        error = error.__cause__
    return None if error is None else str(error.orig).partition("\n")[0]
