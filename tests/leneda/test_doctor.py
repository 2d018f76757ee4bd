"""What `doctor` says of a connection to Leneda."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.commands.doctor.operators import look_at_connections
from tests.leneda.plant import GAS, OTHER, POINT

if TYPE_CHECKING:
    from pipelines.commands.doctor.finding import Finding
    from tests.leneda.plant import Plant


def findings(plant: Plant) -> list[Finding]:
    """Look at the one connection."""
    flow = plant.flow()
    return [finding for finding in look_at_connections(plant.settings(), flow.now) if finding.subject != "elvia"]


def test_what_a_key_covers(plant: Plant) -> None:
    """One register that answers is enough for a metering point, whatever it measures; nothing is stored."""
    plant.owns(POINT, "consumption", "production")
    plant.owns(GAS, "gas_volume")
    plant.owns(OTHER, "consumption")
    plant.lists(POINT)
    plant.lists(GAS)
    plant.lists(OTHER, "consumption")

    (finding,) = findings(plant)

    assert (finding.ok, finding.words) == (True, f"covers 3 metering points: {OTHER}, {POINT}, {GAS}")
    assert {point for point, _ in plant.asked_for()} == {POINT, GAS, OTHER}
    assert plant.log().is_empty()


def test_a_metering_point_without_an_answer(plant: Plant) -> None:
    """It is named, and what to do with it."""
    plant.owns(POINT, "consumption")
    plant.lists(POINT)
    plant.lists(OTHER)

    (finding,) = findings(plant)

    assert not finding.ok
    assert finding.words == f"there is no answer for {OTHER}; take it out of metering_points, or order access"


def test_nothing_that_may_be_read(plant: Plant) -> None:
    """Where no metering point is answered, the operator's own words say what that may mean."""
    plant.owns(POINT, "consumption")
    plant.lists(OTHER)

    (finding,) = findings(plant)

    assert not finding.ok
    assert "or access to it is not granted" in finding.words


def test_no_metering_point_at_all(plant: Plant) -> None:
    """A connection that lists none is not asked, and it is said why."""
    (finding,) = findings(plant)

    assert (finding.ok, plant.calls()) == (False, [])
    assert finding.words == "lists no metering point, and the operator does not tell which there are"


def test_a_wrong_key(plant: Plant) -> None:
    """A refused key is told with the variable that it belongs into."""
    plant.owns(POINT, "consumption")
    plant.lists(POINT)
    plant.keys["api_key"] = "key-2"

    (finding,) = findings(plant)

    assert not finding.ok
    assert "WATTLINE_CONNECTIONS__PLANT__API_KEY" in finding.words
    assert len(plant.calls()) == 1
