"""Cron lines: five fields of numbers, names, ranges, steps and lists."""

from __future__ import annotations

from typing import Final

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")

_FIELDS: Final[tuple[tuple[str, int, int, dict[str, int]], ...]] = (
    ("minute", 0, 59, {}),
    ("hour", 0, 23, {}),
    ("day of the month", 1, 31, {}),
    ("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, 1)}),
    ("day of the week", 0, 7, {name: number for number, name in enumerate(_DAYS)}),
)


def checked_cron(line: str) -> str:
    """Return the line with single blanks. Raises `ValueError` that says which field is wrong, and how."""
    fields = line.split()
    if len(fields) != len(_FIELDS):
        names = ", ".join(name for name, *_ in _FIELDS)
        message = f'must have five fields ({names}), such as "30 6 * * *" for half past six every day'
        raise ValueError(message)
    for field, (name, lowest, highest, names_of) in zip(fields, _FIELDS, strict=True):
        if not all(_is_part(part, lowest, highest, names_of) for part in field.split(",")):
            message = (
                f"the field for the {name} must be * or numbers from {lowest} to {highest},"
                " with - for a range, / for a step and a comma for a list"
            )
            raise ValueError(message)
    return " ".join(fields)


def _is_part(part: str, lowest: int, highest: int, names_of: dict[str, int]) -> bool:
    span, slash, step = part.partition("/")
    if slash and (not _is_number(step) or int(step) == 0):
        return False
    if span == "*":
        return True
    first, dash, last = (names_of.get(end.lower(), end) for end in span.partition("-"))
    ends = [int(end) for end in (first, last) if isinstance(end, int) or _is_number(end)]
    # A step counts from a range or from *, never from a single number.
    if len(ends) != (2 if dash else 1) or (slash and not dash):
        return False
    return lowest <= ends[0] <= ends[-1] <= highest


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal()
