"""The two endpoints about sharing groups; the shape of a group's metering points is unknown, hence a switch."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from sandbox import tampering
from sandbox.leneda.profile import LUXEMBOURG
from sandbox.leneda.visit import Refusal
from schemas.time import local_day

if TYPE_CHECKING:
    from starlette.responses import Response

    from sandbox.leneda.grid import SharingGroup
    from sandbox.leneda.visit import Visit

_PAGE_SIZE: Final = "10"


async def answer_list(visit: Visit) -> Response:
    """Answer `GET /sharing-groups-small` with one page, numbered from 1, of the user's groups.

    Raises:
        Refusal: 400 where page or size is no number from 1.
    """
    page, size = _number(visit, "page", "1"), _number(visit, "size", _PAGE_SIZE)
    kind = visit.request.query_params.get("type")
    await visit.understood()
    groups = [group for group in visit.grid.groups_of(visit.account) if kind in (None, group.type)]
    body = {
        "content": [_written(group) for group in groups[(page - 1) * size : page * size]],
        "hasNextPage": page * size < len(groups),
        "number": page,
        "size": size,
        "totalElements": len(groups),
        "totalPages": -(-len(groups) // size),
    }
    return tampering.answer(json.dumps(body).encode(), visit.faults)


async def answer_points(visit: Visit) -> Response:
    """Answer `GET /sharing-groups/{contractNumber}/metering-points` for a day, by default today.

    Raises:
        Refusal: 400 where the date is none, 404 where the user has no such group.
    """
    day = visit.day("date", local_day(visit.call.at, LUXEMBOURG).isoformat())
    await visit.understood()
    wanted = visit.request.path_params["contract_number"]
    group = next((each for each in visit.grid.groups_of(visit.account) if each.contract_number == wanted), None)
    if group is None:
        raise Refusal(404, "The sharing group was not found.")
    active = group.start <= day and (group.end is None or day <= group.end)
    points: object = [{"meteringPointCode": code} for code in group.metering_points if active]
    wrap = visit.grid.switches.group_points
    return tampering.answer(json.dumps(points if wrap == "list" else {wrap: points}).encode(), visit.faults)


def _written(group: SharingGroup) -> dict[str, object]:
    return {
        "id": group.id,
        "contractNumber": group.contract_number,
        "type": group.type,
        "ownerEnergyId": group.owner,
        "managerEnergyId": group.manager,
        "startDate": group.start.isoformat(),
        "endDate": group.end and group.end.isoformat(),
    }


def _number(visit: Visit, name: str, default: str) -> int:
    text = visit.parameter(name, default)
    if not text.isdecimal() or int(text) < 1:
        raise Refusal(400, f"'{name}' is no number from 1.")
    return int(text)
