"""The rooms of the house: who may import whom, what stands in every source's folder, and what never gets in."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from connectors.registry import SOURCES

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[1]

MAY_IMPORT: Final = {
    "schemas": {"schemas"},
    "connectors": {"connectors", "schemas"},
    # Commands start the sandbox, and write the dashboards.
    "pipelines": {"pipelines", "connectors", "schemas", "sandbox", "dashboards"},
    # Panels are about sources: their names, and the zones of their calendars.
    "dashboards": {"dashboards", "connectors", "schemas"},
    # A simulated operator that shared code with the connector it tests would share its mistakes.
    "sandbox": {"sandbox", "schemas", "connectors.errors", "connectors.http"},
}
ROOMS: Final = {*MAY_IMPORT, "benchmarks", "tests", "tools"}
SOURCE_FILES: Final = {"__init__.py", "readings.py", "session.py", "settings.py", "source.py", "wire.py"}
CAPABILITIES: Final = {"access.py": "access", "charge.py": "charge"}
"""Files that a source has beside these if, and only if, it has the attribute."""
LONGEST: Final = 300
CLOCKS: Final = r"datetime\.now|datetime\.today|datetime\.utcnow|date\.today|time\.time|time\.time_ns"


def _every_file() -> Iterator[Path]:
    """Yield what git tracks or would track; without git, whatever is not hidden, made or data."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        paths = [ROOT / line for line in listed.stdout.splitlines()]
    else:
        skipped = re.compile(r"^(\.(?!ci|env\.example|gitignore|dockerignore)|data/|secrets/|.*__pycache__)")
        paths = [path for path in ROOT.rglob("*") if not skipped.match(str(path.relative_to(ROOT)))]
    yield from (path for path in paths if path.is_file())


FILES: Final = sorted(_every_file())
MODULES: Final = [path for path in FILES if path.suffix == ".py"]
PRODUCT: Final = [path for path in MODULES if path.relative_to(ROOT).parts[0] in MAY_IMPORT]
SOURCE_FOLDERS: Final = [
    folder
    for folder in sorted((ROOT / "connectors").iterdir())
    if folder.is_dir() and folder.name not in {"influxdb", "messages", "__pycache__"}
]


def _imports(path: Path) -> Iterator[str]:
    """Yield the full name of everything that a module imports, wherever in it the import stands."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{'.' * node.level}{node.module or ''}.{alias.name}" for alias in node.names)


def _is_in(module: str, packages: set[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def test_imports_run_one_way() -> None:
    """A module imports only from rooms that its own room may know, and by their full names."""
    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in PRODUCT
        for module in _imports(path)
        if module.startswith(".")
        or (_is_in(module, ROOMS) and not _is_in(module, MAY_IMPORT[path.relative_to(ROOT).parts[0]]))
    ]

    assert wrong == []


def test_dagster_and_http_stay_in_their_rooms() -> None:
    """Dagster is known in pipelines alone, httpx in the one module that speaks HTTP, and what sends mail beside it."""
    homes = {
        "dagster": ROOT / "pipelines",
        "httpx": ROOT / "connectors" / "http.py",
        **dict.fromkeys(("apprise", "smtplib"), ROOT / "connectors" / "messages"),
        **dict.fromkeys(("requests", "aiohttp", "http.client", "urllib.request"), None),
    }

    wrong = [
        f"{path.relative_to(ROOT)} imports {module}"
        for path in PRODUCT
        for module in _imports(path)
        for package, home in homes.items()
        if _is_in(module, {package}) and not (home and path.is_relative_to(home))
    ]

    assert wrong == []


def test_the_clock_is_read_in_one_place() -> None:
    """Only `utc_now` asks what time it is; everything else is told."""
    read = [
        f"{path.relative_to(ROOT)}:{node.lineno} {ast.unparse(node)}"
        for path in PRODUCT
        if path != ROOT / "schemas" / "time.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and re.search(rf"\b({CLOCKS})$", ast.unparse(node.func))
    ]

    assert read == []


@pytest.mark.parametrize("folder", SOURCE_FOLDERS, ids=lambda folder: folder.name)
def test_every_source_has_the_same_files(folder: Path) -> None:
    """Who knows one source's folder knows them all; what not every source can do has a file of its own."""
    source = SOURCES[folder.name]
    able = {file for file, capability in CAPABILITIES.items() if getattr(source, capability) is not None}

    assert {path.name for path in folder.iterdir() if path.name != "__pycache__"} == SOURCE_FILES | able


def test_every_module_is_short() -> None:
    """No file of code is over 300 lines: it would have more than one job."""
    lines = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8").count("\n") for path in MODULES}

    assert {path: count for path, count in lines.items() if count > LONGEST} == {}


def test_annotations_cost_nothing() -> None:
    """Annotations stay text, but where Dagster or typer reads them at run time."""
    wanting = [
        str(path.relative_to(ROOT))
        for path in MODULES
        if any(not _is_in(module, {"dagster", "typer"}) for module in _imports(path))
        and not any(_is_in(module, {"dagster", "typer", "__future__.annotations"}) for module in _imports(path))
        and path.name != "__init__.py"
    ]

    assert wanting == []


def test_nothing_of_one_machine_gets_in() -> None:
    """No file names a folder of somebody's machine, a package registry's host, or work left undone."""
    # Each with a bracket in it, so that this file does not hold the words themselves.
    folders = r"/(?:[r]oot|[w]ork|[f]arm)/"
    hosts = r"[p]ypi\.org|[p]ythonhosted|[n]pmjs\.|[d]eb\.debian"
    leftovers = r"\b(?:[T]ODO|[F]IXME|[X]XX)\b"

    found = [
        f"{path.relative_to(ROOT)}: {word}"
        for path in FILES
        for word in re.findall(f"{folders}|{hosts}|{leftovers}", path.read_bytes().decode(errors="replace"))
    ]

    assert found == []
