"""The one module that speaks HTTP: one service with its credential, its patience, and its errors in our words.

What httpx raises never leaves here, not even as a cause or context: its exceptions may hold the request, and so the
credential and the query with the metering points. Their classes are named in the message instead.
"""

from __future__ import annotations

import logging
import math
import re
import ssl
from base64 import b64encode
from contextlib import closing
from dataclasses import dataclass, field
from functools import cache
from http import HTTPStatus
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Final, Generic, Self, TypeVar

import httpx
from pydantic import SecretStr
from stamina import RetryingCaller
from stamina.instrumentation import RetryDetails, set_on_retry_hooks

from connectors.answer import Passing, inflated, verdict
from connectors.deadline import DeadlinePassed, TimedBackend, deadline
from connectors.errors import OurMistake, Refused, RenewCredential, SourceChanged, TryLater
from connectors.url import checked_url
from schemas.time import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime
    from types import TracebackType

__all__ = ["Http", "Policy", "Reply", "checked_url"]

T = TypeVar("T")

MAX_REFUSAL_BYTES: Final = 64 * 1024
"""How much of a refusal's body is kept."""

_PATH: Final = re.compile(r"/|(/[A-Za-z0-9._~!$&'()*+,;=:@%-]+)+/?")
_LOG: Final = logging.getLogger(__name__)

# Both write whole URLs, queries included.
for _chatty in ("httpx", "httpcore"):
    logging.getLogger(_chatty).setLevel(logging.WARNING)


def _say(details: RetryDetails) -> None:
    _LOG.warning("%s; asking again in %.0f s", details.caused_by, details.wait_for)


# stamina's own hook prints to standard output, where a command's result belongs.
set_on_retry_hooks([_say])


@dataclass(frozen=True)
class Policy:
    """How long one request may take and how often it is worth repeating. Times are in seconds."""

    total_s: float = 120.0
    """One whole exchange: connect, send, and every byte of the answer."""
    connect_s: float = 10.0
    read_s: float = 30.0
    """Between two reads."""
    max_body_bytes: int = 256 * 1024 * 1024
    """Counted while inflating, so that a bomb is cut."""
    attempts: int = 4
    """1 for requests that must not be sent twice."""
    patience_s: float = 60.0
    """An announced wait (`Retry-After`) that is longer ends the call as `TryLater`."""


