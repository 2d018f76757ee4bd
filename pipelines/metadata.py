"""What a run shows of itself in the UI: numbers that make a plot over time, and words where somebody must act."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dagster._core.definitions.metadata import RawMetadataValue

    from pipelines.flow import TargetLoad
    from pipelines.sync.outcome import Outcome


def of_outcome(outcome: Outcome, flags: Mapping[str, int]) -> dict[str, RawMetadataValue]:
    """Return the metadata of one connection's readings; `flags` counts its metering points by verdict."""
    return {
        "calls": outcome.calls,
        "bytes": outcome.bytes,
        # Many calls of a source that asks register by register are about one window.
        "asked": "\n".join(dict.fromkeys(str(window) for window in outcome.asked)) or "nothing",
        "rows": outcome.rows,
        "rows_without_value": outcome.nulls,
        "new": outcome.new,
        "corrected": outcome.corrected,
        "confirmed": outcome.confirmed,
        "quarantined": sum(outcome.quarantined.values()),
        **{f"quarantined/{rule}": count for rule, count in sorted(outcome.quarantined.items())},
        **{f"provisional/unknown {word}": count for word, count in sorted(outcome.unfamiliar.items())},
        **{f"metering_points_{verdict}": count for verdict, count in sorted(flags.items())},
    }


def of_load(load: TargetLoad, connection: str) -> dict[str, RawMetadataValue]:
    """Return the metadata of one connection's part of a load."""
    loaded = load.loaded
    if loaded is None:
        return {"target": load.target, "error": str(load.error)}
    refused = loaded.refused.get(connection, [])
    return {
        "target": load.target,
        "sent": loaded.sent[connection],
        "accepted": loaded.accepted[connection],
        "refused": len(refused),
        **({"refused_because": refused[0]} if refused else {}),
        "months_read_back": loaded.compared,
        "months_that_differ": len(loaded.differences),
    }
