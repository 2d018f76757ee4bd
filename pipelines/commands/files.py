"""Files that commands write for the user: refused before anything is read, whole or not there after."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import typer

from pipelines.commands.usage import UsageError
from pipelines.store.files import replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    import polars as pl


def check_out(out: Path | None) -> None:
    """Raise `UsageError` where the file of `--out` cannot be written."""
    message = None
    if out is not None and out.is_dir():
        message = f"--out: {out} is a folder; name a file in it"
    elif out is not None and not out.parent.is_dir():
        message = f"--out: there is no folder {out.parent}; make it, or correct the path"
    elif out is not None and not os.access(out.parent, os.W_OK):
        message = f"--out: nothing can be written in {out.parent}; choose another folder, or let this user write there"
    if message is not None:
        raise UsageError(message)


def write_csv(frames: Iterable[pl.DataFrame], out: Path | None) -> int:
    """Write frames with the same columns as one CSV, to standard output where no file is named; return the rows."""
    if out is None:
        return _write(frames, lambda text: typer.echo(text, nl=False))
    with replacing(out) as temporary, temporary.open("w", encoding="utf-8") as file:
        return _write(frames, file.write)


def _write(frames: Iterable[pl.DataFrame], write: Callable[[str], object]) -> int:
    """Write frame by frame, so that a fleet's hours need the memory of one month."""
    count = 0
    for number, frame in enumerate(frames):
        write(frame.write_csv(include_header=number == 0, datetime_format="%Y-%m-%dT%H:%M:%SZ"))
        count += frame.height
    return count
