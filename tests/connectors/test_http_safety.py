"""What the HTTP module refuses to send, and to whom."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import traceback
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from connectors import http
from connectors.errors import OurMistake, RenewCredential, TryLater
from connectors.http import Http
from tests.support import faults
from tests.support.asking import BODY, FAST, ask
from tests.support.faults import FaultServer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = pytest.mark.usefixtures("no_waits")


@pytest.mark.parametrize(
    "path", ["", "values", "//other.example/", "/a?b=c", "/a#b", "/a b", "/å", "/a\n", "http://h/"]
)
def test_path(path: str) -> None:
    """A path that could lead elsewhere is refused, and nothing is sent."""
    with (
        FaultServer(faults.answer(BODY)) as server,
        Http(server.url, service="elvia") as client,
        pytest.raises(OurMistake, match="elvia metervalues: the path"),
    ):
        client.request("GET", path, endpoint="metervalues", decode=bytes)

    assert server.seen == []


@pytest.mark.parametrize(
    ("method", "headers"), [("GE T", {}), ("GET", {"a b": "c"}), ("GET", {"a": "b\r\nc: d"}), ("GET", {"a": "å"})]
)
def test_method_and_headers(method: str, headers: Mapping[str, str]) -> None:
    """A method or a header that is not HTTP's is our own mistake, and nothing is sent."""
    with (
        FaultServer(faults.answer(BODY)) as server,
        Http(server.url, service="elvia") as client,
        pytest.raises(OurMistake, match="elvia metervalues: "),
    ):
        client.request(method, "/", endpoint="metervalues", headers=headers, decode=bytes)

    assert server.seen == []


@pytest.mark.parametrize("url", ["http://api.example", "https://user:canary@api.example", "canary"])
def test_base_url(url: str) -> None:
    """A base URL that settings should have refused is our own mistake, and is not quoted."""
    with pytest.raises(OurMistake, match="elvia: the base URL") as caught:
        Http(url, service="elvia")

    assert "canary" not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize("credential", ["canary\n", "canary\r\nX: y", " canary", "canary\x00", "canåry"])
def test_credential_that_no_header_can_carry(credential: str) -> None:
    """A credential with a line break or a letter beyond ASCII is for the user, and is not quoted."""
    with pytest.raises(RenewCredential, match="elvia: the credential") as caught:
        Http("https://api.example", service="elvia", headers={"X-API-KEY": SecretStr(credential)})

    assert credential.strip() not in "".join(traceback.format_exception(caught.value))


def test_certificates_are_verified() -> None:
    """The context in use verifies the chain and the name, from TLS 1.2 on."""
    context = http._tls()

    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


@pytest.mark.skipif(shutil.which("openssl") is None, reason="only openssl makes a certificate here")
def test_certificate_of_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A service whose certificate nobody vouches for gets to see nothing, whatever the environment trusts."""
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    make += ["-addext", "subjectAltName=DNS:localhost", "-out", str(certificate), "-keyout", str(key)]
    subprocess.run(make, check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    http._tls.cache_clear()

    with (
        FaultServer(faults.answer(BODY), tls=context) as server,
        Http(server.url, service="elvia", policy=FAST) as client,
        pytest.raises(TryLater, match="SSLCertVerificationError"),
    ):
        client.request("GET", "/", endpoint="metervalues", decode=bytes)

    assert server.seen == []


def test_environment_is_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment gets to see nothing."""
    with FaultServer(faults.answer(BODY)) as proxy, FaultServer(faults.answer(BODY)) as server:
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
        monkeypatch.setenv("ALL_PROXY", proxy.url)
        ask(server)

    assert (len(proxy.seen), len(server.seen)) == (0, 1)
