"""A walk without a film: the browser's message becomes a track, and the track the same result as a film."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.pose import N_LANDMARKS, PoseTrack, Source
from evenstride.live_pipeline import NOTE, analyze_track
from evenstride.pipeline import AnalyzeOptions
from evenstride.results import read_result
from evenstride.tracks import load_track
from evenstride.ui import live_setup
from evenstride.ui.live_message import LiveMessageError, read_walk
from validation.walker.params import Camera, Gait, WalkerParams
from validation.walker.truth import analytic_track
from vision.errors import NoPerson

FRAMES = 40


def message(**changes) -> dict:
    """What components/frames.mjs sends: FRAMES pictures of points that move to the right."""
    points = np.zeros((FRAMES, N_LANDMARKS, 6), "<f4")
    points[..., 0] = np.linspace(0.2, 0.8, FRAMES)[:, None]
    points[..., 1] = 0.5
    points[..., 2] = 0.9
    points[..., 3:] = [0.1, 0.2, 0.3]
    points[3] = np.nan
    times = 5000 + 40.0 * np.arange(FRAMES)
    sent = {"width": 640, "height": 480, "delegate": "CPU", "frames": FRAMES}
    sent |= {"time_ms": encoded(times.astype("<f8")), "landmarks": encoded(points)}
    return sent | changes


def encoded(array: np.ndarray) -> str:
    return base64.b64encode(array.tobytes()).decode()


@pytest.fixture(scope="module")
def walk() -> PoseTrack:
    """Return the exact landmarks of a made-up walker who favors the right knee, as if they came from the live view."""
    gait = Gait(favoring="right", strength=1.0, passes=6, half_path_m=2.9)
    track = analytic_track(WalkerParams(seed=102, gait=gait, camera=Camera(distance_m=4.4)))
    source = Source("live", "ab" * 32, "full", "cd" * 32, "@mediapipe/tasks-vision 0.10.35 CPU")
    return replace(track, source=source)


def test_a_message_becomes_a_track_in_pixels():
    track = read_walk(message())
    assert track.size_px == (640, 480)
    assert track.time_s[0] == 0
    assert track.fps == pytest.approx(25)
    np.testing.assert_allclose(track.xy_px[0, 0], [0.2 * 640, 240], rtol=1e-6)
    np.testing.assert_allclose(track.world_m[0, 5], [0.1, 0.2, 0.3], rtol=1e-6)
    assert not track.seen[3]
    assert track.seen.sum() == FRAMES - 1
    assert track.visibility[3].max() == 0
    assert re.fullmatch(r"Live walk of \d+ [A-Z][a-z]+ 20\d\d, \d+:\d\d", track.source.name)
    assert track.source.sha256 != read_walk(message(time_ms=encoded(np.arange(FRAMES, dtype="<f8")))).source.sha256


@pytest.mark.parametrize(
    "wrong",
    [
        {"frames": 1},
        {"frames": FRAMES + 1},
        {"frames": 10**9},
        {"width": 0},
        {"height": "tall"},
        {"time_ms": encoded(np.zeros(FRAMES, "<f8"))},
        {"time_ms": encoded(np.full(FRAMES, np.nan, "<f8"))},
        {"time_ms": "???"},
        {"landmarks": ""},
        {"landmarks": encoded(np.zeros(5, "<f4"))},
        {"landmarks": None},
    ],
)
def test_what_is_not_a_walk_is_refused_in_one_sentence(wrong):
    with pytest.raises(LiveMessageError, match="could not be read") as caught:
        read_walk(message(**wrong))
    assert caught.value.advice


@pytest.mark.parametrize("wrong", [None, "walk", [], {}])
def test_something_else_altogether_is_refused(wrong):
    with pytest.raises(LiveMessageError):
        read_walk(wrong)


def test_points_far_outside_the_picture_are_no_points():
    points = np.frombuffer(base64.b64decode(message()["landmarks"]), "<f4").reshape(FRAMES, N_LANDMARKS, 6).copy()
    points[7, 25, 0] = 1e30
    track = read_walk(message(landmarks=encoded(points)))
    assert np.isnan(track.xy_px[7, 25]).all()
    assert np.isfinite(track.xy_px[7, 26]).all()


def test_the_same_verdict_and_files_as_from_a_film(walk, tmp_path: Path):
    analysis = analyze_track(walk, AnalyzeOptions(out=tmp_path / "walk", height_cm=170))
    result = read_result(analysis.paths.result)
    assert (result.favoring.verdict, result.favoring.side) == ("clear", "right")
    assert result.measures["step_length"].unit == "m"
    assert result.video.name == "live"
    assert result.video.sha256 == "ab" * 32
    assert (result.video.frames, result.video.width) == (len(walk), walk.size_px[0])
    assert result.video.duration_s == pytest.approx(walk.time_s[-1] + 1 / walk.fps, abs=0.01)
    assert result.model.name == "full"
    assert result.person.notes == (NOTE,)
    assert result.provenance.mediapipe == "@mediapipe/tasks-vision 0.10.35 CPU"
    assert result.provenance.config["options"]["model"] == "full"
    names = {path.name for path in (tmp_path / "walk").iterdir()}
    assert names == {"result.json", "frames.csv", "strides.csv", "track.npz", "report.html", "pictures.json"}
    np.testing.assert_array_equal(load_track(analysis.paths.track).xy_px, walk.xy_px)
    assert analysis.paths.video is None


def test_nothing_is_written_when_nobody_was_seen(tmp_path: Path):
    points = np.full((FRAMES, N_LANDMARKS, 6), np.nan, "<f4")
    with pytest.raises(NoPerson, match="Nobody was seen"):
        analyze_track(read_walk(message(landmarks=encoded(points))), AnalyzeOptions(out=tmp_path / "walk"))
    assert list(tmp_path.iterdir()) == []


def test_a_mirrored_walk_changes_sides(walk):
    assert analyze_track(walk, AnalyzeOptions(mirrored=True)).result.favoring.side == "left"


def test_the_runtime_is_pinned_and_the_lock_names_no_host():
    lock = json.loads((live_setup.ROOT / "package-lock.json").read_text(encoding="utf-8"))
    package = lock["packages"][f"node_modules/{live_setup.PACKAGE}"]
    assert package["version"] == live_setup.pinned() == "0.10.35"
    assert package["integrity"].startswith("sha512-")
    assert not any("resolved" in entry for entry in lock["packages"].values())
