"""A file is the old one or the new one: in a crash, on a full disk, and for whoever reads meanwhile."""

from __future__ import annotations

import errno
import os
import stat
import time
from random import Random
from typing import TYPE_CHECKING

import pytest

from pipelines.store.files import TEMPORARY, private_folder, replacing, sweep
from tests.store.children import child, content

if TYPE_CHECKING:
    from pathlib import Path


def names(folder: Path) -> list[str]:
    """Return the names of all there is in a folder, hidden files too."""
    return sorted(each.name for each in folder.iterdir())


def mode(path: Path) -> int:
    """Return who may do what with a file or folder."""
    return stat.S_IMODE(path.stat().st_mode)


def test_what_was_written_takes_the_files_place(tmp_path: Path) -> None:
    """On leaving, the new content is there under the old name and nothing else is."""
    path = tmp_path / "log" / "2026-10.parquet"
    for text in ("first", "second"):
        with replacing(path) as temporary:
            assert temporary.parent == path.parent
            temporary.write_text(text)
        assert path.read_text() == text

    assert names(path.parent) == [path.name]


def test_the_old_file_stands_until_then(tmp_path: Path) -> None:
    """Whoever reads while the new file is being written reads the old one, to the end."""
    path = tmp_path / "file"
    path.write_text("old")
    with path.open() as reader:
        with replacing(path) as temporary:
            temporary.write_text("new")
            assert path.read_text() == "old"
        assert reader.read() == "old"

    assert path.read_text() == "new"


def test_two_writers_do_not_share_a_temporary_file(tmp_path: Path) -> None:
    """Each writing has a name of its own; the last to end wins, whole."""
    path = tmp_path / "file"
    with replacing(path) as one:
        with replacing(path) as other:
            one.write_text("one")
            other.write_text("other")
        assert path.read_text() == "other"

    assert path.read_text() == "one"


@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, "full"), KeyboardInterrupt(), ValueError("bad")], ids=repr)
def test_a_writer_that_fails(tmp_path: Path, error: BaseException) -> None:
    """Whatever stops the writer, the old file is untouched and nothing is left beside it."""
    path = tmp_path / "file"
    path.write_text("old")

    def fail() -> None:
        with replacing(path) as temporary:
            temporary.write_text("half of the n")
            raise error

    with pytest.raises(type(error)):
        fail()

    assert path.read_text() == "old"
    assert names(tmp_path) == ["file"]


def test_a_writer_that_fails_before_it_writes(tmp_path: Path) -> None:
    """A writer that never began leaves nothing, and its own error is the one that is raised."""

    def fail() -> None:
        with replacing(tmp_path / "folder" / "file"):
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        fail()
    assert names(tmp_path / "folder") == []


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO], ids=["full disk", "broken disk"])
@pytest.mark.parametrize(("failing", "left"), [(1, "old"), (2, "new")], ids=["file", "folder"])
def test_a_flush_that_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, failing: int, left: str
) -> None:
    """What the disk refuses is raised; the file is whole, the old or the new one, and nothing is left beside it."""
    path = tmp_path / "file"
    path.write_text("old")
    flushes = 0

    def fsync(_: int) -> None:
        nonlocal flushes
        flushes += 1
        if flushes == failing:
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fsync)
    with pytest.raises(OSError, match=os.strerror(number)), replacing(path) as temporary:
        temporary.write_text("new")

    assert path.read_text() == left
    assert names(tmp_path) == ["file"]


def test_file_and_folder_are_flushed_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The content is on the disk before the name points to it, and the name before the writer goes on."""
    happened: list[str] = []
    fsync, replace = os.fsync, os.replace

    def flush(descriptor: int) -> None:
        happened.append("folder" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    def rename(source: Path, target: Path) -> None:
        happened.append("rename")
        replace(source, target)

    monkeypatch.setattr(os, "fsync", flush)
    monkeypatch.setattr(os, "replace", rename)
    with replacing(tmp_path / "file") as temporary:
        temporary.write_text("new")

    assert happened == ["file", "rename", "folder"]


def test_killed_in_the_middle(tmp_path: Path) -> None:
    """A writer killed at any instant leaves the file whole; what it leaves beside it is swept."""
    path = tmp_path / "file"
    chance = Random(3)  # noqa: S311 - no secret
    killed = 0
    # Until at least one was killed with its work half done.
    while killed < 12 or len(names(tmp_path)) == 1:
        killed += 1
        with child("replace_for_ever", path) as writer:
            before = path.stat().st_mtime_ns if path.exists() else 0
            while not path.exists() or path.stat().st_mtime_ns == before:
                time.sleep(0.001)
            for _ in range(20):
                text = path.read_text()
                assert text == content(int(text[: text.index("\n")]))
            time.sleep(chance.uniform(0, 0.02))
            writer.kill()
            writer.wait()
        text = path.read_text()
        assert text == content(int(text[: text.index("\n")]))

    sweep(tmp_path)
    assert names(tmp_path) == ["file"]


def test_sweeping_takes_what_writers_left_and_nothing_else(tmp_path: Path) -> None:
    """Temporary files go, at any depth; every other file stays. A folder that is not there is clean."""
    folder = private_folder(tmp_path / "store" / "elvia" / "readings")
    with replacing(folder / "kept.parquet") as temporary:
        temporary.write_text("kept")
    for name in (f".kept.parquet.0f{TEMPORARY}", f".new.parquet.1e{TEMPORARY}"):
        (folder / name).write_text("torn")
    (folder / "notes.tmp").write_text("not ours")
    (folder / ".hidden").write_text("not ours")

    sweep(tmp_path / "store")
    sweep(tmp_path / "nowhere")

    assert names(folder) == [".hidden", "kept.parquet", "notes.tmp"]


def test_folders_are_their_owners_alone(tmp_path: Path) -> None:
    """Every folder that is made, on the way too, can be read by its owner alone; one that was there stays as it is."""
    there = tmp_path / "there"
    there.mkdir(mode=0o755)
    umask = os.umask(0o022)
    try:
        made = private_folder(there / "data" / "store" / "elvia")
        with replacing(there / "raw" / "elvia" / "file") as temporary:
            temporary.write_text("")
    finally:
        os.umask(umask)

    for folder in (made, made.parent, made.parent.parent, there / "raw", there / "raw" / "elvia"):
        assert mode(folder) == 0o700
    assert mode(there) == 0o755
    assert private_folder(made) == made
