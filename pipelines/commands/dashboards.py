"""`wattline dashboards`: Grafana's dashboards with this installation's metering points and names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from connectors.registry import SOURCES
from dashboards.files import ALL, files
from dashboards.installation import Point, concerns, narrowed, of_installation
from pipelines.commands.failures import WELL
from pipelines.commands.output import remark
from pipelines.commands.usage import UsageError, chosen_connections
from pipelines.flow import Flow
from pipelines.households import households
from pipelines.settings import load
from pipelines.status import status
from pipelines.store.files import replacing
from schemas.time import utc_now

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from pathlib import Path

    from pipelines.settings import Settings
    from schemas.own_use import Household


def run(*, out: Path, datasource: str, connections: Sequence[str] | None) -> int:
    """Return the exit code. Raises `SettingsError`, `UsageError`."""
    settings = load()
    if not datasource.strip():
        message = "--datasource: is empty; give the uid of Grafana's data source, which stands in its address there"
        raise UsageError(message)
    chosen = chosen_connections(settings, connections) if connections else None
    points, homes = _of_store(settings, chosen)
    if chosen is not None and not points:
        message = f"--connection: no reading of {', '.join(chosen)} is kept yet; run `wattline backfill` first"
        raise UsageError(message)
    _make(out)
    # What is one operator's alone is for who reads of that operator; before any reading nobody knows.
    boards = [of_installation(board, points, homes) for board in ALL if not points or concerns(board, points)]
    if chosen is not None:
        boards = [narrowed(board, points, chosen) for board in boards]
    made = files(boards, datasource)
    for name, content in made.items():
        with replacing(out / name) as temporary:
            temporary.write_text(content, encoding="utf-8")
    remark(f"{len(made)} dashboards for {len(points)} metering points in {out}; they ask the data source {datasource}.")
    if not points:
        remark("The store has no reading yet, so they offer whatever is in the database.")
    return WELL


def _of_store(settings: Settings, chosen: Collection[str] | None) -> tuple[list[Point], list[Household]]:
    """Return every metering point that the store has readings of, once, and the homes whose own use can be told."""
    now = utc_now()
    points: list[Point] = []
    homes: list[Household] = []
    for source in SOURCES.values():
        _, kept = status(Flow(settings, source, now), now)
        series = [
            (each.connection, each.metering_point, each.register)
            for each in kept
            if chosen is None or each.connection in chosen
        ]
        homes += households(source.name, settings.connections_of(source.name), series)
        seen = {metering_point: connection for connection, metering_point, _ in series}
        points += [
            Point(source.name, connection, metering_point, settings.names.get(metering_point, ""))
            for metering_point, connection in seen.items()
        ]
    return points, homes


def _make(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        message = f"--out: {out} cannot be made: {error.strerror}; choose another folder, or let this user write there"
        raise UsageError(message) from None
