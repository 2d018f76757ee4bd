"""Every typing error is a line with the key, what is wrong and the fix, and without the value."""

from __future__ import annotations

import traceback
from typing import TYPE_CHECKING

import pytest

from connectors.registry import SOURCES

if TYPE_CHECKING:
    from pipelines.settings import SettingsError
    from tests.settings.conftest import Installation

CANARY = "kanari-7c1e"
"""Stands wherever a user may have put a secret by mistake; it must never come back."""

ARABIC = "\N{ARABIC-INDIC DIGIT SEVEN}" * 18
"""Digits to Python, and none to the operator."""

HOME = '[connections.home]\nsource = "elvia"\n'

IN_TOML = [
    # what stands in the file, what the line must say
    (
        f'\ndata_dir = = "{CANARY}"',
        "wattline.toml: is not valid TOML: Invalid value (at line 2, column 12); correct it",
    ),
    ("data_dir = 3", 'data_dir: must be a path, in quotes, such as "data" (in wattline.toml)'),
    (f'dat_dir = "{CANARY}"', "dat_dir: no such key; did you mean data_dir? (in wattline.toml)"),
    (f'_env_file = "{CANARY}"', "_env_file: no such key"),
    (f'SYNC = "{CANARY}"', "SYNC: no such key; did you mean sync?"),
    (f'sync = "{CANARY}"', "sync: must be a table [sync] (in wattline.toml)"),
    (f'[sync]\nreread_days = "{CANARY}"', "sync.reread_days: must be a whole number from 1 to 1096, such as 30"),
    ("[sync]\nreread_days = true", "sync.reread_days: must be a whole number from 1 to 1096"),
    ("[sync]\nreread_days = 1.5", "sync.reread_days: must be a whole number from 1 to 1096"),
    ("[sync]\nreread_days = inf", "sync.reread_days: must be a whole number from 1 to 1096"),
    ("[sync]\nreread_days = 0", "sync.reread_days: must be a whole number from 1 to 1096"),
    ("[sync]\nreread_days = 1097", "sync.reread_days: must be a whole number from 1 to 1096"),
    (f"[sync]\nreread_day = '{CANARY}'", "sync.reread_day: no such key; did you mean reread_days?"),
    (f"[sync]\nq = '{CANARY}'", "sync.q: no such key; the keys are reread_days, deep_reread_days, points_per_call"),
    (f"[schedules]\nelvia = '{CANARY}'", "schedules.elvia: must have five fields"),
    ("[schedules]\nelvia = '61 * * * *'", "schedules.elvia: the field for the minute must be * or numbers from 0 to"),
    ("[schedules]\nelvai = '* * * * *'", "schedules.elvai: no such source; did you mean elvia?"),
    ("[schedules]\nq = '* * * * *'", "schedules.q: no such source; the sources are elvia"),
    ("[names]\n707057500000000018 = 3", "names.*: must be text, in quotes"),
    (f"connections = '{CANARY}'", "connections: must be a table [connections]"),
    (f"[connections]\nhome = '{CANARY}'", "connections.home: must be a table [connections.home]"),
    ("[connections.home]", f"no source given; set it; the sources are {', '.join(SOURCES)} (in wattline.toml)"),
    ("[connections.home]\nsource = 'Elvia'", "connections.home.source: no such source; did you mean elvia?"),
    (f"[connections.home]\nsource = '{CANARY}'", "connections.home.source: no such source; the sources are elvia"),
    ("[connections.home]\nsource = ['elvia']", "connections.home.source: no such source"),
    ("[connections.My-home]\nsource = 'elvia'", "connections.My-home: a connection's name is made of lower-case"),
    ("[connections.a__b]\nsource = 'elvia'", "connections.a__b: a connection's name is made of lower-case letters"),
    (HOME + f"tokn = '{CANARY}'", "connections.home.tokn: no such key; did you mean token?"),
    (HOME + "metering_points = [707057500000000018]", "connections.home.metering_points[0]: must be text, in quotes"),
    (HOME + f"metering_points = '{CANARY}'", 'connections.home.metering_points: must be a list, such as ["7070575'),
    (HOME + f"metering_points = ['{CANARY}']", "connections.home.metering_points[0]: is not a metering point id"),
    (HOME + "metering_points = ['7359992890123456']", "18 digits and stands on the invoice and on Min side"),
    (HOME + f"metering_points = ['{ARABIC}']", "is not a metering point id"),
    (HOME + f"include_production = '{CANARY}'", "connections.home.include_production: must be true or false"),
    (HOME + f"innlandet = '{CANARY}'", 'connections.home.innlandet: must be true, false or "auto"'),
    (HOME + "calls_per_hour = 0", "connections.home.calls_per_hour: must be a whole number from 1 to 1000000"),
    (HOME + "database = ''", "connections.home.database: must not be empty"),
    (HOME + "base_url = 'http://elvia.example'", "connections.home.base_url: must begin with https://"),
    (HOME + f"base_url = 'https://me:{CANARY}@elvia.example'", "base_url: must not hold a user or password"),
    ("[influxdb]\nbucket = 'b'", "influxdb.url: is missing; set it in wattline.toml, or as WATTLINE_INFLUXDB__URL"),
    ("[influxdb]\nurl = 'http://127.0.0.1:8086'", "influxdb: "),
    (f"[influxdb]\nurl = 'http://me:{CANARY}@127.0.0.1'\ndatabase = 'd'", "influxdb.url: "),
    (f"[influxdb]\nurl = 'http://h'\ndatabase = 'd'\napi = '{CANARY}'", "influxdb.api: must be 'auto', 'v1' or 'v2'"),
    (
        "[alarms.smtp]\nhost = 'h'\nsender = 'a@b.c'",
        "alarms.smtp.recipients: is missing; set it in wattline.toml, or as",
    ),
    (f'[influxdb]\nurl = "http://h"\ndatabase = "{CANARY}\\t1"', "influxdb.database: has a character that may not"),
]

