"""Secrets: where they may come from, and that they never come back."""

from __future__ import annotations

import copy
import json
import pickle
from typing import TYPE_CHECKING

import pytest

from connectors.errors import RenewCredential

if TYPE_CHECKING:
    from tests.settings.conftest import Installation

CANARY = "kanari-7c1e"
HOME = '[connections.home]\nsource = "elvia"\n'
INFLUX = '[influxdb]\nurl = "http://127.0.0.1:8086"\norg = "o"\nbucket = "b"\n'


def test_no_view_of_the_settings_shows_a_secret(installation: Installation) -> None:
    """Neither text nor dump nor copy of the settings, or of a part of them, holds a secret in clear."""
    installation.write("wattline.toml", HOME + INFLUX)
    settings = installation.load(
        WATTLINE_CONNECTIONS__HOME__TOKEN=CANARY,
        WATTLINE_INFLUXDB__TOKEN=CANARY,
        WATTLINE_INFLUXDB__USERNAME="u",
        WATTLINE_INFLUXDB__PASSWORD=CANARY,
        WATTLINE_ALARMS__URLS=f'["https://{CANARY}"]',
        WATTLINE_ALARMS__SMTP='{"host": "h", "sender": "a@example.org", "recipients": ["b@example.org"]}',
        WATTLINE_ALARMS__SMTP__USERNAME="u",
        WATTLINE_ALARMS__SMTP__PASSWORD=CANARY,
        WATTLINE_ALARMS__HEARTBEAT_URL=f"https://{CANARY}",
    )

    parts = [settings, settings.connections["home"], settings.influxdb, settings.alarms, settings.connections]
    views = [str(settings.model_dump()), settings.model_dump_json(), str(copy.copy(settings))]
    views += [view(part) for part in parts for view in (str, repr)]

    assert "**********" in settings.model_dump_json()
    assert not [view for view in views if CANARY in view]
    # What can be shown no other way is there for those that need it.
    assert settings.alarms.urls[0].get_secret_value() == f"https://{CANARY}"


@pytest.mark.parametrize("text", [f"{CANARY}\n", f" {CANARY} \r\n", CANARY])
def test_blanks_around_a_secret_are_cut_off(installation: Installation, text: str) -> None:
    """An editor's line break at the end of a file, or a blank in a variable, is no part of the secret."""
    installation.write("wattline.toml", HOME)
    by_variable = installation.load(WATTLINE_CONNECTIONS__HOME__TOKEN=text)
    installation.write("secrets/connections__home__token", text)
    by_file = installation.load()
    by_json = installation.load(WATTLINE_CONNECTIONS=json.dumps({"home": {"token": f" {CANARY} "}}))

    for settings in (by_variable, by_file, by_json):
        assert settings.connections["home"].credential("home").get_secret_value() == CANARY


def test_blanks_around_any_variable_are_cut_off(installation: Installation) -> None:
    """What a shell script or an env file leaves at the end of a line changes no value."""
    installation.write("wattline.toml", HOME + INFLUX)

    settings = installation.load(
        WATTLINE_CONNECTIONS__HOME__INCLUDE_PRODUCTION="false ",
        WATTLINE_INFLUXDB__DATABASE="d ",
        WATTLINE_INFLUXDB__USERNAME="u ",
        WATTLINE_INFLUXDB__PASSWORD=f"{CANARY}\r",
    )

    assert settings.connections["home"].include_production is False  # type: ignore[attr-defined]
    assert settings.influxdb is not None
    assert settings.influxdb.password is not None
    assert settings.influxdb.password.get_secret_value() == CANARY


@pytest.mark.parametrize("text", ["", "\n", "  "])
def test_an_empty_secret_is_a_missing_one(installation: Installation, text: str) -> None:
    """Settings load without a credential; its use is what fails, and says where the credential belongs."""
    installation.write("wattline.toml", HOME)
    installation.write("secrets/connections__home__token", text)

    table = json.dumps({"token": text})
    words = (
        "connections.home.token: is missing; give it as WATTLINE_CONNECTIONS__HOME__TOKEN in the environment,"
        " or in a file connections__home__token in the secrets folder"
    )
    for variables in ({"WATTLINE_CONNECTIONS__HOME__TOKEN": text}, {"WATTLINE_CONNECTIONS__HOME": table}):
        home = installation.load(**variables).connections["home"]

        with pytest.raises(RenewCredential) as caught:
            home.credential("home")
        assert str(caught.value) == words


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644])
def test_a_secret_open_to_others_is_doubtful(installation: Installation, mode: int) -> None:
    """Others on the machine could read it: that is said, with the command that mends it."""
    installation.write("wattline.toml", HOME)
    path = installation.write("secrets/connections__home__token", CANARY, mode)

    (warning,) = installation.load().warnings

    assert warning == f"secrets/connections__home__token: is open to others on this machine; run: chmod 600 {path}"
    path.chmod(0o600)
    assert installation.load().warnings == ()


def test_modes_that_systemd_chose_are_left_to_it(installation: Installation) -> None:
    """A credentials folder is guarded by whoever made it, and may hold what is for others."""
    installation.write("wattline.toml", HOME)
    folder = installation.write("run/connections__home__token", CANARY, 0o644).parent
    installation.write("run/postgres_password", CANARY, 0o644)

    settings = installation.load(WATTLINE_SECRETS_DIR="run", CREDENTIALS_DIRECTORY=str(folder))

    assert settings.warnings == ()
    assert settings.connections["home"].credential("home").get_secret_value() == CANARY


def test_a_file_that_means_nothing_is_doubtful(installation: Installation) -> None:
    """A misspelt secret is pointed out and not read; a hidden file and a folder are no secrets."""
    installation.write("secrets/influxdb_token", CANARY)
    installation.write("secrets/.gitignore", "*")
    installation.write("secrets/old/influxdb__token", CANARY)

    (warning,) = installation.load().warnings

    assert warning.startswith("secrets/influxdb_token: is not read; name it by its key")
    assert CANARY not in warning


def test_settings_cannot_be_changed_and_can_be_sent(installation: Installation) -> None:
    """What one part of a run reads, the other reads too, in another process as well."""
    installation.write("wattline.toml", HOME)
    settings = installation.load(WATTLINE_CONNECTIONS__HOME__TOKEN=CANARY)

    with pytest.raises(ValueError, match="frozen"):
        settings.sync = settings.sync.model_copy()
    assert pickle.loads(pickle.dumps(settings)) == settings  # noqa: S301 - our own bytes
