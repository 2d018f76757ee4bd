"""What the operator may answer to a request for access, and what each answer costs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest

from sandbox.faults import Fault, FaultKind
from tests.access.community import KEY, OTHERS, OWNER, OWNER_NAME, THEIRS

if TYPE_CHECKING:
    from tests.access.community import Community

WRONG = "LUXE-XX-YY-99999"


@pytest.mark.parametrize("status", [200, 202, 204])
def test_whatever_the_operator_says_when_it_takes_a_request(
    community: Community, status: Literal[200, 202, 204]
) -> None:
    """Nobody knows what it answers: any success is one, with and without a body."""
    community.sandbox.world.leneda.switches.accepted_status = status

    assert community.request().code == 0
    assert community.listed()[0]["arrived"] is True


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_however_the_operator_refuses_a_false_one(community: Community, status: int) -> None:
    """Any refusal is one, and the next request may fare better."""
    community.sandbox.world.leneda.switches.false_attempt_status = status

    assert "That is false attempt 1 of 5 for today." in community.request(energy_id=WRONG).out
    assert (community.request().code, community.posts()) == (0, 2)


def test_a_refused_key_spends_no_attempt_and_is_asked_once(community: Community) -> None:
    """The operator looked at nothing else; the key is left alone until it is replaced."""
    community.set("api_key", "key-9")

    ended = community.request()

    assert ended.code == 1
    assert "the credential is refused (401)" in ended.out
    assert "WATTLINE_CONNECTIONS__PLANT__API_KEY" in ended.out
    assert "No attempt was spent." in ended.out
    assert "the credential is refused (401)" in community.request().err
    assert community.posts() == 1
    community.set("api_key", KEY)
    assert community.request().code == 0


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        (Fault(kind=FaultKind.STATUS, status=500), "answered 500"),
        (Fault(kind=FaultKind.CUT_OFF), "no whole answer"),
        (Fault(kind=FaultKind.HTML), "cannot be read"),
        (Fault(kind=FaultKind.STATUS, status=302), "redirects (302)"),
    ],
)
def test_where_nobody_knows_whether_it_arrived(community: Community, fault: Fault, words: str) -> None:
    """It is sent once, counts as spent, is followed all the same, and is sent again by explicit order alone."""
    community.sandbox.world.faults.add(fault)

    ended = community.request()

    assert ended.code == 1
    assert "UNKNOWN: leneda access-request: " in ended.out
    assert words in ended.out
    assert "Nobody knows whether it arrived" in ended.out
    assert "That is false attempt 1 of 5 for today." in ended.out
    assert community.posts() == 1
    (one,) = community.listed()
    assert (one["state"], one["arrived"]) == ("requested", False)
    assert "requested (arrival unknown)" in community.installation.run("access", "list").out

    community.sandbox.world.faults.clear()
    ended = community.request_file(f"{OWNER_NAME},{OWNER},{THEIRS},consumption")
    assert (ended.code, community.posts()) == (1, 0)
    assert "line 2: was sent on 2026-06-17, and nobody knows whether it arrived. You must act" in ended.out

    assert community.request().code == 0
    assert community.listed()[0]["arrived"] is True


@pytest.mark.parametrize(("status", "words"), [(429, "takes no more requests for now"), (403, "access is restricted")])
def test_a_refusal_that_is_about_no_single_request(community: Community, status: int, words: str) -> None:
    """It counts as false, to be on the safe side, and nothing more is sent in this run."""
    community.sandbox.world.faults.add(Fault(kind=FaultKind.STATUS, status=status))
    lines = [f"{OWNER_NAME},{OWNER},{pod},consumption" for pod in (THEIRS, OTHERS)]

    ended = community.request_file(*lines)

    assert ended.code == 1
    assert words in ended.out
    assert "1 request left. Run the same again once that is mended; none is repeated." in ended.out
    assert community.posts() == 1
    assert community.states() == {}
