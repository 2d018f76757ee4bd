"""Quarantine: each bad row once, verbatim, open for as long as the operator sends it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

import pytest

from connectors.base import Ask, BadRow, Feed, Subject
from pipelines.store.quarantine import SCHEMA, Quarantine
from pipelines.sync.piece import Piece
from tests.store.asks import ANOTHER_POINT, POINT, START, span

if TYPE_CHECKING:
    from pathlib import Path

    from schemas.time import Window

MONDAY: Final = START + timedelta(days=60)
DAY: Final = timedelta(days=1)
WEEK: Final = span(0, 168)


@pytest.fixture
def quarantine(tmp_path: Path) -> Quarantine:
    """Return a quarantine in which nothing is."""
    return Quarantine(tmp_path, "elvia")


def bad(
    hour: int | None = 3, row: bytes = b'{"value": "x"}', point: str | None = POINT, rule: str = "quantity_min"
) -> BadRow:
    """Return a bad row of an hour, or of none that can be told."""
    start = None if hour is None else START + timedelta(hours=hour)
    return BadRow(point, "consumption", start, rule, "what is wrong", row)


def piece(
    *rejected: BadRow,
    day: int = 0,
    window: Window = WEEK,
    feed: Feed = Feed.READINGS,
    points: tuple[str, ...] = (POINT,),
) -> Piece:
    """Return what a call brought, some days later."""
    subjects = tuple(Subject(point) for point in points)
    return Piece(Ask(feed, window), MONDAY + day * DAY, subjects, rejected=rejected)


def kept(quarantine: Quarantine, connection: str = "home") -> list[tuple[bytes, datetime, datetime, datetime | None]]:
    """Return each row with when it was first and last seen, and resolved."""
    found = quarantine.read(connection).sort("first_seen", "row")
    return found.select("row", "first_seen", "last_seen", "resolved_at").rows()


def test_a_bad_row_is_kept_whole(quarantine: Quarantine) -> None:
    """A row is kept with its very bytes, its rule, where it belongs, and what was asked when it came."""
    row = b'{"value": "\xff\x00 caf\xc3\xa9",\n "startTime": 1}'
    new = quarantine.add("home", [piece(bad(row=row))])

    assert new.schema == SCHEMA
    assert quarantine.read("home").row(0, named=True) == {
        "source": "elvia",
        "connection": "home",
        "feed": "readings",
        "metering_point": POINT,
        "register": "consumption",
        "start": START + timedelta(hours=3),
        "rule": "quantity_min",
        "detail": "what is wrong",
        "row": row,
        "asked_start": WEEK.start,
        "asked_end": WEEK.end,
        "first_seen": MONDAY,
        "last_seen": MONDAY,
        "resolved_at": None,
    }
    assert new.equals(quarantine.read("home"))
    assert quarantine.open_rows("home").equals(new)


def test_nothing_bad_makes_no_file(quarantine: Quarantine) -> None:
    """Where nothing was ever refused there is no file, and nothing to read."""
    assert quarantine.add("home", [piece(), piece(day=1)]).is_empty()
    assert not quarantine.path("home").exists()
    assert quarantine.read("home").schema == SCHEMA
    assert quarantine.open_rows("home").is_empty()


def test_a_row_is_new_once(quarantine: Quarantine) -> None:
    """A row that comes again is no news, in one answer or in two; it is seen once more."""
    assert quarantine.add("home", [piece(bad(), bad()), piece(bad())]).height == 1
    assert quarantine.add("home", [piece(bad(), day=1), piece(bad(row=b"other"), day=2)])["row"].to_list() == [b"other"]

    assert kept(quarantine) == [
        (b'{"value": "x"}', MONDAY, MONDAY + 2 * DAY, None),
        (b"other", MONDAY + 2 * DAY, MONDAY + 2 * DAY, None),
    ]


@pytest.mark.parametrize(
    "other",
    [
        piece(bad(row=b"other")),
        piece(bad(rule="unit_is_the_registers")),
        piece(bad(point=ANOTHER_POINT)),
        piece(bad(point=None)),
        piece(bad(), feed=Feed.PEAKS),
    ],
    ids=["bytes", "rule", "point", "no point", "feed"],
)
def test_what_makes_another_row(quarantine: Quarantine, other: Piece) -> None:
    """Other bytes, another rule, metering point or feed make another row, and each is new once."""
    assert quarantine.add("home", [piece(bad())]).height == 1
    assert quarantine.add("home", [piece(bad()), other]).height == 1
    assert quarantine.add("home", [piece(bad()), other]).is_empty()
    assert quarantine.open_rows("home").height == 2


def test_connections_keep_apart(quarantine: Quarantine) -> None:
    """Each connection has its own file, and what one resolves stays open for the other."""
    for connection in ("home", "cabin"):
        assert quarantine.add(connection, [piece(bad())]).height == 1
    quarantine.add("home", [piece(day=1)])

    assert quarantine.open_rows("home").is_empty()
    assert quarantine.open_rows("cabin").height == 1


def test_a_row_that_no_longer_comes_is_resolved(quarantine: Quarantine) -> None:
    """An answer for the same hours without the row resolves it; it stays on file with when that was."""
    quarantine.add("home", [piece(bad(), bad(5, b"other"))])
    assert quarantine.add("home", [piece(bad(5, b"other"), day=1)]).is_empty()

    assert kept(quarantine) == [
        (b"other", MONDAY, MONDAY + DAY, None),
        (b'{"value": "x"}', MONDAY, MONDAY, MONDAY + DAY),
    ]
    assert quarantine.open_rows("home")["row"].to_list() == [b"other"]


def test_a_row_that_comes_back_is_new_again(quarantine: Quarantine) -> None:
    """A row that was resolved and comes again is news; what was on file stays there."""
    quarantine.add("home", [piece(bad())])
    quarantine.add("home", [piece(day=1)])
    new = quarantine.add("home", [piece(bad(), day=2)])

    row = b'{"value": "x"}'
    assert new["row"].to_list() == [row]
    assert kept(quarantine) == [(row, MONDAY, MONDAY, MONDAY + DAY), (row, MONDAY + 2 * DAY, MONDAY + 2 * DAY, None)]
    quarantine.add("home", [piece(day=3)])
    assert [resolved for *_, resolved in kept(quarantine)] == [MONDAY + DAY, MONDAY + 3 * DAY]


@pytest.mark.parametrize(
    ("row", "answer", "resolved"),
    [
        (bad(3), piece(day=1, window=span(0, 4)), True),
        (bad(3), piece(day=1, window=span(3, 4)), True),
        (bad(3), piece(day=1, window=span(0, 3)), False),
        (bad(3), piece(day=1, window=span(4, 168)), False),
        (bad(3), piece(day=1, points=(ANOTHER_POINT,)), False),
        (bad(3), piece(day=1, points=(ANOTHER_POINT, POINT)), True),
        (bad(3), piece(day=1, feed=Feed.PEAKS), False),
        # Without a time of its own a row is in question wherever it was asked for.
        (bad(None), piece(day=1, window=span(0, 167)), False),
        (bad(None), piece(day=1, window=span(1, 200)), False),
        (bad(None), piece(day=1, window=span(-5, 200)), True),
        # So is one whose time is nonsense; a time to come is asked for when it has come.
        (bad(-90_000), piece(day=1, window=span(0, 167)), False),
        (bad(-90_000), piece(day=1), True),
        (bad(200), piece(day=1), True),
        (bad(200), piece(day=1, window=span(100, 201)), True),
        (bad(200), piece(day=1, window=span(100, 200)), False),
    ],
)
def test_what_resolves_a_row(quarantine: Quarantine, row: BadRow, answer: Piece, *, resolved: bool) -> None:
    """Only an answer that would have had the row resolves it: its feed, its point, its time."""
    quarantine.add("home", [piece(row)])
    quarantine.add("home", [answer])

    assert quarantine.open_rows("home").is_empty() == resolved


def test_where_nothing_differs_nothing_is_written(quarantine: Quarantine) -> None:
    """An answer that neither has a bad row nor resolves one leaves the file as it is."""
    quarantine.add("home", [piece(bad())])
    quarantine.add("home", [piece(bad(5, b"other"))])
    before = quarantine.path("home").stat()
    quarantine.add("home", [piece(day=2, points=(ANOTHER_POINT,))])
    after = quarantine.path("home").stat()

    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_no_contract_then_resolves(quarantine: Quarantine) -> None:
    """Where the operator says that it has nothing for a window, what it had sent for it is resolved."""
    quarantine.add("home", [piece(bad())])
    quarantine.add("home", [Piece(Ask(Feed.READINGS, WEEK, (POINT,)), MONDAY + DAY, (Subject(POINT),))])

    assert quarantine.open_rows("home").is_empty()


def test_rows_without_anything(quarantine: Quarantine) -> None:
    """A row of which nothing can be told is kept once, and found again."""
    row = BadRow(None, None, None, "row_is_readable", "no object", b"")

    assert quarantine.add("home", [piece(row)]).height == 1
    assert quarantine.add("home", [piece(row, day=1)]).is_empty()
    assert kept(quarantine) == [(b"", MONDAY, MONDAY + DAY, None)]
