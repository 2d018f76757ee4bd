"""The one place where a fault in the settings becomes words: the key, what is wrong, the fix; never a value."""

from __future__ import annotations

import difflib
import json
from typing import TYPE_CHECKING, Final

from pydantic_core import PydanticUndefined

from connectors.connection import variable
from connectors.registry import SOURCES
from pipelines.settings.model import SOURCE_MISSING, SOURCE_UNKNOWN
from pipelines.settings.tables import fields_at, models_at

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic.fields import FieldInfo
    from pydantic_core import ErrorDetails

    from pipelines.settings.layers import Layers
    from pipelines.settings.tables import Path

_NUMBER: Final = dict.fromkeys(
    (
        "int_type",
        "int_parsing",
        "int_parsing_size",
        "int_from_float",
        "finite_number",
        "greater_than_equal",
        "less_than_equal",
    ),
    "must be a whole number",
)
_LIST: Final = dict.fromkeys(("tuple_type", "list_type"), "must be a list")
_TABLE: Final = dict.fromkeys(("dict_type", "model_type", "model_attributes_type"), "must be a table")
_WORDS: Final[Mapping[str, str]] = {
    **_NUMBER,
    **_LIST,
    **_TABLE,
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text, in quotes",
    "string_too_short": "must not be empty",
    "too_short": "must not be empty",
    "string_pattern_mismatch": "has a character that may not stand there",
    "path_type": "must be a path, in quotes",
}


class SettingsError(Exception):
    """The settings are not usable; the user must act. One line for each problem, safe to show."""

    def __init__(self, problems: Iterable[str]) -> None:
        """Keep the lines."""
        self.problems = tuple(problems)
        super().__init__("\n".join(self.problems))


def describe(error: ErrorDetails, layers: Layers) -> str:
    """Return the line for one of pydantic's findings. The value itself is left out: it may be a misplaced secret."""
    path: Path = tuple(step for step in error["loc"] if step != "[key]")
    if error["type"] == SOURCE_UNKNOWN and path[0] == "connections":
        path = (*path, "source")
    origin = "" if error["type"] == "missing" else layers.origin(path)
    # These lines stand in Dagster, too, where no metering point's id may.
    shown = (path[0], "*") if path[0] == "names" and len(path) > 1 else path
    return f"{_dotted(shown)}: {_words(error, path, layers)}" + (f" ({origin})" if origin else "")


def _words(error: ErrorDetails, path: Path, layers: Layers) -> str:
    kind, context = error["type"], error.get("ctx", {})
    if kind == "value_error":
        return str(context["error"])
    if kind == "missing":
        return "is missing; " + _where_to_set(path)
    if kind == "extra_forbidden":
        keys = [key for model in models_at(path[:-1], layers.tree) for key in model.model_fields]
        return "no such key; " + _suggestion(path[-1], keys, f"the keys are {', '.join(keys)}")
    sources = f"the sources are {', '.join(SOURCES)}"
    if kind == SOURCE_UNKNOWN:
        return "no such source; " + _suggestion(context["name"], SOURCES, sources)
    if kind == SOURCE_MISSING:
        others = [name for name in layers.tree["connections"] if name != path[-1]]
        return "no source given; " + _suggestion(path[-1], others, f"set it; {sources}")
    return f"must be {context['expected']}" if kind == "literal_error" else _demand(kind, path, layers)


def _where_to_set(path: Path) -> str:
    names = [step for step in path if isinstance(step, str)]
    inside_a_list = len(names) < len(path)
    return "add it" if inside_a_list else f"set it in wattline.toml, or as {variable(*names)} in the environment"


def _suggestion(word: object, known: Iterable[str], otherwise: str) -> str:
    close = difflib.get_close_matches(str(word).lower(), list(known), n=1)
    return f"did you mean {close[0]}?" if close else otherwise


def _demand(kind: str, path: Path, layers: Layers) -> str:
    words = _WORDS.get(kind, "is not valid")
    field = next(iter(fields_at(path, layers.tree)), None)
    if kind in _TABLE:
        words += f" [{_dotted(path)}]"
    elif field is not None:
        words += _bounds(field) + _example(field)
    if kind in {**_LIST, **_TABLE} and layers.origin(path).startswith("from"):
        words += ", written as JSON"
    return words


def _bounds(field: FieldInfo) -> str:
    bounds = {key: getattr(item, key) for item in field.metadata for key in ("ge", "le") if hasattr(item, key)}
    return f" from {bounds['ge']} to {bounds['le']}" if bounds else ""


def _example(field: FieldInfo) -> str:
    example = field.examples[0] if field.examples else field.default
    if example is PydanticUndefined or example is None or isinstance(example, bool):
        return ""
    return f", such as {json.dumps(example, default=str)}"


def _dotted(path: Path) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")
