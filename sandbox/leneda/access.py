"""Who may read whose registers: requests, what owners decide, attempts that failed, and the letters about it.

Source: leneda.eu, "Requesting access to someone else data". Access is per metering point and register.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

from msgspec import Struct

from sandbox.leneda.profile import LUXEMBOURG
from schemas.time import local_day

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime


class State(StrEnum):
    """How far a request for one register has come."""

    PENDING = "pending"
    GRANTED = "granted"
    REFUSED = "refused"
    REVOKED = "revoked"


@dataclass
class Access:
    """One asker's access to one register of somebody else's metering point; `since` when its state is so."""

    asker: str
    metering_point: str
    register: str
    state: State
    since: datetime


@dataclass(frozen=True)
class AccessRequest:
    """A request that was taken; asker and owner are Energy IDs."""

    number: int
    at: datetime
    asker: str
    owner: str
    metering_points: tuple[str, ...]
    registers: tuple[str, ...]


@dataclass(frozen=True)
class FalseAttempt:
    """A request whose name, Energy ID and metering points do not belong together."""

    at: datetime
    asker: str


@dataclass(frozen=True)
class Letter:
    """What the operator e-mailed to whom."""

    at: datetime
    to: str
    text: str


class Decision(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an owner does about a metering point; without a register, or without an asker, about all of them.

    `approve` and `refuse` answer what is pending, `revoke` ends what is granted, `grant` gives `asker`
    access that nobody asked for.
    """

    decision: Literal["approve", "refuse", "revoke", "grant"]
    metering_point: str
    register: str | None = None
    asker: str | None = None

    def about(self, access: Access) -> bool:
        """Tell whether it is about this access."""
        return (
            access.metering_point == self.metering_point
            and self.register in (None, access.register)
            and self.asker in (None, access.asker)
        )


_STEPS = {
    "approve": (State.PENDING, State.GRANTED),
    "refuse": (State.PENDING, State.REFUSED),
    "revoke": (State.GRANTED, State.REVOKED),
}


@dataclass
class AccessBook:
    """Everything about access to other people's data."""

    accesses: list[Access] = field(default_factory=list)
    requests: list[AccessRequest] = field(default_factory=list)
    false_attempts: list[FalseAttempt] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)

    def is_granted(self, asker: str, metering_point: str, register: str) -> bool:
        """Tell whether somebody may read a register that is not their own."""
        access = self._find(asker, metering_point, register)
        return access is not None and access.state is State.GRANTED

    def false_attempts_on_day(self, asker: str, now: datetime) -> int:
        """Count somebody's false attempts of the local day."""
        today = local_day(now, LUXEMBOURG)
        return sum(each.asker == asker and local_day(each.at, LUXEMBOURG) == today for each in self.false_attempts)

    def request(
        self, asker: str, owner: str, metering_points: Iterable[str], registers: Iterable[str], now: datetime
    ) -> AccessRequest:
        """Take a request that is right; it is pending, but for what is granted already."""
        taken = AccessRequest(len(self.requests) + 1, now, asker, owner, tuple(metering_points), tuple(registers))
        self.requests.append(taken)
        for metering_point in taken.metering_points:
            for register in taken.registers:
                if not self.is_granted(asker, metering_point, register):
                    self._put(asker, metering_point, register, State.PENDING, now)
        self.letters.append(Letter(now, owner, f"{asker} asks for access, request {taken.number}"))
        return taken

    def decide(self, decision: Decision, registers: Iterable[str], now: datetime) -> list[Access]:
        """Do what an owner decides and return what changed; `registers` are those of the metering point.

        Raises:
            ValueError: there is nothing to decide, or a grant says not to whom.
        """
        if decision.decision == "grant":
            if decision.asker is None:
                msg = "a grant needs an asker"
                raise ValueError(msg)
            given = registers if decision.register is None else [decision.register]
            changed = [self._put(decision.asker, decision.metering_point, each, State.GRANTED, now) for each in given]
        else:
            before, after = _STEPS[decision.decision]
            changed = [each for each in self.accesses if decision.about(each) and each.state is before]
            for access in changed:
                access.state, access.since = after, now
            if not changed:
                msg = f"nothing is {before} there"
                raise ValueError(msg)
        if decision.decision in ("approve", "grant"):
            for asker in dict.fromkeys(each.asker for each in changed):
                self.letters.append(Letter(now, asker, f"You have access to {decision.metering_point}"))
        return changed

    def _find(self, asker: str, metering_point: str, register: str) -> Access | None:
        wanted = (asker, metering_point, register)
        return next(
            (each for each in self.accesses if (each.asker, each.metering_point, each.register) == wanted), None
        )

    def _put(self, asker: str, metering_point: str, register: str, state: State, now: datetime) -> Access:
        access = self._find(asker, metering_point, register)
        if access is None:
            access = Access(asker, metering_point, register, state, now)
            self.accesses.append(access)
        access.state, access.since = state, now
        return access