SECRETS_IN_TOML = [
    ("connections.home.token", HOME + f"token = '{CANARY}'"),
    ("connections.home.token", f"[connections.home]\ntoken = '{CANARY}'"),
    ("influxdb.token", f"[influxdb]\ntoken = '{CANARY}'"),
    ("influxdb.password", f"[influxdb]\npassword = '{CANARY}'"),
    ("alarms.urls", f"[alarms]\nurls = ['https://{CANARY}']"),
    ("alarms.smtp.password", f"[alarms.smtp]\npassword = '{CANARY}'"),
    ("alarms.heartbeat_url", f"[alarms]\nheartbeat_url = 'https://{CANARY}'"),
]

MAIL = '{"host": "mail.example.org", "sender": "a@example.org", "recipients": ["b@example.org"], %s}'
"""A mail server as JSON; what is given twice counts as given last."""

IN_ENVIRONMENT = [
    # the variable without its prefix, its value, what the line must say
    ("SYNC__REREAD_DAYS", CANARY, "sync.reread_days: must be a whole number from 1 to 1096, such as 30"),
    ("SYNC__REREAD_DAY", CANARY, "sync.reread_day: no such key; did you mean reread_days?"),
    ("SYNC__REREAD_DAYS__X", CANARY, "sync.reread_days: must be a whole number"),
    ("SYNC", f'{{"reread_days": "{CANARY}"', "sync: must be a table [sync], written as JSON"),
    ("CONNECTIONS", f"[{CANARY}", "connections: must be a table [connections], written as JSON"),
    ("CONNECTIONS__HOME__METERING_POINTS", f'["{CANARY}"', 'metering_points: must be a list, such as ["70705750000000'),
    ("CONNECTIONS__HOME__METERING_POINTS", f'["{CANARY}"]', "connections.home.metering_points[0]: is not a metering"),
    ("CONNECTIONS__HOME__METERING_POINTS__0", CANARY, "connections.home.metering_points: must be a list"),
    ("CONNECTIONS__HOME__INCLUDE_PRODUCTION", CANARY, "connections.home.include_production: must be true or false"),
    ("CONNECTIONS__HOME__TOKEN", f"Bearer {CANARY}", "connections.home.token: holds a blank, a line break"),
    ("CONNECTIONS__HOME__TOKEN", f"{CANARY}\N{EN DASH}", "connections.home.token: holds a blank, a line break"),
    ("CONNECTIONS__HOME__TOKEN__X", CANARY, "connections.home.token: must be text"),
    ("CONNECTIONS__HOEM__TOKEN", CANARY, "connections.hoem: no source given; did you mean home?"),
    ("CONNECTIONS__CABIN__TOKEN", CANARY, "connections.cabin: no source given; set it; the sources are elvia"),
    ("SCHEDULES__ELVIA", CANARY, "schedules.elvia: must have five fields"),
    ("ALARMS__URLS", f"https://{CANARY}", "alarms.urls: must be a list, such as"),
    ("ALARMS__URLS", f'["{CANARY}"]', "alarms.urls[0]: must be a URL"),
    ("ALARMS__URLS", f'["https://me@:{CANARY}"]', "alarms.urls[0]: is not a web address"),
    ("ALARMS__URLS", f'["https://h/?a={CANARY}&a={CANARY}"]', "alarms.urls[0]: gives a part of its query twice"),
    ("ALARMS__HEARTBEAT_URL", f"ntfy://{CANARY}", "alarms.heartbeat_url: is not a web address; write it as https://"),
    ("ALARMS__SMTP", CANARY, "alarms.smtp: must be a table [alarms.smtp], written as JSON"),
    ("ALARMS__SMTP", MAIL % f'"password": "{CANARY}"', "alarms.smtp: `username` and `password` belong together"),
    ("ALARMS__SMTP", MAIL % f'"username": "u", "password": "{CANARY}", "security": "none"', "would show the password"),
    ("ALARMS__SMTP", MAIL % f'"sender": "{CANARY}"', "alarms.smtp.sender: must be a mail address alone, such as me@"),
    ("ALARMS__SMTP", MAIL % '"recipients": []', "alarms.smtp.recipients: must not be empty"),
    ("ALARMS__SMTP", MAIL % '"port": 0', "alarms.smtp.port: must be a whole number from 1 to 65535, such as 587"),
    ("ALARMS__SMTP", MAIL % f'"security": "{CANARY}"', "alarms.smtp.security: must be 'starttls', 'tls' or 'none'"),
]


