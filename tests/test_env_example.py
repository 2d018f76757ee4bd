"""`.env.example` names every variable there is, and none that there is not."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from pipelines.settings import variables

EXAMPLE: Final = (Path(__file__).parents[1] / ".env.example").read_text(encoding="utf-8")
# Read by Dagster and by docker-compose.yml.
OTHERS: Final = {"DAGSTER_HOME", "DAGSTER_PG_PASSWORD"}


def test_every_variable_is_explained() -> None:
    """Each key that can be given by environment stands there once; a whole section as JSON need not."""
    named = re.findall(r"^#([A-Z_0-9]+)=$", EXAMPLE, re.MULTILINE)
    known = {re.sub("__NAME__", "__HOME__", name) for name in variables._every_variable()}
    sections = {name for name in known if any(other.startswith(f"{name}__") for other in known)}

    assert sorted(named) == sorted((known - sections) | OTHERS)


def test_nothing_in_it_is_set() -> None:
    """Copied as it is, it changes nothing."""
    assert [line for line in EXAMPLE.splitlines() if line and not line.startswith("#")] == []
