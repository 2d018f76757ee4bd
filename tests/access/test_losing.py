"""What was granted and is shown no longer: no failure, told once, left alone, and kept."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from connectors.leneda.source import LENEDA
from pipelines.alarms.causes import causes
from pipelines.alarms.kind import Kind
from pipelines.status import status
from sandbox.plans import Absence
from schemas.time import DAY, Window, local_day, local_midnight, utc_now
from tests.access.community import MINE, THEIRS

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.access.community import Community

BOTH = ("--register", "consumption", "--register", "consumption_remaining")


@pytest.mark.usefixtures("no_access")
def test_a_loss_fails_no_run_and_is_told_once(community: Community, clock: Traveller) -> None:
    """A run that meets it stores the rest, is well, counts it once, and asks no more."""
    community.set("metering_points", json.dumps([{"code": MINE, "registers": ["consumption"]}]))
    community.request(*BOTH)
    community.decide("approve")
    community.check()
    assert community.sync().outcomes["plant"].ok
    community.decide("revoke", register="consumption_remaining")
    before = community.stored().height

    clock.shift(DAY)
    community.calls()
    outcome = community.sync().outcomes["plant"]
    assert (outcome.ok, outcome.access_lost) == (True, 1)
    assert community.stored().height == before + 2 * 96
    # The newest month, then the year, which tells a loss from an empty month.
    assert community.asked_for().count((THEIRS, "consumption_remaining")) == 2

    clock.shift(DAY)
    outcome = community.sync().outcomes["plant"]
    assert (outcome.ok, outcome.access_lost) == (True, 0)
    assert set(community.asked_for()) == {(MINE, "consumption"), (THEIRS, "consumption")}
    assert community.states() == {(THEIRS, "consumption"): "granted", (THEIRS, "consumption_remaining"): "lost"}

    clock.shift(10 * DAY)
    community.sync()
    connections, series = status(community.flow(), utc_now())
    assert connections[0].access == (f"{THEIRS} consumption_remaining: lost since 2026-06-18",)
    of_theirs = {one.register: (one.lost, one.missing) for one in series if one.metering_point == THEIRS}
    assert of_theirs == {"consumption": (False, 0), "consumption_remaining": (True, 0)}
    (alarm,) = causes(community.flow(), ["leneda"], series, utc_now())
    (lost,) = [one for one in series if one.lost]
    assert (alarm.kind, alarm.lines) == (Kind.ACCESS, (f"plant: {lost.alias} consumption_remaining",))


@pytest.mark.usefixtures("no_access")
def test_the_loss_of_all_that_a_connection_has(community: Community, clock: Traveller) -> None:
    """A connection that lived from one grant is well without it, and its credential is not taken for dead."""
    community.request()
    community.decide("approve")
    community.check()
    community.decide("revoke")

    clock.shift(DAY)
    outcome = community.sync().outcomes["plant"]

    assert (outcome.ok, outcome.access_lost) == (True, 1)
    assert community.flow().store.ledger.contact("plant").dead is None
    community.calls()
    clock.shift(DAY)
    assert (community.sync().outcomes["plant"].ok, community.calls()) == (True, [])


def test_a_lost_one_is_tried_again_after_a_month(community: Community, clock: Traveller) -> None:
    """Operators say "nothing" for many reasons: what comes back is found without another request."""
    community.request()
    community.decide("approve")
    community.check()
    community.decide("revoke")
    clock.shift(DAY)
    community.check()
    community.decide("grant")

    for days in (1, 7, 14):
        clock.shift(days * DAY)
        community.calls()
        community.look()
        assert community.calls() == []
    clock.shift(10 * DAY)
    community.look()

    assert set(community.states().values()) == {"granted"}


def test_what_the_settings_list_is_told_as_lost(community: Community, clock: Traveller) -> None:
    """A metering point in the settings that was readable once is lost; it is the runs' to ask, and stays so."""
    community.set("metering_points", json.dumps([{"code": THEIRS, "registers": ["consumption"]}, {"code": MINE}]))
    community.decide("grant")
    assert community.sync().outcomes["plant"].ok
    assert community.states() == {}

    community.decide("revoke")
    clock.shift(DAY)
    assert community.sync().outcomes["plant"].cause == "renew_credential"

    assert community.states() == {(THEIRS, "consumption"): "lost"}
    community.calls()
    assert "THEIRS" not in community.check().out
    assert community.calls() == []


def test_a_month_without_values_is_no_loss(community: Community, clock: Traveller) -> None:
    """Where the operator answers for an empty month as for what it does not show, the year before proves access."""
    community.request()
    community.decide("approve")
    community.check()
    community.sandbox.world.leneda.switches.null_when_empty = True
    clock.shift(DAY)
    today = local_midnight(local_day(utc_now(), LENEDA.zone), LENEDA.zone)
    community.sandbox.world.absences.append(Absence(metering_point=THEIRS, window=Window(today - 35 * DAY, today)))

    assert community.check().code == 0

    assert set(community.states().values()) == {"granted"}
