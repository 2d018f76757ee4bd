"""One call as the operator gets it, what its refusals become, and what never shows."""

from __future__ import annotations

import logging
import traceback
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Final, Literal

import pytest
from pydantic import SecretStr

from connectors.base import Ask, Feed, Subject
from connectors.errors import OurMistake, OutsideError, Refused, RenewCredential, SourceChanged, TryLater
from connectors.leneda.settings import LenedaConnection
from connectors.leneda.source import LENEDA
from sandbox.faults import Fault, FaultKind
from schemas.time import DAY, Window
from tests.leneda.plant import ENERGY_ID, KEY, NOW, OTHER, POINT
from tests.support import faults
from tests.support.faults import FaultServer
from tests.support.machine import Machine

if TYPE_CHECKING:
    from pathlib import Path

    from connectors.base import RawAnswer
    from tests.leneda.plant import Plant

END: Final = LENEDA.published_until(NOW)
YESTERDAY: Final = Window(END - DAY, END)
NOTHING: Final = b'{"meteringPointCode": null, "obisCode": null, "intervalLength": null, "unit": null, "items": []}'


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Return a machine with a budget whose waits take no time."""
    return Machine(tmp_path / "budget.sqlite")


def ask(
    url: str, machine: Machine, code: str = POINT, register: str = "consumption", calls: int = 1, **keys: object
) -> RawAnswer:
    """Ask for a register's yesterday, so many times, and return the last answer."""
    given: dict[str, Any] = {
        "source": "leneda",
        "energy_id": ENERGY_ID,
        "api_key": SecretStr(KEY),
        "base_url": url,
    } | keys
    connection = LenedaConnection(**given)
    with closing(LENEDA.open("plant", connection, machine.budget)) as session:
        answers = [session.ask(Ask.about(Feed.READINGS, YESTERDAY, [Subject(code, register)])) for _ in range(calls)]
    return answers[-1]


def test_a_call_as_it_is_documented(machine: Machine) -> None:
    """The code stands in the path, the OBIS code url-encoded in the query, times in UTC, and two headers prove it."""
    with FaultServer(faults.answer(NOTHING)) as server, pytest.raises(Refused):
        ask(server.url, machine, register="consumption_shared_layer2")

    (seen,) = server.seen
    path, _, query = seen.target.partition("?")
    assert (seen.method, path) == ("GET", f"/api/metering-points/{POINT}/time-series")
    assert query == (
        "startDateTime=2026-06-15T22%3A00%3A00Z&endDateTime=2026-06-16T22%3A00%3A00Z&obisCode=1-65%3A1.29.3"
    )
    assert (seen.headers["x-api-key"], seen.headers["x-energy-id"]) == (KEY, ENERGY_ID)


def test_a_code_is_encoded_where_it_must_be(machine: Machine) -> None:
    """Leneda's samples have codes with hyphens and underscores; they stay as they are."""
    with FaultServer(faults.answer(NOTHING)) as server, pytest.raises(Refused):
        ask(server.url, machine, "LU-METERING_POINT1")

    assert "/LU-METERING_POINT1/" in server.seen[0].target


def test_an_answer_is_kept_verbatim(plant: Plant, machine: Machine) -> None:
    """The body is the operator's, with what was asked and when."""
    plant.owns(POINT, "consumption")
    answer = ask(plant.sandbox.leneda_url, machine)

    assert answer.ask.subjects == (Subject(POINT, "consumption"),)
    assert answer.asked_at == plant.world.calls[-1].at.replace(microsecond=answer.asked_at.microsecond)
    assert LENEDA.parse(answer).frame.height == 96


@pytest.mark.parametrize("status", [200, 404])
@pytest.mark.parametrize(("code", "register"), [(POINT, "production"), (OTHER, "consumption")])
def test_what_is_unknown_or_not_granted_is_refused(
    plant: Plant, machine: Machine, code: str, register: str, status: Literal[200, 404]
) -> None:
    """Leneda says so with nulls, or with 404; both are told as the same, and never as an empty answer."""
    plant.owns(POINT, "consumption")
    plant.world.leneda.switches.no_access_status = status

    with pytest.raises(Refused, match=r"leneda time-series: .* or access to it is not granted") as caught:
        ask(plant.sandbox.leneda_url, machine, code, register)

    assert caught.value.status == status
    assert caught.value.meaning.endswith("or access to it is not granted")


