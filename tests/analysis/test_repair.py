"""Gaps, outliers, smoothing, and legs of bodies that the picture's edge cuts."""

from dataclasses import replace

import numpy as np
import pytest
from gait_tracks import ACROSS, FEET, TREADMILL, noisy, swap_legs, walk, with_camera
from scipy.ndimage import binary_dilation

from analysis.body import torso_length_px
from analysis.config import RepairConfig
from analysis.pose import N_LANDMARKS, Landmark, PoseTrack
from analysis.repair import drop_outliers, drop_unseen, fill_gaps, repair, smooth
from analysis.swaps import LEG

CONFIG = RepairConfig()
LEGS = LEG["left"] + LEG["right"]
INSIDE = slice(60, 125)  # frames of the first pass in which the whole body is in the picture


def waves(hz, fps=30.0, seconds=6.0, time_s=None):
    """A track in which every landmark goes up and down as a sine of 50 px."""
    time_s = np.arange(int(seconds * fps)) / fps if time_s is None else time_s
    xy = np.full((len(time_s), N_LANDMARKS, 2), 300.0)
    xy[..., 1] += 50.0 * np.sin(2 * np.pi * hz * time_s)[:, None]
    return PoseTrack(time_s, xy, np.ones((len(time_s), N_LANDMARKS), np.float32), (960, 540))


def with_hole(track, frames, mark=Landmark.LEFT_KNEE):
    xy = track.xy_px.copy()
    xy[frames, mark] = np.nan
    return replace(track, xy_px=xy)


def away_from_gaps(track, frames=3):
    """Frames [T] in which both legs are seen, and were and will be for some frames."""
    lost = ~np.isfinite(track.xy_px[:, LEGS]).all(axis=(1, 2))
    return ~binary_dilation(lost, iterations=frames)


def test_a_clean_walk_stays_as_it_is():
    track = walk()
    repaired = repair(track)
    whole = away_from_gaps(track)
    kept = [mark for mark in LEGS if mark not in (Landmark.LEFT_KNEE, Landmark.RIGHT_KNEE)]
    assert whole.sum() > 300
    np.testing.assert_array_equal(repaired.track.time_s, track.time_s)
    change = np.abs(repaired.track.xy_px - track.xy_px)[whole]
    assert np.mean(change[:, kept] == 0.0) > 0.99
    assert change[:, LEGS].max() < 0.05 * torso_length_px(track)
    assert not repaired.swapped[whole].any()
    assert repaired.filled[whole].mean() < 0.01


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_short_gaps_are_filled_and_flagged(frames):
    """Up to 0.12 s between known neighbours: three lost frames at 40 a second, and two at 30."""
    track = walk(with_camera(TREADMILL, fps=40.0))
    hole = np.arange(100, 100 + frames)
    filled, flags = fill_gaps(with_hole(track, hole), CONFIG)
    assert flags[hole, Landmark.LEFT_KNEE].all()
    off = np.linalg.norm(filled.xy_px[hole, Landmark.LEFT_KNEE] - track.xy_px[hole, Landmark.LEFT_KNEE], axis=1)
    assert off.max() < 0.04 * torso_length_px(track)
    assert not flags[hole, Landmark.RIGHT_KNEE].any()


@pytest.mark.parametrize("frames", [4, 8])
def test_long_gaps_stay_unknown(frames):
    hole = np.arange(80, 80 + frames)
    repaired = repair(with_hole(walk(), hole))
    assert np.isnan(repaired.track.xy_px[hole, Landmark.LEFT_KNEE]).all()
    assert not repaired.filled[hole, Landmark.LEFT_KNEE].any()


def test_gaps_are_measured_in_time_not_in_frames():
    """Two lost frames are 0.1 s at 30 frames a second and 0.2 s at 15."""
    for fps, short in ((30.0, True), (15.0, False)):
        track = walk(with_camera(TREADMILL, fps=fps))
        hole = np.arange(int(2.5 * fps), int(2.5 * fps) + 2)
        _, flags = fill_gaps(with_hole(track, hole), CONFIG)
        assert flags[hole, Landmark.LEFT_KNEE].all() == short


def test_ends_are_not_extrapolated():
    track = with_hole(walk(), [60, 61])
    cut = track.between(track.time_s[61], track.time_s[120])
    _, flags = fill_gaps(cut, CONFIG)
    assert not flags.any()


@pytest.mark.parametrize("mark", [Landmark.LEFT_KNEE, Landmark.RIGHT_ANKLE, Landmark.LEFT_SHOULDER])
def test_spikes_are_dropped(mark):
    track = noisy(walk(), 0.5)
    xy = track.xy_px.copy()
    spikes = [70, 85, 100]
    xy[spikes, mark] += 0.5 * torso_length_px(track)
    dropped = drop_outliers(replace(track, xy_px=xy), CONFIG)
    assert np.isnan(dropped.xy_px[spikes, mark]).all()
    repaired = repair(replace(track, xy_px=xy))
    assert repaired.filled[spikes, mark].all()
    assert np.abs(repaired.track.xy_px[spikes, mark] - track.xy_px[spikes, mark]).max() < 0.1 * torso_length_px(track)


@pytest.mark.parametrize("speed", [1.2, 1.5, 1.9])
def test_fast_swings_are_kept(speed):
    track = walk(replace(ACROSS, gait=replace(ACROSS.gait, passes=2, speed_mps=speed)))
    look = away_from_gaps(track)
    assert look.sum() > 80
    kept = np.isfinite(drop_outliers(track, CONFIG).xy_px).all(axis=2)[np.ix_(look, LEGS)]
    assert kept.mean() > 0.98
    change = np.abs(repair(track).track.xy_px - track.xy_px)[np.ix_(look, LEGS)]
    assert np.max(change) < 0.05 * torso_length_px(track)


