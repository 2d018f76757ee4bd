"""An installation's files in a folder of its own, as a user would write them."""

from __future__ import annotations

from dataclasses import dataclass
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest

from pipelines.settings import Settings, SettingsError, load

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Installation:
    """A working folder, and the ways to put settings into it."""

    folder: Path

    def write(self, name: str, text: str, mode: int = 0o600) -> Path:
        """Write a file; secrets are nobody else's by default."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")
        path.chmod(mode)
        return path

    def load(self, **environ: str) -> Settings:
        """Load with these variables and no others."""
        return load(environ, self.folder)

    def refusal(self, **environ: str) -> SettingsError:
        """Load, and return the error that must come."""
        with pytest.raises(SettingsError) as caught:
            self.load(**environ)
        return caught.value


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    """Return an installation without any settings."""
    return Installation(tmp_path)
