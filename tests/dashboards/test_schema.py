"""Every dashboard is of the types that Grafana's own packages declare, at the version that is pinned."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any, Final

from dashboards.__main__ import PROVISIONING
from dashboards.files import DATASOURCE, JSON_FOLDER
from dashboards.home import HOME
from tests.dashboards.node import SOURCES, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

FAULTS: Final[dict[str, Callable[[dict[str, Any]], object]]] = {
    "unknown-key": lambda board: board.update(tietle="Home"),
    "no-number": lambda board: board["panels"][0]["gridPos"].update(w="4"),
    "unknown-option": lambda board: board["panels"][5]["options"].update(legnd={}),
    "unknown-style": lambda board: board["panels"][5]["fieldConfig"]["defaults"]["custom"].update(drawStyle="bar"),
    "unknown-mapping": lambda board: board["panels"][0]["fieldConfig"]["defaults"].update(mappings=[{"type": "is"}]),
    "unknown-variable": lambda board: board["templating"]["list"][0].update(type="choice"),
}


def test_the_committed_dashboards(tmp_path: Path) -> None:
    """No key is unknown and no value of a wrong type: of dashboards, panels, their options and their fields."""
    checked = run("check.cjs", str(PROVISIONING / JSON_FOLDER), str(tmp_path))

    assert (checked.stdout, checked.returncode) == ("", 0)


def test_the_check_finds_faults(tmp_path: Path) -> None:
    """A mistyped key, value, option or kind is told, file by file."""
    for name, spoil in FAULTS.items():
        board: dict[str, Any] = copy.deepcopy(HOME.json(DATASOURCE))
        spoil(board)
        (tmp_path / f"{name}.json").write_text(json.dumps(board), encoding="utf-8")

    checked = run("check.cjs", str(tmp_path), str(tmp_path / "out"))

    assert checked.returncode != 0
    for name in FAULTS:
        assert f"{name}.ts" in checked.stdout


def test_versions_are_pinned() -> None:
    """The packages are exact, by hash, and the lock names no host."""
    package = json.loads((SOURCES / "package.json").read_text(encoding="utf-8"))
    lock = (SOURCES / "package-lock.json").read_text(encoding="utf-8")

    assert all(version.replace(".", "").isdecimal() for version in package["dependencies"].values())
    locked = json.loads(lock)["packages"]
    assert {name: locked[f"node_modules/{name}"]["version"] for name in package["dependencies"]} == package[
        "dependencies"
    ]
    assert all("integrity" in each for name, each in locked.items() if name)
    assert '"resolved"' not in lock
