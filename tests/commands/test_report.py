"""`report`: one file, where it was asked for or where it always lies."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from schemas.time import utc_now
from tests.commands.conftest import HOME, PLUS

if TYPE_CHECKING:
    from tests.commands.conftest import Installation


def test_it_lies_in_the_data_folder_and_is_written_anew(connected: Installation) -> None:
    """Its path is printed; a second one takes its place, and nothing else is left beside it."""
    empty = connected.run("report")
    size = Path("data/report/index.html").stat().st_size
    connected.run("backfill", "--from", str(utc_now().year))

    full = connected.run("report")

    assert (empty.code, full.code) == (0, 0)
    assert str(Path("data/report/index.html").absolute()) in full.out
    assert Path("data/report/index.html").stat().st_size > size
    assert [path.name for path in Path("data/report").iterdir()] == ["index.html"]


def test_it_goes_where_it_is_wanted_and_tells_of_whom_it_is_asked_about(connected: Installation) -> None:
    """A file of one connection has nothing of the other, and the default place stays empty."""
    connected.run("backfill", "--from", str(utc_now().year))

    ended = connected.run("report", "--out", "plus.html", "--connection", "plus")

    text = Path("plus.html").read_text(encoding="utf-8")
    assert ended.code == 0
    assert PLUS in text
    assert HOME not in text
    assert not Path("data/report").exists()


def test_without_any_setting_it_says_that_there_is_nothing(installation: Installation) -> None:
    """No connection is no fault: there may be readings of one that was taken out."""
    ended = installation.run("report")

    assert ended.code == 0
    assert "No reading is kept yet." in Path("data/report/index.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--out", "."), "--out: . is a folder"),
        (("--out", "nowhere/report.html"), "--out: there is no folder nowhere"),
        (("--connection", "hoem"), "did you mean home?"),
    ],
)
def test_what_cannot_be_written_is_refused_before_anything_is(
    connected: Installation, options: tuple[str, ...], words: str
) -> None:
    """With 2, in words, and with no folder made."""
    ended = connected.run("report", *options)

    assert ended.code == 2
    assert words in ended.err
    assert connected.files() == set()
