"""Everything that decides what the simulated Leneda answers, as the part of a world that is Leneda's."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from sandbox.leneda.access import AccessBook
from sandbox.leneda.switches import Switches

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from sandbox.leneda.plans import Oddity


@dataclass(frozen=True)
class MeteringPoint:
    """One metering point (POD); it has values since an instant.

    `plant`: the metering point of panels behind this one. The grid meter then counts what the house lacks or has left.
    """

    code: str
    name: str
    registers: tuple[str, ...]
    since: datetime
    plant: str | None = None


@dataclass
class Account:
    """A user: the Energy ID decides what may be read, the API key who asks. None: there is no key."""

    energy_id: str
    name: str
    api_key: str | None
    metering_points: tuple[str, ...]


@dataclass(frozen=True)
class SharingGroup:
    """People who share what they produce; owner and manager are Energy IDs."""

    id: int
    contract_number: str
    type: str
    owner: str
    manager: str
    start: date
    end: date | None
    metering_points: tuple[str, ...]


@dataclass
class Grid:
    """Who has which metering points, who may read them, and what the operator does."""

    accounts: dict[str, Account] = field(default_factory=dict)
    metering_points: dict[str, MeteringPoint] = field(default_factory=dict)
    groups: list[SharingGroup] = field(default_factory=list)
    access: AccessBook = field(default_factory=AccessBook)
    switches: Switches = field(default_factory=Switches)
    oddities: list[Oddity] = field(default_factory=list)

    def admit(self, energy_id: str, name: str, api_key: str | None, points: Iterable[MeteringPoint]) -> Account:
        """Let a user in with metering points of their own, and return the account."""
        moving_in = {point.code: point for point in points}
        self.metering_points |= moving_in
        self.accounts[energy_id] = Account(energy_id, name, api_key, tuple(moving_in))
        return self.accounts[energy_id]

    def account(self, api_key: str | None, energy_id: str | None) -> Account | None:
        """Return the user whose key and Energy ID these are."""
        account = self.accounts.get(energy_id or "")
        return account if account and api_key and account.api_key == api_key else None

    def may_read(self, account: Account, metering_point: str, register: str) -> bool:
        """Tell whether there is such a register, and it is the user's own or granted to them."""
        point = self.metering_points.get(metering_point)
        if point is None or register not in point.registers:
            return False
        return metering_point in account.metering_points or self.access.is_granted(
            account.energy_id, metering_point, register
        )

    def belong_together(self, energy_id: str, name: str, metering_points: Iterable[str]) -> bool:
        """Tell whether somebody of this Energy ID has this name and these metering points."""
        owner = self.accounts.get(energy_id)
        return owner is not None and owner.name == name and set(metering_points) <= set(owner.metering_points)

    def groups_of(self, account: Account) -> list[SharingGroup]:
        """Return the sharing groups that a user owns, manages or takes part in."""
        own = set(account.metering_points)
        return [
            group
            for group in self.groups
            if account.energy_id in (group.owner, group.manager) or own & set(group.metering_points)
        ]
