"""The settings: what the user may decide, read anew at the start of every run.

`wattline.toml` < `connections.d/*.toml` < the secrets folder < the environment. Nothing is kept between two
calls of `load`, so that a changed secret is used by the next run.
"""

from __future__ import annotations

from pipelines.settings.loading import load, load_alarms
from pipelines.settings.model import (
    AccessSettings,
    DagsterSettings,
    Settings,
    StoreSettings,
    SyncSettings,
)
from pipelines.settings.problems import SettingsError
from pipelines.settings.variables import unknown_variables

__all__ = [
    "AccessSettings",
    "DagsterSettings",
    "Settings",
    "SettingsError",
    "StoreSettings",
    "SyncSettings",
    "load",
    "load_alarms",
    "unknown_variables",
]
