"""Health checks for the containers that run Dagster: `health.py port NUMBER | page URL | scheduler`.

Dagster's own commands for this cost 3 to 5 seconds of processor time a call, since each imports Dagster.
Ends with 0 where all is well, else with 1 and the reason.
"""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.request import urlopen

if TYPE_CHECKING:
    from collections.abc import Callable

TIMEOUT_S: Final = 5
# The scheduler signs at least once a minute.
LONGEST_SILENCE_S: Final = 180
LAST_SIGN: Final = """
    SELECT extract(epoch FROM now() AT TIME ZONE 'UTC' - timestamp) FROM daemon_heartbeats
    WHERE daemon_type = 'SCHEDULER'
"""


def main() -> None:
    """Make the check that the arguments name."""
    kind, *place = sys.argv[1:]
    checks: dict[str, Callable[..., None]] = {"port": _port, "page": _page, "scheduler": _scheduler}
    try:
        checks[kind](*place)
    except OSError as error:
        sys.exit(f"no answer: {error}")


def _port(number: str) -> None:
    socket.create_connection(("127.0.0.1", int(number)), TIMEOUT_S).close()


def _page(url: str) -> None:
    urlopen(url, timeout=TIMEOUT_S).close()  # noqa: S310 -- docker-compose.yml gives the URL


def _scheduler() -> None:
    # The other checks are spared these imports.
    import psycopg2  # noqa: PLC0415
    import yaml  # noqa: PLC0415

    instance = yaml.safe_load(Path(os.environ["DAGSTER_HOME"], "dagster.yaml").read_text(encoding="utf-8"))
    database = instance["storage"]["postgres"]["postgres_db"]
    try:
        connection = psycopg2.connect(
            host=database["hostname"],
            port=database["port"],
            dbname=database["db_name"],
            user=database["username"],
            password=os.environ[database["password"]["env"]],
            connect_timeout=TIMEOUT_S,
        )
        with connection.cursor() as cursor:
            cursor.execute(LAST_SIGN)
            row = cursor.fetchone()
    except psycopg2.Error as error:
        sys.exit(f"no answer: {error}")
    if row is None or row[0] > LONGEST_SILENCE_S:
        sys.exit(f"the scheduler has not signed {'yet' if row is None else f'for {row[0]:.0f} s'}")


if __name__ == "__main__":
    main()
