"""The face of `wattline access`: names, options, help, like those in `app.py`."""

# ruff: noqa: PLC0415 - what a command does is imported when it runs

from pathlib import Path
from typing import Annotated, Final

import typer

access: Final = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help="Access to other people's readings, where an operator takes requests for it.",
)


@access.command()
def request(
    *,
    connection: Annotated[str, typer.Option("--connection", metavar="N", help="The connection that asks.")],
    owner: Annotated[
        str | None, typer.Option("--owner", metavar="NAME", help="The owner's name, as the operator has it.")
    ] = None,
    energy_id: Annotated[str | None, typer.Option("--energy-id", metavar="ID", help="The owner's Energy ID.")] = None,
    pod: Annotated[
        list[str] | None, typer.Option("--pod", metavar="POD", help="A metering point; may be given again.")
    ] = None,
    register: Annotated[
        list[str] | None, typer.Option("--register", metavar="R", help="What to read of it; may be given again.")
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option("--file", metavar="CSV", help="A request a line instead: owner, energy_id, pod, registers."),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would be sent, and send nothing.")] = False,
) -> None:
    """Ask for access to somebody else's readings.

    Everything is checked first: operators allow few false attempts a day.
    """
    from pipelines.commands.access.request import run

    raise typer.Exit(
        run(
            connection=connection,
            owner=owner,
            energy_id=energy_id,
            pods=pod or (),
            registers=register or (),
            file=file,
            dry_run=dry_run,
        )
    )


@access.command("list")
def list_(*, as_json: Annotated[bool, typer.Option("--json", help="As JSON, with keys that stay.")] = False) -> None:
    """Show how access stands.

    Whatever was asked for, register by register; no operator is asked.
    """
    from pipelines.commands.access.listing import run

    raise typer.Exit(run(as_json=as_json))


@access.command()
def check() -> None:
    """Look at once what is granted, and what is lost.

    Dagster's sensor does the same every hour.
    """
    from pipelines.commands.access.check import run

    raise typer.Exit(run())
