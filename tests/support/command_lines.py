"""What every process of this machine was started with, for as long as it is watched."""

from __future__ import annotations

from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

LOOKS_EVERY_S: Final = 0.25


@contextmanager
def watched_command_lines() -> Iterator[set[bytes]]:
    """Give the set of all command lines seen so far, which grows until the context ends."""
    seen: set[bytes] = set()
    ended = Event()

    def watch() -> None:
        while not ended.wait(LOOKS_EVERY_S):
            for process in Path("/proc").glob("[0-9]*"):
                with suppress(OSError):  # it has ended meanwhile
                    seen.add((process / "cmdline").read_bytes())

    watcher = Thread(target=watch, name="command-lines")
    watcher.start()
    try:
        yield seen
    finally:
        ended.set()
        watcher.join()
