"""Tokens that are deleted, renewed, mixed up, or that cover more or fewer metering points than before."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl
import pytest

from pipelines.who import who_must_act
from sandbox.households import metering_point_id
from sandbox.world import Token
from schemas.time import DAY, HOUR
from tests.support.home import NOW, moved_in

if TYPE_CHECKING:
    from time_machine import Traveller

    from sandbox.households import Household
    from tests.support.home import Home


def _is_whole(home: Home, household: Household) -> bool:
    """Tell whether the store holds what the operator serves of the household's consumption."""
    mine = home.current().filter(
        pl.col("metering_point") == household.metering_point, pl.col("register") == "consumption"
    )
    return mine.select("start", "quantity", "verified").equals(home.served(household))


def test_a_deleted_token_fails_its_own_connection_alone(home: Home, clock: Traveller) -> None:
    """A deleted token costs one call and fails its own connection, in words that say what to do; the others go on."""
    mine, neighbour = moved_in(10), moved_in(10, "neighbour", 2)
    home.admit(mine, neighbour)
    home.backfill()
    home.calls()
    home.world.tokens["sandbox-home"] = Token((mine.metering_point,), deleted=True)

    clock.shift(DAY)
    runs = home.sync()

    assert [call.status for call in home.calls() if call.token is None] == [401]
    assert (runs.causes("home"), runs.causes("neighbour")) == (["renew_credential"], [None])
    assert runs.words("home") == ["elvia metervalues: the credential is refused (401)"]
    to_do = who_must_act("renew_credential", "elvia", "home")
    assert "WATTLINE_CONNECTIONS__HOME__TOKEN" in to_do
    assert "docs/sources/elvia.md" in to_do
    assert _is_whole(home, neighbour)
    standing = home.status("home")[0]
    assert (standing.ok, standing.cause) == (False, "renew_credential")
    failed = home.points("sync_run").filter(~pl.col("ok"))
    assert failed.select("connection", "cause", "calls").rows() == [("home", "renew_credential", 1)]


def test_a_dead_token_is_asked_once_a_day(storage: Home, clock: Traveller) -> None:
    """Within a day of its refusal a token is not tried again, by no command, and after it once more."""
    mine = moved_in(10)
    storage.admit(mine)
    storage.world.tokens["sandbox-home"] = Token((mine.metering_point,), deleted=True)
    assert storage.backfill().causes("home") == ["renew_credential"] * 4
    assert len(storage.calls()) == 1

    for _ in range(3):
        clock.shift(7 * HOUR)
        assert storage.sync().causes("home") == ["renew_credential"]
        assert storage.backfill(refetch=True).causes("home") == ["renew_credential"] * 4
    assert storage.calls() == []

    clock.shift(4 * HOUR)
    storage.sync()
    storage.sync()
    assert len(storage.calls()) == 1


def test_a_renewed_token_is_used_by_the_next_run(storage: Home, clock: Traveller) -> None:
    """A new token in the settings is tried at once, and brings what was missed meanwhile."""
    mine = moved_in(10)
    storage.admit(mine)
    storage.backfill()
    storage.world.tokens["sandbox-home"] = Token((mine.metering_point,), deleted=True)
    clock.shift(2 * DAY)
    storage.sync()
    assert not _is_whole(storage, mine)

    storage.world.admit("sandbox-renewed", [mine])
    storage.connect("home", token="sandbox-renewed")
    clock.shift(timedelta(minutes=1))
    assert storage.sync().causes("home") == [None]
    assert _is_whole(storage, mine)
    assert storage.status("home")[0].ok


def test_somebody_elses_token_is_refused(storage: Home, clock: Traveller) -> None:
    """A token that covers none of the known metering points fails in words, and nothing of its owner's is kept."""
    mine, stranger = moved_in(10), moved_in(10, "stranger", 2)
    storage.admit(mine)
    storage.backfill()
    storage.world.admit("sandbox-stranger", [stranger])
    storage.connect("home", token="sandbox-stranger")

    for _ in range(3):
        clock.shift(DAY + HOUR)
        runs = storage.sync()
        assert runs.causes("home") == ["renew_credential"]
        assert "covers none of the 1 metering points known" in runs.words("home")[0]
    assert len([call for call in storage.calls() if call.token == "sandbox-stranger"]) == 3
    assert storage.current()["metering_point"].unique().to_list() == [mine.metering_point]
    assert set(storage.flow().store.ledger.metering_points("home")) == {mine.metering_point}

    storage.connect("home")
    storage.sync()
    assert _is_whole(storage, mine)


def test_a_token_that_covers_nothing_yet(storage: Home, clock: Traveller) -> None:
    """A token without any metering point is refused in words, with a call a day, and used once it covers one."""
    mine = moved_in(10)
    storage.admit(mine)
    storage.world.tokens["sandbox-home"] = Token(())

    runs = storage.backfill()
    assert set(runs.words("home")) == {"elvia: the credential covers no metering point"}
    assert len(storage.calls()) == 1

    storage.world.tokens["sandbox-home"] = Token((mine.metering_point,))
    clock.shift(DAY + HOUR)
    assert set(storage.sync().causes("home")) == {None}
    assert _is_whole(storage, mine)


