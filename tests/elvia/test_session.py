"""One token at work on a real port: what is sent to which endpoint, and what comes of the answers."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest
import stamina
from pydantic import SecretStr

from connectors.base import Ask, Feed
from connectors.budget import Budget
from connectors.connection import ConnectionSettings
from connectors.elvia.settings import ElviaConnection
from connectors.elvia.source import ELVIA
from connectors.errors import Refused, RenewCredential, SourceChanged, TryLater
from schemas.time import Window, month_window, utc_now, year_window
from tests.elvia.bodies import ANOTHER_POINT, JUNE, OSLO, POINT, month, peaks, point, row, values
from tests.support import faults
from tests.support.faults import FaultServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from connectors.base import Session

TOKEN: Final = "canary-token"
GOOD: Final = values(point(row(0)))


@pytest.fixture(autouse=True)
def _no_waits() -> Iterator[None]:
    with stamina.set_testing(True, attempts=2, cap=True):
        yield


@contextmanager
def opened(server: FaultServer, folder: Path, **settings: Any) -> Iterator[Session]:  # noqa: ANN401 - whatever the model takes
    """Give a session with the server."""
    connection = ElviaConnection(source="elvia", token=SecretStr(TOKEN), base_url=server.url, **settings)
    session = ELVIA.open("home", connection, Budget(folder / "budget.sqlite"))
    try:
        yield session
    finally:
        session.close()


def query(server: FaultServer) -> dict[str, list[str]]:
    """Return the parameters of the only request."""
    (seen,) = server.seen
    return parse_qs(urlsplit(seen.target).query, keep_blank_values=True)


def test_a_call_for_readings(tmp_path: Path) -> None:
    """Bounds are sent by the local clock with the offset of their own day, whole seconds, nothing superfluous."""
    ask = Ask(Feed.READINGS, Window(datetime(2026, 3, 28, 23, tzinfo=UTC), datetime(2026, 3, 29, 22, tzinfo=UTC)))
    with FaultServer(faults.answer(GOOD)) as server, opened(server, tmp_path) as session:
        before = utc_now()
        answer = session.ask(ask)

    (seen,) = server.seen
    assert (seen.method, urlsplit(seen.target).path) == ("GET", "/customer/metervalues/api/v1/metervalues")
    assert seen.headers["authorization"] == f"Bearer {TOKEN}"
    assert query(server) == {
        "startTime": ["2026-03-29T00:00:00+01:00"],
        "endTime": ["2026-03-30T00:00:00+02:00"],
        "includeProduction": ["true"],
    }
    assert (answer.ask, answer.body) == (ask, GOOD)
    assert before <= answer.asked_at <= utc_now()


def test_metering_points_by_name(tmp_path: Path) -> None:
    """Named metering points are one list; production is left out where the settings say so."""
    ask = Ask(Feed.READINGS, year_window(2025, OSLO), (POINT, ANOTHER_POINT))
    with FaultServer(faults.answer(GOOD)) as server, opened(server, tmp_path, include_production=False) as session:
        session.ask(ask)

    assert query(server) == {
        "startTime": ["2025-01-01T00:00:00+01:00"],
        "endTime": ["2026-01-01T00:00:00+01:00"],
        "includeProduction": ["false"],
        "meteringPointIds": [f"{POINT},{ANOTHER_POINT}"],
    }


@pytest.mark.parametrize(
    ("first", "told"),
    [
        (date(2026, 3, 1), "2026-04-01T00:00:00+02:00"),
        (date(2026, 10, 1), "2026-11-01T00:00:00+01:00"),
        (date(2024, 2, 1), "2024-03-01T00:00:00+01:00"),
        (date(2025, 12, 1), "2026-01-01T00:00:00+01:00"),
    ],
    ids=str,
)
def test_a_call_for_peaks(tmp_path: Path, first: date, told: str) -> None:
    """A month's peaks are asked for as of the instant that ends it, for consumption alone."""
    ask = Ask(Feed.PEAKS, month_window(first, OSLO))
    with FaultServer(faults.answer(peaks(month(1)))) as server, opened(server, tmp_path) as session:
        session.ask(ask)

    assert urlsplit(server.seen[0].target).path == "/customer/metervalues/api/v2/maxhours"
    assert query(server) == {"calculateTime": [told], "includeProduction": ["false"]}


@pytest.mark.parametrize(
    ("fault", "error", "requests"),
    [
        (faults.status(401), RenewCredential, 1),
        (faults.status(404), Refused, 1),
        (faults.status(503), TryLater, 2),
        (faults.answer(b"<html>Vedlikehold</html>"), SourceChanged, 2),
        (faults.answer(b"{}"), SourceChanged, 2),
        (faults.answer(b""), SourceChanged, 2),
    ],
    ids=["401", "404", "503", "HTML", "no list", "empty"],
)
def test_what_is_wrong_and_who_must_act(
    tmp_path: Path, fault: faults.Fault, error: type[Exception], requests: int
) -> None:
    """An answer that is none raises whose turn it is; no credential and no metering point is in the words."""
    for feed in Feed:
        with FaultServer(fault) as server, opened(server, tmp_path) as session, pytest.raises(error) as caught:
            session.ask(Ask(feed, JUNE, (POINT,)))

        assert len(server.seen) == requests
        assert TOKEN not in repr(caught.value)
        assert POINT not in repr(caught.value)


def test_the_token_has_a_budget(tmp_path: Path) -> None:
    """Calls over the hourly limit are not made, whichever session of the token would make them."""
    with FaultServer(faults.answer(GOOD)) as server:
        for _ in range(2):
            with opened(server, tmp_path, calls_per_hour=2) as session:
                session.ask(Ask(Feed.READINGS, JUNE))
        with (
            opened(server, tmp_path, calls_per_hour=2) as session,
            pytest.raises(TryLater, match="budget of 2 calls in 1:00:00"),
        ):
            session.ask(Ask(Feed.READINGS, JUNE))

    assert len(server.seen) == 2


def test_a_connection_without_a_token(tmp_path: Path) -> None:
    """Without a token there is no session, and the words name the setting."""
    connection = ElviaConnection(source="elvia")

    with pytest.raises(RenewCredential, match=r"connections\.home\.token"):
        ELVIA.open("home", connection, Budget(tmp_path / "budget.sqlite"))


def test_another_sources_connection(tmp_path: Path) -> None:
    """Only a connection of Elvia's own opens a session with Elvia."""

    class Other(ConnectionSettings):
        credential_key = "token"
        daily_at = "0 0 * * *"

        def listed_points(self) -> tuple[str, ...]:
            return ()

    with pytest.raises(TypeError, match="home"):
        ELVIA.open("home", Other(source="other", base_url="https://localhost"), Budget(tmp_path / "budget.sqlite"))
