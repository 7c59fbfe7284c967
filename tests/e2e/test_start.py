"""The frame around every page, seen with a real browser."""

from __future__ import annotations

import pytest
from waiting import expect, fits, pictures_have_words

from evenstride import words


@pytest.mark.parametrize("width", [360, 1440])
def test_every_page_opens_and_fits(server, new_page, width):
    from evenstride.ui.pages import PAGES, exists

    page = new_page(width=width)
    for entry in PAGES:
        if exists(entry.name):
            page.goto(f"{server}/{'' if entry.default else entry.name}")
            expect(page.get_by_role("heading", level=1).first).to_be_visible()
            expect(page.get_by_text("When to get help first").first).to_be_visible()
            expect(page.get_by_text(words.NOT_A_DEVICE).last).to_be_attached()  # the end of every page
            fits(page, width)
            pictures_have_words(page)
            expect(page.get_by_text("Something went wrong"), entry.name).to_have_count(0)
