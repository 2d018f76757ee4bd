"""What is wrong now, as causes, derived from what is kept. Nothing is asked, and nothing remembered.

What time or the next run heals by itself is no cause: holes, provisional readings, and a wait that an operator
announced. The checks of the summary show those.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from pipelines.alarms.cut_short import CutShort
from pipelines.alarms.kind import Kind
from pipelines.load.progress import Progress
from pipelines.status import LATE_AFTER, SeriesStatus
from pipelines.store.files import StoreDamagedError
from pipelines.store.shown import not_shown, running
from pipelines.who import DATABASE_AWAY, who_must_act

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from pipelines.flow import Flow
    from pipelines.store.contact import Contact

STORE: Final = "store"
INFLUXDB: Final = "influxdb"
SETTINGS: Final = "settings"

Standing = Sequence[SeriesStatus] | StoreDamagedError | None
"""How a source's registers stand; or the damage that keeps that from being known; or None: nobody has looked."""

Key = tuple[str, str, str]
"""Scope, kind and what it is about: equal for as long as the cause is the same."""

_KINDS: Final = {
    "renew_credential": Kind.CREDENTIAL,
    "refused": Kind.REFUSED,
    "our_mistake": Kind.MISTAKE,
}
"""By the cause of a contact; all else is the operator's."""

_OF_THE_OPERATOR: Final = frozenset({Kind.OPERATOR, Kind.MISTAKE})
"""One cause, however many connections it hits; of the others each connection has its own."""

_OF_CONTACTS: Final = frozenset({*_OF_THE_OPERATOR, *_KINDS.values()})
"""What the end of a connection's last run tells."""


@dataclass(frozen=True)
class Cause:
    """One thing that is wrong. No word of it is a secret or a metering point."""

    scope: str
    """A source, or one of the names above for what all sources share."""
    kind: Kind
    about: str
    """Which of its kind: a connection, a register, a rule, a database; empty where there is but one."""
    lines: tuple[str, ...]
    to_do: str
    connections: tuple[str, ...] = ()

    @property
    def key(self) -> Key:
        """What tells it from others."""
        return self.scope, self.kind, self.about


def causes(flow: Flow, sources: Collection[str], standing: Standing, now: datetime) -> list[Cause]:
    """Return what is wrong with a source and with what all sources share.

    Args:
        flow: the source under the settings.
        sources: all that have a connection; others have no run that could mend anything.
        standing: how its registers stand; where that is not known, nothing is said of what the store holds.
        now: the instant of looking.
    """
    contacts = {name: flow.store.ledger.contact(name) for name in flow.connections}
    failing = list(_connections(flow.source.name, contacts))
    named = {name for cause in failing for name in cause.connections}
    found = [
        *_runs(flow, sources, [str(standing)] if isinstance(standing, StoreDamagedError) else []),
        *failing,
        *_databases(flow),
    ]
    if isinstance(standing, Sequence):
        found += _stale(flow, [one for one in standing if one.connection not in named], now)
        found += _quarantined(flow)
        found += _lost(flow, standing)
    return found


def _runs(flow: Flow, sources: Collection[str], damage: Sequence[str]) -> Iterator[Cause]:
    notes = [note for note in CutShort(flow.store.state).notes() if note.source in sources]
    if full := [note.words for note in notes if note.kind is Kind.DISK]:
        to_do = "You must act: make room on the disk; the next run goes on from there."
        yield Cause(STORE, Kind.DISK, "", tuple(dict.fromkeys(full)), to_do)
    mine = [note for note in notes if note.source == flow.source.name]
    if damaged := [*damage, *(note.words for note in mine if note.kind is Kind.DAMAGED)]:
        to_do = "You must act: the line says what to do; docs/store.md says how to keep a backup."
        yield Cause(flow.source.name, Kind.DAMAGED, "", tuple(dict.fromkeys(damaged)), to_do)
    if crashed := [note.words for note in mine if note.kind is Kind.CRASHED]:
        to_do = (
            "You must act: look at the log of the run. Where it was stopped neither by you nor for want of memory,"
            " report it. What was stored is whole."
        )
        yield Cause(flow.source.name, Kind.CRASHED, "", tuple(crashed), to_do)


def _connections(source: str, contacts: dict[str, Contact]) -> Iterator[Cause]:
    failing: defaultdict[tuple[Kind, str], list[str]] = defaultdict(list)
    for name, contact in contacts.items():
        # A wait that was announced is patience: the next run after it asks again.
        if contact.cause is not None and contact.not_before is None:
            kind = _KINDS.get(contact.cause, Kind.OPERATOR)
            failing[kind, "" if kind in _OF_THE_OPERATOR else name].append(name)
    for (kind, about), names in failing.items():
        by_words: defaultdict[str, list[str]] = defaultdict(list)
        for name in names:
            by_words[contacts[name].words or ""].append(name)
        to_do = dict.fromkeys(who_must_act(contacts[name].cause or "", source, name) for name in names)
        lines = tuple(f"{listed(those)}: {words}" for words, those in by_words.items())
        yield Cause(source, kind, about, lines, " ".join(to_do), tuple(names))


