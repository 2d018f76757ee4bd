"""Bad input: a message that names the argument or key, what is wrong and the fix; exit 2; nothing written."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from schemas.time import utc_now

if TYPE_CHECKING:
    from tests.commands.conftest import Installation

YEAR: Final = utc_now().year

BAD: Final = {
    "no such command": (["exprt"], ["exprt", "export"]),
    "no such option": (["backfill", "--form", "2025"], ["--form", "--from"]),
    "a year in words": (["backfill", "--from", "last"], ["--from", "'last' is not a year", "2026"]),
    "a year with a sign": (["backfill", "--to", "+2025"], ["--to", "'+2025' is not a year"]),
    "a year before what is served": (["backfill", "--from", "2009"], ["--from", "2009", "elvia serves", str(YEAR)]),
    "a year after what is served": (["backfill", "--to", str(YEAR + 1)], ["--to", str(YEAR + 1), str(YEAR)]),
    "years the wrong way round": (
        ["backfill", "--from", str(YEAR), "--to", str(YEAR - 1)],
        ["--from", "later than --to", "swap"],
    ),
    "an unknown connection": (["backfill", "--connection", "hone"], ["--connection", "'hone'", "did you mean home?"]),
    "one unknown among known ones": (["sync", "--connection", "home", "--connection", "x"], ["'x'", "home, plus"]),
    "an unknown connection to export": (["export", "--connection", "x"], ["--connection", "home, plus"]),
    "an unknown period": (["export", "--by", "week"], ["--by", "'week'", "'hour', 'day', 'month'"]),
    "an unknown format": (["export", "--format", "xlsx"], ["--format", "'xlsx'", "'csv', 'parquet'"]),
    "a day that is none": (["export", "--from", "2026-02-30"], ["--from", "2026-02-30", "2026-01-31"]),
    "days the wrong way round": (["export", "--from", "2026-02-02", "--to", "2026-02-01"], ["--from", "swap"]),
    "Parquet to a terminal": (["export", "--format", "parquet"], ["--out", "which file"]),
    "a folder as a file": (["export", "--out", "."], ["--out", "is a folder", "name a file"]),
    "a file in no folder": (["export", "--out", "missing/x.csv"], ["--out", "no folder missing", "make it"]),
    "a statement of no month": (["statement"], ["--month"]),
    "a month that is none": (["statement", "--month", "2026-13"], ["--month", "'2026-13' is not a month", "2026-10"]),
    "a month that is a day": (["statement", "--month", "2026-01-31"], ["--month", "'2026-01-31' is not a month"]),
    "a month to come": (["statement", "--month", f"{YEAR + 1}-12"], ["--month", f"{YEAR + 1}-12 has not begun"]),
    "an unknown connection to tell of": (
        ["statement", "--month", f"{YEAR}-01", "--connection", "x"],
        ["--connection", "home, plus"],
    ),
    "a table in a file": (
        ["statement", "--month", f"{YEAR}-01", "--format", "table", "--out", "x.txt"],
        ["--out", "leave out --format"],
    ),
    "a statement in no folder": (
        ["statement", "--month", f"{YEAR}-01", "--out", "missing/x.csv"],
        ["--out", "no folder missing", "make it"],
    ),
    "no database to load": (["load"], ["influxdb", "the store alone is kept", "set url"]),
    "a port out of range": (["sandbox", "--port", "99999"], ["--port", "65535"]),
    "fewer than no metering points": (["sandbox", "--fleet", "-1"], ["--fleet", "0"]),
    "a demo in a file's place": (["demo", "--folder", "taken"], ["--folder", "taken", "choose another"]),
}


@pytest.mark.parametrize(("arguments", "words"), BAD.values(), ids=BAD)
def test_bad_arguments_are_refused(connected: Installation, arguments: list[str], words: list[str]) -> None:
    """Each is refused in words that name it and the way out, before anything is written."""
    Path("taken").write_text("a file")

    ended = connected.run(*arguments)

    assert ended.code == 2
    assert [word for word in words if word not in ended.err] == []
    assert ended.out == ""
    assert connected.files() == {"taken"}


@pytest.mark.parametrize("command", ["doctor", "backfill", "sync", "status", "load"])
def test_without_a_connection_the_way_to_one_is_told(installation: Installation, command: str) -> None:
    """Where nothing is configured, the message has the two variables that are enough, and the way without a token."""
    ended = installation.run(command)

    assert ended.code == 2
    assert "WATTLINE_CONNECTIONS__HOME__SOURCE=elvia WATTLINE_CONNECTIONS__HOME__TOKEN=" in ended.err
    assert "wattline sandbox" in ended.err
    assert installation.files() == set()


@pytest.mark.parametrize(
    "command", ["doctor", "backfill", "sync", "status", "load", "export", "statement --month 2026-01"]
)
def test_bad_settings_are_refused_without_a_secret(connected: Installation, command: str) -> None:
    """A typing error in the settings is named by its key and ends every command; no value is printed."""
    connected.give(SYNC__REREAD_DAYS="hunter2-days", INFLUXDB__TOKEN="hunter2 with blanks")

    ended = connected.run(*command.split())

    assert ended.code == 2
    assert "sync.reread_days" in ended.err
    assert "hunter2" not in ended.text
    assert connected.files() == set()


@pytest.mark.parametrize("command", ["backfill", "sync", "status", "doctor", "export"])
def test_a_data_dir_that_cannot_be_is_the_users_to_correct(connected: Installation, command: str) -> None:
    """A data folder below a file is named as the key that it is."""
    Path("file").write_text("a file")
    connected.give(DATA_DIR="file/data")

    ended = connected.run(command)

    assert ended.code == 2
    assert "data_dir: " in ended.err
    assert "correct the path" in ended.err


def _python(*lines: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a process of its own."""
    root = Path(__file__).parents[2]
    script = "\n".join(("import sys", "from pipelines.commands import main", *lines))
    return subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=False)


def test_help_needs_neither_dagster_nor_polars() -> None:
    """`wattline --help` answers at once: what takes seconds to import is left alone."""
    slow = {"dagster", "polars", "dataframely", "pydantic_settings", "httpx", "influxdb_client", "uvicorn"}

    ended = _python(
        "try:", "    main(['--help'])", "finally:", f"    print(sorted({slow} & sys.modules.keys()), file=sys.stderr)"
    )

    assert "doctor" in ended.stdout
    assert ended.stderr == "[]\n"


def test_an_unforeseen_error_shows_no_values() -> None:
    """What nobody foresaw ends the process as it is, with a traceback that shows no variable's value."""
    ended = _python(
        "import pipelines.commands.status",
        "def fail(**options):",
        "    token = 'hunter2'",
        "    raise ZeroDivisionError",
        "pipelines.commands.status.run = fail",
        "main(['status'])",
    )

    assert ended.returncode == 1
    assert "ZeroDivisionError" in ended.stderr
    assert "hunter2" not in ended.stderr
