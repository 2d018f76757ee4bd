"""What a person sees: a bar and a drawn table on a terminal, plain text everywhere else."""

from __future__ import annotations

import os
import re
import select
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TextIO

import pytest

from pipelines.commands.output import progress, say_table

if TYPE_CHECKING:
    from collections.abc import Iterator

COLUMNS: Final = ("connection", "metering point", "readings")
ROWS: Final = (("elvia/home", "707057500000000018", "26,304"), ("elvia/a", "[red]Hytta", "7"))
COLOUR: Final = re.compile(r"\x1b\[[0-9;]*3[0-9][0-9;]*m")


@dataclass(frozen=True)
class Terminal:
    """A real pseudo-terminal, and the file through which a program writes to it."""

    master: int
    file: TextIO

    @contextmanager
    def standard(self) -> Iterator[None]:
        """Make it standard output and standard error."""
        with redirect_stdout(self.file), redirect_stderr(self.file):
            yield

    def seen(self) -> str:
        """Return what was written to it."""
        self.file.flush()
        text = b""
        while select.select([self.master], [], [], 0.1)[0]:
            text += os.read(self.master, 65_536)
        return text.decode().replace("\r\n", "\n")


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    """Return a terminal of 120 columns that knows colours."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLUMNS", "120")
    master, slave = os.openpty()
    with os.fdopen(slave, "w", encoding="utf-8") as file:
        yield Terminal(master, file)
    os.close(master)


def show_progress() -> None:
    """Do some work that tells how far it is."""
    with progress(2) as shown:
        shown.tell("elvia/home: asking [bold]")
        shown.step("elvia: 2026 is done")


def test_a_terminal_gets_a_drawn_table(terminal: Terminal) -> None:
    """Every cell is there, whole and as it is: no markup is read into a name."""
    with terminal.standard():
        say_table(COLUMNS, ROWS, naming=2)

    seen = terminal.seen()
    assert "┃" in seen
    assert "│ elvia/home │ 707057500000000018 │   26,304 │" in seen
    assert "[red]Hytta" in seen


def test_a_narrow_terminal_gets_row_by_row(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the table does not fit, nothing is cut off: half an id is none."""
    monkeypatch.setenv("COLUMNS", "30")

    with terminal.standard():
        say_table(COLUMNS, ROWS, naming=2)

    assert terminal.seen() == ("elvia/home  707057500000000018\nreadings 26,304\nelvia/a  [red]Hytta\nreadings 7\n")


def test_elsewhere_the_table_is_aligned_text(capsys: pytest.CaptureFixture[str]) -> None:
    """In a file or a pipe the columns stand in line, and there is nothing but text."""
    say_table(COLUMNS, ROWS, naming=2)

    assert capsys.readouterr().out == (
        "connection  metering point      readings\n"
        "elvia/home  707057500000000018    26,304\n"
        "elvia/a     [red]Hytta                 7\n"
    )


def test_a_terminal_gets_a_bar(terminal: Terminal) -> None:
    """The bar shows parts and words, in colour, and is gone at the end."""
    with terminal.standard():
        show_progress()

    seen = terminal.seen()
    assert "1/2" in seen
    assert "elvia: 2026 is done" in seen
    assert COLOUR.search(seen)
    assert seen.endswith("\x1b[2K")


def test_no_colour_is_heeded(terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `NO_COLOR` the bar moves without colours."""
    monkeypatch.setenv("NO_COLOR", "1")

    with terminal.standard():
        show_progress()

    seen = terminal.seen()
    assert "1/2" in seen
    assert COLOUR.search(seen) is None


def test_elsewhere_progress_is_lines(capsys: pytest.CaptureFixture[str]) -> None:
    """In a file or a pipe each step is a line, and standard output stays clean."""
    show_progress()

    printed = capsys.readouterr()
    assert printed.err == "elvia/home: asking [bold]\nelvia: 2026 is done\n"
    assert printed.out == ""
