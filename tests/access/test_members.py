"""A file of requests: checked whole, sent line by line, gone on with where it stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.leneda.demo import metering_point_code
from sandbox.leneda.grid import MeteringPoint
from schemas.time import DAY, HOUR
from tests.access.community import OTHERS, OWNER, OWNER_NAME, REGISTERS, THEIRS

if TYPE_CHECKING:
    from time_machine import Traveller

    from tests.access.community import Community

PODS = [metering_point_code(serial) for serial in range(21, 31)]


def line(pod: str, registers: str = "consumption", *, owner: str = OWNER_NAME, energy_id: str = OWNER) -> str:
    """Return a line of the file."""
    return f"{owner},{energy_id},{pod},{registers}"


def test_each_line_is_a_request(community: Community) -> None:
    """Registers are separated by blanks or semicolons; a name with a comma stands in quotes."""
    owner = "Müller, Canary"
    since = community.sandbox.world.leneda.metering_points[THEIRS].since
    community.sandbox.world.leneda.admit(
        "LUXE-XX-YY-12344", owner, "key-4", [MeteringPoint(PODS[0], "theirs", REGISTERS, since)]
    )

    ended = community.request_file(
        line(THEIRS, "consumption consumption_remaining"),
        line(OTHERS, "consumption;consumption_remaining"),
        line(PODS[0], owner=f'"{owner}"', energy_id="LUXE-XX-YY-12344"),
    )

    assert ended.code == 0
    assert ended.out.splitlines() == [
        f"members.csv, line {number}: asked for; its owner decides now" for number in (2, 3, 4)
    ]
    assert [request.registers for request in community.book.requests] == [REGISTERS, REGISTERS, ("consumption",)]


def test_a_spreadsheets_file(community: Community) -> None:
    """Where commas are decimal points, columns are parted by semicolons, and the file begins with a mark."""
    head = "﻿owner;energy_id;pod;registers"

    ended = community.request_file(line(THEIRS, "consumption consumption_remaining").replace(",", ";"), head=head)

    assert ended.code == 0, ended.text
    assert community.book.requests[0].registers == REGISTERS


def test_run_again_it_repeats_none(community: Community) -> None:
    """What was asked for, or is granted, is left out; a line that has a register more asks for that alone."""
    lines = [line(THEIRS), line(OTHERS)]
    assert community.request_file(*lines).code == 0
    community.decide("approve", OTHERS)
    community.check()
    community.calls()

    again = community.request_file(*lines)

    assert (again.code, community.posts()) == (0, 0)
    assert again.out.splitlines() == [f"members.csv, line {number}: was asked for before" for number in (2, 3)]

    assert community.request_file(line(THEIRS), line(OTHERS, " ".join(REGISTERS))).code == 0
    assert community.posts() == 1
    assert community.book.requests[-1].registers == ("consumption_remaining",)


def test_it_stops_before_the_cap_and_goes_on_the_next_day(community: Community, clock: Traveller) -> None:
    """Five false lines use the day up: the rest is counted, and sent the next day; the false ones are not."""
    wrong = [line(pod) for pod in PODS[:6]]
    lines = [line(THEIRS), *wrong, line(OTHERS)]

    ended = community.request_file(*lines)

    assert ended.code == 1
    assert "members.csv, line 7: REFUSED" in ended.out
    assert "members.csv, line 8: not sent: 5 of 5 false attempts of today are used up" in ended.out
    assert ended.out.splitlines()[-1] == (
        "2 requests left. Run the same again from 2026-06-18 00:00 (Europe/Luxembourg); none is repeated."
    )
    assert (community.posts(), len(community.book.false_attempts)) == (6, 5)

    assert community.request_file(*lines).code == 1
    assert community.posts() == 0

    clock.shift(DAY)
    ended = community.request_file(*lines)
    assert ended.code == 1
    assert "members.csv, line 2: was asked for before" in ended.out
    assert "members.csv, line 3: was found false on 2026-06-17, word for word as it stands. You must act" in ended.out
    assert "members.csv, line 9: asked for" in ended.out
    # The sixth false one, and the last line.
    assert (community.posts(), len(community.book.false_attempts)) == (2, 6)

    # Mended, a line is sent; by itself, what was false is sent word for word as well.
    clock.shift(HOUR)
    assert community.request(pod=PODS[0]).code == 1
    assert community.posts() == 1


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ([line("LU1")], "members.csv, line 2: pod: 'LU1' is not a metering point code (POD)"),
        (
            [line(THEIRS), line(OTHERS, energy_id="12345")],
            "members.csv, line 3: energy_id: '12345' is not an Energy ID",
        ),
        (
            [line(THEIRS, "konsum")],
            "members.csv, line 2: registers: 'konsum' is no register; the registers are consumption, ",
        ),
        ([line(THEIRS, "")], "members.csv, line 2: registers: is empty; give at least one register"),
        ([line("")], "members.csv, line 2: pod: is empty; give at least one metering point code"),
        ([f"{OWNER_NAME},{OWNER},{THEIRS}"], "members.csv, line 2: has not as many columns as the first line"),
        ([line(THEIRS, "consumption,production")], "members.csv, line 2: has not as many columns as the first line"),
        (
            [line(THEIRS), line(THEIRS)],
            "members.csv, line 3: registers: the same register of the same one stands at members.csv, line 2",
        ),
        (
            [line(THEIRS), line(THEIRS, "production", energy_id="LUXE-XX-YY-12349")],
            "members.csv, line 3: energy_id: another owner of the same one stands at members.csv, line 2",
        ),
        (
            [line(THEIRS), line(OTHERS, owner="Canary Muller")],
            "members.csv, line 3: owner: another name of the same owner stands at members.csv, line 2",
        ),
        ([], "members.csv: has no line but its first"),
    ],
)
def test_one_bad_line_stops_all(community: Community, lines: list[str], words: str) -> None:
    """The whole file is checked before anything is sent, and what is wrong is told with its line."""
    ended = community.request_file(*lines)

    assert ended.code == 2
    assert words in ended.err
    assert (community.calls(), community.states()) == ([], {})


def test_every_bad_line_is_told_at_once(community: Community) -> None:
    """Nobody has to run the command once for each."""
    ended = community.request_file(line("LU1"), line(THEIRS, energy_id="x"), line(OTHERS))

    assert ended.code == 2
    assert [told.split(":")[0] for told in ended.err.splitlines()] == ["members.csv, line 2", "members.csv, line 3"]


def test_files_that_cannot_be_read(community: Community) -> None:
    """Other columns, another encoding, and a file that is not there are told; nothing is sent."""
    ended = community.request_file(line(THEIRS), head="name,id,pod,registers")
    assert ended.code == 2
    assert "members.csv, line 1: the columns must be owner, energy_id, pod, registers" in ended.err

    (community.folder / "latin.csv").write_bytes(f"owner,energy_id,pod,registers\n{line(THEIRS)}\n".encode("latin-1"))
    for name, words in (("latin.csv", "it is not UTF-8"), ("nowhere.csv", "No such file")):
        ended = community.installation.run(
            "access", "request", "--connection", "plant", "--file", str(community.folder / name)
        )
        assert ended.code == 2
        assert words in ended.err
    assert community.calls() == []


def test_a_dry_run_of_a_file(community: Community) -> None:
    """Each request that would be sent is shown, and those that would not are named."""
    community.request()
    community.calls()

    ended = community.request_file(line(THEIRS), line(OTHERS), more=("--dry-run",))

    assert ended.code == 0
    assert "members.csv, line 2: was asked for before" in ended.out
    assert ended.out.count("POST ") == 1
    assert (community.posts(), len(community.book.requests)) == (0, 1)
