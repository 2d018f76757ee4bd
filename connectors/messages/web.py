"""One request to an address that is a secret: a webhook's, or the heartbeat's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors.http import Http, Policy
from connectors.messages.address import Address

if TYPE_CHECKING:
    from pydantic import SecretStr

ONCE: Final = Policy(total_s=30.0, read_s=20.0, max_body_bytes=1024 * 1024, attempts=1)
"""Whoever calls repeats; what a receiver answers is of no interest."""


def request(method: str, url: SecretStr, name: str, content: bytes | None = None) -> None:
    """Make one request, of whose answer only the status counts. Raises an `OutsideError`; `name` says whose it is."""
    address = Address.of(url)
    headers = {} if content is None else {"Content-Type": "application/json"}
    with Http(address.base_url, service=name, basic=address.basic, policy=ONCE, plain_http=True) as http:
        http.request(
            method,
            address.path,
            endpoint=method,
            params=address.query,
            content=content,
            headers=headers,
            decode=len,
        )
