"""An installation with readings of both operators, three years at most, and the truth that its report must tell."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from html import unescape
from typing import TYPE_CHECKING, Any, Final

import polars as pl
import time_machine

from connectors.registry import SOURCES
from pipelines.flow import Flow
from pipelines.report.write import write_report
from pipelines.settings import load
from sandbox import households, truth
from sandbox.hours import OSLO
from sandbox.leneda import demo
from sandbox.leneda import truth as leneda_truth
from sandbox.leneda.profile import LUXEMBOURG
from sandbox.plans import Absence, Correction, hour_of
from sandbox.serve import running
from sandbox.world import World
from schemas.balance import PARTS
from schemas.time import DAY, HOUR, Window, local_midnight, utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pipelines.settings import Settings
    from sandbox.serve import Sandbox

# A Wednesday, 14:20 in Oslo and Luxembourg: behind it lie a leap day, and the clock changes of three years.
NOW: Final = datetime(2026, 6, 17, 12, 20, tzinfo=UTC)
TODAY: Final = NOW.date()

HOME: Final = households.home().metering_point
PLUS: Final = households.plus().metering_point
YOUNG: Final = households.metering_point_id(7)
COMMUNITY, ROOF, GAS = demo.CONSUMPTION, demo.PRODUCTION, demo.GAS
HOUSE, PANELS = demo.HOUSE, demo.PANELS
ZONES: Final = {HOME: OSLO, PLUS: OSLO, YOUNG: OSLO, **dict.fromkeys((COMMUNITY, ROOF, GAS, HOUSE, PANELS), LUXEMBOURG)}

REGISTERS: Final = {
    COMMUNITY: ["consumption", *PARTS["consumption"]],
    ROOF: ["production"],
    GAS: ["gas_energy", "gas_volume"],
}
"""What is read of the second operator's metering points."""

MALICE: Final = """<img src=x onerror="document.title='run'"></script><script>document.title='run'</script>&'"""
NAMES: Final = {HOME: MALICE, PLUS: "Hytta, øvre", PANELS: "The roof"}

HOLE: Final = Window(local_midnight(TODAY - 9 * DAY, OSLO) + 5 * HOUR, local_midnight(TODAY - 9 * DAY, OSLO) + 8 * HOUR)
"""Three hours of `HOME` that never come."""
PART_MISSING: Final = Window(
    local_midnight(TODAY - 12 * DAY, LUXEMBOURG) + 11 * HOUR, local_midnight(TODAY - 12 * DAY, LUXEMBOURG) + 14 * HOUR
)
"""Three hours in which `HOUSE` has no production, and all else."""
DARK_DAY: Final = TODAY - 200 * DAY
"""A local day of `HOME` without an hour."""
CORRECTED: Final = local_midnight(TODAY - 20 * DAY, OSLO) + 18 * HOUR
"""An hour of `HOME` that is corrected between two reads."""
TOKEN: Final = "canary-of-a-token"


@dataclass(frozen=True)
class Filled:
    """The installation after its reads; nothing is running any more."""

    folder: Path
    environ: dict[str, str]
    world: World

    @property
    def settings(self) -> Settings:
        """The settings as a command would read them."""
        return load(self.environ, self.folder)

    def report(self, path: Path, *connections: str, now: datetime = NOW) -> Report:
        """Write a report and read it."""
        return Report(write_report(self.settings, now, connections=connections or None, out=path))

    def served(self, point: str, register: str, since: datetime) -> pl.DataFrame:
        """Return the operator's hours since an instant, with their local `day` and `hour`."""
        window = Window(since, NOW)
        if point in self.world.households:
            frame = truth.served(self.world, point, register, window, NOW)
        else:
            frame = leneda_truth.hours(self.world, point, register, window, NOW)
        local = pl.col("start").dt.convert_time_zone(ZONES[point].key)
        return frame.drop_nulls("quantity").select(
            "start", "quantity", day=local.dt.date(), hour=local.dt.hour().cast(pl.Int64), weekday=local.dt.weekday()
        )


