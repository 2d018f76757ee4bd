"""What holds of every dashboard: the files are up to date, ids stay, words are there, time is the operator's."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

import pytest

from connectors.registry import SOURCES
from dashboards import __main__ as command
from dashboards.alerts import rules
from dashboards.files import ALL, DATASOURCE, committed
from dashboards.model import ZONE
from schemas.time import HOUR

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

BOARDS: Final[dict[str, dict[str, Any]]] = {board.uid: board.json(DATASOURCE) for board in ALL}
PANELS: Final = [
    pytest.param(panel, id=f"{uid}-{panel['id']}")
    for uid, board in BOARDS.items()
    for panel in board["panels"]
    if panel["type"] != "row"
]
EACH: Final = pytest.mark.parametrize("panel", PANELS)

# Links and people's own alerts point to these: a number is never given to another panel.
KNOWN: Final = {
    "wattline-home": {
        1: "Today",
        2: "Yesterday",
        3: "This month",
        4: "Last month",
        5: "This year against last year, to the same day",
        6: "Hours",
        7: "Days",
        8: "Weeks",
        9: "Months",
        11: "Highest hours of this month",
        12: "Profile",
        13: "Weekday and hour",
        14: "Day and hour",
        16: "Bought, sold and net",
        17: "Bought, sold and net by month",
    },
    "wattline-capacity": {1: "Basis of this month", 8: "Basis by month", 13: "Kroner saved by the cap"},
    "wattline-community": {5: "Who shared what", 10: "Load by quarter-hour"},
    "wattline-fleet": {5: "Metering points of the fleet", 6: "Connections"},
    "wattline-health": {5: "Coverage by day", 12: "Runs"},
}


def _queries() -> Iterator[str]:
    for board in BOARDS.values():
        for panel in board["panels"]:
            yield from (target["query"] for target in panel.get("targets", []))
        yield from (each["query"] for each in board["annotations"]["list"])
    yield from (rule.query for rule in rules())


def test_the_committed_files_are_up_to_date() -> None:
    """What is committed is what the code writes, byte for byte, and nothing else lies there."""
    assert command.stale() == []


def test_stale_files_are_told_and_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A changed, a missing and a superfluous file fail the check by name; writing mends all three."""
    monkeypatch.setattr(command, "PROVISIONING", tmp_path)
    monkeypatch.setattr("sys.argv", ["dashboards"])
    command.main()
    before = {path: path.read_bytes() for path in tmp_path.rglob("*.json")}
    changed, missing, superfluous = (
        tmp_path / "dashboards" / "json" / name for name in ("wattline-home.json", "wattline-fleet.json", "old.json")
    )
    changed.write_text("{}", encoding="utf-8")
    missing.unlink()
    superfluous.write_text("{}", encoding="utf-8")
    monkeypatch.setattr("sys.argv", ["dashboards", "--check"])

    with pytest.raises(SystemExit) as stopped:
        command.main()
    monkeypatch.setattr("sys.argv", ["dashboards"])
    command.main()

    assert stopped.value.code == (
        "stale, run `make dashboards`: dashboards/json/old.json, dashboards/json/wattline-fleet.json, "
        "dashboards/json/wattline-home.json"
    )
    assert {path: path.read_bytes() for path in tmp_path.rglob("*.json")} == before
    assert capsys.readouterr().out == ""


def test_the_files_are_plain_json() -> None:
    """Keys are sorted, and nothing of one installation is in what is committed."""
    for content in committed().values():
        assert content == json.dumps(json.loads(content), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
        assert not re.search(r"\d{18}|LU0{5}", content)


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS.keys())
def test_ids_stay(board: dict[str, Any]) -> None:
    """The uid is the file's name, no number is given twice, and numbers keep their panels."""
    numbers = [panel["id"] for panel in board["panels"]]
    titles = {panel["id"]: panel["title"] for panel in board["panels"]}

    assert board["id"] is None
    assert len(numbers) == len(set(numbers))
    assert KNOWN[board["uid"]].items() <= titles.items()
    assert len(set(titles.values())) == len(titles)


@pytest.mark.parametrize("board", BOARDS.values(), ids=BOARDS.keys())
def test_panels_do_not_overlap(board: dict[str, Any]) -> None:
    """Each cell of the grid has one panel at most, and none reaches over the edge."""
    taken: set[tuple[int, int]] = set()
    for panel in board["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken
        taken |= cells


@EACH
def test_every_panel_says_what_it_shows(panel: dict[str, Any]) -> None:
    """In one sentence; with a unit, and words for when there is nothing."""
    defaults = panel["fieldConfig"]["defaults"]

    assert re.fullmatch(r"[A-Z][^.]*(\.\d[^.]*)*\.", panel["description"])
    assert len(panel["description"]) > 40
    assert defaults["unit"]
    assert defaults["noValue"]
    assert "decimals" in defaults


@EACH
def test_no_gap_is_filled(panel: dict[str, Any]) -> None:
    """A missing interval has no value: no query fills one, no line spans one, no matrix puts a zero there."""
    for target in panel["targets"]:
        assert target["query"].count("GROUP BY time(") == target["query"].count("fill(none)")
        assert re.findall(r"fill\((?!none)", target["query"]) == []
    assert panel["fieldConfig"]["defaults"].get("custom", {}).get("spanNulls", False) is False
    for each in panel["transformations"]:
        if each["id"] == "groupingToMatrix":
            assert each["options"]["emptyValue"] == "null"


@EACH
def test_today_prints_its_newest_hour(panel: dict[str, Any]) -> None:
    """A panel that says "today" shows, beside its number, the time of the newest hour in it."""
    if "today" not in f"{panel['title']} {panel['description']}".lower():
        return
    renamed = [each["options"]["renameByName"] for each in panel["transformations"] if each["id"] == "organize"]
    assert {"Time": "Newest hour"} in renamed
    assert panel["options"]["reduceOptions"]["fields"] == "/.*/"
    assert panel["timeFrom"] == "now/d"


def test_groups_of_days_name_their_zone() -> None:
    """Each statement or subquery that groups by a day or more has tz() behind it; weeks begin on Monday."""
    zones = {source.zone.key for source in SOURCES.values()}
    seen = set()
    for query in _queries():
        for found in re.finditer(r"GROUP BY (time\(\d+[dw][^)]*\))[^()]*(?:\([^()]*\))?[^()]*", query):
            seen.add(found[1])
            named = re.match(r".*?tz\('([^']+)'\)", query[found.end(1) :])
            assert named, query
            assert named[1] in zones
    assert seen == {"time(1d)", "time(7d, -3d)"}


def test_zones_are_those_of_the_source() -> None:
    """A zone groups only the sources whose calendar it is."""
    for query in _queries():
        for name, source in SOURCES.items():
            if f'"source" =~ /^({name})$/' in query or f"\"source\" = '{name}'" in query:
                assert set(re.findall(r"tz\('([^']+)'\)", query)) <= {source.zone.key}


def test_axes_show_every_sources_clock() -> None:
    """The axes are in one zone, which shows the wall clock of every source; where it does not, boards must part."""
    axes = ZoneInfo(ZONE)
    instants = [datetime(2015, 1, 1, tzinfo=UTC) + hour * HOUR for hour in range(24 * 365 * 25)]
    for source in SOURCES.values():
        assert all(each.astimezone(axes).utcoffset() == each.astimezone(source.zone).utcoffset() for each in instants)
    assert {board["timezone"] for board in BOARDS.values()} == {ZONE}
    assert {board["weekStart"] for board in BOARDS.values()} == {"monday"}
