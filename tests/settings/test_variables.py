"""Variables that mean nothing: a misspelt one is not looked at by anybody else."""

from __future__ import annotations

import pytest

from pipelines.settings import unknown_variables


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("WATTLINE_DATADIR", "did you mean WATTLINE_DATA_DIR?"),
        ("WATTLINE_INFLUXDB_URL", "did you mean WATTLINE_INFLUXDB__URL?"),
        ("WATTLINE_INFLUX__TOKEN", "did you mean WATTLINE_INFLUXDB__TOKEN?"),
        ("WATTLINE_CONNECTION__HOME__TOKEN", "did you mean WATTLINE_CONNECTIONS__NAME__TOKEN?"),
        ("WATTLINE_SCHEDULE__ELVIA", "did you mean WATTLINE_SCHEDULES__ELVIA?"),
        ("WATTLINE_SECRET_DIR", "did you mean WATTLINE_SECRETS_DIR?"),
        ("WATTLINE_DATA_DIR__X", "did you mean WATTLINE_DATA_DIR?"),
        ("WATTLINE_QQQ", "remove it"),
    ],
)
def test_a_variable_that_means_nothing_is_named(name: str, suggestion: str) -> None:
    """The line names the variable and what may have been meant, never the value."""
    assert [f"{name}: means nothing; {suggestion}"] == unknown_variables({name: "kanari-7c1e"})


def test_what_means_something_is_left_out() -> None:
    """Settings in any case, the two paths, what the tests take, and other programs' variables are known."""
    known = (
        "WATTLINE_CONFIG",
        "WATTLINE_SECRETS_DIR",
        "WATTLINE_TEST_INFLUXD",
        "WATTLINE_DATA_DIR",
        "wattline_sync__reread_days",
        "WATTLINE_CONNECTIONS",
        "WATTLINE_CONNECTIONS__HOME__TOKEN",
        "WATTLINE_NAMES__707057500000000018",
        "WATTLINE_SCHEDULES__ELVIA",
        "DAGSTER_HOME",
        "PATH",
    )

    assert unknown_variables(dict.fromkeys(known, "x")) == []
