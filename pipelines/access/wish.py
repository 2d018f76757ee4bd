"""What a user wishes for, on the command line or in a file, before it is known whether it can be asked for."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from connectors.access import METERING_POINTS, OWNER, OWNER_ID, REGISTERS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

COLUMNS: Final = {OWNER: "owner", OWNER_ID: "energy_id", METERING_POINTS: "pod", REGISTERS: "registers"}
"""The columns of a file of wishes, by the part of a request that they hold."""

OPTIONS: Final = {OWNER: "--owner", OWNER_ID: "--energy-id", METERING_POINTS: "--pod", REGISTERS: "--register"}
"""The same on the command line."""


class WishError(Exception):
    """A wish cannot be asked for as it is; the user must act. One line for each problem."""


@dataclass(frozen=True)
class Wish:
    """One request as the user wrote it."""

    place: str
    """Where it stands, such as "members.csv, line 3"; empty for the command line."""
    parts: Mapping[str, str]
    """What the user calls each part of a request."""
    owner: str = field(repr=False)
    owner_id: str = field(repr=False)
    metering_points: tuple[str, ...]
    registers: tuple[str, ...]

    def at(self, part: str, words: str) -> str:
        """Say what is wrong with a part of it."""
        return ": ".join(filter(None, (self.place, self.parts[part], words)))


def read_wishes(path: Path) -> list[Wish]:
    """Read a file of wishes, a request a line.

    Raises:
        WishError: it cannot be read, or lines have not the columns that they should; each line by its number.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8; save it as CSV in UTF-8"
        message = f"--file: {path} cannot be read: {why}"
        raise WishError(message) from None
    head = text.partition("\n")[0]
    # Where commas are decimal points, spreadsheets write semicolons between columns.
    rows = csv.DictReader(io.StringIO(text), delimiter="," if "," in head else ";", restkey="", restval=None)
    names = [name.strip().lower() for name in rows.fieldnames or ()]
    if sorted(names) != sorted(COLUMNS.values()):
        message = f"{path.name}, line 1: the columns must be {', '.join(COLUMNS.values())}"
        raise WishError(message)
    rows.fieldnames = names
    problems: list[str] = []
    try:
        wishes = list(_wishes(path.name, rows, problems))
    except csv.Error as error:
        message = f"{path.name}, line {rows.line_num}: is no line of a CSV file: {error}"
        raise WishError(message) from None
    if not wishes and not problems:
        problems.append(f"{path.name}: has no line but its first; write one for each metering point")
    if problems:
        raise WishError("\n".join(problems))
    return wishes


def _wishes(name: str, rows: csv.DictReader[str], problems: list[str]) -> Iterator[Wish]:
    for row in rows:
        place = f"{name}, line {rows.line_num}"
        if "" in row or None in row.values():
            problems.append(f"{place}: has not as many columns as the first line; put quotes around a name with commas")
            continue
        pod = row[COLUMNS[METERING_POINTS]].strip()
        yield Wish(
            place,
            COLUMNS,
            owner=row[COLUMNS[OWNER]],
            owner_id=row[COLUMNS[OWNER_ID]],
            metering_points=(pod,) if pod else (),
            registers=tuple(row[COLUMNS[REGISTERS]].replace(";", " ").split()),
        )