def test_a_blocked_network(plant: Plant, machine: Machine) -> None:
    """403 is no fault of the key: it says that the country or the host may be blocked."""
    plant.owns(POINT, "consumption")
    plant.world.faults.add(Fault(kind=FaultKind.STATUS, status=403))

    with pytest.raises(Refused, match=r"\(403\): access is restricted; Leneda also blocks calls from some countries"):
        ask(plant.sandbox.leneda_url, machine)


@pytest.mark.parametrize("keys", [{"api_key": SecretStr("key-2")}, {"energy_id": "LUXE-XX-YY-99999"}])
def test_a_wrong_key_or_energy_id(plant: Plant, machine: Machine, keys: dict[str, Any]) -> None:
    """Leneda does not say which of the two is wrong."""
    plant.owns(POINT, "consumption")

    with pytest.raises(RenewCredential, match=r"leneda time-series: the credential is refused \(401\)"):
        ask(plant.sandbox.leneda_url, machine, **keys)


def test_no_key_is_no_call(machine: Machine) -> None:
    """Where the key is missing, it is said where it belongs, and nothing is sent."""
    with FaultServer(faults.status(500)) as server, pytest.raises(RenewCredential, match="PLANT__API_KEY"):
        ask(server.url, machine, api_key=None)

    assert server.seen == []


@pytest.mark.parametrize(
    "subjects", [[], [Subject(POINT)], [Subject(POINT, "consumption"), Subject(OTHER, "production")]]
)
def test_what_one_call_cannot_ask(machine: Machine, subjects: list[Subject]) -> None:
    """One register of one metering point, no less and no more; nothing else is sent."""
    with FaultServer(faults.answer(NOTHING)) as server:
        connection = LenedaConnection(source="leneda", energy_id=ENERGY_ID, api_key=SecretStr(KEY), base_url=server.url)
        with closing(LENEDA.open("plant", connection, machine.budget)) as session, pytest.raises(OurMistake):
            session.ask(Ask.about(Feed.READINGS, YESTERDAY, subjects))

    assert server.seen == []


@pytest.mark.parametrize(("calls_per_minute", "slept"), [(60, 4.0), (6, 40.0), (600, 0.4)])
def test_calls_are_evenly_spaced(machine: Machine, calls_per_minute: int, slept: float) -> None:
    """The limit a minute is kept call by call, so that no burst is sent: the first of five goes at once."""
    content = b'{"meteringPointCode": "X", "obisCode": "X", "intervalLength": "PT15M", "unit": "kW", "items": []}'
    with FaultServer(faults.answer(content)) as server:
        ask(server.url, machine, calls=5, calls_per_minute=calls_per_minute)

    assert machine.slept.total_seconds() == pytest.approx(slept)


def test_the_pace_holds_for_all_sessions_of_a_key(machine: Machine) -> None:
    """A second connection with the same key waits as if it were the first; another key does not."""
    content = b'{"meteringPointCode": "X", "obisCode": "X", "intervalLength": "PT15M", "unit": "kW", "items": []}'
    with FaultServer(faults.answer(content)) as server:
        ask(server.url, machine)
        ask(server.url, machine, energy_id="LUXE-XX-YY-12342")
        assert machine.slept == timedelta(seconds=1)
        ask(server.url, machine, api_key=SecretStr("key-2"))

    assert machine.slept == timedelta(seconds=1)


WRONG: Final[dict[str, tuple[faults.Fault, type[OutsideError]]]] = {
    "HTML": (faults.answer(b"<html>"), SourceChanged),
    "no items": (faults.answer(b'{"unit": "kW"}'), SourceChanged),
    "redirect": (faults.status(302, Location="https://example.org"), SourceChanged),
    **{str(code): (faults.status(code), Refused) for code in (400, 403, 404, 499)},
    "nothing": (faults.answer(NOTHING), Refused),
    "401": (faults.status(401), RenewCredential),
    "500": (faults.status(500), TryLater),
    "reset": (faults.reset(), TryLater),
}


@pytest.mark.parametrize(("fault", "error"), WRONG.values(), ids=WRONG)
def test_neither_key_nor_metering_point_shows(
    machine: Machine, caplog: pytest.LogCaptureFixture, fault: faults.Fault, error: type[OutsideError]
) -> None:
    """Whatever goes wrong, no message, traceback, attribute or log line holds the key or the code."""
    with (
        caplog.at_level(logging.DEBUG),
        FaultServer(fault) as server,
        pytest.raises(error, match="leneda time-series: ") as caught,
    ):
        ask(server.url, machine)

    shown = "".join(traceback.format_exception(caught.value)) + repr(vars(caught.value)) + caplog.text
    assert KEY not in shown
    assert POINT not in shown
