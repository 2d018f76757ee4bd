"""Which settings of the database are taken, and what is said of the others."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from connectors.influxdb.settings import InfluxSettings

URL = "http://192.168.1.5:8086"
CANARY = "canary-7f3a"


def refused(**values: object) -> str:
    """Return what is said of settings that are refused."""
    with pytest.raises(ValidationError) as caught:
        InfluxSettings.model_validate({"url": URL, **values})
    return str(caught.value)


def test_either_generation_is_enough() -> None:
    """A database for 1.x, or org, bucket and token for 2.x; plain http to any host."""
    first = InfluxSettings(url=f"{URL}/", database="energy")
    second = InfluxSettings(url=URL, org="home", bucket="energy", token=SecretStr(CANARY))

    assert (first.url, first.lacks("v1")) == (URL, "")
    assert second.lacks("v2") == ""


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({}, "InfluxDB 1.x needs `database`; or InfluxDB 2.x needs `org`, `bucket`, `token`"),
        ({"api": "v1", "org": "home", "bucket": "energy", "token": CANARY}, "InfluxDB 1.x needs `database`"),
        ({"api": "v2", "database": "energy", "bucket": "energy"}, "InfluxDB 2.x needs `org`, `token`"),
        ({"database": "energy", "username": "anna"}, "`username` and `password` belong together"),
        ({"database": "energy", "password": CANARY}, "`username` and `password` belong together"),
        ({"database": ""}, "database"),
        ({"database": "two\nlines"}, "database"),
        ({"database": "energy", "api": "v3"}, "'auto', 'v1' or 'v2'"),
        ({"database": "energy", "tokn": CANARY}, "tokn"),
        ({"database": "energy", "url": f"http://anna:{CANARY}@influx"}, "must not hold a user or password"),
        ({"database": "energy", "url": "influx:8086"}, "not a web address"),
    ],
)
def test_refused(values: dict[str, object], words: str) -> None:
    """What is missing or wrong is said in words, with no secret in them."""
    said = refused(**values)

    assert words in said
    assert CANARY not in said


def test_no_secret_is_shown() -> None:
    """Settings can be printed, and named, without their secrets."""
    settings = InfluxSettings(
        url=URL, org="home", bucket="energy", token=SecretStr(CANARY), username="anna", password=SecretStr(CANARY)
    )

    assert CANARY not in f"{settings!r} {settings} {settings.target()} {settings.model_dump()}"


@pytest.mark.parametrize(
    ("values", "target"),
    [
        ({"database": "energy"}, f"{URL} energy"),
        ({"org": "home", "bucket": "power", "token": "t"}, f"{URL} power"),
        ({"database": "energy", "org": "home", "bucket": "power", "token": "t"}, f"{URL} power energy"),
        ({"database": "energy", "org": "home", "bucket": "power", "token": "t", "api": "v1"}, f"{URL} energy"),
        ({"database": "same", "org": "home", "bucket": "same", "token": "t"}, f"{URL} same"),
    ],
)
def test_target(values: dict[str, object], target: str) -> None:
    """A target is named by its URL and the database or bucket."""
    assert InfluxSettings.model_validate({"url": URL, **values}).target() == target


def test_database_of_a_connection() -> None:
    """A connection may have a database of its own on the same server, whatever its generation."""
    settings = InfluxSettings(url=URL, org="home", bucket="all", token=SecretStr(CANARY))

    own = settings.for_database("customer_7")

    assert (own.database, own.bucket, own.org, own.token) == ("customer_7", "customer_7", "home", settings.token)
    with pytest.raises(ValidationError):
        settings.for_database("")
