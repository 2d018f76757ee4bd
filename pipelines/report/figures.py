"""A figure: title, a sentence on what it shows, the plot, and the same in a small table for who cannot see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pipelines.report.html import data, element

if TYPE_CHECKING:
    from pipelines.report.html import Content, Html


def figure(kind: str, title: str, sentence: str, values: object, table: Content) -> Html:
    """Return a figure that the page's script draws as `kind` out of `values`."""
    return element(
        "figure",
        element("figcaption", element("h4", title), element("p", sentence)),
        element("div", class_="controls"),
        element("div", class_="drawing", role="group", aria_label=f"{title}. {sentence}"),
        data(values),
        element("details", element("summary", "As a table"), table, class_="as-table"),
        class_="plot",
        data_kind=kind,
    )
