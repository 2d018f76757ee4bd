"""Whoever is told when something breaks: who that is, and whether a message arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.errors import OutsideError
from connectors.messages.ways import ways
from pipelines.alarms.words import trial
from pipelines.commands.doctor.finding import Finding
from pipelines.commands.summary import counted
from pipelines.who import who_must_act

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pipelines.settings import Settings


def look_at_alarms(settings: Settings, now: datetime, *, send: bool) -> Iterator[Finding]:
    """Yield what the settings say of alarms; send a message to each receiver where that is wanted."""
    receivers = ways(settings.alarms)
    if not receivers:
        words = "nobody is told when something breaks; docs/alarms.md says how to set that up"
        yield Finding("alarms", words, ok=not send)
    elif not send:
        words = f"{counted(len(receivers), 'receiver')}; `wattline doctor --alarm` sends each a message"
        yield Finding("alarms", words)
    else:
        message = trial(now)
        for way in receivers:
            try:
                way.send(message)
            except OutsideError as error:
                yield Finding("alarms", f"{error}. {who_must_act(error.cause)}", ok=False)
            else:
                yield Finding("alarms", f"{way.name}: a message was sent; see that it arrived")
