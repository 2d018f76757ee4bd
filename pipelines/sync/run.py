"""The run: every chosen connection asked at its own pace, merged together, and reported one by one."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from connectors.budget import Budget, fingerprint
from connectors.errors import OutsideError, RenewCredential, TryLater
from pipelines.access.standing import granted
from pipelines.store.alias import Aliases
from pipelines.store.contact import believed
from pipelines.sync.assignment import Assignment
from pipelines.sync.calling import Calling
from pipelines.sync.extract import Extraction
from pipelines.sync.looking import Looking
from pipelines.sync.merge import Merger
from pipelines.sync.outcome import Outcome
from pipelines.sync.piece import Piece
from pipelines.sync.plan import Rereading, deep_after
from pipelines.sync.side_by_side import SideBySide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from datetime import date, datetime

    from connectors.base import Ask, RawAnswer, Session, Source, Subject
    from connectors.connection import ConnectionSettings
    from pipelines.settings import SyncSettings
    from pipelines.store.contact import Contact
    from pipelines.store.home import SourceStore

DEAD_CREDENTIAL_RESTS: Final = timedelta(days=1)


@dataclass(frozen=True)
class Report:
    """What a run did: an outcome for every connection, and the months that changed."""

    outcomes: Mapping[str, Outcome]
    months: frozenset[date]


class Syncing:
    """Asking and storing for one source. For the holder of the source's lock."""

    def __init__(
        self,
        source: Source,
        store: SourceStore,
        connections: Mapping[str, ConnectionSettings],
        settings: SyncSettings,
        now: datetime,
    ) -> None:
        """Bind what is fixed for the run; `now` is its instant throughout."""
        self._source, self._store, self._connections = source, store, connections
        self._settings, self._now = settings, now

    def years(self) -> list[int]:
        """Return the local years that the operator serves now, newest first."""
        newest = self._source.published_until(self._now)
        oldest = min(self._source.history_start(feed, self._now) for feed in self._source.feeds)
        last = (newest - timedelta.resolution).astimezone(self._source.zone).year
        return list(range(last, oldest.astimezone(self._source.zone).year - 1, -1))

    def connections_to_ask(self, year: int) -> list[str]:
        """Return the connections with something to ask in a year; decided without a call."""
        with self._store.state.changing():
            return [
                name
                for name in self._connections
                if self.resting(name) is None and self._assignment(name, (year,)).has_something_to_ask()
            ]

    def trials(self, connection: str) -> list[list[Ask]]:
        """Return the calls by which `doctor` looks at a connection; see `Assignment.trials`."""
        return self._assignment(connection, ()).trials()

    def run(
        self, years: Sequence[int], *, refetch: bool = False, progress: Callable[[str], None] = lambda _: None
    ) -> Report:
        """Ask every connection for what is missing in the years, and bring it into the store."""
        outcomes = {name: Outcome(self._source.name, name) for name in self._connections}

        def ask(name: str) -> Iterator[Piece]:
            return self._ask(name, tuple(years), outcomes[name], refetch=refetch)

        merger, finished = self._gather(ask, outcomes, progress)
        with self._store.state.changing():
            for name, error in finished.items():
                # After the merge: a greeting counts once the metering points that it named are known.
                if outcomes[name].answered:
                    self._store.ledger.greeted(name, self._fingerprint(name) or "", self._now)
                self._store.ledger.forget_points(name, outcomes[name].gone)
                self._close(outcomes[name], error, years)
        return Report(outcomes, frozenset(merger.months))

    def look(
        self,
        subjects: Mapping[str, Sequence[Subject]],
        *,
        goes_on: Callable[[], bool] = lambda: True,
        progress: Callable[[str], None] = lambda _: None,
    ) -> Report:
        """Look whether these may be read, by connection, and bring what is answered into the store.

        `goes_on` is asked before each: once it says no, the rest is left for another time.
        """
        outcomes = {name: Outcome(self._source.name, name) for name in subjects}

        def ask(name: str) -> Iterator[Piece]:
            return self._look(name, subjects[name], outcomes[name], goes_on)

        merger, finished = self._gather(ask, outcomes, progress)
        for name, error in finished.items():
            if error is None:
                continue
            if isinstance(error, RenewCredential) or getattr(error, "not_before", None) is not None:
                self.failed(outcomes[name], error)
            else:
                # The next look heals it; whether the connection is well is for its runs to tell.
                outcomes[name].ended_by(error)
        return Report(outcomes, frozenset(merger.months))

    def _gather(
        self, ask: Callable[[str], Iterator[Piece]], outcomes: Mapping[str, Outcome], progress: Callable[[str], None]
    ) -> tuple[Merger, dict[str, OutsideError | None]]:
        """Merge what the connections bring side by side; return how each ended."""
        flags = {name: self._connections[name].flag_is_mute() for name in outcomes}
        merger = Merger(self._source, self._store, outcomes, flags, self._now)
        finished: dict[str, OutsideError | None] = {}
        for name, item in SideBySide(outcomes, ask).items():
            if isinstance(item, Piece):
                merger.add(name, item)
                progress(f"{self._source.name}/{name}: {self._told(item)}")
            elif item.error is None or isinstance(item.error, OutsideError):
                finished[name] = item.error
            else:
                raise item.error
        merger.flush()
        return merger, finished

    def _told(self, piece: Piece) -> str:
        start, end = (f"{bound.astimezone(self._source.zone):%Y-%m-%d %H:%M}" for bound in piece.ask.window.bounds)
        what = " ".join((piece.ask.feed, *piece.ask.registers))
        unknown = (f", {rows:,} provisional by the unknown {word}" for word, rows in piece.unfamiliar.items())
        return f"{what} from {start} to {end}: {piece.rows:,} rows{''.join(unknown)}"

    def _close(self, outcome: Outcome, error: OutsideError | None, years: Sequence[int]) -> None:
        ledger = self._store.ledger
        if error is None:
            contact = ledger.contact(outcome.connection)
            if contact.failed_at is not None and self._failure_stands(outcome, contact, years):
                return
            ledger.went_well(outcome.connection, self._now)
            if outcome.calls and self.years()[0] in years:
                ledger.counted(outcome.connection, outcome.nulls, outcome.unfamiliar)
            return
        self.failed(outcome, error)

    def failed(self, outcome: Outcome, error: OutsideError) -> None:
        """Record that a connection's asking ended so: before when, or with which credential, nothing is asked."""
        outcome.ended_by(error)
        if outcome.known_before:
            return
        ledger = self._store.ledger
        # One metering point that is refused among others that answer is no dead credential.
        dead = isinstance(error, RenewCredential) and not outcome.answered
        fingerprint = self._fingerprint(outcome.connection) if dead else None
        # A dead credential is asked again once a day, and was told of when it died.
        outcome.known_before = fingerprint is not None and ledger.contact(outcome.connection).dead == fingerprint
        ledger.failed(outcome.connection, error, self._now, dead=fingerprint)

    def _failure_stands(self, outcome: Outcome, contact: Contact, years: Sequence[int]) -> bool:
        """Tell whether a run of these years that went well was about other things than what failed before it."""
        name = outcome.connection
        if not outcome.calls and contact.dead in {None, self._fingerprint(name)}:
            # Nothing was due: no call was made, and no other credential put in, so nothing is known of it.
            return True
        others = (year for year in self.years() if year not in years)
        return bool(self._assignment(name, ()).unanswered()) or any(
            self._assignment(name, (year,)).has_something_to_ask() for year in others
        )

    def _ask(self, name: str, years: tuple[int, ...], outcome: Outcome, *, refetch: bool) -> Iterator[Piece]:
        with self._session(name, outcome) as session:
            extraction = Extraction(self._assignment(name, years, refetch=refetch), session, land=self._landing(name))
            try:
                for piece in extraction.pieces():
                    _count(outcome, piece)
                    yield piece
            finally:
                outcome.calls, outcome.bytes = extraction.calling.calls, extraction.calling.bytes
                outcome.answered, outcome.access_lost = extraction.proven, len(extraction.access_lost)
                outcome.gone = frozenset(subject.metering_point for subject in extraction.gone)

    def _look(
        self, name: str, subjects: Sequence[Subject], outcome: Outcome, goes_on: Callable[[], bool]
    ) -> Iterator[Piece]:
        with self._session(name, outcome) as session:
            assignment = self._assignment(name, ())
            looking = Looking(assignment, Calling(assignment, session, self._landing(name)), subjects)
            try:
                for piece in looking.pieces(goes_on):
                    _count(outcome, piece)
                    yield piece
            finally:
                outcome.calls, outcome.bytes = looking.calling.calls, looking.calling.bytes
                outcome.access_lost = len(looking.access_lost)
                self._store.requests.checked(name, looking.looked, self._now)

    @contextmanager
    def _session(self, name: str, outcome: Outcome) -> Iterator[Session]:
        if resting := self.resting(name):
            outcome.known_before = True
            raise resting
        session = self._source.open(name, self._connections[name], Budget(self._store.budget_path))
        try:
            yield session
        finally:
            session.close()

    def _landing(self, name: str) -> Callable[[RawAnswer], object]:
        return lambda answer: self._store.raw.land(self._source.name, name, answer)

    def _assignment(self, name: str, years: tuple[int, ...], *, refetch: bool = False) -> Assignment:
        ledger, contact = self._store.ledger, self._store.ledger.contact(name)
        same_credential = contact.greeted_by == self._fingerprint(name)
        settings, connection, seen = self._settings, self._connections[name], ledger.known(name)
        requested = self._store.requests.requested(name)
        turned_down = {subject: at for subject, at in ledger.turned_down(name).items() if believed(at, self._now)}
        may_be_read = granted(requested, seen, turned_down)
        # What was asked for is the access check's until it is granted, and so is the rest of a metering point of which
        # nothing was ever read: its owner has not decided yet, which is nobody's failure.
        waited_for = {*requested}.difference(may_be_read)
        unread = {subject.metering_point for subject in waited_for} - {subject.metering_point for subject in seen}
        most = self._source.points_per_call or settings.points_per_call
        return Assignment(
            source=self._source.narrowed(connection),
            connection=name,
            years=years,
            configured=tuple(subject for subject in connection.listed() if subject not in waited_for),
            possible=tuple(
                subject
                for subject in connection.possible()
                if subject not in waited_for and subject.metering_point not in unread
            ),
            granted=may_be_read,
            known=tuple(sorted(seen)),
            seen=seen,
            turned_down=turned_down,
            asked={feed: ledger.asked(name, feed) for feed in self._source.feeds},
            greeted_at=contact.greeted_at if same_credential and believed(contact.greeted_at, self._now) else None,
            rereading={
                feed: Rereading(
                    pace=rules.pace,
                    tail=timedelta(days=settings.reread_days),
                    deep_after=deep_after(settings.deep_reread_days, f"{self._source.name}/{name}"),
                )
                for feed, rules in self._source.feeds.items()
            },
            points_per_call=min(most, settings.points_per_call),
            now=self._now,
            alias=lambda metering_point: Aliases(self._store.state).of(metering_point),
            refetch=refetch,
        )

    def _fingerprint(self, name: str) -> str | None:
        try:
            identity = self._connections[name].identity(name)
        except RenewCredential:
            return None
        return fingerprint(identity)

    def resting(self, name: str) -> OutsideError | None:
        """Return why the connection is left alone: a wait that was announced, or a credential known to be dead."""
        contact = self._store.ledger.contact(name)
        words = contact.words or ""
        if (not_before := contact.waits_until(self._now)) is not None:
            return TryLater(words, not_before=not_before)
        dead = contact.dead is not None and contact.dead == self._fingerprint(name)
        if dead and believed(contact.failed_at, self._now) and self._now < contact.failed_at + DEAD_CREDENTIAL_RESTS:
            return RenewCredential(words)
        return None


def _count(outcome: Outcome, piece: Piece) -> None:
    outcome.asked.append(piece.ask.window)
    outcome.rows += piece.rows
    outcome.nulls += piece.nulls
    for word, rows in piece.unfamiliar.items():
        outcome.unfamiliar[word] = outcome.unfamiliar.get(word, 0) + rows
