"""One installation for all tests of the report: they only read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import stamina

from tests.report.filled import Filled, Report, fill
from tests.support.chromium import Chromium

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """An installation with three households and a community."""
    with stamina.set_testing(True, attempts=2, cap=True):
        yield fill(tmp_path_factory.mktemp("filled"))


@pytest.fixture(scope="session")
def report(filled: Filled, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The report on all of it."""
    return filled.report(tmp_path_factory.mktemp("report") / "index.html")


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chromium]:
    """A running browser."""
    with Chromium(tmp_path_factory.mktemp("chromium")) as browser:
        yield browser


@pytest.fixture
def page(chromium: Chromium, report: Report) -> Chromium:
    """The browser with the report open."""
    chromium.open(report.path.as_uri())
    chromium.settle()
    return chromium
