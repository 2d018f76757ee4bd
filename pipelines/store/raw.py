"""Raw answers, landed before anything is made of them, so that normalising can be replayed without a call.

One zstd file an answer: a line of JSON that says when and what was asked, then the body as it came. No
credential is in it. They are kept for `raw_retention_days`.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from itertools import chain, count
from typing import TYPE_CHECKING

import zstandard

from connectors.base import Ask, Feed, RawAnswer
from pipelines.store.files import replacing
from schemas.time import Window

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


class RawAnswers:
    """The folder of raw answers: one folder a source and connection."""

    def __init__(self, folder: Path) -> None:
        """Name the folder; nothing is made yet."""
        self._folder = folder

    def land(self, source: str, connection: str, answer: RawAnswer) -> Path:
        """Keep an answer; return its file."""
        ask = answer.ask
        header = {
            "source": source,
            "connection": connection,
            "asked_at": answer.asked_at.isoformat(),
            "feed": ask.feed.value,
            "start": ask.window.start.isoformat(),
            "end": ask.window.end.isoformat(),
            "metering_points": ask.metering_points,
            "registers": ask.registers,
        }
        content = json.dumps(header).encode() + b"\n" + answer.body
        path = self._free(self._folder / source / connection, f"{_stamp(answer.asked_at)}-{ask.feed.value}")
        with replacing(path) as temporary:
            temporary.write_bytes(zstandard.ZstdCompressor(level=1).compress(content))
        return path

    def _free(self, folder: Path, name: str) -> Path:
        """Return the first file of that name that is not there yet: a coarse clock gives two answers one instant."""
        names = chain([name], (f"{name}-{number}" for number in count(2)))
        return next(path for each in names if not (path := folder / f"{each}.zst").exists())

    def read(self, path: Path) -> tuple[str, str, RawAnswer]:
        """Return the source, the connection and the answer that a file holds."""
        content = zstandard.ZstdDecompressor().decompress(path.read_bytes())
        line, body = content.split(b"\n", 1)
        header = json.loads(line)
        window = Window(datetime.fromisoformat(header["start"]), datetime.fromisoformat(header["end"]))
        points, registers = tuple(header["metering_points"]), tuple(header["registers"])
        ask = Ask(Feed(header["feed"]), window, points, registers)
        return header["source"], header["connection"], RawAnswer(ask, datetime.fromisoformat(header["asked_at"]), body)

    def files(self, source: str) -> list[Path]:
        """Return a source's files, oldest first within each connection."""
        return sorted((self._folder / source).glob("*/*.zst"))

    def drop_before(self, source: str, instant: datetime) -> int:
        """Remove what was asked before the instant; return how many files went."""
        limit = _stamp(instant)
        old = [path for path in self.files(source) if path.name < limit]
        for path in old:
            path.unlink(missing_ok=True)
        return len(old)

    def erase(self, source: str, metering_points: Collection[str], connection: str | None) -> tuple[int, int]:
        """Remove every answer that names one of the metering points, and all of a connection's.

        Returns:
            How many there were, and how many are left.
        """

        def naming() -> list[Path]:
            return [
                path
                for path in self.files(source)
                if path.parent.name == connection or _names(path, [point.encode() for point in metering_points])
            ]

        found = naming()
        for path in found:
            path.unlink()
        if connection is not None and (folder := self._folder / source / connection).is_dir():
            folder.rmdir()
        return len(found), len(naming())


def _names(path: Path, metering_points: Collection[bytes]) -> bool:
    # A call that named nobody has them in its answer alone.
    content = zstandard.ZstdDecompressor().decompress(path.read_bytes())
    return any(point in content for point in metering_points)


def _stamp(instant: datetime) -> str:
    """Write an instant so that the order of names is the order of time."""
    return f"{instant.astimezone(UTC):%Y%m%dT%H%M%S.%fZ}"
