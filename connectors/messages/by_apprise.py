"""Everything that Apprise reaches: its URLs name a service and hold the credential."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from apprise import Apprise, AppriseAsset
from apprise.common import NotifyFormat, NotifyType

from connectors.errors import TryLater

if TYPE_CHECKING:
    from apprise import NotifyBase
    from pydantic import SecretStr

    from connectors.messages.message import Message

# Their lines hold addresses, and addresses hold credentials.
logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
for _chatty in ("urllib3", "oauthlib", "requests_oauthlib"):
    logging.getLogger(_chatty).setLevel(logging.ERROR)

# One at a time, nothing kept on the disk.
_ASSET = AppriseAsset(app_id="Wattline", app_desc="Wattline", async_mode=False, storage_mode="memory")


def service_of(url: SecretStr) -> NotifyBase | None:
    """Return what Apprise makes of a URL; None where it knows no such service, or the URL is not complete."""
    return Apprise.instantiate(url.get_secret_value(), asset=_ASSET)


def send(service: NotifyBase, message: Message, name: str) -> None:
    """Send a message. Raises `TryLater`: Apprise does not say why it failed."""
    kind = {"begun": NotifyType.FAILURE, "over": NotifyType.SUCCESS, "test": NotifyType.INFO}[message.state]
    apprise = Apprise(asset=_ASSET)
    apprise.add(service)
    title = f"Wattline: {message.title}"
    if not apprise.notify(body=message.text, title=title, notify_type=kind, body_format=NotifyFormat.TEXT):
        failure = f"{name}: {service.service_name} did not take the message"
        raise TryLater(failure)
