"""All that a folder holds, unpacked: what is compressed inside files and databases is read, too."""

from __future__ import annotations

import gzip
import sqlite3
import zlib
from contextlib import closing, suppress
from typing import TYPE_CHECKING

import polars as pl
import zstandard

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def contents(folder: Path) -> Iterator[tuple[Path, bytes]]:
    """Yield every file's path and name with its bytes, as they lie there and unpacked."""
    for path in sorted(folder.rglob("*")):
        yield path, str(path).encode()
        if path.is_file() and not path.is_symlink():
            data = path.read_bytes()
            yield path, data
            for unpacked in _unpacked(path, data):
                yield path, unpacked


def _unpacked(path: Path, data: bytes) -> Iterator[bytes]:
    if data.startswith(b"SQLite format 3"):
        yield from _cells(path)
    elif data.startswith(b"PAR1"):
        frame = pl.read_parquet(path)
        for column in frame.select(pl.col(pl.String, pl.Binary)).iter_columns():
            yield b"\n".join(value.encode() if isinstance(value, str) else value for value in column.drop_nulls())
    elif data.startswith(b"\x28\xb5\x2f\xfd"):
        yield zstandard.ZstdDecompressor().decompress(data)
    elif data.startswith(b"\x1f\x8b"):
        yield gzip.decompress(data)


def _cells(path: Path) -> Iterator[bytes]:
    """Yield every cell of every table; what Dagster has compressed, it is told by trying."""
    with closing(sqlite3.connect(path)) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in database.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - its own tables
                for cell in row:
                    data = cell if isinstance(cell, bytes) else str(cell).encode()
                    yield data
                    with suppress(zlib.error):
                        yield zlib.decompress(data)
