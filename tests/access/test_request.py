"""Asking for access: what is checked before an attempt is spent, and what one costs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from schemas.time import DAY, HOUR
from tests.access.community import ASKER, KEY, MINE, OTHERS, OWNER, OWNER_NAME, THEIRS

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.access.community import Community

WRONG = "LUXE-XX-YY-99999"


def test_a_request_that_is_right(community: Community) -> None:
    """It is sent once, its owner is written to, and it is listed as requested; no attempt is spent."""
    ended = community.request("--register", "consumption", "--register", "consumption_remaining")

    assert (ended.code, ended.out) == (0, "leneda/plant: asked for; its owner decides now\n")
    (request,) = community.book.requests
    assert (request.asker, request.owner) == (ASKER, OWNER)
    assert (request.metering_points, request.registers) == ((THEIRS,), ("consumption", "consumption_remaining"))
    assert community.states() == {
        (THEIRS, "consumption"): "requested",
        (THEIRS, "consumption_remaining"): "requested",
    }
    assert "5 false attempts may still be made today" in community.request("--dry-run", pod=OTHERS).out


def test_a_wrong_energy_id_spends_one_attempt(community: Community) -> None:
    """The command says that it was refused, what to compare, and that one attempt is spent; nothing is followed."""
    ended = community.request(energy_id=WRONG)

    assert ended.code == 1
    assert "REFUSED: leneda access-request: refuses the request (400)" in ended.out
    assert "do not belong together; compare them with what the owner sent you" in ended.out
    assert "You must act" in ended.out
    assert "That is false attempt 1 of 5 for today." in ended.out
    assert len(community.book.false_attempts) == 1
    assert community.states() == {}


def test_the_sixth_false_attempt_of_a_day_is_refused_by_us(community: Community, clock: Traveller) -> None:
    """Five reach the operator; the sixth does not, right as it is; the next local day begins anew."""
    for number in range(5):
        ended = community.request(energy_id=f"LUXE-XX-YY-9000{number}")
        assert f"false attempt {number + 1} of 5" in ended.out
    assert community.posts() == 5

    sixth = community.request()

    assert sixth.code == 1
    assert "not sent: 5 of 5 false attempts of today are used up (access.attempts_per_day)" in sixth.out
    assert "it can be sent from 2026-06-18 00:00 (Europe/Luxembourg)" in sixth.out
    assert (community.posts(), len(community.book.false_attempts)) == (0, 5)

    # 14:20 and 9:30 are 23:50; UTC has not begun a new day half an hour later.
    clock.shift(9 * HOUR + HOUR / 2)
    assert community.request().code == 1
    clock.shift(HOUR / 2)
    assert community.request().code == 0
    assert community.posts() == 1


def test_the_cap_is_a_setting_and_counts_people_not_names(community: Community) -> None:
    """Two connections of one Energy ID share their attempts: it is the operator that counts."""
    community.installation.give(ACCESS__ATTEMPTS_PER_DAY="1")
    for key, value in (("source", "leneda"), ("energy_id", ASKER), ("api_key", KEY)):
        community.set(key, value, "twin")
    community.set("base_url", community.sandbox.leneda_url, "twin")
    assert "false attempt 1 of 1" in community.request(energy_id=WRONG).out

    ended = community.request("--connection", "twin")

    assert "1 of 1 false attempts of today are used up" in ended.out
    assert community.posts() == 1


def test_a_dry_run_sends_nothing(community: Community) -> None:
    """It shows method, URL, headers and body, without the key, as they would be sent."""
    ended = community.request("--dry-run", "--pod", OTHERS, "--register", "consumption")

    assert ended.code == 0
    assert community.calls() == []
    assert KEY not in ended.text
    assert community.states() == {}
    head, body, *_ = ended.out.split("\n\n")
    assert head.splitlines() == [
        f"POST {community.sandbox.leneda_url}/api/metering-data-access-request",
        "X-API-KEY: (not shown)",
        f"X-ENERGY-ID: {ASKER}",
        "Content-Type: application/json",
    ]
    assert json.loads(body.splitlines()[0]) == {
        "from": OWNER,
        "fromName": OWNER_NAME,
        "meteringPointCodes": [THEIRS, OTHERS],
        "obisCodes": ["1-1:1.29.0"],
    }
    assert "Nothing was sent. 5 false attempts may still be made today." in ended.out


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (
            {"energy_id": "LUXE-12345"},
            "--energy-id: 'LUXE-12345' is not an Energy ID: that looks like LUXE-AB-CD-12345",
        ),
        ({"energy_id": ASKER}, "--energy-id: is your own Energy ID; give the owner's"),
        ({"owner": "  "}, "--owner: is empty; give the owner's name as it is registered in Leneda"),
        ({"pod": "123"}, "--pod: '123' is not a metering point code (POD): that is LU and 31 digits or letters"),
        ({"pod": f"{THEIRS}0"}, "33 characters in all, and this one has 34"),
        ({"pod": f"{THEIRS[:-1]}-"}, "is not a metering point code (POD): that is LU and 31 digits or letters"),
    ],
)
def test_a_malformed_part_sends_nothing(community: Community, given: dict[str, str], words: str) -> None:
    """What cannot be right by its form is told with what it should look like, and costs nothing."""
    ended = community.request(**given)

    assert ended.code == 2
    assert words in ended.err
    assert (community.calls(), community.states()) == ([], {})


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--register", "konsum"), "--register: 'konsum' is no register; the registers are consumption, production, "),
        (("--register", "gas"), "gas_standard_volume, gas_energy"),
        (("--register", "consumption", "--register", "consumption"), "--register: names one twice"),
        (("--pod", THEIRS), "--pod: names one twice"),
        (("--connection", "plnt"), "no connection is called 'plnt'; did you mean plant?"),
        (("--file", "members.csv"), "--file: each line of it is a whole request; leave out --owner, --energy-id"),
    ],
)
def test_a_wrong_option_sends_nothing(community: Community, more: tuple[str, ...], words: str) -> None:
    """An unknown register lists those that there are; what is given twice or at odds is told."""
    ended = community.request(*more)

    assert ended.code == 2
    assert words in ended.err
    assert (community.calls(), community.states()) == ([], {})


def test_blanks_and_small_letters_do_no_harm(community: Community) -> None:
    """What is pasted with blanks, or typed in small letters, is put right."""
    pod = f" {THEIRS[:6]} {THEIRS[6:].lower()} "

    assert community.request(owner=f" {OWNER_NAME.replace(' ', '  ')} ", energy_id=OWNER.lower(), pod=pod).code == 0

    assert community.book.requests[0].metering_points == (THEIRS,)


def test_what_waits_or_is_granted_is_not_asked_for_again(community: Community) -> None:
    """Both are told with what is known of them, and nothing is sent."""
    assert community.request().code == 0
    waits = community.request()
    assert waits.code == 2
    assert f"--pod: {THEIRS} consumption was asked for on 2026-06-17, and its owner has not decided" in waits.err

    community.decide("approve")
    community.check()
    granted = community.request("--register", "consumption", "--register", "consumption_remaining")
    assert granted.code == 2
    assert f"--pod: {THEIRS} consumption may be read already; leave it out" in granted.err
    assert "consumption_remaining" not in granted.err
    assert community.posts() == 1


def test_a_metering_point_of_another_connection(community: Community) -> None:
    """What one connection lists or asked for is not asked for by another: two would read it."""
    community.set("source", "leneda", "other")
    community.set("energy_id", "LUXE-XX-YY-12343", "other")
    community.set("api_key", "key-3", "other")
    community.set("metering_points", json.dumps([{"code": OTHERS}]), "other")

    ended = community.request(pod=OTHERS)

    assert ended.code == 2
    assert f"--pod: {OTHERS} belongs to connections.other; one reads it, not two" in ended.err
    community.request()
    assert f"{THEIRS} belongs to connections.plant" in community.request("--connection", "other").err
    assert community.posts() == 1


def test_the_right_kind_of_connection_with_a_credential(community: Community) -> None:
    """A connection to an operator that takes no requests, and one without a key, are told before anything is sent."""
    community.set("source", "elvia", "home")
    ended = community.request("--connection", "home")
    assert ended.code == 2
    assert "home is one to elvia, which takes no requests for access; leneda does" in ended.err

    community.set("api_key", "")
    ended = community.request()
    assert ended.code == 2
    assert "WATTLINE_CONNECTIONS__PLANT__API_KEY" in ended.err
    assert community.calls() == []


def test_what_was_lost_can_be_asked_for_again(community: Community, clock: Traveller) -> None:
    """A new request follows a loss, and access is granted again when it is answered."""
    community.request()
    community.decide("approve")
    community.check()
    community.decide("revoke")
    clock.shift(DAY)
    community.check()
    assert set(community.states().values()) == {"lost"}

    clock.shift(HOUR)
    assert community.request().code == 0
    assert set(community.states().values()) == {"requested"}
    clock.shift(HOUR)
    community.check()
    assert set(community.states().values()) == {"requested"}
    community.decide("approve")
    community.check()
    assert set(community.states().values()) == {"granted"}


def test_a_metering_point_of_ones_own_needs_no_request(community: Community) -> None:
    """What the settings list and was read may be read already."""
    community.set("metering_points", json.dumps([{"code": MINE}]))
    assert community.sync().outcomes["plant"].ok

    ended = community.request(pod=MINE)

    assert ended.code == 2
    assert f"{MINE} consumption may be read already" in ended.err
