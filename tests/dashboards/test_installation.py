"""`wattline dashboards`: the same dashboards with an installation's own data source, metering points and names."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import pytest

from dashboards.files import ALL, DATASOURCE, files
from dashboards.installation import Point, labels, narrowed, of_installation
from dashboards.model import Panel
from pipelines.commands import main
from sandbox.leneda.demo import CONSUMPTION, GAS, HOUSE, PANELS, PRODUCTION
from tests.dashboards.board import Board
from tests.dashboards.filled import ORDINARY, PLUS
from tests.dashboards.node import run, transformed
from tests.dashboards.test_own_use import SOLAR
from tests.support.home import NOW

if TYPE_CHECKING:
    from pathlib import Path

    from dashboards.model import Dashboard
    from tests.dashboards.asking import Grafana
    from tests.dashboards.filled import Filled

HYTTA: Final = "Hytta, 1 : $1 \\ «øvre»"
NAMES: Final = {PLUS.metering_point: HYTTA, CONSUMPTION: "Rue Haute"}
POINTS: Final = (
    Point("elvia", "home", ORDINARY.metering_point),
    Point("elvia", "plus", PLUS.metering_point, HYTTA),
    Point("leneda", "plant", CONSUMPTION, "Rue Haute"),
    Point("leneda", "plant", PRODUCTION),
    Point("leneda", "plant", GAS),
    Point("leneda", "solar", HOUSE),
    Point("leneda", "solar", PANELS),
)
HOMES: Final = (SOLAR,)
BOARDS: Final[dict[str, Dashboard]] = {board.uid: of_installation(board, POINTS, HOMES) for board in ALL}


def _written(store: Filled, folder: Path, monkeypatch: pytest.MonkeyPatch, *words: str) -> dict[str, Any]:
    """Run the command in the filled installation; return what it wrote, by name."""
    for key, value in store.environment.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("WATTLINE_DATA_DIR", str(store.data_dir))
    monkeypatch.setenv("WATTLINE_NAMES", json.dumps(NAMES))
    with pytest.raises(SystemExit) as ended:
        main(["dashboards", "--out", str(folder), *words])
    assert ended.value.code == 0
    return {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_the_command(
    store: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It writes each dashboard for the store's metering points and the data source that is named, and says so."""
    written = _written(store, tmp_path / "new" / "folder", monkeypatch, "--datasource", "my-influx")

    assert written == files(BOARDS.values(), "my-influx")
    assert all(f'"uid": "{DATASOURCE}"' not in content for content in written.values())
    assert "5 dashboards for 7 metering points in" in capsys.readouterr().err


PLUS_ALONE: Final = {
    board.uid: narrowed(of_installation(board, POINTS[1:2]), POINTS[1:2], ["plus"])
    for board in ALL
    if board.uid != "wattline-community"
}


