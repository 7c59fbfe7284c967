"""Every issue code, on a track made for it; and none of them on a good recording."""

from dataclasses import replace
from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from gait_tracks import (
    ACROSS,
    FEET,
    FRONTAL,
    STANDING,
    TREADMILL,
    joined,
    moved,
    noisy,
    reversed_in_time,
    swap_legs,
    walk,
    with_camera,
    with_gait,
)  # fmt: skip

from analysis import quality
from analysis.assess import assess
from analysis.config import QualityConfig
from analysis.pose import Landmark
from analysis.quality import SEVERITIES
from analysis.swaps import foot_gap

TWO_WAYS = with_gait(ACROSS, passes=2)
TWELVE = with_gait(ACROSS, passes=12)


def turned(track):
    """The phone was held upright, the film lies on its side."""
    lying = moved(track, lambda xy: np.stack([xy[..., 1], track.size_px[0] - xy[..., 0]], axis=-1))
    return replace(lying, size_px=track.size_px[::-1])


def bouncing():
    """A run: the hips are lowest where the feet pass, and the body flies where they are apart."""
    track = walk(TREADMILL)
    apart = np.abs(foot_gap(track))
    lift = 25.0 * (apart - np.mean(apart)) / np.std(apart)

    def change(xy):
        xy[:, : Landmark.LEFT_KNEE, 1] -= 1.5 * lift[:, None]
        xy[:, Landmark.LEFT_KNEE :, 1] -= lift[:, None]
        return xy

    return moved(track, change)


def shrunk(all_marks=True):
    """The walker has no fingers; the pose model always draws them."""
    track = replace(moved(walk(TWO_WAYS), lambda xy: xy / 4), size_px=(240, 135))
    if not all_marks:
        return track

    def fingers(xy):
        missing = [mark for mark in Landmark if np.isnan(xy[:, mark]).all()]
        xy[:, missing] = xy[:, [Landmark.LEFT_WRIST]]
        return xy

    return replace(moved(track, fingers), visibility=np.ones_like(track.visibility))


def feet_below():
    track = walk(TWO_WAYS)
    lowest = np.nanmax(track.xy_px[..., 1])
    return replace(track, size_px=(track.size_px[0], int(lowest) - 15))


def hidden_near_leg():
    track = walk(TWO_WAYS)
    visibility = track.visibility.copy()
    visibility[::2, Landmark.LEFT_KNEE : Landmark.LEFT_ANKLE + 1] *= 0.3
    return replace(track, visibility=visibility)


def two_speeds():
    return joined(walk(TWO_WAYS), walk(with_gait(TWO_WAYS, speed_mps=0.8)))


def confused_legs():
    track = noisy(walk(TREADMILL), 0.5)
    return swap_legs(track, np.arange(len(track)) % 12 < 3)


def backward_part():
    forward = walk(TWO_WAYS)
    return joined(forward, reversed_in_time(forward).between(0.0, 4.0))


CASES = {
    "not_upright": (lambda: turned(walk(TWO_WAYS)), "error"),
    "no_walking": (lambda: walk(STANDING), "error"),
    "walks_backward": (lambda: reversed_in_time(walk(TWO_WAYS)), "error"),
    "running": (bouncing, "error"),
    "oblique": (lambda: walk(with_camera(TREADMILL, yaw_deg=45.0)), "error"),
    "frontal_only": (lambda: walk(FRONTAL), "info"),
    "low_frame_rate": (lambda: walk(with_camera(TWO_WAYS, fps=15.0)), "warning"),
    "yaw": (lambda: walk(with_camera(TWO_WAYS, yaw_deg=20.0)), "warning"),
    "near_leg_hidden": (hidden_near_leg, "warning"),
    "speed_varies": (two_speeds, "warning"),
    "few_strides": (lambda: walk(TWO_WAYS), "warning"),
    "one_direction": (lambda: walk(with_gait(ACROSS, passes=1)), "warning"),
    "camera_tilted": (lambda: walk(with_camera(TWO_WAYS, roll_deg=5.0)), "warning"),
    "small_person": (shrunk, "warning"),
    "feet_cut_off": (feet_below, "warning"),
    "legs_confused": (confused_legs, "warning"),
    "backward_part": (backward_part, "info"),
}


