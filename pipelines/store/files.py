"""Files that are whole or not there: a reader, a `kill -9` or a full disk never meets a torn one."""

from __future__ import annotations

import errno
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final
from uuid import uuid4

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEMPORARY: Final = ".tmp"
OF_THE_DISK: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EIO})
"""The numbers of an `OSError` that the disk is to blame for, and that its owner must mend."""

PRIVATE: Final = 0o700
"""Readings tell when somebody is at home: folders are their owner's alone."""


def private_folder(folder: Path) -> Path:
    """Make a folder, and those above it that are missing, readable by their owner alone; return it."""
    if not folder.is_dir():
        # With `parents`, mkdir gives the mode to the last folder only.
        private_folder(folder.parent)
        folder.mkdir(mode=PRIVATE, exist_ok=True)
        _flush(folder.parent)
    return folder


class StoreDamagedError(Exception):
    """A file of the store is not what was written there; whoever keeps it must put it back."""


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path in the same folder; on leaving, what was written there takes the file's place.

    polars and most writers truncate the file they are given, so a kill in the middle would lose the old
    content too. Raises `OSError` (a full disk, say) with the temporary file gone and the old one untouched, or,
    where only the last flush of the folder failed, already replaced: whole in either case.
    """
    private_folder(path.parent)
    temporary = path.with_name(f".{path.name}.{uuid4().hex}{TEMPORARY}")
    try:
        yield temporary
        _flush(temporary)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _flush(path.parent)


def sweep(folder: Path) -> None:
    """Remove what killed writers left behind. Only for the holder of the folder's lock."""
    for stale in folder.rglob(f".*{TEMPORARY}"):
        stale.unlink(missing_ok=True)


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
