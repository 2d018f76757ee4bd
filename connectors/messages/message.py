"""What is told: a title and a text for people, and the same in parts for programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime  # noqa: TC003 - msgspec reads the annotations
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

import msgspec

from connectors.errors import OutsideError

if TYPE_CHECKING:
    from collections.abc import Callable


class NotDelivered(OutsideError):
    """The other side takes the message neither now nor later, as things are set; the user must act."""

    cause = "not_delivered"


@dataclass(frozen=True)
class Message:
    """One message. Its JSON is the body that a webhook gets; `docs/alarms.md` says what each key means."""

    title: str
    text: str
    state: Literal["begun", "over", "test"]
    kind: str
    scope: str
    about: tuple[str, ...]
    at: datetime
    id: str = field(default_factory=lambda: uuid4().hex)
    """The same however often it is sent, so that whoever gets it twice can tell."""

    def encoded(self) -> bytes:
        """Return the JSON."""
        return msgspec.json.encode(self)

    @classmethod
    def decoded(cls, data: bytes) -> Message:
        """Return the message of this JSON."""
        return msgspec.json.decode(data, type=cls)


@dataclass(frozen=True)
class Way:
    """One way to one receiver, by its key in the settings."""

    name: str
    send: Callable[[Message], None] = field(repr=False)
    """Delivers, or raises an `OutsideError` whose words hold no secret."""
