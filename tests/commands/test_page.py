"""`docs/commands.md` says what the code does: every command, every option, every key of `status --json`."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest
import typer.main
from typer.core import TyperCommand, TyperGroup

from connectors import errors
from connectors.errors import OutsideError
from pipelines.commands.access.listing import Document as AccessDocument
from pipelines.commands.access.listing import NamedAccess
from pipelines.commands.app import app
from pipelines.commands.status import Document, NamedSeries
from pipelines.status import ConnectionStatus

PAGE = (Path(__file__).parents[2] / "docs" / "commands.md").read_text(encoding="utf-8")
SECTIONS = {match[1]: text for text in PAGE.split("\n## ")[1:] if (match := re.match(r"`wattline ([\w ]+)`\n", text))}


def tables(section: str, heading: str) -> list[dict[str, list[str]]]:
    """Return a section's tables that begin with this column: the other cells, by the first word in each row."""
    found = []
    for text in re.findall(r"(?:^\|.*\n)+", section, re.MULTILINE):
        rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in text.splitlines()]
        if rows[0][0] == heading:
            found.append({row[0].strip("`").split()[0]: row[1:] for row in rows[2:]})
    return found


def commands(tree: object = None, name: str = "") -> dict[str, TyperCommand]:
    """Return every command by its name, with that of the group that it is in."""
    tree = tree or typer.main.get_command(app)
    if isinstance(tree, TyperCommand):
        return {name: tree}
    assert isinstance(tree, TyperGroup)
    return {
        path: command
        for inner, below in tree.commands.items()
        for path, command in commands(below, f"{name} {inner}".strip()).items()
    }


def test_every_command_has_its_section() -> None:
    """The page describes the commands that there are, in their order, and no others."""
    assert list(SECTIONS) == list(commands())


@pytest.mark.parametrize("command", SECTIONS)
def test_every_option_is_in_its_table(command: str) -> None:
    """A command's table holds its options, each with the default that it has."""
    options = {
        name: "" if parameter.default in {None, False} else f"`{parameter.default}`"
        for parameter in commands()[command].params
        for name in parameter.opts
    }
    (told,) = tables(SECTIONS[command], "option") or [{}]

    assert list(told) == list(options)
    for name, default in options.items():
        assert not default or told[name][0] == default, name


def test_every_key_of_the_status_is_in_its_table() -> None:
    """The tables hold the keys of the document and of its two lists."""
    described = [set(table) for table in tables(SECTIONS["status"], "key")]

    assert described == [{field.name for field in fields(kind)} for kind in (Document, ConnectionStatus, NamedSeries)]


def test_every_key_of_the_list_of_accesses_is_in_its_table() -> None:
    """The tables hold the keys of the document and of its list."""
    described = [set(table) for table in tables(SECTIONS["access list"], "key")]

    assert described == [{field.name for field in fields(kind)} for kind in (AccessDocument, NamedAccess)]


def test_every_cause_of_an_operators_failure_is_named() -> None:
    """The causes on the page are those that asking an operator may end with."""
    told = set(re.findall(r"`(\w+)`", tables(SECTIONS["status"], "key")[1]["cause"][0])) - {"ok"}

    assert told == {kind.cause for kind in OutsideError.__subclasses__() if kind.__module__ == errors.__name__}
