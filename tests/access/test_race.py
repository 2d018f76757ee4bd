"""Several processes at once: the last attempt is taken by one, and nothing is asked for twice."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import IO, TYPE_CHECKING, Final, cast

import pytest

from sandbox.faults import Fault, FaultKind
from tests.access.community import ASKER, OWNER, OWNER_NAME, PATH, THEIRS, Community

if TYPE_CHECKING:
    from sandbox.serve import Sandbox
    from tests.commands.conftest import Installation

ROOT: Final = Path(__file__).parents[2]
PROCESSES: Final = 4


@pytest.fixture
def community(installation: Installation, sandbox: Sandbox) -> Community:
    """Everybody lives by the machine's own clock, which all processes share."""
    return Community(installation, sandbox)


def child(energy_id: str) -> subprocess.Popen[str]:
    """Start a process that asks for access once it is told to."""
    return subprocess.Popen(
        [sys.executable, "-m", "tests.access.children", OWNER_NAME, energy_id, THEIRS],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )


def let_go(process: subprocess.Popen[str]) -> None:
    """Tell a process to send."""
    into = cast("IO[str]", process.stdin)
    into.write("go\n")
    into.flush()


def said_by_all(energy_id: str) -> list[str]:
    """Let processes send at the same moment, and return what each said."""
    with ExitStack() as stack:
        every = [stack.enter_context(child(energy_id)) for _ in range(PROCESSES)]
        assert {cast("IO[str]", process.stdout).readline() for process in every} == {"ready\n"}
        for process in every:
            let_go(process)
        return [process.communicate()[0] for process in every]


def test_the_last_attempt_is_taken_once(community: Community) -> None:
    """Of many that are about to send a false request, as many do as there are attempts left: one."""
    for number in range(4):
        assert community.request(energy_id=f"LUXE-XX-YY-9000{number}").code == 1

    said = said_by_all("LUXE-XX-YY-99999")

    assert sum("false attempt 5 of 5" in words for words in said) == 1
    assert sum("not sent: 5 of 5" in words for words in said) == PROCESSES - 1
    assert [attempt.asker for attempt in community.book.false_attempts] == [ASKER] * 5


def test_the_same_is_asked_for_once(community: Community) -> None:
    """Of many that are about to ask for the same, one does; its owner gets one letter."""
    said = said_by_all(OWNER)

    assert sum(words.startswith("asked for") for words in said) == 1
    assert sum("another process has just asked for the same" in words for words in said) == PROCESSES - 1
    assert len(community.book.requests) == 1
    assert community.book.false_attempts == []


def test_a_process_that_dies_on_its_way_leaves_it_open(community: Community) -> None:
    """Killed before an answer came, it is written down as sent: one attempt is spent, and no file repeats it."""
    world = community.sandbox.world
    world.faults.add(Fault(kind=FaultKind.HANG, seconds=60, endpoint="access-request"))
    with child(OWNER) as process:
        let_go(process)
        while not any(call.path.endswith(PATH) for call in list(world.calls)):
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()
    world.faults.clear()

    (one,) = community.listed()
    assert (one["state"], one["arrived"]) == ("requested", False)
    ended = community.request_file(f"{OWNER_NAME},{OWNER},{THEIRS},consumption")
    assert (ended.code, community.posts()) == (1, 1)
    assert "4 false attempts may still be made today" in community.request("--dry-run").out
