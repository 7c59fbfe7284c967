"""Recording in the browser, with a camera that plays a sample: the film reaches the upload field and is analyzed."""

from __future__ import annotations

from pathlib import Path

import pytest
from fake_camera import as_camera


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return as_camera("normal_across_and_back.mp4", tmp_path_factory.mktemp("camera"), seconds=6)


def test_a_recording_is_taken_as_a_film(server, new_page, walk):
    page = new_page(camera=walk)
    page.goto(f"{server}/film?way=record")
    page.get_by_role("button", name="Turn the camera on").click()
    page.get_by_label("Length").fill("5")
    assert page.get_by_text("5 seconds", exact=True).is_visible()
    page.get_by_label("Time to get there").select_option("3 seconds")
    page.get_by_role("button", name="Record", exact=True).click()
    page.get_by_role("button", name="Stop now").wait_for()
    page.get_by_role("button", name="Use this film").wait_for()
    assert "pictures a second" in page.get_by_role("status").inner_text()
    # Playing it proves that it is a film; a recording cut off or empty has no length.
    video = page.locator("video")
    video.evaluate("film => new Promise(ready => film.readyState >= 2 ? ready() : film.oncanplay = ready)")
    assert video.evaluate("film => film.videoWidth") == 960
    page.get_by_role("button", name="Use this film").click()
    page.get_by_role("heading", name="Your film is being looked at").wait_for()


def test_a_narrow_screen_shows_every_button_and_leaving_turns_the_camera_off(server, new_page, walk):
    page = new_page(camera=walk, width=360)
    page.add_init_script(
        "const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);"
        "navigator.mediaDevices.getUserMedia = async (wish) => (window.camera = await open(wish));"
    )
    page.goto(f"{server}/film?way=record")
    page.get_by_role("button", name="Turn the camera on").click()
    for name in ("Record", "Turn the camera off"):
        box = page.get_by_role("button", name=name, exact=True).bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= 360
    live = "window.camera.getTracks().some(track => track.readyState === 'live')"
    assert page.evaluate(live)
    page.get_by_text("Upload a film", exact=True).click()
    page.wait_for_function(f"!{live}")


def test_without_permission_it_says_what_to_do(server, page):
    page.goto(f"{server}/film?way=record")
    page.get_by_role("button", name="Turn the camera on").click()
    page.get_by_text("You can also upload a film or try a sample.").wait_for()
    assert page.get_by_role("button", name="Turn the camera on").is_visible()
