"""The sources that the product knows: one line for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from connectors.elvia.source import ELVIA
from connectors.leneda.source import LENEDA

if TYPE_CHECKING:
    from collections.abc import Mapping

    from connectors.base import Source

_ALL: Final[tuple[Source, ...]] = (ELVIA, LENEDA)

SOURCES: Final[Mapping[str, Source]] = {source.name: source for source in _ALL}
"""Every source by its name, which is also its folder, its asset key's first part and its tag."""
