"""`wattline statement`: what it writes, what it says, and what counts as issued."""

from __future__ import annotations

import io
import re
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Final

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.statement import STATEMENT, TOTAL, draw_up
from sandbox.leneda.registers import AT_CONSUMPTION
from sandbox.plans import Absence, Correction, hour_of
from schemas.time import DAY, HOUR, day_window, local_midnight
from tests.commands.conftest import Installation
from tests.leneda.plant import NOW, POINT, TODAY
from tests.statement.stating import EXACT, JUNE, LUXEMBOURG, MAY, row
from tests.support.home import moved_in

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.leneda.plant import Plant
    from tests.support.home import Home

NOON: Final = local_midnight(MAY, LUXEMBOURG) + 19 * DAY + 12 * HOUR
OF_MAY: Final = ("statement", "--month", "2026-05")


@pytest.fixture
def configured(plant: Plant, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Installation:
    """Return the plant's installation as the commands have it, before the first run."""
    plant.owns(POINT, *AT_CONSUMPTION, days=60)
    plant.lists(POINT, "consumption", "consumption_shared_layer1")
    for name, value in plant.environ().items():
        monkeypatch.setenv(name, value)
    installed = Installation(Path.cwd(), capsys, monkeypatch)
    installed.give(DATA_DIR=str(plant.settings().data_dir), NAMES=f'{{"{POINT}": "Moulin, haut"}}')
    return installed


@pytest.fixture
def installation(configured: Installation, plant: Plant) -> Installation:
    """Return the plant's installation after a run."""
    plant.run()
    return configured


def parsed(text: str) -> pl.DataFrame:
    """Read a statement back."""
    read = pl.read_csv(io.StringIO(text), schema_overrides=STATEMENT | {"previous_statement": pl.String()})
    instants = pl.col("previous_statement").str.to_datetime("%Y-%m-%dT%H:%M:%SZ", time_unit="us", time_zone="UTC")
    return read.with_columns(instants)


def test_the_csv_is_the_statement(installation: Installation, plant: Plant) -> None:
    """What is written parses back into the rows and, after them, the totals."""
    drawn = draw_up(plant.flow(), MAY, {POINT: "Moulin, haut"})

    first = installation.run(*OF_MAY)
    second = installation.run(*OF_MAY)

    assert first.code == second.code == 0
    assert_frame_equal(parsed(first.out), pl.concat([drawn.rows, drawn.totals]))
    assert parsed(second.out).select("restated", "new", "corrected").unique().rows() == [(0.0, 0, 0)]
    assert parsed(second.out)["previous_statement"].null_count() == 0
    assert "4 rows." in first.err
    assert "the next statement of 2026-05 tells what was restated since" in first.err


def test_only_what_was_issued_is_compared_with(installation: Installation, plant: Plant, clock: Traveller) -> None:
    """A preview tells what was restated and leaves it to be told again; a statement tells it for the last time."""
    installation.run(*OF_MAY)
    plant.world.corrections.append(Correction(metering_point=POINT, window=hour_of(NOON), shows=NOW, factor=0.5))
    clock.shift(DAY)
    plant.run()

    preview, again, issued, after = (
        installation.run(*OF_MAY, *options) for options in (["--preview"], ["--preview"], [], ["--preview"])
    )

    assert "A preview: it is not recorded as issued." in preview.err
    assert preview.out == again.out == issued.out
    assert row(parsed(issued.out).filter(pl.col("name") == TOTAL))["corrected"] == 4
    assert row(parsed(issued.out).filter(pl.col("name") == TOTAL))["restated"] < 0
    assert row(parsed(after.out).filter(pl.col("name") == TOTAL))["restated"] == 0


def test_a_file_is_written_whole_and_then_issued(installation: Installation) -> None:
    """`--out` writes what standard output would have, and says where."""
    ended = installation.run(*OF_MAY, "--out", "may.csv")

    assert (ended.code, ended.out) == (0, "")
    assert "4 rows in may.csv." in ended.err
    text = Path("may.csv").read_text(encoding="utf-8")
    assert parsed(text).height == 4
    assert '"Moulin, haut"' in text


def test_what_could_not_be_written_was_not_issued(installation: Installation) -> None:
    """Where the output has no room, the command fails in words, and the next statement is still the first."""
    with io.TextIOWrapper(io.FileIO("/dev/full", "w"), write_through=True) as full, redirect_stdout(full):
        failed = installation.run(*OF_MAY)

    ended = installation.run(*OF_MAY)

    assert failed.code == 1
    assert "No space left on device" in failed.err
    assert parsed(ended.out)["previous_statement"].null_count() == 4


def test_people_get_a_table(installation: Installation, plant: Plant, clock: Traveller) -> None:
    """Each metering point by its name and each register's total, with what was restated since when."""
    first = installation.run(*OF_MAY, "--format", "table")
    plant.world.corrections.append(
        Correction(metering_point=POINT, register="consumption", window=hour_of(NOON), shows=NOW, quantity=100.0)
    )
    clock.shift(DAY)
    plant.run()

    second = installation.run(*OF_MAY, "--format", "table")

    assert first.code == second.code == 0
    plain = r"leneda/plant +Moulin, haut +consumption +[\d,.]+ +kWh +100.0 % +100.0 % +- +- +- +-"
    assert re.search(plain, first.out)
    restated = r"consumption +[\d,.]+ +kWh +100.0 % +100.0 % +\+\d\d\.\d{3} +0 +4 +2026-06-17 14:20"
    assert re.search(rf"leneda/plant +Moulin, haut +{restated}", second.out)
    assert re.search(rf"^leneda +{restated}", second.out, re.MULTILINE)
    assert re.search(r"^leneda +consumption_shared_layer1 .* \+0\.000 +0 +0 ", second.out, re.MULTILINE)


def test_a_running_month_says_what_may_still_change(configured: Installation, plant: Plant) -> None:
    """Which days are not due, what is missing, how much is provisional, and from when it will be settled; well."""
    hole = day_window(TODAY - 5 * DAY, LUXEMBOURG)
    plant.world.absences.append(Absence(metering_point=POINT, window=hole))
    plant.run()

    ended = configured.run("statement", "--month", "2026-06")

    assert ended.code == 0
    assert (
        "leneda: 2026-06 is incomplete: what the operator has of 2026-06-15 and later is not all due yet" in ended.err
    )
    assert "leneda: 192 intervals missing; no sum counts them as zero" in ended.err
    provisional = "leneda: 1,152 of 2,880 intervals (40.0 %) are provisional, the last on 2026-06-16; "
    assert f"{provisional}those read again on 2026-06-24 or later will be settled" in ended.err


def test_registers_that_do_not_add_up_are_told(configured: Installation, plant: Plant) -> None:
    """Where one layer was corrected and the measured register was not, the statement says on how many days."""
    plant.lists(POINT, *AT_CONSUMPTION)
    wrong = Correction(
        metering_point=POINT, register="consumption_shared_layer2", window=hour_of(NOON), shows=NOW, quantity=5.0
    )
    plant.world.corrections.append(wrong)
    plant.run()

    ended = configured.run(*OF_MAY)

    assert ended.code == 0
    assert "leneda: on 1 day layers and remainder are NOT what was measured" in ended.err


def test_what_is_read_on_the_day_that_was_told_is_settled(
    installation: Installation, plant: Plant, clock: Traveller
) -> None:
    """On the day that the remark names the last provisional reading becomes settled, and not a day before."""
    remark = installation.run("statement", "--month", "2026-06").err
    assert "the last on 2026-06-16; those read again on 2026-06-24 or later" in remark
    settled = []

    for day in (23, 24):
        clock.move_to(NOW.replace(day=day))
        plant.run()
        settled.append(row(draw_up(plant.flow(), JUNE, {}).rows)["settled"])

    assert settled == [15 * 96, 16 * 96]


def test_elvias_provisional_hours_wait_for_its_mark(
    storage: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the operator marks final values, the remark says so first; one statement tells of both operators."""
    storage.admit(moved_in(40))
    storage.backfill()
    for name, value in storage.environment.items():
        monkeypatch.setenv(name, value)
    installed = Installation(Path.cwd(), capsys, monkeypatch)
    installed.give(DATA_DIR=str(storage.data_dir))

    ended = installed.run("statement", "--month", "2026-06")

    assert ended.code == 0
    told = row(parsed(ended.out).filter(pl.col("metering_point").is_not_null()))
    assert told["source"] == "elvia"
    assert told["present"] - told["settled"] > 0
    assert re.search(
        r"elvia: \d+ of \d+ intervals \(\d\.\d %\) are provisional, the last on 2026-06-17; settled when the operator "
        r"says so; where it never does, those read again on 2026-06-23 or later will be settled",
        ended.err,
    )
    assert told["quantity"] == pytest.approx(
        storage.served(moved_in(40)).filter(pl.col("start") >= local_midnight(JUNE, LUXEMBOURG))["quantity"].sum(),
        abs=EXACT,
    )


def test_a_month_without_readings_is_not_issued(installation: Installation) -> None:
    """A heading, no row, and words that say so."""
    ended = installation.run("statement", "--month", "2025-01")

    assert ended.code == 0
    assert ended.out == ",".join(STATEMENT) + "\n"
    assert "Nothing is stored of 2025-01, so nothing was issued." in ended.err
    assert installation.run("statement", "--month", "2025-01", "--format", "table").out == ""


def test_a_month_that_has_not_begun_is_refused(installation: Installation) -> None:
    """The next month is nothing to tell of yet."""
    ended = installation.run("statement", "--month", "2026-07")

    assert ended.code == 2
    assert "--month: 2026-07 has not begun; name a month that has" in ended.err
    assert ended.out == ""
