"""One writer per source: a kernel file lock, which dies with its process."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from pipelines.store.files import private_folder

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class StoreBusyError(Exception):
    """Another process writes to the same source's store and did not finish in time."""


@contextmanager
def writing(folder: Path, source: str, *, wait_s: float) -> Iterator[None]:
    """Hold the source's lock; wait for it as long as `wait_s`.

    Raises:
        StoreBusyError: it is still held then; the message names the holder.
    """
    path = private_folder(folder) / f"{source}.lock"
    holder = path.with_suffix(".holder")
    try:
        held = FileLock(path, timeout=wait_s).acquire()
    except Timeout:
        name = (holder.read_text().strip() if holder.exists() else "") or "another process"
        message = f"{name} is writing to the store of {source}; waited {wait_s:g} s. Run again when it has finished."
        raise StoreBusyError(message) from None
    with held:
        # Only to be read by people: the lock itself is the kernel's, and a stale name does no harm.
        holder.write_text(f"process {os.getpid()}\n")
        yield
