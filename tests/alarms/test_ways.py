"""Every way to somebody: what arrives there, and in which words it is told that something does not."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

from connectors.errors import OutsideError, RenewCredential, TryLater
from connectors.messages.message import Message, NotDelivered
from connectors.messages.settings import AlarmSettings
from connectors.messages.ways import ATTEMPTS, ping, ways
from tests.alarms.receivers import PASSWORD, USER, Mailbox, Told
from tests.support.faults import FaultServer, answer, reset, status

if TYPE_CHECKING:
    from tests.alarms.conftest import Certificate

MESSAGE: Final = Message(
    title="elvia: renew the credential of home",
    text="Elvia: renew the credential of home.\n\nYou must act, på norsk også.",
    state="begun",
    kind="credential",
    scope="elvia",
    about=("home",),
    at=datetime(2026, 6, 17, 12, 20, tzinfo=UTC),
)


def send(**settings: Any) -> None:  # noqa: ANN401 - whatever the settings take
    """Send the message by every way of these settings."""
    for way in ways(AlarmSettings.model_validate(settings)):
        way.send(MESSAGE)


def test_a_webhook_gets_the_message_as_json() -> None:
    """A plain URL is posted to, with its query and its user, and the body has all parts of the message."""
    with FaultServer(status(204)) as server:
        send(urls=[f"http://me:a%20word@127.0.0.1:{server.port}/hook/a-secret?key=v%26w&empty="])

        (seen,) = server.seen
    assert (seen.method, seen.target) == ("POST", "/hook/a-secret?key=v%26w&empty=")
    assert seen.headers["content-type"] == "application/json"
    assert seen.headers["authorization"] == "Basic bWU6YSB3b3Jk"
    body = json.loads(seen.body)
    assert body == {
        "id": MESSAGE.id,
        "title": "elvia: renew the credential of home",
        "text": MESSAGE.text,
        "state": "begun",
        "kind": "credential",
        "scope": "elvia",
        "about": ["home"],
        "at": "2026-06-17T12:20:00Z",
    }


@pytest.mark.parametrize(
    ("path", "where", "what"), [("ntfy://{}/alarms", "/", "message"), ("json://{}/x", "/x", "message")]
)
def test_apprise_gets_title_and_text(path: str, where: str, what: str) -> None:
    """A URL of one of Apprise's services goes through Apprise, and brings title and text."""
    with FaultServer(answer(b"{}")) as server:
        send(urls=[path.format(f"127.0.0.1:{server.port}")])

        (seen,) = server.seen
    body = json.loads(seen.body)
    assert seen.target == where
    assert body["title"] == "Wattline: elvia: renew the credential of home"
    assert body[what] == MESSAGE.text


@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")
@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_mail_arrives(security: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """A letter to each recipient, by each kind of encryption, with user and password where the server asks for them."""
    context, login = None, {}
    if security != "none":
        certificate: Certificate = request.getfixturevalue("certificate")
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
        context, login = certificate.context, {"username": USER, "password": PASSWORD}
    with Mailbox(context=context, from_the_start=security == "tls", login=bool(login)) as server:
        recipients = ["me@example.org", "you@example.org"]
        send(smtp=server.settings(security=security, recipients=recipients, **login))

    assert server.recipients == ["me@example.org", "you@example.org"]
    first, second = server.letters
    assert (first["To"], second["To"]) == ("me@example.org", "you@example.org")
    assert first["From"] == "wattline@example.org"
    assert first["Subject"] == "Wattline: elvia: renew the credential of home"
    assert first["Message-ID"] == f"<{MESSAGE.id}@example.org>"
    assert first["Auto-Submitted"] == "auto-generated"
    assert first.get_content().replace("\r\n", "\n").rstrip("\n") == MESSAGE.text


def _failure(**settings: Any) -> OutsideError:  # noqa: ANN401 - whatever the settings take
    with pytest.raises(OutsideError) as caught:
        send(**settings)
    return caught.value


def test_a_wrong_password_is_said(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A mail server that refuses the login is the user's to mend, and is asked once; the password is in no word."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    with Mailbox(context=certificate.context, login=True) as server:
        error = _failure(smtp=server.settings(security="starttls", username=USER, password="kanari-word"))

    assert isinstance(error, RenewCredential)
    assert str(error) == "alarms.smtp.recipients[0]: the mail server refuses user and password (535)"
    assert error.__context__ is None


@pytest.mark.parametrize(
    ("reply", "kind"), [("550 no such mailbox", NotDelivered), ("451 come back later", TryLater)], ids=["550", "451"]
)
def test_a_recipient_that_is_refused_is_said(mailbox: Mailbox, reply: str, kind: type[OutsideError]) -> None:
    """A refused recipient is named by its place in the settings, with the server's code and not its words."""
    mailbox.refuses["me@example.org"] = reply

    error = _failure(smtp=mailbox.settings())

    assert type(error) is kind
    assert str(error) == f"alarms.smtp.recipients[0]: the mail server refuses the recipient ({reply[:3]})"


def test_a_server_that_cannot_encrypt_gets_nothing(mailbox: Mailbox) -> None:
    """Where encryption is asked for and cannot be had, no letter is sent."""
    error = _failure(smtp=mailbox.settings(security="starttls"))

    assert isinstance(error, NotDelivered)
    assert mailbox.letters == []


def test_a_certificate_of_nobody_gets_nothing(certificate: Certificate) -> None:
    """A mail server whose certificate nobody vouches for gets neither password nor letter."""
    with Mailbox(context=certificate.context, from_the_start=True) as server:
        error = _failure(smtp=server.settings(security="tls", username=USER, password=PASSWORD))

    assert str(error) == "alarms.smtp.recipients[0]: the mail server's certificate is not to be trusted"
    assert server.letters == []


def test_a_password_that_no_login_carries(certificate: Certificate, monkeypatch: pytest.MonkeyPatch) -> None:
    """A password with letters that SMTP cannot carry is refused in words that show none of them."""
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.path))
    with Mailbox(context=certificate.context, login=True) as server:
        error = _failure(smtp=server.settings(security="starttls", username=USER, password="blåbær"))

    assert isinstance(error, NotDelivered)
    assert error.__context__ is None


