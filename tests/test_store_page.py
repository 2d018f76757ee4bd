"""The queries of docs/store.md, run as they stand there against a store with a correction in it."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import duckdb
import pytest
from polars.testing import assert_frame_equal

from connectors.base import Feed
from pipelines.store.log import Log
from schemas.revision import READINGS, as_known_on, corrected_since, current
from tests.schemas.answers import Told, answer

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

PAGE: Final = (Path(__file__).parents[1] / "docs" / "store.md").read_text(encoding="utf-8")

BEFORE, INSTANT, AFTER = (datetime(2026, month, 1, tzinfo=UTC) for month in (10, 11, 12))
"""The page asks about the first of November; one value is corrected a month later."""

ANSWERS: Final[dict[str, tuple[str, Callable[[pl.DataFrame], pl.DataFrame]]]] = {
    "What is known now": ("now", lambda log: current(log, READINGS)),
    "What was known on a day": ("then", lambda log: as_known_on(log, READINGS, INSTANT)),
    "What was corrected since": ("corrected", lambda log: corrected_since(log, READINGS, INSTANT)),
}
"""By the heading of each section: the variable that holds the answer, and our own way to it."""


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pl.DataFrame:
    """Make the store that the page speaks of, below the working folder; return its log."""
    monkeypatch.chdir(tmp_path)
    store = Log(tmp_path / "data" / "store", "elvia", Feed.READINGS, ZoneInfo("Europe/Oslo"))
    (merged,) = store.merge(answer(Told(0, 1.0), Told(1, 2.0), Told(2, 3.0)), BEFORE)
    list(store.merge(answer(Told(1, 2.5), Told(2, 3.0, settled=True)), AFTER))
    return store.read(merged.month)


def _block(heading: str, language: str) -> str:
    section = PAGE.split(f"### {heading}\n")[1].split("\n### ")[0]
    found = re.search(rf"```{language}\n(.*?)```", section, re.DOTALL)
    assert found, f"{heading} has no example in {language}"
    return found[1]


@pytest.mark.parametrize("heading", ANSWERS)
def test_the_polars_query_gives_what_it_says(heading: str, log: pl.DataFrame) -> None:
    """Each example in polars gives the rows that the product itself would."""
    variable, ours = ANSWERS[heading]
    names: dict[str, Any] = {}

    exec(_block(heading, "python"), names)  # noqa: S102 - our own page

    expected = ours(log)
    assert expected.height > 0
    assert_frame_equal(names[variable].select(expected.columns), expected, check_row_order=False)


@pytest.mark.parametrize("heading", ANSWERS)
def test_the_sql_query_gives_what_it_says(heading: str, log: pl.DataFrame) -> None:
    """Each example for DuckDB gives the rows that the product itself would."""
    _, ours = ANSWERS[heading]
    names = ["metering_point", "register", "start", "revision", "quantity", "known_at"]

    with duckdb.connect() as database:
        database.execute("SET TimeZone = 'UTC'")
        answered = database.execute(_block(heading, "sql"))
        columns = [column[0] for column in answered.description or ()]
        rows = [dict(zip(columns, row, strict=True)) for row in answered.fetchall()]

    expected = ours(log).select(names)
    found = sorted((tuple(row[name] for name in names) for row in rows), key=repr)
    instants = [tuple(_utc(value) for value in row) for row in found]
    assert sorted(instants, key=repr) == sorted(expected.rows(), key=repr)


def _utc(value: object) -> object:
    return value.astimezone(UTC) if isinstance(value, datetime) else value
