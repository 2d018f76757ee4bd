"""Every operator of the registry with its sandbox, one line for each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.contract.elvia import SimulatedElvia
from tests.contract.leneda import SimulatedLeneda

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sandbox.serve import Sandbox
    from tests.contract.simulated import Simulated

OPERATORS: Final[Mapping[str, Callable[[Sandbox], Simulated]]] = {
    "elvia": SimulatedElvia,
    "leneda": SimulatedLeneda,
}
