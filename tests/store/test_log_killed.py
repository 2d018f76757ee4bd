"""A merge that is killed, at any step or instant, costs a re-run and nothing else; readers never notice."""

from __future__ import annotations

import shutil
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest

from pipelines.store.files import sweep
from schemas.coverage import summarise
from schemas.revision import READINGS
from tests.store import big
from tests.store.children import child, said

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
    undisturbed(folder)
    return before, months(big.log(folder))


def undisturbed(folder: Path) -> None:
    """Merge the second answer."""
    for _ in big.log(folder).merge(big.second_answer(), big.LATER):
        pass


def same(found: dict[date, pl.DataFrame], wanted: dict[date, pl.DataFrame]) -> bool:
    """Tell whether two logs have the same months with the same rows."""
    return list(found) == list(wanted) and all(rows.equals(wanted[month]) for month, rows in found.items())


def months(log: Log) -> dict[date, pl.DataFrame]:
    """Return all rows, by month."""
    return {month: log.read(month) for month in log.months()}


def days_are_right(log: Log) -> bool:
    """Tell whether the days of every month are those of its rows."""
    return all(log.days([month]).equals(summarise(log.current(month), big.OSLO)) for month in log.months())


Known = tuple[dict["date", pl.DataFrame], dict["date", pl.DataFrame]]

STEPS: Final = len(big.MONTHS) * 2 * 3
"""Of each month its rows and their days; of each the file, its name and the folder."""


def test_killed_at_every_step(tmp_path: Path, known: Known) -> None:
    """Killed before any flush or rename, every month is the old or the new one; a re-run makes each the new one."""
    before, after = known
    begun(tmp_path / "before")

    def kill_before(step: int) -> tuple[int, str]:
        folder = tmp_path / f"killed-{step}"
        shutil.copytree(tmp_path / "before", folder)
        with child("merge", folder, step) as merging:
            assert said(merging) == "begun"
            return merging.wait(), said(merging)

    with ThreadPoolExecutor(2) as pool:
        ends = list(pool.map(kill_before, range(1, STEPS + 2)))
    assert ends == [(-signal.SIGKILL, "")] * STEPS + [(0, "done")]
    left = 0
    for step in range(1, STEPS + 2):
        folder = tmp_path / f"killed-{step}"
        log = big.log(folder)
        found = months(log)
        left += len(list(folder.rglob(".*.tmp")))
        assert list(found) == big.MONTHS
        assert all(rows.equals(before[month]) or rows.equals(after[month]) for month, rows in found.items())
        assert days_are_right(log)

        sweep(folder)
        undisturbed(folder)
        assert same(months(log), after)
        assert days_are_right(log)
        assert not list(folder.rglob(".*.tmp"))

    assert left == STEPS * 2 / 3


def test_killed_at_random(tmp_path: Path, known: Known) -> None:
    """Killed again and again at some instant, a merge that is let run at last leaves what an undisturbed one does."""
    log, chance = big.log(begun(tmp_path)), Random(7)  # noqa: S311 - no secret
    for _ in range(5):
        with child("merge", tmp_path) as merging:
            assert said(merging) == "begun"
            time.sleep(chance.uniform(0, 0.1))
        assert days_are_right(log)
    sweep(tmp_path)
    undisturbed(tmp_path)

    assert same(months(log), known[1])
    assert days_are_right(log)


def test_reading_while_another_process_merges(tmp_path: Path) -> None:
    """A reader needs no lock: rows, days and heads are whole at every instant, and never go back."""
    log, month = big.log(tmp_path), big.MONTHS[0]
    seen, looks = 0, 0
    with child("merge_hour_by_hour", tmp_path) as writer:
        assert said(writer) == "begun"
        while seen < 40:
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
    assert head.seq == 40
