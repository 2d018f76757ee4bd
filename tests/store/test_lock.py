"""One writer per source: the lock is the kernel's, and dies with its process."""

from __future__ import annotations

import fcntl
import os
import threading
from typing import TYPE_CHECKING

import pytest
from filelock import Timeout

from pipelines.store.lock import StoreBusyError, writing
from tests.store.children import child, said

if TYPE_CHECKING:
    from pathlib import Path


def test_a_second_writer_leaves_naming_the_holder(tmp_path: Path) -> None:
    """Whoever waits in vain is told which process holds the lock, for how long it waited, and what to do."""
    with child("hold", tmp_path) as holder:
        process = said(holder)
        with pytest.raises(StoreBusyError) as caught, writing(tmp_path, "elvia", wait_s=0.2):
            pass

    assert str(caught.value) == (
        f"process {process} is writing to the store of elvia; waited 0.2 s. Run again when it has finished."
    )


def test_a_second_writer_waits(tmp_path: Path) -> None:
    """Whoever waits gets the lock as soon as the holder is done, and not before."""
    with child("hold", tmp_path) as holder:
        said(holder)
        order: list[str] = []

        def write() -> None:
            with writing(tmp_path, "elvia", wait_s=60):
                order.append("written")

        waiting = threading.Thread(target=write)
        waiting.start()
        waiting.join(0.2)
        order.append("still held")
        assert holder.stdin is not None
        holder.stdin.write("\n")
        holder.stdin.flush()
        assert said(holder) == "released"
        waiting.join()

    assert order == ["still held", "written"]


def test_the_lock_is_the_kernels(tmp_path: Path) -> None:
    """While the lock is held the kernel says so, and no longer: no process id is trusted, and nothing can be stale."""

    def is_locked() -> bool:
        with (tmp_path / "elvia.lock").open("a") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
            return False

    with writing(tmp_path, "elvia", wait_s=0):
        assert is_locked()
    assert not is_locked()


def test_the_lock_dies_with_its_process(tmp_path: Path) -> None:
    """The lock of a killed process is free at once; its name, left behind, does no harm."""
    with child("hold", tmp_path) as holder:
        said(holder)
        holder.kill()
        holder.wait()
        with writing(tmp_path, "elvia", wait_s=0):
            assert (tmp_path / "elvia.holder").read_text() == f"process {os.getpid()}\n"


def test_sources_do_not_wait_for_each_other(tmp_path: Path) -> None:
    """While one source is written to, another can be; the same source cannot, in the same process neither."""
    with writing(tmp_path, "elvia", wait_s=0), writing(tmp_path, "leneda", wait_s=0):
        with (
            pytest.raises(StoreBusyError, match=f"process {os.getpid()} .* elvia"),
            writing(tmp_path, "elvia", wait_s=0),
        ):
            pass
        with pytest.raises(StoreBusyError, match="leneda"), writing(tmp_path, "leneda", wait_s=0):
            pass


def test_a_failing_writer_lets_go(tmp_path: Path) -> None:
    """An error ends the holding and is passed on as it is, even one of the lock's own kind from elsewhere."""
    for error in (ValueError("bad"), Timeout("another lock")):

        def fail(error: Exception = error) -> None:
            with writing(tmp_path, "elvia", wait_s=0):
                raise error

        with pytest.raises(type(error)):
            fail()
    with writing(tmp_path, "elvia", wait_s=0):
        pass


@pytest.mark.parametrize("left", [None, "", "\n"], ids=["none", "empty", "blank"])
def test_a_holder_without_a_name(tmp_path: Path, left: str | None) -> None:
    """Where the holder has not yet said who it is, the words still make sense."""
    with writing(tmp_path, "elvia", wait_s=0):
        name = tmp_path / "elvia.holder"
        name.unlink() if left is None else name.write_text(left)
        with pytest.raises(StoreBusyError, match=r"^another process is writing"), writing(tmp_path, "elvia", wait_s=0):
            pass
