"""The rate budget on machines whose clocks jump and which restart: it keeps real time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.machine import AT_ONCE, HOUR, NOW, Machine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.mark.parametrize("jump", [-timedelta(days=3650), -HOUR, HOUR, timedelta(days=1), timedelta(days=3650)])
def test_wall_clock_that_jumps(machine: Machine, jump: timedelta) -> None:
    """Whatever the wall clock does, no call is free before its time, and none later."""
    machine.take(3)
    machine.wall += jump

    assert machine.wait() == HOUR

    machine.passes(HOUR)
    machine.take(3)


@pytest.mark.parametrize("before", [timedelta(minutes=1), timedelta(days=30)], ids=["young", "old"])
@pytest.mark.parametrize("wall", [NOW - HOUR, NOW, NOW + timedelta(days=1)], ids=["behind", "right", "ahead"])
def test_restart_of_the_machine(tmp_path: Path, before: timedelta, wall: datetime) -> None:
    """Calls made before a restart count for a period after it at most, whatever the clocks then say."""
    path = tmp_path / "budget.sqlite"
    Machine(path, before).take(3)
    restarted = Machine(path, timedelta(seconds=20))
    restarted.wall = wall

    wait = restarted.wait()
    assert wait is not None
    assert wait <= HOUR

    restarted.passes(wait)
    restarted.take(3)


@settings(deadline=None, max_examples=30)
@given(
    st.lists(
        st.sampled_from(["take", "minutes", "half an hour", "restart", "long off", "wall ahead", "wall behind"]),
        max_size=40,
    )
)
def test_any_history(tmp_path_factory: pytest.TempPathFactory, history: list[str]) -> None:
    """Through any mixture of calls, pauses, restarts and clock jumps both promises hold in real time."""
    machine = Machine(tmp_path_factory.mktemp("budget") / "budget.sqlite", timedelta(minutes=90))
    real, made = AT_ONCE, list[timedelta]()

    def passes(time: timedelta) -> None:
        nonlocal real
        real += time
        machine.passes(time)

    def restart(off: timedelta) -> None:
        nonlocal real, machine
        real += off
        wall, machine = machine.wall, Machine(machine.path, AT_ONCE)
        machine.wall = wall

    events: dict[str, Callable[[], None]] = {
        "minutes": lambda: passes(timedelta(minutes=7)),
        "half an hour": lambda: passes(HOUR / 2),
        "restart": lambda: restart(timedelta(seconds=30)),
        "long off": lambda: restart(timedelta(days=1)),
        "wall ahead": lambda: setattr(machine, "wall", machine.wall + 2 * HOUR),
        "wall behind": lambda: setattr(machine, "wall", machine.wall - 2 * HOUR),
    }
    for event in history:
        if event != "take":
            events[event]()
            continue
        wait = machine.wait()
        if wait is None:
            made.append(real)
        assert wait is None or AT_ONCE < wait <= HOUR
        assert sum(call > real - HOUR for call in made) <= 3
