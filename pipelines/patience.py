"""The sensor that asks again once a wait is over that an operator announced ("not before T")."""

from datetime import datetime

import dagster as dg

from connectors.base import Source
from pipelines.flow import Flow
from pipelines.schedules import requests
from pipelines.settings import Settings, SettingsError, load
from schemas.time import utc_now

LOOKS_EVERY_S = 300


def waited(flow: Flow, now: datetime) -> dict[str, datetime]:
    """Return the connections that were told to wait and need to wait no more, with the instant that they were told."""
    contacts = {name: flow.store.ledger.contact(name) for name in flow.connections}
    return {
        name: contact.not_before
        for name, contact in contacts.items()
        if contact.not_before is not None and contact.not_before <= now
    }


def patience(source: Source, settings: Settings) -> dg.SensorDefinition:
    """Declare `<source>_patience`, on by default: after each announced wait the connection is asked again, once."""
    declared = settings.connections_of(source.name)

    @dg.sensor(
        name=f"{source.name}_patience",
        description="Asks connections again whose operator wanted to be left alone until a time that has come.",
        minimum_interval_seconds=LOOKS_EVERY_S,
        target=dg.AssetSelection.groups(source.name),
        default_status=dg.DefaultSensorStatus.RUNNING,
    )
    def sensor() -> list[dg.RunRequest] | dg.SkipReason:
        try:
            fresh = load()
        except SettingsError as error:
            return dg.SkipReason(str(error))
        flow = Flow(fresh, source, utc_now(), among=declared)
        due = waited(flow, flow.now)
        if not due:
            return dg.SkipReason("no announced wait is over")
        # Dagster makes one run of a key, so that a wait is over once, however long its run stands in the queue.
        return requests(flow, f"not-before-{max(due.values()):%Y-%m-%dT%H:%M:%S}", due)

    return sensor
