"""Who must act when something outside went wrong, in a sentence for people."""

from __future__ import annotations

from typing import Final

from connectors.connection import where_to_give
from connectors.registry import SOURCES

_RENEW: Final = "renew_credential"
_DEVELOPERS: Final = "The developers must act: report this line; the next run asks again."

DATABASE_AWAY: Final = (
    "You must act: see that the server runs, and run `wattline doctor`. The next run loads what lacks."
)

_BY_CAUSE: Final = {
    "try_later": "Nobody has to act: time heals this, and the next run asks again.",
    _RENEW: "You must act: renew the credential, or give the right one.",
    "refused": "You must act: look at what was asked for; where it is right, report this line.",
    "source_changed": _DEVELOPERS,
    "our_mistake": _DEVELOPERS,
    "database_missing": "You must act.",
    "not_configured": "You must act: correct the settings under [influxdb], or the server.",
    "not_delivered": "You must act: correct the settings under [alarms]; docs/alarms.md says what each must be.",
    "cannot_do": "You must act: this kind of server cannot do it; docs/influxdb.md says what each can.",
    "no_package": "You must act: install InfluxDB 1.x, so that `influxd` is found.",
}


def who_must_act(cause: str, source: str | None = None, connection: str = "") -> str:
    """Return who must do what, by `OutsideError.cause`; of which connection, where it is one's."""
    if cause == _RENEW and source is not None:
        settings = SOURCES[source].settings
        place = where_to_give("connections", connection, settings.credential_key)
        get = f"get one that is good for this (docs/sources/{source}.md says how) and give it {place}."
        return f"You must act: {settings.checked_first}{get}"
    return _BY_CAUSE.get(cause, "You must act: look into it.")


def who_must_act_on_database(cause: str) -> str:
    """Return who must do what, where a database failed; unlike an operator's, it is the user's own."""
    return DATABASE_AWAY if cause == "try_later" else who_must_act(cause)
