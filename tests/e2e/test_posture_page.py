"""The posture page in a real browser: a photo, a wrong file, somebody who walks, two pictures side by side."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from evenstride import posture_words
from vision.photo import write_photo
from vision.video import probe, read_frames

SAMPLES = Path(__file__).parents[2] / "sample_videos"
#: Starting a process and the pose model takes a while on a busy machine.
PATIENCE_MS = 120_000


@pytest.fixture(scope="session")
def photo(tmp_path_factory) -> Path:
    frame = next(iter(read_frames(probe(SAMPLES / "standing_front.mp4"), indices=np.array([30]))))
    path = tmp_path_factory.mktemp("photos") / "me [standing] *now*.png"
    write_photo(path, frame.rgb)
    return path


def upload(page, place: str, file: Path) -> None:
    page.locator(f"[class*='st-key-posture_{place}_upload'] input[type=file]").set_input_files(file)


def test_a_photo_is_drawn_on_and_put_into_words(server, new_page, photo):
    page = new_page(width=360)
    page.goto(f"{server}/posture")
    upload(page, "now", photo)
    result = page.locator(".st-key-posture_now_result")
    result.wait_for(timeout=PATIENCE_MS)
    result.locator("img").wait_for()
    for title in ("Head", "Shoulders", "Hips", "Hips over feet", "Knees from the front"):
        result.get_by_text(f"{title}.", exact=True).wait_for()
    result.get_by_text(posture_words.ISSUES["one_picture"]).wait_for()
    page.get_by_text(posture_words.CANNOT[0]).wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    with page.expect_download() as download:
        result.get_by_role("button", name="Numbers (JSON)").click()
    assert '"kind": "posture"' in Path(download.value.path()).read_text(encoding="utf-8")


def test_saying_more_about_a_picture_looks_at_it_again(server, page, photo):
    page.goto(f"{server}/posture")
    upload(page, "now", photo)
    result = page.locator(".st-key-posture_now_result")
    result.get_by_text("Seen from the front.").wait_for(timeout=PATIENCE_MS)
    page.get_by_role("combobox").click()
    page.get_by_role("option", name="From behind").click()
    result.get_by_text("Seen from behind.").wait_for(timeout=PATIENCE_MS)
    result.get_by_text(posture_words.ISSUES["labels_exchanged"]).wait_for()


@pytest.mark.parametrize("kind", ["not a photo", "a walk"])
def test_what_cannot_be_used_is_one_sentence(server, page, tmp_path, short_clip, kind):
    page.goto(f"{server}/posture")
    bad = tmp_path / "broken.jpg"
    bad.write_bytes(b"\xff\xd8\xff nothing")
    upload(page, "now", bad if kind == "not a photo" else short_clip)
    says = "is damaged or not a photo" if kind == "not a photo" else "moves about"
    page.get_by_text(says).wait_for(timeout=PATIENCE_MS)
    assert page.locator(".st-key-posture_now_result").count() == 0
    assert page.get_by_text("Something went wrong").count() == 0


def test_two_pictures_side_by_side(server, page, photo):
    page.goto(f"{server}/posture")
    page.get_by_text("Compare two pictures").click()
    for place in ("before", "now"):
        page.locator(f"[class*='st-key-posture_{place}_upload']").wait_for()
        upload(page, place, photo)
        page.locator(f".st-key-posture_{place}_result").wait_for(timeout=PATIENCE_MS)
    changes = page.locator(".st-key-posture_changes")
    changes.wait_for()
    # The same picture twice: nothing may be called a change.
    assert changes.get_by_text("No change we can see.").count() == 6
