"""The pages of the app. To add one: a module with a function `page()`, and a line in PAGES."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from importlib.util import find_spec

import streamlit as st
from streamlit.navigation.page import Page


@dataclass(frozen=True)
class Entry:
    """One page: the module `evenstride.ui.<name>`, which is also its address, and its title."""

    name: str
    title: str
    default: bool = False


PAGES = (
    Entry("start", "Start", default=True),
    Entry("live", "Live"),
    Entry("film", "Record or upload"),
    Entry("result", "Result"),
    Entry("posture", "Posture"),
    Entry("clients", "Clients"),
    Entry("learn", "Learn"),
)


def main() -> None:
    """Run the app: one call a page view."""
    from evenstride.ui import frame

    st.set_page_config(page_title="Evenstride", page_icon="🚶", layout="wide", initial_sidebar_state="collapsed")
    chosen = st.navigation([_page(entry.name) for entry in PAGES if exists(entry.name)], position="top")
    with frame.around(chosen.url_path):
        chosen.run()


@cache
def exists(name: str) -> bool:
    """Say whether a page is installed; pages are imported only when somebody opens them."""
    return find_spec(f"evenstride.ui.{name}") is not None


def link(name: str, label: str, **query: str) -> None:
    """Show a link to a page, for example ``link("learn", "Read why", topic="knee-and-back")``."""
    if exists(name):
        st.page_link(_page(name), label=label, query_params=query or None)


def go(name: str, **query: str) -> None:
    """Open a page at once."""
    st.switch_page(_page(name), query_params=query or None)


def _page(name: str) -> Page:
    entry = next(entry for entry in PAGES if entry.name == name)
    return st.Page(
        _runner(name),
        title=entry.title,
        url_path=None if entry.default else name,
        default=entry.default,
    )


@cache
def _runner(name: str) -> Callable[[], None]:
    def run() -> None:
        import_module(f"evenstride.ui.{name}").page()

    run.__name__ = name
    return run
