"""Sharing groups over a real port: pages of them, and the metering points of one."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

import pytest

from sandbox.leneda.demo import CONSUMPTION, NEIGHBOUR, NEIGHBOURS, PLANT, PRODUCTION
from tests.sandbox.asking_leneda import GROUPS

if TYPE_CHECKING:
    from tests.sandbox.asking_leneda import Leneda


def _points(contract_number: str) -> str:
    return f"/api/sharing-groups/{contract_number}/metering-points"


def test_pages(leneda: Leneda) -> None:
    """Pages are numbered from 1, say whether more follow, and together have every group once."""
    first, second, third = (leneda.get(GROUPS, page=str(page), size="5").json() for page in (1, 2, 3))
    assert [page["hasNextPage"] for page in (first, second, third)] == [True, True, False]
    assert [len(page["content"]) for page in (first, second, third)] == [5, 5, 2]
    assert {key: second[key] for key in ("number", "size", "totalElements", "totalPages")} == {
        "number": 2,
        "size": 5,
        "totalElements": 12,
        "totalPages": 3,
    }
    groups = [group for page in (first, second, third) for group in page["content"]]
    assert [group["contractNumber"] for group in groups] == [f"CR{number:08}" for number in range(1, 13)]
    assert leneda.get(GROUPS, page="4", size="5").json()["content"] == []


def test_defaults(leneda: Leneda) -> None:
    """Without parameters it is the first page of ten; a page that is exactly full has no next one."""
    body = leneda.get(GROUPS).json()
    assert (body["number"], body["size"], body["hasNextPage"]) == (1, 10, True)
    assert leneda.get(GROUPS, size="12").json()["hasNextPage"] is False


def test_one_group(leneda: Leneda) -> None:
    """A group names its contract, type, owner, manager and time; most have no end."""
    first, *_, last = leneda.get(GROUPS, size="12").json()["content"]
    assert first == {
        "id": 1,
        "contractNumber": "CR00000001",
        "type": "AIN",
        "ownerEnergyId": PLANT,
        "managerEnergyId": PLANT,
        "startDate": "2024-01-01",
        "endDate": None,
    }
    assert (last["ownerEnergyId"], last["endDate"]) == (NEIGHBOUR, "2026-01-01")


def test_types(leneda: Leneda) -> None:
    """Groups can be asked for by type."""
    body = leneda.get(GROUPS, type="AIN").json()
    assert [group["id"] for group in body["content"]] == [1, 9]
    assert body["totalElements"] == 2
    assert leneda.get(GROUPS, type="XYZ").json()["totalPages"] == 0


@pytest.mark.parametrize("changes", [{"page": "0"}, {"page": "x"}, {"size": "0"}, {"size": "-1"}])
def test_refused_pages(leneda: Leneda, changes: dict[str, str]) -> None:
    """Page and size are numbers from 1."""
    assert leneda.get(GROUPS, **changes).status_code == 400


def test_only_ones_own(leneda: Leneda) -> None:
    """Groups that one has no part in are neither listed nor found."""
    leneda.world.leneda.admit("LUXE-XX-YY-12345", "Third Example", "00000000-0000-4000-8000-000000000005", [])
    third = replace(leneda, api_key="00000000-0000-4000-8000-000000000005", energy_id="LUXE-XX-YY-12345")
    assert third.get(GROUPS).json()["content"] == []
    assert third.get(_points("CR00000001")).status_code == 404
    assert leneda.get(_points("CR00009999")).status_code == 404


def test_metering_points(leneda: Leneda) -> None:
    """A group has its metering points on the days on which it exists, by default today."""
    assert leneda.get(_points("CR00000001")).json() == [
        {"meteringPointCode": CONSUMPTION},
        {"meteringPointCode": PRODUCTION},
    ]
    assert leneda.get(_points("CR00000012")).json() == []
    assert leneda.get(_points("CR00000012"), date="2026-01-01").json()[1] == {"meteringPointCode": NEIGHBOURS}
    assert leneda.get(_points("CR00000012"), date="2023-12-31").json() == []
    assert leneda.get(_points("CR00000012"), date="1 January").status_code == 400


@pytest.mark.parametrize("wrap", ["content", "meteringPoints"])
def test_shapes(leneda: Leneda, wrap: Literal["content", "meteringPoints"]) -> None:
    """The list can be wrapped in an object, under either name."""
    bare = leneda.get(_points("CR00000001")).json()
    leneda.world.leneda.switches.group_points = wrap
    assert leneda.get(_points("CR00000001")).json() == {wrap: bare}
