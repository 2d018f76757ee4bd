"""Credentials of receivers that sing when they are seen; and metering points, where they have no business."""

from __future__ import annotations

import json
import logging
from base64 import b64encode
from typing import TYPE_CHECKING, Final

from pipelines import launch
from sandbox.faults import Fault, FaultKind
from schemas.time import DAY
from tests.alarms.receivers import PASSWORD, USER, Mailbox, Told
from tests.support.faults import FaultServer, answer
from tests.support.home import moved_in
from tests.support.searching import contents

if TYPE_CHECKING:
    import pytest
    from time_machine import Traveller

    from tests.alarms.conftest import Certificate
    from tests.support.home import Home

TOKEN: Final = "canary.token.that-nobody-may-see"
HOOK: Final = "canary-hook-3f1e"
TOPIC: Final = "canary-topic-77aa"
BEAT: Final = "canary-beat-9d20"
SONGS: Final = [
    *(song.encode() for song in (TOKEN, HOOK, TOPIC, BEAT, PASSWORD)),
    b64encode(PASSWORD.encode()).rstrip(b"="),
    # As AUTH PLAIN sends it, from the first whole group of three bytes on.
    b64encode(f"\0{USER}\0{PASSWORD}".encode())[20:-4],
]


def _sync(home: Home, said: list[str]) -> None:
    runs = launch.sync(home.settings, connections=None, progress=said.append)
    said += [repr(done) for done in list(runs)]


def test_no_credential_and_no_metering_point_is_seen(
    storage: Home,
    certificate: Certificate,
    monkeypatch: pytest.MonkeyPatch,
    *,
    clock: Traveller,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    """After messages that arrived and messages that did not, no credential is in any file, log, message or output.

    No metering point is in a message, or in what Dagster keeps.
    """
    # The mail server's own log is not ours.
    caplog.set_level(logging.CRITICAL, logger="mail.log")
    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    mine = moved_in(10)
    storage.world.admit(TOKEN, [mine])
    storage.connect("home", token=TOKEN)
    said: list[str] = []
    with Told() as told, FaultServer(answer(b"{}")) as ntfy, Mailbox(context=certificate.context, login=True) as mail:
        told.path = f"/{HOOK}"
        storage.set("alarms__urls", json.dumps([told.url, f"ntfy://127.0.0.1:{ntfy.port}/{TOPIC}"]))
        storage.set("alarms__heartbeat_url", f"{told.base_url}/{BEAT}")
        given = mail.settings(security="starttls", username=USER, password=PASSWORD)
        storage.set("alarms__smtp", json.dumps(given))
        said += [repr(storage.settings), str(storage.settings.model_dump())]

        _sync(storage, said)
        for fault in (
            Fault(kind=FaultKind.WRONG_UNIT, endpoint="metervalues"),
            Fault(kind=FaultKind.STATUS, status=503),
        ):
            storage.world.faults.clear()
            storage.world.faults.add(fault)
            clock.shift(DAY)
            _sync(storage, said)
        storage.world.faults.clear()
        storage.world.tokens[TOKEN].deleted = True
        told.refuse(500)
        mail.refuses["me@example.org"] = f"550 {PASSWORD}"
        for port in ("1", str(ntfy.port)):
            clock.shift(DAY)
            storage.set("alarms__urls", json.dumps([told.url, f"ntfy://127.0.0.1:{port}/{TOPIC}"]))
            _sync(storage, said)
        # Everything was really used.
        assert f"GET /{BEAT}" in told.requests
        assert f"POST /{HOOK}" in told.requests
        told_of = [*told.bodies(), *(seen.body for seen in ntfy.seen), *(bytes(letter) for letter in mail.letters)]
        assert len(mail.letters) >= 2
        assert any(TOPIC.encode() in seen.body for seen in ntfy.seen)

    said += [*capfd.readouterr(), *caplog.messages, *(repr(record.__dict__) for record in caplog.records)]
    told_text = "\n".join(said)
    for words in ("answered 500", "did not take the message", "refuses the recipient (550)"):
        assert words in told_text
    kept = list(contents(storage.folder))
    assert any(b"elvia: renew the credential of home" in data and path.name == "state.sqlite" for path, data in kept)
    for song in SONGS:
        assert [path for path, data in kept if song in data] == []
        assert [words for words in said if song.decode() in words] == []
        # ntfy's own protocol names the topic in its body.
        assert [body for body in told_of if song in body.replace(TOPIC.encode(), b"")] == []
    point = mine.metering_point.encode()
    assert any(point in data for path, data in kept if path.name == "state.sqlite")
    assert [body for body in told_of if point in body] == []
    assert [path for path, data in kept if "dagster" in path.parts and point in data] == []
