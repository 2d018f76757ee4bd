"""What the HTTP module sends, and what it makes of each answer."""

from __future__ import annotations

import gzip
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

import pytest
from pydantic import SecretStr

from connectors.errors import Refused, RenewCredential, SourceChanged
from connectors.http import Http, Policy
from tests.support import faults
from tests.support.asking import BODY, ask
from tests.support.faults import FaultServer

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("no_waits")


def test_request_is_sent_as_given() -> None:
    """Method, path below the base URL, query, headers, body and credential arrive as given."""
    with FaultServer(faults.status(204)) as server:
        client = Http(f"{server.url}/proxy/", service="influxdb", headers={"Authorization": SecretStr("canary")})
        with client:
            client.request(
                "POST",
                "/api/v2/write",
                endpoint="write",
                params={"start": "2026-01-01T00:00:00+01:00", "name": "Strøm & varme"},
                content=b"line",
                headers={"content-type": "text/plain"},
                decode=bytes,
            )

    (seen,) = server.seen
    query = "start=2026-01-01T00%3A00%3A00%2B01%3A00&name=Str%C3%B8m+%26+varme"
    assert (seen.method, seen.target, seen.body) == ("POST", f"/proxy/api/v2/write?{query}", b"line")
    assert seen.headers["authorization"] == "canary"
    assert seen.headers["content-type"] == "text/plain"
    assert seen.headers["accept-encoding"] == "gzip"
    assert seen.headers["user-agent"].startswith("wattline/")


def test_basic_credential() -> None:
    """User and password are sent as RFC 7617 has it (its own example, in UTF-8)."""
    with FaultServer(faults.answer(BODY)) as server:
        ask(server, basic=("test", SecretStr("123£")))

    assert server.seen[0].headers["authorization"] == "Basic dGVzdDoxMjPCow=="


def test_reply_has_all_parts() -> None:
    """A reply holds the status, the headers by lower-case name, the body, its value and the instant."""
    with FaultServer(faults.answer(BODY, 201, X_Version="2")) as server:
        reply = ask(server, now=lambda: NOW)

    assert (reply.status, reply.body, reply.value, reply.answered_at) == (201, BODY, [1, 2, 3], NOW)
    assert reply.headers["x-version"] == "2"


def test_reply_shows_no_data() -> None:
    """The repr of a reply holds neither the body nor a header."""
    with FaultServer(faults.answer(b'["canary"]', Set_Cookie="canary")) as server:
        assert "canary" not in repr(ask(server))


def test_empty_204() -> None:
    """An answer without a body is one whose body is empty."""
    with FaultServer(faults.status(204)) as server, Http(server.url, service="influxdb") as client:
        reply = client.request("GET", "/ping", endpoint="ping", decode=len)

    assert (reply.status, reply.value) == (204, 0)


@pytest.mark.parametrize(
    "body", [gzip.compress(BODY), gzip.compress(BODY[:4]) + gzip.compress(BODY[4:])], ids=["one", "two members"]
)
def test_gzip(body: bytes) -> None:
    """A gzipped body is inflated, all members of it."""
    with FaultServer(faults.answer(body, Content_Encoding="gzip")) as server:
        assert ask(server).body == BODY


def test_connection_is_kept() -> None:
    """Requests that follow each other share a connection."""
    with FaultServer(faults.answer(BODY)) as server, Http(server.url, service="elvia") as client:
        for _ in range(3):
            client.request("GET", "/values", endpoint="metervalues", decode=bytes)

    assert [seen.connection for seen in server.seen] == [0, 0, 0]


def test_nothing_is_remembered_between_requests() -> None:
    """A cookie that the service sets is not sent back."""
    with (
        FaultServer(faults.answer(BODY, Set_Cookie="session=1")) as server,
        Http(server.url, service="elvia") as client,
    ):
        for _ in range(2):
            client.request("GET", "/values", endpoint="metervalues", decode=bytes)

    assert "cookie" not in server.seen[1].headers


