"""What is to be forgotten: the metering points meant, and whether the settings would bring them back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from connectors.registry import SOURCES
from pipelines.flow import Flow

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from pipelines.settings import Settings


class ComesBackError(Exception):
    """The settings still ask for what is to be forgotten; the user must take it out first."""


@dataclass(frozen=True)
class Forgotten:
    """What is to be erased of one source."""

    flow: Flow
    metering_points: tuple[str, ...]
    connections: tuple[str, ...]
    """The connections that brought them, and whose databases they are in."""
    whole: str | None = None
    """The connection of which nothing stays at all; None where only metering points go."""


def of_connection(settings: Settings, name: str, now: datetime) -> list[Forgotten]:
    """Return what a connection brought that nobody else reads now; nothing where it is unknown.

    Raises:
        ComesBackError: the connection stands in the settings.
    """
    if name in settings.connections:
        message = (
            f"--connection: {name} stands in the settings, and its next run would bring everything back: take "
            f"[connections.{name}] and its secret out first"
        )
        raise ComesBackError(message)
    return [found for flow in _flows(settings, now) if (found := _brought(flow, name)) is not None]


def _brought(flow: Flow, name: str) -> Forgotten | None:
    ledger = flow.store.ledger
    days = flow.store.readings.days()
    points = {*ledger.metering_points(name), *days.filter(pl.col("connection") == name)["metering_point"]}
    others = {point for other in flow.connections for point in ledger.metering_points(other)}
    if not points and name not in ledger.connections() and not flow.store.quarantine.path(name).exists():
        return None
    return Forgotten(flow, tuple(sorted(points - others)), (name,), whole=name)


def of_metering_point(settings: Settings, metering_point: str, now: datetime) -> list[Forgotten]:
    """Return where a metering point is known; nothing where it is not.

    Raises:
        ComesBackError: a connection in the settings asks for it.
    """
    found = []
    for flow in _flows(settings, now):
        owners = flow.store.ledger.owners().get(metering_point, [])
        days = flow.store.readings.days().filter(pl.col("metering_point") == metering_point)
        for name, connection in flow.connections.items():
            listed = connection.listed_points()
            if metering_point in listed or (not listed and flow.source.finds_points and name in owners):
                message = (
                    f"--metering-point: connection {name} asks for it, and its next run would bring it back: take it "
                    f"out of connections.{name}.metering_points first, or list the others there"
                )
                raise ComesBackError(message)
        if owners or not days.is_empty():
            brought_by = sorted({*owners, *days["connection"]})
            found.append(Forgotten(flow, (metering_point,), tuple(brought_by)))
    return found


def _flows(settings: Settings, now: datetime) -> Iterator[Flow]:
    for source in SOURCES.values():
        yield Flow(settings, source, now)
