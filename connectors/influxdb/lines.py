"""A polars frame becomes line protocol, by polars expressions; pure.

Line protocol is InfluxDB's text form of points, `measurement,tag=value field=value time`, one a line.
Source: InfluxData's line protocol reference. What the text cannot carry, or what some version of the
database stores as something else, is refused here, before anything is sent.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import polars as pl

from connectors.errors import OurMistake

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LINES_PER_REQUEST: Final = 10_000
"""Where throughput levels off on 1.6.7; about 1.5 MB of text, far below the 10 MiB that 3 Core takes."""

_NAME: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_SAFE_TAG: Final = r"^[A-Za-z0-9_.:-]+$"
# A backslash before a space or at the end of a tag swallows the separator, a line break ends the line, and
# an empty value is refused by 1.x: none of them has a written form.
_IMPOSSIBLE_TAG: Final = r"[\\\r\n]|^$"


@dataclass(frozen=True)
class Lines:
    """Some lines of one request. Kept as a column, so that a line is found again whatever it holds."""

    text: pl.Series = field(repr=False)

    @property
    def count(self) -> int:
        """How many lines there are."""
        return len(self.text)

    @property
    def body(self) -> bytes:
        """The lines as the database takes them."""
        return str(self.text.str.join("\n").item()).encode()

    def halves(self) -> tuple[Lines, Lines]:
        """Split in two, in order."""
        middle = self.count // 2
        return Lines(self.text.head(middle)), Lines(self.text.slice(middle))


def lines(
    frame: pl.DataFrame, *, measurement: str, tags: Sequence[str], fields: Sequence[str], time: str
) -> Iterator[Lines]:
    """Yield a frame's rows as line protocol with times in whole seconds, in slices for one request each.

    Floats are always written as floats, in the shortest form that reads back the same; integers carry an
    `i`, since a field that is a float in one shard and an integer in another splits in two (1.x). A null
    field is left out, and a row with no field at all gives no line.

    Args:
        frame: the rows, in the order in which they shall be written.
        measurement: the measurement that they all belong to.
        tags: the columns that say whose values they are; text, never null.
        fields: the columns of values: floats, integers, booleans, text.
        time: the column of UTC instants.

    Raises:
        OurMistake: the frame holds what the database cannot: a name or a type that it has no form for, a
            tag that is null, empty or has a backslash or line break in it, NaN or infinity, no time.
    """
    for name in (measurement, *tags, *fields):
        _check_name(name)
    _check_time(frame[time])
    for name in fields:
        _check_finite(frame[name])
    line = pl.concat_str(
        pl.lit(measurement),
        *(piece for name in tags for piece in (pl.lit(f",{name}="), _tag(frame[name]))),
        pl.lit(" "),
        pl.concat_str([_field(frame[name]) for name in fields], separator=",", ignore_nulls=True),
        pl.lit(" "),
        pl.col(time).dt.epoch("s").cast(pl.String),
    )
    valued = pl.any_horizontal(pl.col(name).is_not_null() for name in fields)
    for rows in frame.iter_slices(LINES_PER_REQUEST):
        text = rows.filter(valued).select(line).to_series()
        if len(text):
            yield Lines(text)


def _check_name(name: str) -> None:
    # A tag named "time" is refused by the database, a field named so is dropped without a word.
    if not _NAME.fullmatch(name) or name == "time":
        msg = f"{name!r} cannot be the name of a measurement, tag or field in InfluxDB"
        raise OurMistake(msg)


def _check_time(times: pl.Series) -> None:
    if not isinstance(times.dtype, pl.Datetime) or times.dtype.time_zone != "UTC" or times.has_nulls():
        msg = f"column {times.name!r} must hold UTC instants and no null to be the time of a point"
        raise OurMistake(msg)


def _check_finite(values: pl.Series) -> None:
    if values.dtype.is_float() and not values.is_finite().all():
        msg = f"column {values.name!r} holds NaN or infinity, which InfluxDB has no form for"
        raise OurMistake(msg)


def _is_text(dtype: pl.DataType) -> bool:
    return dtype.base_type() in {pl.String, pl.Categorical, pl.Enum}


def _tag(values: pl.Series) -> pl.Expr:
    distinct = values.unique().cast(pl.String)
    if not _is_text(values.dtype) or distinct.has_nulls() or distinct.str.contains(_IMPOSSIBLE_TAG).any():
        msg = f"column {values.name!r} cannot be a tag: not text, or null, empty, a backslash or a line break in it"
        raise OurMistake(msg)
    text = pl.col(values.name).cast(pl.String)
    return text if distinct.str.contains(_SAFE_TAG).all() else text.str.replace_all(r"([ ,=])", r"\${1}")


def _field(values: pl.Series) -> pl.Expr:
    column, dtype = pl.col(values.name), values.dtype
    key = pl.lit(f"{values.name}=")
    if dtype.is_integer():
        return pl.concat_str(key, column.cast(pl.String), pl.lit("i"))
    if dtype.is_float() or dtype == pl.Boolean:
        return pl.concat_str(key, column.cast(pl.String))
    if _is_text(dtype):
        quoted = column.cast(pl.String).str.replace_all(r'(["\\])', r"\${1}")
        return pl.concat_str(key, pl.lit('"'), quoted, pl.lit('"'))
    msg = f"column {values.name!r} of type {dtype} cannot be a field in InfluxDB"
    raise OurMistake(msg)
