"""Where everything lies: one source's part of the data folder, and what its lock guards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connectors.base import Feed
from connectors.elvia.source import ELVIA
from pipelines.store.home import SourceStore, StoreFullError, check_room
from pipelines.store.lock import StoreBusyError
from tests.schemas.answers import Told, answer
from tests.store import big

if TYPE_CHECKING:
    from pathlib import Path


def test_looking_makes_nothing_but_the_state(tmp_path: Path) -> None:
    """A store that is only looked at has no folders; reading every part of it finds nothing."""
    store = SourceStore(tmp_path, ELVIA)

    assert list(store.logs) == list(ELVIA.feeds)
    assert store.readings.months() == store.logs[Feed.PEAKS].months() == []
    assert store.raw.files("elvia") == []
    assert store.quarantine.open_rows("home").is_empty()
    assert [path.name for path in tmp_path.iterdir()] == ["state.sqlite"]


def test_writing_sweeps_what_killed_writers_left(tmp_path: Path) -> None:
    """The holder of the lock removes its own source's torn files, in every part, and no other source's."""
    store = SourceStore(tmp_path, ELVIA)
    list(store.readings.merge(answer(Told(0, 1.0)), big.EARLIER))
    torn = [
        tmp_path / part / source / "below" / ".file.parquet.0f.tmp"
        for source in ("elvia", "leneda")
        for part in ("store", "raw", "quarantine")
    ]
    for path in torn:
        path.parent.mkdir(parents=True)
        path.write_text("torn")
    with store.writing(0):
        assert [path.exists() for path in torn] == [False] * 3 + [True] * 3

    assert store.readings.read(big.MONTHS[0]).height == 1


def test_a_disk_with_too_little_room(tmp_path: Path) -> None:
    """Where less is free than the settings ask for, the words say how much there is and what may go."""
    check_room(tmp_path, 0)
    with pytest.raises(StoreFullError, match=r"MB left, and store\.min_free_mb asks for 1000000000000: nothing was"):
        check_room(tmp_path, 10**12)


def test_one_writer_at_a_time(tmp_path: Path) -> None:
    """While one holds the store another does not get in, and touches nothing; afterwards it does."""
    store, another = SourceStore(tmp_path, ELVIA), SourceStore(tmp_path, ELVIA)
    with store.writing(0):
        torn = tmp_path / "raw" / "elvia" / ".being-written.tmp"
        torn.parent.mkdir(parents=True)
        torn.write_text("half")
        with pytest.raises(StoreBusyError), another.writing(0):
            pass
        assert torn.exists()
    with another.writing(0):
        assert not torn.exists()
