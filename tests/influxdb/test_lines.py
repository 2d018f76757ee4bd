"""What line protocol is made of a frame, and what is refused before it is sent."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import OurMistake
from connectors.influxdb.lines import LINES_PER_REQUEST, Lines, lines

WHEN = datetime(2025, 1, 1, tzinfo=UTC)


def written(frame: pl.DataFrame, *, tags: tuple[str, ...] = (), fields: tuple[str, ...] = ("value",)) -> list[str]:
    """Return the lines of a frame whose column `start` is the time."""
    parts = lines(frame, measurement="reading", tags=tags, fields=fields, time="start")
    return [line for part in parts for line in part.body.decode().split("\n")]


def one(value: object, dtype: pl.DataType | type[pl.DataType] | None = None) -> pl.DataFrame:
    """Return a frame with one value."""
    return pl.DataFrame({"value": pl.Series([value], dtype=dtype), "start": [WHEN]})


@pytest.mark.parametrize(
    ("value", "dtype", "text"),
    [
        (1.0, pl.Float64, "1.0"),
        (-0.25, pl.Float64, "-0.25"),
        (0.1, pl.Float32, "0.1"),
        (1e22, pl.Float64, "1e+22"),
        (5e-324, pl.Float64, "5e-324"),
        (7, pl.Int64, "7i"),
        (-7, pl.Int8, "-7i"),
        (7, pl.UInt32, "7i"),
        (True, pl.Boolean, "true"),
        (False, pl.Boolean, "false"),
        ("try_later", pl.String, '"try_later"'),
        ("a b,c=d", pl.String, '"a b,c=d"'),
        ('said "no" \\ left', pl.String, '"said \\"no\\" \\\\ left"'),
        ("", pl.String, '""'),
        ("ok", pl.Enum(["ok"]), '"ok"'),
        ("ok", pl.Categorical, '"ok"'),
    ],
)
def test_field(value: object, dtype: pl.DataType, text: str) -> None:
    """Each type has its own form: a float is never written as an integer, an integer never as a float."""
    assert written(one(value, dtype)) == [f"reading value={text} 1735689600"]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50))
def test_float_is_exact(values: list[float]) -> None:
    """Every finite float reads back as the same float."""
    frame = pl.DataFrame({"value": values, "start": [WHEN] * len(values)})

    texts = [line.split("=")[1].split(" ")[0] for line in written(frame)]

    assert [math.copysign(1, value) for value in values] == [math.copysign(1, float(text)) for text in texts]
    assert values == [float(text) for text in texts]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("707057500000000018", "707057500000000018"),
        ("LU-1.29:0_x", "LU-1.29:0_x"),
        ("at home", r"at\ home"),
        ("a,b=c", r"a\,b\=c"),
        ("Strøm", "Strøm"),
    ],
)
def test_tag(value: str, text: str) -> None:
    """A tag's separators are escaped, and nothing else."""
    frame = one(1.0).with_columns(place=pl.lit(value))

    assert written(frame, tags=("place",)) == [f"reading,place={text} value=1.0 1735689600"]


def test_tags_and_fields_keep_their_order() -> None:
    """Tags come first, fields after, each in the order asked for."""
    frame = pl.DataFrame({"b": ["2"], "a": ["1"], "n": [1], "x": [0.5], "ok": [True], "start": [WHEN]})

    assert written(frame, tags=("b", "a"), fields=("x", "n", "ok")) == ["reading,b=2,a=1 x=0.5,n=1i,ok=true 1735689600"]


def test_null_field_is_left_out() -> None:
    """A null is no field, wherever it stands, and a row of nulls is no line."""
    frame = pl.DataFrame(
        {
            "x": [1.0, None, None, 4.0],
            "word": [None, "b", None, "d"],
            "start": [WHEN + timedelta(hours=hour) for hour in range(4)],
        }
    )

    assert written(frame, fields=("x", "word")) == [
        "reading x=1.0 1735689600",
        'reading word="b" 1735693200',
        'reading x=4.0,word="d" 1735700400',
    ]


def test_frame_without_rows_or_values() -> None:
    """Nothing to write makes no request."""
    assert written(one(1.0).clear()) == []
    assert written(one(None, pl.Float64)) == []


