"""One way to time and to print."""

from __future__ import annotations

from time import perf_counter
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def best_of(times: int, work: Callable[[], T]) -> tuple[float, T]:
    """Run the work several times; return the shortest time in seconds, which other load disturbs least."""
    best, result = None, None
    for _ in range(times):
        begin = perf_counter()
        result = work()
        took = perf_counter() - begin
        best = took if best is None else min(best, took)
    if best is None or result is None:
        message = "nothing was run, or it returned nothing"
        raise ValueError(message)
    return best, result


def show(what: str, figure: str) -> None:
    """Print one figure."""
    print(f"{what:<68} {figure:>18}", flush=True)
