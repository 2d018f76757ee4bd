"""A connection to Leneda in the settings: what is taken, what is cleaned, what is refused in words that help."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from connectors.base import Subject
from connectors.leneda.settings import LenedaConnection
from connectors.leneda.wire import REGISTERS
from pipelines.settings import Settings, SettingsError, load
from tests.leneda.plant import ENERGY_ID, OTHER, POINT

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "kanari-7c1e"
"""Stands in every wrong value; it must never come back."""


def settings(folder: Path, points: object = (), **keys: str) -> Settings:
    """Load a connection named plant from the environment."""
    given = {"source": "leneda", "energy_id": ENERGY_ID, "metering_points": json.dumps(points)} | keys
    return load({f"WATTLINE_CONNECTIONS__PLANT__{key.upper()}": text for key, text in given.items()}, folder)


def plant(folder: Path, points: object = (), **keys: str) -> LenedaConnection:
    """Return that connection."""
    connection = settings(folder, points, **keys).connections["plant"]
    assert isinstance(connection, LenedaConnection)
    return connection


def refusal(folder: Path, points: object = (), **keys: str) -> str:
    """Return the one line that says what is wrong with it."""
    with pytest.raises(SettingsError) as caught:
        settings(folder, points, **keys)
    (problem,) = caught.value.problems
    assert CANARY not in problem
    return problem


def test_a_connection_in_a_file(tmp_path: Path) -> None:
    """The tables of the settings page are read; what is left out has the documented default."""
    (tmp_path / "wattline.toml").write_text(
        f"""
        [connections.plant]
        source = "leneda"
        energy_id = "{ENERGY_ID}"
        [[connections.plant.metering_points]]
        code = "{POINT}"
        registers = ["production", "consumption", "production"]
        [[connections.plant.metering_points]]
        code = "{OTHER}"
        """,
        encoding="utf-8",
    )

    loaded = load({"WATTLINE_CONNECTIONS__PLANT__API_KEY": " key-1\n"}, tmp_path)
    connection = loaded.connections["plant"]

    assert connection.credential("plant") == SecretStr("key-1")
    assert connection.base_url == "https://api.leneda.eu"
    assert connection.listed_points() == (POINT, OTHER)
    assert connection.listed() == (Subject(POINT, "production"), Subject(POINT, "consumption"))
    assert connection.possible() == tuple(Subject(OTHER, register) for register in REGISTERS)
    assert loaded.schedules["leneda"] == "30 15 * * *"
    assert loaded.warnings == ()


def test_blanks_and_small_letters_are_no_part_of_it(tmp_path: Path) -> None:
    """Codes are printed in groups and copied with blanks around them; Leneda writes them in capitals."""
    connection = plant(
        tmp_path,
        [{"code": f" {POINT[:2].lower()} {POINT[2:20]} {POINT[20:]}\n"}],
        energy_id=f"\t{ENERGY_ID.lower()} ",
        api_key=" key-1 ",
    )

    assert (connection.listed_points(), connection.energy_id) == ((POINT,), ENERGY_ID)
    assert connection.credential("plant") == SecretStr("key-1")


@pytest.mark.parametrize(
    "energy_id", [CANARY, "LUXE-AB-CD", "LUXE-AB-CD-123456789", "LUXE-A-CD-12345", "LUXE-AB-CD-1234 5é"]
)
def test_a_malformed_energy_id(tmp_path: Path, energy_id: str) -> None:
    """The line says what one looks like and where it stands."""
    assert refusal(tmp_path, energy_id=energy_id) == (
        "connections.plant.energy_id: is not an Energy ID: that looks like LUXE-AB-CD-12345; Leneda gave it to you when"
        " you signed up (from WATTLINE_CONNECTIONS__PLANT__ENERGY_ID)"
    )


@pytest.mark.parametrize("code", [CANARY, "", "LU", "707057500000000018", f"{POINT[:-1]}/", f"{POINT[:-1]}é"])
def test_a_malformed_code(tmp_path: Path, code: str) -> None:
    """The line says what a code looks like and where it stands."""
    assert refusal(tmp_path, [{"code": POINT}, {"code": code}]).startswith(
        "connections.plant.metering_points[1].code: is not a metering point code (POD): that is LU and 31 digits or"
        " letters, and stands on the electricity or gas bill; the number on the meter itself is another one"
    )


def test_an_unknown_register(tmp_path: Path) -> None:
    """The line lists the known ones."""
    problem = refusal(tmp_path, [{"code": POINT, "registers": ["consumption", CANARY]}])

    assert problem.startswith("connections.plant.metering_points[0].registers[1]: is no register; the registers are ")
    assert all(register in problem for register in REGISTERS)


@pytest.mark.parametrize(
    ("points", "words"),
    [
        ([POINT], "connections.plant.metering_points[0]: must be a table"),
        ([{"code": POINT, "register": "x"}], "metering_points[0].register: no such key; did you mean registers?"),
        ([{"registers": ["consumption"]}], "connections.plant.metering_points[0].code: is missing; add it"),
        (POINT, "connections.plant.metering_points: must be a list"),
        ([{"code": POINT}, {"code": POINT}], "are the same metering point: leave it in one of them"),
    ],
)
def test_other_mistakes_in_the_list(tmp_path: Path, points: object, words: str) -> None:
    """Each is a line with the key and the fix."""
    assert words in refusal(tmp_path, points)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"history_years": "4"}, "connections.plant.history_years: must be a whole number from 1 to 3"),
        ({"days_per_call": "0"}, "connections.plant.days_per_call: must be a whole number from 1 to 366"),
        ({"calls_per_minute": "0"}, "connections.plant.calls_per_minute: must be a whole number from 1 to 60000"),
        ({"energy_id": ""}, "connections.plant.energy_id: is missing; set it in wattline.toml, or as WATTLINE_CONN"),
        ({"token": CANARY}, "connections.plant.token: no such key"),
    ],
)
def test_mistakes_in_the_other_keys(tmp_path: Path, keys: dict[str, str], words: str) -> None:
    """Bounds, missing and foreign keys are said as everywhere."""
    assert words in refusal(tmp_path, **keys)


def test_an_odd_length_is_doubtful(tmp_path: Path) -> None:
    """Such codes stand in Leneda's own samples, so it is a warning, with the place and without the code."""
    odd = [{"code": POINT}, {"code": f"{POINT}0"}]

    assert settings(tmp_path, odd, gross_generation=json.dumps(odd)).warnings == (
        "connections.plant.metering_points[1].code: has 34 characters and not 33; compare it with the bill",
        "connections.plant.gross_generation[1].code: has 34 characters and not 33; compare it with the bill",
    )


