"""Parquet files that others read and replace at any time: one edition is read, one edition is written, whole."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING

import polars as pl

from pipelines.store.files import StoreDamagedError, replacing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def read_whole(path: Path) -> pl.DataFrame:
    """Return the rows of one edition of a file.

    Given a path, polars opens the file once for its footer and again for its rows, and fails, or worse, where it
    was replaced in between. Raises `StoreDamagedError`.
    """
    try:
        return pl.read_parquet(path.read_bytes())
    except pl.exceptions.PolarsError:
        raise _damaged(path) from None


def read_footer(path: Path) -> dict[str, str]:
    """Return what a file says of itself. Raises `StoreDamagedError`."""
    try:
        return pl.read_parquet_metadata(path)
    except pl.exceptions.PolarsError:
        raise _damaged(path) from None


def _damaged(path: Path) -> StoreDamagedError:
    return StoreDamagedError(
        f"{path} is damaged: it is no Parquet file. Put it back from a backup; or remove it and run "
        "`wattline backfill --refetch`, which asks for what the operator still serves of it"
    )


def replace_whole(path: Path, frame: pl.DataFrame, metadata: Mapping[str, str] | None = None) -> None:
    """Let the rows take the file's place, with `metadata` in its footer.

    Raises `OSError` as `replacing` does: given a path, polars calls a full disk a violation of Parquet's
    specification.
    """
    content = BytesIO()
    frame.write_parquet(content, metadata=dict(metadata or {}))
    with replacing(path) as temporary:
        temporary.write_bytes(content.getbuffer())
