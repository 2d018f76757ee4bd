"""`wattline demo`: the whole product on simulated readings, in a folder of its own; nothing is left running.

Neither the user's settings nor the environment's have a say in it, and of the system nothing is changed.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from pipelines.commands.backfill import fetch
from pipelines.commands.demo.arrived import create_database, say_what_arrived
from pipelines.commands.demo.correction import correct_one_hour, remember_corrections, say_correction
from pipelines.commands.demo.private import alone, logged_to, own_dagster_home, started_influxdb, stopped_by_sigterm
from pipelines.commands.failures import FAILED, WELL
from pipelines.commands.output import say
from pipelines.commands.report import say_report
from pipelines.commands.simulated import simulated_connections
from pipelines.commands.summary import say_summary
from pipelines.commands.sync import synchronise
from pipelines.commands.usage import UsageError
from pipelines.settings import load
from pipelines.store.files import private_folder
from sandbox.serve import running
from sandbox.world import demo_world

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.commands.tally import Tally
    from pipelines.settings import Settings
    from sandbox.world import World


def run(*, folder: Path) -> int:
    """Return the exit code.

    Raises:
        UsageError: the folder cannot be one.
        StoreBusyError: another demo runs in the folder.
        OutsideError: the private InfluxDB did not start.
    """
    folder = folder.absolute()
    try:
        private_folder(folder)
    except OSError as error:
        message = f"--folder: {folder} cannot be made: {error.strerror}; choose another"
        raise UsageError(message) from None
    with ExitStack() as stack:
        stack.enter_context(alone(folder))
        stack.enter_context(stopped_by_sigterm())
        stack.enter_context(own_dagster_home(folder))
        log = stack.enter_context(logged_to(folder / "demo.log"))
        world = demo_world()
        remember_corrections(world, folder)
        url = stack.enter_context(running(world)).url
        say(f"Sandbox: {url}, in this process.")
        environ = {"WATTLINE_DATA_DIR": str(folder / "data")}
        for variables in simulated_connections(world, url).values():
            environ |= variables
        environ |= stack.enter_context(started_influxdb(folder))
        # In `data` there is no settings file, whatever the user has put into the folder itself.
        settings = load(environ, folder / "data")
        create_database(settings)
        code = _play(world, settings, folder)
        say_report(settings, connections=None, out=None)
        say(f"The store is in {settings.data_dir / 'store'}, the log is {log}. Nothing is left running.")
    return code


def _play(world: World, settings: Settings, folder: Path) -> int:
    say("\nBackfill of every year that is served:")
    tallies = [fetch(settings, list(settings.connections))]
    say_summary(tallies[0])
    say("\nDaily sync:")
    tallies.append(synchronise(settings, list(settings.connections)))
    say_summary(tallies[1])
    if not any(_calls(tally) for tally in tallies):
        say("Nothing new to fetch.")
    if correction := correct_one_hour(world, folder):
        say("\nThe operator corrects an hour, and its year is read again:")
        tallies.append(
            fetch(settings, [correction.connection], first=correction.year, last=correction.year, refetch=True)
        )
        say_summary(tallies[2])
    say()
    say_correction(world, settings)
    equal = say_what_arrived(settings, world.now())
    return WELL if equal and all(tally.ok for tally in tallies) else FAILED


def _calls(tally: Tally) -> int:
    return sum(asking.calls for asking in tally.askings.values())
