"""What was read so far: one tree over the other, and where each value stood."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pipelines.settings.tables import Path, Tree


@dataclass
class Layers:
    """The merged tree, the origin of each value in it, what is wrong and what is only doubtful."""

    tree: dict[str, Any] = field(default_factory=dict)
    origins: dict[Path, str] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    complete: bool = True
    """False once a file could not be read: what it would have said is then not held against the others."""

    def add(self, tree: Tree, origin: Callable[[Path], str]) -> None:
        """Lay a tree over the others; `origin` says where the value at a path of it stood."""
        _merge(self.tree, tree)
        for leaf in _leaves(tree):
            self.origins[leaf] = origin(leaf)
            for around in nearest(leaf[:-1]):
                # What was a value, or an empty table, is a table with values now.
                self.origins.pop(around, None)

    def unreadable(self, problem: str) -> None:
        """Note that a file could not be read."""
        self.problems.append(problem)
        self.complete = False

    def origin(self, path: Path) -> str:
        """Return where the value at this path stood, or the table around it, or all that is in it; else nothing."""
        for around in nearest(path):
            if around in self.origins:
                return self.origins[around]
        below = {origin for leaf, origin in self.origins.items() if leaf[: len(path)] == path}
        return below.pop() if len(below) == 1 else ""


def nearest(path: Path) -> Iterator[Path]:
    """Yield the path and those of the tables around it, from the inside out."""
    for length in range(len(path), 0, -1):
        yield path[:length]


def _merge(below: dict[str, Any], above: Tree) -> None:
    for key, value in above.items():
        if isinstance(value, dict):
            table = below.get(key)
            below[key] = table if isinstance(table, dict) else {}
            _merge(below[key], value)
        else:
            below[key] = value


def _leaves(tree: Tree, path: Path = ()) -> Iterator[Path]:
    for key, value in tree.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, (*path, key))
        else:
            yield (*path, key)
