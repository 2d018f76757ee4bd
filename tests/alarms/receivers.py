"""Whoever gets messages in the tests: a mail server and a web server on real loopback ports."""

from __future__ import annotations

from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import TYPE_CHECKING, Any, Final, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from connectors.messages.message import Message
from tests.support.faults import Fault, FaultServer, Wire, status

if TYPE_CHECKING:
    import ssl
    from types import TracebackType

USER: Final = "me@example.org"
PASSWORD: Final = "a password, thought up"


class Told:
    """A webhook's server: takes every message, or answers with a status for as long as it is told to."""

    def __init__(self) -> None:
        """Listen on a free port; answers within the `with` block."""
        self.answers: Fault = status(204)
        self._server = FaultServer(self._answer)
        self.path = "/hook"

    def __enter__(self) -> Self:
        """Begin to answer."""
        self._server.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop."""
        self._server.__exit__(kind, error, traceback)

    @property
    def url(self) -> str:
        """Where messages are posted to."""
        return self._server.url + self.path

    @property
    def base_url(self) -> str:
        """The server alone."""
        return self._server.url

    @property
    def requests(self) -> list[str]:
        """What was asked for, in order."""
        return [f"{seen.method} {seen.target}" for seen in self._server.seen]

    def messages(self) -> list[Message]:
        """Return what was posted since the last time."""
        seen = [Message.decoded(one.body) for one in self._server.seen if one.method == "POST"]
        self._server.seen.clear()
        return seen

    def titles(self) -> list[str]:
        """Return the titles of what was posted since the last time."""
        return [message.title for message in self.messages()]

    def bodies(self) -> list[bytes]:
        """Return everything that was ever sent here and is not forgotten."""
        return [one.body for one in self._server.seen]

    def refuse(self, code: int | None) -> None:
        """Answer with this status from now on; None: take everything again."""
        self.answers = status(204 if code is None else code)

    def _answer(self, wire: Wire) -> bool:
        return self.answers(wire)


def slowly(answer: Fault, pause_s: float = 0.5) -> Fault:
    """Take a while to answer."""

    def wait(wire: Wire) -> bool:
        wire.stopped.wait(pause_s)
        return answer(wire)

    return wait


@dataclass(frozen=True)
class _Security:
    context: ssl.SSLContext | None = None
    from_the_start: bool = False


class _Controller(Controller):
    """A server of aiosmtpd's that asks for user and password where it is encrypted."""

    def __init__(self, handler: Mailbox, security: _Security, *, login: bool) -> None:
        self._security, self._login = security, login
        context = security.context if security.from_the_start else None
        super().__init__(handler, hostname="127.0.0.1", port=0, ssl_context=context)

    def factory(self) -> SMTP:
        return SMTP(
            self.handler,
            hostname="localhost",
            tls_context=None if self._security.from_the_start else self._security.context,
            require_starttls=self._security.context is not None and not self._security.from_the_start,
            authenticator=_authenticate if self._login else None,
            auth_required=self._login,
            # aiosmtpd does not know encryption from the start for what it is.
            auth_require_tls=not self._security.from_the_start,
        )

    def _trigger_server(self) -> None:
        server: Any = self.server
        self.port = server.sockets[0].getsockname()[1]
        super()._trigger_server()  # type: ignore[no-untyped-call]


def _authenticate(_: SMTP, __: Session, ___: Envelope, ____: str, data: LoginPassword) -> AuthResult:
    good = (data.login, data.password) == (USER.encode(), PASSWORD.encode())
    return AuthResult(success=good, handled=False)


class Mailbox:
    """A mail server and all that it was given."""

    def __init__(
        self, *, context: ssl.SSLContext | None = None, from_the_start: bool = False, login: bool = False
    ) -> None:
        """Listen on a free port within the `with` block; with a context, encrypted from the start or when asked."""
        self.letters: list[EmailMessage] = []
        self.recipients: list[str] = []
        self.refuses: dict[str, str] = {}
        self._controller = _Controller(self, _Security(context, from_the_start), login=login)

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self._controller.stop()

    @property
    def port(self) -> int:
        """Its port."""
        return self._controller.port

    def settings(self, **other: object) -> dict[str, object]:
        """Return [alarms.smtp] for this server without encryption and login, but for what is given."""
        plain = {
            "host": "localhost",
            "port": self.port,
            "security": "none",
            "sender": "wattline@example.org",
            "recipients": ["me@example.org"],
        }
        return plain | other

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: list[str]
    ) -> str:
        """Take a recipient, if it is not one to refuse."""
        if answer := self.refuses.get(address):
            return answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Take a letter."""
        content = envelope.content
        assert isinstance(content, bytes)
        letter = message_from_bytes(content, policy=default)
        assert isinstance(letter, EmailMessage)
        self.letters.append(letter)
        self.recipients += envelope.rcpt_tos
        return "250 taken"
