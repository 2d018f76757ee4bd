"""Access to other people's readings, followed by itself: what is granted is fetched, what is lost is told once."""

import json
from time import monotonic
from typing import Final

import dagster as dg

from connectors.base import Source
from pipelines.access.check import Checked, check, standing
from pipelines.access.standing import WAITING, State
from pipelines.assets import told, told_lost
from pipelines.flow import Flow
from pipelines.schedules import requests
from pipelines.settings import Settings, SettingsError, load
from pipelines.store.alias import Aliases
from pipelines.store.home import StoreFullError
from pipelines.store.lock import StoreBusyError
from schemas.time import local_day, utc_now

TICK_S: Final = 20.0
"""How long a tick goes on asking: Dagster gives it a minute, in which the last answers must be stored, too."""


def access_sensor(source: Source, settings: Settings) -> dg.SensorDefinition:
    """Declare `<source>_access`, on by default.

    Dagster's storage gets connections' names, counts and hashes from it, and no metering point.
    """
    declared = settings.connections_of(source.name)

    @dg.sensor(
        name=f"{source.name}_access",
        target=dg.AssetSelection.groups(source.name),
        minimum_interval_seconds=settings.access.check_every_s,
        default_status=dg.DefaultSensorStatus.RUNNING,
        description="Looks whether access that was asked for is granted, and whether what was granted is lost.",
    )
    def access(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        try:
            fresh = load()
        except SettingsError as error:
            return dg.SkipReason(str(error))
        flow = Flow(fresh, source, utc_now(), among=declared)
        if not flow.connections:
            return dg.SkipReason(f"no connection to {source.name} is configured")
        end = monotonic() + TICK_S
        try:
            checked = check(
                fresh, flow, list(flow.connections), all_granted=False, wait_s=0, goes_on=lambda: monotonic() < end
            )
        except (StoreBusyError, StoreFullError) as error:
            return dg.SkipReason(str(error))
        _tell_failures(context, checked)
        return _Followed(context, fresh, flow).result()

    return access


def _tell_failures(context: dg.SensorEvaluationContext, checked: Checked) -> None:
    for outcome in checked.outcomes.values():
        if not outcome.ok:
            context.log.warning(told(outcome))


class _Followed:
    """How everything stands after a check, held against what was acted upon before.

    The cursor names each grant and loss, by a hash, and no instant: one that another process found while this one
    waited is new, whatever the clocks say.
    """

    def __init__(self, context: dg.SensorEvaluationContext, settings: Settings, flow: Flow) -> None:
        self._context, self._flow = context, flow
        self._before: dict[str, dict[str, list[str]]] = json.loads(context.cursor or "{}")
        self._found = {name: standing(settings, flow, name) for name in flow.connections}
        self._aliases = Aliases(flow.store.state)

    def result(self) -> dg.SensorResult | dg.SkipReason:
        for name in self._found:
            if lost := len(self._new(name, State.LOST)):
                self._context.log.warning(told_lost(self._flow.source.name, name, lost))
        cursor = json.dumps(
            {
                name: {state.value: self._hashes(name, state) for state in (State.GRANTED, State.LOST)}
                for name, found in self._found.items()
                if found
            }
        )
        wanted = [
            request
            for name in self._found
            if (granted := self._new(name, State.GRANTED))
            for request in requests(self._flow, self._run_key(name, granted), [name])
        ]
        if wanted:
            return dg.SensorResult(run_requests=wanted, cursor=cursor)
        return dg.SensorResult(skip_reason=dg.SkipReason(self._summed_up()), cursor=cursor)

    def _run_key(self, name: str, granted: set[str]) -> str:
        """Name the runs: a tick that Dagster cut off before its cursor was kept asks for the same ones again."""
        # The day, since what was lost may be granted again.
        today = local_day(self._flow.now, self._flow.source.zone)
        return f"access-{name}-{today}-{self._aliases.of(str(sorted(granted)))}"

    def _hashes(self, name: str, state: State) -> list[str]:
        """Name all that stands so; what the settings list and nobody asked for is told by the runs."""
        return [
            self._aliases.of(f"{one.subject.metering_point} {one.subject.register} {one.since.isoformat()}")
            for one in self._found[name]
            if one.state is state and one.requested is not None
        ]

    def _new(self, name: str, state: State) -> set[str]:
        return {*self._hashes(name, state)}.difference(self._before.get(name, {}).get(state.value, ()))

    def _summed_up(self) -> str:
        every = [one for found in self._found.values() for one in found]
        waiting = sum(one.state in WAITING for one in every)
        granted = sum(one.state is State.GRANTED for one in every)
        return f"registers of other people's: {granted} granted, {waiting} waited for" if every else _NOTHING


_NOTHING: Final = "no access was asked for"
