"""What tests run in processes of their own: `python -m tests.access.children LIMIT`."""

from __future__ import annotations

import sys

from connectors.leneda.source import LENEDA
from pipelines.access.plan import Planning
from pipelines.access.send import Sending
from pipelines.access.wish import OPTIONS, Wish
from pipelines.flow import Flow
from pipelines.settings import load
from schemas.time import utc_now


def main(owner: str, energy_id: str, pod: str) -> None:
    """Ask for access once a line comes in, so that many begin at the same time."""
    settings, access = load(), LENEDA.access
    flow = Flow(settings, LENEDA, utc_now())
    planning = Planning(settings, flow, access, "plant")
    planned = planning.one(Wish("", OPTIONS, owner, energy_id, (pod,), ("consumption",)))
    sending = Sending(settings, flow, access, "plant", planning.asked_for)
    assert planned.request is not None
    print("ready", flush=True)  # noqa: T201 - for the test that waits for it
    sys.stdin.readline()
    print(sending.send(planned.request).words, flush=True)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