@cache
def result_of(code):
    return assess(CASES[code][0]())


@pytest.mark.parametrize("code", CASES)
def test_each_limit_is_found(code):
    _, severity = CASES[code]
    quality = result_of(code).quality
    issue = {issue.code: issue for issue in quality.issues}[code]
    assert issue.severity == severity
    assert issue.message.endswith(".")
    assert issue.advice.endswith(".")
    order = [SEVERITIES.index(one.severity) for one in quality.issues]
    assert order == sorted(order), "worst first"
    assert quality.usable == ("error" not in {one.severity for one in quality.issues})


@pytest.mark.parametrize("code", [code for code, (_, severity) in CASES.items() if severity == "error"])
def test_errors_rule_out_every_statement(code):
    result = result_of(code)
    assert not result.quality.usable
    assert (result.favoring.verdict, result.favoring.side) == ("inconclusive", None)
    assert result.favoring.reason == result.quality.issues[0].message
    assert result.trunk.verdict == "not_measurable"
    assert not result.strides["valid"].any()
    assert all(measure.status == "not_measurable" for measure in result.measures.values())


@pytest.mark.parametrize("code", ["frontal_only", "low_frame_rate", "near_leg_hidden", "speed_varies"])
def test_some_limits_rule_out_only_the_verdict(code):
    result = result_of(code)
    assert (result.favoring.verdict, result.favoring.side) == ("inconclusive", None)
    assert result.favoring.reason == {one.code: one for one in result.quality.issues}[code].message
    assert result.quality.usable
    assert result.measures["cadence"].status == "ok"


def test_small_people_are_found_in_sets_that_lack_landmarks():
    assert "small_person" in {one.code for one in assess(shrunk(all_marks=False)).quality.issues}


def test_a_good_recording_has_no_issue():
    quality = assess(walk(TWELVE)).quality
    assert quality.usable
    assert not quality.issues


def test_noise_alone_raises_no_issue():
    assert not assess(noisy(walk(TWELVE), 1.0)).quality.issues


def test_few_strides_that_suffice_are_only_an_info():
    issues = {one.code: one for one in assess(walk(with_gait(ACROSS, passes=4))).quality.issues}
    assert issues["few_strides"].severity == "info"


@pytest.mark.parametrize(("fps", "said"), [(14.9925, "15"), (23.6, "23.6"), (23.88, "23.9")])
def test_a_rate_that_is_too_low_never_reads_like_one_that_is_enough(fps, said):
    issue = quality._low_rate(SimpleNamespace(fps=fps), QualityConfig())
    assert issue.message == f"The video has only {said} pictures a second, too few to time steps."


@pytest.mark.parametrize(
    ("count", "said"), [(0, "No full step of"), (1, "Only 1 full step of each"), (2, "Only 2 full steps")]
)
def test_steps_are_counted_in_plain_words(count, said):
    passes = result_of("few_strides").passes
    strides = pd.DataFrame({"side": ["left", "right"] * count, "valid": [True, True] * count})
    assert said in quality._strides(strides, passes, QualityConfig(), 6).message


@pytest.mark.parametrize("speed", [0.7, 1.2, 1.7])
def test_walking_is_not_taken_for_running(speed):
    assert "running" not in {one.code for one in assess(walk(with_gait(TWO_WAYS, speed_mps=speed))).quality.issues}


def test_a_marked_limp_is_not_taken_for_running_or_confusion():
    codes = {one.code for one in assess(walk(with_gait(TWELVE, favoring="right", strength=1.0))).quality.issues}
    assert not codes & {"running", "legs_confused", "speed_varies", "not_upright"}


def test_leaving_at_the_sides_is_not_cut_off():
    track = walk(TWO_WAYS)
    assert np.isnan(track.xy_px[:, FEET]).any()
    assert "feet_cut_off" not in {one.code for one in assess(track).quality.issues}
