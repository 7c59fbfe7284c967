"""Passes, directions, views, and what is no walking forward."""

from dataclasses import replace

import numpy as np
import pytest
from gait_tracks import (
    ACROSS,
    FACE,
    FEET,
    FRONTAL,
    STANDING,
    TREADMILL,
    joined,
    noisy,
    reversed_in_time,
    solve,
    walk,
    with_camera,
    with_gait,
    without,
)  # fmt: skip

from analysis.pose import PoseTrack
from analysis.repair import repair, smooth
from analysis.view import find_passes, observe, overall_view
from validation.walker.truth import facing, true_passes


def seen(track: PoseTrack):
    body = smooth(repair(track).track, 6.0)
    passes, excluded = find_passes(body)
    return body, passes, excluded


def test_both_directions_are_found_and_near_side_follows():
    body, passes, excluded = seen(noisy(walk()))
    assert [one.direction for one in passes] == ["right", "left", "right", "left"]
    assert [one.near_side for one in passes] == ["right", "left", "right", "left"]
    assert [one.facing for one in passes] == [1, -1, 1, -1]
    assert {one.view for one in passes} == {"side"}
    assert [one.index for one in passes] == [0, 1, 2, 3]
    assert overall_view(body, passes) == "side"
    assert not excluded


def test_near_side_is_the_side_nearer_to_the_camera():
    """Checked in the room: the near hip is the one that lies less far along the camera's view."""
    clip = solve(ACROSS)
    depth = {side: clip.posed.joints[f"hip_{side}"] @ clip.view.forward for side in ("left", "right")}
    for one in seen(walk())[1]:
        inside = (clip.time_s >= one.start_s) & (clip.time_s <= one.end_s)
        nearer = "left" if np.mean(depth["left"][inside]) < np.mean(depth["right"][inside]) else "right"
        assert one.near_side == nearer


@pytest.mark.parametrize(
    "params", [ACROSS, with_gait(ACROSS, passes=2, half_path_m=1.8), with_gait(ACROSS, passes=2, speed_mps=0.7)]
)
def test_passes_lie_on_the_straights(params):
    clip, track = solve(params), walk(params)
    truth = true_passes(clip)
    passes = seen(track)[1]
    assert [one.direction for one in passes] == [one["direction"] for one in truth]
    for one, true in zip(passes, truth, strict=True):
        assert one.start_s < true["start_s"] + 0.5
        assert one.end_s > true["end_s"] - 0.5
        inside = (clip.time_s >= one.start_s) & (clip.time_s <= one.end_s)
        turned = np.sum(facing(clip)[inside] != one.facing) / track.fps
        assert turned < 0.3, "a pass reaches into the turn"


def test_the_turn_is_in_no_pass_even_in_the_middle_of_the_picture():
    params = with_gait(ACROSS, passes=2, half_path_m=1.5)
    clip = solve(params)
    turning = np.abs(np.sin(clip.posed.heading)) > 0.7
    assert turning.sum() > 10
    for one in seen(walk(params))[1]:
        assert not (turning & (clip.time_s >= one.start_s) & (clip.time_s <= one.end_s)).any()


def test_toward_and_away():
    body, passes, excluded = seen(noisy(walk(FRONTAL)))
    assert [(one.direction, one.view) for one in passes] == [("toward", "front"), ("away", "back")]
    assert all(one.near_side is None and one.facing == 0 and one.yaw_deg is None for one in passes)
    assert overall_view(body, passes) in ("front", "back")
    assert not excluded


@pytest.mark.parametrize("yaw", [0.0, 180.0])
def test_treadmill_is_in_place(yaw):
    track = noisy(walk(with_camera(TREADMILL, yaw_deg=yaw)))
    (one,) = seen(track)[1]
    assert one.direction == "in_place"
    assert one.view == "side"
    assert one.facing == (1 if yaw == 0.0 else -1)
    assert one.near_side == ("right" if yaw == 0.0 else "left")
    assert one.end_s - one.start_s > 9.0


def test_a_camera_that_pans_along_sees_walking_in_place():
    track = walk(with_gait(ACROSS, passes=1)).between(1.5, 4.2)
    panned = track.xy_px - track.middle("hip")[:, None, :] * (1, 0) + (track.size_px[0] / 2, 0)
    (one,) = seen(replace(track, xy_px=panned))[1]
    assert (one.direction, one.facing, one.near_side) == ("in_place", 1, "right")


@pytest.mark.parametrize("params", [ACROSS, FRONTAL], ids=["side", "frontal"])
def test_reversed_clips_are_backward(params):
    track = reversed_in_time(walk(params))
    _, passes, excluded = seen(track)
    assert not passes
    assert excluded
    assert {part.why for part in excluded} == {"backward"}


def test_only_the_backward_part_is_left_out():
    forward = walk(with_gait(ACROSS, passes=2)).between(0.0, 5.0)
    _, passes, excluded = seen(joined(forward, reversed_in_time(forward)))
    assert [one.direction for one in passes] == ["right"]
    assert passes[0].end_s < 5.1
    assert excluded
    assert all(part.start_s > 4.9 for part in excluded)


@pytest.mark.parametrize("yaw", [0.0, 90.0, 180.0])
def test_standing_is_no_pass(yaw):
    body, passes, excluded = seen(noisy(walk(with_camera(STANDING, yaw_deg=yaw)), 0.7))
    assert not passes
    assert not excluded
    assert overall_view(body, passes) == ("front" if yaw == 90.0 else "side")


@pytest.mark.parametrize("yaw", [-45.0, 45.0])
def test_a_slanted_camera_sees_no_side_view_in_the_middle_of_the_picture(yaw):
    passes = seen(walk(with_camera(with_gait(ACROSS, passes=2), yaw_deg=yaw)))[1]
    assert passes
    assert any(one.view == "oblique" for one in passes)


@pytest.mark.parametrize("params", [ACROSS, FRONTAL], ids=["side", "frontal"])
@pytest.mark.parametrize("lost", [FEET, FEET + FACE], ids=["no feet", "no feet, no face"])
def test_sets_without_feet_or_face_give_the_same_passes(params, lost):
    track = noisy(walk(params))
    full, poor = seen(track)[1], seen(without(track, lost))[1]
    assert [(one.direction, one.view, one.near_side) for one in poor] == [
        (o.direction, o.view, o.near_side) for o in full
    ]
    for a, b in zip(full, poor, strict=True):
        assert (b.start_s, b.end_s) == pytest.approx((a.start_s, a.end_s), abs=0.6)


def test_yaw_of_the_body_is_that_of_the_camera():
    for yaw in (0.0, 90.0):
        look = observe(smooth(walk(with_camera(TREADMILL, yaw_deg=yaw)), 6.0))
        assert np.nanmedian(look.yaw_deg) == pytest.approx(yaw, abs=12.0)


def test_nobody_gives_nothing():
    track = walk(STANDING)
    nobody = replace(track, xy_px=np.full_like(track.xy_px, np.nan))
    assert find_passes(nobody) == ((), ())
    assert overall_view(nobody, ()) == "unknown"
