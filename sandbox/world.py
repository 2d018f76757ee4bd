"""Everything that decides what the simulated operators answer, in one object that tests and users can change."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sandbox import households
from sandbox.faults import FaultPlan
from sandbox.leneda.demo import demo_grid
from sandbox.leneda.grid import Grid
from sandbox.publication import Publication
from schemas.time import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from sandbox.households import Household
    from sandbox.plans import Absence, Correction, Unverified
    from schemas.time import Window

_CALLS_KEPT: Final = 10_000


@dataclass
class Token:
    """What a token opens; a deleted one opens nothing until it is restored."""

    metering_points: tuple[str, ...]
    deleted: bool = False


@dataclass
class Call:
    """One request as the server saw it.

    `token` (at Leneda the API key) is None where none was known, so that no real one is kept. `register` is
    Leneda's, where the call is about one.
    """

    at: datetime
    path: str
    token: str | None = None
    metering_points: tuple[str, ...] = ()
    register: str | None = None
    window: Window | None = None
    status: int | None = None


@dataclass
class World:
    """Who lives there, what time it is, and what the operator does.

    `sporadic`: a few hours come late and a few are corrected by themselves, by a closed form.
    `calls_per_hour`: per token; None lifts the limit. `foreign_point_status`: the answer for a metering
    point that the token does not cover (200: it is left out). `outside_contract_status`: the answer where
    the asked time lies outside every asked point's contract. What Elvia really answers there is unknown.
    These three, households, tokens, publication and `unverified` are Elvia's; `leneda` is what Leneda has
    instead. Clock, `sporadic`, absences, corrections, faults and the log of calls are for both.
    """

    households: dict[str, Household] = field(default_factory=dict)
    tokens: dict[str, Token] = field(default_factory=dict)
    now: Callable[[], datetime] = utc_now
    publication: Publication = field(default_factory=Publication)
    sporadic: bool = False
    absences: list[Absence] = field(default_factory=list)
    corrections: list[Correction] = field(default_factory=list)
    unverified: list[Unverified] = field(default_factory=list)
    faults: FaultPlan = field(default_factory=FaultPlan)
    calls_per_hour: int | None = 200
    foreign_point_status: int = 403
    outside_contract_status: int = 400
    leneda: Grid = field(default_factory=Grid)
    calls: deque[Call] = field(default_factory=lambda: deque(maxlen=_CALLS_KEPT))
    _recent: dict[str, deque[datetime]] = field(default_factory=dict, repr=False)

    def admit(self, token: str, residents: Iterable[Household]) -> None:
        """Let households move in, with one token that covers them all."""
        moving_in = {household.metering_point: household for household in residents}
        self.households |= moving_in
        self.tokens[token] = Token(tuple(moving_in))

    def throttle(self, token: str) -> timedelta | None:
        """Count a call and return None, or how long to wait where the token has used up its last hour's calls."""
        now = self.now()
        recent = self._recent.setdefault(token, deque())
        while recent and recent[0] <= now - timedelta(hours=1):
            recent.popleft()
        if self.calls_per_hour is not None and len(recent) >= self.calls_per_hour:
            return recent[len(recent) - self.calls_per_hour] + timedelta(hours=1) - now
        recent.append(now)
        return None


def demo_world(fleet: int = 0, now: Callable[[], datetime] = utc_now) -> World:
    """Return the world that a user develops against: four households, a fleet under one token, Leneda's users."""
    world = World(now=now, sporadic=True, leneda=demo_grid())
    for household in (households.home(), households.plus(), households.innlandet(), households.newcomer(now())):
        world.admit(f"sandbox-{household.name}", [household])
    if fleet:
        world.admit("sandbox-fleet", households.fleet(fleet))
    return world
