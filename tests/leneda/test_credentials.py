"""The key, the Energy ID and the network: what each failure is told as, and when it is tried again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from connectors.leneda.wire import REGISTERS
from sandbox.faults import Fault, FaultKind
from schemas.time import DAY
from tests.leneda.plant import ENERGY_ID, KEY, POINT

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.leneda.plant import Plant


def test_a_blocked_network_concludes_nothing(plant: Plant, clock: Traveller) -> None:
    """Where every call gets 403, it is told what that may mean, and once it is over all is read."""
    plant.owns(POINT, "consumption")
    plant.lists(POINT)
    plant.world.faults.add(Fault(kind=FaultKind.STATUS, status=403))

    outcome = plant.run()

    assert outcome.cause == "renew_credential"
    assert outcome.words is not None
    assert "Leneda also blocks calls from some countries" in outcome.words

    plant.world.faults.clear()
    clock.shift(DAY)
    assert plant.run().ok
    assert plant.holds(POINT, "consumption")


def test_a_wrong_energy_id_is_tried_again_once_it_is_corrected(plant: Plant, clock: Traveller) -> None:
    """The key that was refused with a wrong Energy ID rests for a day, but not with another Energy ID."""
    plant.owns(POINT, "consumption")
    plant.lists(POINT)
    plant.keys["energy_id"] = "LUXE-XX-YY-99999"

    assert (plant.run().cause, plant.run().calls) == ("renew_credential", 0)
    assert len(plant.calls()) == 1

    plant.keys["energy_id"] = ENERGY_ID
    clock.shift(timedelta(minutes=1))
    assert plant.run().ok
    assert plant.holds(POINT, "consumption")


def test_a_new_key_is_proven_without_reading_everything_again(plant: Plant, clock: Traveller) -> None:
    """A second key replaces the first at Leneda; with it, the last 31 days are asked for, and what may have come."""
    plant.owns(POINT, "consumption", days=300)
    plant.lists(POINT)
    plant.run()
    account = plant.world.leneda.accounts[ENERGY_ID]
    account.api_key = f"{KEY}-2"

    clock.shift(timedelta(hours=1))
    assert plant.run().ok, "nothing was due, so the dead key was not noticed"
    clock.shift(DAY)
    assert plant.run().cause == "renew_credential"

    plant.keys["api_key"] = f"{KEY}-2"
    plant.calls()
    assert plant.run().ok
    assert plant.asked_for() == dict.fromkeys(((POINT, register) for register in REGISTERS), 1)
    assert plant.holds(POINT, "consumption")


def test_nothing_listed_is_nothing_asked(plant: Plant) -> None:
    """A connection without metering points is no failure: access to somebody else's may come."""
    outcome = plant.run()

    assert (outcome.ok, outcome.calls, plant.calls()) == (True, 0, [])
    assert plant.something_to_ask() == []
