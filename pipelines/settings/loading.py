"""Reads every layer, lays one over the other, and checks the whole."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from connectors.connection import variable
from pipelines.settings.files import read_connections, read_secrets, read_toml
from pipelines.settings.layers import Layers
from pipelines.settings.model import Settings
from pipelines.settings.problems import SettingsError, describe
from pipelines.settings.variables import CONFIG, SECRETS_DIR, add_variables, prefixed

if TYPE_CHECKING:
    from collections.abc import Mapping


def load(environ: Mapping[str, str] = os.environ, folder: Path | None = None) -> Settings:
    """Return the settings as they are now; nothing is remembered from an earlier call.

    `folder` is the working folder unless said otherwise. Paths in `wattline.toml`, and the default of
    `data_dir`, are relative to that file's folder; paths in the environment to the working folder.

    Raises:
        SettingsError: a line for each problem: the key, what is wrong, the fix; no value, no secret.
    """
    layers = _layers(environ, folder)
    settings = _checked(layers) if layers.complete else None
    if settings is None or layers.problems:
        raise SettingsError(layers.problems)
    settings.note(layers.warnings)
    return settings


def load_alarms(environ: Mapping[str, str] = os.environ, folder: Path | None = None) -> Settings | None:
    """Return what settings that `load` refuses still say of alarms and of where state is kept; None where they don't.

    For whoever has to tell that they are refused; all else in it is the default.
    """
    tree = _layers(environ, folder).tree
    try:
        return Settings.model_validate({key: tree[key] for key in ("data_dir", "alarms") if key in tree})
    except ValidationError:
        return None


def _layers(environ: Mapping[str, str], folder: Path | None) -> Layers:
    layers = Layers()
    try:
        _read(environ, (folder or Path.cwd()).absolute(), layers)
    except OSError as error:
        layers.unreadable(
            f"{error.filename}: cannot be read: {error.strerror}; correct the path, or let this user read it"
        )
    return layers


def _read(environ: Mapping[str, str], here: Path, layers: Layers) -> None:
    variables = prefixed(environ)
    config, secrets_dir = variables.get(CONFIG, "").strip(), variables.get(SECRETS_DIR, "").strip()

    file = _place(config or "wattline.toml", here)
    if file.is_file():
        shown = _shown(file, here)
        layers.add(read_toml(file, shown, layers), lambda _: f"in {shown}")
    elif config or file.exists():
        named = variable(CONFIG) if config else file.name
        layers.unreadable(f"{named}: is no file that is there; correct the path or remove it")
    read_connections(file.parent / "connections.d", _shown(file.parent / "connections.d", here), layers)

    secrets: dict[str, str] = {}
    folder = _place(secrets_dir, here) if secrets_dir else file.parent / "secrets"
    if folder.is_dir():
        shown = _shown(folder, here)
        secrets = read_secrets(folder, shown, layers, systemd=environ.get("CREDENTIALS_DIRECTORY"))
        add_variables(secrets, lambda name: f"from {shown}/{name}", layers)
    elif secrets_dir:
        layers.unreadable(f"{variable(SECRETS_DIR)}: is no folder that is there; correct the path or remove it")
    add_variables(variables, lambda name: f"from {variable(name)}", layers)

    data_dir = layers.tree.setdefault("data_dir", "data")
    if isinstance(data_dir, str):
        given_outside = layers.origin(("data_dir",)).startswith("from")
        layers.tree["data_dir"] = _place(data_dir, here if given_outside else file.parent)


def _checked(layers: Layers) -> Settings | None:
    try:
        return Settings.model_validate(layers.tree)
    except ValidationError as error:
        layers.problems.extend(describe(finding, layers) for finding in error.errors(include_url=False))
    return None


def _place(text: str, base: Path) -> Path:
    path = Path(text)
    return base / (path.expanduser() if path.parts[:1] == ("~",) else path)


def _shown(path: Path, here: Path) -> str:
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
