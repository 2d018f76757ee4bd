"""The log against a model that keeps lists: whatever operators answer, in whatever pieces."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from schemas.revision import READINGS, as_known_on, corrected_since, current
from tests.schemas.answers import ANOTHER_POINT, HOUR, POINT, START, Told, added, answer, empty_log

FIRST: Final = datetime(2026, 4, 6, 6, 30, tzinfo=UTC)

Key = tuple[str, str, int]


@dataclass(frozen=True)
class Version:
    """One row of the model's log."""

    told: Told
    settled: bool
    revision: int
    known: int


class Model:
    """The design's words, row by row: every version of every reading, in order."""

    def __init__(self) -> None:
        """Know nothing."""
        self.versions: dict[Key, list[Version]] = {}

    def tell(self, told: Told, known: int) -> None:
        """Add a version where the value or the state differs."""
        versions = self.versions.setdefault((told.point, told.register, told.hour), [])
        if not versions:
            versions.append(Version(told, told.settled, 0, known))
            return
        last = versions[-1]
        if told.version is not None and last.told.version is not None and told.version < last.told.version:
            return
        corrected = told.quantity != last.told.quantity
        settled = told.settled or (last.settled and not corrected)
        state = (settled, told.verified, told.version)
        if corrected or state != (last.settled, last.told.verified, last.told.version):
            versions.append(Version(told, settled, last.revision + corrected, known))

    def rows(self, known: int) -> list[tuple[object, ...]]:
        """Return what was current when answer number `known` had come."""
        found = []
        for key, versions in sorted(self.versions.items()):
            by_then = [version for version in versions if version.known <= known]
            if by_then:
                found.append(_row(key, by_then[-1]))
        return found

    def corrected_after(self, known: int) -> list[tuple[object, ...]]:
        """Return the first version of every revision but the first that came later."""
        return [
            _row(key, version)
            for key, versions in sorted(self.versions.items())
            for before, version in zip(versions, versions[1:], strict=False)  # noqa: RUF007 - pairs of one key
            if version.revision > before.revision and version.known > known
        ]


def _row(key: Key, version: Version) -> tuple[object, ...]:
    told = version.told
    return (
        *key[:2],
        START + key[2] * HOUR,
        told.quantity,
        version.settled,
        told.verified,
        told.version,
        version.revision,
    )


def _rows(frame: pl.DataFrame) -> list[tuple[object, ...]]:
    state = ("quantity", "settled", "verified", "operator_version", "revision")
    return frame.select(*READINGS.key, *state).rows()


readings = st.builds(
    Told,
    hour=st.integers(0, 3),
    quantity=st.sampled_from([0.0, 1.0, 2.5]),
    settled=st.booleans(),
    verified=st.sampled_from([None, False, True]),
    version=st.sampled_from([None, 1, 2]),
    point=st.sampled_from([POINT, ANOTHER_POINT]),
    register=st.sampled_from(["consumption", "production"]),
)
answers = st.lists(readings, max_size=8, unique_by=lambda told: (told.point, told.register, told.hour))


@given(st.lists(answers, max_size=7))
def test_the_log_is_what_the_design_says(story: list[list[Told]]) -> None:
    """After every answer the log's current rows, its past and its corrections are the model's; it only grows."""
    model, log = Model(), empty_log()
    for number, told in enumerate(story):
        for each in told:
            model.tell(each, number)
        before = log
        log, _ = added(log, answer(*told), FIRST + number * HOUR)

        assert log.filter(pl.col("seq") <= before.height).equals(before)
        assert sorted(log["seq"].to_list()) == list(range(1, log.height + 1))
    for number in range(-1, len(story)):
        instant = FIRST + number * HOUR + timedelta(minutes=30)
        assert _rows(as_known_on(log, READINGS, instant)) == model.rows(number)
        assert _rows(corrected_since(log, READINGS, instant)) == model.corrected_after(number)
    assert _rows(current(log, READINGS)) == model.rows(len(story))


@given(st.lists(answers, max_size=3), answers, st.data())
def test_how_an_answer_is_cut_makes_no_difference(
    story: list[list[Told]], last: list[Told], data: st.DataObject
) -> None:
    """An answer in pieces, in any order, leaves the same current rows as the whole, and again adds nothing."""
    log = empty_log()
    for number, told in enumerate(story):
        log, _ = added(log, answer(*told), FIRST + number * HOUR)
    whole, _ = added(log, answer(*last), FIRST + 9 * HOUR)
    shuffled = data.draw(st.permutations(last))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(last)), max_size=3)))
    in_pieces = log
    for start, end in zip([0, *cuts], [*cuts, len(last)], strict=True):
        in_pieces, _ = added(in_pieces, answer(*shuffled[start:end]), FIRST + 9 * HOUR)

    assert _rows(current(in_pieces, READINGS)) == _rows(current(whole, READINGS))
    again, revised = added(in_pieces, answer(*last), FIRST + 10 * HOUR)
    assert again.equals(in_pieces)
    assert revised.kinds.is_empty()
