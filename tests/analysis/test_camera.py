"""The camera's angle to the walking line: measured, and undone."""

from dataclasses import replace

import numpy as np
import pytest
from gait_tracks import ACROSS, TREADMILL, noisy, solve, walk, with_camera, with_gait

from analysis.angles import angle_table
from analysis.camera import camera_yaw, focal_px, square, with_yaw
from analysis.config import CameraConfig
from analysis.events import find_events
from analysis.pose import SIDES
from analysis.repair import repair, smooth
from analysis.strides import stride_table
from analysis.view import find_passes

CONFIG = CameraConfig()
TWO_WAYS = with_gait(ACROSS, passes=2, half_path_m=2.7)


def seen(params, noise_px=0.0):
    track = walk(params)
    body = smooth(repair(noisy(track, noise_px) if noise_px else track).track, 6.0)
    return body, find_passes(body)[0]


@pytest.mark.parametrize("true_yaw", [-20.0, -10.0, 0.0, 10.0, 20.0])
@pytest.mark.parametrize("noise_px", [0.0, 1.5])
def test_yaw_is_recovered(true_yaw, noise_px):
    """A camera turned by + has whoever walks to the right come nearer: the right end is the near one."""
    body, passes = seen(with_camera(TWO_WAYS, yaw_deg=true_yaw), noise_px)
    yaw = camera_yaw(body, passes)
    assert set(yaw) == {one.index for one in passes}
    for angle in yaw.values():
        assert abs(abs(angle) - abs(true_yaw)) < 2.0
        if true_yaw:
            assert np.sign(angle) == -np.sign(true_yaw)


@pytest.mark.parametrize("hfov_deg", [60.0, 70.0])
@pytest.mark.parametrize("true_yaw", [-20.0, 15.0])
def test_a_wrong_field_of_view_costs_little(hfov_deg, true_yaw):
    distance_m = 4.0 * np.tan(np.radians(31.0)) / np.tan(np.radians(hfov_deg / 2))
    body, passes = seen(with_camera(TWO_WAYS, yaw_deg=true_yaw, hfov_deg=hfov_deg, distance_m=distance_m))
    for angle in camera_yaw(body, passes, CONFIG).values():
        assert abs(abs(angle) - abs(true_yaw)) < 3.0


@pytest.mark.parametrize("true_yaw", [-20.0, 20.0])
def test_squaring_makes_left_and_right_knee_agree(true_yaw):
    """Near knee against near knee: they differ by several degrees before, and hardly after."""
    body, passes = seen(with_camera(TWO_WAYS, yaw_deg=true_yaw))
    squared = square(body, passes, camera_yaw(body, passes), CONFIG)

    def difference(track):
        table = angle_table(track, passes)
        strides = stride_table(track, passes, find_events(track, passes), table, dict.fromkeys(SIDES, nothing))
        near = strides[strides["near"].astype(bool) & np.isfinite(strides["knee_rom_deg"].astype(float))]
        left, right = (near[near["side"] == side]["knee_rom_deg"].astype(float) for side in SIDES)
        assert min(len(left), len(right)) >= 2
        return abs(left.mean() - right.mean())

    nothing = np.zeros(len(body), dtype=bool)
    assert difference(squared) < 0.7 * difference(body)
    assert difference(squared) < 5.0


def test_squaring_gives_what_a_square_camera_sees():
    """With its true angle and field of view, turning the picture is exact: no ray of light changes."""
    turned = with_camera(TWO_WAYS, yaw_deg=15.0)
    track = walk(turned)
    passes = find_passes(smooth(track, 6.0))[0]
    config = CameraConfig(field_of_view_deg=turned.camera.hfov_deg)
    squared = square(track, passes, {one.index: -15.0 for one in passes}, config)
    clip = solve(turned)
    room = {name: clip.posed.joints[name] for name in ("knee_left", "heel_right", "shoulder_left")}
    focal = focal_px(track, config)
    marks = {"knee_left": 25, "heel_right": 30, "shoulder_left": 11}
    for one in passes:
        rows = (track.time_s >= one.start_s) & (track.time_s <= one.end_s)
        for name, mark in marks.items():
            away = room[name][rows] - clip.view.position
            # The walking line runs along x; looking square at it is looking along +-y.
            ahead = away[:, 1] * np.sign(clip.view.forward[1])
            across = away[:, 0] * np.sign(clip.view.right[0])
            x = track.size_px[0] / 2 + focal * across / ahead
            y = track.size_px[1] / 2 - focal * away[:, 2] / ahead
            found = squared.xy_px[rows, mark]
            known = np.isfinite(found).all(axis=1)
            assert known.sum() > 30
            np.testing.assert_allclose(found[known], np.stack([x, y], axis=1)[known], atol=1.5)


def test_no_line_no_angle():
    body, passes = seen(TREADMILL)
    assert camera_yaw(body, passes) == {}
    np.testing.assert_array_equal(square(body, passes, {}, CONFIG).xy_px, body.xy_px)


def test_frames_outside_passes_stay():
    body, passes = seen(with_camera(TWO_WAYS, yaw_deg=10.0))
    squared = square(body, passes, camera_yaw(body, passes), CONFIG)
    margin = CONFIG.margin_s + 1e-9
    outside = np.all(
        [(body.time_s < one.start_s - margin) | (body.time_s > one.end_s + margin) for one in passes], axis=0
    )
    np.testing.assert_array_equal(squared.xy_px[outside], body.xy_px[outside])
    assert np.nanmax(np.abs(squared.xy_px[~outside] - body.xy_px[~outside])) > 5.0


def test_more_than_thirty_degrees_is_oblique():
    passes = find_passes(smooth(walk(TWO_WAYS), 6.0))[0]
    described = with_yaw(passes, {0: -31.0, 1: 29.0}, 30.0)
    assert [(one.view, one.yaw_deg) for one in described] == [("oblique", 31.0), ("side", 29.0)]
    assert with_yaw(passes, {}, 30.0) == passes


def test_a_pass_along_another_line_keeps_its_own_angle():
    body, passes = seen(with_camera(TWO_WAYS, yaw_deg=10.0))
    (first, second) = passes
    other = replace(body, xy_px=body.xy_px.copy())
    rows = (body.time_s >= second.start_s) & (body.time_s <= second.end_s)
    straight = square(body, passes, {second.index: camera_yaw(body, passes)[second.index] * 2}, CONFIG)
    other.xy_px[rows] = straight.xy_px[rows]
    yaw = camera_yaw(other, passes, replace(CONFIG, same_line_deg=4.0))
    assert abs(yaw[first.index] - yaw[second.index]) > 8.0
