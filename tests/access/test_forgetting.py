"""What is forgotten is not followed any more, and its owner's name is gone with it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from schemas.time import DAY
from tests.access.community import OTHERS, OWNER_NAME, THEIRS

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.access.community import Community


def remembered(community: Community) -> str:
    """Return all that the state has, as text."""
    with closing(sqlite3.connect(community.folder / "data" / "state.sqlite")) as state:
        return "\n".join(state.iterdump())


@pytest.mark.parametrize("granted", [True, False])
def test_a_metering_point_of_somebody_elses(community: Community, clock: Traveller, *, granted: bool) -> None:
    """Granted or not, it is neither read nor looked at again; what was asked for besides stays."""
    community.request()
    community.request(pod=OTHERS)
    if granted:
        community.decide("approve")
        community.check()

    ended = community.installation.run("forget", "--metering-point", THEIRS)

    assert ended.code == 0
    assert "ledger" in ended.out
    assert THEIRS not in remembered(community)
    assert community.states() == {(OTHERS, "consumption"): "requested"}
    community.calls()
    clock.shift(DAY)
    assert community.sync().outcomes["plant"].ok
    community.check()
    assert community.asked_for() == [(OTHERS, "consumption")]


def test_a_connection_that_asked(community: Community) -> None:
    """With it go its requests and its false attempts, though nothing was ever read."""
    community.request()
    community.request(energy_id="LUXE-XX-YY-99999", pod=OTHERS)
    for key in ("SOURCE", "ENERGY_ID", "API_KEY", "BASE_URL", "HISTORY_YEARS", "CALLS_PER_MINUTE"):
        community.installation.environ.delenv(f"WATTLINE_CONNECTIONS__PLANT__{key}")

    ended = community.installation.run("forget", "--connection", "plant")

    assert ended.code == 0
    text = remembered(community)
    assert all(canary not in text for canary in (THEIRS, OTHERS, OWNER_NAME, "'plant'"))
