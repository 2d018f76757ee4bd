"""What a command prints: results to standard output, remarks and progress to standard error."""

from __future__ import annotations

import logging
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pipelines.settings import Settings

_LOG: Final = logging.getLogger(__name__)

GAP: Final = "  "
DRAWN_GAP: Final = " | "

STORE_ALONE: Final = "No InfluxDB configured: the store alone is kept."


def say(text: str = "") -> None:
    """Print a line of the result."""
    typer.echo(text)


def remark(text: str) -> None:
    """Print a line that is not part of the result."""
    typer.echo(text, err=True)


def remark_on_target(settings: Settings) -> None:
    """Say so where no database is configured."""
    if settings.influxdb is None:
        remark(STORE_ALONE)


def say_table(columns: Sequence[str], rows: Sequence[Sequence[str]], *, naming: int) -> None:
    """Print a table: drawn on a terminal, aligned text elsewhere, row by row on a terminal that is too narrow.

    Args:
        columns: the headings.
        rows: as many cells each.
        naming: how many of the first columns say what a row is about; the others stand on the right.
    """
    widths = [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]
    if not sys.stdout.isatty():
        for row in (columns, *rows):
            cells = [
                cell.ljust(width) if place < naming else cell.rjust(width)
                for place, (cell, width) in enumerate(zip(row, widths, strict=True))
            ]
            say(GAP.join(cells).rstrip())
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console()
    if console.width < sum(width + len(DRAWN_GAP) for width in widths):
        for row in rows:
            say(GAP.join(row[:naming]))
            rest = zip(columns[naming:], row[naming:], strict=True)
            console.print(Text(", ".join(f"{column} {cell}" for column, cell in rest)))
        return
    table = Table()
    for place, column in enumerate(columns):
        table.add_column(column, justify="left" if place < naming else "right")
    for row in rows:
        table.add_row(*map(Text, row))
    console.print(table)


@dataclass(frozen=True)
class Progress:
    """Where work tells how far it is."""

    tell: Callable[[str], None]
    step: Callable[[str], None]
    """Told at the end of each part that was announced."""


@contextmanager
def progress(parts: int | None = None) -> Iterator[Progress]:
    """Show work in progress: a moving bar on a terminal, plain lines elsewhere. `parts` is None if unknown."""
    if not sys.stderr.isatty():

        def line(words: str) -> None:
            _LOG.info(words)
            remark(words)

        yield Progress(line, line)
        return
    from rich.console import Console  # noqa: PLC0415 - only a terminal needs it
    from rich.progress import BarColumn, MofNCompleteColumn, SpinnerColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
    from rich.progress import Progress as Bar  # noqa: PLC0415

    columns = (SpinnerColumn(), BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn())
    text = TextColumn("{task.description}", markup=False)
    with Bar(*columns, text, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("beginning", total=parts)

        def tell(words: str) -> None:
            _LOG.info(words)
            bar.update(task, description=words)

        def step(words: str) -> None:
            _LOG.info(words)
            bar.update(task, description=words, advance=1)

        yield Progress(tell, step)