def test_landmarks_the_model_does_not_believe_in_are_dropped():
    track = walk()
    visibility = track.visibility.copy()
    visibility[80:90, Landmark.LEFT_KNEE] = 0.05
    visibility[80:90, Landmark.RIGHT_KNEE] = 0.3  # far knees that are right often have no more than this
    xy = drop_unseen(replace(track, visibility=visibility), CONFIG).xy_px
    assert np.isnan(xy[80:90, Landmark.LEFT_KNEE]).all()
    assert np.isfinite(xy[80:90, Landmark.RIGHT_KNEE]).all()


@pytest.mark.parametrize("edge", ["left", "right"])
def test_legs_of_a_body_cut_by_the_edge_are_dropped(edge):
    """The pose model draws a body that is half outside whole: its legs are made up."""
    track = walk().between(2.0, 3.5)
    reach = track.xy_px[..., 0]
    shift = -np.nanmax(reach[10]) + 30 if edge == "left" else track.size_px[0] - np.nanmin(reach[10]) - 30
    xy = track.xy_px.copy()
    xy[10, :, 0] += shift
    dropped = drop_unseen(replace(track, xy_px=xy), CONFIG).xy_px
    assert np.isnan(dropped[10, LEGS]).all()
    assert np.isfinite(dropped[10, Landmark.NOSE]).all()
    np.testing.assert_array_equal(np.isfinite(dropped[9]), np.isfinite(track.xy_px[9]))


def test_feet_below_the_picture_do_not_cost_the_knees():
    track = walk().between(2.0, 3.5)
    xy = track.xy_px.copy()
    xy[:, FEET, 1] += track.size_px[1]
    assert np.isfinite(drop_unseen(replace(track, xy_px=xy), CONFIG).xy_px[:, Landmark.LEFT_KNEE]).all()


@pytest.mark.parametrize("fps", [30.0, 60.0, 29.97])
def test_smoothing_keeps_phase_and_size_of_slow_movement(fps):
    track = waves(1.0, fps)
    smoothed = smooth(track, 6.0)
    middle = slice(int(fps), -int(fps))
    before, after = (t.xy_px[middle, Landmark.LEFT_KNEE, 1] - 300.0 for t in (track, smoothed))
    assert np.max(np.abs(after - before)) < 0.5  # of 50 px; a lag of 5 ms alone would make 1.6
    lags = np.arange(-3, 4)
    likeness = [np.dot(before[5:-5], np.roll(after, lag)[5:-5]) for lag in lags]
    assert lags[int(np.argmax(likeness))] == 0


def test_smoothing_halves_power_at_the_cut_off_and_stops_what_is_faster():
    """-3 dB for both passes together, not for each."""
    for hz, gain in ((6.0, np.sqrt(0.5)), (13.0, 0.05)):
        smoothed = smooth(waves(hz, 60.0), 6.0)
        amplitude = np.sqrt(2) * np.std(smoothed.xy_px[60:-60, Landmark.NOSE, 1])
        assert amplitude / 50.0 == pytest.approx(gain, abs=0.05)


def test_smoothing_reads_timestamps():
    """The same wave seen at uneven times stays the same wave."""
    even = waves(1.0)
    time_s = even.time_s + np.random.default_rng(0).uniform(-0.01, 0.01, len(even))
    uneven = waves(1.0, time_s=np.sort(time_s))
    smoothed = smooth(uneven, 6.0)
    truth = 300.0 + 50.0 * np.sin(2 * np.pi * uneven.time_s)
    assert np.max(np.abs(smoothed.xy_px[30:-30, 0, 1] - truth[30:-30])) < 0.8


def test_smoothing_keeps_gaps_and_drops_islands():
    track = waves(1.0)
    xy = track.xy_px.copy()
    xy[50:60, Landmark.LEFT_KNEE] = np.nan
    xy[100:140, Landmark.LEFT_KNEE] = np.nan
    xy[118:122, Landmark.LEFT_KNEE] = track.xy_px[118:122, Landmark.LEFT_KNEE]
    knee = smooth(replace(track, xy_px=xy), 6.0).xy_px[:, Landmark.LEFT_KNEE]
    expected = np.isnan(xy[:, Landmark.LEFT_KNEE])
    expected[118:122] = True
    np.testing.assert_array_equal(np.isnan(knee), expected)


def test_smoothing_holds_a_still_point_and_takes_noise_off():
    still = noisy(replace(waves(1.0), xy_px=np.full((180, N_LANDMARKS, 2), 300.0)), 2.0)
    smoothed = smooth(still, 6.0).xy_px[30:-30]
    assert np.abs(smoothed - 300.0).mean() < 0.75 * np.abs(still.xy_px[30:-30] - 300.0).mean()
    flat = smooth(replace(still, xy_px=np.full_like(still.xy_px, 300.0)), 6.0)
    np.testing.assert_allclose(flat.xy_px, 300.0, atol=1e-6)


def test_everything_at_once_still_comes_out_near_the_truth():
    truth = walk()
    rng = np.random.default_rng(4)
    spoiled = noisy(truth, 1.0)
    spoiled = swap_legs(spoiled, rng.random(len(truth)) < 0.05)
    xy = spoiled.xy_px.copy()
    xy[rng.random(xy.shape[:2]) < 0.03] = np.nan
    body = smooth(repair(replace(spoiled, xy_px=xy)).track, CONFIG.angle_cutoff_hz)
    error = np.linalg.norm(body.xy_px[INSIDE][:, LEGS] - truth.xy_px[INSIDE][:, LEGS], axis=2)
    assert np.isfinite(error).mean() > 0.97
    assert np.nanmedian(error) < 1.5
    assert np.nanquantile(error, 0.95) < 0.06 * torso_length_px(truth)
