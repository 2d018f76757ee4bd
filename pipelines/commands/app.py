"""The commands' face: names, options, help. What a command does is in the file of its name.

Those files are imported when their command runs: Dagster alone takes three seconds, and `--help` needs none of it.
`docs/commands.md` is kept equal to this file by a test.
"""

# ruff: noqa: PLC0415 - see above

from datetime import date
from pathlib import Path
from typing import Annotated, Final, Literal

import typer

from pipelines.commands.app_access import access

app: Final = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    # Plain help and plain errors: a box around a message breaks it into pieces that nobody can search for.
    rich_markup_mode=None,
    # A drawn traceback shows the values of variables, and one of them may be a secret.
    pretty_exceptions_enable=False,
    help="Electricity meter readings from grid operators' customer APIs into InfluxDB, every late correction included.",
    epilog="Exit codes: 0 well; 1 something failed, and it says what; 2 usage or configuration.",
)


def _year(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) == len("2026")):
        message = f"{text!r} is not a year; write it as 2026"
        raise typer.BadParameter(message)
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        message = f"{text!r} is not a date; write it as 2026-01-31"
        raise typer.BadParameter(message) from None


def _month(text: str) -> date:
    try:
        return date.fromisoformat(f"{text}-01")
    except ValueError:
        message = f"{text!r} is not a month; write it as 2026-10"
        raise typer.BadParameter(message) from None


Connections = Annotated[
    list[str] | None,
    typer.Option("--connection", metavar="N", help="Only this connection; may be given again. All by default."),
]
FirstYear = Annotated[
    int | None, typer.Option("--from", metavar="Y", parser=_year, help="The first year; the oldest served by default.")
]
LastYear = Annotated[
    int | None, typer.Option("--to", metavar="Y", parser=_year, help="The last year; the running one by default.")
]
FirstDay = Annotated[
    date | None, typer.Option("--from", metavar="DATE", parser=_day, help="The first local day, such as 2026-01-31.")
]
LastDay = Annotated[
    date | None, typer.Option("--to", metavar="DATE", parser=_day, help="The last local day, itself included.")
]


@app.command()
def doctor(
    *,
    create: Annotated[
        bool, typer.Option("--create", help="Create the database or bucket where it is missing.")
    ] = False,
    probe: Annotated[bool, typer.Option("--probe", help="Write, read and delete a point in the database.")] = False,
    alarm: Annotated[bool, typer.Option("--alarm", help="Send a test message to everybody who gets alarms.")] = False,
) -> None:
    """Check that everything is in order.

    Settings, credentials, clock, disk, database, alarms: each line is ok, or says what to do.
    """
    from pipelines.commands.doctor import run

    raise typer.Exit(run(create=create, probe=probe, alarm=alarm))


@app.command()
def backfill(
    *,
    first: FirstYear = None,
    last: LastYear = None,
    connection: Connections = None,
    refetch: Annotated[
        bool, typer.Option("--refetch", help="Ask for everything again, whatever is known already.")
    ] = False,
) -> None:
    """Fetch every year that is served.

    Newest first; what was asked before is not asked again, but for what is due to be re-read.
    """
    from pipelines.commands.backfill import run

    raise typer.Exit(run(first=first, last=last, connections=connection, refetch=refetch))


@app.command()
def sync(*, connection: Connections = None) -> None:
    """Ask for what is new, late or due.

    What the schedules do, in one command: then load what changed.
    """
    from pipelines.commands.sync import run

    raise typer.Exit(run(connections=connection))


@app.command()
def status(*, as_json: Annotated[bool, typer.Option("--json", help="As JSON, with keys that stay.")] = False) -> None:
    """Show how everything stands.

    Every metering point and register, what is wrong with a connection, and who must act.
    """
    from pipelines.commands.status import run

    raise typer.Exit(run(as_json=as_json))


@app.command()
def load(
    *, full: Annotated[bool, typer.Option("--full", help="Load everything anew, whatever was loaded before.")] = False
) -> None:
    """Load the store into InfluxDB.

    Only what it lacks, if not told otherwise; no operator is asked.
    """
    from pipelines.commands.load import run

    raise typer.Exit(run(full=full))