def shown(error: SettingsError) -> str:
    """Return all that a user, a log or a crash report may see of an error."""
    assert error.__cause__ is None
    assert error.__context__ is None
    return "".join(traceback.format_exception(error)) + repr(error) + str(error.__dict__)


@pytest.mark.parametrize(("text", "words"), IN_TOML)
def test_a_fault_in_the_file_is_named(installation: Installation, text: str, words: str) -> None:
    """The key, the fault and the fix are there; the value is not."""
    installation.write("wattline.toml", text)

    error = installation.refusal()

    assert words in str(error)
    assert CANARY not in shown(error)


@pytest.mark.parametrize(("key", "text"), SECRETS_IN_TOML)
@pytest.mark.parametrize("file", ["wattline.toml", "connections.d/home.toml"])
def test_a_secret_in_a_toml_file_is_refused(installation: Installation, file: str, key: str, text: str) -> None:
    """The line says where the secret belongs, as a variable and as a file, and does not repeat it."""
    installation.write(file, text)

    error = installation.refusal()

    nested = key.replace(".", "__")
    assert f"{key}: is a secret, which {file} must not hold" in str(error)
    assert f"give it as WATTLINE_{nested.upper()} in the environment" in str(error)
    assert f"a file {nested} in the secrets folder" in str(error)
    assert CANARY not in shown(error)


