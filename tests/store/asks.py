"""Windows and asks as the ledger keeps them, in numbers of hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from schemas.time import Window

START: Final = datetime(2026, 1, 1, tzinfo=UTC)
HOUR: Final = START + timedelta(hours=1)
POINT, ANOTHER_POINT = "707057500000000018", "707057500000000025"


def span(start: int, end: int) -> Window:
    """Return a window by the numbers of its first and of its last but one hour."""
    return Window(START + timedelta(hours=start), START + timedelta(hours=end))
