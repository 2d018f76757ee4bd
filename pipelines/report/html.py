"""HTML out of Python values: whatever is not HTML already is escaped, so that a name is text and nothing else."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


Content = str | None
"""What an element may hold: text, `Html`, or nothing."""


def escaped(content: Content) -> Html:
    """Return content as HTML."""
    if isinstance(content, Html):
        return content
    return Html(html.escape(content)) if content else Html()


def joined(*content: Content) -> Html:
    """Return contents as HTML, one after another."""
    return Html("".join(map(escaped, content)))


def element(tag: str, *content: Content, **attributes: str | bool | None) -> Html:
    """Return an element; `class_` is the attribute `class`, `data_kind` is `data-kind`.

    An attribute that is True has no value, and one that is None or False is left out.
    """
    words = [tag]
    for key, value in attributes.items():
        if value is not None and value is not False:
            name = key.rstrip("_").replace("_", "-")
            words.append(name if value is True else f'{name}="{html.escape(value)}"')
    return Html(f"<{' '.join(words)}>{joined(*content)}</{tag}>")


def void(tag: str, **attributes: str | bool | None) -> Html:
    """Return an element that holds nothing, such as `input`."""
    return Html(element(tag, **attributes).removesuffix(f"</{tag}>"))


def data(value: object, name: str | None = None) -> Html:
    """Return values for the page's script: JSON in which no character can end the element or begin another."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    for character in "<>&":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return element("script", Html(text), type="application/json", id=name)


def table(
    heads: Sequence[str], rows: Sequence[Sequence[Content]], *, caption: str | None = None, naming: int = 1
) -> Html:
    """Return a table that may be wider than the screen; the first `naming` cells of a row say what it is about."""
    head = element("tr", *(element("th", name, scope="col") for name in heads))
    body = [
        element(
            "tr",
            *(
                element("th", cell, scope="row") if place < naming else element("td", cell)
                for place, cell in enumerate(row)
            ),
        )
        for row in rows
    ]
    inside = joined(element("caption", caption) if caption else None, element("thead", head), element("tbody", *body))
    return element("div", element("table", inside), class_="wide", tabindex="0", role="region", aria_label=caption)
