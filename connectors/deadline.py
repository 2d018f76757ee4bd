"""One deadline over a whole exchange, however slowly the other side drips.

httpx bounds each wait, never their sum: its `read` starts anew with every piece that arrives, be it a byte of a
header, an interim answer or a part of a chunk. So the deadline is kept where all these waits end up: at the socket.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    import httpcore

_SLICE: Final = 64 * 1024
"""Bytes sent under one wait, so that the deadline is met between them where the other side reads slowly."""

_end: ContextVar[float] = ContextVar("end of the exchange, by the monotonic clock")


class DeadlinePassed(Exception):
    """The exchange has used up the time that it was given."""


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Let no wait of this thread on a `TimedBackend`'s sockets go on for longer than this, all together."""
    token = _end.set(monotonic() + seconds)
    try:
        yield
    finally:
        _end.reset(token)


def _at_most(timeout: float | None) -> float:
    left = _end.get() - monotonic()
    if left <= 0:
        raise DeadlinePassed
    return left if timeout is None else min(timeout, left)


class TimedStream:
    """A socket of httpcore's (its `NetworkStream`) whose waits end at the deadline."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        """Wrap an open socket."""
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        """Return what has arrived; nothing, where the other side has closed."""
        return self._stream.read(max_bytes, _at_most(timeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        """Send all of it."""
        for start in range(0, len(buffer), _SLICE):
            self._stream.write(buffer[start : start + _SLICE], _at_most(timeout))

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> TimedStream:
        """Return the same socket, encrypted."""
        return TimedStream(self._stream.start_tls(ssl_context, server_hostname, _at_most(timeout)))

    def close(self) -> None:
        """Close the socket."""
        self._stream.close()

    def get_extra_info(self, info: str) -> Any:  # noqa: ANN401 - httpcore's signature
        """Return what httpcore asks of its own socket."""
        return self._stream.get_extra_info(info)


class TimedBackend:
    """What opens httpcore's sockets (its `NetworkBackend`); each becomes a `TimedStream`."""

    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        """Wrap the backend that does the work."""
        self._backend = backend

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, **options: Any) -> TimedStream:  # noqa: ANN401 - httpcore's signature
        """Connect. Looking up a name is the system's own work and knows no timeout."""
        return TimedStream(self._backend.connect_tcp(host, port, _at_most(timeout), **options))
