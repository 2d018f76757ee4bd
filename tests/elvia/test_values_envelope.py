"""The shape around the rows of `metervalues`: what is tolerated, what is empty, and what is the operator's change."""

from __future__ import annotations

import json
from typing import Final

import pytest

from connectors.errors import SourceChanged
from schemas import reading
from tests.elvia.bodies import ANOTHER_POINT, HOUR, JUNE, POINT, parsed, point, refused, row, stored, values, without


@pytest.mark.parametrize(
    "nothing",
    [
        values(),
        values(point()),
        values(without("metervalue", point())),
        values(point() | {"metervalue": None, "customerContract": None}),
        values(point(minutes=15), point(name=ANOTHER_POINT)),
    ],
    ids=["no points", "no rows", "no series", "null series", "nowhere a row"],
)
def test_nothing_to_tell(nothing: bytes) -> None:
    """Points without rows, and an answer without points, are answers: empty, with all columns."""
    candidates = parsed(nothing)

    assert candidates.frame.is_empty()
    assert candidates.frame.schema == reading.CANDIDATE
    assert list(candidates.bad) == []
    # A point without a series has no contract in the window, and may be nobody's.
    assert candidates.metering_points == tuple(
        part["meteringPointId"] for part in json.loads(nothing)["meteringpoints"] if part.get("metervalue")
    )


def test_points_without_rows_among_others() -> None:
    """A point without rows, before or between others, takes none of theirs."""
    body = values(point(), point(row(0), row(1), name=ANOTHER_POINT), without("metervalue", point()), point(row(3)))

    assert [(each, start) for each, _, start, _ in stored(parsed(body))] == [
        (ANOTHER_POINT, JUNE.start),
        (ANOTHER_POINT, JUNE.start + HOUR),
        (POINT, JUNE.start + 3 * HOUR),
    ]


def test_a_byte_order_mark() -> None:
    """A mark before the body changes nothing, and is in no verbatim row."""
    body = b"\xef\xbb\xbf" + values(point(row(0), row(1, value="x")))
    candidates = parsed(body)

    assert len(stored(candidates)) == 1
    assert refused(candidates) == [("row_is_readable", json.dumps(row(1, value="x")).encode())]


def test_unknown_keys_are_tolerated() -> None:
    """What an operator adds is no fault."""
    body = values(point(row(0, quality="good")) | {"place": "Hamar"}).replace(b"{", b'{"new": [1, {}], ', 1)

    assert len(stored(parsed(body))) == 1


CHANGED: Final[dict[str, bytes]] = {
    "HTML": b"<!DOCTYPE html><html><title>Vedlikehold</title></html>",
    "empty": b"",
    "another list": b"[]",
    "no list": b'{"meteringPoints": []}',
    "null": b'{"meteringpoints": null}',
    "gateway": b'{"statusCode": 401, "message": "Access denied"}',
    "cut": values(point(row(0)))[:-3],
    "no minutes": values(point() | {"metervalue": {"timeSeries": []}}),
    "no series": values(point() | {"metervalue": {"resolutionMinutes": 60}}),
    "no id": values(without("meteringPointId", point())),
    "no UTF-8": values(point()).replace(POINT.encode(), b"\xff"),
}


@pytest.mark.parametrize("name", CHANGED)
def test_another_shape(name: str) -> None:
    """An envelope of another shape is the operator's change, said in words that show nothing of the body."""
    with pytest.raises(SourceChanged, match=r"^elvia: the answer to readings has another shape") as caught:
        parsed(CHANGED[name])

    assert POINT not in str(caught.value)
    assert "Vedlikehold" not in str(caught.value)
