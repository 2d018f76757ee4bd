"""Which layer wins, and what each is read from."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pipelines.settings import load

if TYPE_CHECKING:
    from tests.settings.conftest import Installation

FIRST, SECOND = "707057500000000018", "707057500000000025"


def test_nothing_at_all_is_a_valid_installation(installation: Installation) -> None:
    """Without any file or variable every setting has its default, in the working folder."""
    settings = installation.load()

    assert installation.folder / "data" == settings.data_dir
    assert settings.influxdb is None
    assert settings.connections == {}
    assert settings.warnings == ()
    assert (settings.sync.reread_days, settings.sync.deep_reread_days, settings.sync.points_per_call) == (30, 30, 20)


def test_each_layer_wins_over_the_one_below(installation: Installation) -> None:
    """The environment wins over the secrets folder, that over the TOML file, that over the default."""
    values = [installation.load().sync.reread_days]
    installation.write("wattline.toml", "[sync]\nreread_days = 11\n")
    values.append(installation.load().sync.reread_days)
    installation.write("secrets/sync__reread_days", "12\n")
    values.append(installation.load().sync.reread_days)
    values.append(installation.load(WATTLINE_SYNC__REREAD_DAYS="13").sync.reread_days)

    assert values == [30, 11, 12, 13]


def test_layers_are_merged_key_by_key(installation: Installation) -> None:
    """A connection may have its points in a TOML file, its token in a secret's file and a switch in a variable."""
    installation.write(
        "connections.d/home.toml", f'[connections.home]\nsource = "elvia"\nmetering_points = ["{FIRST}"]'
    )
    installation.write("secrets/connections__home__token", "from-file\n")

    home = installation.load(WATTLINE_CONNECTIONS__HOME__INNLANDET="true").connections["home"]

    assert home.listed_points() == (FIRST,)
    assert home.credential("home").get_secret_value() == "from-file"
    assert home.flag_is_mute() is True


def test_a_list_is_replaced_and_not_joined(installation: Installation) -> None:
    """A list in a higher layer stands alone, so that a point can be left out there."""
    installation.write("wattline.toml", f'[connections.home]\nsource = "elvia"\nmetering_points = ["{FIRST}"]')

    home = installation.load(WATTLINE_CONNECTIONS__HOME__METERING_POINTS=f'["{SECOND}"]').connections["home"]

    assert home.listed_points() == (SECOND,)


@pytest.mark.parametrize("order", [1, -1])
def test_a_key_wins_over_its_table_as_json(installation: Installation, order: int) -> None:
    """A variable for one key is laid over a variable for the whole table, whichever was set first."""
    variables = {
        "WATTLINE_CONNECTIONS__HOME": '{"source": "elvia", "database": "lower", "bucket": "b"}',
        "WATTLINE_CONNECTIONS__HOME__DATABASE": "higher",
    }

    home = installation.load(**dict(list(variables.items())[::order])).connections["home"]

    assert (home.database, home.bucket) == ("higher", "b")


def test_names_of_variables_have_no_case(installation: Installation) -> None:
    """Variables count in any case, and a point's name finds its capitals again."""
    settings = installation.load(wattline_sync__Reread_Days="9", WATTLINE_NAMES__LU0000000012="Roof")

    assert settings.sync.reread_days == 9
    assert settings.names == {"LU0000000012": "Roof"}


def test_an_empty_variable_hides_nothing(installation: Installation) -> None:
    """Compose passes what is not set as an empty text; the layers below then hold."""
    installation.write("wattline.toml", "[sync]\nreread_days = 11\n")

    assert installation.load(WATTLINE_SYNC__REREAD_DAYS=" ").sync.reread_days == 11


def test_the_file_named_by_wattline_config_brings_its_neighbours(installation: Installation) -> None:
    """Data, connections and secrets stand beside the file, wherever the command is called."""
    installation.write("etc/wattline.toml", "[store]\nmin_free_mb = 5\n")
    installation.write("etc/connections.d/home.toml", '[connections.home]\nsource = "elvia"\n')
    installation.write("etc/secrets/connections__home__token", "beside")

    for config in ("etc/wattline.toml", str(installation.folder / "etc/wattline.toml")):
        settings = installation.load(WATTLINE_CONFIG=config)

        assert installation.folder / "etc/data" == settings.data_dir
        assert settings.store.min_free_mb == 5
        assert settings.connections["home"].credential("home").get_secret_value() == "beside"


def test_paths_are_relative_to_where_they_are_written(installation: Installation) -> None:
    """A path in the TOML file starts at that file, one in a variable at the working folder; ~ is the user's home."""
    installation.write("etc/wattline.toml", 'data_dir = "readings"\n')
    config = "etc/wattline.toml"

    paths = [
        installation.load(WATTLINE_CONFIG=config).data_dir,
        installation.load(WATTLINE_CONFIG=config, WATTLINE_DATA_DIR="here").data_dir,
        installation.load(WATTLINE_DATA_DIR="/srv/readings").data_dir,
        installation.load(WATTLINE_DATA_DIR="~/readings").data_dir,
    ]

    folder = installation.folder
    assert [folder / "etc/readings", folder / "here", Path("/srv/readings"), Path.home() / "readings"] == paths


def test_a_changed_secret_is_there_at_the_next_load(installation: Installation) -> None:
    """Nothing is kept from one load to the next."""
    installation.write("wattline.toml", '[connections.home]\nsource = "elvia"\n')
    secrets = []
    for token in ("old", "new"):
        installation.write("secrets/connections__home__token", token)
        secrets.append(installation.load().connections["home"].credential("home").get_secret_value())

    assert secrets == ["old", "new"]


def test_load_takes_the_process_as_it_is(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without arguments the environment and working folder of the process are taken, as they are at the call."""
    for name in [name for name in os.environ if name.startswith("WATTLINE_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(installation.folder)
    monkeypatch.setenv("WATTLINE_SYNC__REREAD_DAYS", "17")

    settings = load()

    assert (17, installation.folder / "data") == (settings.sync.reread_days, settings.data_dir)


def test_loading_brings_no_heavy_library() -> None:
    """Every command loads the settings, so neither Dagster nor httpx nor influxdb-client comes with them."""
    heavy = "{'dagster', 'httpx', 'influxdb_client'} & set(sys.modules)"
    code = f"import sys, pipelines.settings; sys.exit(str({heavy} or ''))"

    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=False)

    assert done.stderr.strip() == ""
