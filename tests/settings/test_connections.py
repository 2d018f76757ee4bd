"""Connections: where they may be defined, how they are told apart, and who owns a metering point."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from pydantic import SecretStr

from connectors.base import Subject
from connectors.elvia.settings import ElviaConnection, check_digit_fits
from connectors.registry import SOURCES
from pipelines.settings import Settings

if TYPE_CHECKING:
    from tests.settings.conftest import Installation

FIRST, SECOND = "707057500000000018", "707057500000000025"


def test_a_connection_by_environment_alone(installation: Installation) -> None:
    """Two variables are an installation; names in capitals become the connection's name."""
    settings = installation.load(
        WATTLINE_CONNECTIONS__SUMMER_HOUSE__SOURCE="elvia", WATTLINE_CONNECTIONS__SUMMER_HOUSE__TOKEN="t-1"
    )

    connection = settings.connections_of("elvia")["summer_house"]
    assert isinstance(connection, ElviaConnection)
    assert connection.credential("summer_house").get_secret_value() == "t-1"
    assert settings.connections_of("leneda") == {}


def test_defaults_of_an_elvia_connection(installation: Installation) -> None:
    """A token is all that is needed: every point it covers, production too, Innlandet found out."""
    installation.write("wattline.toml", '[connections.home]\nsource = "elvia"\n')

    home = installation.load().connections["home"]

    assert isinstance(home, ElviaConnection)
    assert (
        home.metering_points,
        home.include_production,
        home.innlandet,
        home.calls_per_hour,
    ) == ((), True, "auto", 200)
    assert (home.base_url, home.database, home.bucket) == ("https://elvia.azure-api.net", None, None)
    assert home.flag_is_mute() is None


@pytest.mark.parametrize(("text", "expected"), [("true", True), ("False", False), ("AUTO", None)])
def test_innlandet_by_variable(installation: Installation, text: str, expected: bool | None) -> None:  # noqa: FBT001
    """The three values of `innlandet` can be given as text."""
    settings = installation.load(WATTLINE_CONNECTIONS__HOME__SOURCE="elvia", WATTLINE_CONNECTIONS__HOME__INNLANDET=text)

    assert settings.connections["home"].flag_is_mute() is expected


def test_settings_can_be_made_by_hand() -> None:
    """Code may put settings together from parts that are checked already."""
    home = ElviaConnection(source="elvia", token=SecretStr("t-1"))

    assert Settings(connections={"home": home}).connections_of("elvia") == {"home": home}


def test_each_customer_may_have_a_file(installation: Installation) -> None:
    """Files in `connections.d` add to those of the TOML file; editors' hidden files are passed over."""
    installation.write("wattline.toml", '[connections.home]\nsource = "elvia"\n')
    installation.write("connections.d/a.toml", '[connections.a]\nsource = "elvia"\n')
    installation.write("connections.d/b.toml", '[connections.b]\nsource = "elvia"\n[connections.c]\nsource = "elvia"\n')
    installation.write("connections.d/.b.toml.swp.toml", "not TOML")
    installation.write("connections.d/empty.toml", "")

    assert {"home", "a", "b", "c"} == set(installation.load().connections)


def test_an_empty_table_claims_no_name(installation: Installation) -> None:
    """A bare `[connections]` in the TOML file leaves every name to `connections.d`."""
    installation.write("wattline.toml", "[connections]\n")
    installation.write("connections.d/a.toml", '[connections.a]\nsource = "elvia"\n')

    assert {"a"} == set(installation.load().connections)
    assert "(from WATTLINE_CONNECTIONS__B__TOKEN)" in str(installation.refusal(WATTLINE_CONNECTIONS__B__TOKEN="x"))


@pytest.mark.parametrize("first", ["wattline.toml", "connections.d/a.toml"])
def test_a_name_given_twice_is_refused(installation: Installation, first: str) -> None:
    """Two files with one name are two customers mixed up, so both files are named and neither wins."""
    for file in (first, "connections.d/b.toml"):
        installation.write(file, '[connections.home]\nsource = "elvia"\n')

    (problem,) = installation.refusal().problems

    assert problem == (
        f"connections.home: is given twice, in {first} and in connections.d/b.toml; rename or remove one"
    )


def test_only_connections_stand_in_connections_d(installation: Installation) -> None:
    """A customer's file cannot change what holds for all."""
    installation.write("connections.d/a.toml", "[sync]\nreread_days = 3\n")
    installation.write("connections.d/b.toml", "connections = 3\n")

    assert installation.refusal().problems == (
        (
            "sync: does not belong in connections.d/a.toml, which holds only [connections.NAME] tables;"
            " move it to wattline.toml"
        ),
        "connections: must be tables, such as [connections.home] (in connections.d/b.toml)",
    )


def test_a_wrong_table_of_connections_is_not_papered_over(installation: Installation) -> None:
    """The fault in the TOML file is reported though a customer's file has a good table."""
    installation.write("wattline.toml", "connections = 3\n")
    installation.write("connections.d/a.toml", '[connections.a]\nsource = "elvia"\n')

    assert installation.refusal().problems == ("connections: must be a table [connections] (in wattline.toml)",)