@app.command()
def export(
    *,
    by: Annotated[Literal["hour", "day", "month"], typer.Option("--by", help="What a row is.")] = "hour",
    form: Annotated[Literal["csv", "parquet"], typer.Option("--format", help="Parquet needs --out.")] = "csv",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="PATH", help="The file to write; standard output by default.")
    ] = None,
    connection: Connections = None,
    first: FirstDay = None,
    last: LastDay = None,
) -> None:
    """Write current readings to a file.

    Out of the store, by hour, or summed by local day or month. A sum never counts a missing hour as zero.
    """
    from pipelines.commands.export import run

    raise typer.Exit(run(by=by, form=form, out=out, connections=connection, first=first, last=last))


@app.command()
def forget(
    *,
    connection: Annotated[
        str | None, typer.Option("--connection", metavar="N", help="All that this removed connection brought.")
    ] = None,
    metering_point: Annotated[
        str | None, typer.Option("--metering-point", metavar="ID", help="All that there is of this metering point.")
    ] = None,
) -> None:
    """Erase somebody's readings everywhere.

    In raw answers, store, quarantine, ledger, report, Dagster and InfluxDB; then prints what is left, which is nothing.
    """
    from pipelines.commands.forget import run

    raise typer.Exit(run(connection=connection, metering_point=metering_point))


@app.command()
def statement(
    *,
    month: Annotated[
        date, typer.Option("--month", metavar="MONTH", parser=_month, help="The local month, such as 2026-10.")
    ],
    form: Annotated[Literal["csv", "table"], typer.Option("--format", help="A table goes to the terminal.")] = "csv",
    out: Annotated[
        Path | None, typer.Option("--out", metavar="PATH", help="The file to write; standard output by default.")
    ] = None,
    connection: Connections = None,
    preview: Annotated[bool, typer.Option("--preview", help="Don't record that it was issued.")] = False,
) -> None:
    """Tell what a month came to.

    By metering point, register and layer of sharing, with totals: how much, how final, and what was restated since the
    last statement of that month was issued.
    """
    from pipelines.commands.statement import run

    raise typer.Exit(run(month=month, form=form, out=out, connections=connection, preview=preview))


@app.command()
def report(
    *,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="PATH", help="The file to write; report/index.html in data_dir by default."),
    ] = None,
    connection: Connections = None,
) -> None:
    """Write one HTML file with plots.

    Out of the store; it opens offline in any browser, loads nothing and sends nothing.
    """
    from pipelines.commands.report import run

    raise typer.Exit(run(out=out, connections=connection))


@app.command()
def dashboards(
    *,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="The folder to write to; made where it is missing.")
    ],
    datasource: Annotated[
        str, typer.Option("--datasource", metavar="UID", help="Grafana's uid of the InfluxDB data source.")
    ] = "wattline",
    connection: Connections = None,
) -> None:
    """Write dashboards for Grafana.

    For any Grafana to import, with this installation's metering points, and their names out of the settings.
    """
    from pipelines.commands.dashboards import run

    raise typer.Exit(run(out=out, datasource=datasource, connections=connection))


@app.command()
def sandbox(
    *,
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="The loopback port; 0 takes a free one.")
    ] = 8899,
    fleet: Annotated[
        int, typer.Option("--fleet", min=0, max=1_000_000, help="Metering points under one more token.")
    ] = 0,
) -> None:
    """Serve the operators' APIs, simulated.

    On this machine alone, until Ctrl-C; it says how to connect.
    """
    from pipelines.commands.sandbox import run

    raise typer.Exit(run(port=port, fleet=fleet))


@app.command()
def demo(
    *,
    folder: Annotated[
        Path, typer.Option("--folder", metavar="PATH", help="Where everything of the demo is kept.")
    ] = Path(".demo"),
) -> None:
    """Show it all, on simulated readings.

    Fills a store and an InfluxDB of its own from the sandbox, prints what arrived, leaves nothing running.
    """
    from pipelines.commands.demo import run

    raise typer.Exit(run(folder=folder))


app.add_typer(access, name="access")
