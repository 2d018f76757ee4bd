"""influxdb-client has an HTTP library of its own: here it gets the patience and the errors of ours.

What it raises never leaves here, not even as a cause: its exceptions hold headers and whole bodies.
"""

from __future__ import annotations

import math
from time import sleep
from typing import TYPE_CHECKING, Final, TypeVar

from influxdb_client.client.exceptions import InfluxDBError
from influxdb_client.rest import ApiException
from urllib3.exceptions import HTTPError

from connectors.answer import Passing, verdict
from connectors.errors import Refused, SourceChanged, TryLater
from connectors.influxdb.errors import NotConfigured
from schemas.time import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable

    from connectors.errors import OutsideError
    from connectors.http import Policy

T = TypeVar("T")

_LONGEST_WAIT_S: Final = 30.0


def patiently(label: str, policy: Policy, request: Callable[[], T]) -> T:
    """Make a request, again where the reason passes, as often and as long as the policy allows.

    Raises:
        TryLater: the server is down, ill or busy; `not_before` where it announced until when.
        RenewCredential: 401.
        Refused: any other 4xx; the body has the server's words.
        SourceChanged: a redirect, an unknown status, or an answer that cannot be read.
        NotConfigured: the token sees no such organization.
    """
    attempt = 1
    while True:
        problem: OutsideError | Passing
        try:
            return request()
        except ApiException as error:
            problem = _judged(label, error)
        except InfluxDBError:
            problem = NotConfigured(f"{label}: the token sees no such `org`; one for all buckets does")
        except HTTPError as error:
            problem = Passing(TryLater(f"{label}: no whole answer ({type(error).__name__})"))
        except ValueError as error:
            problem = SourceChanged(f"{label}: the answer cannot be read ({type(error).__name__})")
        if not isinstance(problem, Passing):
            raise problem
        wait = _wait(problem, attempt)
        if attempt == policy.attempts or wait > policy.patience_s:
            raise problem.error
        sleep(wait)
        attempt += 1


def _judged(label: str, error: ApiException) -> OutsideError | Passing:
    if not error.status:  # a certificate that is not trusted
        return Passing(TryLater(f"{label}: no whole answer (TLS)"))
    headers = {name.lower(): value for name, value in (error.headers or {}).items()}
    body = error.body or b""
    return verdict(label, error.status, headers, utc_now()) or Refused(
        f"{label}: refuses the request ({error.status})",
        status=error.status,
        body=body.encode() if isinstance(body, str) else body,
    )


def _wait(problem: Passing, attempt: int) -> float:
    if problem.not_before is None:
        return min(2.0 ** (attempt - 1), _LONGEST_WAIT_S)
    return math.ceil((problem.not_before - utc_now()).total_seconds())
