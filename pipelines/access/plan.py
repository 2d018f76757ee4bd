"""Everything about a request that can be known before an attempt is spent on it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from connectors.access import METERING_POINTS, OWNER, OWNER_ID, REGISTERS, AccessFieldError
from pipelines.access.check import standing
from pipelines.access.standing import WAITING, State
from pipelines.access.wish import WishError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from connectors.access import Access, AccessRequest
    from connectors.base import Subject
    from pipelines.access.standing import Standing
    from pipelines.access.wish import Wish
    from pipelines.flow import Flow
    from pipelines.settings import Settings


@dataclass(frozen=True)
class Planned:
    """A wish, and the request that is to be sent for it; none where `words` say why."""

    wish: Wish
    request: AccessRequest | None
    words: str = ""
    needs_somebody: bool = False
    """Whether it is not sent because somebody has to act first."""


class Planning:
    """The wishes of one connection, held against what is known."""

    def __init__(self, settings: Settings, flow: Flow, access: Access, name: str) -> None:
        """Bind what is known of the connection and of the others at the same operator."""
        self._flow, self._access, self._name = flow, access, name
        self.asked_for = flow.store.requests.requested(name)
        """What was asked for when the plan was made; what is asked for since makes it void."""
        self._standing: dict[Subject, Standing] = {one.subject: one for one in standing(settings, flow, name)}
        self._known = set(flow.store.ledger.known(name)) - set(flow.store.ledger.turned_down(name))
        self._claimed = _claims(flow, besides=name)

    def one(self, wish: Wish) -> Planned:
        """Plan a single request, of which all is to be sent. Raises `WishError` where any of it is not to be asked."""
        request = self._formed([wish])[0]
        told = [wish.at(METERING_POINTS, words) for words in map(self._granted_or_waiting, request.subjects) if words]
        if told:
            raise WishError("\n".join(told))
        return Planned(wish, request)

    def many(self, wishes: Sequence[Wish]) -> list[Planned]:
        """Plan the requests of a file, without what was asked for before. Raises `WishError` with every problem."""
        requests = self._formed(wishes)
        if problems := list(_contradictions(wishes, requests)):
            raise WishError("\n".join(problems))
        return [self._rest(wish, request) for wish, request in zip(wishes, requests, strict=True)]

    def _formed(self, wishes: Sequence[Wish]) -> list[AccessRequest]:
        """Put wishes into the operator's spelling; those that nothing else forbids."""
        requests: list[AccessRequest] = []
        problems: list[str] = []
        for wish in wishes:
            try:
                request = self._access.request(
                    self._flow.connections[self._name],
                    owner=wish.owner,
                    owner_id=wish.owner_id,
                    metering_points=wish.metering_points,
                    registers=wish.registers,
                )
            except AccessFieldError as error:
                problems.append(wish.at(error.part, str(error)))
                continue
            requests.append(request)
            problems += [
                wish.at(
                    METERING_POINTS, f"{point} belongs to connections.{self._claimed[point]}; one reads it, not two"
                )
                for point in request.metering_points
                if point in self._claimed
            ]
        if problems:
            raise WishError("\n".join(problems))
        return requests

    def _granted_or_waiting(self, subject: Subject) -> str:
        """Say why a subject is not to be asked for (again); nothing where it is."""
        one, what = self._standing.get(subject), f"{subject.metering_point} {subject.register}"
        if subject in self._known or (one is not None and one.state is State.GRANTED):
            return f"{what} may be read already; leave it out"
        if one is not None and one.state in WAITING and one.requested is not None and one.requested.is_taken:
            return f"{what} was asked for on {self._day(one)}, and its owner has not decided; leave it out"
        return ""

    def _rest(self, wish: Wish, request: AccessRequest) -> Planned:
        """Leave out of a line what was asked for before. Its registers are those of one metering point."""
        left = tuple(subject.register for subject in request.subjects if not self._granted_or_waiting(subject))
        if not left:
            return Planned(wish, None, "was asked for before")
        unknown = [one for subject in request.subjects if (one := self._standing.get(subject)) and _is_unknown(one)]
        if unknown:
            words = (
                f"was sent on {self._day(unknown[0])}, and nobody knows whether it arrived. You must act: look whether "
                "the operator shows it as pending; if not, send it by itself, with --owner, --energy-id, --pod and "
                "--register"
            )
            return Planned(wish, None, words, needs_somebody=True)
        rest = replace(request, registers=left)
        if refused_at := self._flow.store.requests.refused_at(rest):
            words = (
                f"was found false on {refused_at.astimezone(self._flow.source.zone):%Y-%m-%d}, word for word as it "
                "stands. You must act: correct it; or, if it is right now, send it by itself, with --owner, "
                "--energy-id, --pod and --register"
            )
            return Planned(wish, None, words, needs_somebody=True)
        return Planned(wish, rest)

    def _day(self, one: Standing) -> str:
        return f"{one.since.astimezone(self._flow.source.zone):%Y-%m-%d}"


def _claims(flow: Flow, besides: str) -> dict[str, str]:
    """Return the metering points that other connections list, read or have asked for, with whose they are."""
    listed = ((point, name) for name, connection in flow.connections.items() for point in connection.listed_points())
    read = ((point, name) for point, names in flow.store.ledger.owners().items() for name in names)
    asked_for = ((subject.metering_point, name) for subject, name in flow.store.requests.claims().items())
    every = (*listed, *read, *asked_for)
    return {point: name for point, name in every if name in flow.connections and name != besides}


def _is_unknown(one: Standing) -> bool:
    return one.state in WAITING and one.requested is not None and not one.requested.is_taken


def _contradictions(wishes: Sequence[Wish], requests: Sequence[AccessRequest]) -> Iterator[str]:
    """Yield what cannot all be right: a register twice, two owners of a metering point, two names of an owner."""
    rules: tuple[tuple[str, Callable[[AccessRequest], Mapping[object, object]], str], ...] = (
        (REGISTERS, lambda each: {subject: id(each) for subject in each.subjects}, "the same register of the same one"),
        (OWNER_ID, lambda each: dict.fromkeys(each.metering_points, each.owner_id), "another owner of the same one"),
        (OWNER, lambda each: {each.owner_id: each.owner}, "another name of the same owner"),
    )
    for part, facts_of, words in rules:
        first: dict[object, tuple[Wish, object]] = {}
        told: dict[str, None] = {}
        for wish, request in zip(wishes, requests, strict=True):
            for key, value in facts_of(request).items():
                before, known = first.setdefault(key, (wish, value))
                if known != value:
                    told[wish.at(part, f"{words} stands at {before.place}; correct one of them")] = None
        yield from told
