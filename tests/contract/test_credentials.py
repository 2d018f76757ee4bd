"""A credential that the operator refuses: named at once, left in peace, never shown, and nobody else's trouble."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from pipelines.who import who_must_act
from schemas.time import DAY, HOUR
from tests.support.searching import contents

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.contract.bench import Bench

ROOT: Final = Path(__file__).parents[2]


def _refused_calls(bench: Bench) -> list[int | None]:
    """Return how the calls since the last time were answered whose credential the operator does not know."""
    return [call.status for call in bench.home.calls() if call.token is None]


@pytest.mark.parametrize("named", [False, True], ids=["found", "named"])
@pytest.mark.parametrize("once_good", [True, False], ids=["revoked", "never good"])
def test_a_wrong_credential_costs_one_call_a_day(
    bench: Bench, clock: Traveller, *, once_good: bool, named: bool
) -> None:
    """It is asked once and named, by no command again within a day, and once more after it; the others complete."""
    bench.admit("home", "neighbour", named=named)
    if once_good:
        bench.home.backfill()
        clock.shift(DAY)
    bench.operator.revoke("home")
    before = bench.log("home")
    bench.home.calls()

    runs = bench.home.backfill()

    assert set(runs.causes("home")) == {"renew_credential"}
    assert set(runs.causes("neighbour")) == {None}
    assert all("(401)" in words for words in runs.words("home"))
    assert _refused_calls(bench) == [401]
    bench.assert_whole("neighbour")
    for _ in range(2):
        clock.shift(11 * HOUR)
        bench.home.sync()
        assert bench.home.backfill(refetch=True).causes("home") == runs.causes("home")
    assert _refused_calls(bench) == []
    clock.shift(3 * HOUR)
    bench.home.sync()
    bench.home.sync()
    assert _refused_calls(bench) == [401]

    standing = bench.home.status("home")[0]
    assert (standing.ok, standing.cause) == (False, "renew_credential")
    to_do = who_must_act("renew_credential", bench.source.name, "home")
    assert f"WATTLINE_CONNECTIONS__HOME__{bench.source.settings.credential_key.upper()}" in to_do
    assert f"docs/sources/{bench.source.name}.md" in to_do
    assert (ROOT / "docs" / "sources" / f"{bench.source.name}.md").is_file()
    assert bench.log("home").equals(before)


def test_a_new_credential_is_used_by_the_next_run(bench: Bench, clock: Traveller) -> None:
    """It is tried at once, without waiting for the old one's rest to end, and brings what was missed."""
    bench.admit("home")
    bench.home.backfill()
    bench.operator.revoke("home")
    clock.shift(2 * DAY)
    assert set(bench.home.sync().causes("home")) == {"renew_credential"}

    bench.configure("home", bench.operator.renew("home"))
    clock.shift(HOUR)

    assert set(bench.home.sync().causes("home")) == {None}
    bench.assert_whole("home")
    assert bench.home.status("home")[0].ok


def test_no_credential_is_seen(bench: Bench, clock: Traveller, caplog: pytest.LogCaptureFixture) -> None:
    """After good and bad runs it is in no file, word, log or representation, where what went wrong is."""
    caplog.set_level(logging.DEBUG)
    bench.admit("home")
    secret = bench.operator.secret("home")
    bench.home.backfill()
    clock.shift(DAY)
    bench.operator.revoke("home")
    runs = bench.home.sync()
    said = [
        *runs.words("home"),
        *caplog.messages,
        *(repr(record.__dict__) for record in caplog.records),
        repr(bench.home.settings),
        repr(bench.home.flow().connections),
        repr(bench.home.status("home")),
        repr(runs),
    ]

    assert secret in bench.home.environment.values()
    assert any("(401)" in words for words in said)
    assert [words for words in said if secret in words] == []
    kept = list(contents(bench.home.folder))
    assert any(bench.operator.points("home")[0].encode() in data for _, data in kept)
    assert [path for path, data in kept if secret.encode() in data] == []
