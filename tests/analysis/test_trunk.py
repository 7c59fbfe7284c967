"""Trunk lean against what the walker was asked to do."""

from dataclasses import replace

import numpy as np
import pytest
from gait_tracks import ACROSS, FRONTAL, moved, noisy, solve, walk, with_camera, with_gait

from analysis.assess import assess
from analysis.pose import Landmark
from analysis.trunk import forward_by_direction
from validation.walker.truth import angles_2d

TWO_WAYS = with_gait(ACROSS, passes=2)


def true_lean(params):
    return float(np.mean(solve(params).posed.angles["trunk_forward"]))


@pytest.mark.parametrize("lean", [-6.0, 2.0, 8.0, 15.0])
def test_forward_lean_is_recovered(lean):
    params = with_gait(TWO_WAYS, trunk_forward_deg=lean)
    result = assess(noisy(walk(params), 1.0))
    assert result.trunk.forward_deg == pytest.approx(true_lean(params), abs=1.0)
    ways = forward_by_direction(result.frames, result.passes)
    assert ways[1] == pytest.approx(ways[-1], abs=1.0)
    assert result.trunk.verdict == ("leans_forward" if lean > 10 else "typical")
    assert result.measures["trunk_forward"].value == result.trunk.forward_deg


def test_leaning_back_is_said():
    result = assess(walk(with_gait(TWO_WAYS, trunk_forward_deg=-14.0)))
    assert result.trunk.verdict == "leans_backward"
    assert "backward" in result.trunk.reason


@pytest.mark.parametrize("roll", [-5.0, 5.0])
def test_camera_roll_cancels_over_two_directions(roll):
    params = with_camera(with_gait(TWO_WAYS, trunk_forward_deg=4.0), roll_deg=roll)
    result = assess(walk(params))
    ways = forward_by_direction(result.frames, result.passes)
    assert abs(ways[1] - ways[-1]) / 2 == pytest.approx(5.0, abs=1.0)
    # Roll + turns the picture counter-clockwise: who walks to the right seems to lean back.
    assert np.sign(ways[1] - ways[-1]) == -np.sign(roll)
    assert result.trunk.forward_deg == pytest.approx(true_lean(params), abs=1.0)
    assert "camera_tilted" in {issue.code for issue in result.quality.issues}


def test_one_direction_says_that_roll_is_in_it():
    result = assess(walk(with_gait(ACROSS, passes=1)))
    assert result.trunk.forward_deg == pytest.approx(2.0, abs=1.0)
    assert "one direction" in result.measures["trunk_forward"].reason


@pytest.mark.parametrize("lean", [-7.0, 7.0])
def test_lateral_lean_has_the_right_side(lean):
    """The walker's + is toward its right; walking toward and away must agree."""
    params = with_gait(FRONTAL, trunk_lateral_deg=lean, sway_lateral_deg=1.0)
    result = assess(noisy(walk(params), 0.5))
    trunk = result.trunk
    right = lean > 0
    assert trunk.verdict == ("leans_right" if right else "leans_left")
    assert ("right" if right else "left") in trunk.reason
    high, low = (
        (trunk.lateral_right_deg, trunk.lateral_left_deg)
        if right
        else (trunk.lateral_left_deg, trunk.lateral_right_deg)
    )
    assert high == pytest.approx(8.0, abs=1.5)
    assert low == pytest.approx(-6.0, abs=1.5)
    measure = result.measures["trunk_lateral"]
    assert (measure.left, measure.right) == (trunk.lateral_left_deg, trunk.lateral_right_deg)


def test_sway_to_both_sides_is_typical():
    params = with_gait(FRONTAL, sway_lateral_deg=3.0)
    trunk = assess(walk(params)).trunk
    assert trunk.lateral_left_deg == pytest.approx(3.0, abs=1.2)
    assert trunk.lateral_right_deg == pytest.approx(3.0, abs=1.2)
    assert trunk.verdict == "typical"
    assert trunk.forward_deg is None


def test_lateral_lean_of_every_frame_follows_the_truth():
    params = with_gait(FRONTAL, trunk_lateral_deg=5.0)
    result = assess(walk(params))
    mine = -result.frames["trunk_lateral_deg"].to_numpy()  # + to the left here, + to the right there
    true = angles_2d(solve(params))["trunk_lateral_deg"]
    known = np.isfinite(mine) & np.isfinite(true)
    assert known.sum() > 150
    assert np.median(np.abs(mine - true)[known]) < 0.5


def test_planes_are_not_inferred_from_each_other():
    side, front = assess(walk(TWO_WAYS)).trunk, assess(walk(FRONTAL)).trunk
    assert side.lateral_left_deg is None
    assert side.lateral_right_deg is None
    assert front.forward_deg is None


def test_mirroring_swaps_the_lateral_sides_and_keeps_the_forward_lean():
    for params in (with_gait(TWO_WAYS, trunk_forward_deg=8.0), with_gait(FRONTAL, trunk_lateral_deg=7.0)):
        track = moved(walk(params), lambda xy: np.round(xy * 64) / 64)
        here, there = assess(track).trunk, assess(track.mirrored()).trunk
        if here.forward_deg is not None:
            assert there.forward_deg == pytest.approx(here.forward_deg, abs=1e-6)
        if here.lateral_left_deg is not None:
            assert there.lateral_right_deg == pytest.approx(here.lateral_left_deg, abs=1e-6)
            assert there.lateral_left_deg == pytest.approx(here.lateral_right_deg, abs=1e-6)


def test_without_shoulders_there_is_no_trunk():
    track = walk(TWO_WAYS)
    xy = track.xy_px.copy()
    xy[:, [Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]] = np.nan
    trunk = assess(replace(track, xy_px=xy)).trunk
    assert trunk.verdict == "not_measurable"
    assert trunk.forward_deg is None
