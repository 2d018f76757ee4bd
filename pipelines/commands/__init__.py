"""The commands: `wattline doctor`, `backfill`, `sync` and so on.

`app.py` has their names and options, the file of its name what each does, and here is the one place where an
error becomes words and an exit code.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from pipelines.commands.app import app

if TYPE_CHECKING:
    from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run a command and end the process: 0 well, 1 something failed and was named, 2 usage or configuration.

    An error that nobody foresaw goes through, as a traceback without the values of variables.
    """
    try:
        app(arguments, prog_name="wattline")
    except Exception as error:
        from pipelines.commands.failures import explained  # noqa: PLC0415 - `--help` needs no settings

        ending = explained(error)
        if ending is None:
            raise
        typer.echo(ending.words, err=True)
        sys.exit(ending.code)
