"""Dagster's records in PostgreSQL, by the instance of the containers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import dagster as dg
import polars as pl
import pytest
import yaml
from dagster_postgres.utils import DagsterPostgresException

from pipelines import launch
from pipelines.commands.failures import FAILED, explained
from pipelines.old_runs import delete_old_runs
from schemas.time import DAY, utc_now
from tests.support.home import moved_in
from tests.support.postgres import Postgres, running_postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

    from time_machine import Traveller

    from pipelines.launch import Launched
    from tests.support.home import Home

INSTANCE: Final = Path(__file__).parents[2] / "deploy" / "compose" / "dagster.yaml"
READINGS: Final = dg.AssetKey(["elvia", "home", "readings"])
YEARS: Final = {"2023", "2024", "2025", "2026"}


@pytest.fixture
def postgres(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Postgres]:
    """A server, and a home of Dagster's with the containers' configuration, but for where the server is."""
    with running_postgres() as server:
        configuration = yaml.safe_load(INSTANCE.read_text(encoding="utf-8"))
        configuration["storage"]["postgres"]["postgres_db"] |= {"hostname": "127.0.0.1", "port": server.port}
        folder = tmp_path / "dagster"
        folder.mkdir()
        (folder / "dagster.yaml").write_text(yaml.safe_dump(configuration), encoding="utf-8")
        monkeypatch.setenv("DAGSTER_HOME", str(folder))
        monkeypatch.setenv("DAGSTER_PG_PASSWORD", server.password)
        yield server


def _backfill(home: Home) -> Iterator[Launched]:
    return launch.backfill(
        home.settings, connections=None, first=None, last=None, refetch=False, progress=lambda _: None
    )


def test_a_backfill_is_recorded_there(storage: Home, postgres: Postgres, clock: Traveller) -> None:
    """Runs, their logs and the years that they made are in PostgreSQL, and old ones are deleted from it."""
    mine = moved_in(400)
    storage.admit(mine)
    storage.set("dagster__keep_runs_days", 30)

    done = list(_backfill(storage))

    assert postgres.port
    assert storage.current().select("start", "quantity", "verified").equals(storage.served(mine))
    with launch.instance(storage.settings) as instance:
        assert "Postgres" in type(instance.event_log_storage).__name__
        assert {run.run_id for run in instance.get_runs()} > {each.run_id for each in done}
        assert instance.get_materialized_partitions(READINGS) == YEARS
        assert instance.all_logs(done[0].run_id)

        clock.shift(31 * DAY)
        list(_backfill(storage))
        assert delete_old_runs(instance, storage.settings, utc_now()) >= len(done)
        assert {run.run_id for run in instance.get_runs()}.isdisjoint({each.run_id for each in done})
        assert instance.get_materialized_partitions(READINGS) == YEARS
    assert not list((storage.folder / "dagster").rglob("*.db"))


def test_a_postgresql_that_is_killed(storage: Home, postgres: Postgres) -> None:
    """A backfill that loses PostgreSQL ends in words, without the password; started again, it goes on where it was."""
    mine = moved_in(400)
    storage.admit(mine)
    runs = _backfill(storage)
    first = next(runs)
    postgres.kill()

    with pytest.raises(DagsterPostgresException) as lost:
        list(runs)

    ending = explained(lost.value)
    assert ending is not None
    assert ending.code == FAILED
    assert ending.words.startswith("Dagster's own records could not be read or written: ")
    assert f"port {postgres.port} failed: Connection refused" in ending.words
    assert postgres.password not in ending.words
    postgres.start()
    rest = list(_backfill(storage))

    assert first.year == rest[0].year
    assert rest[0].run.outcomes["home"].calls == 0
    assert storage.current().select("start", "quantity", "verified").equals(storage.served(mine))
    assert storage.log().filter(pl.col("revision") > 0).is_empty()
    with launch.instance(storage.settings) as instance:
        assert instance.get_materialized_partitions(READINGS) == YEARS