@dataclass(frozen=True)
class Reply(Generic[T]):
    """An answer that was wanted: 2xx, whole, and readable."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    """By lower-case name."""
    body: bytes = field(repr=False)
    value: T = field(repr=False)
    """What `decode` made of the body."""
    answered_at: datetime
    """When the answer began to arrive, in UTC."""


class Http:
    """One service with its credential; a context manager; for any number of threads."""

    def __init__(
        self,
        base_url: str,
        *,
        service: str,
        headers: Mapping[str, SecretStr] | None = None,
        basic: tuple[str, SecretStr] | None = None,
        policy: Policy = Policy(),
        before_call: Callable[[], None] | None = None,
        plain_http: bool = False,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        """Prepare, without connecting.

        Args:
            base_url: https; http for this machine alone, or for any with `plain_http`.
            service: what messages call it.
            headers: sent with every request; the credential, where it is one.
            basic: user and password, where they are the credential.
            policy: how long and how often.
            before_call: called before every attempt: the rate budget. What it raises ends the request.
            plain_http: whether http may leave this machine.
            now: the clock.

        Raises:
            OurMistake: the settings should not have let this URL through.
            RenewCredential: the credential holds a character that no header can carry.
        """
        self._service, self._policy, self._before_call, self._now = service, policy, before_call, now
        try:
            self._base_url = checked_url(base_url, plain_http=plain_http)
        except ValueError as error:
            message = f"{service}: the base URL {error}"
            raise OurMistake(message) from None
        self._credentials = dict(headers or {})
        if basic:
            pair = f"{basic[0]}:{basic[1].get_secret_value()}"
            self._credentials["Authorization"] = SecretStr(f"Basic {b64encode(pair.encode()).decode()}")
        if not all(_carriable(secret.get_secret_value()) for secret in self._credentials.values()):
            message = f"{service}: the credential holds a character that no credential has; copy it again"
            raise RenewCredential(message)
        self._timeouts = httpx.Timeout(policy.read_s, connect=policy.connect_s, pool=policy.connect_s).as_dict()
        # The transport alone, without httpx's client: no cookies, no redirects, no proxies from the environment.
        self._transport = httpx.HTTPTransport(verify=_tls())
        pool: Any = self._transport._pool  # noqa: SLF001 - there is no public way to its sockets
        pool._network_backend = TimedBackend(pool._network_backend)  # noqa: SLF001
        self._repeat = RetryingCaller(
            attempts=policy.attempts, timeout=None, wait_initial=1.0, wait_max=30.0, wait_jitter=1.0
        ).on(self._worth_repeating)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        """Close."""
        self.close()

    def close(self) -> None:
        """Give the sockets back."""
        self._transport.close()

    def request(
        self,
        method: str,
        path: str,
        *,
        endpoint: str,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        decode: Callable[[bytes], T],
    ) -> Reply[T]:
        """Ask until there is a whole and readable answer, or no point in asking again.

        Args:
            method: such as GET.
            path: below the base URL, with a slash at its beginning; already encoded.
            endpoint: what messages call it; the path and the query are never in one.
            params: the query.
            content: the body to send.
            headers: on top of the service's own.
            decode: makes a value of the body. A `ValueError` says that the body is cut short or not as documented;
                an `OutsideError` goes through.

        Raises:
            TryLater: it failed for a reason that passes; `not_before` says until when, where that was announced.
            RenewCredential: 401.
            Refused: any other 4xx.
            SourceChanged: a redirect, an unknown status, a body over the cap, or one that no attempt could read.
            OurMistake: the path or a header is not one that HTTP can carry.
        """
        label = f"{self._service} {endpoint}"
        if not (_PATH.fullmatch(path) and all(_carriable(value) for value in (headers or {}).values())):
            message = f"{label}: the path or a header holds what HTTP cannot carry"
            raise OurMistake(message)
        sent = httpx.Headers({"Accept": "*/*", "Accept-Encoding": "gzip", "User-Agent": f"wattline/{_version()}"})
        sent.update(headers)
        sent.update({name: secret.get_secret_value() for name, secret in self._credentials.items()})
        url, extensions = self._base_url + path, {"timeout": self._timeouts}
        request = httpx.Request(method, url, params=params, headers=sent, content=content, extensions=extensions)
        failures: list[SourceChanged | TryLater] = []

        def attempt() -> Reply[T]:
            try:
                return self._attempt(label, request, decode)
            except Passing as passing:
                failures.append(passing.error)
                raise

        try:
            return self._repeat(attempt)
        except Passing:
            # A body cut short looks unreadable once; only a changed format does every time.
            error = next((failure for failure in reversed(failures) if isinstance(failure, TryLater)), failures[-1])
        raise error

    def _attempt(self, label: str, request: httpx.Request, decode: Callable[[bytes], T]) -> Reply[T]:
        if self._before_call is not None:
            self._before_call()
        problem: OurMistake | Passing
        body = b""
        try:
            with deadline(self._policy.total_s):
                status, headers, body, answered_at = self._exchange(label, request)
            return Reply(status, headers, body, decode(body), answered_at)
        except httpx.LocalProtocolError:
            problem = OurMistake(f"{label}: the method or the name of a header is not one of HTTP's")
        except (httpx.RequestError, DeadlinePassed) as error:
            problem = Passing(TryLater(f"{label}: no whole answer ({_classes(error)})"))
        except (ValueError, RecursionError) as error:
            problem = Passing(SourceChanged(f"{label}: the answer cannot be read ({type(error).__name__})", body=body))
        raise problem

    def _exchange(self, label: str, request: httpx.Request) -> tuple[int, dict[str, str], bytes, datetime]:
        with closing(self._transport.handle_request(request)) as response:
            answered_at, status, headers = self._now(), response.status_code, dict(response.headers)
            problem = verdict(label, status, headers, answered_at)
            if problem:
                raise problem
            pieces = inflated(response.iter_raw(), headers.get("content-encoding", ""))
            if status >= HTTPStatus.BAD_REQUEST:
                start = _start(pieces, MAX_REFUSAL_BYTES)[:MAX_REFUSAL_BYTES]
                message = f"{label}: refuses the request ({status})"
                raise Refused(message, status=status, body=start)
            body = _start(pieces, self._policy.max_body_bytes)
            if len(body) > self._policy.max_body_bytes:
                message = f"{label}: the answer is larger than {self._policy.max_body_bytes} bytes"
                raise SourceChanged(message)
        return status, headers, body, answered_at

    def _worth_repeating(self, error: Exception) -> bool | float:
        """Tell stamina whether to ask again, and after how many seconds where the service announced them."""
        if not isinstance(error, Passing) or error.not_before is None:
            return isinstance(error, Passing)
        wait = math.ceil((error.not_before - self._now()).total_seconds())
        return float(max(wait, 0)) if wait <= self._policy.patience_s else False


def _carriable(value: str) -> bool:
    """Tell whether a header can hold this value; if not, the libraries below would quote it in their errors."""
    return value.isascii() and value.isprintable() and value == value.strip()


def _start(pieces: Iterable[bytes], limit: int) -> bytes:
    """Return all of a body, or its start with the first piece that goes over the limit."""
    body = bytearray()
    for piece in pieces:
        body += piece
        if len(body) > limit:
            break
    return bytes(body)


def _classes(error: BaseException) -> str:
    """Name an error and its first cause by class: their texts may hold the URL."""
    first = error
    while cause := first.__cause__ or first.__context__:
        first = cause
    return " from ".join(dict.fromkeys([type(error).__name__, type(first).__name__]))


@cache
def _tls() -> ssl.SSLContext:
    """Return httpx's own context, which verifies certificates and host names; reading the roots takes its time."""
    context = httpx.create_ssl_context(trust_env=False)
    # Debian's Python would still speak TLS 1.0.
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


@cache
def _version() -> str:
    try:
        return version("wattline")
    except PackageNotFoundError:  # a checkout that nobody installed
        return "0"
