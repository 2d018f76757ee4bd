"""What was restated against plain dictionaries: whatever operators answer, and whenever a statement was issued."""

from __future__ import annotations

from typing import Final

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from pipelines.statement import restated
from schemas.revision import READINGS, current
from tests.schemas.answers import ANOTHER_POINT, HOUR, POINT, START, Told, added, answer, empty_log

Key = tuple[str, str, object]

TOLD: Final = pl.Schema(
    {"metering_point": pl.String(), "told_seq": pl.Int64(), "told_known_at": READINGS.schema["known_at"]}
)

readings = st.builds(
    Told,
    hour=st.integers(0, 3),
    quantity=st.sampled_from([0.0, 1.0, 2.5]),
    settled=st.booleans(),
    verified=st.none(),
    version=st.none(),
    point=st.sampled_from([POINT, ANOTHER_POINT]),
    register=st.sampled_from(["consumption", "production"]),
)
answers = st.lists(readings, max_size=8, unique_by=lambda told: (told.point, told.register, told.hour))


def values(log: pl.DataFrame) -> dict[Key, float]:
    """Return the current values of the metering point that was told of."""
    return {
        (point, register, start): quantity
        for point, register, start, quantity in current(log, READINGS).select(*READINGS.key, "quantity").rows()
        if point == POINT
    }


@given(st.lists(answers, max_size=6), st.integers(0, 6), st.sampled_from([HOUR, 0 * HOUR]))
def test_restated_is_the_difference_of_two_states(story: list[list[Told]], told_after: int, pace: object) -> None:
    """Each series is restated by what its values are now less what they were then, also where the clock stands."""
    log = then = empty_log()
    for number, told in enumerate(story):
        log, _ = added(log, answer(*told), START + number * pace)  # type: ignore[operator]
        then = log if number < told_after else then
    seq, known_at = then.select(pl.col("seq", "known_at").max()).row(0)
    mark = pl.DataFrame([(POINT, seq or 0, known_at or START)], schema=TOLD, orient="row")

    found = {(point, register): change for point, register, *change in restated(log, mark).rows()}

    before, now = values(then), values(log)
    expected: dict[tuple[str, str], list[float]] = {}
    for key, value in now.items():
        if before.get(key) != value:
            change = expected.setdefault(key[:2], [0.0, 0, 0])
            change[0] += value - before.get(key, 0.0)
            change[1 if key not in before else 2] += 1
    assert {series: change for series, change in found.items() if any(change)} == expected
