"""Heel strikes and toe-offs against the walker's plan."""

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from gait_tracks import (
    ACROSS,
    FACE,
    FEET,
    FRONTAL,
    TREADMILL,
    found_times,
    joined,
    matched,
    noisy,
    resampled,
    solve,
    true_times,
    walk,
    with_camera,
    with_gait,
    without,
)  # fmt: skip

from analysis.assess import assess
from analysis.pose import SIDES, PoseTrack
from analysis.swaps import LEG
from validation.walker.truth import in_picture

#: A peak needs the foot's path on both sides of it.
MARGIN_S = 0.35
TOLERANCE_S = 0.030


def well_seen(clip, times, passes):
    """Keep the times in a pass around which the whole body is in the picture."""
    whole = in_picture(clip)

    def seen(t):
        around = np.abs(clip.time_s - t) <= MARGIN_S
        inside = any(one.start_s <= t <= one.end_s for one in passes)
        return inside and MARGIN_S < t < clip.time_s[-1] - MARGIN_S and whole[around].all()

    return [t for t in times if seen(t)]


@cache
def assessed(params):
    return assess(walk(params))


def compare(result, clip, kind="heel_strike"):
    """Return errors in s, true events that were missed although well seen, and events that are not true."""
    errors, missed, extra = [], [], []
    for side in SIDES:
        e, m, x = matched(found_times(result.events, kind, side), true_times(clip, kind, side))
        errors += list(e)
        missed += well_seen(clip, m, result.passes)
        extra += list(x)
    return np.array(errors), missed, extra


WALKS = {
    "usual": ACROSS,
    "limp": with_gait(ACROSS, favoring="right", strength=1.0),
    "treadmill": TREADMILL,
    "slow": with_gait(ACROSS, passes=2, speed_mps=0.7),
    "fast": with_gait(ACROSS, passes=2, speed_mps=1.6),
    "yaw -20": with_camera(with_gait(ACROSS, passes=2), yaw_deg=-20.0),
    "yaw 15": with_camera(with_gait(ACROSS, passes=2), yaw_deg=15.0),
}


@pytest.mark.parametrize("name", WALKS)
def test_heel_strikes_are_all_found_none_extra_and_on_time(name):
    clip = solve(WALKS[name])
    errors, missed, extra = compare(assessed(WALKS[name]), clip)
    assert not missed
    assert not extra
    assert len(errors) >= 10
    assert abs(np.mean(errors)) < TOLERANCE_S
    assert np.std(errors) < 0.010
    assert np.max(np.abs(errors)) < TOLERANCE_S + 0.01


@pytest.mark.parametrize("name", WALKS)
def test_toe_offs_are_all_found_and_equally_late_on_both_sides(name):
    """The method finds toe-offs late, by an amount that depends on the walker; what counts is that sides agree."""
    clip = solve(WALKS[name])
    errors, missed, extra = compare(assessed(WALKS[name]), clip, "toe_off")
    assert not missed
    assert not extra
    assert len(errors) >= 9
    assert np.std(errors) < 0.015
    assert np.max(np.abs(errors)) < 0.09


def test_jitter_of_the_landmarks_costs_no_events():
    clip = solve(ACROSS)
    errors, missed, extra = compare(assess(noisy(walk(), 1.5)), clip)
    assert not missed
    assert not extra
    assert np.std(errors) < 0.020


@pytest.mark.parametrize("fps", [25.0, 60.0, 120.0])
def test_frame_rate_moves_no_event_by_half_a_frame(fps):
    two_ways = with_gait(ACROSS, passes=2)
    at_30, other = (assess(walk(with_camera(two_ways, fps=rate))).events for rate in (30.0, fps))
    for kind in ("heel_strike", "toe_off"):
        for side in SIDES:
            a, b = found_times(at_30, kind, side), found_times(other, kind, side)
            assert abs(len(a) - len(b)) <= 1  # one at the very edge of the picture
            moved, _, _ = matched(b, a)
            assert len(moved) >= min(len(a), len(b))
            assert np.max(np.abs(moved)) < 0.5 / 30


