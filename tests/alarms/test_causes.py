"""One cause is one message, however many connections it hits; and one more when it is over."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Final

from sandbox.faults import Fault, FaultKind
from sandbox.hours import OSLO
from sandbox.plans import hour_of
from sandbox.world import Token
from schemas.time import DAY, HOUR, local_day, local_midnight
from tests.alarms.looking import look
from tests.support.home import NOW, moved_in
from tests.support.real_influx2 import NOT_THERE

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.alarms.receivers import Told
    from tests.support.home import Home

NAMES: Final = ("home", "neighbour", "cabin")


def _settle(home: Home, days: int = 10) -> None:
    """Let three households move in, and fetch all of theirs."""
    home.admit(*(moved_in(days, name, serial) for serial, name in enumerate(NAMES, 1)))
    home.backfill()


def _next_day(home: Home, clock: Traveller) -> list[str]:
    clock.shift(DAY)
    home.sync()
    return look(home)


def test_an_operator_that_is_down_is_one_cause(storage: Home, told: Told, clock: Traveller) -> None:
    """Three connections without an answer are one message, silence while it lasts, and one message when it is over."""
    _settle(storage)
    assert look(storage) == []
    assert told.titles() == []

    storage.world.faults.add(Fault(kind=FaultKind.STATUS, status=503))
    assert _next_day(storage, clock) == []
    (message,) = told.messages()
    assert message.title == "elvia does not answer as it should: cabin, home, neighbour"
    assert (message.state, message.kind, message.scope, message.about) == ("begun", "operator", "elvia", ())
    assert "cabin, home, neighbour: elvia metervalues: answered 503" in message.text
    assert "Nobody has to act" in message.text

    for _ in range(2):
        assert _next_day(storage, clock) == []
    assert told.titles() == []

    storage.world.faults.clear()
    _next_day(storage, clock)
    (message,) = told.messages()
    assert message.title == "over: elvia does not answer as it should"
    assert message.state == "over"
    assert "It began on 2026-06-18 12:20 UTC and is over." in message.text

    _next_day(storage, clock)
    assert told.titles() == []


def test_one_trouble_with_two_faces_is_one_cause(storage: Home, told: Told, clock: Traveller) -> None:
    """A page of maintenance today and no answer tomorrow are the same operator's same trouble."""
    _settle(storage)
    for fault in (
        Fault(kind=FaultKind.HTML),
        Fault(kind=FaultKind.STATUS, status=503),
        Fault(kind=FaultKind.HTML, token="sandbox-home"),
    ):
        storage.world.faults.clear()
        storage.world.faults.add(fault)
        _next_day(storage, clock)

    assert told.titles() == ["elvia does not answer as it should: cabin, home, neighbour"]


def test_each_credential_is_its_own_cause(storage: Home, told: Told, clock: Traveller) -> None:
    """Two tokens that die together are one message with both names; one that dies later, or is renewed, another."""
    _settle(storage)
    for name in ("home", "cabin"):
        storage.world.tokens[f"sandbox-{name}"].deleted = True
    _next_day(storage, clock)
    (message,) = told.messages()
    assert message.title == "elvia: renew the credential of cabin, home"
    assert message.about == ("cabin", "home")
    assert "WATTLINE_CONNECTIONS__HOME__TOKEN" in message.text

    storage.world.tokens["sandbox-neighbour"] = Token((), deleted=True)
    _next_day(storage, clock)
    assert told.titles() == ["elvia: renew the credential of neighbour"]

    storage.world.tokens["sandbox-home"].deleted = False
    _next_day(storage, clock)
    assert told.titles() == ["over: elvia: renew the credential of home"]
    _next_day(storage, clock)
    assert told.titles() == []


def test_a_fleet_is_counted(storage: Home, told: Told, clock: Traveller) -> None:
    """Of many connections the title has the number, and the text a line for those that say the same."""
    storage.admit(*(moved_in(3, f"house{serial}", serial) for serial in range(1, 26)))
    for token in storage.world.tokens.values():
        token.deleted = True
    storage.sync()
    look(storage)
    (message,) = told.messages()
    assert message.title == "elvia: renew the credential of house1, house10, house11 and 22 more"
    assert "\nand 5 more\n" in message.text

    for token in storage.world.tokens.values():
        token.deleted = False
    storage.world.faults.add(Fault(kind=FaultKind.STATUS, status=503))
    _next_day(storage, clock)
    _, begun = told.messages()
    assert begun.title == "elvia does not answer as it should: 25 connections"


def test_an_announced_wait_is_no_cause(storage: Home, told: Told) -> None:
    """Who is asked for patience has it: nobody is told of a wait that ends by itself."""
    _settle(storage)
    storage.world.faults.add(Fault(kind=FaultKind.STATUS, status=429, retry_after=7200))
    storage.backfill(refetch=True)
    assert storage.status("home")[0].not_before is not None

    assert look(storage) == []
    assert told.titles() == []


def test_readings_that_stop_are_a_cause(storage: Home, told: Told, clock: Traveller) -> None:
    """Where the operator answers and brings nothing new for days, that is told, with the newest reading."""
    _settle(storage)
    clock.shift(2 * DAY)
    look(storage)
    assert told.titles() == []

    clock.shift(DAY)
    look(storage)
    (message,) = told.messages()
    assert message.title == "elvia: nothing new of cabin consumption, home consumption, neighbour consumption"
    assert "home consumption: the newest reading starts 2026-06-17 10:00 UTC" in message.text

    storage.sync()
    look(storage)
    assert [title.split(" of ")[0] for title in told.titles()] == ["over: elvia: nothing new"]


