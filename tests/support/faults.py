"""A server on a real loopback port that answers each request with a fault of the test's choice.

    with FaultServer(status(503), reset(), answer(b"{}")) as server:
        ...  # the first request gets a 503, the second a reset, all others {}

A fault is a function that gets the `Wire`, once a whole request has been read, and does to it what it likes;
it returns whether the connection is still fit for another request.
"""

from __future__ import annotations

import gzip
import socket
import socketserver
import struct
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping
    from types import TracebackType


@dataclass(frozen=True)
class Seen:
    """A request as it arrived; `at` is by the monotonic clock, `connection` counts from 0."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    connection: int
    at: float = field(default_factory=time.monotonic)


@dataclass(frozen=True)
class Wire:
    """The server's end of a connection."""

    socket: socket.socket
    stopped: threading.Event

    def send(self, data: bytes) -> None:
        """Send all of it."""
        self.socket.sendall(data)


Fault = Callable[[Wire], bool]


class FaultServer:
    """The n-th request gets the n-th fault, and all later ones the last."""

    def __init__(self, *faults: Fault, tls: ssl.SSLContext | None = None) -> None:
        """Listen on a free loopback port; requests are answered inside the `with` block."""
        self.seen: list[Seen] = []
        self._faults = faults
        self._lock = threading.Lock()
        self._stopped = threading.Event()
        self._sockets: list[socket.socket] = []
        self._server = _Listener(("127.0.0.1", 0), _Connection)
        self._server.serve = self._serve
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self.port: int = self._server.server_address[1]
        self.url = f"https://localhost:{self.port}" if tls else f"http://127.0.0.1:{self.port}"
        self._tls = tls

    def __enter__(self) -> Self:
        """Begin to answer."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Stop, in the middle of answers too, and leave no thread or socket."""
        self._stopped.set()
        self._server.shutdown()
        for connection in self._sockets:
            with suppress(OSError):  # closed long since
                connection.shutdown(socket.SHUT_RDWR)
        self._server.server_close()
        self._thread.join()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            number = len(self._sockets)
            self._sockets.append(connection)
        # The client goes away in the middle of many a fault.
        with suppress(OSError):
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            wire = Wire(connection, self._stopped)
            with connection, connection.makefile("rb") as stream:
                while (seen := _read_request(stream, number)) and self._next(seen)(wire):
                    pass

    def _next(self, seen: Seen) -> Fault:
        with self._lock:
            self.seen.append(seen)
            return self._faults[min(len(self.seen), len(self._faults)) - 1]


class _Listener(socketserver.ThreadingTCPServer):
    serve: Callable[[socket.socket], None]


class _Connection(socketserver.BaseRequestHandler):
    server: _Listener

    def handle(self) -> None:
        self.server.serve(self.request)


def _read_request(stream: IO[bytes], connection: int) -> Seen | None:
    """Return the next request of a connection; None where the client sends no more."""
    method, target, _ = (stream.readline().decode("ascii").split() or ["", "", ""])[:3]
    if not method:
        return None
    headers = {}
    while line := stream.readline().decode("ascii").strip():
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return Seen(method, target, headers, stream.read(int(headers.get("content-length", 0))), connection)


def head(status: int, headers: Mapping[str, str]) -> bytes:
    """Return the status line and the headers, with the empty line that ends them."""
    lines = [f"HTTP/1.1 {status} Said", *(f"{name}: {value}" for name, value in headers.items()), "", ""]
    return "\r\n".join(lines).encode("ascii")


def answer(body: bytes, code: int = 200, **headers: str) -> Fault:
    """Answer as a server should; `retry_after="3"` becomes the header Retry-After."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}

    def send(wire: Wire) -> bool:
        wire.send(head(code, {"Content-Length": str(len(body))} | named) + body)
        return True

    return send


def status(code: int, **headers: str) -> Fault:
    """Answer with a status and an empty body."""
    return answer(b"", code, **headers)


def cut_short(body: bytes) -> Fault:
    """Announce the whole body, send half of it, and close."""
    return _sent(head(200, {"Content-Length": str(len(body))}) + body[: len(body) // 2])


def bad_chunk() -> Fault:
    """Send a chunk whose size is no number."""
    return _sent(head(200, {"Transfer-Encoding": "chunked"}) + b"zz\r\n[1]\r\n0\r\n\r\n")


def unended_chunks() -> Fault:
    """Send a chunk and close, without the chunk that ends a body."""
    return _sent(head(200, {"Transfer-Encoding": "chunked"}) + b"3\r\n[1]\r\n")


def until_close(body: bytes, **headers: str) -> Fault:
    """Send a body without its length: for HTTP it ends, well, wherever the connection does."""
    return _sent(head(200, {"Connection": "close"} | {k.replace("_", "-"): v for k, v in headers.items()}) + body)


def not_http() -> Fault:
    """Send what is no HTTP at all."""
    return _sent(b"220 mail.example ESMTP\r\n")


def reset() -> Fault:
    """Answer with a TCP reset."""

    def abort(wire: Wire) -> bool:
        # A linger of zero seconds makes closing a reset; `shutdown` in its place would be a polite end.
        wire.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        wire.socket.close()
        return False

    return abort


def silence() -> Fault:
    """Say nothing, for ever."""

    def wait(wire: Wire) -> bool:
        wire.stopped.wait()
        return False

    return wait


def dripping(start: bytes, drop: bytes, pause_s: float = 0.02) -> Fault:
    """Send the start, then drop after drop, for ever."""

    def drip(wire: Wire) -> bool:
        wire.send(start)
        while not wire.stopped.wait(pause_s):
            wire.send(drop)
        return False

    return drip


def dripping_header() -> Fault:
    """Send a header without end, byte by byte."""
    return dripping(b"HTTP/1.1 200 OK\r\nX-Long: ", b"a")


def dripping_body() -> Fault:
    """Send a body without end, byte by byte."""
    return dripping(head(200, {"Connection": "close"}), b" ")


def dripping_chunk() -> Fault:
    """Send chunk extensions without end, so that no byte of the body ever comes."""
    return dripping(head(200, {"Transfer-Encoding": "chunked"}) + b"1;", b"a")


def interim_for_ever(pause_s: float = 0.02) -> Fault:
    """Say "102 Processing" again and again."""
    return dripping(b"", head(102, {}), pause_s)


def bomb(megabytes: int) -> Fault:
    """Answer with zeros that gzip has made a thousand times smaller."""
    return answer(gzip.compress(bytes(megabytes * 1024 * 1024)), Content_Encoding="gzip")


def _sent(data: bytes) -> Fault:
    def send(wire: Wire) -> bool:
        wire.send(data)
        return False

    return send