def test_a_connection_without_metering_points_is_none_to_doubt(tmp_path: Path) -> None:
    """It may live from what other people grant; `doctor` tells where nothing was asked for either."""
    assert settings(tmp_path).warnings == ()


@pytest.mark.parametrize(
    ("points", "keys"),
    [
        ([{"code": POINT}], {"api_key": "key-2"}),
        ([{"code": POINT}], {"energy_id": "LUXE-XX-YY-12342"}),
        ([{"code": OTHER}], {}),
        ([{"code": POINT, "registers": ["consumption"]}], {}),
    ],
)
def test_whatever_decides_about_access_is_part_of_the_identity(
    tmp_path: Path, points: list[dict[str, Any]], keys: dict[str, str]
) -> None:
    """A corrected Energy ID or code is tried at once, though the key is the one that was refused."""
    before = plant(tmp_path, [{"code": POINT}], api_key="key-1")
    again = plant(tmp_path, [{"code": POINT}], api_key="key-1", days_per_call="7")
    after = plant(tmp_path, points, **({"api_key": "key-1"} | keys))

    assert before.identity("plant") == again.identity("plant")
    assert before.identity("plant") != after.identity("plant")


def test_gross_generation(tmp_path: Path) -> None:
    """It is a table like a metering point's, and counts production where no register is named."""
    named = [{"code": OTHER.lower()}, {"code": POINT, "registers": ["consumption", "production"]}, {"code": OTHER}]

    connection = plant(tmp_path, [{"code": POINT}], gross_generation=json.dumps(named))

    assert connection.generation() == (
        Subject(OTHER, "production"),
        Subject(POINT, "consumption"),
        Subject(POINT, "production"),
    )
    assert plant(tmp_path).generation() == ()
    wrong = refusal(tmp_path, gross_generation=json.dumps([{"code": POINT, "registers": []}]))
    assert "connections.plant.gross_generation[0].registers: must not be empty" in wrong
