"""What a metering point is called where its id must not stand: in Dagster's log, which many people may read."""

from __future__ import annotations

import hmac
from secrets import token_bytes
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pipelines.store.state import State

_DIGITS: Final = 10


class Aliases:
    """Aliases that only this installation can make: ids are few enough to try them all, without its key."""

    def __init__(self, state: State) -> None:
        """Read the installation's key; the first to ask makes it."""
        with state.changing() as database:
            database.execute("INSERT OR IGNORE INTO installation VALUES ('alias_key', ?)", (token_bytes(32),))
            row = database.execute("SELECT value FROM installation WHERE name = 'alias_key'").fetchone()
        self._key: bytes = row["value"]

    def of(self, metering_point: str) -> str:
        """Return the alias of a metering point, such as `mp-5f0c3a91de`; `wattline status` tells whose it is."""
        return f"mp-{hmac.digest(self._key, metering_point.encode(), 'sha256').hex()[:_DIGITS]}"
