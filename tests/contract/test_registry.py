"""The contract is held to every source."""

from __future__ import annotations

from connectors.registry import SOURCES
from sandbox import app
from tests.contract.operators import OPERATORS


def test_every_source_is_held_to_the_contract() -> None:
    """Each source of the registry has its sandbox here and in the sandbox's application, and nothing else has."""
    assert set(OPERATORS) == set(SOURCES) == set(app.OPERATORS)
