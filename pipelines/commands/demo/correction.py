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
    zone = _zone()
    day = local_day(now, zone) - DAYS_AGO * DAY
    hour = hour_of(local_midnight(day, zone) + EVENING)
    world.corrections.append(
        Correction(metering_point=metering_point, register=REGISTER, window=hour, shows=now, factor=FACTOR)
    )
    with replacing(_file(folder)) as temporary:
        temporary.write_bytes(msgspec.json.encode(world.corrections))
    return Corrected(world.households[metering_point].name, day.year)
