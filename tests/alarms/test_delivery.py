"""What cannot be delivered is tried again by the next run; nobody is told the same twice."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pipelines.commands.status import describe
from pipelines.store.lock import writing
from schemas.time import DAY, utc_now
from tests.alarms.looking import look
from tests.alarms.receivers import Mailbox, Told, slowly
from tests.support.faults import status
from tests.support.home import moved_in

if TYPE_CHECKING:
    import pytest
    from time_machine import Traveller

    from tests.support.home import Home

ROOT: Final = Path(__file__).parents[2]
TITLE: Final = "elvia: renew the credential of home"


def _fail(home: Home) -> None:
    """Let a token be refused."""
    home.admit(moved_in(3))
    home.world.tokens["sandbox-home"].deleted = True
    home.sync()


def test_what_was_not_delivered_is_tried_again(storage: Home, told: Told, mailbox: Mailbox, clock: Traveller) -> None:
    """A message that one receiver did not take is kept, named by `status`, and sent to that one by the next look."""
    storage.set("alarms__smtp", json.dumps(mailbox.settings()))
    _fail(storage)
    told.refuse(503)
    (words,) = look(storage)
    assert words == "an alarm was not delivered, and the next run tries again: alarms.urls[0] POST: answered 503"
    assert [letter["Subject"] for letter in mailbox.letters] == [f"Wattline: {TITLE}"]
    document = describe(storage.settings, utc_now())
    assert not document.ok
    (undelivered,) = document.undelivered_alarms
    assert undelivered == f"{TITLE} (2026-06-17 12:20 UTC): alarms.urls[0] POST: answered 503"
    told.messages()

    clock.shift(DAY)
    told.refuse(None)
    assert look(storage) == []
    assert told.titles() == [TITLE]
    assert len(mailbox.letters) == 1
    assert describe(storage.settings, utc_now()).undelivered_alarms == []
    assert look(storage) == []
    assert told.titles() == []


def test_a_cause_that_ends_undelivered_is_told_whole(storage: Home, told: Told, clock: Traveller) -> None:
    """Who could not be reached meanwhile hears of both the beginning and the end, in this order."""
    _fail(storage)
    told.refuse(503)
    look(storage)
    storage.world.tokens["sandbox-home"].deleted = False
    clock.shift(2 * DAY)
    storage.sync()
    look(storage)
    told.messages()

    told.refuse(None)
    look(storage)
    assert told.titles() == [TITLE, f"over: {TITLE}"]


def test_a_receiver_that_is_mended_in_the_settings_gets_what_waited(storage: Home, told: Told) -> None:
    """A message that a wrong address kept back goes to the right one."""
    storage.set("alarms__urls", '["http://127.0.0.1:9/nobody"]')
    _fail(storage)
    assert len(look(storage)) == 1

    storage.set("alarms__urls", f'["{told.url}"]')
    assert look(storage) == []
    assert told.titles() == [TITLE]


def test_where_nobody_is_to_be_told_any_more_nothing_waits(storage: Home, told: Told) -> None:
    """Without a receiver in the settings no message is kept, and `status` has none to name."""
    _fail(storage)
    told.refuse(503)
    look(storage)

    del storage.environment["WATTLINE_ALARMS__URLS"]
    assert look(storage) == []
    assert describe(storage.settings, utc_now()).undelivered_alarms == []


def test_two_processes_at_once_tell_once(storage: Home, told: Told) -> None:
    """However many look at the same time, a command beside Dagster say, a cause is told once."""
    _fail(storage)
    # Time enough for the others to come to where they would tell, too.
    told.answers = slowly(status(204))
    command = [sys.executable, "-m", "tests.alarms.looking", str(storage.folder)]
    environment = {**os.environ, **storage.environment, "PYTHONPATH": str(ROOT)}
    processes = [
        subprocess.Popen(
            command, env=environment, cwd=storage.folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]
    for process in processes:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in processes:
        assert process.stdin is not None
        process.stdin.close()
    said = [process.stdout.read() for process in processes if process.stdout is not None]
    for process in processes:
        process.__exit__(None, None, None)

    assert [process.returncode for process in processes] == [0, 0, 0]
    assert said == [""] * 3
    assert told.titles() == [TITLE]


def test_a_look_that_cannot_be_had_is_said(storage: Home, told: Told, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where another process tells for too long, a look says so and leaves all to the next."""
    _fail(storage)
    monkeypatch.setattr("pipelines.alarms.look.WAIT_S", 0.01)
    with writing(storage.data_dir / "locks", "alarms", wait_s=0):
        (words,) = look(storage)
    assert words.startswith("alarms: another process has been sending messages for too long")
    assert told.titles() == []

    look(storage)
    assert told.titles() == [TITLE]


def test_a_state_that_cannot_be_written_fails_nothing(storage: Home, told: Told) -> None:
    """Where what is wrong cannot be kept, a look says so and raises nothing."""
    _fail(storage)
    with storage.flow().store.state.changing() as database:
        database.execute("CREATE TRIGGER full BEFORE INSERT ON alarms BEGIN SELECT RAISE(ABORT, 'no room'); END")

    (words,) = look(storage)
    assert words.startswith("alarms: what is wrong cannot be kept (IntegrityError)")
    assert told.titles() == []


def test_the_heartbeat_beats_after_a_good_day_alone(storage: Home, told: Told, clock: Traveller) -> None:
    """A ping comes when a daily run leaves nothing open, untold or waiting; its failure is words and no more."""
    storage.set("alarms__heartbeat_url", f"{told.base_url}/ping")
    storage.admit(moved_in(3))
    storage.sync()
    assert look(storage) == []
    assert told.requests == []
    assert look(storage, daily=True) == []
    assert told.requests == ["GET /ping"]

    storage.world.tokens["sandbox-home"].deleted = True
    clock.shift(DAY)
    storage.sync()
    look(storage, daily=True)
    assert told.requests[1:] == ["POST /hook"]

    storage.world.tokens["sandbox-home"].deleted = False
    clock.shift(2 * DAY)
    storage.sync()
    told.refuse(500)
    assert len(look(storage, daily=True)) == 1
    assert "GET /ping" not in told.requests[2:]
    told.refuse(None)
    look(storage, daily=True)
    assert told.requests[-1] == "GET /ping"

    del storage.environment["WATTLINE_ALARMS__URLS"]
    told.refuse(500)
    assert look(storage, daily=True) == ["the heartbeat was not heard: alarms.heartbeat_url GET: answered 500"]
