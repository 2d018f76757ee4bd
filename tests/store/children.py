"""What tests let other processes do to a store, to kill them at it.

`python -m tests.store.children <name> <folder> ...` runs the function of that name.
"""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from subprocess import PIPE, Popen
from typing import IO, TYPE_CHECKING, Final, cast

from pipelines.store.files import replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT: Final = Path(__file__).parents[2]


@contextmanager
def child(name: str, *arguments: object) -> Iterator[Popen[str]]:
    """Run one of the functions below in a process of its own; it is dead at the end, if not before."""
    command = [sys.executable, "-W", "error", "-m", "tests.store.children", name, *map(str, arguments)]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with Popen(command, stdin=PIPE, stdout=PIPE, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


def said(process: Popen[str]) -> str:
    """Return the next line that a child says."""
    return cast("IO[str]", process.stdout).readline().strip()


def _say(words: str) -> None:
    sys.stdout.write(f"{words}\n")
    sys.stdout.flush()


def content(number: int) -> str:
    """Return what the `number`-th writing of a file writes: long, and wrong wherever it is cut."""
    return f"{number}\n" * 20_000


def replace_for_ever(path: str) -> None:
    """Write a file again and again, piece by piece."""
    number = 0
    while True:
        number += 1
        with replacing(Path(path)) as temporary, temporary.open("w", buffering=1) as file:
            whole = content(number)
            for start in range(0, len(whole), 5_000):
                file.write(whole[start : start + 5_000])
                file.flush()


def hold(folder: str) -> None:
    """Hold a source's lock until a line comes in."""
    from pipelines.store.lock import writing  # noqa: PLC0415 - each child imports what it needs

    with writing(Path(folder), "elvia", wait_s=60):
        _say(f"{os.getpid()}")
        sys.stdin.readline()
    _say("released")


def credit(folder: str, connection: str, times: str) -> None:
    """Credit fifty hours at once, so many times, each time another fifty."""
    from connectors.base import Feed, Subject  # noqa: PLC0415
    from pipelines.store.ledger import Asked, Credit, Ledger  # noqa: PLC0415
    from pipelines.store.state import State  # noqa: PLC0415
    from tests.store.asks import HOUR, POINT, span  # noqa: PLC0415

    ledger = Ledger(State(Path(folder)), "elvia")
    _say("begun")
    for number in range(int(times)):
        # Every second hour, so that no two are one.
        hours = (span(2 * hour, 2 * hour + 1) for hour in range(50 * number, 50 * number + 50))
        ledger.credit(connection, [Credit(Feed.READINGS, (Subject(POINT),), Asked(each, HOUR)) for each in hours])
        ledger.seen(connection, [Subject(f"{connection} {number}")], HOUR)
    _say("done")


def merge(folder: str, step: str = "0") -> None:
    """Bring the answer of `tests.store.big` into the log; be killed before a flush or rename, counted from 1."""
    from tests.store import big  # noqa: PLC0415

    log, answer = big.log(Path(folder)), big.second_answer()
    _be_killed_before(int(step))
    _say("begun")
    for _ in log.merge(answer, big.LATER):
        pass
    _say("done")


def merge_hour_by_hour(folder: str) -> None:
    """Merge one more hour at a time, until told to stop by a kill or at the end of a month."""
    from tests.store import big  # noqa: PLC0415

    _say("begun")
    log = big.log(Path(folder))
    for hours in range(1, 41):
        list(log.merge(big.hours(hours), big.LATER))
    _say("done")


def _be_killed_before(last: int) -> None:
    steps = 0

    def stepping(function: Callable[..., object]) -> Callable[..., object]:
        def step(*arguments: object, **named: object) -> object:
            nonlocal steps
            steps += 1
            if steps == last:
                os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments, **named)

        return step

    os.fsync = stepping(os.fsync)  # type: ignore[assignment]
    os.replace = stepping(os.replace)  # type: ignore[assignment]


if __name__ == "__main__":
    {each.__name__: each for each in (replace_for_ever, hold, credit, merge, merge_hour_by_hour)}[sys.argv[1]](
        *sys.argv[2:]
    )
