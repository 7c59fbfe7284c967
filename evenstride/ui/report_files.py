"""The report as files to take along: on paper and as a page, from one source."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

import streamlit as st

from evenstride.report.content import About


def nobody() -> About:
    """Say nothing about whose walk it is."""
    return {}


def offer(folder: Path, key: str, about: Callable[[], About] = nobody, *, label: str = "Report") -> None:
    """Offer the report of a result folder; `about` is asked, outside the page's own thread, when it is made."""
    with st.container(horizontal=True, vertical_alignment="center", key=f"{key}-report"):
        appendix = bool(st.session_state.get(f"{key}-appendix"))
        _download(f"{label} (PDF)", "pdf", "application/pdf", partial(_pdf, folder, about, appendix), key)
        _download(f"{label} (web page)", "html", "text/html", partial(_html, folder, about), key)
        st.checkbox(
            "With an appendix of all numbers",
            key=f"{key}-appendix",
            help="After the two pages of the PDF. The web page holds all of them anyway.",
        )


def _download(label: str, ending: str, kind: str, content: Callable[[], bytes], key: str) -> None:
    name = f"evenstride-report.{ending}"
    st.download_button(label, content, name, kind, key=f"{key}-report-{ending}", on_click="ignore")


def _pdf(folder: Path, about: Callable[[], About], appendix: bool) -> bytes:
    from evenstride.report.pdf import make_pdf

    return make_pdf(folder, appendix=appendix, **about())


def _html(folder: Path, about: Callable[[], About]) -> bytes:
    from evenstride.report import make_html

    return make_html(folder, **about()).encode()
