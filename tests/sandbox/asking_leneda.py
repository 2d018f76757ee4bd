"""A user of the simulated Leneda, speaking HTTP over a real port."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from sandbox.leneda.demo import CONSUMPTION, NEIGHBOUR, NEIGHBOUR_NAME, NEIGHBOURS, PLANT, PLANT_KEY
from sandbox.leneda.registers import REGISTERS
from tests.sandbox.asking import instant

if TYPE_CHECKING:
    import httpx

    from sandbox.world import World
    from schemas.time import Window

ACCESS_REQUEST: Final = "/api/metering-data-access-request"
GROUPS: Final = "/api/sharing-groups-small"

OBIS: Final = REGISTERS["consumption"].obis
DAY: Final = {"startDateTime": "2026-06-09T22:00:00Z", "endDateTime": "2026-06-10T22:00:00Z"}
ITEM_SCHEMA: Final = pl.Schema(
    {
        "start": pl.Datetime("us", "UTC"),
        "quantity": pl.Float64(),
        "version": pl.Int64(),
        "type": pl.String(),
        "calculated": pl.Boolean(),
    }
)


def time_series(code: str = CONSUMPTION) -> str:
    """Return the path of a metering point's values."""
    return f"/api/metering-points/{code}/time-series"


@dataclass(frozen=True)
class Leneda:
    """Asks the simulated Leneda."""

    client: httpx.Client
    base_url: str
    world: World
    api_key: str = PLANT_KEY
    energy_id: str = PLANT

    @property
    def headers(self) -> dict[str, str]:
        """The two headers that every call needs."""
        return {"X-API-KEY": self.api_key, "X-ENERGY-ID": self.energy_id}

    def get(self, path: str, **parameters: str) -> httpx.Response:
        """Make one call."""
        return self.client.get(self.base_url + path, params=parameters, headers=self.headers)

    def series(self, code: str = CONSUMPTION, register: str = "consumption", **parameters: str) -> dict[str, Any]:
        """Make a call for values that must succeed and return its body, by default of 10 June 2026."""
        response = self.get(time_series(code), obisCode=REGISTERS[register].obis, **(DAY | parameters))
        assert response.status_code == 200, response.text
        body: dict[str, Any] = response.json()
        return body

    def frame(self, code: str, register: str, window: Window) -> pl.DataFrame:
        """Ask for a window and put the items, sorted, into the columns of `truth.served`."""
        body = self.series(
            code,
            register,
            startDateTime=f"{window.start:%Y-%m-%dT%H:%M:%SZ}",
            endDateTime=f"{window.end:%Y-%m-%dT%H:%M:%SZ}",
        )
        rows = [
            (instant(item["startedAt"]), item["value"], item["version"], item["type"], item["calculated"])
            for item in body["items"]
        ]
        return pl.DataFrame(rows, ITEM_SCHEMA, orient="row").sort("start")

    def sums(self, code: str = CONSUMPTION, register: str = "consumption", **parameters: str) -> httpx.Response:
        """Ask for sums, by default by the hour on 10 June 2026."""
        asked = {
            "startDate": "2026-06-10",
            "endDate": "2026-06-10",
            "obisCode": REGISTERS[register].obis,
            "aggregationLevel": "Hour",
            "transformationMode": "Accumulation",
        }
        return self.get(f"{time_series(code)}/aggregated", **(asked | parameters))

    def request(self, **changes: object) -> httpx.Response:
        """Ask the neighbour for access to two registers, with changes to the body."""
        body = {
            "from": NEIGHBOUR,
            "fromName": NEIGHBOUR_NAME,
            "meteringPointCodes": [NEIGHBOURS],
            "obisCodes": [OBIS, REGISTERS["consumption_remaining"].obis],
        }
        return self.client.post(self.base_url + ACCESS_REQUEST, json=body | changes, headers=self.headers)


def started(items: list[dict[str, Any]]) -> list[str]:
    """Return when items start, as it is written."""
    return [item["startedAt"] for item in items]


def by_start(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return items in order of time."""
    return sorted(items, key=lambda item: str(item["startedAt"]))
