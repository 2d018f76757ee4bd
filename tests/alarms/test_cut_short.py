"""What ends a whole run, or keeps one from beginning, is told like anything else."""

from __future__ import annotations

import errno
import os
from typing import TYPE_CHECKING

import pytest

from pipelines.alarms.look import tell_settings
from pipelines.settings import SettingsError
from pipelines.store.home import StoreFullError
from pipelines.store.log import Log
from schemas.time import utc_now
from tests.alarms.looking import look
from tests.support.home import moved_in
from tests.support.in_dagster import definitions_of

if TYPE_CHECKING:
    from pathlib import Path

    import dagster as dg

    from tests.alarms.receivers import Told
    from tests.support.home import Home


def test_a_full_disk_is_a_cause(storage: Home, told: Told) -> None:
    """A run that did not begin for want of room is told, once, and is over when one has begun."""
    storage.admit(moved_in(3))
    storage.sync()
    storage.set("store__min_free_mb", 10_000_000)
    for _ in range(2):
        with pytest.raises(StoreFullError):
            storage.sync()
        look(storage)
    (message,) = told.messages()
    assert message.title == "the disk is too full to go on"
    assert "MB left, and store.min_free_mb asks for 10000000" in message.text

    del storage.environment["WATTLINE_STORE__MIN_FREE_MB"]
    storage.sync()
    look(storage)
    assert told.titles() == ["over: the disk is too full to go on"]


@pytest.mark.parametrize(
    ("error", "title", "words"),
    [
        (RuntimeError("kanari"), "a run of elvia ended before its time", "the run of elvia ended with RuntimeError"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), "the disk is too full to go on", "No space left on device"),
    ],
    ids=["unforeseen", "disk"],
)
def test_a_run_that_is_cut_short_is_a_cause(
    storage: Home, told: Told, monkeypatch: pytest.MonkeyPatch, *, error: Exception, title: str, words: str
) -> None:
    """An error that ends a whole run is told by its kind, and never by the words of an error that nobody foresaw."""

    def fail(*_: object, **__: object) -> None:
        raise error

    storage.admit(moved_in(3))
    with monkeypatch.context() as broken:
        broken.setattr(Log, "merge", fail)
        with pytest.raises(type(error)):
            storage.sync()
    look(storage)
    (message,) = told.messages()
    assert message.title == title
    assert words in message.text
    assert "kanari" not in message.text

    storage.sync()
    look(storage)
    assert told.titles() == [f"over: {title}"]


def test_settings_that_cannot_be_used_are_a_cause(
    storage: Home, told: Told, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is wrong with the settings is told by what they still say of alarms, once, until they are right again."""
    storage.admit(moved_in(3))
    storage.sync()
    for name, value in storage.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(storage.folder)
    (tmp_path / "wattline.toml").write_text("[sync]\nreread_day = 3\n")

    for _ in range(2):
        with pytest.raises(SettingsError) as caught:
            _ = storage.settings
        assert tell_settings(caught.value, utc_now()) == []
    (message,) = told.messages()
    assert message.title == "the settings cannot be used"
    assert "sync.reread_day: no such key; did you mean reread_days?" in message.text

    (tmp_path / "wattline.toml").unlink()
    look(storage)
    assert told.titles() == ["over: the settings cannot be used"]


def test_a_damaged_file_is_a_cause(
    storage: Home, told: Told, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file of the store that cannot be read is told by the summary that fails for it, with what to do."""
    storage.admit(moved_in(3))
    storage.sync()
    summary = definitions_of(storage, monkeypatch).resolve_job_def("elvia_summary")
    (file,) = (storage.data_dir / "store" / "elvia" / "readings").glob("*.parquet")
    whole = file.read_bytes()
    file.write_bytes(whole[:-10])
    (storage.data_dir / "store" / "elvia" / "days" / file.name).unlink()
    for _ in range(2):
        assert not summary.execute_in_process(instance=instance, raise_on_error=False).success
    (message,) = told.messages()
    assert message.title == "a file of the store is damaged"
    assert f"{file} is damaged" in message.text

    file.write_bytes(whole)
    assert summary.execute_in_process(instance=instance).success
    assert told.titles() == ["over: a file of the store is damaged"]
