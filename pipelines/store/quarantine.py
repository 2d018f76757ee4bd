"""Rows that broke a rule, each with the rule's name and its verbatim bytes; one Parquet file a connection.

An operator sends a bad row again at every re-read: it is new once. When a later answer for the same window
comes without it, it is resolved, and stays on file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import polars as pl

from pipelines.store.parquet import read_whole, replace_whole
from schemas.reading import INSTANT

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from pipelines.sync.piece import Piece

SCHEMA: Final = pl.Schema(
    {
        "source": pl.String(),
        "connection": pl.String(),
        "feed": pl.String(),
        "metering_point": pl.String(),
        "register": pl.String(),
        "start": INSTANT,
        "rule": pl.String(),
        "detail": pl.String(),
        "row": pl.Binary(),
        "asked_start": INSTANT,
        "asked_end": INSTANT,
        "first_seen": INSTANT,
        "last_seen": INSTANT,
        # Null while the operator still sends the row.
        "resolved_at": INSTANT,
    }
)

KEY: Final = ("feed", "metering_point", "register", "rule", "row")


class Quarantine:
    """One source's quarantine. Adding is for the holder of the source's lock."""

    def __init__(self, folder: Path, source: str) -> None:
        """Name the folder; nothing is made yet."""
        self._folder = folder / source
        self._source = source

    def path(self, connection: str) -> Path:
        """Return the file of a connection."""
        return self._folder / f"{connection}.parquet"

    def read(self, connection: str) -> pl.DataFrame:
        """Return every row of a connection, resolved ones too."""
        path = self.path(connection)
        return read_whole(path) if path.exists() else SCHEMA.to_frame(eager=True)

    def open_rows(self, connection: str) -> pl.DataFrame:
        """Return the rows that the operator still sends."""
        return self.read(connection).filter(pl.col("resolved_at").is_null())

    def add(self, connection: str, pieces: list[Piece]) -> pl.DataFrame:
        """Keep what the pieces (one or more) had rejected, resolve what they came without; return the new rows."""
        found = pl.concat([SCHEMA.to_frame(eager=True), *(self._rejected(connection, piece) for piece in pieces)])
        known = self.read(connection)
        is_open = pl.col("resolved_at").is_null()
        opened = known.filter(is_open)
        new = found.unique(subset=KEY, keep="last", maintain_order=True).join(
            opened, on=KEY, how="anti", nulls_equal=True
        )
        seen_at = pl.lit(max(piece.asked_at for piece in pieces), INSTANT)
        gone = opened.join(found, on=KEY, how="anti", nulls_equal=True).with_columns(
            resolved_at=pl.when(_asked_again(pieces)).then(seen_at)
        )
        if found.is_empty() and gone.filter(~is_open).is_empty():
            return new
        still_sent = opened.join(found, on=KEY, how="semi", nulls_equal=True).with_columns(last_seen=seen_at)
        replace_whole(self.path(connection), pl.concat([known.filter(~is_open), gone, still_sent, new]))
        return new

    def erase(self, metering_points: Collection[str], connection: str | None) -> tuple[int, int]:
        """Remove every row that is about one of the metering points or names it, and all of a connection's.

        Returns:
            How many rows there were, and how many are left.
        """
        named = [pl.col("row").bin.contains(point.encode()) for point in metering_points]
        about = pl.any_horizontal(pl.col("metering_point").is_in(list(metering_points)), *named).fill_null(value=False)
        before = left = 0
        for path in self._folder.glob("*.parquet"):
            rows = read_whole(path)
            kept = rows.clear() if path == self.path(connection or "") else rows.filter(~about)
            before += rows.height - kept.height
            if kept.is_empty():
                path.unlink()
            elif kept.height < rows.height:
                replace_whole(path, kept)
                left += read_whole(path).filter(about).height
        return before, left

    def _rejected(self, connection: str, piece: Piece) -> pl.DataFrame:
        columns = ("metering_point", "register", "start", "rule", "detail", "row")
        return (
            pl.DataFrame(
                [
                    (row.metering_point, row.register, row.start, row.rule, row.detail, row.row)
                    for row in piece.rejected
                ],
                schema={name: SCHEMA[name] for name in columns},
                orient="row",
            )
            .with_columns(
                source=pl.lit(self._source),
                connection=pl.lit(connection),
                feed=pl.lit(piece.ask.feed.value),
                asked_start=pl.lit(piece.ask.window.start, INSTANT),
                asked_end=pl.lit(piece.ask.window.end, INSTANT),
                first_seen=pl.lit(piece.asked_at, INSTANT),
                last_seen=pl.lit(piece.asked_at, INSTANT),
                resolved_at=pl.lit(None, INSTANT),
            )
            .select(SCHEMA.names())
        )


def _asked_again(pieces: list[Piece]) -> pl.Expr:
    """Tell whether one of the pieces asked for an open row's time, or for all that was asked for when it came.

    The latter for rows without a time, and for those whose time is nonsense.
    """
    return pl.any_horizontal(
        (pl.col("feed") == piece.ask.feed.value)
        & pl.col("metering_point").is_in(list(piece.metering_points))
        & (pl.col("register").is_in(list(piece.ask.registers)) if piece.ask.registers else pl.lit(value=True))
        & (
            pl.col("start").is_between(piece.ask.window.start, piece.ask.window.end, closed="left")
            | ((pl.col("asked_start") >= piece.ask.window.start) & (pl.col("asked_end") <= piece.ask.window.end))
        )
        for piece in pieces
    )
