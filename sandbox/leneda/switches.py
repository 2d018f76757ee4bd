"""What the operator does where nobody outside knows, or where it may do one thing or another."""

from __future__ import annotations

from datetime import time, timedelta
from typing import TYPE_CHECKING, Annotated, Final, Literal

from msgspec import Meta, Struct, field

from sandbox.leneda.profile import LUXEMBOURG
from schemas.time import DAY, local_day

if TYPE_CHECKING:
    from datetime import date, datetime

Status = Annotated[int, Meta(ge=400, le=599)]


class Switches(Struct, kw_only=True, forbid_unknown_fields=True):
    """The switches, each with what is likeliest.

    `publish_days` and `publish_at`: a local day is published whole, so many days after it, at that time.
    `shuffled`: values come in no order. `units`: other spellings, by register. `no_access_status`: what
    `time-series` answers for a metering point or register that is unknown, or not granted (200: nulls and no
    values). `null_when_empty`: it answers likewise where only the asked time has no values.
    `false_attempts_per_day`: how often a day somebody may ask for access with a name, Energy ID and metering
    point that do not belong together (None: always); `false_attempt_status` is the answer to that,
    `too_many_status` to every request for access after them. `accepted_status`: the answer to one that is taken.
    `group_points`: how the metering points of a sharing group are wrapped.
    """

    publish_days: Annotated[int, Meta(ge=1)] = 1
    publish_at: time = time(14)
    shuffled: bool = True
    units: dict[str, str] = field(default_factory=dict)
    no_access_status: Literal[200, 404] = 200
    null_when_empty: bool = False
    false_attempts_per_day: Annotated[int, Meta(ge=0)] | None = 10
    false_attempt_status: Status = 400
    too_many_status: Status = 429
    accepted_status: Literal[200, 201, 202, 204] = 201
    group_points: Literal["list", "content", "meteringPoints"] = "list"

    def newest_day(self, now: datetime) -> date:
        """Return the newest local day that is published at `now`."""
        today = local_day(now, LUXEMBOURG)
        begun = now.astimezone(LUXEMBOURG).time() >= self.publish_at
        return today - self.publish_days * DAY - (_NONE if begun else DAY)


_NONE: Final = timedelta(0)
