"""Work on many names side by side, hand over what comes as it comes, and stop all of it when the taker stops."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from queue import Full, Queue
from threading import Event
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

Item = TypeVar("Item")

AT_ONCE: Final = 4
"""Names that are worked on side by side: each waits for an operator most of its time."""

WAITING: Final = 4
"""Items that may wait to be taken, which bounds the memory of a fleet's backfill."""

LOOKS_UP_EVERY_S: Final = 0.5
"""How often a thread that waits for room looks whether the taker has stopped."""


@dataclass(frozen=True)
class Finished:
    """The end of the work on a name, and the error that ended it, if one did."""

    error: BaseException | None = None


class SideBySide(Generic[Item]):
    """Threads that fill one bounded queue."""

    def __init__(self, names: Collection[str], work: Callable[[str], Iterator[Item]]) -> None:
        """Bind the names and the work on each; nothing begins before `items`."""
        self._names, self._work = names, work
        self._queue: Queue[tuple[str, Item | Finished]] = Queue(WAITING)
        self._stopped = Event()

    def items(self) -> Iterator[tuple[str, Item | Finished]]:
        """Yield every item with its name as it comes, and each name's end after its last item."""
        working = set(self._names)
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="ask") as pool:
            try:
                for name in self._names:
                    pool.submit(self._fill, name)
                while working:
                    name, item = self._queue.get()
                    if isinstance(item, Finished):
                        working.discard(name)
                    yield name, item
            finally:
                self._stopped.set()
                pool.shutdown(wait=False, cancel_futures=True)

    def _fill(self, name: str) -> None:
        try:
            for item in self._work(name):
                self._put(name, item)
                if self._stopped.is_set():
                    return
        except BaseException as error:  # noqa: BLE001 - handed over to the thread that takes
            self._put(name, Finished(error))
        else:
            self._put(name, Finished())

    def _put(self, name: str, item: Item | Finished) -> None:
        while not self._stopped.is_set():
            try:
                self._queue.put((name, item), timeout=LOOKS_UP_EVERY_S)
            except Full:
                continue
            return
