"""The contract is held to every source, and whoever knows one source's places knows them all."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from connectors.registry import SOURCES
from sandbox import app
from tests.contract.operators import OPERATORS

ROOT: Final = Path(__file__).parents[2]


def test_every_source_is_held_to_the_contract() -> None:
    """Each source of the registry has a line in the contract and in the sandbox, and nothing else has."""
    assert set(OPERATORS) == set(SOURCES) == set(app.OPERATORS)


@pytest.mark.parametrize(
    "place", ["connectors/{}/source.py", "docs/sources/{}.md", "sandbox/{}/app.py", "tests/contract/{}.py"]
)
@pytest.mark.parametrize("source", SOURCES)
def test_every_source_has_its_places(source: str, place: str) -> None:
    """A source is one folder, one page, one part of the sandbox and one module of the contract, by its name."""
    assert (ROOT / place.format(source)).is_file()
