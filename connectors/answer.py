"""What an answer over HTTP means: its status, its `Retry-After`, its coding. Pure; knows no client library."""

from __future__ import annotations

import re
import zlib
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from connectors.errors import OutsideError, RenewCredential, SourceChanged, TryLater

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

PIECE: Final = 64 * 1024
"""The most bytes that inflating yields at once, so that a bomb is cut after its first pieces."""

_SECONDS: Final = re.compile(r"[0-9]{1,9}")
_GZIP: Final = 16 + zlib.MAX_WBITS
_BUSY: Final = frozenset({HTTPStatus.REQUEST_TIMEOUT, HTTPStatus.TOO_EARLY, HTTPStatus.TOO_MANY_REQUESTS})


class Passing(Exception):
    """Worth another attempt; `error` is what to raise once no attempt is left."""

    def __init__(self, error: TryLater | SourceChanged) -> None:
        """Say in words what `error` says."""
        super().__init__(str(error))
        self.error = error

    @property
    def not_before(self) -> datetime | None:
        """The instant that the service asked to wait for."""
        return self.error.not_before if isinstance(self.error, TryLater) else None


def announced(retry_after: str | None, answered_at: datetime) -> datetime | None:
    """Return the instant before which a `Retry-After` (RFC 9110, 10.2.3) asks not to be asked again.

    None where there is no such header, where it is neither seconds nor a date, or where the date has passed.
    """
    text = (retry_after or "").strip()
    if _SECONDS.fullmatch(text):
        not_before = answered_at + timedelta(seconds=int(text))
    else:
        try:
            date = parsedate_to_datetime(text)
            # HTTP's dates are UTC by definition; two of its three old forms do not say so.
            not_before = (date if date.tzinfo else date.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            return None
    return not_before if not_before > answered_at else None


def verdict(
    label: str, status: int, headers: Mapping[str, str], answered_at: datetime
) -> OutsideError | Passing | None:
    """Return what is wrong by the status alone; None for a 2xx, and for a 4xx that only the caller can judge."""
    retry_after = headers.get("retry-after")
    quota = status == HTTPStatus.FORBIDDEN and retry_after is not None  # Azure API Management: out of call volume
    if status in _BUSY or quota or status // 100 == 5:  # noqa: PLR2004 - the class of the status
        not_before = announced(retry_after, answered_at)
        until = f", not before {not_before.isoformat(timespec='seconds')}" if not_before else ""
        return Passing(TryLater(f"{label}: answered {status}{until}", not_before=not_before, status=status))
    if status == HTTPStatus.UNAUTHORIZED:
        return RenewCredential(f"{label}: the credential is refused (401)")
    if status // 100 in (2, 4):
        return None
    if status // 100 == 3:  # noqa: PLR2004
        return SourceChanged(f"{label}: redirects ({status}), which is never followed")
    return SourceChanged(f"{label}: answered with an unknown status ({status})")


def inflated(pieces: Iterable[bytes], coding: str) -> Iterator[bytes]:
    """Yield the body without its `Content-Encoding`, in pieces of bounded size.

    Raises:
        ValueError: the coding is unknown, the bytes are not gzip, or they end before their end.
    """
    if coding.lower() in {"", "identity"}:
        yield from pieces
        return
    if coding.lower() not in {"gzip", "x-gzip"}:
        message = "a coding that was not asked for"
        raise ValueError(message)
    member = None
    try:
        for piece in pieces:
            rest = piece
            while rest:
                if member is None or member.eof:
                    member = zlib.decompressobj(_GZIP)
                yield member.decompress(rest, PIECE)
                rest = member.unconsumed_tail or member.unused_data
    except zlib.error as error:
        message = "not gzip"
        raise ValueError(message) from error
    if member and not member.eof:
        message = "gzip cut short"
        raise ValueError(message)
