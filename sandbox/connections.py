"""How to connect to the simulated operators: the settings of a connection for each credential of the world."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from sandbox.leneda.demo import PANELS, PLANT, PLANT_KEY, SOLAR, SOLAR_KEY

if TYPE_CHECKING:
    from sandbox.leneda.grid import Account
    from sandbox.world import World

# An operator in the same machine needs no patience: at Leneda's own pace three years would take a quarter of an hour.
_CALLS_PER_MINUTE: Final = 60_000
_DAYS_PER_CALL: Final = 366
_LENEDAS: Final = (("plant", PLANT, PLANT_KEY), ("solar", SOLAR, SOLAR_KEY))


def connections(world: World, url: str) -> dict[str, dict[str, str]]:
    """Return keys and values of the settings, by the connection's name; a list is JSON, as in the environment."""
    return {**_elvia(world, url), **_leneda(world, url)}


def _elvia(world: World, url: str) -> dict[str, dict[str, str]]:
    return {
        token.removeprefix("sandbox-"): {"source": "elvia", "base_url": f"{url}/elvia", "token": token}
        for token in world.tokens
    }


def _leneda(world: World, url: str) -> dict[str, dict[str, str]]:
    accounts = world.leneda.accounts
    made = {name: _of_account(accounts[who], key, url) for name, who, key in _LENEDAS if who in accounts}
    if "solar" in made:
        made["solar"]["gross_generation"] = json.dumps([{"code": PANELS}], separators=(",", ":"))
    return made


def _of_account(account: Account, key: str, url: str) -> dict[str, str]:
    return {
        "source": "leneda",
        "base_url": f"{url}/leneda",
        "energy_id": account.energy_id,
        "api_key": key,
        "metering_points": json.dumps([{"code": code} for code in account.metering_points], separators=(",", ":")),
        "days_per_call": str(_DAYS_PER_CALL),
        "calls_per_minute": str(_CALLS_PER_MINUTE),
    }
