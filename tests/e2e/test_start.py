"""The frame around every page, seen with a real browser."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("width", [360, 1440])
def test_every_page_opens_and_fits(server, new_page, width):
    from evenstride.ui.pages import PAGES, exists

    page = new_page(width=width)
    for entry in PAGES:
        if exists(entry.name):
            page.goto(f"{server}/{'' if entry.default else entry.name}")
            page.get_by_role("heading", level=1).first.wait_for()
            page.get_by_text("When to get help first").first.wait_for()
            assert page.evaluate("document.documentElement.scrollWidth") <= width, entry.name
            assert page.get_by_text("Something went wrong").count() == 0, entry.name
