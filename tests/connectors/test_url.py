"""Which base URLs a credential may be sent to."""

from __future__ import annotations

import pytest

from connectors.http import checked_url


@pytest.mark.parametrize(
    "url",
    [
        "https://elvia.azure-api.net",
        "https://api.leneda.eu:8443/proxy/v1",
        "HTTPS://API.example",
        "http://127.0.0.1:8086",
        "http://127.9.9.9",
        "http://[::1]:8086",
        "http://localhost",
        "http://LocalHost:1/sandbox",
    ],
)
def test_safe_url(url: str) -> None:
    """Https anywhere, and plain http on this machine, are let through as they are."""
    assert checked_url(url, plain_http=False) == url


def test_slash_at_the_end() -> None:
    """A slash at the end makes no difference, so that one service has one URL."""
    assert checked_url("https://api.example/v1//", plain_http=False) == "https://api.example/v1"


@pytest.mark.parametrize("url", ["http://homeassistant.local:8086", "http://192.168.1.4:8086", "http://influx_db:8086"])
def test_plain_http(url: str) -> None:
    """Plain http leaves this machine only where that was asked for."""
    assert checked_url(url, plain_http=True) == url
    with pytest.raises(ValueError, match="must begin with https://"):
        checked_url(url, plain_http=False)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1.example",
        "http://localhost.example",
        "http://127.1",
        "http://2130706433",
        "http://0.0.0.0",
        "http://[::ffff:10.0.0.1]",
    ],
)
def test_hosts_that_only_look_like_this_machine(url: str) -> None:
    """A host that merely resembles loopback, or is it by a reading that others do not share, gets no plain http."""
    with pytest.raises(ValueError, match="must begin with https://"):
        checked_url(url, plain_http=False)


@pytest.mark.parametrize("plain_http", [False, True])
@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://canary:canary@api.example", "user or password"),
        ("https://canary@api.example", "user or password"),
        (r"https://api.example\@canary.example", "user or password"),
        ("https://api.example/?token=canary", "leave out"),
        ("https://api.example?", "leave out"),
        ("https://api.example/#canary", "leave out"),
        ("", "web address"),
        ("canary", "web address"),
        ("canary.example:443", "web address"),
        ("//canary.example", "web address"),
        ("ftp://canary.example", "web address"),
        ("https://", "web address"),
        ("https:///canary", "web address"),
        ("https://canary.example:65536", "web address"),
        ("https://canary.example:port", "web address"),
        ("https://canary example", "web address"),
        ("https://canary.example\n", "web address"),
        (" https://canary.example", "web address"),
        ("https://canary..example", "web address"),
        ("https://.", "web address"),
        ("https://" + 64 * "canary", "web address"),
        ("https://[::canary]", "web address"),
        ("https://[::1::1]", "web address"),
        ("https://canåry.example", "web address"),
        (r"https://canary\.example", "web address"),
    ],
)
def test_url_that_is_none(url: str, words: str, plain_http: bool) -> None:  # noqa: FBT001 - parametrised
    """Anything else is refused with what to do about it, and is not quoted."""
    with pytest.raises(ValueError, match=words) as caught:
        checked_url(url, plain_http=plain_http)

    assert "can" not in str(caught.value)
