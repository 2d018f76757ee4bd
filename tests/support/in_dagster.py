"""An installation as Dagster runs it, in this process."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.definitions import _definitions

if TYPE_CHECKING:
    import dagster as dg
    import pytest

    from tests.support.home import Home


def definitions_of(home: Home, monkeypatch: pytest.MonkeyPatch) -> dg.Definitions:
    """Return what Dagster would load, where the settings are in the environment and the working folder."""
    for name, value in home.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(home.folder)
    return _definitions()


def execute(
    definitions: dg.Definitions, instance: dg.DagsterInstance, request: dg.RunRequest, *, raise_on_error: bool = False
) -> dg.ExecuteInProcessResult:
    """Run what was asked for."""
    if request.job_name is not None:
        return definitions.resolve_job_def(request.job_name).execute_in_process(instance=instance)
    return definitions.resolve_implicit_global_asset_job_def().execute_in_process(
        instance=instance,
        partition_key=request.partition_key,
        asset_selection=request.asset_selection,
        tags=dict(request.tags),
        raise_on_error=raise_on_error,
    )
