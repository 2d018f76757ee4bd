"""Messages in words: one for all that began, or ended, of one kind and at one time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors.messages.message import Message
from pipelines.alarms.causes import listed
from pipelines.alarms.kind import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from pipelines.alarms.causes import Cause

MOST_NAMES: Final = 3
MOST_LINES: Final = 20
MOST_TO_DO: Final = 3

_TITLES: Final[dict[Kind, str]] = {
    Kind.OPERATOR: "{scope} does not answer as it should",
    Kind.CREDENTIAL: "{scope}: renew the credential of {about}",
    Kind.REFUSED: "{scope} refuses what is asked for {about}",
    Kind.MISTAKE: "{scope}: Wattline asks for what it must not",
    Kind.STALE: "{scope}: nothing new of {about}",
    Kind.QUARANTINED: "{scope}: rows break the rule {about}",
    Kind.ACCESS: "{scope}: access to readings of {about} was lost",
    Kind.DATABASE: "InfluxDB takes nothing: {about}",
    Kind.LINES: "InfluxDB refuses lines of {scope}: {about}",
    Kind.DIFFERS: "InfluxDB differs from the store of {scope}: {about}",
    Kind.DISK: "the disk is too full to go on",
    Kind.DAMAGED: "a file of the store is damaged",
    Kind.CRASHED: "a run of {scope} ended before its time",
    Kind.SETTINGS: "the settings cannot be used",
    Kind.RELOAD: "{scope}: Dagster does not run {about}",
}
_HOW: Final = "`wattline status` shows how everything stands; docs/alarms.md says what each alarm means."


def begun(causes: Sequence[Cause], at: datetime) -> Message:
    """Return the message for causes of one scope and kind that began together."""
    first = causes[0]
    about = tuple(cause.about for cause in causes if cause.about)
    title = _title(first.kind, first.scope, about)
    if first.kind in {Kind.OPERATOR, Kind.MISTAKE}:
        title += f": {listed(first.connections)}"
    lines = [line for cause in causes for line in cause.lines]
    to_do = list(dict.fromkeys(cause.to_do for cause in causes))[:MOST_TO_DO]
    text = _text(title, [*_shortened(lines), "", *to_do], at)
    return Message(title=title, text=text, state="begun", kind=first.kind, scope=first.scope, about=about, at=at)


def over(kind: Kind, scope: str, about: Sequence[str], since: datetime, at: datetime) -> Message:
    """Return the message for causes of one scope and kind that are no more, the oldest since an instant."""
    named = tuple(name for name in about if name)
    title = f"over: {_title(kind, scope, named)}"
    lines = [f"It began on {_minute(since)} and is over. Nobody has to act.", *(_shortened(named) if named else ())]
    text = _text(title, lines, at)
    return Message(title=title, text=text, state="over", kind=kind, scope=scope, about=named, at=at)


def trial(at: datetime) -> Message:
    """Return the message that asks for nothing but to arrive."""
    title = "a test of your alarms"
    lines = ["This message was asked for by `wattline doctor --alarm`. Nothing is wrong."]
    return Message(title=title, text=_text(title, lines, at), state="test", kind="test", scope="", about=(), at=at)


def _text(title: str, lines: Sequence[str], at: datetime) -> str:
    return "\n".join([f"{title[0].upper()}{title[1:]}.", "", *lines, "", f"{_minute(at)}. {_HOW}"])


def _title(kind: Kind, scope: str, about: Sequence[str]) -> str:
    return _TITLES[kind].format(scope=scope, about=_few(about))


def _few(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more:,} more" if more > 0 else "")


def _shortened(lines: Sequence[str]) -> list[str]:
    more = len(lines) - MOST_LINES
    return [*lines[:MOST_LINES], *([f"and {more:,} more"] if more > 0 else [])]


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"
