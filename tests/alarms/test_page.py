"""`docs/alarms.md` says what the code does: every kind of alarm, every key of a webhook's body."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Final

import pytest

from connectors.messages.message import Message
from connectors.messages.ways import ATTEMPTS
from pipelines.alarms.kind import Kind
from pipelines.alarms.words import _TITLES

PAGE: Final = (Path(__file__).parents[2] / "docs" / "alarms.md").read_text(encoding="utf-8")


def test_every_kind_has_its_section() -> None:
    """The sections on alarms are those that there are, in their order."""
    _, section = PAGE.split("## Each alarm, and what to do")

    assert re.findall(r"^### (\w+)$", section, re.MULTILINE) == list(Kind)


@pytest.mark.parametrize("kind", Kind)
def test_a_section_begins_with_its_title(kind: Kind) -> None:
    """The title on the page is one that the code could write."""
    (quoted,) = re.findall(rf"^### {kind}\n\n\*(.+?)\.\*", PAGE, re.MULTILINE)
    pattern = re.escape(_TITLES[kind]).replace(r"\{scope\}", "(elvia|leneda)").replace(r"\{about\}", ".+")

    # A page may leave out a long address at the end.
    assert re.fullmatch(pattern, quoted) or re.fullmatch(pattern.removesuffix(":\\ .+"), quoted)


def test_the_body_of_a_webhook_is_described() -> None:
    """The table holds the keys of a message, and the page how often a way is tried."""
    (table,) = re.findall(r"\| key \| holds \|\n((?:\|.*\n)+)", PAGE)

    assert set(re.findall(r"^\| `(\w+)`", table, re.MULTILINE)) == {field.name for field in fields(Message)}
    assert ATTEMPTS == 3
    assert "tried up to three times" in PAGE
