"""The Learn page in a real browser: contents, topics by link, sources, red flags one click away, the two clips."""

from __future__ import annotations

import pytest

from evenstride import education, words

TOPICS = education.topics()


def open_topic(page, server, name: str):
    page.goto(f"{server}/learn?topic={name}")
    page.get_by_role("heading", level=1, name=TOPICS[name].title).wait_for()


def test_contents_lead_to_a_topic_and_back(server, page):
    page.goto(f"{server}/learn")
    contents = page.locator(".st-key-learn-list")
    contents.get_by_role("link", name=TOPICS["faq"].title).wait_for()
    assert contents.get_by_role("link").count() == len(TOPICS)
    contents.get_by_role("link", name=TOPICS["knee_bend"].title).click()
    page.get_by_role("heading", level=1, name=TOPICS["knee_bend"].title).wait_for()
    page.wait_for_url("**/learn?topic=knee_bend")
    page.get_by_role("link", name="All topics").click()
    page.get_by_role("heading", level=1, name="Learn").wait_for()


@pytest.mark.parametrize("width", [360, 1440])
def test_a_topic_shows_its_text_and_sources(server, new_page, width):
    page = new_page(width=width)
    open_topic(page, server, "what_helps")
    page.get_by_text("Relative rest, not rest.").wait_for()
    sources = page.locator("#sources").locator(
        "xpath=ancestor::div[@data-testid='stElementContainer'][1]/following::ol[1]/li"
    )
    assert sources.count() == len(TOPICS["what_helps"].cited)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.get_by_text("[^").count() == 0


def test_a_mark_jumps_to_the_sources(server, page):
    open_topic(page, server, "favoring")
    page.get_by_role("link", name="[1]").first.press("Enter")
    page.wait_for_function("document.querySelector('#sources').getBoundingClientRect().top < innerHeight")
    assert page.url.endswith("#sources") and len(page.context.pages) == 1


def test_red_flags_are_one_click_away_from_every_topic(server, page):
    open_topic(page, server, "back_pain")
    page.locator(".st-key-learn-back").get_by_role("link", name=TOPICS["red_flags"].title).click()
    page.get_by_role("heading", level=1, name=TOPICS["red_flags"].title).wait_for()
    for sign in words.HELP_SIGNS:
        page.locator(".st-key-learn-text").get_by_text(sign.text).wait_for()


def test_an_old_link_shows_the_contents(server, page):
    page.goto(f"{server}/learn?topic=%3Cscript%3Ealert(1)%3C/script%3E")
    page.get_by_text("That page does not exist any more").wait_for()
    page.get_by_role("heading", level=1, name="Learn").wait_for()


def test_the_two_clips_move_with_their_curves(server, page):
    page.goto(f"{server}/learn")
    films = page.locator(".st-key-learn-clips video")
    films.nth(1).wait_for()
    assert films.count() == len(education.CLIPS)
    page.wait_for_function("[...document.querySelectorAll('video')].every(v => v.readyState >= 2 && !v.error)")
    for number, name in enumerate(education.CLIPS):
        place = page.locator(f".st-key-clip-{name}")
        films.nth(number).evaluate("video => { video.currentTime = 1.5; }")
        place.get_by_text("1.50 s").wait_for()
        place.get_by_text("dashed: the leg farther from the camera").wait_for()
