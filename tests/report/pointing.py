"""What tests do with the report in a browser: look for a figure, press its buttons, point into it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.support.chromium import Chromium


def tip(page: Chromium) -> str:
    """Return what is told beside the pointer."""
    told: str = page.ask("(tip => tip.hidden ? '' : tip.textContent)(document.getElementById('tip'))")
    return told.replace("\u202f", "").replace("\u00a0", " ")


def figure_of(page: Chromium, point: str, kind: str, number: int = 0) -> str:
    """Open a metering point, bring one of its figures onto the screen, and return how to find it."""
    page.ask(f"""(() => {{
      const point = [...document.querySelectorAll(".point")].find((one) => one.textContent.includes("point {point}"));
      point.open = true;
      const figure = point.querySelectorAll('figure[data-kind="{kind}"]')[{number}];
      document.querySelectorAll("[data-chosen]").forEach((one) => one.removeAttribute("data-chosen"));
      figure.dataset.chosen = "";
      figure.scrollIntoView({{ behavior: "instant" }});
    }})()""")
    for _ in range(3):
        page.settle()
    assert page.ask("document.querySelector('[data-chosen]').dataset.drawn") is not None
    return "document.querySelector('[data-chosen]')"


def click(page: Chromium, figure: str, label: str) -> None:
    """Press one of a figure's buttons."""
    page.ask(f"[...{figure}.querySelectorAll('button')].find((one) => one.textContent === {label!r}).click()")
    page.settle()


def hover(page: Chromium, figure: str, part: float) -> str:
    """Point into a figure's plot, a part of its width from the left, and return what is told."""
    box: Any = page.ask(
        f"(({{ left, top, width, height }}) => [left, top, width, height])"
        f"({figure}.querySelector('.u-over').getBoundingClientRect())"
    )
    page.point(0, 0)
    page.point(box[0] + part * box[2], box[1] + box[3] / 2)
    return tip(page)
