"""When Leneda's days are published, and what becomes of single values: late, corrected, missing, null, estimated."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Final

import pytest
from msgspec import structs

from sandbox import clock
from sandbox.leneda import truth
from sandbox.leneda.demo import CONSUMPTION, GAS, PRODUCTION
from sandbox.leneda.plans import Oddity
from sandbox.leneda.profile import LUXEMBOURG
from sandbox.leneda.registers import REGISTERS
from sandbox.plans import Absence, Correction
from schemas.time import DAY, day_window, month_window
from tests.sandbox.asking import instant, window

if TYPE_CHECKING:
    from datetime import datetime

    from tests.sandbox.asking_leneda import Leneda

_DAY: Final = day_window(date(2026, 6, 10), LUXEMBOURG)


@pytest.mark.parametrize(
    ("now", "newest"),
    [
        ("2026-06-17T11:59:59+00:00", "2026-06-15"),
        ("2026-06-17T12:00:00+00:00", "2026-06-16"),
        ("2026-06-17T21:59:59+00:00", "2026-06-16"),
        ("2026-06-17T22:00:00+00:00", "2026-06-16"),
        # 14:00 by the local clock is another hour in winter.
        ("2026-01-17T12:59:59+00:00", "2026-01-15"),
        ("2026-01-17T13:00:00+00:00", "2026-01-16"),
    ],
)
@pytest.mark.parametrize(("code", "register"), [(CONSUMPTION, "consumption"), (GAS, "gas_volume")])
def test_whole_days_are_published(leneda: Leneda, now: str, newest: str, code: str, register: str) -> None:
    """A local day is there as a whole from 14:00 of the next, and nothing of it before."""
    leneda.world.now = clock.fixed(instant(now))
    asked = window(f"{now[:8]}01T00:00", f"{now[:8]}28T00:00")
    frame = leneda.frame(code, register, asked)
    end = day_window(date.fromisoformat(newest), LUXEMBOURG).end
    assert frame["start"].max() == end - REGISTERS[register].length


def test_another_hour_of_publication(leneda: Leneda) -> None:
    """The day after the next at six in the morning is a time of publication, too."""
    switches = leneda.world.leneda.switches
    switches.publish_days, switches.publish_at = 2, instant("2026-01-01T06:00").time()
    for now, newest in (("2026-06-17T03:59:59Z", "2026-06-14"), ("2026-06-17T04:00:00Z", "2026-06-15")):
        leneda.world.now = clock.fixed(instant(now))
        last = leneda.frame(CONSUMPTION, "consumption", window("2026-06-01T00:00", "2026-06-28T00:00"))["start"].max()
        assert last == day_window(date.fromisoformat(newest), LUXEMBOURG).end - REGISTERS["consumption"].length


def test_days_late_by_themselves(leneda: Leneda) -> None:
    """In a sporadic world whole days of a metering point come up to five days late, and none later."""
    world, month = leneda.world, month_window(date(2026, 3, 1), LUXEMBOURG)
    world.sporadic = True

    def days(now: datetime) -> dict[object, int]:
        world.now = clock.fixed(now)
        starts = leneda.frame(CONSUMPTION, "consumption", month)["start"]
        counts = starts.dt.convert_time_zone("Europe/Luxembourg").dt.date().value_counts()
        return dict(counts.iter_rows())

    seen = [days(instant(f"2026-03-{day:02}T13:30:00Z")) for day in range(2, 32)]
    holes = {
        date(2026, 3, day)
        for today, there in enumerate(seen, 2)
        for day in range(1, today)
        if date(2026, 3, day) not in there
    }
    assert holes
    assert set(seen[-1].values()) <= {92, 96}
    assert len(days(instant("2026-04-06T13:30:00Z"))) == 31


def test_corrections_by_themselves(leneda: Leneda) -> None:
    """In a sporadic world some values change, each with the next version; most within a week of their day."""
    world, years = leneda.world, window("2022-12-31T23:00", "2025-12-31T23:00")
    world.sporadic = True
    first = truth.readings(CONSUMPTION, "consumption", years)
    served = truth.served(world, CONSUMPTION, "consumption", years, world.now())
    changed = first.join(served, on="start").filter(first["quantity"] != served["quantity"])
    assert 0 < changed.height < 500
    assert set(changed["version"]) == {2}
    assert set(served["version"]) == {1, 2}
    corrected = {start.date() for start in changed["start"]}
    quick = {
        day
        for day in corrected
        for whole in [day_window(day, LUXEMBOURG)]
        if 2 in truth.served(world, CONSUMPTION, "consumption", whole, whole.end + 6 * DAY)["version"]
    }
    assert 0.5 < len(quick) / len(corrected) < 1


@pytest.mark.parametrize("register", [None, "consumption"])
def test_a_planned_correction(leneda: Leneda, register: str | None) -> None:
    """A correction shows from its instant, to the second, with the next version; a second one with the one after."""
    world, hit = leneda.world, window("2026-06-10T08:00", "2026-06-10T08:30")
    before = leneda.frame(CONSUMPTION, "consumption", _DAY)
    factor = Correction(
        metering_point=CONSUMPTION, register=register, window=hit, shows=instant("2026-06-17T12:20:00Z"), factor=1.5
    )
    later = structs.replace(factor, shows=instant("2026-06-18T00:00:00Z"), factor=None, quantity=7.125)
    world.corrections += [later, factor]
    after = leneda.frame(CONSUMPTION, "consumption", _DAY)
    rows = [index for index, start in enumerate(before["start"]) if hit.start <= start < hit.end]
    assert [index for index in range(96) if before.row(index) != after.row(index)] == rows
    for index in rows:
        assert after["quantity"][index] == pytest.approx(before["quantity"][index] * 1.5, abs=0.0006)
        assert after["version"][index] == 2
    world.now = clock.fixed(instant("2026-06-17T12:19:59Z"))
    assert leneda.frame(CONSUMPTION, "consumption", _DAY).equals(before)
    world.now = clock.fixed(instant("2026-06-18T00:00:00Z"))
    again = leneda.frame(CONSUMPTION, "consumption", _DAY)
    assert [again.select("quantity", "version").row(index) for index in rows] == [(7.125, 3)] * 2


def test_a_correction_of_one_register(leneda: Leneda) -> None:
    """A correction that names a register leaves the others: then the registers do not add up."""
    hit = window("2026-06-10T08:00", "2026-06-10T08:15")
    leneda.world.corrections.append(
        Correction(
            metering_point=CONSUMPTION,
            register="consumption_shared_layer2",
            window=hit,
            shows=leneda.world.now(),
            quantity=9.0,
        )
    )
    (tampered,) = leneda.frame(CONSUMPTION, "consumption_shared_layer2", hit)["quantity"]
    (whole,) = leneda.frame(CONSUMPTION, "consumption", hit)["quantity"]
    assert whole < tampered == 9


def test_absent_values(leneda: Leneda) -> None:
    """Quarter-hours can be missing, of one register or of all, until they come, or for ever."""
    hit = window("2026-06-10T08:00", "2026-06-10T09:00")
    leneda.world.absences += [
        Absence(metering_point=CONSUMPTION, window=hit, until=instant("2026-06-18T00:00:00Z")),
        Absence(metering_point=CONSUMPTION, window=_DAY, register="consumption_remaining"),
    ]
    assert len(leneda.series()["items"]) == 92
    assert len(leneda.series(register="consumption_remaining")["items"]) == 0
    assert len(leneda.series(PRODUCTION, "production")["items"]) == 96
    leneda.world.now = clock.fixed(instant("2026-06-18T00:00:00Z"))
    assert len(leneda.series()["items"]) == 96
    assert len(leneda.series(register="consumption_remaining")["items"]) == 0


def test_null_values(leneda: Leneda) -> None:
    """A value can be null, with its place in the list, until it comes."""
    hit = window("2026-06-10T08:00", "2026-06-10T09:00")
    healed = instant("2026-06-18T00:00:00Z")
    leneda.world.leneda.oddities.append(Oddity(metering_point=CONSUMPTION, window=hit, null=True, until=healed))
    frame = leneda.frame(CONSUMPTION, "consumption", _DAY)
    assert frame["start"].filter(frame["quantity"].is_null()).to_list() == [
        hit.start + quarter * REGISTERS["consumption"].length for quarter in range(4)
    ]
    assert set(frame["type"]) == {"Actual"}
    leneda.world.now = clock.fixed(healed)
    assert leneda.frame(CONSUMPTION, "consumption", _DAY)["quantity"].null_count() == 0


@pytest.mark.parametrize("word", ["Estimated", "Divined"])
def test_types(leneda: Leneda, word: str) -> None:
    """A value can be of another type than "Actual", of one register or of all, until it is not."""
    hit = window("2026-06-10T08:00", "2026-06-10T09:00")
    healed = instant("2026-06-18T00:00:00Z")
    leneda.world.leneda.oddities.append(
        Oddity(metering_point=CONSUMPTION, register="consumption", window=hit, type=word, until=healed)
    )
    frame = leneda.frame(CONSUMPTION, "consumption", _DAY)
    assert dict(frame["type"].value_counts().iter_rows()) == {"Actual": 92, word: 4}
    assert frame["quantity"].null_count() == 0
    assert set(leneda.frame(CONSUMPTION, "consumption_remaining", _DAY)["type"]) == {"Actual"}
    leneda.world.now = clock.fixed(healed)
    assert set(leneda.frame(CONSUMPTION, "consumption", _DAY)["type"]) == {"Actual"}
