"""The live view with a camera that plays a sample: skeleton, advice, and a full result from landmarks alone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from fake_camera import as_camera
from waiting import ANALYSIS_MS, eventually, expect, settled, true_in

from analysis.pose import SIDES, Landmark, PoseTrack, landmark
from evenstride.ui import live_setup
from evenstride.ui.live_message import read_walk


@pytest.fixture(scope="module", autouse=True)
def _installed():
    if lacking := live_setup.missing():
        pytest.skip(f"{lacking} Run: python -m evenstride.ui.live_setup")


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a camera that sees somebody walk to the right, again and again."""
    return as_camera("normal_across_and_back.mp4", tmp_path_factory.mktemp("camera"), seconds=4.5, start=0.5)


def test_a_walk_becomes_a_result_and_only_numbers_leave_the_browser(server, new_page, walk):
    page = new_page(camera=walk)
    page.set_default_timeout(ANALYSIS_MS)  # on a busy machine the pose model takes its time
    sent: list[bytes] = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda data: sent.append(as_bytes(data))))
    open_live(page, server)
    page.get_by_role("button", name="Turn the camera on").click()
    page.get_by_label("Time to get there").select_option("5 seconds")
    page.get_by_text("Good. I can see all of you").wait_for()
    page.locator("[data-of=left] dd").filter(has_text=re.compile(r"^-?\d+°$")).wait_for()
    # A device that is known to be slow films the walk: whatever this machine is busy with, no picture is missed.
    page.locator("[data-of=rate] dd").filter(has_text=re.compile(r"^\d+")).wait_for()
    page.get_by_role("button", name="Start the walk").click()
    page.get_by_text(re.compile(r"^[1-9]\d* of \d+: turn back$")).wait_for()
    picture = "canvas => canvas.toDataURL().length"
    eventually(page, lambda: page.locator("canvas").evaluate(picture) > 10_000, "the picture is shown")
    before = len(sent)
    page.get_by_role("button", name="Done").click()
    page.get_by_role("button", name="Walk again").wait_for(timeout=2 * ANALYSIS_MS)
    page.get_by_text("Measured live").first.wait_for()
    settled(page)
    page.get_by_role("link", name="Result").first.click()
    expect(page.get_by_text(re.compile(r"Live walk of \d+ [A-Z][a-z]+ 20\d\d, \d+:\d\d")).first).to_be_visible()
    expect(page).to_have_url(re.compile("/result$"))
    expect(page.get_by_text("No film was kept with this result")).to_be_visible()
    expect(page.get_by_role("button", name="Keep this result on this computer")).to_be_visible()
    # The picture on the screen is a mirror, the numbers are not: she walks to the right, and her right leg is in front.
    walks = [message for message in sent[before:] if b"landmarks" in message]
    assert len(walks) == 1
    track = read(walks[0])
    assert track.seen.sum() > 10
    assert np.nanmedian(np.diff(track.middle("hip")[:, 0])) > 0
    assert np.nanmedian(track.point(Landmark.RIGHT_FOOT_INDEX)[:, 0] - track.point(Landmark.RIGHT_HEEL)[:, 0]) > 0
    clear = {side: track.visibility[track.seen, landmark(side, "knee")].mean() for side in SIDES}
    assert clear["right"] > clear["left"]
    assert not any(
        kind in b"".join(sent) for kind in (b"\xff\xd8\xff", b"\x89PNG", b"ftyp", b"data:image", b"data:video")
    )


def open_live(page, server: str) -> None:
    page.goto(f"{server}/live")
    expect(page.get_by_role("button", name="Turn the camera on")).to_be_visible()
    settled(page)


def as_bytes(data) -> bytes:
    return data if isinstance(data, bytes) else data.encode()


def read(message: bytes) -> PoseTrack:
    """Return the track in a message to the server."""
    text = message[message.index(b'{"width"') :].decode("utf-8", "ignore")
    return read_walk(json.JSONDecoder().raw_decode(text)[0])


def test_leaving_the_page_turns_the_camera_off(server, new_page, walk):
    page = new_page(camera=walk, width=360)
    page.add_init_script(
        "const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);"
        "navigator.mediaDevices.getUserMedia = async (wish) => (window.camera = await open(wish));"
    )
    open_live(page, server)
    page.get_by_role("button", name="Turn the camera on").press("Enter")
    start = page.get_by_role("button", name="Start the walk")
    expect(start).to_be_visible(timeout=ANALYSIS_MS)
    focused = "button => button.getRootNode().activeElement === button"
    eventually(page, lambda: start.evaluate(focused), "the keyboard goes on from there")
    box = start.bounding_box()
    assert box["x"] + box["width"] <= 360
    live = "window.camera?.getTracks().some(track => track.readyState === 'live')"
    true_in(page, live)
    page.get_by_role("link", name="Record or upload a film").click()
    true_in(page, f"!({live})")


def test_without_a_camera_the_page_says_so_and_where_else_to_go(server, page):
    open_live(page, server)
    page.get_by_role("button", name="Turn the camera on").click()
    no_camera = page.get_by_role("alert").filter(has_text="You can also upload a film or try a sample.")
    expect(no_camera).to_be_visible()
    expect(page.get_by_role("link", name="Record or upload a film")).to_be_visible()
    expect(page.get_by_role("button", name="Turn the camera on")).to_be_visible()
