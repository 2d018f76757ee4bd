"""The commands send the same alarms, without any of Dagster's services; `doctor --alarm` tries every way."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

import pytest

from pipelines.commands import main
from sandbox.leneda.demo import metering_point_code
from sandbox.leneda.grid import MeteringPoint
from schemas.time import DAY, floor_hour, utc_now
from tests.support.home import moved_in

if TYPE_CHECKING:
    from pathlib import Path

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
    code, out, _ = commands.run("status")
    assert code == 1
    assert "THE LAST RUN WAS CUT SHORT: elvia: the disk of " in out

    storage.set("store__min_free_mb", "none")
    code, _, err = commands.run("sync")
    assert code == 2
    assert "store.min_free_mb: must be a whole number" in err
    assert told.titles() == ["the settings cannot be used"]

    storage.set("store__min_free_mb", 0)
    assert commands.run("sync")[0] == 0
    assert set(told.titles()) == {"over: the settings cannot be used", "over: the disk is too full to go on"}
    assert json.loads(commands.run("status", "--json")[1])["cut_short"] == []


def test_what_dagster_cannot_use_is_told(storage: Home, told: Told, commands: Commands) -> None:
    """A `dagster.yaml` with a mistake is a setting with one; a file of Dagster's records that is none is said."""
    storage.admit(moved_in(3))
    assert commands.run("sync")[0] == 0
    file = storage.data_dir / "dagster" / "dagster.yaml"
    whole = file.read_text()
    for wrong, words in (
        ("run_monitorin: {}\n", "wrong at the root;"),
        ("schedules: {num_workers: kanari}\n", "wrong at path root:schedules:num_workers;"),
        ("schedules: {num_workers\n", f"wrong in line {len(whole.splitlines()) + 2};"),
    ):
        file.write_text(whole + wrong)
        code, _, err = commands.run("sync")
        assert code == 2
        assert err == f"{file}: Dagster cannot use it: {words} correct it, or remove it, and it is written anew\n"
    assert f"fix  Dagster's home: {file}: Dagster cannot use it: wrong in line " in commands.run("doctor")[1]
    (message,) = told.messages()
    assert message.title == "the settings cannot be used"
    assert str(file) in message.text

    file.write_text(whole)
    assert commands.run("sync")[0] == 0
    records = storage.data_dir / "dagster" / "history"
    (records / "runs" / "index.db").write_bytes(b"kanari" * 1000)
    code, _, err = commands.run("sync")
    assert code == 1
    assert "Dagster's own records could not be read or written: file is not a database" in err
    shutil.rmtree(records)
    assert commands.run("sync")[0] == 0


def test_one_sources_damage_is_its_own(storage: Home, told: Told, commands: Commands) -> None:
    """A damaged file of one operator's ends the command with 1, after the other operator was asked as ever."""
    storage.admit(moved_in(3))
    assert commands.run("sync")[0] == 0
    point = MeteringPoint(metering_point_code(11), "11", ("consumption",), floor_hour(utc_now()) - 3 * DAY)
    storage.world.leneda.admit("LUXE-XX-YY-12341", "Plant Example", "a-key-thought-up", [point])
    for key, value in {
        "source": "leneda",
        "base_url": storage.sandbox.leneda_url,
        "energy_id": "LUXE-XX-YY-12341",
        "api_key": "a-key-thought-up",
        "history_years": 1,
        "calls_per_minute": 60_000,
        "days_per_call": 366,
        "metering_points": json.dumps([{"code": point.code, "registers": ["consumption"]}]),
    }.items():
        storage.set(f"connections__plant__{key}", value)
    # Which only the summary reads.
    damaged = storage.data_dir / "quarantine" / "elvia" / "home.parquet"
    damaged.parent.mkdir(parents=True)
    damaged.write_bytes(b"kanari")

    code, _, err = commands.run("sync")

    assert code == 1
    assert f"{damaged} is damaged" in err.splitlines()[-1]
    assert told.titles() == ["a file of the store is damaged"]
    series = json.loads(_without_damage(damaged, commands))["series"]
    assert {one["connection"]: one["readings"] > 0 for one in series} == {"home": True, "plant": True}


def _without_damage(file: Path, commands: Commands) -> str:
    """Return how everything stands once a damaged file is gone."""
    file.unlink()
    return commands.run("status", "--json")[1]


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
