"""`sandbox`: serves until Ctrl-C, and says exactly what to set to connect to it."""

from __future__ import annotations

import re
import shlex
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.commands.conftest import Installation

ROOT = Path(__file__).parents[2]
WATTLINE = [sys.executable, "-c", "from pipelines.commands import main; main()"]


@contextmanager
def started(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the command in a process of its own, and end it whatever happens."""
    command = [*WATTLINE, "sandbox", *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def told(process: subprocess.Popen[str], lines: int) -> str:
    """Return what it prints when it is ready."""
    assert process.stdout is not None
    return "".join(process.stdout.readline() for _ in range(lines))


def test_what_it_prints_connects_to_it(installation: Installation) -> None:
    """With the variables that it prints, `doctor` finds every household; Ctrl-C ends it well."""
    with started("--port", "0", "--fleet", "3") as process:
        # Of each household three variables, of Leneda's customers seven and eight, and two lines more of each.
        text = told(process, 1 + 5 * 5 + 9 + 10)
        for name, value in re.findall(r"^export (\w+)=(\S+)$", text, re.MULTILINE):
            installation.environ.setenv(name, *shlex.split(value))

        ended = installation.run("doctor")
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)

    assert ended.code == 0
    for name in ("home", "plus", "innlandet", "newcomer"):
        assert f"ok   elvia/{name}: covers 1 metering point" in ended.out
    assert "ok   elvia/fleet: covers 3 metering points" in ended.out
    assert "ok   leneda/plant: covers 3 metering points" in ended.out
    assert "ok   leneda/solar: gross_generation names production of LU" in ended.out
    assert (process.returncode, out, err) == (0, "", "")


def test_a_port_that_is_taken_is_refused(installation: Installation) -> None:
    """The message names the port and the way out."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

        ended = installation.run("sandbox", "--port", str(port))

    assert ended.code == 2
    assert f"--port: {port} cannot be listened on" in ended.err
    assert "0 for any free one" in ended.err