def test_a_point_of_two_connections_is_refused(installation: Installation) -> None:
    """Both places are named, and the id, which is personal, is not."""
    for name, points in {"home": [FIRST], "cabin": [SECOND, FIRST]}.items():
        installation.write(
            f"connections.d/{name}.toml", f'[connections.{name}]\nsource = "elvia"\nmetering_points = {points}\n'
        )

    (problem,) = installation.refusal().problems

    assert problem == (
        "connections: connections.cabin.metering_points[1] and connections.home.metering_points[0] are the same"
        " metering point: leave it in one of them"
    )


def test_blanks_in_an_id_are_no_part_of_it(installation: Installation) -> None:
    """Invoices print the digits in groups."""
    installation.write(
        "wattline.toml", '[connections.home]\nsource = "elvia"\nmetering_points = [" 7070 5750 0000 0000 18 "]\n'
    )

    settings = installation.load()

    assert settings.connections["home"].listed_points() == (FIRST,)
    assert settings.warnings == ()


def test_a_false_check_digit_is_doubtful(installation: Installation) -> None:
    """Such ids are in use, so it is a warning, with the place and without the id."""
    points = [FIRST, "707057500000000019"]
    keys = f"metering_points = {points}\ngross_generation = {points[1:]}\n"
    installation.write("wattline.toml", f'[connections.home]\nsource = "elvia"\n{keys}')

    assert installation.load().warnings == (
        "connections.home.metering_points[1]: its check digit does not fit; compare it with the invoice",
        "connections.home.gross_generation[0]: its check digit does not fit; compare it with the invoice",
    )


def test_gross_generation_is_the_production_of_a_metering_point(installation: Installation) -> None:
    """An operator without registers of one's choice needs the bare point; without the key nothing is made."""
    installation.write("wattline.toml", f'[connections.home]\nsource = "elvia"\ngross_generation = ["{FIRST}"]\n')

    assert installation.load().connections["home"].generation() == (Subject(FIRST, "production"),)
    installation.write("wattline.toml", '[connections.home]\nsource = "elvia"\n')
    assert installation.load().connections["home"].generation() == ()


@pytest.mark.parametrize("last", ["01", "18", "25", "32", "49", "56"])
def test_the_check_digit_is_gs1s(last: str) -> None:
    """GS1's rule accepts ids that were computed by hand, and no other last digit."""
    body = f"7070575000000000{last}"[:-1]

    assert [last[-1]] == [digit for digit in "0123456789" if check_digit_fits(body + digit)]


def test_a_further_source_needs_no_change_here(tmp_path: Path) -> None:
    """Settings name no operator: a second entry in the registry is read by its own model, from every layer."""
    home = f'[connections.home]\nsource = "elvia"\nmetering_points = ["{FIRST}"]\n'
    (tmp_path / "wattline.toml").write_text(home, encoding="utf-8")
    code = """
        import sys
        from pathlib import Path
        from types import SimpleNamespace
        from typing import ClassVar, Literal
        from pydantic import BaseModel
        from connectors import registry
        from connectors.connection import STRICT, ConnectionSettings, Credential

        class Point(BaseModel):
            model_config = STRICT
            code: str

        class OtherConnection(ConnectionSettings):
            credential_key: ClassVar[str] = "api_key"
            daily_at: ClassVar[str] = "30 15 * * *"
            source: Literal["other"]
            api_key: Credential = None
            base_url: str = "https://other.example"
            metering_points: tuple[Point, ...] = ()

            def listed_points(self):
                return tuple(point.code for point in self.metering_points)

        registry.SOURCES = {**registry.SOURCES, "other": SimpleNamespace(name="other", settings=OtherConnection)}
        from pipelines.settings import SettingsError, load

        plant = {
            "WATTLINE_CONNECTIONS__PLANT__SOURCE": "other",
            "WATTLINE_CONNECTIONS__PLANT__API_KEY": "k",
            "WATTLINE_CONNECTIONS__PLANT__METERING_POINTS": '[{"code": "LU1"}, {"code": "707057500000000018"}]',
        }
        settings = load(plant, Path(sys.argv[1]))
        print(settings.schedules)
        print({name: type(table).__name__ for name, table in settings.connections.items()})
        print(settings.connections["plant"].flag_is_mute(), settings.warnings)
        print(settings.connections["plant"].listed_points(), settings.model_dump_json().count("**********"))
        for wrong in ({"WATTLINE_CONNECTIONS__PLANT__METERING_POINTS": '[{"cod": "LU1"}]'},
                      {"WATTLINE_CONNECTIONS__HOME__API_KEY": "k"}):
            try:
                load(plant | wrong, Path(sys.argv[1]))
            except SettingsError as error:
                print(error)
    """

    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", dedent(code), tmp_path],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
    )

    points = "WATTLINE_CONNECTIONS__PLANT__METERING_POINTS"
    assert done.stderr == ""
    assert done.stdout.splitlines() == [
        str({name: source.settings.daily_at for name, source in SOURCES.items()} | {"other": "30 15 * * *"}),
        "{'home': 'ElviaConnection', 'plant': 'OtherConnection'}",
        "None ()",
        f"('LU1', '{FIRST}') 1",
        "connections.plant.metering_points[0].code: is missing; add it",
        f"connections.plant.metering_points[0].cod: no such key; did you mean code? (from {points})",
        (
            "connections.home.api_key: no such key; the keys are source, base_url, database, bucket, token,"
            " metering_points, include_production, gross_generation, innlandet, calls_per_hour"
            " (from WATTLINE_CONNECTIONS__HOME__API_KEY)"
        ),
    ]
