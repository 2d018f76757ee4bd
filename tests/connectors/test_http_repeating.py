"""Which failures of a request are repeated, how often, and how long it waits in between."""

from __future__ import annotations

import socket
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
import stamina

from connectors.errors import SourceChanged, TryLater
from connectors.http import Http, Policy
from tests.support import faults
from tests.support.asking import BODY, ENDLESS, FAST, PASSING, UNREADABLE, ask
from tests.support.faults import FaultServer

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

pytestmark = pytest.mark.usefixtures("no_waits")


@pytest.mark.parametrize(
    "fault",
    [*PASSING.values(), *ENDLESS.values(), *UNREADABLE.values()],
    ids=[*PASSING, *ENDLESS, *UNREADABLE],
)
def test_fault_that_passes(fault: faults.Fault) -> None:
    """What fails once and then works has worked."""
    with FaultServer(fault, faults.answer(BODY)) as server:
        assert ask(server).value == [1, 2, 3]

    assert len(server.seen) == 2


@pytest.mark.parametrize("fault", [*PASSING.values(), ENDLESS["silence"]], ids=[*PASSING, "silence"])
def test_fault_that_stays(fault: faults.Fault) -> None:
    """What fails in every attempt is for later."""
    with FaultServer(fault) as server, pytest.raises(TryLater) as caught:
        ask(server)

    assert len(server.seen) == FAST.attempts
    assert str(caught.value).startswith("elvia metervalues: ")
    assert caught.value.not_before is None


@pytest.mark.parametrize("fault", UNREADABLE.values(), ids=UNREADABLE)
def test_body_that_nobody_can_read(fault: faults.Fault) -> None:
    """A body that no attempt could read is no longer what is documented."""
    with FaultServer(fault) as server, pytest.raises(SourceChanged, match="elvia metervalues: "):
        ask(server)

    assert len(server.seen) == FAST.attempts


def test_unreadable_now_and_then() -> None:
    """Bodies that cannot be read while the service also fails otherwise are for later."""
    with FaultServer(faults.status(503), UNREADABLE["HTML"]) as server, pytest.raises(TryLater, match="503"):
        ask(server)

    assert len(server.seen) == FAST.attempts


def test_nobody_listens() -> None:
    """A port where nobody listens is for later, and the message names the cause by its class."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    with Http(url, service="elvia") as client, pytest.raises(TryLater, match=r"ConnectError.*ConnectionRefused"):
        client.request("GET", "/", endpoint="metervalues", decode=bytes)


@pytest.mark.parametrize("piece", [0, 64 * 1024], ids=["never reads", "reads slowly"])
def test_sending_ends_too(piece: int) -> None:
    """A body that the service takes too slowly is for later, and doesn't hang."""
    stop, content, received = threading.Event(), bytes(64 * 1024**2), bytearray()

    def take_slowly(listener: socket.socket) -> None:
        connection, _ = listener.accept()
        with connection:
            while not stop.wait(0.002):
                received.extend(connection.recv(piece) if piece else b"")

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor(1) as pool:
        pool.submit(take_slowly, listener)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        policy = Policy(total_s=0.4, read_s=0.3, attempts=1)
        try:
            with Http(url, service="influxdb", policy=policy) as client, pytest.raises(TryLater):
                client.request("POST", "/write", endpoint="write", content=content, decode=bytes)
        finally:
            stop.set()

    assert len(received) < len(content) / 2


def test_one_attempt() -> None:
    """Where the policy says one attempt, nothing is sent twice."""
    with FaultServer(faults.status(503)) as server, pytest.raises(TryLater):
        ask(server, Policy(attempts=1))

    assert len(server.seen) == 1


def test_budget_is_asked_before_every_attempt() -> None:
    """The rate budget is asked before the first attempt and before each repetition."""
    calls: list[int] = []
    with FaultServer(faults.status(503), faults.status(503), faults.answer(BODY)) as server:
        ask(server, before_call=lambda: calls.append(len(server.seen)))

    assert calls == [0, 1, 2]


def test_budget_used_up() -> None:
    """What the rate budget raises goes through, and nothing is sent."""
    used_up = TryLater("used up", not_before=NOW)

    def refuse() -> None:
        raise used_up

    with FaultServer(faults.answer(BODY)) as server, pytest.raises(TryLater) as caught:
        ask(server, before_call=refuse)

    assert caught.value is used_up
    assert server.seen == []


def test_repetition_is_logged_and_not_printed(
    caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """A repetition is one line in the log, and none where commands write their results."""
    with FaultServer(faults.status(503), faults.answer(BODY)) as server:
        ask(server)

    assert [record.getMessage() for record in caplog.records] == [
        "elvia metervalues: answered 503; asking again in 0 s"
    ]
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("code", [429, 503])
def test_seconds_are_never_undercut(code: int) -> None:
    """The next attempt comes no sooner than the announced seconds have passed."""
    with stamina.set_testing(False), FaultServer(faults.status(code, Retry_After="1"), faults.answer(BODY)) as server:
        ask(server)

    first, second = server.seen
    assert second.at - first.at >= 1


def test_date_is_never_undercut() -> None:
    """The next attempt comes no sooner than the announced date."""
    date = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=2)
    busy = faults.status(429, Retry_After=format_datetime(date, usegmt=True))
    arrived: list[datetime] = []
    with stamina.set_testing(False), FaultServer(busy, faults.answer(BODY)) as server:
        ask(server, before_call=lambda: arrived.append(datetime.now(UTC)))

    assert arrived[0] < date <= arrived[1]


@pytest.mark.parametrize("code", [403, 408, 425, 429, 500, 503])
@pytest.mark.parametrize("value", ["3600", "Sun, 22 Nov 2026 13:00:00 GMT"], ids=["seconds", "date"])
def test_longer_than_patience(code: int, value: str) -> None:
    """An announced wait beyond the patience ends the call at once, and says until when."""
    with FaultServer(faults.status(code, Retry_After=value)) as server, pytest.raises(TryLater) as caught:
        ask(server, now=lambda: NOW)

    assert len(server.seen) == 1
    assert caught.value.not_before == NOW + timedelta(hours=1)
    assert "2026-11-22T13:00:00+00:00" in str(caught.value)


@pytest.mark.parametrize(("seconds", "requests"), [(60, FAST.attempts), (61, 1)])
def test_patience_is_a_bound(seconds: int, requests: int) -> None:
    """A wait as long as the patience is waited for; a second more is not. The last one announced is told."""
    with FaultServer(faults.status(429, Retry_After=str(seconds))) as server, pytest.raises(TryLater) as caught:
        ask(server, now=lambda: NOW)

    assert len(server.seen) == requests
    assert caught.value.not_before == NOW + timedelta(seconds=seconds)


def test_wait_over_by_now() -> None:
    """A wait that is over by the time it is looked at needs no more waiting."""
    clock = iter(NOW + timedelta(minutes=minutes) for minutes in range(9))
    with FaultServer(faults.status(429, Retry_After="5"), faults.answer(BODY)) as server:
        assert ask(server, now=lambda: next(clock)).value == [1, 2, 3]
