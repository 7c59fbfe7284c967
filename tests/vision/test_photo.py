"""Photos: read the right way up, refused in one sentence, and the person in them found."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from analysis.pose import Landmark
from vision import photo
from vision.errors import NoPerson
from vision.photo import Photo, UnreadablePhoto, find_pose, is_photo, read_photo, write_photo
from vision.video import probe, read_frames

SAMPLES = Path(__file__).parents[2] / "sample_videos"
ORIENTATION = 0x0112


@pytest.fixture
def pattern() -> np.ndarray:
    """A picture whose upper left corner is red: 60 high, 100 wide."""
    rgb = np.full((60, 100, 3), 40, np.uint8)
    rgb[:20, :30] = (250, 10, 10)
    return rgb


def is_red(pixel) -> bool:
    return pixel[0] > 180 and pixel[1] < 80 and pixel[2] < 80


@pytest.mark.parametrize("ending", ["jpg", "png", "webp", "tif", "bmp"])
def test_kinds_of_photos(tmp_path, pattern, ending):
    path = tmp_path / f"a photo.{ending}"
    Image.fromarray(pattern).save(path)
    assert is_photo(path)
    read = read_photo(path)
    assert read.rgb.shape == (60, 100, 3) and is_red(read.rgb[5, 5]) and not is_red(read.rgb[40, 80])
    assert read.name == path.name and len(read.sha256) == 64


@pytest.mark.parametrize(
    ("orientation", "corner"), [(1, (5, 5)), (3, (55, 95)), (6, (5, 55)), (8, (95, 5)), (2, (5, 95))]
)
def test_turned_as_its_exif_data_says(tmp_path, pattern, orientation, corner):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    Image.fromarray(pattern).save(tmp_path / "p.jpg", exif=exif)
    rgb = read_photo(tmp_path / "p.jpg").rgb
    assert rgb.shape[:2] == ((100, 60) if orientation in (6, 8) else (60, 100))
    assert is_red(rgb[corner])


@pytest.mark.parametrize("mode", ["L", "RGBA", "CMYK", "P"])
def test_other_kinds_of_color(tmp_path, pattern, mode):
    path = tmp_path / ("p.jpg" if mode == "CMYK" else "p.png")
    Image.fromarray(pattern).convert(mode).save(path)
    assert read_photo(path).rgb.shape == (60, 100, 3)


def test_large_photos_are_brought_down(tmp_path):
    Image.fromarray(np.zeros((100, 4000, 3), np.uint8)).save(tmp_path / "wide.png")
    assert read_photo(tmp_path / "wide.png").rgb.shape == (50, photo.MAX_SIDE_PX, 3)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\xff\xd8\xff" + b"nothing" * 10, "damaged"),
        (b"\x89PNG\r\n\x1a\n", "damaged"),
        (b"\0\0\0\x18ftypheic" + b"\0" * 40, "HEIC"),
        (b"\0\0\0\x18ftypmif1" + b"\0" * 40, "HEIC"),
    ],
)
def test_what_cannot_be_read_is_said(tmp_path, content, says):
    path = tmp_path / "bad.jpg"
    path.write_bytes(content)
    assert is_photo(path)
    with pytest.raises(UnreadablePhoto, match=says) as caught:
        read_photo(path)
    assert "bad.jpg" in caught.value.message and caught.value.advice


def test_a_cut_off_photo_is_no_traceback(tmp_path, pattern):
    Image.fromarray(pattern).save(tmp_path / "whole.png")
    (tmp_path / "half.png").write_bytes((tmp_path / "whole.png").read_bytes()[:60])
    with pytest.raises(UnreadablePhoto):
        read_photo(tmp_path / "half.png")


def test_too_large_a_file_is_not_read(tmp_path, pattern, monkeypatch):
    monkeypatch.setattr(photo, "MAX_BYTES", 100)
    Image.fromarray(pattern).save(tmp_path / "p.bmp")
    with pytest.raises(UnreadablePhoto, match="too large"):
        read_photo(tmp_path / "p.bmp")


def test_a_film_or_a_missing_file_is_no_photo(tmp_path):
    assert not is_photo(SAMPLES / "standing_front.mp4")
    assert not is_photo(tmp_path / "none.jpg")
    with pytest.raises(UnreadablePhoto, match="could not be read"):
        read_photo(tmp_path / "none.jpg")


def test_written_and_read_again(tmp_path, pattern):
    write_photo(tmp_path / "p.png", pattern)
    assert np.array_equal(read_photo(tmp_path / "p.png").rgb, pattern)


@pytest.fixture(scope="module")
def front() -> Photo:
    frame = next(iter(read_frames(probe(SAMPLES / "standing_front.mp4"), indices=np.array([30]))))
    return Photo("front.png", "0" * 64, frame.rgb.copy())


def test_landmarks_lie_where_the_body_is(front, real_model):
    track = find_pose(front, real_model)
    truth = json.loads((SAMPLES / "standing_front.truth.json").read_text())["landmarks_px"]
    assert len(track) == 1 and track.size_px == (960, 540)
    for name in ("LEFT_SHOULDER", "RIGHT_SHOULDER", "LEFT_KNEE", "RIGHT_KNEE", "LEFT_ANKLE", "RIGHT_ANKLE"):
        off = track.xy_px[0, Landmark[name]] - truth[name][30]
        assert np.linalg.norm(off) < 20, name  # the body is 400 px tall; left and right are 40 to 70 px apart


def test_somebody_small_and_off_center_is_found_too(front, real_model):
    small = cv2.resize(front.rgb, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    room = np.full((700, 1100, 3), 170, np.uint8)
    room[400 : 400 + small.shape[0], 20 : 20 + small.shape[1]] = small
    track = find_pose(Photo("small.png", "", room), real_model)
    knee = track.xy_px[0, Landmark.LEFT_KNEE]
    assert np.linalg.norm(knee - (np.array((500.3, 374.7)) / 2 + (20, 400))) < 15


def test_nobody_is_said(real_model):
    with pytest.raises(NoPerson, match="empty.png"):
        find_pose(Photo("empty.png", "", np.full((300, 400, 3), 120, np.uint8)), real_model)
