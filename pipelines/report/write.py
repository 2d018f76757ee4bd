"""Write the report, and the one place where it lies if nobody names another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.registry import SOURCES
from pipelines.flow import Flow
from pipelines.report.gather import gather
from pipelines.report.page import page
from pipelines.store.files import replacing

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime
    from pathlib import Path

    from pipelines.settings import Settings


def report_path(settings: Settings) -> Path:
    """Return where the report lies by default: what forgets a metering point finds it there, too."""
    return settings.data_dir / "report" / "index.html"


def erase_report(settings: Settings, metering_points: Collection[str]) -> tuple[int, int]:
    """Remove the report where it names one of these; return how many files did, and how many still do."""
    path = report_path(settings)
    named = path.exists() and any(point in path.read_text(encoding="utf-8") for point in metering_points)
    if named:
        path.unlink()
    return int(named), 0


def write_report(settings: Settings, now: datetime, *, connections: Collection[str] | None, out: Path) -> Path:
    """Write the report on these connections (None: on all that the store holds) and return its path."""
    flows = [Flow(settings, source, now) for source in SOURCES.values()]
    text = page(gather(flows, settings.names, connections, now))
    with replacing(out) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return out
