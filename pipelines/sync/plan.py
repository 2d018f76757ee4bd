"""What to ask: pure decisions on the ledger's step function. Nothing else keeps state per interval."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, TypeVar

from schemas.time import Window

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from datetime import datetime

    from pipelines.store.ledger import Asked


Key = TypeVar("Key")


@dataclass(frozen=True)
class Rereading:
    """How far back and how often what is already known is asked for again."""

    pace: timedelta
    tail: timedelta
    deep_after: timedelta


def deep_after(days: int, name: str) -> timedelta:
    """Spread the deep re-reads of many connections over the month: up to a quarter earlier, by name."""
    share = int.from_bytes(sha256(name.encode()).digest()[:4], "big") / 2**32
    return timedelta(days=days) * (1 - share / 4)


def due(
    asked: Sequence[Asked], window: Window, newest: datetime, now: datetime, rules: Rereading, *, refetch: bool = False
) -> list[Window]:
    """Return what is to be asked of one subject in a year's window, in order, without overlaps.

    Args:
        asked: the ledger's step function, in order of time.
        window: the year, clipped to what the operator serves.
        newest: the end of what the operator has published, in whatever year.
        now: the instant of asking.
        rules: the pace and the depth of re-reading.
        refetch: ask for the whole window, whatever is known.
    """
    if not window:
        return []
    if refetch:
        return [window]
    # What was asked far in the future was asked under a wrong clock, and says nothing.
    known = [(piece.window.clip(window), piece.at) for piece in asked if piece.at <= now + rules.pace]
    known = [(piece, at) for piece, at in known if piece]
    if known and min(at for _, at in known) <= now - rules.deep_after:
        # A whole re-read, but for what a re-read that was cut short has just brought.
        return _joined([*_never(window, known), *(piece for piece, at in known if at <= now - rules.pace)])
    tail = Window(min(newest, max(window.start, newest - rules.tail)), newest).clip(window)
    stale = [piece.clip(tail) for piece, at in known if at <= now - rules.pace]
    return _joined([*_never(window, known), *(piece for piece in stale if piece)])


def _never(window: Window, known: Sequence[tuple[Window, datetime]]) -> Iterator[Window]:
    return window.minus(piece for piece, _ in known)


def _joined(pieces: Sequence[Window]) -> list[Window]:
    joined: list[Window] = []
    for piece in sorted(pieces):
        if joined and piece.start <= joined[-1].end:
            joined[-1] = Window(joined[-1].start, max(joined[-1].end, piece.end))
        else:
            joined.append(piece)
    return joined


def grouped(due_by_subject: Mapping[Key, list[Window]]) -> dict[tuple[Window, ...], list[Key]]:
    """Group subjects that have the same to ask, so that one call serves many."""
    groups: dict[tuple[Window, ...], list[Key]] = {}
    for subject, windows in due_by_subject.items():
        if windows:
            groups.setdefault(tuple(windows), []).append(subject)
    return groups
