"""Posture drawn onto a picture: lines where the body is, words where there is something to say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from analysis.pose import N_LANDMARKS, PoseTrack, landmark
from analysis.posture import measure_posture
from vision.posture_overlay import CUT_ASPECT, CUT_HEIGHT_PX, NOTABLE_COLOR, cut_out, draw_posture

SIZE = (600, 900)
PLACES = {"ear": 20, "shoulder": 70, "hip": 45, "knee": 45, "ankle": 45, "heel": 45, "foot_index": 50}
HEIGHTS = {"ear": 120, "shoulder": 200, "hip": 430, "knee": 620, "ankle": 800, "heel": 815, "foot_index": 830}


def somebody(tilt_px: float = 0.0) -> PoseTrack:
    xy = np.full((1, N_LANDMARKS, 2), np.nan, np.float32)
    for part, half in PLACES.items():
        for side, sign in (("left", 1), ("right", -1)):
            xy[0, landmark(side, part)] = (300 + sign * half, HEIGHTS[part])
    xy[0, 0] = (300, 120)
    xy[0, landmark("left", "shoulder"), 1] -= tilt_px
    return PoseTrack(np.zeros(1), xy, np.isfinite(xy).all(2).astype(np.float32), SIZE)


def draw(track: PoseTrack, labels=None) -> np.ndarray:
    rgb = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    draw_posture(rgb, track, measure_posture(track), labels or {})
    return rgb


def yellow(rgb: np.ndarray) -> int:
    return int((np.abs(rgb.astype(int) - NOTABLE_COLOR).sum(axis=2) < 30).sum())


def test_only_what_is_notable_is_yellow():
    assert yellow(draw(somebody())) == 0
    assert yellow(draw(somebody(tilt_px=25))) > 300


def test_the_same_is_told_without_color():
    """A notable line is thicker: more pixels differ from the background around the shoulders."""
    level, tilted = ((draw(somebody(t))[150:230, 380:430] != 90).any(axis=2).sum() for t in (0, 25))
    assert tilted > level


def test_words_are_written_beside_the_line():
    plain, labelled = draw(somebody()), draw(somebody(), {"shoulder_tilt": "shoulders about level"})
    changed = np.argwhere((plain != labelled).any(axis=2))
    assert len(changed) > 200 and abs(changed[:, 0].mean() - HEIGHTS["shoulder"]) < 30 and changed[:, 1].min() > 350


def test_lines_follow_the_body():
    rgb = draw(somebody())
    assert (rgb[HEIGHTS["hip"], 300] != 90).any() and (rgb[620, 345] != 90).any()
    assert (rgb[500, 20] == 90).all() and (rgb[500, 580] == 90).all()


@pytest.mark.parametrize("part", ["ear", "knee", "ankle", "foot_index"])
def test_missing_parts_are_left_out(part):
    track = somebody()
    xy = track.xy_px.copy()
    for side in ("left", "right"):
        xy[:, landmark(side, part)] = np.nan
    track = replace(track, xy_px=xy)
    rgb = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    draw_posture(rgb, track, measure_posture(track, "front"), {})
    assert (rgb != 90).any()


def test_cut_out_keeps_the_whole_body_and_its_places():
    rgb = np.full((SIZE[1], SIZE[0] * 3, 3), 90, np.uint8)
    track = somebody()
    moved = replace(track, xy_px=track.xy_px + np.float32((900, 0)), size_px=(SIZE[0] * 3, SIZE[1]))
    rgb[620, 1245] = (255, 0, 0)
    cut, there = cut_out(rgb, moved)
    assert cut.shape[0] == CUT_HEIGHT_PX and cut.shape[1] == pytest.approx(CUT_ASPECT * CUT_HEIGHT_PX, abs=2)
    x, y = there.xy_px[0, landmark("left", "knee")]
    assert cut[round(float(y)), round(float(x)), 0] > 150
    known = there.xy_px[0][np.isfinite(there.xy_px[0]).all(axis=1)]
    assert (known >= 0).all() and (known <= cut.shape[1::-1]).all()