@pytest.mark.parametrize(("name", "value", "words"), IN_ENVIRONMENT)
def test_a_fault_in_a_variable_is_named(installation: Installation, name: str, value: str, words: str) -> None:
    """The line names the key and the variable that holds it."""
    installation.write("wattline.toml", HOME)

    error = installation.refusal(**{f"WATTLINE_{name}": value})

    (line,) = error.problems
    assert words in line
    assert line.endswith(f"(from WATTLINE_{name})")
    assert CANARY not in shown(error)


@pytest.mark.parametrize(("name", "value", "words"), IN_ENVIRONMENT)
def test_a_fault_in_a_secrets_file_is_named(installation: Installation, name: str, value: str, words: str) -> None:
    """The same faults in a file of the secrets folder name the file."""
    installation.write("wattline.toml", HOME)
    installation.write(f"secrets/{name.lower()}", value)

    error = installation.refusal()

    (line,) = error.problems
    assert words in line
    assert line.endswith(f"(from secrets/{name.lower()})")
    assert CANARY not in shown(error)


def test_all_problems_come_at_once(installation: Installation) -> None:
    """A user with three faults reads three lines, not one after the other."""
    installation.write("wattline.toml", f"token = '{CANARY}'\n[sync]\nreread_days = 0\n" + HOME + "token = 'x'")

    problems = installation.refusal(WATTLINE_ALARMS__SMTP=CANARY).problems

    assert [problem.split(":")[0] for problem in problems] == [
        "connections.home.token",
        "sync.reread_days",
        "alarms.smtp",
        "token",
    ]


def test_what_an_unreadable_file_would_have_said_is_not_held_against_the_rest(installation: Installation) -> None:
    """While a file cannot be read, only that is reported: a token without its connection would mislead."""
    installation.write("wattline.toml", "[connections.home\n")

    (problem,) = installation.refusal(WATTLINE_CONNECTIONS__HOME__TOKEN=CANARY).problems

    assert problem.startswith("wattline.toml: is not valid TOML")


@pytest.mark.parametrize("name", ["wattline.toml", "connections.d/home.toml", "secrets/connections__home__token"])
def test_a_file_that_is_no_text_is_named(installation: Installation, name: str) -> None:
    """Bytes that are no UTF-8 are a line with the file's name, and the bytes are not in it."""
    installation.write(name, "").write_bytes(CANARY.encode() + b"\xff")

    error = installation.refusal()

    assert str(error).startswith(f"{name}: is not UTF-8 text")
    assert CANARY not in shown(error)


def test_a_number_too_long_to_read_is_a_fault_of_the_file(installation: Installation) -> None:
    """Python refuses to read thousands of digits; that is a line too, and no crash."""
    installation.write("wattline.toml", f"data_dir = {'9' * 5000}")

    assert installation.refusal().problems[0].startswith("wattline.toml: is not valid TOML")


@pytest.mark.parametrize("name", ["WATTLINE_CONFIG", "WATTLINE_SECRETS_DIR"])
def test_a_path_that_leads_nowhere_is_refused(installation: Installation, name: str) -> None:
    """A configuration that was asked for and is not there is never passed over."""
    (problem,) = installation.refusal(**{name: "nowhere"}).problems

    assert problem.startswith(f"{name}: is no f")
    assert "correct the path" in problem


def test_a_folder_in_place_of_the_file_is_refused(installation: Installation) -> None:
    """A container engine makes a folder where a file to mount is missing."""
    (installation.folder / "wattline.toml").mkdir()

    assert installation.refusal().problems[0].startswith("wattline.toml: is no file that is there")


def test_a_file_in_place_of_the_data_folder_is_refused(installation: Installation) -> None:
    """The store cannot be made where a file stands."""
    installation.write("data", "")

    assert "data_dir: must be a folder" in str(installation.refusal())


def test_a_file_that_cannot_be_read_is_named(installation: Installation) -> None:
    """What the operating system says about a file becomes a line, with the file's path."""
    secret = installation.write("secrets/connections__home__token", "")
    secret.unlink()
    # A file which root, too, fails to read.
    secret.symlink_to("/proc/self/mem")

    (problem,) = installation.refusal().problems

    assert "cannot be read: " in problem
    assert problem.endswith("correct the path, or let this user read it")
