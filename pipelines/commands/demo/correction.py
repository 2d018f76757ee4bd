"""One hour that the simulated operator corrects after it was read, once in the life of the demo's folder."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import msgspec
import polars as pl

from connectors.registry import SOURCES
from pipelines.commands.output import say
from pipelines.flow import Flow
from pipelines.store.files import replacing
from sandbox.plans import Correction, hour_of
from schemas.registers import REGISTERS
from schemas.time import DAY, local_day, local_midnight

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.settings import Settings
    from sandbox.world import World

SOURCE: Final = "elvia"
REGISTER: Final = "consumption"
DAYS_AGO: Final = 3
EVENING: Final = timedelta(hours=18)
FACTOR: Final = 1.25


@dataclass(frozen=True)
class Corrected:
    """What has to be read again: a connection and a local year."""

    connection: str
    year: int


def remember_corrections(world: World, folder: Path) -> None:
    """Let the world show what it was corrected to in an earlier run: an operator doesn't forget."""
    if _file(folder).exists():
        world.corrections += msgspec.json.decode(_file(folder).read_bytes(), type=list[Correction])


def correct_one_hour(world: World, folder: Path) -> Corrected | None:
    """Correct an evening hour of the first household; None where that has happened already."""
    if world.corrections:
        return None
    now, metering_point = world.now(), next(iter(world.households))
    zone = SOURCES[SOURCE].zone
    day = local_day(now, zone) - DAYS_AGO * DAY
    hour = hour_of(local_midnight(day, zone) + EVENING)
    world.corrections.append(
        Correction(metering_point=metering_point, register=REGISTER, window=hour, shows=now, factor=FACTOR)
    )
    with replacing(_file(folder)) as temporary:
        temporary.write_bytes(msgspec.json.encode(world.corrections))
    return Corrected(world.households[metering_point].name, day.year)


def say_correction(world: World, settings: Settings) -> None:
    """Print every revision of the corrected hour, as the store has them."""
    log = Flow(settings, SOURCES[SOURCE], world.now()).store.readings
    for correction in world.corrections:
        start = correction.window.start
        local = start.astimezone(log.zone)
        rows = log.read(local.date().replace(day=1)).filter(
            pl.col("metering_point") == correction.metering_point,
            pl.col("register") == correction.register,
            pl.col("start") == start,
        )
        revisions = rows.unique("revision", keep="first", maintain_order=True).select(
            "revision", "quantity", "known_at"
        )
        say(f"The hour of {world.households[correction.metering_point].name} that begins {local:%Y-%m-%d %H:%M}:")
        for revision, quantity, known_at in revisions.iter_rows():
            since = f"{known_at.astimezone(log.zone):%Y-%m-%d %H:%M:%S}"
            say(f"  revision {revision}: {quantity} {REGISTERS[REGISTER].unit}, known since {since}")


def _file(folder: Path) -> Path:
    return folder / "corrections.json"
