"""The sandbox's front page: what is served, under which base URL, with which token."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from starlette.responses import HTMLResponse

from sandbox.leneda import page as leneda

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from starlette.requests import Request

    from sandbox.world import World

_PAGE: Final = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Wattline sandbox</title></head>
<body>
<h1>Wattline sandbox</h1>
<p>Simulated operators' APIs. Nothing here is anybody's reading. The time is {now}.</p>
<h2>Base URLs</h2>
<ul>{operators}</ul>
<h2>Elvia's tokens</h2>
<table border="1" cellpadding="4">
<tr><th>token</th><th>metering points</th><th>what lives there</th></tr>
{tokens}
</table>
<h2>Leneda's users</h2>
<table border="1" cellpadding="4">
<tr><th>API key</th><th>Energy ID</th><th>name</th><th>metering points</th></tr>
{users}
</table>
<p><a href="{accesses}">Data accesses</a>: approve, refuse or revoke them, as their owner.</p>
<h2>Control</h2>
<p><a href="/control/state">GET /control/state</a>; POST /control/faults, /control/corrections, /control/late,
/control/clock, /control/tokens, /control/leneda/access, /control/leneda/keys, /control/leneda/switches,
/control/leneda/oddities; DELETE /control/faults.</p>
</body>
</html>
"""


def handler(world: World, operators: Iterable[str]) -> Callable[[Request], Awaitable[HTMLResponse]]:
    """Return the page's request handler."""

    async def show(request: Request) -> HTMLResponse:
        base = str(request.base_url).rstrip("/")
        return HTMLResponse(
            _PAGE.format(
                now=escape(world.now().isoformat(timespec="seconds")),
                operators="".join(f"<li><code>{escape(f'{base}/{name}')}</code></li>" for name in operators),
                tokens="\n".join(_token_row(world, token) for token in world.tokens),
                users=leneda.front(world),
                accesses=leneda.PATH,
            )
        )

    return show


def _token_row(world: World, token: str) -> str:
    points = world.tokens[token].metering_points
    shown = ", ".join(points[:3]) + (f" and {len(points) - 3} more" if len(points) > 3 else "")  # noqa: PLR2004
    kinds = sorted({_kind(world, metering_point) for metering_point in points})
    state = " (deleted)" if world.tokens[token].deleted else ""
    return f"<tr><td>{escape(token + state)}</td><td>{escape(shown)}</td><td>{escape('; '.join(kinds))}</td></tr>"


def _kind(world: World, metering_point: str) -> str:
    household = world.households[metering_point]
    words = ["plus-customer" if household.produces else "household"]
    if household.innlandet:
        words.append("in Innlandet, never verified")
    return ", ".join([*words, f"contract from {household.contract_start:%Y-%m}"])
