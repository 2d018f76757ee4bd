"""A whole web address that is a secret: taken apart, since only its host may ever be shown."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from pydantic import SecretStr

from connectors.url import checked_url

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True)
class Address:
    """Where to send a request to; the path, the query and the user are as good as a password."""

    base_url: str
    path: str = field(repr=False)
    query: Mapping[str, str] = field(repr=False)
    basic: tuple[str, SecretStr] | None = field(repr=False)

    @classmethod
    def of(cls, url: SecretStr) -> Self:
        """Take a URL apart; plain http is allowed, since a house's own services seldom have more.

        Raises:
            ValueError: it is no web address. The message never quotes it.
        """
        message = "is not a web address; write it as https://host/path"
        try:
            parts = urlsplit(url.get_secret_value())
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError(message)
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        base_url = checked_url(f"{parts.scheme}://{host}" + (f":{port}" if port else ""), plain_http=True)
        pairs = parse_qsl(parts.query, keep_blank_values=True)
        if len(dict(pairs)) < len(pairs):
            message = "gives a part of its query twice; leave it in once"
            raise ValueError(message)
        user = None if parts.username is None else unquote(parts.username)
        basic = None if user is None else (user, SecretStr(unquote(parts.password or "")))
        return cls(base_url, parts.path or "/", dict(pairs), basic)
