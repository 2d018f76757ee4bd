"""A merge that is killed, at any step or instant, costs a re-run and nothing else; readers never notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from pipelines.store.files import sweep
from schemas.coverage import summarise
from schemas.revision import READINGS
from tests.store import big
from tests.store.children import child, merge, said

if TYPE_CHECKING:
    from datetime import date
    from pathlib import Path

    from pipelines.store.log import Log


def begun(folder: Path) -> Path:
    """Make a log that knows the first answer."""
    for _ in big.log(folder).merge(big.first_answer(), big.EARLIER):
        pass
    return folder


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[date, pl.DataFrame], dict[date, pl.DataFrame]]:
    """Return each month before and after a merge that nobody interrupts."""
    folder = begun(tmp_path_factory.mktemp("undisturbed"))
    before = months(big.log(folder))
    merge(str(folder))
    return before, months(big.log(folder))


def months(log: Log) -> dict[date, pl.DataFrame]:
    """Return all rows, by month."""
    return {month: log.read(month) for month in log.months()}


def days_are_right(log: Log) -> bool:
    """Tell whether the days of every month are those of its rows."""
    return all(log.days([month]).equals(summarise(log.current(month), big.OSLO)) for month in log.months())


Known = tuple[dict["date", pl.DataFrame], dict["date", pl.DataFrame]]


def test_killed_at_every_step(tmp_path: Path, known: Known) -> None:
    """Killed before any flush or rename, each month is the old or the new one, and a re-run makes it all the new one."""
    before, after = known
    begun(tmp_path / "before")
    with child("killed_at_every_step", tmp_path) as killer:
        steps = int(said(killer))
    torn = 0
    for step in range(1, steps + 1):
        folder = tmp_path / f"killed-{step}"
        log = big.log(folder)
        found = months(log)
        torn += sum(1 for _ in folder.rglob(".*.tmp"))
        assert list(found) == big.MONTHS
        assert all(rows.equals(before[month]) or rows.equals(after[month]) for month, rows in found.items())
        assert days_are_right(log)

        sweep(folder)
        merge(str(folder))
        assert all(rows.equals(after[month]) for month, rows in months(log).items())
        assert days_are_right(log)
        assert not list(folder.rglob(".*.tmp"))

    # Of each month the rows and their days: the file, its name, the folder.
    assert steps == len(big.MONTHS) * 2 * 3
    assert torn == len(big.MONTHS) * 2 * 2


def test_killed_at_random(tmp_path: Path, known: Known) -> None:
    """Killed again and again at some instant, a merge that is let run at last leaves what an undisturbed one does."""
    begun(tmp_path)
    with child("killed_at_random", tmp_path, 10) as killer:
        assert said(killer) == "0"

    log = big.log(tmp_path)
    assert all(rows.equals(known[1][month]) for month, rows in months(log).items())
    assert days_are_right(log)


def test_reading_while_another_process_merges(tmp_path: Path) -> None:
    """A reader needs no lock: rows, days and heads are whole at every instant, and never go back."""
    log, month = big.log(tmp_path), big.MONTHS[0]
    seen, looks = 0, 0
    with child("merge_hour_by_hour", tmp_path) as writer:
        assert said(writer) == "begun"
        while seen < 79:
            assert writer.poll() is None or looks
            rows = log.read(month)
            assert rows["seq"].to_list() == list(range(1, rows.height + 1))
            assert rows.equals(rows.sort(READINGS.key))
            days = log.days()
            assert days["present"].sum() == days["quantity"].sum() >= rows.height >= seen
            seen = rows.height
            looks += 1

    assert looks > 10
    head = log.head(month)
    assert head is not None
    assert head.seq == 79
