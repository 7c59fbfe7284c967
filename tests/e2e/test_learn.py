"""The Learn page in a real browser: contents, topics by link, sources, red flags one click away, the two clips."""

from __future__ import annotations

import re

import pytest
from waiting import eventually, expect, fits, settled, true_in

from evenstride import education, words

TOPICS = education.topics()


def open_topic(page, server, name: str):
    page.goto(f"{server}/learn?topic={name}")
    shows(page, TOPICS[name].title)


def shows(page, title: str) -> None:
    expect(page.get_by_role("heading", level=1, name=title)).to_be_visible()
    settled(page)


def test_contents_lead_to_a_topic_and_back(server, page):
    page.goto(f"{server}/learn")
    contents = page.locator(".st-key-learn-list")
    expect(contents.get_by_role("link")).to_have_count(len(TOPICS))
    settled(page)
    contents.get_by_role("link", name=TOPICS["knee_bend"].title).click()
    shows(page, TOPICS["knee_bend"].title)
    expect(page).to_have_url(re.compile(r"/learn\?topic=knee_bend$"))
    page.get_by_role("link", name="All topics").click()
    shows(page, "Learn")


@pytest.mark.parametrize("width", [360, 1440])
def test_a_topic_shows_its_text_and_sources(server, new_page, width):
    page = new_page(width=width)
    open_topic(page, server, "what_helps")
    expect(page.get_by_text("Relative rest, not rest.")).to_be_visible()
    sources = page.locator("#sources").locator(
        "xpath=ancestor::div[@data-testid='stElementContainer'][1]/following::ol[1]/li"
    )
    expect(sources).to_have_count(len(TOPICS["what_helps"].cited))
    fits(page, width)
    expect(page.get_by_text("[^")).to_have_count(0)


def test_a_mark_jumps_to_the_sources(server, page):
    open_topic(page, server, "favoring")
    page.get_by_role("link", name="[1]").first.press("Enter")
    true_in(page, "document.querySelector('#sources')?.getBoundingClientRect().top < innerHeight")
    expect(page).to_have_url(re.compile("#sources$"))
    assert len(page.context.pages) == 1


def test_red_flags_are_one_click_away_from_every_topic(server, page):
    open_topic(page, server, "back_pain")
    page.locator(".st-key-learn-back").get_by_role("link", name=TOPICS["red_flags"].title).click()
    shows(page, TOPICS["red_flags"].title)
    for sign in words.HELP_SIGNS:
        expect(page.locator(".st-key-learn-text").get_by_text(sign.text)).to_be_visible()


def test_an_old_link_shows_the_contents(server, page):
    page.goto(f"{server}/learn?topic=%3Cscript%3Ealert(1)%3C/script%3E")
    expect(page.get_by_text("That page does not exist any more")).to_be_visible()
    shows(page, "Learn")


def test_the_two_clips_move_with_their_curves(server, page):
    page.goto(f"{server}/learn")
    films = page.locator(".st-key-learn-clips video")
    expect(films).to_have_count(len(education.CLIPS))
    settled(page)
    true_in(page, "[...document.querySelectorAll('video')].every(v => v.readyState >= 2 && !v.error)")
    # At first both stand still in mid-stride, with nothing dark over the legs.
    true_in(page, "[...document.querySelectorAll('video')].every(v => Math.abs(v.currentTime - 1.6) < 0.1)")
    true_in(page, "[...document.querySelectorAll('video')].every(v => v.paused && !v.controls)")
    films.first.hover()
    true_in(page, "document.querySelector('video').controls")
    for number, name in enumerate(education.CLIPS):
        place = page.locator(f".st-key-clip-{name}")
        films.nth(number).evaluate("video => { video.currentTime = 1.5; }")
        expect(place.locator(".now")).to_contain_text("1.50 s")
        expect(place.get_by_text("dashed: the leg farther from the camera")).to_be_visible()


def test_the_curves_of_both_clips_can_be_compared_by_eye(server, page):
    page.goto(f"{server}/learn")
    plots = page.locator(".st-key-learn-clips svg.plot")
    expect(plots).to_have_count(len(education.CLIPS))
    settled(page)
    for degrees in ("0°", "60°"):
        heights = [height_of(plot, degrees) for plot in plots.all()]
        eventually(page, lambda heights=heights: len({height() for height in heights}) == 1, f"{degrees} is one height")
    for plot in plots.all():
        first = plot.get_by_text("0 s", exact=True)
        eventually(page, lambda plot=plot, first=first: shows_whole(plot, first), "the first second has its number")


def height_of(plot, label: str):
    return lambda: plot.get_by_text(label, exact=True).get_attribute("y")


def shows_whole(plot, label) -> bool:
    """Say whether nothing of a label is cut off by the edge of what moves."""
    return label.bounding_box()["x"] >= plot.locator("svg").bounding_box()["x"]
