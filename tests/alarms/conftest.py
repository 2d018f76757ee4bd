"""An installation beside a simulated Elvia, and whoever it tells: real servers for mail and for the web."""

from __future__ import annotations

import shutil
import ssl
import subprocess
from typing import TYPE_CHECKING, NamedTuple

import dagster as dg
import pytest

from tests.alarms.receivers import Mailbox, Told
from tests.flow.conftest import (
    clock,
    database,
    home,
    influx_server,
    influx_settings,
    influxd,
    influxd_program,
    no_waits,
    sandbox,
    server,
    storage,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.home import Home

__all__ = [
    "clock",
    "database",
    "home",
    "influx_server",
    "influx_settings",
    "influxd",
    "influxd_program",
    "no_waits",
    "sandbox",
    "server",
    "storage",
]


class Certificate(NamedTuple):
    """A server's own certificate, which nobody vouches for but itself."""

    path: Path
    context: ssl.SSLContext


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    """Make a certificate for localhost."""
    if shutil.which("openssl") is None:
        pytest.skip("only openssl makes a certificate here")
    path, key = (tmp_path_factory.mktemp("certificate") / name for name in ("certificate.pem", "key.pem"))
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    make += ["-addext", "subjectAltName=DNS:localhost", "-out", str(path), "-keyout", str(key)]
    subprocess.run(make, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key)
    return Certificate(path, context)


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    """An instance as the daemon has it, in files."""
    with dg.instance_for_test() as opened:
        yield opened


@pytest.fixture
def told(storage: Home) -> Iterator[Told]:
    """Whoever gets the alarms of `storage`, by a webhook."""
    with Told() as receiver:
        storage.set("alarms__urls", f'["{receiver.url}"]')
        yield receiver


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    """A mail server that takes everything."""
    with Mailbox() as server:
        yield server
