"""Who lives in the sandbox."""

from __future__ import annotations

import pytest

from sandbox.households import fleet, metering_point_id
from sandbox.world import demo_world
from schemas.time import utc_now


def test_ids_are_the_known_synthetic_ones() -> None:
    """Serials 0 to 5 give the six ids whose check digits were worked out by hand."""
    assert [metering_point_id(serial) for serial in range(6)] == [
        "707057500000000001",
        "707057500000000018",
        "707057500000000025",
        "707057500000000032",
        "707057500000000049",
        "707057500000000056",
    ]


@pytest.mark.parametrize("serial", [0, 7, 101, 999_999, 1_429_999])
def test_ids_pass_the_check(serial: int) -> None:
    """Weighed 1, 3, 1, ... from the right, all 18 digits add up to a multiple of ten."""
    digits = metering_point_id(serial)
    assert len(digits) == 18
    assert sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(reversed(digits))) % 10 == 0


@pytest.mark.parametrize("serial", [-1, 1_430_000])
def test_no_id_of_a_real_customer(serial: int) -> None:
    """A serial in the operator's own series is refused."""
    with pytest.raises(ValueError, match="not free"):
        metering_point_id(serial)


def test_fleet_shares_no_id() -> None:
    """Every household of a fleet has its own metering point, none of the demo's."""
    ids = {household.metering_point for household in fleet(500)}
    assert len(ids) == 500
    assert not ids & set(demo_world().households)


def test_demo_world_has_everyone() -> None:
    """The demo has four households, each under its own token, and a fleet under one."""
    world = demo_world(fleet=3)
    names = ["sandbox-home", "sandbox-plus", "sandbox-innlandet", "sandbox-newcomer", "sandbox-fleet"]
    assert list(world.tokens) == names
    assert [len(token.metering_points) for token in world.tokens.values()] == [1, 1, 1, 1, 3]
    newcomer = world.households[world.tokens["sandbox-newcomer"].metering_points[0]]
    assert 425 <= (utc_now() - newcomer.contract_start).days <= 460
