"""Access to somebody else's metering point: asked for over a real port, decided by its owner, used, and lost."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from sandbox import clock
from sandbox.faults import Fault, FaultKind
from sandbox.leneda.access import Decision, State
from sandbox.leneda.demo import CONSUMPTION, NEIGHBOUR, NEIGHBOUR_KEY, NEIGHBOURS, PLANT
from sandbox.leneda.registers import AT_CONSUMPTION, REGISTERS
from tests.sandbox.asking import instant
from tests.sandbox.asking_leneda import ACCESS_REQUEST, OBIS

if TYPE_CHECKING:
    from sandbox.leneda.access import AccessBook
    from tests.sandbox.asking_leneda import Leneda

_REMAINING = REGISTERS["consumption_remaining"].obis
_FALSE: list[dict[str, Any]] = [
    {"from": "LUXE-XX-YY-12343"},
    {"from": "not an Energy ID"},
    {"from": PLANT},
    {"fromName": "Somebody Else"},
    {"fromName": "neighbour example"},
    {"meteringPointCodes": [CONSUMPTION]},
    {"meteringPointCodes": [NEIGHBOURS, "LU3712"]},
]


def _book(leneda: Leneda) -> AccessBook:
    return leneda.world.leneda.access


def _decide(leneda: Leneda, decision: str, register: str | None = None, asker: str | None = None) -> None:
    point = leneda.world.leneda.metering_points[NEIGHBOURS]
    order = Decision(decision=decision, metering_point=NEIGHBOURS, register=register, asker=asker)  # type: ignore[arg-type]
    _book(leneda).decide(order, point.registers, leneda.world.now())


def _readable(leneda: Leneda) -> list[str]:
    """Return the registers of the neighbour that the API answers for."""
    return [register for register in AT_CONSUMPTION if leneda.series(NEIGHBOURS, register)["items"]]


def test_from_request_to_revocation(leneda: Leneda) -> None:
    """Nothing can be read when asked, the asked registers when approved, and nothing when revoked."""
    assert _readable(leneda) == []
    response = leneda.request()
    assert (response.status_code, response.json()) == (201, {"requestId": "1", "status": "PENDING"})
    assert _readable(leneda) == []
    assert [(each.register, each.state) for each in _book(leneda).accesses] == [
        ("consumption", State.PENDING),
        ("consumption_remaining", State.PENDING),
    ]
    _decide(leneda, "approve")
    assert _readable(leneda) == ["consumption", "consumption_remaining"]
    assert leneda.sums(NEIGHBOURS).json()["unit"] == "kWh"
    _decide(leneda, "revoke")
    assert _readable(leneda) == []
    assert leneda.sums(NEIGHBOURS).json()["unit"] is None


def test_every_register_by_itself(leneda: Leneda) -> None:
    """An owner can approve one register and refuse the other; what was refused can be asked for again."""
    leneda.request()
    _decide(leneda, "approve", "consumption_remaining")
    _decide(leneda, "refuse", "consumption")
    assert _readable(leneda) == ["consumption_remaining"]
    leneda.request()
    assert [each.state for each in _book(leneda).accesses] == [State.PENDING, State.GRANTED]
    assert _readable(leneda) == ["consumption_remaining"]
    _decide(leneda, "approve")
    assert len(_readable(leneda)) == 2


def test_a_grant_that_nobody_asked_for(leneda: Leneda) -> None:
    """An owner can give access on their own, to all registers or one, to somebody named."""
    _decide(leneda, "grant", "reactive_consumption", asker=PLANT)
    assert _readable(leneda) == ["reactive_consumption"]
    _decide(leneda, "grant", asker=PLANT)
    assert _readable(leneda) == list(AT_CONSUMPTION)
    with pytest.raises(ValueError, match="asker"):
        _decide(leneda, "grant")


@pytest.mark.parametrize("decision", ["approve", "refuse", "revoke"])
def test_nothing_to_decide(leneda: Leneda, decision: str) -> None:
    """What nobody asked for, or nobody was granted, cannot be decided."""
    with pytest.raises(ValueError, match="there"):
        _decide(leneda, decision)
    leneda.request()
    with pytest.raises(ValueError, match="there"):
        _decide(leneda, decision, "consumption", asker=NEIGHBOUR)


def test_access_is_the_askers(leneda: Leneda) -> None:
    """What one user was granted, another may not read."""
    leneda.world.leneda.admit("LUXE-XX-YY-12345", "Third Example", "00000000-0000-4000-8000-000000000005", [])
    third = replace(leneda, api_key="00000000-0000-4000-8000-000000000005", energy_id="LUXE-XX-YY-12345")
    leneda.request()
    third.request()
    _decide(leneda, "approve", asker="LUXE-XX-YY-12345")
    assert _readable(third) == ["consumption", "consumption_remaining"]
    assert _readable(leneda) == []


@pytest.mark.parametrize(("status", "text"), [(200, "PENDING"), (201, "PENDING"), (202, "PENDING"), (204, "")])
def test_the_answer_to_a_good_request(leneda: Leneda, status: int, text: str) -> None:
    """A request is taken with any status that means so; 204 has no body."""
    leneda.world.leneda.switches.accepted_status = status  # type: ignore[assignment]
    response = leneda.request()
    assert response.status_code == status
    assert text in response.text
    assert (response.content == b"") == (status == 204)


@pytest.mark.parametrize(
    "changes",
    [
        *({name: value} for name in ("from", "fromName") for value in ("", " ", None, 7)),
        *({name: value} for name in ("meteringPointCodes", "obisCodes") for value in ([], [""], None, "LU1", [7])),
        {"obisCodes": [OBIS, "9-9:9.9.9"]},
    ],
)
def test_a_request_that_is_none(leneda: Leneda, changes: dict[str, object]) -> None:
    """What is empty, malformed or not in the table of OBIS codes gets 400, and costs no attempt."""
    assert leneda.request(**changes).status_code == 400
    assert not _book(leneda).false_attempts
    assert not _book(leneda).requests


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"from": "LUXE-XX-YY-12342"}'])
def test_bodies_that_are_none(leneda: Leneda, body: bytes) -> None:
    """No JSON, no object, or an object that lacks a key, gets 400."""
    response = leneda.client.post(leneda.base_url + ACCESS_REQUEST, content=body, headers=leneda.headers)
    assert response.status_code == 400


@pytest.mark.parametrize("changes", _FALSE)
def test_a_false_attempt(leneda: Leneda, changes: dict[str, Any]) -> None:
    """Name, Energy ID and every metering point must belong together; what does not is refused and counted."""
    assert leneda.request(**changes).status_code == 400
    leneda.world.leneda.switches.false_attempt_status = 422
    assert leneda.request(**changes).status_code == 422
    assert [each.asker for each in _book(leneda).false_attempts] == [PLANT, PLANT]
    assert not _book(leneda).requests
    assert not _book(leneda).accesses


def test_the_limit_of_false_attempts(leneda: Leneda) -> None:
    """After so many false attempts of a local day everything is refused, right or wrong, until the next day."""
    world, switches = leneda.world, leneda.world.leneda.switches
    switches.false_attempts_per_day = 3
    statuses = [leneda.request(fromName="Somebody").status_code for _ in range(5)]
    assert statuses == [400, 400, 400, 429, 429]
    assert leneda.request().status_code == 429
    switches.too_many_status = 403
    assert leneda.request().status_code == 403
    assert len(_book(leneda).false_attempts) == 3
    for now, status in (("2026-06-17T21:59:59Z", 403), ("2026-06-17T22:00:00Z", 201)):
        world.now = clock.fixed(instant(now))
        assert leneda.request().status_code == status


def test_the_limit_is_each_users(leneda: Leneda) -> None:
    """One user's false attempts are not another's, and right requests cost nothing."""
    leneda.world.leneda.switches.false_attempts_per_day = 1
    assert [leneda.request().status_code for _ in range(3)] == [201] * 3
    assert [leneda.request(fromName="Somebody").status_code for _ in range(2)] == [400, 429]
    neighbour = replace(leneda, api_key=NEIGHBOUR_KEY, energy_id=NEIGHBOUR)
    plant = {"from": PLANT, "fromName": "Plant Example", "meteringPointCodes": [CONSUMPTION], "obisCodes": [_REMAINING]}
    assert neighbour.request(**plant).status_code == 201


def test_no_limit(leneda: Leneda) -> None:
    """The limit can be lifted."""
    leneda.world.leneda.switches.false_attempts_per_day = None
    assert {leneda.request(fromName="Somebody").status_code for _ in range(30)} == {400}


def test_letters(leneda: Leneda) -> None:
    """The owner hears of a request, the asker of an approval or a grant."""
    leneda.request()
    _decide(leneda, "refuse")
    _decide(leneda, "grant", asker=PLANT)
    assert [(letter.to, letter.at) for letter in _book(leneda).letters] == [
        (NEIGHBOUR, leneda.world.now()),
        (PLANT, leneda.world.now()),
    ]


def test_a_request_whose_answer_is_lost(leneda: Leneda) -> None:
    """A fault before the answer takes no request; one in the answer leaves it taken."""
    faults = leneda.world.faults
    faults.add(Fault(kind=FaultKind.STATUS, status=503, endpoint="access-request"))
    assert leneda.request().status_code == 503
    assert _book(leneda).requests == []
    faults.clear()
    faults.add(Fault(kind=FaultKind.EMPTY_BODY, metering_point=NEIGHBOURS))
    assert leneda.request().content == b""
    assert [each.owner for each in _book(leneda).requests] == [NEIGHBOUR]
