"""The lines that end `backfill`, `sync` and `load`: what was asked, stored and sent, and what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pipelines.commands.output import say
from pipelines.who import who_must_act, who_must_act_on_database

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pipelines.commands.tally import Asking, Loading, Tally
    from pipelines.sync.outcome import Outcome

_ASK: Final = "You must act: ask their owners."


def say_summary(tally: Tally) -> None:
    """Print a tally, connection by connection."""
    for asking in tally.askings.values():
        for line in _asking(asking):
            say(f"{asking.source}/{asking.connection}: {line}")
    for loading in tally.loadings.values():
        for line in _loading(loading):
            say(line)


def _asking(asking: Asking) -> Iterator[str]:
    if asking.calls:
        without = f", {asking.nulls:,} of them without a value" if asking.nulls else ""
        kinds = f"{asking.new:,} new, {asking.corrected:,} corrected, {asking.confirmed:,} confirmed"
        yield f"{counted(asking.calls, 'call')}, {counted(asking.rows, 'row')}{without}: {kinds}"
    if asking.quiet_years:
        years = ", ".join(map(str, sorted(asking.quiet_years)))
        yield f"nothing to ask in {years}" if asking.calls else "nothing to ask"
    if asking.quarantined:
        rules = ", ".join(f"{rule}: {count:,}" for rule, count in sorted(asking.quarantined.items()))
        yield f"QUARANTINED {counted(asking.quarantined.total(), 'row')} ({rules}); `wattline status` names them"
    if asking.access_lost:
        what = counted(asking.access_lost, "register")
        yield f"ACCESS LOST to {what} of other people's; `wattline access list` names them. {_ASK}"
    if asking.failure is not None:
        yield _failure(asking.failure)


def _failure(outcome: Outcome) -> str:
    known = ", as an earlier run found; it was not asked again" if outcome.known_before else ""
    later = f" Not before {outcome.not_before:%Y-%m-%d %H:%M} UTC." if outcome.not_before else ""
    return f"FAILED: {outcome.words}{known}.{later} {_who(outcome)}"


def _who(outcome: Outcome) -> str:
    return who_must_act(outcome.cause or "", outcome.source, outcome.connection)


def _loading(loading: Loading) -> Iterator[str]:
    last = loading.last
    for name in last.connections:
        sent, accepted = loading.sent[name], loading.accepted[name]
        refused = last.loaded.refused.get(name, []) if last.loaded else []
        if sent or refused:
            yield f"{loading.source}/{name}: {counted(sent, 'line')} sent to {last.target}, {accepted:,} accepted"
        if refused:
            yield (
                f"{loading.source}/{name}: REFUSED {counted(len(refused), 'line')}, the first with: {refused[0]} "
                f"{who_must_act('refused')}"
            )
    if last.error is not None:
        yield f"{last.target}: FAILED: {last.error}. {who_must_act_on_database(last.error.cause)}"
    if last.loaded is None:
        return
    if not loading.sent.total():
        yield f"{last.target}: nothing of {loading.source} to send"
    if last.loaded.unreadable:
        yield f"{last.target}: this kind of server cannot be read back, so nothing was compared"
    elif loading.compared:
        equal = "" if last.loaded.differences else ", equal to the store"
        yield f"{last.target}: {counted(loading.compared, 'month')} of {loading.source} read back{equal}"
    for month, words in sorted(last.loaded.differences.items()):
        yield f"{last.target}: DIFFERS from the store in {month:%Y-%m}: {words}. Run `wattline load --full`."


def counted(number: int, noun: str) -> str:
    """Return a number with its noun, such as "1 row" or "2,000 rows"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
