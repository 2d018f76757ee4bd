"""Cron lines are judged here, since Dagster, which runs them, takes seconds to import."""

from __future__ import annotations

import pytest
from dagster._utils.schedules import is_valid_cron_string

from pipelines.settings.cron import checked_cron

GOOD = [
    "30 6 * * *",
    "0 * * * *",
    "*/15 * * * *",
    "0,30 6-9 1-31/2 jan-mar,12 MON-fri",
    "5 4 * * 7",
]
BAD = [
    ("", "must have five fields"),
    ("@daily", "must have five fields"),
    ("0 30 6 * * *", "must have five fields"),
    ("60 6 * * *", "the minute must be"),
    ("0 24 * * *", "the hour must be"),
    ("0 0 0 * *", "the day of the month must be"),
    ("0 0 1 13 *", "the month must be"),
    ("0 0 1 1 8", "the day of the week must be"),
    ("0 0 1 1 someday", "the day of the week must be"),
    ("*/0 * * * *", "the minute must be"),
    ("*/ * * * *", "the minute must be"),
    ("5/15 * * * *", "the minute must be"),
    ("30-10 * * * *", "the minute must be"),
    ("1-2-3 * * * *", "the minute must be"),
    ("1,,2 * * * *", "the minute must be"),
    ("-1 * * * *", "the minute must be"),
    ("\N{ARABIC-INDIC DIGIT TWO} * * * *", "the minute must be"),
]


@pytest.mark.parametrize("line", GOOD)
def test_good_lines_pass_and_dagster_takes_them(line: str) -> None:
    """Whatever passes here is a schedule for Dagster."""
    assert is_valid_cron_string(checked_cron(line))


def test_blanks_are_put_in_order() -> None:
    """Blanks between the fields are a matter of taste."""
    assert checked_cron("  30 6  * * *\t") == "30 6 * * *"


@pytest.mark.parametrize(("line", "words"), BAD)
def test_bad_lines_are_refused_with_the_field(line: str, words: str) -> None:
    """The message says which field is wrong."""
    with pytest.raises(ValueError, match=words):
        checked_cron(line)
