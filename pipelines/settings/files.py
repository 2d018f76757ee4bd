"""The files of the settings: `wattline.toml`, `connections.d/*.toml` and the secrets folder."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any, Final

from pydantic_settings import TomlConfigSettingsSource

from connectors.connection import where_to_give
from pipelines.settings.model import MODEL
from pipelines.settings.tables import is_known, is_secret

if TYPE_CHECKING:
    from pathlib import Path

    from pipelines.settings.layers import Layers
    from pipelines.settings.tables import Tree

MANAGED: Final = ("/run/secrets", "/var/run/secrets")
"""Where container engines put secrets, with modes that the user doesn't choose."""


def read_toml(path: Path, shown: str, layers: Layers) -> dict[str, Any]:
    """Return a TOML file's tree without the secrets in it, each of which is a problem."""
    try:
        tree = TomlConfigSettingsSource(MODEL, toml_file=path).toml_data
    except UnicodeDecodeError:
        layers.unreadable(f"{shown}: is not UTF-8 text; save it as UTF-8")
    except ValueError as error:
        layers.unreadable(f"{shown}: is not valid TOML: {error}; correct it")
    else:
        return _without_secrets(tree, tree, shown, layers)
    return {}


def read_connections(folder: Path, shown: str, layers: Layers) -> None:
    """Lay the files of `connections.d` over the TOML file; each holds `[connections.NAME]` tables and nothing else."""
    for path in sorted(folder.glob("[!.]*.toml")):
        _add_connections(path, f"{shown}/{path.name}", layers)


def _add_connections(path: Path, shown: str, layers: Layers) -> None:
    tree = read_toml(path, shown, layers)
    layers.problems.extend(
        f"{key}: does not belong in {shown}, which holds only [connections.NAME] tables; move it to wattline.toml"
        for key in tree
        if key != "connections"
    )
    added, known = tree.get("connections", {}), layers.tree.get("connections", {})
    if not isinstance(added, dict):
        layers.problems.append(f"connections: must be tables, such as [connections.home] (in {shown})")
        return
    if not isinstance(known, dict):
        return  # as `wattline.toml` has it, and as it will be refused
    for name in sorted(added.keys() & known.keys()):
        first = layers.origin(("connections", name)).removeprefix("in ")
        layers.problems.append(f"connections.{name}: is given twice, in {first} and in {shown}; rename or remove one")
    layers.add({"connections": added}, lambda _: f"in {shown}")


def read_secrets(folder: Path, shown: str, layers: Layers, *, systemd: str | None) -> dict[str, str]:
    """Return the text of each secret file by its name; `systemd` is its credentials folder, if there is one.

    Not pydantic-settings' own source: that reads a file which all users can read without a word, and its
    errors name no file.
    """
    managed = any(folder.is_relative_to(place) for place in (*MANAGED, systemd) if place)
    secrets: dict[str, str] = {}
    for path in sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith(".")):
        name = f"{shown}/{path.name}"
        if not is_known(path.name):
            if not managed:
                layers.warnings.append(f"{name}: is not read; name it by its key, such as connections__home__token")
            continue
        try:
            secrets[path.name] = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            layers.unreadable(f"{name}: is not UTF-8 text; write the secret into it again")
        if not managed and path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            layers.warnings.append(f"{name}: is open to others on this machine; run: chmod 600 {path}")
    return secrets


def _without_secrets(table: Tree, tree: Tree, shown: str, layers: Layers, path: tuple[str, ...] = ()) -> dict[str, Any]:
    kept = {}
    for key, value in table.items():
        here = (*path, key)
        if is_secret(here, tree):
            layers.problems.append(
                f"{'.'.join(here)}: is a secret, which {shown} must not hold; remove it there and give it"
                f" {where_to_give(*here)}"
            )
        else:
            kept[key] = _without_secrets(value, tree, shown, layers, here) if isinstance(value, dict) else value
    return kept