def test_threads_share_it() -> None:
    """Many threads ask through one client, and each gets its own answer."""
    numbers = range(40)
    with (
        FaultServer(*(faults.answer(b"%d" % number) for number in numbers)) as server,
        Http(server.url, service="elvia") as client,
        ThreadPoolExecutor(8) as pool,
    ):
        replies = pool.map(lambda _: client.request("GET", "/values", endpoint="metervalues", decode=int), numbers)

        assert sorted(reply.value for reply in replies) == list(numbers)


def test_refused_credential() -> None:
    """401 is for the user, at once: a credential that is refused is not tried again."""
    with (
        FaultServer(faults.answer(b'{"statusCode": 401}', 401, Retry_After="1")) as server,
        pytest.raises(RenewCredential, match=r"elvia metervalues: .*credential"),
    ):
        ask(server)

    assert len(server.seen) == 1


@pytest.mark.parametrize("code", [400, 403, 404, 405, 410, 413, 422, 451])
def test_refused_request(code: int) -> None:
    """Any other 4xx is for the caller, at once, with the body to judge by."""
    with (
        FaultServer(faults.answer(b'{"errors": {"": ["start"]}}', code)) as server,
        pytest.raises(Refused, match=str(code)) as caught,
    ):
        ask(server)

    assert (caught.value.status, caught.value.body) == (code, b'{"errors": {"": ["start"]}}')
    assert len(server.seen) == 1


def test_refusal_of_any_size() -> None:
    """Of a refusal's body its start is kept, also where it would be a bomb."""
    zeros = gzip.compress(bytes(10 * 1024**2))
    with FaultServer(faults.answer(zeros, 400, Content_Encoding="gzip")) as server, pytest.raises(Refused) as caught:
        ask(server, Policy(max_body_bytes=10))

    assert caught.value.body == bytes(64 * 1024)


@pytest.mark.parametrize("code", [300, 301, 302, 303, 307, 308, 304])
def test_redirect(code: int) -> None:
    """A redirect is never followed: the credential is for one host."""
    with (
        FaultServer(faults.answer(BODY)) as elsewhere,
        FaultServer(faults.status(code, Location=elsewhere.url)) as server,
        pytest.raises(SourceChanged, match="redirect"),
    ):
        ask(server, headers={"X-API-KEY": SecretStr("canary")})

    assert (len(server.seen), len(elsewhere.seen)) == (1, 0)


@pytest.mark.parametrize("code", [600, 999])
def test_unknown_status(code: int) -> None:
    """A status that means nothing to us is no longer what is documented."""
    with FaultServer(faults.status(code)) as server, pytest.raises(SourceChanged, match=str(code)):
        ask(server)

    assert len(server.seen) == 1


@pytest.mark.parametrize("fault", [faults.answer(bytes(1025)), faults.bomb(64)], ids=["plain", "bomb"])
def test_body_over_the_cap(fault: faults.Fault) -> None:
    """A body over the cap is no longer what is documented, and is never taken in whole."""
    with FaultServer(fault) as server:
        tracemalloc.start()
        with pytest.raises(SourceChanged, match="1024 bytes"):
            ask(server, Policy(max_body_bytes=1024))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert len(server.seen) == 1
    assert peak < 8 * 1024**2


def test_body_at_the_cap() -> None:
    """A body that just fits is taken."""
    with FaultServer(faults.answer(BODY)) as server:
        assert ask(server, Policy(max_body_bytes=len(BODY))).body == BODY


def test_error_of_ours_in_decoding() -> None:
    """An error that already says who must act goes through, unrepeated."""
    changed = SourceChanged("the answer to another question")

    def decode(_: bytes) -> None:
        raise changed

    with (
        FaultServer(faults.answer(BODY)) as server,
        Http(server.url, service="elvia") as client,
        pytest.raises(SourceChanged) as caught,
    ):
        client.request("GET", "/", endpoint="metervalues", decode=decode)

    assert caught.value is changed
    assert len(server.seen) == 1
