"""Whether each credential is good, by one cheap call: the newest day. And whose each metering point is."""

from __future__ import annotations

from collections import defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from connectors.budget import Budget
from connectors.errors import OutsideError, Refused
from connectors.registry import SOURCES
from pipelines.commands.doctor.finding import Finding
from pipelines.commands.summary import counted
from pipelines.flow import Flow
from pipelines.who import who_must_act

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from connectors.base import Ask, RawAnswer, Session
    from pipelines.settings import Settings

MOST_POINTS_SHOWN: Final = 5


def look_at_connections(settings: Settings, now: datetime) -> Iterator[Finding]:
    """Yield how each connection answers, then the metering points that two of them claim."""
    for source in SOURCES.values():
        flow = Flow(settings, source, now)
        claims = _Claims(set(flow.connections), flow.store.ledger.owners())
        for name in flow.connections:
            yield _ask(settings, flow, name, now, claims)
        yield from claims.refused(source.name, settings)


@dataclass
class _Claims:
    """Which connections a metering point was seen under; those that are configured no more claim nothing."""

    configured: set[str]
    known: dict[str, list[str]]
    seen: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))

    def refused(self, source: str, settings: Settings) -> Iterator[Finding]:
        """Yield the metering points with more than one connection."""
        for point, connections in self.known.items():
            self.seen[point].update(self.configured.intersection(connections))
        for point, claiming in sorted(self.seen.items()):
            if len(claiming) > 1:
                names = " and ".join(f"connections.{name}" for name in sorted(claiming))
                words = f"{names} both claim {settings.names.get(point, point)}; set metering_points so that one does"
                yield Finding(f"{source} metering point", words, ok=False)


def _ask(settings: Settings, flow: Flow, name: str, now: datetime, claims: _Claims) -> Finding:
    source, connection = flow.source, flow.connections[name]
    subject = f"{source.name}/{name}"
    if (not_before := flow.store.ledger.contact(name).waits_until(now)) is not None:
        words = f"is not asked before {not_before:%Y-%m-%d %H:%M} UTC, as the operator wants it; come back then"
        return Finding(subject, words, ok=False)
    trials = flow.syncing().trials(name)
    if not trials:
        return Finding(subject, "lists no metering point, and the operator does not tell which there are", ok=False)
    covered: list[str] = []
    refusal: Refused | None = None
    try:
        with closing(source.open(name, connection, Budget(flow.store.budget_path))) as session:
            for trial in trials:
                answer, refusal = _first_answer(session, trial)
                covered += source.parse(answer).metering_points if answer else ()
    except OutsideError as error:
        return Finding(subject, f"{error}. {who_must_act(error.cause, source.name, name)}", ok=False)
    if refusal is not None and not covered:
        words = f"{refusal}. It may list a metering point that its credential does not cover, or have no contract now."
        return Finding(subject, words, ok=False)
    for point in covered:
        claims.seen[point].add(name)
    points = dict.fromkeys(point for trial in trials for ask in trial for point in ask.metering_points)
    words, ok = _coverage(covered, list(points), len(connection.listed_points()), settings)
    return Finding(subject, words, ok=ok)


def _coverage(covered: Sequence[str], points: Sequence[str], listed: int, settings: Settings) -> tuple[str, bool]:
    """Say what of the points that were asked for was answered, and whether that is well."""
    if not covered:
        return "the credential is good and covers no metering point; order access to one", False
    if lacking := [point for point in points if point not in covered]:
        return (
            f"there is no answer for {_shown(lacking, settings)}; take it out of metering_points, or order access",
            False,
        )
    of_many = f" (the first of {listed} listed)" if listed > len(points) else ""
    return f"covers {counted(len(covered), 'metering point')}{of_many}: {_shown(covered, settings)}", True


def _first_answer(session: Session, asks: Sequence[Ask]) -> tuple[RawAnswer | None, Refused | None]:
    refusal = None
    for ask in asks:
        try:
            return session.ask(ask), None
        except Refused as error:
            refusal = error
    return None, refusal


def _shown(points: Sequence[str], settings: Settings) -> str:
    shown = ", ".join(settings.names.get(point, point) for point in points[:MOST_POINTS_SHOWN])
    return f"{shown}, ..." if len(points) > MOST_POINTS_SHOWN else shown
