"""Somebody with a key at a simulated Leneda, whose neighbours have metering points: the commands as a user has them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from connectors.leneda.source import LENEDA
from pipelines.access.check import check
from pipelines.flow import Flow, SourceRun
from pipelines.settings import load
from sandbox.leneda.access import Decision
from sandbox.leneda.demo import metering_point_code
from sandbox.leneda.grid import MeteringPoint
from schemas.time import DAY, local_day, local_midnight, utc_now

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from pipelines.access.check import Checked
    from sandbox.leneda.access import AccessBook
    from sandbox.serve import Sandbox
    from sandbox.world import Call
    from tests.commands.conftest import Ended, Installation

ASKER: Final = "LUXE-XX-YY-12341"
KEY: Final = "canary-00000000-0000-4000-8000-000000000001"
OWNER: Final = "LUXE-XX-YY-12342"
OWNER_NAME: Final = "Canary Müller"
MINE, THEIRS, OTHERS = (metering_point_code(serial) for serial in (11, 12, 13))
REGISTERS: Final = ("consumption", "consumption_remaining")
PATH: Final = "/api/metering-data-access-request"


@dataclass
class Community:
    """One connection, named plant, that lists nothing, and a neighbour with two metering points."""

    installation: Installation
    sandbox: Sandbox
    days: int = 40

    def __post_init__(self) -> None:
        """Let everybody move in."""
        since = local_midnight(local_day(utc_now(), LENEDA.zone) - self.days * DAY, LENEDA.zone)
        grid = self.sandbox.world.leneda
        grid.admit(ASKER, "Plant Example", KEY, [MeteringPoint(MINE, "mine", ("consumption",), since)])
        points = [MeteringPoint(code, "theirs", REGISTERS, since) for code in (THEIRS, OTHERS)]
        grid.admit(OWNER, OWNER_NAME, "key-2", points)
        self.set("source", "leneda")
        self.set("base_url", self.sandbox.leneda_url)
        self.set("energy_id", ASKER)
        self.set("api_key", KEY)
        self.set("history_years", 1)
        # The budget counts in real time, in which a simulated month is a minute.
        self.set("calls_per_minute", 60_000)

    def set(self, key: str, value: object, connection: str = "plant") -> None:
        """Set a key of a connection."""
        self.installation.give(**{f"CONNECTIONS__{connection.upper()}__{key.upper()}": str(value)})

    @property
    def folder(self) -> Path:
        """The working folder."""
        return self.installation.folder

    # What the user does.

    def request(self, *more: str, owner: str = OWNER_NAME, energy_id: str = OWNER, pod: str = THEIRS) -> Ended:
        """Run `wattline access request` for one register, unless more are named."""
        registers = () if "--register" in more else ("--register", "consumption")
        given = ("--connection", "plant", "--owner", owner, "--energy-id", energy_id, "--pod", pod)
        return self.installation.run("access", "request", *given, *registers, *more)

    def request_file(
        self, *lines: str, more: tuple[str, ...] = (), head: str = "owner,energy_id,pod,registers"
    ) -> Ended:
        """Run `wattline access request --file`, with these lines in it."""
        file = self.folder / "members.csv"
        file.write_text("\n".join([head, *lines, ""]), encoding="utf-8")
        return self.installation.run("access", "request", "--connection", "plant", "--file", str(file), *more)

    def check(self) -> Ended:
        """Run `wattline access check`."""
        return self.installation.run("access", "check")

    def states(self) -> dict[tuple[str, str], str]:
        """Return the states that `wattline access list --json` tells."""
        return {(one["metering_point"], one["register"]): one["state"] for one in self.listed()}

    def listed(self) -> list[dict[str, Any]]:
        """Return what `wattline access list --json` tells."""
        ended = self.installation.run("access", "list", "--json")
        assert ended.code == 0, ended.text
        accesses: list[dict[str, Any]] = json.loads(ended.out)["accesses"]
        return accesses

    # What the machinery does without the commands.

    def flow(self) -> Flow:
        """Return the flow of a run that begins now."""
        return Flow(load(), LENEDA, utc_now())

    def look(self) -> Checked:
        """Check as the sensor does."""
        return check(load(), self.flow(), ["plant"], all_granted=False, wait_s=0)

    def sync(self) -> SourceRun:
        """Ask about every year in one run."""
        flow = self.flow()
        return flow.run(flow.syncing().years(), ask=["plant"], load=[])

    # What the owner does, and what the operator saw.

    @property
    def book(self) -> AccessBook:
        """The operator's own book."""
        return self.sandbox.world.leneda.access

    def decide(
        self,
        decision: Literal["approve", "refuse", "revoke", "grant"],
        metering_point: str = THEIRS,
        register: str | None = None,
    ) -> None:
        """Let the owner decide."""
        order = Decision(decision=decision, metering_point=metering_point, register=register, asker=ASKER)
        self.book.decide(order, REGISTERS, self.sandbox.world.now())

    def calls(self) -> list[Call]:
        """Return what the operator was asked since the last time, and forget it."""
        calls = self.sandbox.world.calls
        seen = list(calls)
        calls.clear()
        return seen

    def posts(self) -> int:
        """Count the requests for access that reached the operator since the last time."""
        return sum(call.path.endswith(PATH) for call in self.calls())

    def asked_for(self) -> list[tuple[str, str | None]]:
        """Return the metering points and registers that the operator was asked for since the last time."""
        return sorted((call.metering_points[0], call.register) for call in self.calls() if call.metering_points)

    def stored(self) -> pl.DataFrame:
        """Return the current readings in the store."""
        import polars as pl  # noqa: PLC0415 - most of these tests store nothing

        store = self.flow().store.readings
        frames = [store.current(month) for month in store.months()]
        return pl.concat([store.shape.schema.to_frame(eager=True), *frames])
