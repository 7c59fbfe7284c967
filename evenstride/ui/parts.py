"""The report's pictures on a page of the app: same templates, same style sheet."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any

import streamlit as st

from evenstride import words
from evenstride.report import charts
from evenstride.report.page import environment

#: How to film it: what each picture shows, for those who can't see it.
PICTOGRAMS = {
    "side": "Seen from above: a person walks along a line; the camera stands 3 to 5 meters away, square to it.",
    "both": "One walker goes to the right, the other to the left: past the camera in both directions.",
    "hip": "A phone lies on its side on a support beside a walker, at the height of the hips.",
    "whole": "A camera picture with the whole walker in it, from head to feet, with room above and below.",
}
#: `st.html` takes no pictures (SVG); a component does. The templates escape everything that goes into them.
_PICTURE = """
export default function ({ parentElement, data }) {
  const place = parentElement.querySelector(".ev-place");
  if (place.dataset.shown !== data) place.innerHTML = place.dataset.shown = data;
}
"""


def show(part: str, *values: Any, key: str | None = None) -> None:
    """Show one piece of parts.html; one with a picture in it needs a key that is unique on the page."""
    html = str(getattr(_parts(), part)(*values))
    if "<svg" in html:
        _picture()(data=html, key=key)
    else:
        st.html(html)


def picture(html: str, key: str) -> None:
    """Show HTML of our own that holds a picture; nothing that anybody typed may be in it unescaped."""
    _picture()(data=f'<div class="ev">{html}</div>', key=key)


@cache
def _picture() -> Any:
    return st.components.v2.component(
        "evenstride_picture", html='<div class="ev-place"></div>', js=_PICTURE, isolate_styles=False
    )


@cache
def style() -> str:
    """Return the app's style sheet; the report's own holds inside elements of class ``ev``."""
    app = files("evenstride.ui").joinpath("style.css").read_text(encoding="utf-8")
    report = files("evenstride.report").joinpath("report.css").read_text(encoding="utf-8")
    return f"<style>.ev {{ {report} }}\n{app}</style>"


@cache
def _parts() -> Any:
    text = files("evenstride.ui").joinpath("parts.html").read_text(encoding="utf-8")
    return (
        environment()
        .from_string(text, globals={"charts": charts, "words": words, "pictogram_words": PICTOGRAMS})
        .module
    )
