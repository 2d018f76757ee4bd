"""The page on which a user of the sandbox plays the owner: who asks for what, to approve, refuse or revoke."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final
from urllib.parse import parse_qsl

from starlette.responses import HTMLResponse, RedirectResponse

from sandbox.leneda.access import State

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.responses import Response

    from sandbox.leneda.access import Access
    from sandbox.world import World

PATH: Final = "/control/leneda"
_BUTTONS: Final = {State.PENDING: ("approve", "refuse"), State.GRANTED: ("revoke",)}
_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Wattline sandbox: Leneda, data accesses</title></head>
<body>
<h1>Leneda: data accesses</h1>
<p>Here you are the owner of every simulated metering point. The time is {now}.</p>
<table border="1" cellpadding="4">
<tr><th>asked by</th><th>metering point</th><th>registers</th><th>state</th><th>since</th><th>decide</th></tr>
{accesses}
</table>
<p>{requests} requests, {false_attempts} false attempts. <a href="/">Back</a></p>
</body>
</html>
"""
_FORM: Final = (
    '<form method="post" action="{path}" style="display:inline">'
    '<input type="hidden" name="asker" value="{asker}">'
    '<input type="hidden" name="metering_point" value="{metering_point}">'
    '<button name="decision" value="{decision}">{decision}</button></form>'
)


def show(world: World) -> Response:
    """Return the page."""
    book = world.leneda.access
    return HTMLResponse(
        _PAGE.format(
            now=escape(world.now().isoformat(timespec="seconds")),
            accesses="\n".join(_rows(book.accesses)),
            requests=len(book.requests),
            false_attempts=len(book.false_attempts),
        )
    )


def fields(body: bytes) -> dict[str, str]:
    """Return the fields of a form."""
    return dict(parse_qsl(body.decode(errors="replace")))


def back() -> Response:
    """Send the browser to the page, so that a reload repeats nothing."""
    return RedirectResponse(PATH, 303)


def _rows(accesses: list[Access]) -> Iterator[str]:
    """Yield a row for each asker, metering point and state."""
    together: dict[tuple[str, str, State], list[Access]] = {}
    for access in accesses:
        together.setdefault((access.asker, access.metering_point, access.state), []).append(access)
    for (asker, metering_point, state), same in together.items():
        buttons = " ".join(
            _FORM.format(path=PATH, asker=escape(asker), metering_point=escape(metering_point), decision=decision)
            for decision in _BUTTONS.get(state, ())
        )
        since = max(access.since for access in same).isoformat(timespec="seconds")
        registers = ", ".join(access.register for access in same)
        cells = (asker, metering_point, registers, state, since)
        yield f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}<td>{buttons}</td></tr>"


def front(world: World) -> str:
    """Return what the sandbox's front page says about Leneda's users."""
    rows = [
        f"<tr><td>{escape(account.api_key or 'no key')}</td><td>{escape(account.energy_id)}</td>"
        f"<td>{escape(account.name)}</td><td>{_points(world, account.metering_points)}</td></tr>"
        for account in world.leneda.accounts.values()
    ]
    return "\n".join(rows)


def _points(world: World, codes: tuple[str, ...]) -> str:
    return "<br>".join(f"{escape(code)}: {escape(world.leneda.metering_points[code].name)}" for code in codes)
