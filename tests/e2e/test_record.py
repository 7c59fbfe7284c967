"""Recording in the browser, with a camera that plays a sample: the film reaches the upload field and is analyzed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from fake_camera import as_camera
from test_film import wait_for_result
from waiting import eventually, expect, settled, true_in

LIVE = "window.camera?.getTracks().some(track => track.readyState === 'live')"
#: Notes that a button was there, even if only for a moment.
WATCH = """button => new MutationObserver(() => { window.wasThere ||= !button.hidden; })
  .observe(button, { attributes: true })"""

#: Notes all that was to be read somewhere.
READ = """place => new MutationObserver(() => { (window.read ??= []).push(place.textContent); })
  .observe(place, { childList: true })"""


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return as_camera("normal_across_and_back.mp4", tmp_path_factory.mktemp("camera"), seconds=6)


def test_a_recording_is_taken_as_a_film(server, new_page, walk):
    page = new_page(camera=walk)
    open_recorder(page, server)
    page.get_by_role("button", name="Turn the camera on").click()
    length = page.get_by_label("Length")
    expect(length, "five times past the camera each way take more than a minute").to_have_value("90")
    expect(length).to_have_attribute("max", "120")
    length.fill("5")
    expect(page.get_by_text("5 seconds", exact=True)).to_be_visible()
    page.get_by_label("Time to get there").select_option("3 seconds")
    page.get_by_role("button", name="Stop now", include_hidden=True).evaluate(WATCH)
    page.locator(".big").evaluate(READ)
    page.get_by_role("button", name="Record", exact=True).click()
    expect(page.get_by_role("button", name="Use this film")).to_be_visible()
    true_in(page, "window.wasThere")
    true_in(page, "new Set(window.read.filter(words => /^Recording 0:0[0-5] of 0:05$/.test(words))).size > 2")
    expect(page.get_by_role("status").filter(has_text="pictures a second")).to_be_visible()
    # Playing it proves that it is a film; a recording cut off or empty has no length.
    width = "film => film.readyState >= 2 && film.videoWidth"
    eventually(page, lambda: page.locator("video").evaluate(width) == 960, "the recording plays")
    page.get_by_role("button", name="Use this film").click()
    wait_for_result(page)
    expect(
        page.get_by_text(re.compile(r"walk-[\d-]+\.(mp4|webm)")).first, "the result is that of the recording"
    ).to_be_attached()


def open_recorder(page, server: str) -> None:
    page.goto(f"{server}/film?way=record")
    expect(page.get_by_role("button", name="Turn the camera on")).to_be_visible()
    settled(page)


def test_a_narrow_screen_shows_every_button_and_leaving_turns_the_camera_off(server, new_page, walk):
    page = new_page(camera=walk, width=360)
    page.add_init_script(
        "const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);"
        "navigator.mediaDevices.getUserMedia = async (wish) => (window.camera = await open(wish));"
    )
    open_recorder(page, server)
    page.get_by_role("button", name="Turn the camera on").click()
    for name in ("Record", "Turn the camera off"):
        expect(page.get_by_role("button", name=name, exact=True)).to_be_visible()
        box = page.get_by_role("button", name=name, exact=True).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
    true_in(page, LIVE)
    page.get_by_role("radio", name="Upload", exact=True).click()
    true_in(page, f"!({LIVE})")


def test_without_permission_it_says_what_to_do(server, page):
    open_recorder(page, server)
    page.get_by_role("button", name="Turn the camera on").click()
    expect(page.get_by_text("You can also upload a film or try a sample.")).to_be_visible()
    expect(page.get_by_role("button", name="Turn the camera on")).to_be_visible()
