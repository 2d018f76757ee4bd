"""`wattline forget`: erase what a connection brought, or a metering point, everywhere, and print the proof."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.assets import INFLUXDB, READINGS, key
from pipelines.commands.failures import FAILED, WELL
from pipelines.commands.output import say
from pipelines.commands.usage import UsageError, prepare_data_dir
from pipelines.forget.proof import Proof
from pipelines.forget.run import erase
from pipelines.forget.who import ComesBackError, of_connection, of_metering_point
from pipelines.launch import instance
from pipelines.settings import load
from schemas.time import utc_now

if TYPE_CHECKING:
    from collections.abc import Iterator

    import dagster as dg

    from pipelines.forget.who import Forgotten
    from pipelines.settings import Settings


def run(*, connection: str | None, metering_point: str | None) -> int:
    """Return the exit code.

    Raises:
        UsageError: not just one of the two is named, it is unknown, or the settings would bring it back.
        StoreBusyError: another process holds the lock for too long.
        OutsideError: a database does not answer; the store is untouched then.
    """
    if (connection is None) == (metering_point is None):
        message = "name what to forget: --connection N, or --metering-point ID"
        raise UsageError(message)
    settings, now = load(), utc_now()
    prepare_data_dir(settings)
    try:
        if connection is not None:
            found = of_connection(settings, connection, now)
        else:
            found = of_metering_point(settings, "".join((metering_point or "").split()), now)
    except ComesBackError as error:
        raise UsageError(str(error)) from None
    if not found:
        say("Nothing of it is here: it was never read, or is forgotten already.")
        return WELL
    proofs = [proof for forgotten in found for proof in _everywhere(settings, forgotten)]
    for proof in proofs:
        say(_told(proof))
    say("Exports, backups and other copies that you made are not touched.")
    return WELL if all(proof.failed is None and proof.left == 0 for proof in proofs) else FAILED


def _everywhere(settings: Settings, forgotten: Forgotten) -> Iterator[Proof]:
    source = forgotten.flow.source.name
    for proof in erase(settings, forgotten):
        yield Proof(f"{source}: {proof.place}", proof.before, proof.left, proof.failed)
    if forgotten.whole is not None:
        yield Proof(f"{source}: Dagster", *_wiped(settings, source, forgotten.whole))


def _wiped(settings: Settings, source: str, connection: str) -> tuple[int, int]:
    """Take the connection's assets out of the UI; runs that were about others, too, keep their logs."""
    keys = [key(source, connection, stage) for stage in (READINGS, INFLUXDB)]

    def known(opened: dg.DagsterInstance) -> list[dg.AssetKey]:
        return [each for each in keys if opened.has_asset_key(each)]

    with instance(settings) as opened:
        before = known(opened)
        if before:
            opened.wipe_assets(before)
        return len(before), len(known(opened))


def _told(proof: Proof) -> str:
    if proof.failed is not None:
        return f"{proof.place}: NOT ERASED: {proof.failed}"
    return f"{proof.place}: {proof.before:,} erased, {proof.left:,} left"
