"""What may be read: found out once, remembered, looked at again; never taken for "no data"."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Literal

import pytest

from connectors.leneda.source import LENEDA
from connectors.leneda.wire import REGISTERS
from sandbox import clock as clocks
from sandbox.leneda.access import Decision
from sandbox.leneda.grid import MeteringPoint
from sandbox.plans import Absence
from schemas.time import DAY, Window, local_midnight, utc_now
from tests.leneda.plant import ENERGY_ID, NOW, OTHER, POINT, TODAY, ZONE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from time_machine import Traveller

    from tests.leneda.plant import Plant

NO_ACCESS: list[Literal[200, 404]] = [200, 404]


@pytest.fixture(params=NO_ACCESS)
def no_access(request: pytest.FixtureRequest, plant: Plant) -> int:
    """Let the operator say "unknown, or not granted" in the one and in the other way."""
    plant.world.leneda.switches.no_access_status = request.param
    return int(request.param)


@pytest.fixture
def neighbours(plant: Plant) -> None:
    """A metering point of somebody else's, which the plant may read where access is granted."""
    plant.owns(POINT, "consumption")
    since = local_midnight(TODAY - 30 * DAY, ZONE)
    point = MeteringPoint(OTHER, "theirs", ("consumption", "production"), since)
    plant.world.leneda.admit("LUXE-XX-YY-12342", "Neighbour Example", "key-2", [point])


def decide(plant: Plant, decision: Literal["grant", "revoke"], register: str | None = None) -> None:
    """Let the neighbour grant access or revoke it."""
    plant.world.leneda.access.decide(
        Decision(decision=decision, metering_point=OTHER, register=register, asker=ENERGY_ID),
        plant.world.leneda.metering_points[OTHER].registers,
        plant.world.now(),
    )


def registers(asked: Iterable[tuple[str, str]]) -> set[str]:
    """Return which registers were asked for."""
    return {register for _, register in asked}


@pytest.mark.usefixtures("no_access")
def test_every_register_is_tried_once_over_a_year(plant: Plant) -> None:
    """One call each tells whether there is anything; what it brings of those there are is not asked for again."""
    plant.owns(POINT, "consumption", "production")
    plant.lists(POINT)

    assert plant.run().ok

    calls = plant.calls()
    assert [call.register for call in calls] == list(REGISTERS)
    assert {call.window for call in calls} == {LENEDA.recent(NOW)}
    assert plant.holds(POINT, "consumption")
    assert plant.never_asked(POINT, "consumption") == []
    assert plant.never_asked(POINT, "gas_energy") != []


@pytest.mark.usefixtures("no_access")
def test_what_is_not_there_is_left_alone_until_the_deep_reread(plant: Plant, clock: Traveller) -> None:
    """Day by day only what answers is asked for; a register that is there later is found within a month."""
    plant.owns(POINT, "consumption")
    plant.lists(POINT)
    plant.run()
    plant.owns(POINT, "consumption", "production")
    plant.calls()

    for days in (1, 2, 17):
        clock.shift(days * DAY)
        assert plant.run().ok
        assert registers(plant.asked_for()) == {"consumption"}

    clock.shift(11 * DAY)
    assert plant.run().ok
    assert registers(plant.asked_for()) == set(REGISTERS)
    assert plant.holds(POINT, "production")
    assert plant.never_asked(POINT, "production") == []


@pytest.mark.usefixtures("no_access")
def test_a_backfill_with_refetch_tries_everything_now(plant: Plant) -> None:
    """Who was granted more need not wait for a month."""
    plant.owns(POINT, "consumption")
    plant.lists(POINT)
    plant.run()
    plant.owns(POINT, "consumption", "production")

    assert plant.run(refetch=True).ok

    assert plant.holds(POINT, "production")


@pytest.mark.usefixtures("no_access")
def test_a_code_that_nobody_knows(plant: Plant, clock: Traveller) -> None:
    """It is told by its alias, once a day, whatever else goes well; mended, it is tried at once."""
    plant.owns(POINT, "consumption")
    plant.lists(POINT, "consumption")
    plant.lists(OTHER)

    outcome = plant.run()

    assert outcome.cause == "renew_credential"
    assert outcome.words is not None
    assert outcome.words.startswith(f"leneda: even the newest readings of the metering point {plant.alias(OTHER)} ")
    assert outcome.words.endswith("or access to it is not granted")
    assert OTHER[-4:] not in outcome.words
    assert plant.holds(POINT, "consumption")

    plant.calls()
    # Neither a run with nothing to ask nor one that asks for the rest makes it well.
    for hours in (1, 7):
        clock.shift(timedelta(hours=hours))
        assert plant.run().ok
        assert (OTHER, "consumption") not in plant.asked_for()
        assert plant.flow().store.ledger.contact("plant").cause == "renew_credential"
    clock.shift(DAY)
    assert plant.run().cause == "renew_credential"
    assert plant.asked_for() == {(OTHER, register): 1 for register in REGISTERS} | {(POINT, "consumption"): 1}

    del plant.points[OTHER]
    clock.shift(timedelta(hours=1))
    assert plant.run().ok
    assert plant.flow().store.ledger.contact("plant").cause is None


