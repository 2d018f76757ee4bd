"""That no failure of a request tells what was asked, or with which credential."""

from __future__ import annotations

import logging

import msgspec
import pytest
from pydantic import SecretStr

from connectors.errors import OutsideError
from connectors.http import Http, Policy
from tests.support import faults
from tests.support.asking import ENDLESS, PASSING, UNREADABLE
from tests.support.faults import FaultServer

pytestmark = pytest.mark.usefixtures("no_waits")


def everything_said(error: BaseException | None) -> str:
    """Return the words of an error and of all that hangs on it, shown in a traceback or not."""
    if error is None:
        return ""
    own = str(error) + repr(error) + repr(vars(error))
    return own + everything_said(error.__cause__) + everything_said(error.__context__)


@pytest.mark.parametrize(
    "fault",
    [
        *PASSING.values(),
        *ENDLESS.values(),
        *UNREADABLE.values(),
        faults.status(401),
        faults.status(400),
        faults.status(302, Location="http://127.0.0.1/?canary"),
        faults.status(429, Retry_After="3600"),
        faults.answer(b"canary" * 1000),
    ],
    ids=[*PASSING, *ENDLESS, *UNREADABLE, "401", "400", "302", "3600", "large"],
)
def test_no_failure_tells_a_secret(
    fault: faults.Fault, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """No credential, query, path, header or body gets into an error, its causes, a log or the output."""

    def decode(body: bytes) -> object:
        if not body.startswith(b"[1"):
            message = "canary"
            raise ValueError(message)
        return msgspec.json.decode(body)

    policy = Policy(total_s=0.1, read_s=0.1, max_body_bytes=1000, attempts=2)
    secret = SecretStr("canary")
    with (
        caplog.at_level(logging.DEBUG),
        FaultServer(fault) as server,
        Http(server.url, service="elvia", headers={"X-API-KEY": secret}, policy=policy) as client,
    ):
        with pytest.raises(OutsideError) as caught:
            client.request(
                "POST",
                "/canary",
                endpoint="metervalues",
                params={"meteringPointIds": "canary"},
                headers={"X-Point": "canary"},
                content=b"canary",
                decode=decode,
            )
        assert "canary" not in repr(client)

    assert server.seen
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert "canary" not in everything_said(caught.value)
    assert "canary" not in caplog.text
    assert "canary" not in "".join(capfd.readouterr())
