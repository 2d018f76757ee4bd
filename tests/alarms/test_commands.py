"""The commands send the same alarms, without any of Dagster's services; `doctor --alarm` tries every way."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pipelines.commands import main
from schemas.time import DAY
from tests.support.home import moved_in

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.alarms.receivers import Mailbox, Told
    from tests.support.home import Home


class Commands:
    """The commands of an installation, in this process."""

    def __init__(self, home: Home, environ: pytest.MonkeyPatch, capture: pytest.CaptureFixture[str]) -> None:
        """Bind the installation."""
        self._home, self._environ, self._capture = home, environ, capture

    def run(self, *arguments: str) -> tuple[int, str, str]:
        """Run a command; return its code and what it printed, out and err."""
        for name, value in self._home.environment.items():
            self._environ.setenv(name, value)
        self._environ.chdir(self._home.folder)
        self._capture.readouterr()
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        code = ended.value.code
        return code if isinstance(code, int) else 0, *self._capture.readouterr()


@pytest.fixture
def commands(storage: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Commands:
    """Return the commands of `storage`."""
    return Commands(storage, monkeypatch, capsys)


def test_sync_tells_and_ends_with_the_heartbeat(
    storage: Home, told: Told, commands: Commands, *, clock: Traveller, caplog: pytest.LogCaptureFixture
) -> None:
    """`sync` of all connections alone is a daily run; what it could not deliver is logged, and stands in `status`."""
    storage.set("alarms__heartbeat_url", f"{told.base_url}/ping")
    storage.admit(moved_in(3), moved_in(3, "neighbour", 2))
    assert commands.run("backfill")[0] == 0
    assert commands.run("sync", "--connection", "home")[0] == 0
    assert told.requests == []
    assert commands.run("sync")[0] == 0
    assert told.requests == ["GET /ping"]

    clock.shift(DAY)
    storage.world.tokens["sandbox-home"].deleted = True
    told.refuse(503)
    assert commands.run("sync")[0] == 1
    assert "an alarm was not delivered, and the next run tries again: alarms.urls[0] POST: answered 503" in caplog.text
    code, out, _ = commands.run("status")
    assert code == 1
    assert "ALARM NOT DELIVERED: elvia: renew the credential of home (2026-06-18 12:20 UTC): alarms.urls[0]" in out
    told.messages()

    told.refuse(None)
    storage.world.tokens["sandbox-home"].deleted = False
    clock.shift(2 * DAY)
    assert commands.run("sync")[0] == 0
    assert "GET /ping" in told.requests
    assert told.titles() == [
        "elvia: renew the credential of home",
        "over: elvia: renew the credential of home",
    ]
    assert json.loads(commands.run("status", "--json")[1])["undelivered_alarms"] == []


def test_a_command_that_cannot_begin_tells(storage: Home, told: Told, commands: Commands) -> None:
    """`sync` tells before it ends with 1 on a full disk, and before it ends with 2 for settings that cannot be used."""
    storage.admit(moved_in(3))
    storage.set("store__min_free_mb", 10_000_000)
    assert commands.run("sync")[0] == 1
    assert told.titles() == ["the disk is too full to go on"]

    storage.set("store__min_free_mb", "none")
    code, _, err = commands.run("sync")
    assert code == 2
    assert "store.min_free_mb: must be a whole number" in err
    assert told.titles() == ["the settings cannot be used"]

    storage.set("store__min_free_mb", 0)
    assert commands.run("sync")[0] == 0
    assert set(told.titles()) == {"over: the settings cannot be used", "over: the disk is too full to go on"}


def test_broken_settings_write_nothing_where_nobody_is_told(storage: Home, commands: Commands) -> None:
    """Without a receiver in them, settings that cannot be used leave no trace."""
    storage.admit(moved_in(3))
    storage.set("store__min_free_mb", "none")

    assert commands.run("sync")[0] == 2
    assert not storage.data_dir.exists()


def test_doctor_tries_every_way(storage: Home, told: Told, mailbox: Mailbox, commands: Commands) -> None:
    """`--alarm` sends everybody a message that says that nothing is wrong, and names the way that failed."""
    storage.admit(moved_in(3))
    storage.set("alarms__urls", json.dumps([told.url, "nonsense://kanari"]))
    storage.set("alarms__smtp", json.dumps(mailbox.settings()))
    code, out, _ = commands.run("doctor")
    assert code == 0
    assert "ok   alarms: 3 receivers; `wattline doctor --alarm` sends each a message" in out
    assert (told.titles(), mailbox.letters) == ([], [])

    code, out, _ = commands.run("doctor", "--alarm")
    assert code == 1
    assert "ok   alarms: alarms.urls[0]: a message was sent; see that it arrived" in out
    assert "fix  alarms: alarms.urls[1]: Apprise knows no such service, or its URL is not complete. You must" in out
    assert "ok   alarms: alarms.smtp.recipients[0]: a message was sent; see that it arrived" in out
    assert "kanari" not in out
    (message,) = told.messages()
    assert (message.state, message.title) == ("test", "a test of your alarms")
    (letter,) = mailbox.letters
    assert "Nothing is wrong." in letter.get_content()


def test_doctor_says_that_nobody_is_told(storage: Home, commands: Commands) -> None:
    """Without a receiver a test of alarms has something to fix; without the test it is only said."""
    storage.admit(moved_in(3))

    code, out, _ = commands.run("doctor")
    assert (code, "ok   alarms: nobody is told when something breaks" in out) == (0, True)
    code, out, _ = commands.run("doctor", "--alarm")
    assert (code, "fix  alarms: nobody is told when something breaks" in out) == (1, True)
