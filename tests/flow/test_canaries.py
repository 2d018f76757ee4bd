"""Credentials that sing when they are seen: looked for in all that is kept, logged, raised, shown and asked."""

from __future__ import annotations

import logging
from base64 import b64encode
from datetime import timedelta
from typing import TYPE_CHECKING, Final

import pytest

from connectors.influxdb.settings import InfluxSettings
from pipelines import launch
from pipelines.assets import failures_of
from sandbox import app, serve
from sandbox.faults import Fault, FaultKind
from sandbox.influxd import Influxd
from sandbox.world import Token, World
from schemas.time import DAY
from tests.support.home import NOW, Home, moved_in
from tests.support.searching import contents

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import ASGIApp, Receive, Scope, Send
    from time_machine import Traveller

    from sandbox.serve import Sandbox

TOKEN: Final = "canary.token.that-nobody-may-see"
DEAD_TOKEN: Final = "canary.token.of-a-customer-who-left"
PASSWORD: Final = "canary password, with blanks"
USER: Final = "wattline"
SONGS: Final = [
    *(secret.encode() for secret in (TOKEN, DEAD_TOKEN, PASSWORD)),
    *(b64encode(secret.encode()).rstrip(b"=") for secret in (TOKEN, DEAD_TOKEN, PASSWORD, f"{USER}:{PASSWORD}")),
    PASSWORD.replace(" ", "+").replace(",", "%2C").encode(),
    PASSWORD.replace(" ", "%20").replace(",", "%2C").encode(),
]
"""The secrets as they are and in the forms in which they travel."""


@pytest.fixture
def seen() -> list[tuple[str, str]]:
    """What the operator saw of each call: its URL and its credential."""
    return []


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch, seen: list[tuple[str, str]]) -> Iterator[Sandbox]:
    """An operator that writes down each URL."""
    build = app.build

    def watching(world: World) -> ASGIApp:
        inner = build(world)

        async def watch(scope: Scope, receive: Receive, send: Send) -> None:
            authorization = dict(scope["headers"]).get(b"authorization", b"").decode()
            seen.append((f"{scope['path']}?{scope['query_string'].decode()}", authorization))
            await inner(scope, receive, send)

        return watch

    monkeypatch.setattr(app, "build", watching)
    with serve.running(World()) as sandbox:
        yield sandbox


@pytest.fixture
def guarded(influxd_program: Path, tmp_path: Path) -> Iterator[Influxd]:
    """A server that asks for user and password, and logs each request."""
    server = Influxd(influxd_program, tmp_path / "influxd", port=0, auth=True)
    configuration = tmp_path / "influxd" / "influxd.conf"
    access_log = f'\n  log-enabled = true\n  access-log-path = "{tmp_path / "influxd" / "access.log"}"'
    configuration.write_text(configuration.read_text().replace("\n  log-enabled = false", access_log))
    try:
        server.start()
        yield server
    finally:
        server.stop()


def _backfill(home: Home, said: list[str]) -> None:
    """Backfill the running year through Dagster, and keep all that is said."""
    settings = home.settings
    said += [repr(settings), str(settings), repr(home.flow()), repr(settings.model_dump())]
    runs = launch.backfill(settings, connections=None, first=NOW.year, last=None, refetch=False, progress=said.append)
    for done in runs:
        said += [repr(done), *failures_of(done.run)]


def test_no_credential_is_seen_anywhere(
    watched: Sandbox,
    guarded: Influxd,
    seen: list[tuple[str, str]],
    tmp_path: Path,
    *,
    clock: Traveller,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """After good and bad runs no token and no password is in any file, log, message, output or URL."""
    caplog.set_level(logging.DEBUG)
    home = Home(watched, tmp_path / "home", InfluxSettings(url=guarded.url, database="energy"))
    home.folder.mkdir()
    home.set("influxdb__username", USER)
    home.set("influxdb__password", PASSWORD)
    home.database.query(f"CREATE USER {USER} WITH PASSWORD '{PASSWORD}' WITH ALL PRIVILEGES")
    home.database.create()
    mine, gone = moved_in(10), moved_in(10, "gone", 2)
    home.world.admit(TOKEN, [mine])
    home.connect("home", token=TOKEN)
    home.world.tokens[DEAD_TOKEN] = Token((gone.metering_point,), deleted=True)
    home.connect("gone", token=DEAD_TOKEN)
    said: list[str] = []

    _backfill(home, said)
    for kind in (FaultKind.HTML, FaultKind.CUT_OFF, FaultKind.STATUS):
        clock.shift(timedelta(hours=2))
        home.world.faults.add(Fault(kind=kind))
        _backfill(home, said)
        home.world.faults.clear()
    clock.shift(DAY)
    home.set("influxdb__password", f"{PASSWORD}, and wrong")
    _backfill(home, said)
    guarded.kill()
    clock.shift(DAY)
    _backfill(home, said)
    home.close()
    said += [repr(home.status(name)) for name in ("home", "gone")]
    captured = capfd.readouterr()
    said += [captured.out, captured.err, *caplog.messages, *(repr(record.__dict__) for record in caplog.records)]

    # What went wrong was said.
    told = "\n".join(said)
    for words in ("the credential is refused (401)", "cannot be read", "no whole answer", "answered 500"):
        assert words in told
    # The credentials were really used, in the one place where they belong.
    assert {authorization for _, authorization in seen} == {f"Bearer {TOKEN}", f"Bearer {DEAD_TOKEN}"}
    # And the search finds what is there: in a compressed snapshot of Dagster's, a raw answer, the store.
    kept = list(contents(home.folder))
    for thing, suffix in ((b"elvia_year", ".db"), (mine.metering_point.encode(), ".zst"), (b"PT1H", ".parquet")):
        assert any(thing in data and path.suffix == suffix for path, data in kept), thing

    for song in SONGS:
        assert [path for path, data in kept if song in data] == []
        assert [words for words in said if song.decode() in words] == []
        assert [url for url, _ in seen if song.decode() in url] == []
    # 1.8 writes statements into its log: the one that made the user is the test's own.
    lines = (tmp_path / "influxd" / "access.log").read_text().splitlines()
    requests = "\n".join(line for line in lines if "CREATE USER" not in line)
    assert "POST /write?db=energy" in requests
    assert "p=" not in requests
    assert not any(song.decode() in requests for song in SONGS)
