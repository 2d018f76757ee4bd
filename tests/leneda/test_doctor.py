"""What `doctor` says of a connection to Leneda."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipelines.commands.doctor.generation import look_at_generation
from pipelines.commands.doctor.operators import look_at_connections
from tests.leneda.plant import GAS, OTHER, POINT, TODAY

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


def name(plant: Plant, table: dict[str, object]) -> None:
    """Put gross generation into the settings."""
    plant.keys["gross_generation"] = json.dumps([table])


def told(plant: Plant) -> list[tuple[bool, str]]:
    """Return what is found of gross generation."""
    findings = list(look_at_generation(plant.settings(), plant.flow().now))
    assert {finding.subject for finding in findings} <= {"leneda/plant"}
    return [(finding.ok, finding.words) for finding in findings]


def test_gross_generation_that_is_read(plant: Plant) -> None:
    """Before the first read it waits; then it is told by which grid meter own use is told."""
    plant.owns(POINT, "consumption", "production", days=5)
    plant.owns(OTHER, "production", days=5)
    plant.lists(POINT)
    plant.lists(OTHER, "production")
    name(plant, {"code": OTHER})

    before = told(plant)
    plant.run([TODAY.year])

    assert before == [(True, f"gross_generation names production of {OTHER}, which is asked for; nothing is read yet")]
    assert told(plant) == [(True, f"own use is told by gross_generation and the grid meter {POINT}")]
    del plant.keys["gross_generation"]
    assert told(plant) == []


@pytest.mark.parametrize("named", [{"code": GAS}, {"code": OTHER, "registers": ["consumption"]}], ids=str)
def test_gross_generation_that_is_not_listed(plant: Plant, named: dict[str, object]) -> None:
    """A metering point or a register that is not among what is asked for is told before any read."""
    plant.lists(POINT)
    plant.lists(OTHER, "production")
    name(plant, named)

    ((ok, words),) = told(plant)

    assert not ok
    assert f" of {named['code']}, which is not read; add it to metering_points, or take it out of" in words


def test_gross_generation_without_a_reading(plant: Plant) -> None:
    """After a read, a register that has none is told with those that have, and a grid meter that is lacking."""
    plant.owns(POINT, "consumption", days=5)
    plant.owns(OTHER, "production", days=5)
    plant.lists(POINT)
    plant.lists(OTHER, "production")
    plant.run([TODAY.year])

    name(plant, {"code": POINT})
    ((_, nothing),) = told(plant)
    name(plant, {"code": OTHER})
    (no_grid,) = told(plant)

    nowhere = f"gross_generation names production of {POINT}, which has no reading; of it consumption is read"
    assert nothing == f"{nowhere}: name what counts all that is made"
    wanting = "has no production at a grid meter, and own use cannot be told without; list the meter that counts it"
    assert no_grid == (False, wanting)
