"""Which base URLs a credential may be sent to."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import Final

_URL: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[a-z0-9._-]+|\[[0-9a-f:.]+\])(:(?P<port>[0-9]{1,5}))?(/[a-z0-9._~%-]+)*/*",
    re.IGNORECASE,
)
_LARGEST_PORT: Final = 65535


def checked_url(url: str, *, plain_http: bool) -> str:
    """Return the base URL of a service, without a slash at its end.

    Args:
        url: scheme, host, and where needed a port and a path.
        plain_http: whether http may leave this machine; else it is for loopback alone.

    Raises:
        ValueError: it is no such URL, holds a credential, or would show one to everybody on the way. The
            message says what to write instead and never quotes the URL.
    """
    if "@" in url:
        message = "must not hold a user or password; give them in their own settings"
        raise ValueError(message)
    if "?" in url or "#" in url:
        message = "must end with the host or a path; leave out '?' or '#' and all that follows"
        raise ValueError(message)
    parts = _URL.fullmatch(url)
    if parts is None or not _is_host(parts["host"]) or int(parts["port"] or 0) > _LARGEST_PORT:
        message = "is not a web address; write it as https://host or https://host:port/path"
        raise ValueError(message)
    if parts["scheme"].lower() == "http" and not (plain_http or _is_loopback(parts["host"])):
        message = "must begin with https://; plain http is for this machine alone (127.0.0.1, ::1, localhost)"
        raise ValueError(message)
    return url.rstrip("/")


def _is_host(host: str) -> bool:
    try:
        return bool(ip_address(host[1:-1]) if host.startswith("[") else host.encode("idna"))
    except ValueError:  # an address that is none; an empty label, or one of more than 63 characters
        return False


def _is_loopback(host: str) -> bool:
    try:
        return host.lower() == "localhost" or ip_address(host.strip("[]")).is_loopback
    except ValueError:  # a name, and whose it is only the resolver knows
        return False
