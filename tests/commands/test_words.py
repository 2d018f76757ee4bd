"""Errors in words: who must act, for everything that can go wrong outside."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connectors.errors import OutsideError, RenewCredential
from connectors.influxdb import errors as influxdb_errors
from connectors.messages import message
from pipelines.commands.failures import explained
from pipelines.store.lock import StoreBusyError
from pipelines.who import who_must_act
from sandbox import debian

if TYPE_CHECKING:
    from collections.abc import Iterator

MODULES = (influxdb_errors, message, debian)
"""Where kinds of error are beside the common ones; they are known once these are imported."""


def every(kind: type[OutsideError]) -> Iterator[type[OutsideError]]:
    """Yield every kind of error below this one."""
    for below in kind.__subclasses__():
        yield below
        yield from every(below)


@pytest.mark.parametrize("cause", sorted({kind.cause for kind in every(OutsideError)}))
def test_every_failure_outside_names_who_must_act(cause: str) -> None:
    """Each cause has its own sentence, which begins with whose turn it is."""
    words = who_must_act(cause)

    assert words.startswith(("Nobody has to act", "You must act", "The developers must act"))
    assert words != who_must_act("something else")


def test_a_credential_is_to_be_given_where_its_connection_reads_it() -> None:
    """The sentence has the variable and the file of just that connection."""
    words = who_must_act("renew_credential", "elvia", "hytta")

    assert "WATTLINE_CONNECTIONS__HYTTA__TOKEN" in words
    assert "connections__hytta__token" in words


def test_known_errors_end_a_command_in_words() -> None:
    """What the services and the store say is passed on, with 1; what nobody foresaw is not."""
    refused = explained(RenewCredential("elvia: refused"))
    busy = explained(StoreBusyError("process 1 is writing"))

    assert refused is not None
    assert refused.words.startswith("elvia: refused. You must act")
    assert busy == ("process 1 is writing", 1)
    assert refused.code == 1
    assert explained(ZeroDivisionError()) is None
