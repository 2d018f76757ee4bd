"""What every test starts from: nothing of the user's, and a clock in a place that nobody assumed.

pytest-socket (see pyproject.toml) keeps tests on this machine.
"""

from __future__ import annotations

import os
import signal
import time
from typing import TYPE_CHECKING, Final

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from pathlib import Path

ONE_INSTALLATION: Final = ("tests/dashboards/", "tests/report/")
"""Folders whose files read one installation: what took long to fill is filled in one process, not in each."""

LONGEST: Final = (*ONE_INSTALLATION, "tests/ui/", "tests/daemon/", "tests/commands/")
"""What begins first, since it takes long: some of it waits for daemons, while others work."""

# At import, before any module under test reads it: half an hour off everybody else, a day behind Oslo for part of
# every night, and with clock changes on dates of its own. Whatever uses the machine's zone by mistake is wrong here.
os.environ["TZ"] = "America/St_Johns"
time.tzset()

# A job in the background of a script inherits deaf ears to Ctrl-C, and would hand them on to what tests start and stop.
signal.signal(signal.SIGINT, signal.default_int_handler)

# On a busy machine an example may take any time, and in CI a failure must come back.
settings.register_profile(
    "wattline",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("wattline")


@pytest.fixture(autouse=True)
def _nothing_of_the_users(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Take the user's variables away, and give each test a home and a working folder of its own.

    Coverage's, too: a program that a test starts would be measured. That makes it slow, and one that is interrupted
    while coverage holds its lock hangs for ever.
    """
    for name in list(os.environ):
        if name.startswith(("WATTLINE_", "DAGSTER_", "COVERAGE_")):
            monkeypatch.delenv(name)
    folder = tmp_path_factory.mktemp("working-folder")
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.chdir(folder)
    return folder


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the tests of a file, or of a folder with one installation, to one process; what takes long first."""
    items.sort(
        key=lambda item: next((at for at, each in enumerate(LONGEST) if item.nodeid.startswith(each)), len(LONGEST))
    )
    for item in items:
        file = item.nodeid.partition("::")[0]
        group = next((folder for folder in ONE_INSTALLATION if file.startswith(folder)), file)
        item.add_marker(pytest.mark.xdist_group(group))
