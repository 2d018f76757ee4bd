"""Every query of every panel, variable and annotation is taken by the database, with all choices filled in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from connectors.registry import SOURCES
from dashboards.files import ALL
from tests.dashboards.asking import interpolated, time_of
from tests.dashboards.board import Board
from tests.dashboards.node import transformed
from tests.support.home import NOW

if TYPE_CHECKING:
    from dashboards.model import Dashboard
    from tests.dashboards.asking import Grafana, Value

LOOKS: Final = [
    pytest.param(board, source, id=f"{board.uid}-{source}")
    for board in ALL
    for source in (SOURCES if any(each.name == "source" for each in board.variables) else [""])
]

# What has nothing to show at NOW, in the filled database, and why.
EMPTY: Final = {
    ("Today", "leneda"): "whole days are published later",
    ("This year against last year, to the same day", "leneda"): "its history here is shorter than a year",
    ("Months in which the two differ", ""): "none differs",
    ("Runs that failed", "leneda"): "none failed",
}


@pytest.mark.parametrize(("dashboard", "source"), LOOKS)
def test_every_query(grafana: Grafana, dashboard: Dashboard, source: str) -> None:
    """It runs, with whatever Grafana would choose first, and each panel shows something or is known to be empty."""
    board = Board(grafana, dashboard, {"source": source} if source else {}, NOW)
    variables: dict[str, Value] = board.variables()
    titles = [panel["title"] for panel in board.tree["panels"] if panel["type"] != "row"]
    for annotation in board.tree["annotations"]["list"]:
        grafana.result(interpolated(annotation["query"], variables, time_of(board.tree, {}, NOW)))

    frames = {title: board.frames(title) for title in titles}
    made = transformed([(board.panel(title)["transformations"], found) for title, found in frames.items()])

    empty = {
        title
        for title, shown in zip(titles, made, strict=True)
        if not any(
            value is not None for frame in shown for name, column in frame.items() if name != "Time" for value in column
        )
    }
    assert empty == {title for title, where in EMPTY if where == source and title in titles}


def test_the_first_choice_has_data(grafana: Grafana) -> None:
    """Nobody has to click: what Grafana takes first of each variable is a series with readings."""
    for dashboard in ALL:
        values = Board(grafana, dashboard, {}, NOW).variables()
        assert all(values.values())
        assert values.get("register", "consumption") == "consumption"
