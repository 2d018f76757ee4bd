"""Send a request for access: written down first, sent once, and what became of it written down after."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from connectors.budget import Budget
from connectors.errors import OurMistake, OutsideError, Refused, RenewCredential
from pipelines.store.access import AskedMeanwhileError, Attempt, NoAttemptLeftError
from pipelines.sync.outcome import Outcome
from pipelines.who import who_must_act
from schemas.time import DAY, local_day, local_midnight, utc_now

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from connectors.access import Access, AccessRequest
    from connectors.base import Subject
    from pipelines.flow import Flow
    from pipelines.settings import Settings
    from pipelines.store.access import Requested


@dataclass(frozen=True)
class Sent:
    """What became of a request."""

    words: str
    ok: bool
    goes_on: bool
    """Whether there is any sense in sending another one now."""
    is_to_be_sent: bool = False
    """Whether it was not sent, as no attempt is left today."""


class Sending:
    """The requests of one connection, within the attempts of the day."""

    def __init__(
        self, settings: Settings, flow: Flow, access: Access, name: str, known: Mapping[Subject, Requested]
    ) -> None:
        """Bind the connection, and what was known to be asked for when the requests were planned."""
        self._flow, self._access, self._name, self._known = flow, access, name, known
        self._connection, self._book = flow.connections[name], flow.store.requests
        self._asker, self._limit = access.asker(self._connection), settings.access.attempts_per_day

    def left(self) -> int:
        """Return how many attempts are left today."""
        return max(0, self._limit - self._spent(utc_now()))

    def begins_again(self) -> str:
        """Say from when on attempts count anew."""
        zone = self._flow.source.zone
        return f"{local_midnight(local_day(utc_now(), zone) + DAY, zone).astimezone(zone):%Y-%m-%d %H:%M} ({zone.key})"

    def send(self, request: AccessRequest) -> Sent:
        """Send it, if an attempt is left. Where that is cut short, it stays written down, with an end nobody knows."""
        now = utc_now()
        day = local_day(now, self._flow.source.zone)
        attempt = Attempt(self._name, self._asker, day, now, self._limit)
        try:
            number = self._book.reserve(attempt, request, self._known)
        except NoAttemptLeftError:
            words = (
                f"not sent: {self._limit} of {self._limit} false attempts of today are used up "
                f"(access.attempts_per_day). Nobody has to act: it can be sent from {self.begins_again()}"
            )
            return Sent(words, ok=False, goes_on=False, is_to_be_sent=True)
        except AskedMeanwhileError:
            return Sent("not sent: another process has just asked for the same", ok=False, goes_on=True)
        try:
            self._access.send(self._name, self._connection, request, Budget(self._flow.store.budget_path))
        except OutsideError as error:
            return self._failed(number, error, now)
        self._book.taken(number)
        return Sent("asked for; its owner decides now", ok=True, goes_on=True)

    def _failed(self, number: int, error: OutsideError, now: datetime) -> Sent:
        if isinstance(error, (RenewCredential, OurMistake)):
            self._book.released(number)
            if isinstance(error, RenewCredential):
                self._flow.syncing([self._name]).failed(Outcome(self._flow.source.name, self._name), error)
            who = who_must_act(error.cause, self._flow.source.name, self._name)
            return Sent(f"FAILED: {error}. {who} No attempt was spent.", ok=False, goes_on=False)
        if isinstance(error, Refused):
            self._book.refused(number)
            how = "correct it before you ask again" if error.divisible else "mend that, or ask again another day"
            words = f"REFUSED: {error}. You must act: {how}. {self._count(now)}."
            return Sent(words, ok=False, goes_on=error.divisible)
        words = (
            f"UNKNOWN: {error}. Nobody knows whether it arrived, so that it is followed, counts as false "
            f"and is not repeated. You must act: look whether the operator shows it as pending. {self._count(now)}."
        )
        return Sent(words, ok=False, goes_on=False)

    def _count(self, now: datetime) -> str:
        return f"That is false attempt {self._spent(now)} of {self._limit} for today"

    def _spent(self, now: datetime) -> int:
        return self._book.spent(self._asker, local_day(now, self._flow.source.zone))
