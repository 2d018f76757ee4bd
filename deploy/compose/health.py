"""Health checks for the containers that run Dagster: `health.py code | webserver | daemon`.

Dagster's own commands for this cost 3 to 5 seconds of processor time a call, since each imports Dagster.
Ends with 0 where all is well, else with 1 and the reason.
"""

from __future__ import annotations

import os
import socket
import sys
from typing import Final
from urllib.request import urlopen

TIMEOUT_S: Final = 5
# The daemon signs every 30 seconds.
SILENT_S: Final = 180


def main() -> None:
    """Check the service that the argument names."""
    try:
        {"code": _code, "webserver": _webserver, "daemon": _daemon}[sys.argv[1]]()
    except OSError as error:
        sys.exit(f"no answer: {error}")


def _code() -> None:
    socket.create_connection(("127.0.0.1", 4000), TIMEOUT_S).close()


def _webserver() -> None:
    # Not /health, which is a page that is always there.
    urlopen("http://127.0.0.1:3000/server_info", timeout=TIMEOUT_S).close()


def _daemon() -> None:
    import psycopg2  # noqa: PLC0415 -- the other checks are spared its import

    try:
        connection = psycopg2.connect(
            host=os.environ.get("PGHOST", "postgres"),
            dbname="dagster",
            user="dagster",
            password=os.environ["DAGSTER_PG_PASSWORD"],
            connect_timeout=TIMEOUT_S,
        )
        with connection, connection.cursor() as cursor:
            cursor.execute(
                "SELECT extract(epoch FROM now() AT TIME ZONE 'UTC' - timestamp) FROM daemon_heartbeats"
                " WHERE daemon_type = 'SCHEDULER'"
            )
            row = cursor.fetchone()
    except psycopg2.Error as error:
        sys.exit(f"no answer from the database: {error}")
    if row is None or row[0] > SILENT_S:
        sys.exit(f"the scheduler has not signed for {'ever' if row is None else f'{row[0]:.0f} s'}")


if __name__ == "__main__":
    main()
