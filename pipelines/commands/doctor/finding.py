"""What `wattline doctor` found: a line that is ok, or that says what to do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One line: what was looked at, and how it is."""

    subject: str
    words: str
    ok: bool = True

    def __str__(self) -> str:
        """Write the line."""
        return f"{'ok ' if self.ok else 'fix'}  {self.subject}: {self.words}"
