"""Loading the page again loses nothing, and gives nobody else anything."""

from __future__ import annotations

from test_film import is_looked_at, open_film_page, upload, wait_for_result
from waiting import expect, settled, true_in

KEPT = "sessionStorage.getItem('evenstride-workspace')"


def test_a_result_survives_loading_the_page_again(server, page, new_page, short_clip):
    open_film_page(page, server)
    upload(page, short_clip)
    is_looked_at(page)
    true_in(page, f"{KEPT} !== null")
    page.reload()
    wait_for_result(page)

    page.goto(f"{server}/result")
    wait_for_result(page)
    page.reload()
    wait_for_result(page)

    stranger = new_page()
    stranger.goto(f"{server}/result")
    expect(stranger.get_by_role("heading", name="No result yet")).to_be_visible()
    settled(stranger)
    expect(stranger.locator("video")).to_have_count(0)


def test_a_key_that_nobody_has_opens_nothing(server, page):
    page.goto(server)
    settled(page)
    page.evaluate("sessionStorage.setItem('evenstride-workspace', '0'.repeat(32))")
    page.goto(f"{server}/result")
    expect(page.get_by_role("heading", name="No result yet")).to_be_visible()
    true_in(page, f"{KEPT} !== '0'.repeat(32)")
