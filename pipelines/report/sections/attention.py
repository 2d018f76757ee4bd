"""How every connection is doing, what is wrong, and who must act."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.commands.standing import contact, remarks
from pipelines.commands.status import is_well, named
from pipelines.report import words
from pipelines.report.html import element

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from pipelines.commands.status import NamedSeries
    from pipelines.report.gather import Gathered
    from pipelines.report.html import Html
    from pipelines.status import ConnectionStatus


def attention(gathered: Gathered) -> Html:
    """Return every connection with what there is to say of it; those that somebody must look at come first."""
    series = [named(one.status, point.name) for point in gathered.points for one in point.series.values()]
    told = sorted(gathered.connections, key=lambda one: is_well(one[0]))
    failing = sum(not is_well(connection) for connection, _ in told)
    waiting = sum(_is_new(connection) for connection, _ in told)
    title = "All connections are well" if told else "No connection is configured"
    if failing or waiting:
        counts = ((failing, "to look at"), (waiting, "never asked"))
        title = ", ".join(f"{words.counted(count, 'connection')} {what}" for count, what in counts if count)
    return element(
        "details",
        element("summary", element("h2", title)),
        element("ul", *(_connection(connection, zone, series) for connection, zone in told), class_="connections"),
        class_="attention",
        id="attention",
        open=bool(failing or waiting),
    )


def _connection(connection: ConnectionStatus, zone: ZoneInfo, series: list[NamedSeries]) -> Html:
    mine = [one for one in series if (one.source, one.connection) == (connection.source, connection.connection)]
    lines = remarks(connection, mine)
    state = "bad" if not is_well(connection) else "notice" if lines or _is_new(connection) else "well"
    name = element("strong", f"{connection.source}/{connection.connection}")
    inner = element("ul", *(element("li", line.strip()) for line in lines)) if lines else None
    return element("li", name, f": {contact(connection, zone)}", inner, class_=state)


def _is_new(connection: ConnectionStatus) -> bool:
    """Tell whether it was never asked, which is neither well nor unwell."""
    return connection.cause is None and connection.last_contact is None