def test_age_that_has_a_cause_is_not_told_beside_it(storage: Home, told: Told, clock: Traveller) -> None:
    """A connection whose token is dead grows old, which nobody needs to be told in addition."""
    _settle(storage)
    storage.world.tokens["sandbox-home"].deleted = True
    for _ in range(4):
        _next_day(storage, clock)

    assert told.titles() == ["elvia: renew the credential of home"]


def test_what_is_hidden_is_not_over(storage: Home, told: Told, clock: Traveller) -> None:
    """What cannot be seen behind a wait, or behind another failure, is neither told as over nor told again."""
    _settle(storage)
    clock.shift(3 * DAY)
    look(storage)
    assert [message.kind for message in told.messages()] == ["stale"]

    storage.world.tokens["sandbox-home"].deleted = True
    storage.world.faults.add(Fault(kind=FaultKind.STATUS, status=503))
    _next_day(storage, clock)
    assert {message.kind: message.state for message in told.messages()} == {"credential": "begun", "operator": "begun"}

    storage.world.faults.clear()
    storage.world.faults.add(Fault(kind=FaultKind.STATUS, status=503, retry_after=7200))
    for _ in range(2):
        _next_day(storage, clock)
    assert told.titles() == []

    storage.world.faults.clear()
    storage.world.tokens["sandbox-home"].deleted = False
    _next_day(storage, clock)
    over = told.messages()
    assert {message.kind: message.state for message in over} == {
        "stale": "over",
        "credential": "over",
        "operator": "over",
    }
    assert len(over) == 3


def test_rows_that_break_a_rule_are_a_cause(storage: Home, told: Told) -> None:
    """A rule that is broken is one message, with the number of rows and no metering point."""
    noon = hour_of(local_midnight(local_day(NOW, OSLO) - 5 * DAY, OSLO) + 12 * HOUR)
    storage.world.faults.add(Fault(kind=FaultKind.WRONG_UNIT, window=noon, endpoint="metervalues"))
    _settle(storage)
    look(storage)

    (message,) = told.messages()
    assert message.title == "elvia: rows break the rule unit_is_the_registers"
    assert "unit_is_the_registers: 3 rows of cabin, home, neighbour" in message.text
    assert not any(household in message.text for household in storage.world.households)

    storage.world.faults.clear()
    storage.backfill(refetch=True)
    look(storage)
    assert told.titles() == ["over: elvia: rows break the rule unit_is_the_registers"]


def test_a_database_that_is_away_is_one_cause(storage: Home, told: Told, clock: Traveller) -> None:
    """A database that three connections load into is one message, and is over when a load goes well."""
    storage.set("influxdb__url", "http://127.0.0.1:9")
    storage.set("influxdb__database", "energy")
    _settle(storage)
    look(storage)
    (message,) = told.messages()
    assert message.title == "InfluxDB takes nothing: http://127.0.0.1:9 energy"
    assert (message.kind, message.scope) == ("database", "influxdb")
    assert _next_day(storage, clock) == []
    assert told.titles() == []

    # A database that has left the settings is nobody's trouble.
    for name in ("url", "database"):
        del storage.environment[f"WATTLINE_INFLUXDB__{name.upper()}"]
    look(storage)
    assert told.titles() == ["over: InfluxDB takes nothing: http://127.0.0.1:9 energy"]


@NOT_THERE
def test_lines_refused_and_points_that_differ_are_causes(home: Home, told: Told, clock: Traveller) -> None:
    """What the database refuses, and what it holds beside the store, is told with the database's name."""
    home.set("alarms__urls", f'["{told.url}"]')
    home.scribble(f'local_month missing="none" {int(NOW.timestamp())}')
    _settle(home)
    look(home)
    target = home.settings.influxdb
    assert target is not None
    (message,) = told.messages()
    assert message.title == f"InfluxDB refuses lines of elvia: {target.target()}"
    assert message.kind == "lines"

    household = next(iter(home.world.households))
    home.database.query("DROP MEASUREMENT local_month")
    tags = f"source=elvia,metering_point={household},register=consumption"
    midnight = int(local_midnight(local_day(NOW, OSLO), OSLO).timestamp())
    home.scribble(f"hourly_reading,{tags} energy_kwh=1 {midnight + 1800}")
    _next_day(home, clock)
    assert f"InfluxDB differs from the store of elvia: {target.target()}" in told.titles()


def test_what_left_the_settings_is_over(storage: Home, told: Told, clock: Traveller) -> None:
    """A connection, or the last one of a source, that is taken out of the settings leaves no alarm behind."""
    _settle(storage)
    storage.world.tokens["sandbox-home"].deleted = True
    _next_day(storage, clock)
    assert len(told.titles()) == 1

    for name in [name for name in storage.environment if "__HOME__" in name]:
        del storage.environment[name]
    _next_day(storage, clock)
    assert told.titles() == ["over: elvia: renew the credential of home"]


def test_what_began_before_anybody_was_to_be_told(storage: Home, told: Told, clock: Traveller) -> None:
    """Whoever is named in the settings later is told of what is still wrong then, and not of what is over."""
    url = storage.environment.pop("WATTLINE_ALARMS__URLS")
    _settle(storage)
    for name in ("home", "cabin"):
        storage.world.tokens[f"sandbox-{name}"].deleted = True
    _next_day(storage, clock)
    storage.world.tokens["sandbox-cabin"].deleted = False
    _next_day(storage, clock)

    storage.environment["WATTLINE_ALARMS__URLS"] = url
    clock.shift(timedelta(minutes=1))
    look(storage)
    assert told.titles() == ["elvia: renew the credential of home"]
