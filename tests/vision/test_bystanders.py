"""Everybody but the walker is found, and followed where the detector alone would lose them."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from analysis.pose import N_LANDMARKS, Landmark, PoseTrack
from vision import bystanders
from vision.bystanders import FOLLOWED_AT_ONCE, find_others
from vision.errors import Cancelled
from vision.faces import HeadPlaces
from vision.landmarker import Pose
from vision.model import Model, get_model
from vision.video import Frame, probe, read_frames, write_video

SIZE = (1280, 720)
TIMES = np.arange(0, 6, 1 / 30)
INFO = SimpleNamespace(name="walk.mp4", frame_times_s=TIMES, width=SIZE[0], height=SIZE[1])
MODEL = Model("none", Path("none.task"), "")
HIGH = 300.0


def body(x: float, y: float = 300.0) -> np.ndarray:
    """Return landmarks of somebody HIGH px high, the middle of the trunk near (x, y)."""
    xy = np.full((N_LANDMARKS, 2), (x, y), np.float32)
    xy[: Landmark.LEFT_SHOULDER, 1] -= 0.35 * HIGH
    xy[[Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER], 1] -= 0.15 * HIGH
    xy[[Landmark.LEFT_HIP, Landmark.RIGHT_HIP], 1] += 0.15 * HIGH
    xy[Landmark.LEFT_KNEE :, 1] += 0.65 * HIGH
    return xy


def track(xs) -> PoseTrack:
    xy = np.stack([body(x) if np.isfinite(x) else np.full((N_LANDMARKS, 2), np.nan) for x in xs]).astype(np.float32)
    return PoseTrack(TIMES, xy, np.ones(xy.shape[:2], np.float32), SIZE)


NOBODY = track(np.full(len(TIMES), np.nan))


@pytest.fixture
def film(monkeypatch):
    """Put people into a film: functions from time to (x, y), and when the detector and who follows can see them."""

    def make(*people, detected=lambda t: True, followed=lambda t: True):
        made = []

        class Eye:
            def __init__(self, path, mode="image", poses=1):
                self.mode, self.holds = mode, False
                made.append(mode)

            def find(self, picture):
                top, left, time_s = picture.corner[0], picture.corner[1], picture.time_s
                seen = detected(time_s) if self.mode == "image" else followed(time_s)
                places = [person(time_s) for person in people] if seen else []
                rows, columns = picture.shape[:2]
                here = [p for p in places if left <= p[0] < left + columns and top <= p[1] < top + rows]
                found = [Pose(body(*p) - np.float32((left, top)), np.zeros(3), np.ones(N_LANDMARKS)) for p in here]
                if self.mode == "image" or not found:
                    return found
                away = [abs(p[0] - left - columns / 2) for p in here]
                return [found[int(np.argmin(away))]]

            def forget(self):
                pass

        class Picture:
            def __init__(self, time_s, rows, columns, corner=(0, 0)):
                self.time_s, self.shape, self.corner = time_s, (rows, columns, 3), corner

            def __getitem__(self, window):
                (top, bottom), (left, right) = ((part.start, part.stop) for part in window)
                return Picture(self.time_s, bottom - top, right - left, (top, left))

        def read(info, *, indices):
            return (Frame(int(k), float(TIMES[k]), Picture(TIMES[k], SIZE[1], SIZE[0])) for k in indices)

        monkeypatch.setattr(bystanders, "Landmarker", lambda *asked, **options: nullcontext(Eye(*asked, **options)))
        monkeypatch.setattr(bystanders, "read_frames", read)
        return made

    return make


def longest(found):
    return max(found, key=len)


def test_somebody_the_detector_saw_once_is_followed_on(film):
    film(lambda t: (200 + 100 * t, 300), detected=lambda t: t == 0)
    (one,) = find_others(INFO, MODEL, NOBODY)
    assert one.time_s[-1] > 5.8 and len(one) > 50
    np.testing.assert_allclose(one.xy_px[:, Landmark.NOSE, 0], 200 + 100 * one.time_s, atol=1)


def test_the_walker_is_not_found_again_and_is_let_go_when_taken_for_somebody_else(film):
    film(lambda t: (200 + 100 * t, 300))
    assert find_others(INFO, MODEL, track(200 + 100 * TIMES)) == []
    # Nobody knows at first that this is the walker.
    late = track(np.where(TIMES < 2, np.nan, 200 + 100 * TIMES))
    assert longest(find_others(INFO, MODEL, late)).time_s[-1] < 2.2


def test_somebody_close_beside_the_walker_is_somebody_else(film):
    walker = 200 + 100 * TIMES
    beside = 0.2 * HIGH
    film(lambda t: (200 + 100 * t + beside, 300))
    one = longest(find_others(INFO, MODEL, track(walker)))
    assert one.time_s[-1] > 5.8 and len(one) > 50
    np.testing.assert_allclose(one.xy_px[:, Landmark.NOSE, 0], 200 + 100 * one.time_s + beside, atol=1)


@pytest.mark.parametrize(("away", "same"), [((0, 0), True), ((6, 6), True), ((20, 0), False), ((0, -20), False)])
def test_the_walker_is_where_head_and_trunk_are_the_walkers(away, same: bool):
    known = bystanders._Known(track(np.full(len(TIMES), 600.0)))
    pose = Pose(body(600), np.zeros(3), np.ones(N_LANDMARKS))
    pose.xy_px[: Landmark.LEFT_SHOULDER] += np.float32(away)
    assert known.is_at(pose, 1.0) is same
    elsewhere = Pose(body(800), np.zeros(3), np.ones(N_LANDMARKS))
    elsewhere.xy_px[: Landmark.LEFT_SHOULDER] = pose.xy_px[: Landmark.LEFT_SHOULDER]
    assert not known.is_at(elsewhere, 1.0)


def test_two_people_are_two(film):
    film(lambda t: (200 + 100 * t, 300), lambda t: (1000, 320))
    found = find_others(INFO, MODEL, NOBODY)
    assert len(found) == 2 and min(len(one) for one in found) > 50


def test_somebody_lost_for_long_is_found_again_by_the_next_look(film):
    film(lambda t: (200 + 150 * t, 300), followed=lambda t: not 1 < t < 4, detected=lambda t: t < 0.1 or t > 4)
    first, again = sorted(find_others(INFO, MODEL, NOBODY), key=lambda one: one.time_s[0])
    assert first.time_s[-1] < 1.1 and 4 <= again.time_s[0] < 4.4


def test_of_a_crowd_everybody_is_known_from_the_looks_at_least(film):
    made = film(*(lambda t, x=100 * k: (x + 80, 300) for k in range(FOLLOWED_AT_ONCE + 4)))
    found = find_others(INFO, MODEL, NOBODY)
    assert made.count("track") == FOLLOWED_AT_ONCE
    heads = HeadPlaces(NOBODY, found)
    for k in range(FOLLOWED_AT_ONCE + 4):
        for time_s in (0.0, 2.05, 5.5):
            assert any(abs(place.x - 80 - 100 * k) < 5 for place in heads.at(time_s))


def test_it_can_be_cancelled_and_tells_how_far_it_is(film):
    film(lambda t: (200, 300))
    told = []
    find_others(INFO, MODEL, NOBODY, progress=lambda done, total: told.append(done / total))
    assert told[-1] == 1 and told == sorted(told)
    with pytest.raises(Cancelled):
        find_others(INFO, MODEL, NOBODY, cancel=lambda: True)


#: Where the head of the man on the roof is, by eye, in frames in which the detector does not see him.
MAN_ON_THE_ROOF = {108: (698, 105), 114: (722, 112), 125: (778, 112), 132: (796, 108), 138: (808, 110), 144: (822, 112)}


def test_a_bystander_whom_the_detector_loses_stays_blurred(clip, real_model, tmp_path):
    first, last = 90, 150
    frames = read_frames(probe(clip("videos/two_people_outdoor.mp4")), indices=np.arange(first, last))
    write_video(tmp_path / "part.mp4", ((k / 30, frame.rgb) for k, frame in enumerate(frames)), size=(1768, 994))
    info = probe(tmp_path / "part.mp4")
    nobody = PoseTrack(
        info.frame_times_s, *(np.full((60, N_LANDMARKS, *k), np.nan, np.float32) for k in ([2], [])), SIZE
    )
    heads = HeadPlaces(nobody, find_others(info, get_model("full"), nobody))
    for frame, (x, y) in MAN_ON_THE_ROOF.items():
        inside = [
            np.hypot((x - place.x) / place.half_width, (y - place.y) / place.half_height) < 0.7
            for place in heads.at((frame - first) / 30)
        ]
        assert any(inside), frame
