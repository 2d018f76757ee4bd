"""Processes whose coverage is not measured: those that a test interrupts."""

from __future__ import annotations

import os


def environment() -> dict[str, str]:
    """Return this process's environment without what makes a child measure its coverage.

    An interrupt that arrives while coverage holds its lock leaves it held, and the child hangs for ever.
    """
    return {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
