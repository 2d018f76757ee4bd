"""Mail by the standard library: it says in its errors what a server answered, which Apprise's mail does not.

What smtplib raises never leaves here: its texts quote the server, who may quote us.
"""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING, Final

from connectors.errors import OutsideError, RenewCredential, TryLater
from connectors.messages.message import NotDelivered

if TYPE_CHECKING:
    from connectors.messages.message import Message
    from connectors.messages.settings import SmtpSettings

TIMEOUT_S: Final = 20.0
"""For each answer of the server."""

_PASSING: Final = 4
"""The first digit of a reply that may be another one later (RFC 5321, 4.2.1)."""


def send(smtp: SmtpSettings, recipient: str, message: Message, name: str) -> None:
    """Send a message to one recipient.

    Raises:
        TryLater: the server is away, or asks for patience.
        RenewCredential: it refuses user and password.
        NotDelivered: it refuses the sender, the recipient, the message, or to encrypt.
    """
    try:
        _send(smtp, _letter(smtp, recipient, message))
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        problem = _problem(name, error)
    else:
        return
    raise problem


def _letter(smtp: SmtpSettings, recipient: str, message: Message) -> EmailMessage:
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = smtp.sender, recipient, f"Wattline: {message.title}"
    letter["Date"] = format_datetime(message.at)
    # The same for every attempt, so that a mailbox shows a letter once whose receipt got lost.
    letter["Message-ID"] = f"<{message.id}@{smtp.sender.rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"
    letter.set_content(message.text)
    return letter


def _send(smtp: SmtpSettings, letter: EmailMessage) -> None:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    with _connected(smtp, context) as server:
        if smtp.security == "starttls":
            server.starttls(context=context)
        if smtp.username is not None and smtp.password is not None:
            server.login(smtp.username, smtp.password.get_secret_value())
        server.send_message(letter)


def _connected(smtp: SmtpSettings, context: ssl.SSLContext) -> smtplib.SMTP:
    host, port = smtp.address
    if smtp.security == "tls":
        return smtplib.SMTP_SSL(host, port, timeout=TIMEOUT_S, context=context)
    return smtplib.SMTP(host, port, timeout=TIMEOUT_S)


def _problem(name: str, error: smtplib.SMTPException | OSError | UnicodeError) -> OutsideError:
    problem: OutsideError = TryLater(f"{name}: the mail server gave no whole answer ({type(error).__name__})")
    match error:
        case smtplib.SMTPAuthenticationError(smtp_code=code):
            problem = RenewCredential(f"{name}: the mail server refuses user and password ({code})")
        case smtplib.SMTPRecipientsRefused():
            [(code, _)] = error.recipients.values()
            problem = _answered(name, "the recipient", code)
        case smtplib.SMTPSenderRefused(smtp_code=code):
            problem = _answered(name, "the sender", code)
        case smtplib.SMTPResponseException(smtp_code=code):
            problem = _answered(name, "to take mail", code)
        case smtplib.SMTPNotSupportedError():
            problem = NotDelivered(f"{name}: the mail server cannot do what `security`, or the login, asks for")
        case ssl.SSLCertVerificationError():
            problem = NotDelivered(f"{name}: the mail server's certificate is not to be trusted")
        case UnicodeError():
            problem = NotDelivered(f"{name}: user, password or message hold what this mail server cannot carry")
    return problem


def _answered(name: str, what: str, code: int) -> OutsideError:
    words = f"{name}: the mail server refuses {what} ({code})"
    return TryLater(words) if code // 100 == _PASSING else NotDelivered(words)
