"""What can go wrong outside, named by who must act.

    OutsideError
    ├── TryLater          nobody: time heals; `not_before` where somebody said when
    ├── RenewCredential   the user: the credential is refused
    ├── Refused           the caller decides: 4xx for just this request (no contract then, a bad line, ...)
    ├── SourceChanged     we, the developers: the answer is not what is documented
    └── OurMistake        we, the developers: the request should never have been made

Every message is safe to show: it names the service and the endpoint, never a credential, a query
string or a metering point.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


class OutsideError(Exception):
    """A request to an operator or to the database did not bring what was wanted."""

    cause = "outside"
    """One word for records and counts; the same for one cause on every connection."""


class TryLater(OutsideError):
    """Time heals this: the service is down, slow, cut off or asks for patience."""

    cause = "try_later"

    def __init__(self, message: str, *, not_before: datetime | None = None) -> None:
        """Keep the instant before which nothing may be asked, where one was announced."""
        super().__init__(message)
        self.not_before = not_before


class RenewCredential(OutsideError):
    """The credential is refused; only its owner can mend that."""

    cause = "renew_credential"


class Refused(OutsideError):
    """The service understood and refused just this request (a 4xx other than 401, 408, 425 and 429)."""

    cause = "refused"

    def __init__(
        self, message: str, *, status: int, body: bytes = b"", meaning: str = "", divisible: bool = True
    ) -> None:
        """Keep the status and the start of the body, for the caller to judge; neither is in the message.

        `meaning` is what this operator is known to mean by it, in words for people; `divisible` is false where it
        says the same of every part of what was asked.
        """
        super().__init__(message)
        self.status = status
        self.body = body
        self.meaning = meaning
        self.divisible = divisible


class SourceChanged(OutsideError):
    """The answer is not what is documented: HTML, another shape, a redirect, a body over the cap."""

    cause = "source_changed"

    def __init__(self, message: str, *, body: bytes = b"") -> None:
        """Keep what came instead of an answer, where all of it did."""
        super().__init__(message)
        self.body = body


class OurMistake(OutsideError):
    """The request broke a rule that we know of; nothing was sent, or the service proved us wrong."""

    cause = "our_mistake"