@dataclass(frozen=True)
class Report:
    """A report as it was written."""

    path: Path

    @property
    def text(self) -> str:
        """The whole file."""
        return self.path.read_text(encoding="utf-8")

    def part(self, point: str) -> str:
        """Return what the page says of one metering point."""
        (found,) = (part for part in self.text.split('<details class="point"')[1:] if f"point {point}<" in part)
        return found

    def cards(self, point: str, register: str) -> dict[str, str]:
        """Return the text of each headline number of a register, by its title."""
        (section,) = re.findall(rf'<section data-register="{register}">(.*?)</section>', self.part(point), re.DOTALL)
        cards = re.findall(r'<div class="card"><h4>(.*?)</h4>(.*?)</div>', section, re.DOTALL)
        return {title: text_of(card) for title, card in cards}

    def figures(self, point: str, kind: str) -> list[Any]:
        """Return the values of each plot of a kind."""
        pattern = rf'data-kind="{kind}">.*?<script type="application/json">(.*?)</script>'
        return [json.loads(found) for found in re.findall(pattern, self.part(point), re.DOTALL)]

    def hours(self, point: str, register: str) -> dict[str, Any]:
        """Return the values of a register's hours."""
        (name,) = re.findall(rf'id="(p\d+-{register}-hours)"', self.part(point))
        return self.values(point, name)

    def values(self, point: str, name: str) -> dict[str, Any]:
        """Return the values that go by this name in the page."""
        (found,) = re.findall(
            rf'<script type="application/json" id="{name}">(.*?)</script>', self.part(point), re.DOTALL
        )
        values: dict[str, Any] = json.loads(found)
        return values

    def rows(self, point: str, caption: str) -> list[list[str]]:
        """Return the rows of a metering point's table with this caption."""
        return self.table(caption, self.part(point))

    def table(self, caption: str, text: str = "") -> list[list[str]]:
        """Return the rows of the one table with this caption in a text (the page)."""
        pattern = rf"<caption>{re.escape(caption)}</caption>.*?<tbody>(.*?)</tbody>"
        (body,) = re.findall(pattern, text or self.text, re.DOTALL)
        return [
            [text_of(cell) for cell in re.findall(r"<t[dh][^>]*>(.*?)</t[dh]>", row, re.DOTALL)]
            for row in re.findall(r"<tr>(.*?)</tr>", body, re.DOTALL)
        ]


def text_of(html: str) -> str:
    """Return what a reader reads, with plain blanks and a plain minus."""
    text = unescape(re.sub(r"<[^>]*>", " ", html))
    return " ".join(text.replace("\u202f", "").replace("\u2212", "-").split())


def fill(folder: Path) -> Filled:
    """Let the operators serve, the installation read twice, and stop."""
    world = World(leneda=demo.demo_grid())
    young = households.Household(YOUNG, "young", local_midnight(TODAY - 100 * DAY, OSLO))
    for household in (households.home(), households.plus(), young):
        world.admit(f"{TOKEN}-{household.name}", [household])
    dark = Window(local_midnight(DARK_DAY, OSLO), local_midnight(DARK_DAY + DAY, OSLO))
    world.absences += [Absence(metering_point=HOME, window=window) for window in (HOLE, dark)]
    world.absences.append(Absence(metering_point=HOUSE, register="production", window=PART_MISSING))
    with running(world) as sandbox:
        environ = dict(_environ(world, sandbox))
        filled = Filled(folder, environ, world)
        with time_machine.travel(NOW - HOUR / 12, tick=False):
            for name in SOURCES:
                _read(filled, name, list(filled.settings.connections_of(name)))
        world.corrections.append(
            Correction(metering_point=HOME, window=hour_of(CORRECTED), shows=NOW - HOUR / 60, factor=2.0)
        )
        with time_machine.travel(NOW, tick=False):
            _read(filled, "elvia", ["home", "plus", "young"], refetch=True)
    world.now = lambda: NOW
    return filled


def _environ(world: World, sandbox: Sandbox) -> Iterator[tuple[str, str]]:
    keys: dict[str, dict[str, object]] = {
        household.name: {"source": "elvia", "base_url": sandbox.elvia_url, "token": f"{TOKEN}-{household.name}"}
        | {"calls_per_hour": 100_000}
        for household in world.households.values()
    }
    points = {
        "plant": [{"code": code, "registers": registers} for code, registers in REGISTERS.items()],
        "solar": [
            {"code": HOUSE, "registers": ["consumption", "production"]},
            {"code": PANELS, "registers": ["production"]},
        ],
    }
    accounts = {"plant": (demo.PLANT, demo.PLANT_KEY), "solar": (demo.SOLAR, demo.SOLAR_KEY)}
    for name, (energy_id, key) in accounts.items():
        keys[name] = {
            "source": "leneda",
            "base_url": sandbox.leneda_url,
            "energy_id": energy_id,
            "api_key": key,
            "history_years": 2 if name == "plant" else 1,
            "calls_per_minute": 60_000,
            "metering_points": json.dumps(points[name]),
        }
    keys["solar"]["gross_generation"] = json.dumps([{"code": PANELS}])
    for name, table in keys.items():
        for key, value in table.items():
            yield f"WATTLINE_CONNECTIONS__{name.upper()}__{key.upper()}", str(value)
    yield "WATTLINE_NAMES", json.dumps(NAMES)


def _read(filled: Filled, name: str, connections: list[str], *, refetch: bool = False) -> None:
    def flow() -> Flow:
        return Flow(filled.settings, SOURCES[name], utc_now())

    years = flow().syncing().years()
    for year in years[:1] if refetch else years:
        run = flow().run([year], ask=connections, load=[], refetch=refetch)
        assert all(outcome.ok for outcome in run.outcomes.values()), run.outcomes
