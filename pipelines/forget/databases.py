"""Erase points in every database that they were loaded into and that the settings still lead to."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

from connectors.influxdb.database import connect
from connectors.influxdb.errors import CannotDo
from connectors.influxdb.influxql import identifier, where
from pipelines.forget.proof import Proof
from pipelines.load.projection import OF_A_METERING_POINT, SYNC_RUN

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from connectors.influxdb.base import Database
    from connectors.influxdb.settings import InfluxSettings
    from pipelines.forget.who import Forgotten
    from pipelines.settings import Settings

NOT_THERE: Final = "the settings do not lead there any more: erase it by hand"


def erase(settings: Settings, forgotten: Forgotten) -> Iterator[Proof]:
    """Delete every point of what is forgotten, and count what is left.

    Raises:
        OutsideError: a database does not answer; nothing else should be erased then, so that all of it can be
            tried again.
    """
    store = forgotten.flow.store
    for name in store.ledger.targets():
        target = _settings_of(settings, name)
        if target is None:
            yield Proof(name, failed=NOT_THERE)
            continue
        with closing(connect(target)) as database:
            try:
                yield Proof(name, *_erase(database, forgotten))
            except CannotDo as error:
                yield Proof(name, failed=str(error))


def _settings_of(settings: Settings, target: str) -> InfluxSettings | None:
    """Return the settings that lead to a database of which the name was kept."""
    given = settings.influxdb
    if given is None:
        return None
    apart = target.removeprefix(f"{given.url} ")
    candidates = [given] if apart == target else [given, given.for_database(apart)]
    return next((each for each in candidates if each.target() == target), None)


def _erase(database: Database, forgotten: Forgotten) -> tuple[int, int]:
    source = forgotten.flow.source.name
    wanted = [
        (measurement, {"source": source, "metering_point": point})
        for point in forgotten.metering_points
        for measurement in OF_A_METERING_POINT
    ]
    if forgotten.whole is not None:
        wanted.append((SYNC_RUN, {"source": source, "connection": forgotten.whole}))
    before = sum(_count(database, measurement, tags) for measurement, tags in wanted)
    for measurement, tags in wanted:
        database.delete(measurement, tags=tags)
    return before, sum(_count(database, measurement, tags) for measurement, tags in wanted)


def _count(database: Database, measurement: str, tags: Mapping[str, str]) -> int:
    """Return how many points there are, by the field of which there are most."""
    answer = database.query(f"SELECT count(*) FROM {identifier(measurement)}{where(tags, None, None)}")  # noqa: S608 - quoted
    counts = [
        int(str(value))
        for series in answer
        for row in series.rows
        for column, value in zip(series.columns, row, strict=True)
        if column != "time" and value is not None
    ]
    return max(counts, default=0)
