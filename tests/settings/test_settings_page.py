"""`docs/settings.md` says what the code does: every key, its default, its bounds, and examples that work."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from pydantic import SecretStr

from connectors.connection import variable
from connectors.influxdb.settings import InfluxSettings
from connectors.messages.settings import AlarmSettings, SmtpSettings
from connectors.registry import SOURCES
from pipelines.settings import AccessSettings, DagsterSettings, Settings, StoreSettings, SyncSettings
from pipelines.settings.tables import parts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic import BaseModel
    from pydantic.fields import FieldInfo

    from tests.settings.conftest import Installation

PAGE = (Path(__file__).parents[2] / "docs" / "settings.md").read_text(encoding="utf-8")
ROW = re.compile(r"\| `([a-zA-Z_.]+)` \| (.+?) \| (.+) \| `(.+)` \|")


class Row(NamedTuple):
    """A line of a table: the source it is about, if any, the key and the other columns."""

    source: str
    key: str
    default: str
    meaning: str
    example: str


def rows() -> list[Row]:
    """Return the lines of the tables of keys."""
    found = []
    for section in PAGE.split("\n### ")[1:]:
        heading, *lines = section.splitlines()
        source = re.search(r"source `(\w+)`", heading)
        found += [Row(source[1] if source else "", *match.groups()) for match in map(ROW.fullmatch, lines) if match]
    return found


def fields() -> dict[tuple[str, str], FieldInfo]:
    """Return every key that the models know, with the source it is about, if any."""
    tables: list[tuple[str, str, type[BaseModel]]] = [
        ("", "influxdb.", InfluxSettings),
        ("", "sync.", SyncSettings),
        ("", "store.", StoreSettings),
        ("", "dagster.", DagsterSettings),
        ("", "access.", AccessSettings),
        ("", "alarms.", AlarmSettings),
        ("", "alarms.smtp.", SmtpSettings),
        *((source.name, "connections.NAME.", source.settings) for source in SOURCES.values()),
    ]
    top = {key: field for key, field in Settings.model_fields.items() if key not in {"connections", "schedules"}}
    described = {prefix.removesuffix(".") for _, prefix, _ in tables}
    return {("", key): field for key, field in top.items() if key not in described} | {
        (source, prefix + key): field
        for source, prefix, model in tables
        for key, field in model.model_fields.items()
        if prefix + key not in described
    }


def default(field: FieldInfo) -> str:
    """Return a default as the page writes it."""
    if field.is_required():
        return "required"
    value = field.get_default(call_default_factory=True, validated_data={})
    return "none" if value is None else f"`{json.dumps(value, default=str)}`"


def required_keys(source: str, but: str) -> Iterator[str]:
    """Yield the lines without which no connection to this source loads, except one."""
    for key, field in SOURCES[source].settings.model_fields.items():
        if field.is_required() and key != but:
            yield f"{key} = {json.dumps(source if key == 'source' else (field.examples or [''])[0])}\n"


def test_every_key_stands_on_the_page_once_with_its_default() -> None:
    """The tables hold the models' keys with the models' defaults, and nothing else."""
    expected = {place: default(field) for place, field in fields().items()}
    expected |= {("", f"schedules.{name}"): f'`"{source.settings.daily_at}"`' for name, source in SOURCES.items()}

    assert {(row.source, row.key): row.default for row in rows()} == expected
    assert len(rows()) == len(expected)


def test_every_bound_and_every_secret_is_said() -> None:
    """What the models refuse is on the page: numbers out of bounds, and secrets in a TOML file."""
    for row in rows():
        field = fields().get((row.source, row.key))
        if field is None:
            continue
        bounds = [getattr(item, end) for end in ("ge", "le") for item in field.metadata if hasattr(item, end)]

        assert not bounds or "from {} to {}".format(*bounds) in row.meaning, row.key
        assert bool(parts(field.annotation, SecretStr)) == ("**secret**" in row.meaning), row.key


@pytest.mark.parametrize("row", rows(), ids=lambda row: f"{row.source} {row.key}".strip())
def test_every_example_works(installation: Installation, row: Row) -> None:
    """Each example loads where the page says it belongs, and is not the default over again."""
    table, _, key = row.key.replace("NAME", "home").rpartition(".")
    mail = {"host": "h", "sender": "a@example.org", "recipients": ["b@example.org"], "username": "u"}
    others = {
        "alarms.smtp": "".join(f"{other} = {json.dumps(value)}\n" for other, value in mail.items() if other != key),
        "connections": "".join(required_keys(row.source, but=key)) if row.source else "",
        "influxdb": "".join(
            f'{other} = "http://127.0.0.1"\n' for other in ("url", "database", "username") if other != key
        ),
    }.get(table if table == "alarms.smtp" else table.partition(".")[0], "")
    assert f"`{row.example}`" != row.default
    environ = {}
    text = (f"[{table}]\n" if table else "") + others
    if "**secret**" in row.meaning:
        environ[variable(*table.split("."), key)] = row.example
    else:
        text += f"{key} = {row.example}\n"
    if table in {"influxdb", "alarms.smtp"}:
        environ.setdefault(variable(*table.split("."), "password"), "x")
    installation.write("wattline.toml", text)

    settings = installation.load(**environ)

    installation.write("wattline.toml", "")
    assert settings != installation.load()


def test_the_whole_example_works(installation: Installation) -> None:
    """The sample file on the page loads as it stands."""
    sample = re.search(r"## An example\n\n((?:    .*\n|\n)+)", PAGE)
    assert sample
    installation.write("wattline.toml", sample[1])

    settings = installation.load()

    assert list(settings.connections) == ["home"]
    assert settings.influxdb is not None
    assert list(settings.names.values()) == ["Home"]
