"""What is read: everything, once, however often and with whatever in between."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.faults import Fault, FaultKind
from tests.contract.bench import within

if TYPE_CHECKING:
    from pathlib import Path

    from tests.contract.bench import Bench


@pytest.mark.parametrize("named", [False, True], ids=["found", "named"])
def test_two_full_reads_are_equal(bench: Bench, *, named: bool) -> None:
    """Everything is stored; asked for again with `--refetch`, it changes no byte of store or quarantine."""
    bench.admit("home", named=named)
    bench.home.backfill()
    bench.assert_whole("home")
    files = bench.home.files("store", "quarantine")
    first = bench.home.calls()

    again = bench.home.backfill(refetch=True)

    assert len(bench.home.calls()) >= len(first) / 2
    assert again.causes("home") == [None] * len(again.runs)
    assert [again.sum("home", kind) for kind in ("new", "corrected", "confirmed")] == [0, 0, 0]
    assert again.quarantined("home") == {}
    assert bench.home.files("store", "quarantine") == files


@pytest.mark.parametrize("named", [False, True], ids=["found", "named"])
def test_a_cut_at_every_call(bench: Bench, tmp_path: Path, *, named: bool) -> None:
    """Wherever a backfill is cut, nothing unanswered counts as asked, and the next one brings the rest, once."""
    bench.admit("home", named=named)
    assert bench.ask("home").ok
    bench.assert_whole("home")
    asked = bench.landed("home")

    for place, call in enumerate(bench.home.calls(), 1):
        broken = bench.elsewhere(tmp_path / str(place))
        # An answer that says "no contract then" has no body worth cutting.
        kind = FaultKind.CUT_OFF if call.status == 200 else FaultKind.STATUS
        bench.world.faults.add(Fault(kind=kind, status=503, first=place))

        assert broken.ask("home").cause == "try_later"

        assert broken.has_something_to_ask("home")
        for feed, served in bench.operator.served("home").items():
            stored = broken.stored("home", feed)
            for whose, window in broken.credited("home", feed):
                told = served.filter(whose, within(window))
                assert told.join(stored, on=told.columns, how="anti", nulls_equal=True).is_empty()
        bench.world.faults.clear()
        assert broken.ask("home").ok
        broken.assert_whole("home")
        assert not broken.has_something_to_ask("home")
        landed = broken.landed("home")
        for what, windows in asked.items():
            assert [part for window in windows for part in window.minus(landed[what])] == []
        for feed in bench.source.feeds:
            assert broken.log("home", feed)["revision"].to_list() == [0] * broken.stored("home", feed).height
