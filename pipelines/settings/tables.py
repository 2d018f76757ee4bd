"""Which model reads which table: the way from a key's path to what is known of the key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, get_args, get_origin

from pydantic import BaseModel, SecretStr

from connectors.registry import SOURCES
from pipelines.settings.model import Settings

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

Path = tuple[str | int, ...]
"""A key's place: the names of the tables around it, and numbers where a list is."""

Tree = Mapping[str, Any]
"""Tables in tables, as TOML and JSON give them."""

DELIMITER: Final = "__"
"""Stands between the parts of a path in the name of a variable or of a secret's file."""


def parts(annotation: object, kind: type) -> list[Any]:
    """Return the classes of this kind that a type is made of."""
    if isinstance(annotation, type) and issubclass(annotation, kind):
        return [annotation]
    return [part for inner in get_args(annotation) for part in parts(inner, kind)]


def models_at(path: Path, tree: Tree) -> list[type[BaseModel]]:
    """Return the models that may read the table at this path of the tree; none where no table is known.

    The table of a connection is read by the model of its source: by any, where it names no known one.
    """
    match path:
        case ():
            return [Settings]
        case ("connections", name):
            connections = tree.get("connections")
            table = connections.get(name) if isinstance(connections, dict) else None
            source = table.get("source") if isinstance(table, dict) else None
            known = [source] if isinstance(source, str) and source in SOURCES else list(SOURCES)
            return [SOURCES[source].settings for source in known]
        case (*parent, int()):
            return models_at(tuple(parent), tree)
        case _:
            return [model for field in fields_at(path, tree) for model in parts(field.annotation, BaseModel)]


def fields_at(path: Path, tree: Tree) -> list[FieldInfo]:
    """Return what is known of the key at this path of the tree, or of the list that the path leads into."""
    *parent, key = path
    if isinstance(key, int):
        return fields_at(tuple(parent), tree)
    return [model.model_fields[key] for model in models_at(tuple(parent), tree) if key in model.model_fields]


def is_secret(path: Path, tree: Tree) -> bool:
    """Tell whether the key at this path holds a secret; a table with a secret in it does not."""
    return any(parts(field.annotation, SecretStr) for field in fields_at(path, tree))


def is_known(name: str) -> bool:
    """Tell whether a nested name begins with a key that exists, and goes on only where that key has parts."""
    section, *inner = name.lower().split(DELIMITER)
    field = Settings.model_fields.get(section)
    if field is None:
        return False
    return not inner or get_origin(field.annotation) is dict or bool(parts(field.annotation, BaseModel))
