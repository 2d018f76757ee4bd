"""The state file: whole steps or none, shared by processes, and without a trace of what was erased."""

from __future__ import annotations

import os
import re
import sqlite3
import time
from contextlib import ExitStack
from random import Random
from typing import TYPE_CHECKING

import pytest

from connectors.base import Feed, Subject
from pipelines.store.alias import Aliases
from pipelines.store.ledger import Asked, Credit, Ledger
from pipelines.store.state import State
from tests.store.asks import HOUR, POINT, span
from tests.store.children import child, said

if TYPE_CHECKING:
    from pathlib import Path


def pieces(folder: Path, connection: str) -> int:
    """Return how many pieces the ledger holds of a connection."""
    return len(Ledger(State(folder), "elvia").asked(connection, Feed.READINGS).get(Subject(POINT), []))


def test_it_is_made_where_it_is_missing(tmp_path: Path) -> None:
    """The file comes with its folder, its owner's alone, and opening it again changes nothing."""
    state = State(tmp_path / "data")
    Ledger(state, "elvia").seen("home", [Subject(POINT)], HOUR)
    again = State(tmp_path / "data")

    assert again.path == tmp_path / "data" / "state.sqlite"
    assert Ledger(again, "elvia").metering_points("home") == {POINT: HOUR}
    assert (tmp_path / "data").stat().st_mode & 0o077 == 0


def test_a_change_is_kept_whole_or_not_at_all(tmp_path: Path) -> None:
    """An error in the middle of a change undoes its beginning, and is passed on."""
    state = State(tmp_path)
    insert = "INSERT INTO targets (target, marker) VALUES (?, ?)"

    def fail() -> None:
        with state.changing() as database:
            database.execute(insert, ("a", "1"))
            database.execute(insert, ("a", "2"))

    with pytest.raises(sqlite3.IntegrityError):
        fail()
    with state.changing() as database:
        assert database.execute("SELECT * FROM targets").fetchall() == []


def test_what_is_changed_within_a_change_is_part_of_it(tmp_path: Path) -> None:
    """Methods that are called within a change are undone with it, and the next change begins anew."""
    state = State(tmp_path)
    ledger = Ledger(state, "elvia")

    def fail() -> None:
        with state.changing():
            ledger.seen("home", [Subject(POINT)], HOUR)
            assert ledger.metering_points("home") == {POINT: HOUR}
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fail()
    assert ledger.metering_points("home") == {}
    ledger.seen("home", [Subject(POINT)], HOUR)
    assert Ledger(State(tmp_path), "elvia").metering_points("home") == {POINT: HOUR}


def test_writers_from_several_processes(tmp_path: Path) -> None:
    """Processes that begin at once and write side by side wait for each other: nothing of any is lost."""
    names = ["one", "two", "three"]
    with ExitStack() as stack:
        writers = [stack.enter_context(child("credit", tmp_path, name, 10)) for name in names]
        for words in ("begun", "done"):
            assert [said(writer) for writer in writers] == [words] * 3

    assert [pieces(tmp_path, name) for name in names] == [500] * 3
    seen = [len(Ledger(State(tmp_path), "elvia").metering_points(name)) for name in names]
    assert seen == [10] * 3


def test_killed_in_the_middle(tmp_path: Path) -> None:
    """A writer killed at any instant leaves whole batches, and the file can be written to at once."""
    chance = Random(5)  # noqa: S311 - no secret
    for number in range(6):
        with child("credit", tmp_path, f"home_{number}", 1000) as writer:
            assert said(writer) == "begun"
            time.sleep(chance.uniform(0, 0.1))
            writer.kill()
            writer.wait()
        assert pieces(tmp_path, f"home_{number}") % 50 == 0
        Ledger(State(tmp_path), "elvia").seen("home", [Subject(POINT)], HOUR)

    with State(tmp_path).changing() as database:
        assert [tuple(row) for row in database.execute("PRAGMA integrity_check")] == [("ok",)]


def test_what_is_erased_leaves_no_trace(tmp_path: Path) -> None:
    """An id that is deleted, or replaced, is in no byte of the file any more, nor in a file beside it."""
    state = State(tmp_path)
    ledger = Ledger(state, "elvia")
    points = tuple(f"7070575000000{number:05}" for number in range(500))
    subjects = tuple(Subject(point) for point in points)
    ledger.credit("home", [Credit(Feed.READINGS, subjects, Asked(span(0, 5), HOUR))])
    ledger.seen("home", subjects, HOUR)
    ledger.turn_down("home", subjects, HOUR)
    assert points[250].encode() in state.path.read_bytes()

    with state.changing() as database:
        for table in ("asked", "metering_points", "turned_down"):
            database.execute(f"DELETE FROM {table} WHERE metering_point = ?", (points[250],))  # noqa: S608 - our own

    assert os.listdir(tmp_path) == [state.path.name]  # noqa: PTH208 - names
    content = state.path.read_bytes()
    assert points[250].encode() not in content
    assert points[251].encode() in content


def test_a_table_of_another_version_is_made_anew(tmp_path: Path) -> None:
    """Where an older version's table has other columns it is found out anew; what has the same ones is kept."""
    state = State(tmp_path)
    Ledger(state, "elvia").seen("home", [Subject(POINT)], HOUR)
    with state.changing() as database:
        database.execute("DROP TABLE asked")
        database.execute("CREATE TABLE asked (source TEXT, connection TEXT)")

    again = State(tmp_path)

    assert pieces(tmp_path, "home") == 0
    assert Ledger(again, "elvia").metering_points("home") == {POINT: HOUR}


def test_an_alias_is_this_installations_own(tmp_path: Path) -> None:
    """A metering point's alias stays the same, is another one elsewhere, and does not hold the id."""
    here, there = State(tmp_path / "here"), State(tmp_path / "there")
    alias = Aliases(here).of(POINT)

    assert Aliases(State(tmp_path / "here")).of(POINT) == alias
    assert Aliases(there).of(POINT) != alias
    assert re.fullmatch("mp-[0-9a-f]{10}", alias)
