"""The ways that the settings name, each with its own receiver, so that one that fails keeps no other waiting."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import stamina

from connectors.errors import TryLater
from connectors.messages import mail, web
from connectors.messages.message import NotDelivered, Way

if TYPE_CHECKING:
    from collections.abc import Callable

    from pydantic import SecretStr

    from connectors.messages.message import Message
    from connectors.messages.settings import AlarmSettings, SmtpSettings

ATTEMPTS: Final = 3


def ways(settings: AlarmSettings) -> list[Way]:
    """Return every way, in the settings' order: URLs, then recipients of mail."""
    found = [
        Way(name, _by_url(url, name))
        for name, url in ((f"alarms.urls[{place}]", url) for place, url in enumerate(settings.urls))
    ]
    if (smtp := settings.smtp) is not None:
        for place, recipient in enumerate(smtp.recipients):
            name = f"alarms.smtp.recipients[{place}]"
            found.append(Way(name, _by_mail(smtp, recipient, name)))
    return found


def ping(settings: AlarmSettings) -> None:
    """Ask for the heartbeat's address, where there is one. Raises an `OutsideError`."""
    if (url := settings.heartbeat_url) is not None:
        _patiently(lambda: web.request("GET", url, "alarms.heartbeat_url"))


def _by_url(url: SecretStr, name: str) -> Callable[[Message], None]:
    def send(message: Message) -> None:
        from connectors.messages import by_apprise  # noqa: PLC0415 - a sixth of a second, where nothing is to be told

        if by_apprise.knows(url):
            # Slack's and Discord's own hooks, too, which want their own shape.
            _patiently(lambda: by_apprise.send(url, message, name))
        elif url.get_secret_value().lower().startswith("http"):
            _patiently(lambda: web.request("POST", url, name, message.encoded()))
        else:
            words = f"{name}: Apprise knows no such service, or its URL is not complete"
            raise NotDelivered(words)

    return send


def _by_mail(smtp: SmtpSettings, recipient: str, name: str) -> Callable[[Message], None]:
    return lambda message: _patiently(lambda: mail.send(smtp, recipient, message, name))


def _patiently(attempt: Callable[[], None]) -> None:
    """Try again where time may heal: the next run, and with it the next chance, may be a day away."""
    for one in stamina.retry_context(on=TryLater, attempts=ATTEMPTS, timeout=None, wait_initial=1.0, wait_max=5.0):
        with one:
            attempt()