def _stale(flow: Flow, series: Collection[SeriesStatus], now: datetime) -> Iterator[Cause]:
    oldest = flow.source.expected_until(now) - LATE_AFTER
    newest: dict[str, SeriesStatus] = {}
    for one in series:
        if one.connection in flow.connections and one.last_start < oldest and not one.sparse and not one.lost:
            about = f"{one.connection} {one.register}"
            newest[about] = max(newest.get(about, one), one, key=lambda each: each.last_start)
    for about, one in newest.items():
        line = f"{about}: the newest reading starts {one.last_start:%Y-%m-%d %H:%M} UTC"
        to_do = (
            "You must act: see whether the operator's own pages have newer hours. Where they do, report this; where"
            " they do not, ask the operator."
        )
        yield Cause(flow.source.name, Kind.STALE, about, (line,), to_do, (one.connection,))


def _quarantined(flow: Flow) -> Iterator[Cause]:
    rules: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for name in flow.connections:
        for rule, rows in flow.store.quarantine.open_rows(name).group_by("rule").len().sort("rule").iter_rows():
            rules[rule][name] = rows
    for rule, found in rules.items():
        line = f"{rule}: {sum(found.values()):,} rows of {listed(list(found))}"
        to_do = "You must act: `wattline status` names the rows; where the operator sends nonsense, tell it so."
        yield Cause(flow.source.name, Kind.QUARANTINED, rule, (line,), to_do, tuple(found))


def _lost(flow: Flow, series: Sequence[SeriesStatus]) -> Iterator[Cause]:
    lost: defaultdict[str, list[str]] = defaultdict(list)
    for one in series:
        if one.lost and one.connection in flow.connections:
            lost[one.connection].append(f"{one.alias} {one.register}")
    to_do = (
        "You must act: ask the owner, or ask for access anew; `wattline access list` says for what, and"
        " `wattline forget` erases what was read."
    )
    for name, what in lost.items():
        yield Cause(flow.source.name, Kind.ACCESS, name, (f"{name}: {', '.join(sorted(what))}",), to_do, (name,))


def _databases(flow: Flow) -> Iterator[Cause]:
    targets: defaultdict[str, list[str]] = defaultdict(list)
    for name in flow.connections:
        if (target := flow.target_of(name)) is not None:
            targets[target].append(name)
    source, again = flow.source.name, "You must act: run `wattline load --full`."
    for target, names in targets.items():
        progress = Progress(flow.store.state, target, source)
        if words := progress.failure():
            yield Cause(INFLUXDB, Kind.DATABASE, target, (f"{target}: {words}",), DATABASE_AWAY, tuple(names))
        if refused := progress.refused():
            line = f"{target}: {len(refused):,} lines, the first with: {refused[0].words}"
            yield Cause(source, Kind.LINES, target, (line,), who_must_act("refused"), tuple(names))
        months = {month for (_, month), seen in progress.acknowledged().items() if seen.difference}
        if months:
            line = f"{target}: in {', '.join(f'{month:%Y-%m}' for month in sorted(months))}"
            yield Cause(source, Kind.DIFFERS, target, (line,), again, tuple(names))


def unshown(flow: Flow, now: datetime) -> list[Cause]:
    """Return the connections that no schedule of a Dagster that runs asks, since it does not know them yet."""
    said = running(flow.store.state, now)
    to_do = (
        "You must act: reload the definitions (Deployment, in Dagster's UI), or restart what runs Dagster. What it"
        " loaded is older than the settings, or was loaded while they could not be used."
    )
    return [
        Cause(flow.source.name, Kind.RELOAD, name, (f"{name}: nothing is asked by the schedule",), to_do, (name,))
        for name in (not_shown(flow.connections, said) if said else ())
    ]


def is_hidden(flow: Flow, key: Key) -> bool:
    """Tell whether a cause may last unseen: its connection waits for a time, or fails for another reason."""
    _, kind, about = key
    # What is about none is about all; a register is named after its connection.
    concerned = [about.partition(" ")[0]] if about else list(flow.connections)
    contacts = [flow.store.ledger.contact(name) for name in concerned if name in flow.connections]
    failing = [contact for contact in contacts if contact.cause is not None]
    if kind == Kind.STALE:
        return bool(failing)
    return kind in _OF_CONTACTS and any(contact.not_before is not None for contact in failing)


def listed(names: Sequence[str], most: int = 3) -> str:
    """Name a few, count many."""
    return ", ".join(names) if len(names) <= most else f"{len(names):,} connections"
