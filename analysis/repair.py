"""Repair of a raw track: left/right swaps undone, outliers dropped, short gaps filled, smoothing.

Every step takes a PoseTrack and returns one with the same times; what was changed is kept in `Repaired`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator
from scipy.ndimage import median_filter
from scipy.signal import butter, sosfiltfilt

from analysis.body import runs, torso_length_px
from analysis.config import RepairConfig
from analysis.pose import N_LANDMARKS, SIDES, BoolArray, FloatArray, PoseTrack, Side, landmark

#: The landmarks that change places when the pose model confuses the legs; the hips nearly coincide in a side view.
LEG_PARTS = ("knee", "ankle", "heel", "foot_index")
LEG: dict[Side, list[int]] = {side: [int(landmark(side, part)) for part in LEG_PARTS] for side in SIDES}


@dataclass(frozen=True)
class Repaired:
    """A repaired, still unsmoothed track, and what was done to it.

    Attributes
    ----------
    track : PoseTrack
        Same times as the raw one; what is not known is NaN.
    swapped : bool array [T]
        Frames in which left and right leg had changed places, and were put back.
    ambiguous : bool array [T]
        Frames in which the legs could not be told apart; their leg landmarks are NaN.
    filled : bool array [T, 33]
        Landmarks that were interpolated over a short gap.
    """

    track: PoseTrack
    swapped: BoolArray
    ambiguous: BoolArray
    filled: BoolArray


def repair(raw: PoseTrack, config: RepairConfig | None = None) -> Repaired:
    """Undo what the pose model gets wrong, and mark what cannot be known.

    Parameters
    ----------
    raw : PoseTrack
        As it comes from the pose model.
    config : RepairConfig, optional

    Returns
    -------
    Repaired
    """
    config = config or RepairConfig()
    track = drop_unseen(raw, config)
    track, swapped, ambiguous = undo_swaps(track, config)
    track = drop_outliers(track, config)
    track, filled = fill_gaps(track, config)
    return Repaired(track, swapped, ambiguous, filled)


def drop_unseen(track: PoseTrack, config: RepairConfig) -> PoseTrack:
    """Set landmarks to NaN that the pose model itself does not believe in."""
    xy = track.xy_px.copy()
    xy[track.visibility < config.min_visibility] = np.nan
    return replace(track, xy_px=xy)


def undo_swaps(track: PoseTrack, config: RepairConfig) -> tuple[PoseTrack, BoolArray, BoolArray]:
    """Find the frames in which the pose model took the left leg for the right one, and put the legs back.

    A leg keeps its velocity from frame to frame; a swapped label breaks that twice, once on each leg. The cheapest
    sequence of "as labelled" and "swapped" over the whole clip is found by dynamic programming (Viterbi) on the change
    of velocity of knee, ankle, heel and toe of both legs, capped for each landmark so that a wild frame cannot outvote
    the rest. Stretches swapped for longer than half a stride are not believed either way.

    Returns
    -------
    track : PoseTrack
    swapped : bool array [T]
    ambiguous : bool array [T]
    """
    n = len(track)
    none = np.zeros(n, dtype=bool)
    torso = torso_length_px(track)
    if n < 3 or not np.isfinite(torso) or torso <= 0:
        return track, none, none

    legs = np.stack([track.xy_px[:, LEG["left"]], track.xy_px[:, LEG["right"]]], axis=1) / torso  # [T, 2, 4, 2]
    labelled = np.stack([legs, legs[:, ::-1]], axis=1)  # [T, state, leg, landmark, xy]
    swapped = _cheapest_labels(labelled, track.time_s, config)

    ambiguous = none.copy()
    for start, stop in runs(swapped):
        if track.time_s[stop - 1] - track.time_s[start] > config.swap_max_s:
            ambiguous[start:stop] = True
    swapped &= ~ambiguous

    xy, visibility = track.xy_px.copy(), track.visibility.copy()
    here, there = LEG["left"] + LEG["right"], LEG["right"] + LEG["left"]
    for values in (xy, visibility):
        exchanged = values[swapped]
        exchanged[:, here] = exchanged[:, there]
        values[swapped] = exchanged
    hidden = xy[ambiguous]
    hidden[:, here] = np.nan
    xy[ambiguous] = hidden
    return replace(track, xy_px=xy, visibility=visibility), swapped, ambiguous


def _cheapest_labels(labelled: FloatArray, time_s: FloatArray, config: RepairConfig) -> BoolArray:
    """Viterbi over pairs of labels: cost of a triple of frames = capped squared change of velocity, in sigmas."""
    n = len(labelled)
    dt = np.diff(time_s)
    connected = dt <= config.max_gap_s
    step = float(np.median(dt))
    pair_cost = np.zeros((2, 2))  # best cost of ending in labels (previous, current)
    pair_cost[1, :] += config.swap_prior
    pair_cost[:, 1] += config.swap_prior
    origin = np.zeros((n, 2, 2), dtype=np.int8)
    for t in range(2, n):
        if connected[t - 1] and connected[t - 2]:
            # A prediction over a longer step (a dropped frame) is scaled to the usual step, so costs stay comparable.
            before = (labelled[t - 1][None] - labelled[t - 2][:, None]) / dt[t - 2]  # [a, b, ...]: a -> b
            after = (labelled[t][None] - labelled[t - 1][:, None]) / dt[t - 1]  # [b, c, ...]: b -> c
            change = (after[None] - before[:, :, None]) * step / config.swap_noise  # [a, b, c, leg, landmark, xy]
            squared = np.minimum(np.nansum(change**2, axis=-1), config.swap_cap)
            cost = squared.sum(axis=(-1, -2))  # [a, b, c]
        else:
            cost = np.zeros((2, 2, 2))
        total = pair_cost[:, :, None] + cost + np.array([0.0, config.swap_prior])[None, None, :]
        origin[t] = np.argmin(total, axis=0)
        pair_cost = np.min(total, axis=0)

    labels = np.zeros(n, dtype=bool)
    previous, current = np.unravel_index(int(np.argmin(pair_cost)), (2, 2))
    labels[n - 1], labels[n - 2] = bool(current), bool(previous)
    for t in range(n - 1, 1, -1):
        previous, current = origin[t, previous, current], previous
        labels[t - 2] = bool(previous)
    return labels


def drop_outliers(track: PoseTrack, config: RepairConfig) -> PoseTrack:
    """Hampel filter: a landmark far from the running median of its own path is dropped."""
    torso = torso_length_px(track)
    if not np.isfinite(torso) or len(track) < 5:
        return track
    window = max(3, 2 * int(config.hampel_window_s * track.fps / 2) + 1)
    floor = config.hampel_floor * torso
    xy = track.xy_px.copy()
    for mark in range(N_LANDMARKS):
        known = np.isfinite(xy[:, mark, 0])
        if known.sum() < window:
            continue
        path = xy[known, mark].astype(float)
        middle = median_filter(path, size=(window, 1), mode="nearest")
        deviation = np.linalg.norm(path - middle, axis=1)
        spread = 1.4826 * median_filter(deviation, size=window, mode="nearest")
        wild = deviation > np.maximum(config.hampel_sigmas * spread, floor)
        rows = np.flatnonzero(known)[wild]
        xy[rows, mark] = np.nan
    return replace(track, xy_px=xy)


def fill_gaps(track: PoseTrack, config: RepairConfig) -> tuple[PoseTrack, BoolArray]:
    """Fill gaps of at most `max_gap_s` with a shape-preserving cubic (PCHIP), and say which values are filled."""
    xy = track.xy_px.astype(float)
    filled = np.zeros(xy.shape[:2], dtype=bool)
    for mark in range(N_LANDMARKS):
        known = np.isfinite(xy[:, mark, 0])
        if known.sum() < 2 or known.all():
            continue
        short = np.zeros(len(track), dtype=bool)
        for start, stop in runs(~known):
            inside = start > 0 and stop < len(track)
            if inside and track.time_s[stop] - track.time_s[start - 1] <= config.max_gap_s + 1e-9:
                short[start:stop] = True
        if short.any():
            curve = PchipInterpolator(track.time_s[known], xy[known, mark], axis=0)
            xy[short, mark] = curve(track.time_s[short])
            filled[short, mark] = True
    return replace(track, xy_px=xy), filled


def smooth(track: PoseTrack, cutoff_hz: float, config: RepairConfig | None = None) -> PoseTrack:
    """Zero-lag 4th-order Butterworth low-pass of every landmark's path, on true timestamps.

    Paths are resampled to a constant rate for the filter and read back at the frames' own times. Islands shorter than
    `min_run_s` are dropped, gaps stay gaps.

    Parameters
    ----------
    track : PoseTrack
    cutoff_hz : float
        -3 dB frequency of the whole (forward and backward) filter; see Winter 2009 for the correction of two passes.
    """
    config = config or RepairConfig()
    if len(track) < 4:
        return track
    rate = track.fps
    cutoff = config.low_fps_cutoff_hz if rate < config.low_fps else cutoff_hz
    # Two passes of a second-order filter: each pass gets a higher cut-off so that the pair is -3 dB at `cutoff`.
    corrected = min(cutoff / (np.sqrt(2.0) - 1.0) ** 0.25, 0.45 * rate)
    filter_ = butter(2, corrected, fs=rate, output="sos")
    xy = np.full_like(track.xy_px, np.nan, dtype=float)
    for mark in range(N_LANDMARKS):
        for start, stop in runs(np.isfinite(track.xy_px[:, mark, 0])):
            time = track.time_s[start:stop]
            if stop - start < 4 or time[-1] - time[0] < config.min_run_s:
                continue
            even = np.linspace(time[0], time[-1], 1 + int(round((time[-1] - time[0]) * rate)))
            path = PchipInterpolator(time, track.xy_px[start:stop, mark].astype(float), axis=0)(even)
            padding = min(len(even) - 1, int(round(rate)))
            path = sosfiltfilt(filter_, path, axis=0, padlen=padding)
            xy[start:stop, mark] = CubicSpline(even, path, axis=0)(time)
    return replace(track, xy_px=xy)