def test_a_gained_metering_point_gets_all_its_years(storage: Home, clock: Traveller) -> None:
    """When a token comes to cover another metering point, syncs alone bring all of its years, of both registers."""
    mine, cabin = moved_in(10), moved_in(400, "cabin", 2, produces=True)
    storage.admit(mine)
    storage.backfill()
    storage.world.admit("sandbox-home", [mine, cabin])

    for _ in range(2):
        clock.shift(DAY)
        storage.sync()

    assert _is_whole(storage, mine)
    assert _is_whole(storage, cabin)
    production = storage.current().filter(pl.col("register") == "production")
    assert production.select("start", "quantity", "verified").equals(storage.served(cabin, "production"))


def test_a_clock_that_was_ahead_hides_no_metering_point(storage: Home, clock: Traveller) -> None:
    """A token of more points than one call may name is asked without names again once the clock is right."""
    mine, cabin, barn = moved_in(10), moved_in(10, "cabin", 2), moved_in(10, "barn", 3)
    storage.world.admit("sandbox-home", [mine, cabin])
    storage.connect("home")
    storage.set("sync__points_per_call", 1)
    storage.backfill()
    clock.move_to(NOW + 500 * DAY)
    storage.sync()
    clock.move_to(NOW + 2 * DAY)
    storage.world.admit("sandbox-home", [mine, cabin, barn])

    storage.sync()

    assert _is_whole(storage, barn)


def test_a_lost_metering_point_does_not_stop_the_other(storage: Home, clock: Traveller) -> None:
    """Where a token covers one of two listed points no more, the other goes on and the run names the lost one."""
    mine, cabin = moved_in(10), moved_in(10, "cabin", 2)
    storage.world.admit("sandbox-home", [mine, cabin])
    storage.connect("home", metering_points=f'["{mine.metering_point}", "{cabin.metering_point}"]')
    storage.backfill()
    storage.world.tokens["sandbox-home"] = Token((mine.metering_point,))

    for _ in range(2):
        clock.shift(DAY)
        runs = storage.sync()
        assert runs.causes("home") == ["renew_credential"]
        assert cabin.metering_point[-4:] in runs.words("home")[0]
        assert cabin.metering_point not in runs.words("home")[0]

    assert _is_whole(storage, mine)
    assert storage.current().filter(pl.col("metering_point") == cabin.metering_point).height > 200


def test_a_metering_point_that_is_left_out_is_late(storage: Home, clock: Traveller) -> None:
    """A point that unnamed calls bring no more, as when its contract has ended, keeps what it has and shows holes."""
    mine, cabin = moved_in(10), moved_in(10, "cabin", 2)
    storage.world.admit("sandbox-home", [mine, cabin])
    storage.connect("home")
    storage.backfill()
    before = storage.current().filter(pl.col("metering_point") == cabin.metering_point)
    storage.world.tokens["sandbox-home"] = Token((mine.metering_point,))

    clock.shift(3 * DAY)
    runs = storage.sync()

    assert runs.causes("home") == [None]
    assert _is_whole(storage, mine)
    after = storage.current().filter(pl.col("metering_point") == cabin.metering_point)
    assert after.select("start", "quantity").equals(before.select("start", "quantity"))
    holes = {series.metering_point: series.holes for series in storage.status("home")[1]}
    assert holes[mine.metering_point] == ()
    assert len(holes[cabin.metering_point]) == 3


@pytest.mark.parametrize("listed", [(1,), (2,), (1, 2)])
def test_only_listed_metering_points_are_asked_for(storage: Home, listed: tuple[int, ...]) -> None:
    """Where the settings list metering points, no other one of the token is asked for, stored or known."""
    storage.world.admit("sandbox-home", [moved_in(10), moved_in(10, "cabin", 2)])
    points = [metering_point_id(serial) for serial in listed]
    storage.connect("home", metering_points=str(points).replace("'", '"'))

    storage.backfill()

    assert sorted(storage.current()["metering_point"].unique()) == points
    assert {point for call in storage.calls() for point in call.metering_points} == set(points)


def test_a_connection_without_a_token_says_where_to_give_it(storage: Home) -> None:
    """A connection that has no token fails without a call, and says which variable and which file it belongs in."""
    storage.admit(moved_in(10), moved_in(10, "neighbour", 2))
    del storage.environment["WATTLINE_CONNECTIONS__HOME__TOKEN"]

    runs = storage.backfill()

    assert set(runs.causes("home")) == {"renew_credential"}
    assert "WATTLINE_CONNECTIONS__HOME__TOKEN" in runs.words("home")[0]
    assert "connections__home__token" in runs.words("home")[0]
    assert runs.causes("neighbour") == [None] * 4
    assert {call.token for call in storage.calls()} == {"sandbox-neighbour"}
