"""One request for JSON, as the tests of the HTTP module make it, and the faults that it meets."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any, Final

import msgspec

from connectors.http import Http, Policy, Reply
from tests.support import faults

if TYPE_CHECKING:
    from tests.support.faults import FaultServer

BODY: Final = json.dumps([1, 2, 3]).encode()
FAST: Final = Policy(total_s=1.0, connect_s=1.0, read_s=0.5, attempts=3)
"""Ends what never ends; long enough for a server in the same process to answer, on a busy machine too."""

PASSING: Final = {
    "500": faults.status(500),
    "501": faults.status(501),
    "502": faults.status(502),
    "503": faults.status(503),
    "504": faults.status(504),
    "408": faults.status(408),
    "425": faults.status(425),
    "429": faults.status(429),
    "429 garbage": faults.status(429, Retry_After="soon"),
    "429 past": faults.status(429, Retry_After="Wed, 21 Oct 2015 07:28:00 GMT"),
    "cut short": faults.cut_short(BODY),
    "bad chunk": faults.bad_chunk(),
    "chunks without end": faults.unended_chunks(),
    "not HTTP": faults.not_http(),
    "reset": faults.reset(),
}
ENDLESS: Final = {
    "silence": faults.silence(),
    "dripping header": faults.dripping_header(),
    "dripping body": faults.dripping_body(),
    "dripping chunk": faults.dripping_chunk(),
    "interim for ever": faults.interim_for_ever(),
    "flood of interim": faults.interim_for_ever(0),
}
UNREADABLE: Final = {
    "HTML": faults.answer(b"<html><title>Maintenance</title></html>", Content_Type="text/html"),
    "empty": faults.answer(b""),
    "cut without a trace": faults.until_close(BODY[:-2]),
    "gzip cut": faults.until_close(gzip.compress(BODY)[:-6], Content_Encoding="gzip"),
    "not gzip": faults.answer(BODY, Content_Encoding="gzip"),
    "unknown coding": faults.answer(BODY, Content_Encoding="br"),
    "nested too deep": faults.answer(b"[" * 100_000),
}


def ask(server: FaultServer, policy: Policy = FAST, **settings: Any) -> Reply[Any]:  # noqa: ANN401 - whatever `Http` takes
    """Make one request that wants JSON."""
    with Http(server.url, service="elvia", policy=policy, **settings) as client:
        return client.request("GET", "/values", endpoint="metervalues", decode=msgspec.json.decode)
