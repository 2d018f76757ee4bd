"""Raw answers: as they came, with when and what was asked, for as long as they are kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.base import Ask, Feed, RawAnswer
from pipelines.store.raw import RawAnswers
from tests.store.asks import ANOTHER_POINT, POINT, span

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from schemas.time import Window

NOON: Final = datetime(2026, 11, 22, 12, 0, 30, 123456, tzinfo=UTC)
YEAR: Final = span(0, 8760)


def answer(body: bytes = b"{}", at: datetime = NOON, feed: Feed = Feed.READINGS, window: Window = YEAR) -> RawAnswer:
    """Return an answer to a call that named two metering points."""
    return RawAnswer(Ask(feed, window, (POINT, ANOTHER_POINT), ("consumption",)), at, body)


@settings(max_examples=30)
@given(st.binary(max_size=200), st.sampled_from(Feed))
def test_what_was_landed_is_read_back(tmp_path_factory: pytest.TempPathFactory, body: bytes, feed: Feed) -> None:
    """Every byte comes back, line breaks and all, with what was asked and when, to the microsecond."""
    raw = RawAnswers(tmp_path_factory.mktemp("raw"))
    landed = answer(body, feed=feed)

    assert raw.read(raw.land("elvia", "home", landed)) == ("elvia", "home", landed)
    nameless = RawAnswer(Ask(feed, YEAR), NOON, body)
    assert raw.read(raw.land("elvia", "home", nameless)) == ("elvia", "home", nameless)


def test_answers_are_compressed(tmp_path: Path) -> None:
    """A body that repeats itself takes little room, and any zstd tool opens the file."""
    body = b'{"value": 1.25, "uom": "kWh"}\n' * 9000
    path = RawAnswers(tmp_path).land("elvia", "home", answer(body))

    assert path.stat().st_size < len(body) / 20
    assert zstandard.ZstdDecompressor().decompress(path.read_bytes()).split(b"\n", 1)[1] == body


def test_one_instant_twice(tmp_path: Path) -> None:
    """Two answers of one instant, as a coarse clock gives them, are two files."""
    raw = RawAnswers(tmp_path)
    paths = [raw.land("elvia", "home", answer(body)) for body in (b"one", b"two", b"three")]

    assert [raw.read(path)[2].body for path in paths] == [b"one", b"two", b"three"]
    assert len(set(paths)) == 3
    assert sorted(paths) == raw.files("elvia")


def test_files_are_in_order_of_time(tmp_path: Path) -> None:
    """A source's files are listed oldest first within each connection, whatever zone an instant was told in."""
    raw = RawAnswers(tmp_path)
    tokyo = (NOON + timedelta(hours=1)).astimezone(ZoneInfo("Asia/Tokyo"))
    for at in (NOON + timedelta(hours=2), NOON, tokyo):
        raw.land("elvia", "home", answer(at=at))
    raw.land("elvia", "cabin", answer())
    raw.land("leneda", "plant", answer())

    found = [(connection, each.asked_at - NOON) for _, connection, each in map(raw.read, raw.files("elvia"))]
    assert found == [("cabin", timedelta(0)), *(("home", timedelta(hours=hours)) for hours in range(3))]
    assert raw.files("nowhere") == []


def test_old_answers_are_dropped(tmp_path: Path) -> None:
    """What was asked before an instant goes, of this source alone; what was asked at it stays."""
    raw = RawAnswers(tmp_path)
    instants = [NOON - timedelta(days=1), NOON - timedelta.resolution, NOON, NOON + timedelta(days=1)]
    for at in instants:
        raw.land("elvia", "home", answer(at=at))
        raw.land("elvia", "home", answer(at=at, feed=Feed.PEAKS))
        raw.land("elvia", "cabin", answer(at=at))
        raw.land("leneda", "plant", answer(at=at))

    assert raw.drop_before("elvia", NOON) == 6
    assert [raw.read(path)[2].asked_at for path in raw.files("elvia")] == [
        *instants[2:],
        *(at for at in instants[2:] for _ in range(2)),
    ]
    assert len(raw.files("leneda")) == 4
    assert raw.drop_before("elvia", NOON) == 0
    assert raw.drop_before("nowhere", NOON) == 0


def test_no_credential_is_in_a_file(tmp_path: Path) -> None:
    """Beside the body a file holds what was asked and nothing else."""
    path = RawAnswers(tmp_path).land("elvia", "home", answer())
    header = zstandard.ZstdDecompressor().decompress(path.read_bytes()).split(b"\n", 1)[0].decode()

    assert header == (
        '{"source": "elvia", "connection": "home", "asked_at": "2026-11-22T12:00:30.123456+00:00", "feed": "readings",'
        ' "start": "2026-01-01T00:00:00+00:00", "end": "2027-01-01T00:00:00+00:00",'
        f' "metering_points": ["{POINT}", "{ANOTHER_POINT}"], "registers": ["consumption"]}}'
    )
