"""How an announced wait and a coded body are read, whatever the service sends."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors.answer import PIECE, announced, inflated

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "header",
    [
        "90",
        " 90 ",
        "Sun, 22 Nov 2026 12:01:30 GMT",
        "Sunday, 22-Nov-26 12:01:30 GMT",
        "Sun Nov 22 12:01:30 2026",
        "Sun, 22 Nov 2026 12:01:30",
        "Sun, 22 Nov 2026 13:01:30 +0100",
    ],
)
def test_announced_wait(header: str) -> None:
    """Seconds and all three of HTTP's forms of a date say the same."""
    assert announced(header, NOW) == NOW + timedelta(seconds=90)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "0",
        "-5",
        "1.5",
        "soon",
        "9999999999",
        "٣",
        "Sun, 22 Nov 2026 12:00:00 GMT",
        "Sun, 22 Nov 2015 12:00:00 GMT",
        "Sun, 32 Nov 2026 12:00:00 GMT",
        "Sun, 22 Nov 2026 12:01:30 +9999",
    ],
)
def test_nothing_announced(header: str | None) -> None:
    """What is no wait, or one that is over, announces nothing."""
    assert announced(header, NOW) is None


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,2} [A-Z][a-z]{2} [0-9]{1,5} [0-9:]{8} ([+-][0-9]{4}|GMT)"))
@example("Fri, 31 Dec 9999 23:59:59 -2359")
@example("Mon, 01 Jan 0001 00:00:00 +2359")
def test_any_header_is_survived(header: str) -> None:
    """Whatever the header holds, it announces a later instant or none."""
    not_before = announced(header, NOW)

    assert not_before is None or not_before > NOW


@given(st.binary(), st.lists(st.integers(1, 40), min_size=1))
def test_inflating_whatever_the_pieces(body: bytes, sizes: list[int]) -> None:
    """A gzipped body is the same however the network cuts it."""
    coded, pieces = gzip.compress(body), list[bytes]()
    while coded:
        size = sizes[len(pieces) % len(sizes)]
        pieces.append(coded[:size])
        coded = coded[size:]

    assert b"".join(inflated(pieces, "GZIP")) == body


@given(st.binary(max_size=200), st.data())
def test_every_cut_is_noticed(body: bytes, data: st.DataObject) -> None:
    """A gzipped body that ends too soon is never taken for a whole one, wherever it is cut."""
    coded = gzip.compress(body)
    cut = coded[: data.draw(st.integers(1, len(coded) - 1))]

    with pytest.raises(ValueError, match="cut short"):
        list(inflated([cut], "gzip"))


def test_inflating_in_bounded_pieces() -> None:
    """However small a bomb is, it yields no more than a piece at once."""
    megabytes = 16 * 1024**2

    pieces = [len(piece) for piece in inflated([gzip.compress(bytes(megabytes))], "gzip")]

    assert (sum(pieces), max(pieces)) == (megabytes, PIECE)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip"])
def test_bytes_that_are_not_so_coded(coding: str) -> None:
    """A body that is not gzip, or of a coding that was not asked for, cannot be read."""
    with pytest.raises(ValueError, match=r"not gzip|not asked for"):
        list(inflated([b"[1, 2, 3]"], coding))


@pytest.mark.parametrize("coding", ["", "identity", "gzip"])
def test_empty_body(coding: str) -> None:
    """No body is an empty one, whatever coding it is said to have."""
    assert list(inflated([], coding)) == []
