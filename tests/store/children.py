"""What tests let other processes do to a store, to kill them at it.

`python -m tests.store.children <name> <folder> ...` runs the function of that name.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from contextlib import contextmanager
from functools import partial
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


def merge(folder: str) -> None:
    """Bring the answer of `tests.store.big` into the log."""
    from tests.store import big  # noqa: PLC0415 - polars must not have begun to work before a fork

    for _ in big.log(Path(folder)).merge(big.second_answer(), big.LATER):
        pass


def merge_hour_by_hour(folder: str) -> None:
    """Merge one more hour at a time, until told to stop by a kill or at the end of a month."""
    from tests.store import big  # noqa: PLC0415

    _say("begun")
    log = big.log(Path(folder))
    for hours in range(1, 80):
        list(log.merge(big.hours(hours), big.LATER))
    _say("done")


def killed_at_every_step(folder: str) -> None:
    """Merge in copies of the store, each time killed before one more flush or rename than the last time."""
    import shutil  # noqa: PLC0415

    import pipelines.store.log  # noqa: F401, PLC0415 - imported once for all the forks

    step = 0
    while True:
        step += 1
        copy = Path(folder) / f"killed-{step}"
        shutil.copytree(Path(folder) / "before", copy)
        if _in_a_fork(partial(_kill_before_step, step, partial(merge, str(copy)))) == 0:
            _say(f"{step - 1}")
            return


def killed_at_random(folder: str, times: str) -> None:
    """Merge into one store again and again, each time killed at some instant, and at last to the end."""
    import pipelines.store.log  # noqa: F401, PLC0415

    chance = random.Random(7)  # noqa: S311 - no secret
    for _ in range(int(times)):
        _in_a_fork(partial(merge, folder), kill_after_s=chance.uniform(0.01, 0.5))
    _say(f"{_in_a_fork(partial(merge, folder))}")


def _in_a_fork(work: Callable[[], object], kill_after_s: float | None = None) -> int:
    process = os.fork()
    if not process:
        work()
        os._exit(0)
    if kill_after_s is not None:
        time.sleep(kill_after_s)
        os.kill(process, signal.SIGKILL)
    return os.waitpid(process, 0)[1]


def _kill_before_step(last: int, work: Callable[[], object]) -> None:
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
    work()


if __name__ == "__main__":
    {
        each.__name__: each
        for each in (replace_for_ever, hold, credit, merge_hour_by_hour, killed_at_every_step, killed_at_random)
    }[sys.argv[1]](*sys.argv[2:])
