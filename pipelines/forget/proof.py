"""What became of one place: how much was there, and how much is left."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Proof:
    """How many rows, points or files of what was forgotten a place had, and has now, looked at once more."""

    place: str
    before: int = 0
    left: int = 0
    failed: str | None = None
    """Why nothing could be erased there, and who must act."""
