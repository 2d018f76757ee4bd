"""What is wrong, and who must act; or that nothing is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.commands.standing import faults
from pipelines.report.html import element

if TYPE_CHECKING:
    from pipelines.report.gather import Gathered
    from pipelines.report.html import Html


def attention(gathered: Gathered) -> Html:
    """Return every connection that somebody must look at."""
    series = [one.status for point in gathered.points for one in point.series.values()]
    items = []
    for connection, zone in gathered.connections:
        mine = [one for one in series if one.connection == connection.connection]
        lines = faults(connection, mine, zone)
        if lines:
            name = element("strong", f"{connection.source}/{connection.connection}")
            items.append(element("li", name, element("ul", *(element("li", line) for line in lines))))
    if not gathered.connections:
        return element("section", element("p", "No connection is configured."), class_="attention", id="attention")
    if not items:
        return element(
            "section", element("p", "Nothing needs your attention."), class_="attention well", id="attention"
        )
    return element(
        "section", element("h2", "Needs attention"), element("ul", *items), class_="attention", id="attention"
    )
