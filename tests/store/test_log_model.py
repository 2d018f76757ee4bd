"""The log on disk against a model: whatever answers come, in whatever order, by whatever clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final

import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.coverage import summarise
from schemas.revision import READINGS, as_known_on
from tests.schemas.answers import ANOTHER_POINT, HOUR, POINT, Told, added, answer, empty_log
from tests.store import big

if TYPE_CHECKING:
    import pytest

    from pipelines.store.log import Log

NOW: Final = datetime(2026, 6, 1, 6, 30, tzinfo=UTC)
MARCH_ENDS: Final = 31 * 24 - 2

readings = st.builds(
    Told,
    hour=st.integers(MARCH_ENDS - 2, MARCH_ENDS + 1),
    quantity=st.sampled_from([0.0, 0.1, 2.7]),
    settled=st.booleans(),
    verified=st.booleans(),
    version=st.none(),
    point=st.sampled_from([POINT, ANOTHER_POINT]),
)
answers = st.lists(readings, max_size=6, unique_by=lambda told: (told.point, told.hour))
clocks = st.integers(-5, 5).map(lambda hours: NOW + hours * HOUR)


def _everything(log: Log) -> pl.DataFrame:
    months = [log.read(month) for month in log.months()]
    return pl.concat([empty_log(), *months]).sort(*READINGS.key, "seq")


def _by_month(log: Log) -> dict[object, pl.DataFrame]:
    return {month: log.read(month) for month in log.months()}


@settings(max_examples=30)
@given(story=st.lists(st.tuples(answers, clocks), max_size=5))
def test_what_is_on_disk(tmp_path_factory: pytest.TempPathFactory, story: list[tuple[list[Told], datetime]]) -> None:
    """Files only grow; numbers and instants rise in each; current rows, days and the past are the model's."""
    log, model = big.log(tmp_path_factory.mktemp("log")), empty_log()
    for number, (told, clock) in enumerate(story):
        before = _by_month(log)
        for _ in log.merge(answer(*told), clock):
            pass
        model, _ = added(model, answer(*told), NOW + timedelta(days=number))

        for month, rows in _by_month(log).items():
            by_number = rows.sort("seq")
            assert by_number["seq"].to_list() == list(range(1, rows.height + 1))
            assert by_number["known_at"].is_sorted()
            assert rows.equals(rows.sort(*READINGS.key, "seq"))
            if month in before:
                assert rows.filter(pl.col("seq") <= before[month].height).equals(before[month])
    numbers = ("seq", "known_at")
    assert _everything(log).drop(numbers).equals(model.drop(numbers))
    for month in log.months():
        assert log.days([month]).equals(summarise(log.current(month), big.OSLO))
        newest = log.head(month)
        assert newest is not None
        assert as_known_on(log.read(month), READINGS, newest.known_at).equals(log.current(month))
    for told, clock in story[-1:]:
        assert all(merged.kinds.is_empty() for merged in log.merge(answer(*told), clock))
    assert _everything(log).drop(numbers).equals(model.drop(numbers))
