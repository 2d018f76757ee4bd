"""From requested to granted to lost: found out by the check, and what runs make of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from connectors.leneda.wire import REGISTERS as ALL_REGISTERS
from pipelines.access.check import check
from pipelines.settings import load
from sandbox.faults import Fault, FaultKind
from schemas.time import DAY, HOUR
from tests.access.community import KEY, OTHERS, OWNER_NAME, THEIRS

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.access.community import Community

BOTH = ("--register", "consumption", "--register", "consumption_remaining")


@pytest.mark.usefixtures("no_access")
def test_requested_granted_lost(community: Community, clock: Traveller) -> None:
    """The check finds each out, says so once, and tells who must act; what was read stays."""
    community.request(*BOTH)
    waits = community.check()
    assert waits.code == 0
    assert "2 registers of other people's, 2 of them not granted yet" in waits.out
    assert set(community.states().values()) == {"requested"}

    clock.shift(HOUR)
    community.decide("approve", register="consumption")
    ended = community.check()
    assert f"leneda/plant: {THEIRS} consumption is granted" in ended.out
    assert community.states() == {(THEIRS, "consumption"): "granted", (THEIRS, "consumption_remaining"): "requested"}
    stored = community.stored()
    assert set(stored["register"]) == {"consumption"}
    assert stored.height > 30 * 96
    assert "is granted" not in community.check().out

    clock.shift(HOUR)
    community.decide("revoke")
    ended = community.check()
    assert ended.code == 0
    assert (
        f"{THEIRS} consumption is lost. It is asked for no longer, and what was read stays. You must act" in ended.out
    )
    assert community.states()[THEIRS, "consumption"] == "lost"
    assert community.stored().equals(stored)
    community.calls()
    assert "is lost" not in community.check().out
    assert community.asked_for() == [(THEIRS, "consumption_remaining")]


@pytest.mark.usefixtures("no_access")
def test_a_granted_one_is_read_like_a_configured_one(community: Community, clock: Traveller) -> None:
    """Without any change of the settings, runs ask for what is granted, and for nothing that is not."""
    community.request(*BOTH)
    community.request(pod=OTHERS)
    community.calls()
    outcome = community.sync().outcomes["plant"]
    assert (outcome.ok, outcome.calls, community.calls()) == (True, 0, [])

    community.decide("approve", register="consumption")
    community.check()
    community.calls()
    clock.shift(DAY)
    outcome = community.sync().outcomes["plant"]
    assert outcome.ok
    assert set(community.asked_for()) == {(THEIRS, "consumption")}
    assert community.stored().height == 41 * 96
    clock.shift(DAY)
    assert community.sync().outcomes["plant"].new == 96


def test_a_silent_owner(community: Community, clock: Traveller) -> None:
    """After silent_days the state says so, and a letter to the owner is printed, with what they need to know."""
    community.installation.give(ACCESS__SILENT_DAYS="5")
    community.request(*BOTH)
    clock.shift(5 * DAY - HOUR)
    assert set(community.states().values()) == {"requested"}
    assert "Dear" not in community.check().out

    clock.shift(2 * HOUR)
    ended = community.check()
    assert ended.code == 0
    assert "You must act: the owner has not decided. Send them this:" in ended.out
    letter = ended.out[ended.out.index("Dear") :]
    assert letter.splitlines()[0] == f"Dear {OWNER_NAME},"
    assert f"- {THEIRS}: consumption, consumption_remaining" in letter
    assert "on 2026-06-17 I asked on Leneda" in letter
    assert set(community.states().values()) == {"silent"}
    assert letter in community.installation.run("access", "list").out
    assert all(one["reminder"].startswith(f"Dear {OWNER_NAME}") for one in community.listed())

    community.decide("approve")
    community.check()
    assert set(community.states().values()) == {"granted"}


def test_a_listed_metering_point_waits_for_its_owner(community: Community, clock: Traveller) -> None:
    """Listed before it is granted, it is left to the check, and no run fails; then every register is looked for."""
    community.set("metering_points", json.dumps([{"code": THEIRS}]))
    community.request()
    community.calls()
    outcome = community.sync().outcomes["plant"]
    assert (outcome.ok, community.calls()) == (True, [])

    community.decide("grant")
    clock.shift(HOUR)
    community.check()
    community.calls()
    assert community.sync().outcomes["plant"].ok
    assert {register for _, register in community.asked_for()} == {*ALL_REGISTERS}
    assert set(community.stored()["register"]) == {"consumption", "consumption_remaining"}


def test_the_sensors_check_is_polite(community: Community, clock: Traveller) -> None:
    """It asks for what waits, but of what is granted only where no run has read it for a day."""
    community.request()
    community.request(pod=OTHERS)
    community.decide("approve")
    community.look()
    community.calls()

    clock.shift(HOUR)
    community.look()
    assert community.asked_for() == [(OTHERS, "consumption")]
    clock.shift(DAY)
    community.look()
    assert community.asked_for() == [(THEIRS, "consumption"), (OTHERS, "consumption")]


def test_a_check_goes_on_where_the_last_one_ended(community: Community, clock: Traveller) -> None:
    """What was asked the longest ago comes first, so that a short check gets round."""
    community.request(*BOTH)
    community.request(pod=OTHERS)
    community.calls()
    seen = []
    for _ in range(3):
        goes_on = iter([True, False]).__next__
        check(load(), community.flow(), ["plant"], all_granted=False, wait_s=0, goes_on=goes_on)
        seen += community.asked_for()
        clock.shift(HOUR)

    assert sorted(seen) == sorted([(THEIRS, "consumption"), (THEIRS, "consumption_remaining"), (OTHERS, "consumption")])


def test_a_failed_check_concludes_nothing(community: Community) -> None:
    """An operator that is down, or a refused key, ends the check with who must act, and no state changes."""
    community.request()
    community.decide("approve")
    community.check()
    community.sandbox.world.faults.add(Fault(kind=FaultKind.STATUS, status=503))
    ended = community.check()
    assert ended.code == 1
    assert "FAILED: leneda time-series: answered 503. Nobody has to act" in ended.out
    assert community.flow().store.ledger.contact("plant").failed_at is None

    community.sandbox.world.faults.clear()
    community.set("api_key", "key-9")
    ended = community.check()
    assert ended.code == 1
    assert "WATTLINE_CONNECTIONS__PLANT__API_KEY" in ended.out
    community.calls()
    assert community.check().code == 1
    assert community.calls() == []
    assert set(community.states().values()) == {"granted"}
    community.set("api_key", KEY)
    assert community.check().code == 0


def test_nothing_was_asked_for(community: Community) -> None:
    """List and check say so, and ask nobody."""
    assert "Nothing was asked for." in community.installation.run("access", "list").out
    assert community.check().code == 0
    assert community.calls() == []


def test_a_source_without_requests(community: Community) -> None:
    """Where every connection is to an operator that takes none, the commands say where it can be done."""
    for key in ("SOURCE", "ENERGY_ID", "API_KEY", "BASE_URL", "HISTORY_YEARS", "CALLS_PER_MINUTE"):
        community.installation.environ.delenv(f"WATTLINE_CONNECTIONS__PLANT__{key}")
    community.set("source", "elvia", "home")

    ended = community.check()

    assert ended.code == 2
    assert "access to other people's readings is asked for at leneda" in ended.err


def test_doctor_knows_what_is_waited_for(community: Community) -> None:
    """A connection that lists nothing and waits for access is in order; once granted, it is asked."""
    community.request()
    assert "may read nothing yet of the 1 register asked for" in community.installation.run("doctor").out
    community.decide("approve")
    community.check()

    assert f"ok   leneda/plant: covers 1 metering point: {THEIRS}" in community.installation.run("doctor").out
