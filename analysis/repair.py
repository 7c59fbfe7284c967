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
from analysis.config import RepairConfig, SwapConfig
from analysis.pose import N_LANDMARKS, SIDES, BoolArray, FloatArray, Landmark, PoseTrack, Side, landmark
from analysis.swaps import LEG, undo_swaps


@dataclass(frozen=True)
class Repaired:
    """A repaired, still unsmoothed track, and what was done to it.

    Attributes
    ----------
    track : PoseTrack
        Same times as the raw one; what is not known is NaN.
    swapped : bool array [T]
        Frames in which left and right leg had changed places, and were put back.
    filled : bool array [T, 33]
        Landmarks that were interpolated over a short gap.
    rebuilt : bool array [T, 33]
        Stance knees that were rebuilt while the other knee passed.
    """

    track: PoseTrack
    swapped: BoolArray
    filled: BoolArray
    rebuilt: BoolArray


def repair(raw: PoseTrack, config: RepairConfig | None = None, swaps: SwapConfig | None = None) -> Repaired:
    """Undo what the pose model gets wrong, and mark what cannot be known.

    Parameters
    ----------
    raw : PoseTrack
        As it comes from the pose model.
    config, swaps : optional

    Returns
    -------
    Repaired
    """
    config = config or RepairConfig()
    track = drop_unseen(raw, config)
    track, swapped = undo_swaps(track, swaps)
    track = drop_outliers(track, config)
    track, filled = fill_gaps(track, config)
    track, rebuilt = rebuild_passed_knees(track, config)
    return Repaired(track, swapped, filled, rebuilt)


def drop_unseen(track: PoseTrack, config: RepairConfig) -> PoseTrack:
    """Drop landmarks that the pose model does not believe in, and legs of a body cut by the picture's edge.

    A body that is only half in the picture is still drawn whole by the pose model: its legs are then made up.
    """
    xy = track.xy_px.copy()
    xy[track.visibility < config.min_visibility] = np.nan
    x = track.xy_px[..., 0]
    cut = ((x < 0) | (x > track.size_px[0])).sum(axis=1) >= config.max_outside
    legs = xy[cut]
    legs[:, LEG["left"] + LEG["right"]] = np.nan
    xy[cut] = legs
    return replace(track, xy_px=xy)


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


def rebuild_passed_knees(track: PoseTrack, config: RepairConfig) -> tuple[PoseTrack, BoolArray]:
    """Rebuild the stance leg's knee for the moment in which the swinging knee passes it.

    Seen from the side the two knees then lie over each other, and the pose model draws the one that stands toward the
    one that swings, by 5 to 10 degrees of false bend. Hip and ankle stay well apart, so the knee is put back between
    them: its place along and across the hip-to-ankle line is interpolated from just before to just after. The knee that
    swings is left as it is: it moves too fast for that, and is seen better.
    """
    rebuilt = np.zeros(track.xy_px.shape[:2], dtype=bool)
    torso = torso_length_px(track)
    if not torso > 0:
        return track, rebuilt
    xy = track.xy_px.astype(float)
    distance = np.abs(track.point(Landmark.LEFT_KNEE)[:, 0] - track.point(Landmark.RIGHT_KNEE)[:, 0]) / torso
    for start, stop in runs(np.nan_to_num(distance, nan=np.inf) < config.knee_overlap):
        inside = start > 0 and stop < len(track)
        if not inside or track.time_s[stop] - track.time_s[start - 1] > config.max_overlap_s:
            continue
        stance = _lower_foot(xy[start:stop])
        if stance is None:
            continue
        around = [i for i in (start - 2, start - 1, stop, stop + 1) if 0 <= i < len(track)]
        hip, knee, ankle = (xy[:, landmark(stance, part)] for part in ("hip", "knee", "ankle"))
        known = [i for i in around if np.isfinite([hip[i], knee[i], ankle[i]]).all()]
        if not any(i < start for i in known) or not any(i >= stop for i in known):
            continue
        rows = np.arange(start, stop)
        place = PchipInterpolator(track.time_s[known], _place_on_leg(hip, knee, ankle)[known])(track.time_s[rows])
        xy[rows, landmark(stance, "knee")] = _point_on_leg(hip[rows], ankle[rows], place)
        rebuilt[rows, landmark(stance, "knee")] = True
    return replace(track, xy_px=xy), rebuilt


def _lower_foot(xy: FloatArray) -> Side | None:
    """Return the side whose ankle is lower in the picture over these frames: the foot that stands."""
    ankles = xy[:, [landmark(side, "ankle") for side in SIDES], 1]
    known = ankles[np.asarray(np.all(np.isfinite(ankles), axis=1))]
    if not len(known):
        return None
    left, right = known.mean(axis=0)
    return "left" if left > right else "right"


def _place_on_leg(hip: FloatArray, knee: FloatArray, ankle: FloatArray) -> FloatArray:
    """Return where the knee lies [T, 2], along and across the line from hip to ankle, in its lengths."""
    line, out = ankle - hip, knee - hip
    length2 = np.maximum((line**2).sum(axis=1), 1e-9)
    along = (out * line).sum(axis=1) / length2
    across = (line[:, 0] * out[:, 1] - line[:, 1] * out[:, 0]) / length2
    return np.stack([along, across], axis=1)


def _point_on_leg(hip: FloatArray, ankle: FloatArray, place: FloatArray) -> FloatArray:
    """Return the point [T, 2] at that place: the inverse of `_place_on_leg`."""
    line = ankle - hip
    normal = np.stack([-line[:, 1], line[:, 0]], axis=1)
    return np.asarray(hip + place[:, :1] * line + place[:, 1:] * normal)


def smooth(track: PoseTrack, cutoff_hz: float, config: RepairConfig | None = None) -> PoseTrack:
    """Low-pass every landmark's path, world landmarks included: zero-lag 4th-order Butterworth, on true timestamps.

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

    def filtered(paths: FloatArray) -> FloatArray:
        out = np.full(paths.shape, np.nan)
        for (start, stop), marks in _shared_runs(np.isfinite(paths[..., 0])).items():
            time = track.time_s[start:stop]
            if stop - start < 4 or time[-1] - time[0] < config.min_run_s:
                continue
            even = np.linspace(time[0], time[-1], 1 + int(round((time[-1] - time[0]) * rate)))
            path = PchipInterpolator(time, paths[start:stop, marks].astype(float), axis=0)(even)
            path = sosfiltfilt(filter_, path, axis=0, padlen=min(len(even) - 1, int(round(rate))))
            out[start:stop, marks] = CubicSpline(even, path, axis=0)(time)
        return out

    world = None if track.world_m is None else filtered(track.world_m)
    return replace(track, xy_px=filtered(track.xy_px), world_m=world)


def _shared_runs(known: BoolArray) -> dict[tuple[int, int], list[int]]:
    """Return the landmarks of each run of known frames; most share theirs, and are filtered together."""
    shared: dict[tuple[int, int], list[int]] = {}
    for mark in range(known.shape[1]):
        for run in runs(known[:, mark]):
            shared.setdefault(run, []).append(mark)
    return shared
