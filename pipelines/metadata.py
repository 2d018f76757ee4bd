"""What a run shows of itself in the UI: numbers that make a plot over time, and words where somebody must act."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dagster._core.definitions.metadata import RawMetadataValue

    from pipelines.flow import TargetLoad
    from pipelines.sync.outcome import Outcome
    from schemas.settlement import FlagVerdict


def verdict_lines(verdicts: Mapping[str, FlagVerdict]) -> list[str]:
    """Say what the operator's mark of a final value is worth at each metering point, by its alias."""
    return [
        f"{alias}: {'mute' if verdict.mute else 'trusted'}, {verdict.reason}"
        for alias, verdict in sorted(verdicts.items())
    ]


def of_outcome(outcome: Outcome, verdicts: Mapping[str, FlagVerdict]) -> dict[str, RawMetadataValue]:
    """Return the metadata of one connection's readings; `verdicts` are those on its points' flags, by alias."""
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
        **({"access_lost": outcome.access_lost} if outcome.access_lost else {}),
        "metering_points_with_mute_flag": sum(verdict.mute for verdict in verdicts.values()),
        "flag_verdicts": "\n".join(verdict_lines(verdicts)) or "none",
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
