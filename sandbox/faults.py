"""What can be made to go wrong, as data: which calls or rows, and how."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from msgspec import Struct

from sandbox.plans import Instant
from schemas.time import Window

if TYPE_CHECKING:
    from collections.abc import Iterable


class FaultKind(StrEnum):
    """How an answer goes wrong."""

    # Instead of the answer, or before it.
    STATUS = "status"
    """Another status: `status`, with `retry_after` where given."""
    HANG = "hang"
    """`seconds` of silence, then the answer."""

    # The body as a whole.
    EMPTY_BODY = "empty_body"
    HTML = "html"
    TRUNCATED = "truncated"
    """Half of the body in a complete HTTP message."""
    CUT_OFF = "cut_off"
    """Half of the body, then the connection is closed before the announced length."""
    BYTE_ORDER_MARK = "byte_order_mark"
    MISSING_ENVELOPE = "missing_envelope"
    """An object without any key."""
    RENAMED_ENVELOPE = "renamed_envelope"
    """The list of rows stands under another key."""

    # One metering point's series.
    EMPTY_SERIES = "empty_series"
    UNSORTED = "unsorted"
    DUPLICATE = "duplicate"
    """Rows appear twice, alike."""
    CONFLICT = "conflict"
    """Rows appear twice, with different values."""
    FORETOLD = "foretold"
    """Rows appear again a week later."""
    QUARTER_HOURS = "quarter_hours"
    """`resolutionMinutes` 15 and four rows an hour, for the whole series (Elvia)."""
    UNKNOWN_INTERVAL = "unknown_interval"
    """`intervalLength` PT30M, for the whole series (Leneda)."""

    # Single rows.
    NULL_VALUE = "null_value"
    TEXT_VALUE = "text_value"
    NAN_VALUE = "nan_value"
    RENAMED_VALUE = "renamed_value"
    WRONG_UNIT = "wrong_unit"
    OFF_GRID = "off_grid"
    """Start and end are 17 minutes past the hour (Elvia), 7 past the quarter (Leneda)."""
    NAIVE_TIME = "naive_time"
    """Start and end without an offset."""


class Fault(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One thing that goes wrong; a condition that is not given always holds.

    A call is hit if its token (Leneda: API key), endpoint (`metervalues`, `maxhours`; `time-series`,
    `aggregated`, `access-request`, `sharing-groups`, `sharing-group-points`), metering points, register
    (Leneda) and time window fit; of those that fit, from the `first` on (1 is the next), `times` calls
    (None: all). Of a hit call the fault touches `metering_point`'s rows (None: every point's) that start in
    `window` (None: every row).
    """

    kind: FaultKind
    token: str | None = None
    endpoint: str | None = None
    metering_point: str | None = None
    register: str | None = None
    window: Window | None = None
    first: int = 1
    times: int | None = None
    status: int = 500
    retry_after: int | Instant | None = None
    seconds: float = 60.0

    def fits(
        self, token: str, endpoint: str, metering_points: Iterable[str], window: Window, register: str | None = None
    ) -> bool:
        """Tell whether the conditions hold for a call, the count left aside."""
        return (
            self.token in (None, token)
            and self.endpoint in (None, endpoint)
            and (self.metering_point is None or self.metering_point in metering_points)
            and self.register in (None, register)
            and (self.window is None or bool(self.window.clip(window)))
        )


@dataclass
class FaultPlan:
    """The faults in force, and how many calls each has fitted so far."""

    faults: list[Fault] = field(default_factory=list)
    _fitted: Counter[int] = field(default_factory=Counter)

    def add(self, *faults: Fault) -> None:
        """Put faults in force."""
        self.faults.extend(faults)

    def clear(self) -> None:
        """Heal everything; counts begin anew."""
        self.faults.clear()
        self._fitted.clear()

    def strike(
        self, token: str, endpoint: str, metering_points: Iterable[str], window: Window, register: str | None = None
    ) -> list[Fault]:
        """Count a call and return the faults that hit it."""
        points, hits = list(metering_points), []
        for place, fault in enumerate(self.faults):
            if not fault.fits(token, endpoint, points, window, register):
                continue
            self._fitted[place] += 1
            if self._fitted[place] >= fault.first and (
                fault.times is None or self._fitted[place] < fault.first + fault.times
            ):
                hits.append(fault)
        return hits
