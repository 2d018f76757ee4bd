"""The rate budget: in no period more calls than the limit, whoever makes them."""

from __future__ import annotations

import hashlib
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from connectors.budget import Budget, fingerprint
from connectors.errors import TryLater
from tests.support.machine import AT_ONCE, HOUR, NOW, Machine


def test_limit(machine: Machine) -> None:
    """Calls up to the limit are free; the next one is for when the oldest is a period old."""
    machine.take()
    machine.passes(timedelta(minutes=10))
    machine.take(2)

    with pytest.raises(TryLater, match="budget of 3 calls in 1:00:00") as caught:
        machine.take()

    assert caught.value.not_before == NOW + HOUR
    assert machine.slept == AT_ONCE


def test_window_slides(machine: Machine) -> None:
    """Each call comes free again a period after it was made, not before and not with the others."""
    machine.take()
    machine.passes(timedelta(minutes=30))
    machine.take(2)
    machine.passes(timedelta(minutes=30))
    machine.take()

    with pytest.raises(TryLater) as caught:
        machine.take()

    assert caught.value.not_before == machine.wall + timedelta(minutes=30)


def test_refused_call_is_not_counted(machine: Machine) -> None:
    """A call that was not made uses nothing up."""
    machine.take(3)
    for _ in range(5):
        with pytest.raises(TryLater):
            machine.take()
    machine.passes(HOUR)

    machine.take(3)


@pytest.mark.parametrize("minutes", [59, 59.5])
def test_short_wait_is_slept(machine: Machine, minutes: float) -> None:
    """A wait within the patience is slept, and no longer than needed."""
    machine.take(3)
    machine.passes(timedelta(minutes=minutes))

    machine.take(patience=timedelta(seconds=60))

    assert machine.slept == HOUR - timedelta(minutes=minutes)


def test_patience_is_a_bound(machine: Machine) -> None:
    """A wait that is longer than the patience is not begun."""
    machine.take(3)
    machine.passes(timedelta(minutes=58, seconds=59))

    with pytest.raises(TryLater):
        machine.take(patience=timedelta(seconds=60))

    assert machine.slept == AT_ONCE


def test_patience_is_for_all_waits_together(machine: Machine) -> None:
    """Who waits and finds the call taken by another waits on, but no longer than the patience in all."""
    machine.take(3)
    machine.passes(timedelta(minutes=59, seconds=30))
    other = Budget(machine.path, running=machine.running)

    def sleep(seconds: float) -> None:
        machine.sleep(seconds)
        for _ in range(3):
            other.take("key", limit=3, period=HOUR, patience=AT_ONCE)

    waiting = Budget(machine.path, lambda: machine.wall, running=machine.running, sleep=sleep)
    with pytest.raises(TryLater) as caught:
        waiting.take("key", limit=3, period=HOUR, patience=timedelta(seconds=60))

    assert machine.slept == timedelta(seconds=30)
    assert caught.value.not_before == machine.wall + HOUR


def test_keys_apart(machine: Machine) -> None:
    """Each key has a budget of its own."""
    machine.take(3, key="one")
    machine.take(3, key="other")

    with pytest.raises(TryLater):
        machine.take(key="one")


def test_left(machine: Machine) -> None:
    """What is left goes down with each call, comes back with time, and is never negative."""
    assert machine.budget.left("key", limit=3, period=HOUR) == 3
    machine.take(2)
    assert machine.budget.left("key", limit=3, period=HOUR) == 1
    assert machine.budget.left("key", limit=1, period=HOUR) == 0
    machine.passes(HOUR)
    assert machine.budget.left("key", limit=3, period=HOUR) == 3


def test_lowered_limit(machine: Machine) -> None:
    """Where the limit was lowered since, a call is free once fewer than the new limit still count."""
    machine.take(2)
    machine.passes(timedelta(minutes=20))
    machine.take(2, limit=4)

    with pytest.raises(TryLater) as caught:
        machine.take(limit=1)

    assert caught.value.not_before == machine.wall + HOUR


def test_budget_survives_the_process(machine: Machine) -> None:
    """Another process finds what this one has used."""
    machine.take(3)

    with pytest.raises(TryLater):
        Machine(machine.path).take()


def test_old_calls_leave_no_trace(machine: Machine) -> None:
    """Of a key that is no longer used nothing remains once its calls have ceased to count."""
    machine.take(3, key="forgotten")
    machine.passes(HOUR)
    machine.take(key="other")

    assert b"forgotten" not in machine.path.read_bytes()


def test_processes_share_the_budget(tmp_path: Path) -> None:
    """Two processes that take as fast as they can get exactly the limit between them."""
    path = tmp_path / "budget.sqlite"
    program = f"""
from datetime import timedelta
from pathlib import Path
from connectors.budget import Budget
from connectors.errors import TryLater

budget, taken = Budget(Path({str(path)!r})), 0
try:
    while True:
        budget.take("key", limit=100, period=timedelta(hours=1), patience=timedelta(0))
        taken += 1
except TryLater:
    print(taken)
"""
    command, project = [sys.executable, "-c", program], Path(__file__).parents[2]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, cwd=project) for _ in range(2)]
    taken = [int(process.communicate()[0]) for process in processes]

    assert sum(taken) == 100
    assert Budget(path).left("key", limit=100, period=HOUR) == 0


def test_threads_share_the_budget(tmp_path: Path) -> None:
    """Threads of one process wait for each other, and the pace is kept in real time."""
    period, limit = timedelta(milliseconds=300), 3
    budget = Budget(tmp_path / "budget.sqlite")

    def take(_: int) -> int:
        before = time.monotonic_ns()
        budget.take("key", limit=limit, period=period)
        return before

    with ThreadPoolExecutor(4) as pool:
        begun = time.monotonic_ns()
        list(pool.map(take, range(3 * limit)))
        took = timedelta(microseconds=(time.monotonic_ns() - begun) // 1000)

    assert took >= 2 * period


def test_file_is_private(machine: Machine) -> None:
    """The file and the folder made for it are there after the first call, and the file is its owner's alone."""
    machine.take()

    assert stat.S_IMODE(machine.path.stat().st_mode) == 0o600


def test_credential_is_not_in_the_file(machine: Machine) -> None:
    """A credential's budget can be kept without keeping the credential."""
    secret = SecretStr("canary")
    machine.take(key=fingerprint(secret))

    assert b"canary" not in machine.path.read_bytes()


def test_fingerprint() -> None:
    """Equal credentials have equal fingerprints, others others; and none is the bare hash that a leak might list."""
    assert fingerprint(SecretStr("canary")) == fingerprint(SecretStr("canary"))
    assert fingerprint(SecretStr("canary")) != fingerprint(SecretStr("Canary"))
    assert fingerprint(SecretStr("canary")) not in hashlib.sha256(b"canary").hexdigest()
