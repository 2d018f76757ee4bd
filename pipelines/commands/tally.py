"""What a command did, summed up over its runs."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipelines.flow import SourceRun, TargetLoad
    from pipelines.sync.outcome import Outcome


@dataclass
class Asking:
    """What was asked for one connection, and what came of it."""

    source: str
    connection: str
    busy_years: list[int] = field(default_factory=list)
    quiet_years: list[int] = field(default_factory=list)
    """Years with nothing to ask."""
    calls: int = 0
    rows: int = 0
    nulls: int = 0
    new: int = 0
    corrected: int = 0
    confirmed: int = 0
    access_lost: int = 0
    quarantined: Counter[str] = field(default_factory=Counter)
    failure: Outcome | None = None
    """The first that failed; the later ones rest on it."""

    def add(self, year: int, outcome: Outcome) -> None:
        """Add what was asked about a year."""
        if outcome.calls:
            self.busy_years.append(year)
        elif outcome.ok:
            self.quiet_years.append(year)
        self.calls += outcome.calls
        self.rows += outcome.rows
        self.nulls += outcome.nulls
        self.new += outcome.new
        self.corrected += outcome.corrected
        self.confirmed += outcome.confirmed
        self.access_lost += outcome.access_lost
        self.quarantined.update(outcome.quarantined)
        if not outcome.ok and self.failure is None:
            self.failure = outcome


@dataclass
class Loading:
    """What one source sent to one database."""

    source: str
    last: TargetLoad
    """Each load sends all that the database lacks, so the last one says how it ended."""
    sent: Counter[str] = field(default_factory=Counter)
    accepted: Counter[str] = field(default_factory=Counter)
    compared: int = 0

    def add(self, load: TargetLoad) -> None:
        """Add one load."""
        self.last = load
        if load.loaded is not None:
            self.sent += load.loaded.sent
            self.accepted += load.loaded.accepted
            self.compared += load.loaded.compared


@dataclass
class Tally:
    """Every connection's asking and every database's loading."""

    askings: dict[tuple[str, str], Asking] = field(default_factory=dict)
    loadings: dict[tuple[str, str], Loading] = field(default_factory=dict)

    def add(self, source: str, run: SourceRun, year: int | None = None) -> None:
        """Add a run; `year` is the one that was asked about, if any."""
        for name, outcome in run.outcomes.items():
            if year is not None:
                self.askings.setdefault((source, name), Asking(source, name)).add(year, outcome)
        for load in run.loads:
            self.loadings.setdefault((source, load.target), Loading(source, load)).add(load)

    @property
    def ok(self) -> bool:
        """Tell whether nothing failed, nothing was refused and nothing was newly quarantined."""
        asked_well = all(asking.failure is None and not asking.quarantined for asking in self.askings.values())
        return asked_well and all(_is_well(loading.last) for loading in self.loadings.values())


def _is_well(load: TargetLoad) -> bool:
    loaded = load.loaded
    return loaded is not None and not loaded.refused and not loaded.differences