@pytest.mark.usefixtures("no_access")
def test_a_named_register_that_is_not_granted(plant: Plant) -> None:
    """It is told with its name, the others are read, and it is not recorded as having no data."""
    plant.owns(POINT, "consumption")
    plant.lists(POINT, "production", "consumption")

    outcome = plant.run()

    assert outcome.cause == "renew_credential"
    assert outcome.words is not None
    assert f"{plant.alias(POINT)} (production) are refused" in outcome.words
    assert plant.holds(POINT, "consumption")
    assert plant.never_asked(POINT, "production") == [LENEDA.recent(NOW)]


@pytest.mark.usefixtures("neighbours")
def test_access_to_a_register_and_its_loss(plant: Plant, no_access: int, clock: Traveller) -> None:
    """What is granted is read; when it is lost it is told once, left alone, kept; and found when it comes again."""
    plant.lists(POINT, "consumption")
    plant.lists(OTHER)
    decide(plant, "grant")
    assert plant.run().ok
    assert plant.holds(OTHER, "production")

    decide(plant, "revoke", "production")
    before = plant.stored(OTHER, "production")
    clock.shift(DAY)
    plant.calls()
    outcome = plant.run()
    assert outcome.cause == "renew_credential"
    assert outcome.words is not None
    assert f"{plant.alias(OTHER)} (production) are refused (status {no_access})" in outcome.words
    # The newest days, then the year, which tells a loss from an empty month.
    assert plant.asked_for() == {(POINT, "consumption"): 1, (OTHER, "consumption"): 1, (OTHER, "production"): 2}

    for _ in range(2):
        clock.shift(DAY)
        assert plant.run().ok
        assert plant.asked_for() == {(POINT, "consumption"): 1, (OTHER, "consumption"): 1}
    assert plant.stored(OTHER, "production").equals(before)

    decide(plant, "grant", "production")
    clock.shift(31 * DAY)
    assert plant.run().ok
    assert plant.holds(OTHER, "production")


@pytest.mark.usefixtures("no_access", "neighbours")
def test_the_loss_of_all_access(plant: Plant, clock: Traveller) -> None:
    """A listed metering point of which nothing may be read is told every day; its readings stay."""
    plant.lists(POINT, "consumption")
    plant.lists(OTHER)
    decide(plant, "grant", "consumption")
    assert plant.run().ok
    before = plant.stored(OTHER, "consumption")

    decide(plant, "revoke", "consumption")
    for day in range(2):
        clock.shift(DAY)
        assert plant.run().cause == "renew_credential", day
        plant.calls()
        clock.shift(timedelta(hours=1))
        assert (plant.run().ok, plant.calls()) == (True, [])
    assert plant.stored(OTHER, "consumption").equals(before)
    assert plant.holds(POINT, "consumption")

    decide(plant, "grant")
    clock.shift(DAY)
    assert plant.run().ok
    assert plant.holds(OTHER, "consumption")
    assert plant.holds(OTHER, "production")


@pytest.mark.parametrize("null_when_empty", [False, True])
def test_a_stretch_without_values_is_not_a_loss(plant: Plant, clock: Traveller, *, null_when_empty: bool) -> None:
    """Where the newest weeks hold nothing, the year before them proves that the register may be read."""
    plant.owns(POINT, "consumption", days=200)
    plant.lists(POINT, "consumption")
    plant.world.leneda.switches.null_when_empty = null_when_empty
    silent = Window(local_midnight(TODAY - 60 * DAY, ZONE), local_midnight(TODAY + 60 * DAY, ZONE))
    plant.world.absences.append(Absence(metering_point=POINT, window=silent))

    assert plant.run().ok
    assert plant.holds(POINT, "consumption")
    # Nor is what lies before the metering point's first day asked for again.
    assert plant.never_asked(POINT, "consumption") == []
    clock.shift(DAY)
    plant.calls()
    assert plant.run().ok
    assert plant.asked_for() == {(POINT, "consumption"): 2 if null_when_empty else 1}


@pytest.mark.parametrize(("after", "proofs"), [(timedelta(hours=1), 0), (DAY, 1)])
def test_a_year_alone_is_proven_by_the_newest_year(
    plant: Plant, clock: Traveller, after: timedelta, proofs: int
) -> None:
    """A run of an old year in which nothing comes knows from the last run, or by one call, that access is not lost."""
    plant.owns(POINT, "consumption", days=40)
    plant.lists(POINT, "consumption")
    plant.world.leneda.switches.null_when_empty = True
    assert plant.run([2026]).ok
    plant.calls()

    clock.shift(after)
    assert plant.run([2025]).ok

    windows = [call.window for call in plant.calls()]
    assert len(windows) == 7 + proofs
    assert windows.count(LENEDA.recent(NOW + after)) == proofs
    assert 2025 not in plant.something_to_ask()


def test_a_clock_that_was_ahead_takes_no_access_away(plant: Plant, clock: Traveller) -> None:
    """Registers that showed nothing in a year that is yet to come are tried again once the clock is right."""
    plant.owns(POINT, "consumption", "production")
    plant.lists(POINT)
    plant.world.leneda.switches.null_when_empty = True
    assert plant.run().ok
    plant.world.now = clocks.fixed(NOW)
    clock.move_to(NOW + 500 * DAY)
    assert plant.run().cause == "renew_credential"

    plant.world.now = utc_now
    clock.move_to(NOW + 3 * DAY)

    assert plant.run().ok
    assert plant.holds(POINT, "consumption")
    assert plant.holds(POINT, "production")
