"""What the pipelines may assume of a source at which access to somebody else's readings can be asked for.

Asking is unlike reading: the operator counts the requests that it finds false, and one that was sent can neither be
taken back nor be sent again without its owner getting another letter. So everything that can be known is checked
before, and nothing is ever repeated by itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Protocol

from connectors.base import Subject

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from connectors.budget import Budget
    from connectors.connection import ConnectionSettings

OWNER: Final = "owner"
OWNER_ID: Final = "owner_id"
METERING_POINTS: Final = "metering_points"
REGISTERS: Final = "registers"
"""The parts of a request: the fields of `AccessRequest`."""


@dataclass(frozen=True)
class AccessRequest:
    """One request: of one owner, some metering points, and the same registers of each. In the operator's spelling."""

    owner: str = field(repr=False)
    """The name under which the operator knows the owner."""
    owner_id: str = field(repr=False)
    """What the operator calls the owner by."""
    metering_points: tuple[str, ...]
    registers: tuple[str, ...]

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """What is asked for: each register of each metering point."""
        return tuple(Subject(point, register) for point in self.metering_points for register in self.registers)


class AccessFieldError(ValueError):
    """A part of a request is not what it should be; the words say what it should look like."""

    def __init__(self, part: str, words: str) -> None:
        """Keep which part it is."""
        super().__init__(words)
        self.part = part


class Access(Protocol):
    """How an operator takes requests for access."""

    def asker(self, connection: ConnectionSettings) -> str:
        """Return by whom the operator counts false attempts: equal for connections that it counts together."""
        ...

    def request(
        self,
        connection: ConnectionSettings,
        *,
        owner: str,
        owner_id: str,
        metering_points: Sequence[str],
        registers: Sequence[str],
    ) -> AccessRequest:
        """Put a wish into the operator's spelling. Raises `AccessFieldError` where a part cannot be right."""
        ...

    def rendered(self, connection: ConnectionSettings, request: AccessRequest) -> str:
        """Write the exact request as it would be sent, without its credential."""
        ...

    def send(self, name: str, connection: ConnectionSettings, request: AccessRequest, budget: Budget) -> None:
        """Send a request, once. Returning means that the operator took it, and that its owner decides now.

        Raises:
            Refused: the operator counts it as a false attempt, or may do so. Where it is not `divisible`, every
                other request would be refused, too.
            RenewCredential: the operator looked at nothing but the credential.
            OurMistake: nothing was sent.
            OutsideError: any other: nobody knows whether it was taken, or counted.
        """
        ...

    def reminder(self, connection: ConnectionSettings, owner: str, subjects: Sequence[Subject], asked_on: date) -> str:
        """Write a letter to an owner who has not decided; the user sends it."""
        ...
