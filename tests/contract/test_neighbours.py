"""Several connections to one source: what goes wrong at one is its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from sandbox.faults import Fault, FaultKind
from schemas.time import HOUR

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.contract.bench import Bench

FAULTS: Final = {
    FaultKind.STATUS: "try_later",
    FaultKind.CUT_OFF: "try_later",
    FaultKind.HTML: "source_changed",
    FaultKind.RENAMED_ENVELOPE: "source_changed",
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_failure_is_one_connections_own(bench: Bench, clock: Traveller, kind: FaultKind) -> None:
    """Of three connections the one that fails says why, and is healed by the next sync; the others are complete."""
    bench.admit("home", "neighbour", "cabin")
    bench.world.faults.add(Fault(kind=kind, token=bench.operator.secret("home"), status=503))

    runs = bench.home.backfill()

    assert set(runs.causes("home")) == {FAULTS[kind]}
    assert all(words.startswith(f"{bench.source.name} ") for words in runs.words("home"))
    assert set(runs.causes("neighbour")) == set(runs.causes("cabin")) == {None}
    bench.assert_whole("neighbour", "cabin")
    assert bench.log("home").is_empty()
    assert bench.has_something_to_ask("home")

    bench.world.faults.clear()
    clock.shift(HOUR)
    assert set(bench.home.sync().causes("home")) == {None}
    bench.assert_whole("home", "neighbour", "cabin")
    assert bench.home.status("home")[0].ok