def test_time_is_whole_seconds() -> None:
    """A time is cut to its second, also before 1970."""
    frame = pl.DataFrame(
        {"value": [1.0, 2.0], "start": [WHEN + timedelta(microseconds=999_999), datetime(1969, 12, 31, 23, tzinfo=UTC)]}
    )

    assert written(frame) == ["reading value=1.0 1735689600", "reading value=2.0 -3600"]


def test_slices() -> None:
    """Many rows come in several requests, in order, none lost and none twice."""
    rows = 2 * LINES_PER_REQUEST + 1
    frame = pl.DataFrame({"value": range(rows)}).with_columns(start=pl.lit(WHEN))

    parts = list(lines(frame, measurement="reading", tags=(), fields=("value",), time="start"))

    assert [part.count for part in parts] == [LINES_PER_REQUEST, LINES_PER_REQUEST, 1]
    assert [int(line.split(b"=")[1].split(b"i")[0]) for part in parts for line in part.body.split(b"\n")] == list(
        range(rows)
    )


def test_halves() -> None:
    """Halves hold the same lines in the same order, though a text may have line breaks in it."""
    part = Lines(pl.Series(['a x="1\n2" 0', "b x=1 0", "c x=1 0"]))

    first, second = part.halves()

    assert (first.body, second.body) == (b'a x="1\n2" 0', b"b x=1 0\nc x=1 0")
    assert (first.count, second.count) == (1, 2)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_only_finite_floats(value: float) -> None:
    """What InfluxDB has no form for is our mistake, not a line that vanishes."""
    with pytest.raises(OurMistake, match="'value' holds NaN or infinity"):
        written(one(value))


@pytest.mark.parametrize("value", [None, "", "ends\\", "two\nlines", "two\rlines"])
def test_impossible_tag(value: str | None) -> None:
    """A tag that no line can carry is refused, and so the point is not stored under another name."""
    frame = one(1.0).with_columns(place=pl.lit(value, dtype=pl.String))

    with pytest.raises(OurMistake, match="'place' cannot be a tag"):
        written(frame, tags=("place",))


def test_number_is_no_tag() -> None:
    """Tags are text: a number would lose its leading zeros before it gets here."""
    with pytest.raises(OurMistake, match="'place' cannot be a tag"):
        written(one(1.0).with_columns(place=1), tags=("place",))


@pytest.mark.parametrize("dtype", [pl.Date, pl.Binary, pl.List(pl.Int64), pl.Null, pl.Decimal(10, 2)])
def test_impossible_field(dtype: pl.DataType) -> None:
    """A type without a form in line protocol is refused, never written as text."""
    with pytest.raises(OurMistake, match="cannot be a field"):
        written(one(None, dtype))


@pytest.mark.parametrize("name", ["time", "a b", "a,b", "", "1st", "strøm"])
def test_impossible_name(name: str) -> None:
    """Names need no escaping anywhere, and none is `time`, which 1.x drops without a word."""
    with pytest.raises(OurMistake, match="cannot be the name"):
        written(one(1.0).rename({"value": name}), fields=(name,))


@pytest.mark.parametrize(
    "times",
    [
        pl.Series([WHEN.replace(tzinfo=None)]),
        pl.Series([WHEN.astimezone(ZoneInfo("Europe/Oslo"))], dtype=pl.Datetime("us", "Europe/Oslo")),
        pl.Series([None], dtype=pl.Datetime("us", "UTC")),
        pl.Series([WHEN.date()]),
    ],
)
def test_only_utc_instants(times: pl.Series) -> None:
    """A time is an instant in UTC, and there is one."""
    with pytest.raises(OurMistake, match="'start' must hold UTC instants"):
        written(pl.DataFrame({"value": [1.0], "start": times}))


def test_lines_hide_what_they_hold() -> None:
    """Lines that get into a log or an exception show no metering point."""
    part = next(
        iter(
            lines(
                one(1.0).with_columns(p=pl.lit("7070")), measurement="m", tags=("p",), fields=("value",), time="start"
            )
        )
    )

    assert "7070" not in repr(part)