def test_one_connection(store: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a connection named, no other's metering point is in any file, and none is of another operator alone."""
    written = _written(store, tmp_path / "out", monkeypatch, "--connection", "plus")

    assert written == files(PLUS_ALONE.values(), DATASOURCE)
    assert ORDINARY.metering_point not in "".join(written.values())


@pytest.mark.parametrize("uid", list(PLUS_ALONE))
def test_one_connections_dashboards_show_nothing_of_others(grafana: Grafana, uid: str) -> None:
    """Whatever a panel or a choice asks of the database, the answer tells of that connection alone."""
    board = PLUS_ALONE[uid]
    asked = [query.text for panel in board.panels if isinstance(panel, Panel) for query in panel.queries]
    asked += [variable.query for variable in board.variables if not variable.choices]
    asked += [annotation.query for annotation in board.annotations]

    reads = [read for text in asked for read in re.findall(r'FROM "(\w+)"[^()]*? WHERE (\S+ =~ \S+)', text)]

    assert {condition for _, condition in reads} <= {
        f'"metering_point" =~ /^({PLUS.metering_point})$/',
        '"connection" =~ /^(plus)$/',
    }
    assert len(reads) == sum(text.count('FROM "') for text in asked) > 0
    if uid == "wattline-fleet":
        shown = Board(grafana, board, {}, NOW)
        assert shown.shown("Metering points of the fleet")["Metering point"] == [PLUS.metering_point]
        assert shown.shown("Connections")["Connection"] == ["plus"]
        assert shown.shown("Metering points") == {"Metering points": [1]}


def test_the_files_are_of_grafanas_types(tmp_path: Path) -> None:
    """Names and choices leave the dashboards what Grafana takes."""
    for name, content in files(BOARDS.values(), "my-influx").items():
        (tmp_path / name).write_text(content, encoding="utf-8")

    checked = run("check.cjs", str(tmp_path), str(tmp_path / "out"))

    assert (checked.stdout, checked.returncode) == ("", 0)


def test_an_empty_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Before the first run the dashboards are those for any installation."""
    monkeypatch.setenv("WATTLINE_DATA_DIR", str(tmp_path / "data"))
    with pytest.raises(SystemExit) as ended:
        main(["dashboards", "--out", str(tmp_path / "out")])

    assert ended.value.code == 0
    written = {path.name: path.read_text(encoding="utf-8") for path in (tmp_path / "out").iterdir()}
    assert written == files(ALL, DATASOURCE)
    assert "no reading yet" in capsys.readouterr().err


def test_a_folder_that_cannot_be_made(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file in the way is told, and nothing is written."""
    (tmp_path / "taken").write_text("")
    with pytest.raises(SystemExit) as ended:
        main(["dashboards", "--out", str(tmp_path / "taken")])

    assert ended.value.code == 2
    assert "--out" in capsys.readouterr().err


def test_no_data_source(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Dashboards that would ask nobody are not written."""
    with pytest.raises(SystemExit) as ended:
        main(["dashboards", "--out", str(tmp_path / "out"), "--datasource", ""])

    assert ended.value.code == 2
    assert "--datasource" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_connection_without_readings(
    store: Filled, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It gets no dashboards that offer everybody's metering points."""
    for key, value in store.environment.items():
        monkeypatch.setenv(key, value)
    monkeypatch.setenv("WATTLINE_DATA_DIR", str(store.data_dir))
    with pytest.raises(SystemExit) as ended:
        main(["dashboards", "--out", str(tmp_path / "out"), "--connection", "gone"])

    assert ended.value.code == 2
    assert "no reading of gone" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_name_is_one_line() -> None:
    """Blanks of a kind that Grafana would end a choice at become one blank, and of blanks alone there is no name."""
    names = {"1": "Rue\nHaute", "2": " \t"}

    assert labels(Point("leneda", "plant", point, name) for point, name in names.items()) == {
        "1": "Rue Haute",
        "2": "plant",
    }


def test_labels() -> None:
    """A metering point goes by its name, else by its connection's, and by its id as well where two would be alike."""
    assert labels(POINTS) == {
        ORDINARY.metering_point: "home",
        PLUS.metering_point: HYTTA,
        CONSUMPTION: "Rue Haute",
        PRODUCTION: f"plant {PRODUCTION}",
        GAS: f"plant {GAS}",
        HOUSE: f"solar {HOUSE}",
        PANELS: f"solar {PANELS}",
    }


@pytest.mark.parametrize("point", POINTS, ids=lambda point: point.metering_point[-2:])
def test_home_follows_the_metering_point(grafana: Grafana, point: Point) -> None:
    """On Home a metering point is chosen by its name, and its source and registers follow."""
    board = Board(grafana, BOARDS["wattline-home"], {"metering_point": point.metering_point}, NOW)
    chosen, source, register = board.tree["templating"]["list"]
    options = {option["text"]: option["value"] for option in chosen["options"]}

    assert (chosen["name"], source["name"], register["name"]) == ("metering_point", "source", "register")
    assert options == {name: one for one, name in labels(POINTS).items()}
    assert source["hide"] == 2
    assert board.variables()["source"] == point.source
    offered = grafana.values(register["query"], board.variables(), board.time("Months"))
    assert offered
    assert not any("volume" in one or "reactive" in one for one in offered), "not in kWh"
    assert board.series("Months")


def test_choices_are_written_as_grafana_reads_them() -> None:
    """A comma in a name ends no option, and a colon parts no name."""
    chosen = BOARDS["wattline-home"].json(DATASOURCE)["templating"]["list"][0]  # type: ignore[index]

    assert "Hytta\\, 1 $1 \\ «øvre» : " in chosen["query"]
    assert chosen["query"].replace("\\,", "").count(",") == len(POINTS) - 1


@pytest.mark.parametrize(("uid", "sources"), [("wattline-capacity", {"elvia"}), ("wattline-community", {"leneda"})])
def test_a_dashboard_of_one_source_has_its_points_alone(uid: str, sources: set[str]) -> None:
    """Metering points of another source are no choice there."""
    chosen = BOARDS[uid].json(DATASOURCE)["templating"]["list"][0]  # type: ignore[index]

    assert {option["value"] for option in chosen["options"]} == {
        point.metering_point for point in POINTS if point.source in sources
    }


@pytest.mark.parametrize(
    ("uid", "title", "source"),
    [
        ("wattline-health", "Coverage by day", "elvia"),
        ("wattline-community", "Residual of the balance", ""),
        ("wattline-community", "Volume of gas", ""),
    ],
)
def test_series_have_names(grafana: Grafana, uid: str, title: str, source: str) -> None:
    """No id is left in the names of series, by Grafana's own renaming, whatever characters a name has."""
    board = Board(grafana, BOARDS[uid], {"source": source} if source else {}, NOW)
    before = {frame.name for frame in board.frames(title)}
    (made,) = transformed([(board.panel(title)["transformations"], board.frames(title))])
    after = {name for frame in made for name in frame if name != "Time"}

    wanted = set()
    for name in before:
        metering_point, _, register = name.partition(" ")
        wanted.add(f"{labels(POINTS)[metering_point]} {register}".strip())
    assert after == wanted


def test_tables_have_names() -> None:
    """In tables a name stands for the id, which stays the value that a link passes on."""
    for uid, title in (
        ("wattline-fleet", "Metering points of the fleet"),
        ("wattline-health", "Days with missing intervals"),
        ("wattline-community", "Who shared what"),
    ):
        (panel,) = [each for each in BOARDS[uid].json(DATASOURCE)["panels"] if each["title"] == title]  # type: ignore[attr-defined]
        (mapping,) = panel["fieldConfig"]["overrides"][-1]["properties"][0]["value"]
        assert {one: each["text"] for one, each in mapping["options"].items()} == labels(POINTS)
