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


def knows(url: SecretStr) -> bool:
    """Tell whether Apprise makes a service of a URL: it knows one of that name, and the URL is complete."""
    return _service(url) is not None


def send(url: SecretStr, message: Message, name: str) -> None:
    """Send a message. Raises `TryLater`: Apprise does not say why it failed."""
    kind = {"begun": NotifyType.FAILURE, "over": NotifyType.SUCCESS, "test": NotifyType.INFO}[message.state]
    title, words = f"Wattline: {message.title}", f"{name}: Apprise's service did not take the message"
    # Made anew for each attempt: it would wait on its own, beside whoever waits here.
    apprise = Apprise(asset=_ASSET)
    if (service := _service(url)) is not None:
        apprise.add(service)
    if not apprise.notify(body=message.text, title=title, notify_type=kind, body_format=NotifyFormat.TEXT):
        raise TryLater(words)


def _service(url: SecretStr) -> NotifyBase | None:
    return Apprise.instantiate(url.get_secret_value(), asset=_ASSET)
