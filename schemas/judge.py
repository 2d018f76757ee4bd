"""Part candidates into what may be stored and what goes to quarantine, each with the rule it breaks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

import polars as pl

from schemas.peak import Peak
from schemas.reading import Reading

if TYPE_CHECKING:
    import dataframely as dy

IN_THE_FUTURE: Final = "lies_in_the_past"
"""The rule that no interval may end after the instant at which it was asked for."""

EARLIEST: Final = datetime.min.replace(tzinfo=UTC)
LATEST: Final = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Verdict:
    """The two halves of an answer.

    `accepted` keeps the candidate's columns, and no key twice. `rejected` has `metering_point`, `register`,
    `start`, `row` and `rule`, the name of the first rule that the row breaks; no `start` where the operator
    sent none that is one.
    """

    accepted: pl.DataFrame
    rejected: pl.DataFrame


def judge_readings(candidates: pl.DataFrame, asked_at: datetime) -> Verdict:
    """Judge `schemas.reading.CANDIDATE` rows; `asked_at` bounds what can have been measured."""
    return _judge(candidates, Reading, pl.col("end") <= asked_at)


def judge_peaks(candidates: pl.DataFrame, asked_at: datetime) -> Verdict:
    """Judge `schemas.peak.CANDIDATE` rows; `asked_at` bounds what can have been measured."""
    return _judge(candidates, Peak, pl.col("hour_end") <= asked_at)


def _judge(candidates: pl.DataFrame, schema: type[dy.Schema], in_the_past: pl.Expr) -> Verdict:
    # An operator that sends a row twice, word for word, has said it once.
    content = [name for name in candidates.columns if name != "row"]
    if candidates.select(pl.struct("metering_point", "register", "start").is_duplicated().any()).item():
        candidates = candidates.unique(subset=content, keep="first", maintain_order=True)
    future = candidates.filter(~in_the_past)
    accepted, failures = schema.filter(candidates.filter(in_the_past.fill_null(value=True)))
    details = failures.details()
    rules = [name for name in details.columns if name not in candidates.columns]
    # The product's own rules say more than a column's bounds, and `primary_key` marks rows that may be sound.
    order = sorted(rules, key=lambda rule: (rule == "primary_key", "|" in rule))
    reasons = [pl.when(pl.col(rule) == "invalid").then(pl.lit(rule.replace("|", "_"))) for rule in order]
    columns = ("metering_point", "register", "start", "row")
    rejected = pl.concat(
        [
            details.select(*columns, rule=pl.coalesce(*reasons, pl.lit("unknown"))),
            future.select(*columns, rule=pl.lit(IN_THE_FUTURE)),
        ]
    )
    # A year that Python does not count to is no time at all: the row itself tells it.
    told = pl.when(pl.col("start").is_between(EARLIEST, LATEST)).then("start")
    return Verdict(accepted, rejected.with_columns(start=told))