def test_nobody_there_is_tried_again() -> None:
    """Where nobody listens, or the line breaks, the same run tries again and then says so, without the URL."""
    smtp = {
        "host": "localhost",
        "port": 9,
        "security": "none",
        "sender": "a@example.org",
        "recipients": ["b@example.org"],
    }
    error = _failure(smtp=smtp)
    assert str(error) == "alarms.smtp.recipients[0]: the mail server gave no whole answer (ConnectionRefusedError)"

    with FaultServer(reset()) as server:
        error = _failure(urls=[f"{server.url}/a-secret"])
        assert len(server.seen) == ATTEMPTS
    assert isinstance(error, TryLater)
    assert str(error).startswith("alarms.urls[0] POST: no whole answer (")


def test_what_passes_is_delivered_by_the_same_run() -> None:
    """A receiver that answers 503 once gets the message at the next attempt."""
    with FaultServer(status(503), status(200)) as server:
        send(urls=[f"{server.url}/hook"])

        assert len(server.seen) == 2


@pytest.mark.parametrize("url", ["nonsense://kanari", "tgram://kanari"])
def test_a_service_that_nobody_knows_is_said(url: str) -> None:
    """A URL that Apprise can make nothing of is the user's to mend; the URL is in no word."""
    error = _failure(urls=[url])

    assert isinstance(error, NotDelivered)
    assert str(error) == "alarms.urls[0]: Apprise knows no such service, or its URL is not complete"


def test_apprise_keeps_its_urls_to_itself(caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]) -> None:
    """Whether or not a service takes the message, no log and no output names its address."""
    caplog.set_level(logging.DEBUG)
    with FaultServer(status(403), status(403), status(403), answer(b"{}")) as server:
        for _ in range(2):
            try:
                send(urls=[f"ntfy://127.0.0.1:{server.port}/kanari-topic"])
            except TryLater as error:
                assert str(error) == "alarms.urls[0]: Apprise's service did not take the message"  # noqa: PT017 - once of two times
        assert len(server.seen) == ATTEMPTS + 1

    said = [*caplog.messages, *(str(record.__dict__) for record in caplog.records), *capfd.readouterr()]
    assert not [words for words in said if "kanari" in words]


def test_the_heartbeat_is_asked_for(told: Told) -> None:
    """A ping is one GET of the whole address, and its failure is said without it."""
    settings = AlarmSettings.model_validate({"heartbeat_url": f"{told.base_url}/ping/a-secret?status=up&msg="})

    ping(settings)
    assert told.requests == ["GET /ping/a-secret?status=up&msg="]

    told.refuse(404)
    with pytest.raises(OutsideError) as caught:
        ping(settings)
    assert str(caught.value) == "alarms.heartbeat_url GET: refuses the request (404)"
