"""The kinds of trouble that somebody is told of."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """What is wrong; `docs/alarms.md` has a section on each."""

    OPERATOR = "operator"
    CREDENTIAL = "credential"
    REFUSED = "refused"
    MISTAKE = "mistake"
    STALE = "stale"
    QUARANTINED = "quarantined"
    ACCESS = "access"
    DATABASE = "database"
    LINES = "lines"
    DIFFERS = "differs"
    DISK = "disk"
    DAMAGED = "damaged"
    CRASHED = "crashed"
    SETTINGS = "settings"
    RELOAD = "reload"
