"""The posture page in a real browser: a photo, a wrong file, somebody who walks, two pictures side by side."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from waiting import ANALYSIS_MS, expect, fits, pictures_have_words, settled

from evenstride import posture_words
from vision.photo import write_photo
from vision.video import probe, read_frames

SAMPLES = Path(__file__).parents[2] / "sample_videos"


@pytest.fixture(scope="session")
def photo(tmp_path_factory) -> Path:
    frame = next(iter(read_frames(probe(SAMPLES / "standing_front.mp4"), indices=np.array([30]))))
    path = tmp_path_factory.mktemp("photos") / "me [standing] *now*.png"
    write_photo(path, frame.rgb)
    return path


def upload(page, place: str, file: Path) -> None:
    settled(page)  # each picture gets an upload field of its own
    page.locator(f"[class*='st-key-posture_{place}_upload'] input[type=file]").set_input_files(file)


def test_a_photo_is_drawn_on_and_put_into_words(server, new_page, photo):
    page = new_page(width=360)
    page.goto(f"{server}/posture")
    upload(page, "now", photo)
    result = page.locator(".st-key-posture_now_result")
    expect(result).to_be_visible(timeout=ANALYSIS_MS)
    in_words = "seen from the front, with lines through what was measured. Head: .* Knees from the front: "
    expect(result.get_by_role("img", name=re.compile(in_words))).to_be_visible()
    for title in ("Head", "Shoulders", "Hips", "Hips over feet", "Knees from the front"):
        expect(result.get_by_text(f"{title}.", exact=True)).to_be_visible()
    expect(result.get_by_text(posture_words.ISSUES["one_picture"])).to_be_visible()
    expect(page.get_by_text(posture_words.CANNOT[0])).to_be_visible()
    fits(page, 360)
    pictures_have_words(page)
    with page.expect_download() as download:
        result.get_by_role("button", name="Numbers (JSON)").click()
    assert '"kind": "posture"' in Path(download.value.path()).read_text(encoding="utf-8")


def test_saying_more_about_a_picture_looks_at_it_again(server, page, photo):
    page.goto(f"{server}/posture")
    upload(page, "now", photo)
    result = page.locator(".st-key-posture_now_result")
    expect(result.get_by_text("Seen from the front.")).to_be_visible(timeout=ANALYSIS_MS)
    settled(page)
    page.get_by_role("combobox").click()
    page.get_by_role("option", name="From behind").click()
    expect(result.get_by_text("Seen from behind.")).to_be_visible(timeout=ANALYSIS_MS)
    expect(result.get_by_text(posture_words.ISSUES["labels_exchanged"])).to_be_visible()


@pytest.mark.parametrize("kind", ["not a photo", "a walk"])
def test_what_cannot_be_used_is_one_sentence(server, page, tmp_path, short_clip, kind):
    page.goto(f"{server}/posture")
    bad = tmp_path / "broken.jpg"
    bad.write_bytes(b"\xff\xd8\xff nothing")
    upload(page, "now", bad if kind == "not a photo" else short_clip)
    says = "is damaged or not a photo" if kind == "not a photo" else "moves about"
    expect(page.get_by_text(says)).to_be_visible(timeout=ANALYSIS_MS)
    settled(page)
    expect(page.locator(".st-key-posture_now_result")).to_have_count(0)
    expect(page.get_by_text("Something went wrong")).to_have_count(0)


def test_two_pictures_side_by_side(server, page, photo):
    page.goto(f"{server}/posture")
    settled(page)
    page.get_by_text("Compare two pictures").click()
    for place in ("before", "now"):
        expect(page.locator(f"[class*='st-key-posture_{place}_upload']")).to_be_visible()
        upload(page, place, photo)
        expect(page.locator(f".st-key-posture_{place}_result")).to_be_visible(timeout=ANALYSIS_MS)
    # The same picture twice: nothing may be called a change.
    changes = page.locator(".st-key-posture_changes")
    expect(changes.get_by_text("No change we can see.")).to_have_count(6)
    settled(page)
    expect(changes.locator("p")).to_have_count(6)