def test_uneven_frame_times_move_no_event_by_half_a_frame():
    two_ways = with_gait(ACROSS, passes=2)
    fine, even = walk(with_camera(two_ways, fps=120.0)), walk(two_ways)
    time_s = even.time_s[even.time_s <= fine.time_s[-1]].copy()
    time_s[1:-1] += np.random.default_rng(0).uniform(-0.3, 0.3, len(time_s) - 2) / 30
    uneven = resampled(fine, time_s)
    assert np.std(np.diff(uneven.time_s)) > 0.005
    a, b = (assess(track).events for track in (even, uneven))
    for kind in ("heel_strike", "toe_off"):
        for side in SIDES:
            moved, missed, extra = matched(found_times(b, kind, side), found_times(a, kind, side))
            assert len(missed) == len(extra) == 0
            assert np.max(np.abs(moved)) < 0.5 / 30


def test_lost_frames_move_no_event_by_half_a_frame():
    """A recorder that drops frames: one in ten is gone, its time with it."""
    track = walk()
    keep = np.random.default_rng(3).random(len(track)) > 0.1
    thin = replace(track, time_s=track.time_s[keep], xy_px=track.xy_px[keep], visibility=track.visibility[keep])
    a, b = (assess(t).events for t in (track, thin))
    for side in SIDES:
        moved, missed, extra = matched(found_times(b, "heel_strike", side), found_times(a, "heel_strike", side))
        assert len(missed) + len(extra) <= 1
        assert np.max(np.abs(moved)) < 0.5 / 30


@pytest.mark.parametrize("lost", [FEET, FEET + FACE], ids=["no feet", "no feet, no face"])
def test_sets_without_feet_give_strikes_from_ankles(lost):
    clip = solve(ACROSS)
    errors, missed, extra = compare(assess(without(walk(), lost)), clip)
    assert not missed
    assert not extra
    assert np.max(np.abs(errors)) < 0.1
    assert np.std(errors) < 0.025


def stopping(strike_s: float, seconds: float = 2.0) -> PoseTrack:
    """A walk that ends on a foot: from just after its strike on, the body comes to rest over the feet and stays."""
    track = walk(with_gait(ACROSS, passes=1))
    stop = int(np.searchsorted(track.time_s, strike_s + 0.08))
    going = track.between(0.0, track.time_s[stop])
    last = going.xy_px[-1].astype(float)
    n = int(seconds * track.fps)
    xy = np.repeat(last[None], n, axis=0)
    # Hips and everything above glide on until they are between the feet.
    feet = LEG["left"] + LEG["right"]
    target = np.mean(last[[27, 28], 0]) - np.mean(last[[23, 24], 0])
    upper = [mark for mark in range(33) if mark not in feet]
    xy[:, upper, 0] += (target * (1 - np.exp(-np.arange(n) / 6.0)))[:, None]
    rest = replace(
        going,
        time_s=np.arange(n) / track.fps,
        xy_px=xy.astype(np.float32),
        visibility=np.repeat(going.visibility[-1:], n, axis=0),
    )
    return joined(going, rest)


def test_the_step_one_stops_on_is_no_strike():
    clip = solve(with_gait(ACROSS, passes=1))
    passes = assess(walk(clip.params)).passes
    last_s = sorted(t for side in SIDES for t in well_seen(clip, true_times(clip, "heel_strike", side), passes))[-2]
    events = assess(stopping(last_s)).events
    assert not [e for e in events if e.type == "heel_strike" and e.time_s > last_s - 0.1]
    assert len([e for e in events if e.type == "heel_strike"]) >= 3


def test_frontal_steps_give_rhythm_in_turn():
    clip = solve(FRONTAL)
    result = assess(noisy(walk(FRONTAL), 0.5))
    strikes = [e for e in result.events if e.type == "heel_strike"]
    assert len(strikes) >= 8
    for index in {e.pass_index for e in strikes}:
        sides = [e.side for e in strikes if e.pass_index == index]
        assert all(a != b for a, b in zip(sides[:-1], sides[1:], strict=True))
    strides = [
        end - start
        for side in SIDES
        for start, end in pairwise(true_times(clip, "heel_strike", side))
        if any(one.start_s <= start and end <= one.end_s for one in result.passes)
    ]
    assert result.measures["cadence"].value == pytest.approx(120 / np.mean(strides), rel=0.03)


def test_events_are_in_order_and_inside_the_clip():
    track = walk()
    events = assess(track).events
    times = [event.time_s for event in events]
    assert times == sorted(times)
    assert times[0] >= 0.0
    assert times[-1] <= track.time_s[-1]
    assert all(isinstance(event.time_s, float) for event in events)
