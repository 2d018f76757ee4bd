"""Nested names: `WATTLINE_SYNC__REREAD_DAYS` in the environment, `connections__home__token` in the secrets folder."""

from __future__ import annotations

import difflib
import os
from typing import TYPE_CHECKING, Final, get_origin

from pydantic import BaseModel
from pydantic_settings import EnvSettingsSource

from connectors.connection import PREFIX, variable
from connectors.registry import SOURCES
from pipelines.settings.layers import nearest
from pipelines.settings.model import MODEL, Settings
from pipelines.settings.tables import DELIMITER, is_known, parts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from pydantic.fields import FieldInfo

    from pipelines.settings.layers import Layers
    from pipelines.settings.tables import Path

CONFIG: Final = "config"
SECRETS_DIR: Final = "secrets_dir"


class _Nested(EnvSettingsSource):
    """Nested names as pydantic-settings reads them from the environment, but from any mapping."""

    def __init__(self, variables: Mapping[str, str]) -> None:
        self._variables = variables
        super().__init__(MODEL, case_sensitive=False, env_nested_delimiter=DELIMITER)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return self._variables

    def decode_complex_value(self, field_name: str, field: FieldInfo, value: object) -> object:
        try:
            return super().decode_complex_value(field_name, field, value)
        except ValueError:
            # Left as text, broken JSON is refused where its key is known.
            return value


def prefixed(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the product's variables by name in lower case and without the prefix."""
    return {name[len(PREFIX) :].lower(): value for name, value in environ.items() if name.upper().startswith(PREFIX)}


def add_variables(variables: Mapping[str, str], origin: Callable[[str], str], layers: Layers) -> None:
    """Lay nested names over what was read; `origin` says where the value of such a name stands.

    Blanks and line breaks around a value are cut off; an empty value is no value, since files end with a line
    break and compose passes a variable that is not set as an empty one.
    """
    # Sorted, a table as JSON comes before its own keys, which are then laid over it.
    given = {name.lower(): value.strip() for name, value in sorted(variables.items()) if value.strip()}
    written: dict[Path, str] = {tuple(name.lower().split(DELIMITER)): name for name in sorted(variables)}
    layers.add(_Nested(given)(), lambda path: next(origin(written[name]) for name in nearest(path) if name in written))


def unknown_variables(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return a sentence on each `WATTLINE_` variable that means nothing: a misspelt one is not even looked at."""
    known = [name.removeprefix(PREFIX) for name in _every_variable()]
    unknown = []
    for name in sorted(environ):
        bare = name.upper().removeprefix(PREFIX)
        if bare == name.upper() or bare.startswith("TEST_") or bare.lower() in {CONFIG, SECRETS_DIR} or is_known(bare):
            continue
        close = difflib.get_close_matches(bare, known, n=1)
        unknown.append(f"{name}: means nothing; " + (f"did you mean {PREFIX}{close[0]}?" if close else "remove it"))
    return unknown


def _every_variable() -> Iterator[str]:
    yield from (variable(CONFIG), variable(SECRETS_DIR))
    for section, field in Settings.model_fields.items():
        yield variable(section)
        yield from _below(field, section, *(["NAME"] if section == "connections" else []))
    yield from (variable("schedules", source) for source in SOURCES)


def _below(field: FieldInfo, *path: str) -> Iterator[str]:
    for model in parts(field.annotation, BaseModel):
        for key, inner in model.model_fields.items():
            yield variable(*path, key)
            # A table in a list has no name of its own.
            if get_origin(inner.annotation) is not tuple:
                yield from _below(inner, *path, key)
