"""A customer of the simulated Elvia, speaking HTTP over a real port."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import polars as pl

from schemas.time import Window

if TYPE_CHECKING:
    import httpx

    from sandbox.world import World

METERVALUES: Final = "/customer/metervalues/api/v1/metervalues"
MAXHOURS_V1: Final = "/customer/metervalues/api/v1/maxhours"
MAXHOURS_V2: Final = "/customer/metervalues/api/v2/maxhours"

HOME: Final = "707057500000000018"
PLUS: Final = "707057500000000025"
INNLANDET: Final = "707057500000000032"
NEWCOMER: Final = "707057500000000049"


def instant(text: str) -> datetime:
    """Read an ISO 8601 instant."""
    return datetime.fromisoformat(text)


def window(start: str, end: str) -> Window:
    """Return the window between two UTC times without offset."""
    return Window(instant(f"{start}+00:00").astimezone(UTC), instant(f"{end}+00:00").astimezone(UTC))


@dataclass(frozen=True)
class Elvia:
    """Asks the simulated Elvia; `token` is sent as it is."""

    client: httpx.Client
    base_url: str
    world: World
    token: str = "sandbox-home"

    def get(self, path: str = METERVALUES, token: str | None = None, **parameters: str) -> httpx.Response:
        """Make one call."""
        headers = {"Authorization": f"Bearer {self.token if token is None else token}"}
        return self.client.get(self.base_url + path, params=parameters, headers=headers)

    def points(self, path: str = METERVALUES, token: str | None = None, **parameters: str) -> list[dict[str, Any]]:
        """Make a call that must succeed and return its metering points."""
        response = self.get(path, token, **parameters)
        assert response.status_code == 200, response.text
        points: list[dict[str, Any]] = response.json()["meteringpoints"]
        return points

    def rows(self, token: str | None = None, **parameters: str) -> list[dict[str, Any]]:
        """Make a call for meter values of one point and return its rows."""
        (point,) = self.points(METERVALUES, token, **parameters)
        rows: list[dict[str, Any]] = point["metervalue"]["timeSeries"]
        return rows


def frame(rows: list[dict[str, Any]], *, production: bool = False) -> pl.DataFrame:
    """Put the rows of one register into the columns of `truth.served`."""
    mine = [row for row in rows if row["production"] is production]
    schema = pl.Schema({"start": pl.Datetime("us", "UTC"), "quantity": pl.Float64(), "verified": pl.Boolean()})
    return pl.DataFrame(
        [(instant(row["startTime"]), row["value"], row["verified"]) for row in mine], schema, orient="row"
    )
