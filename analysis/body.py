"""The ruler that needs no calibration: the torso's length in the picture, and signals that ignore what is not known."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import maximum_filter1d, minimum_filter1d, uniform_filter1d

from analysis.pose import SIDES, BoolArray, FloatArray, PoseTrack, Side, landmark

#: (thigh + shank) over (hip to shoulder), as fractions of height: 0.491 / 0.288 (Drillis & Contini, in Winter 2009).
LEG_OVER_TORSO = 1.70
#: (hip to shoulder) over body height, from the same source.
TORSO_OVER_HEIGHT = 0.288
#: The torso's length is averaged over about a stride: its true length does not change, only the distance to the camera.
SIZE_WINDOW_S = 1.0


def torso_px(track: PoseTrack) -> FloatArray:
    """Return the distance from mid-hip to mid-shoulder [T]; from the legs where a landmark set has no shoulders."""
    torso = np.linalg.norm(track.middle("shoulder") - track.middle("hip"), axis=1)
    torso = np.where(torso > 0, torso, np.nan)
    if np.isfinite(torso).any():
        return torso
    return mean_known(*(_leg_px(track, side) for side in SIDES)) / LEG_OVER_TORSO


def _leg_px(track: PoseTrack, side: Side) -> FloatArray:
    hip, knee, ankle = (track.point(landmark(side, part)) for part in ("hip", "knee", "ankle"))
    return np.asarray(np.linalg.norm(hip - knee, axis=1) + np.linalg.norm(knee - ankle, axis=1), dtype=float)


def torso_length_px(track: PoseTrack) -> float:
    """Return the median torso length in pixels; NaN when the body was never seen."""
    torso = torso_px(track)
    return float(np.nanmedian(torso)) if np.isfinite(torso).any() else float("nan")


def size_px(track: PoseTrack) -> FloatArray:
    """Return the torso's length [T] averaged over about a stride: it then follows only the distance to the camera."""
    return running_mean(torso_px(track), SIZE_WINDOW_S, track.fps)


def running_mean(values: FloatArray, window_s: float, fps: float) -> FloatArray:
    """Return the running mean of what is known; NaN stays NaN."""
    size = _window(window_s, fps)
    known = np.isfinite(values)
    total = uniform_filter1d(np.where(known, values, 0.0), size, mode="constant")
    count = uniform_filter1d(known.astype(float), size, mode="constant")
    return np.where(known, total / np.maximum(count, 1e-9), np.nan)


def running_range(values: FloatArray, window_s: float, fps: float) -> FloatArray:
    """Return running maximum minus running minimum of what is known; NaN where nothing in the window is."""
    size = _window(window_s, fps)
    known = np.isfinite(values)
    if not known.any():
        return np.full(len(values), np.nan)
    high = maximum_filter1d(np.where(known, values, -np.inf), size, mode="nearest")
    low = minimum_filter1d(np.where(known, values, np.inf), size, mode="nearest")
    seen = np.isfinite(high) & np.isfinite(low)
    return np.where(seen, np.where(seen, high, 0.0) - np.where(seen, low, 0.0), np.nan)


def running_slope(values: FloatArray, time_s: FloatArray, window_s: float, fps: float) -> FloatArray:
    """Return the slope of the least-squares line through what is known in the window; NaN stays NaN.

    Unlike the derivative of a running mean it is not biased where the window reaches past the ends.
    """
    size = _window(window_s, fps)
    known = np.isfinite(values)
    t = np.where(known, time_s - time_s[0], 0.0)
    x = np.where(known, values - np.mean(values[known]), 0.0) if known.any() else np.zeros(len(values))

    def window_mean(signal: FloatArray) -> FloatArray:
        return np.asarray(uniform_filter1d(signal, size, mode="constant"))

    n = np.maximum(window_mean(known.astype(float)), 1e-9)
    mean_t, mean_x = window_mean(t) / n, window_mean(x) / n
    covariance = window_mean(t * x) / n - mean_t * mean_x
    variance = window_mean(t * t) / n - mean_t**2
    return np.where(known & (variance > 1e-6), covariance / np.maximum(variance, 1e-6), np.nan)


def mean_known(*signals: FloatArray) -> FloatArray:
    """Return the mean of several signals where at least one is known."""
    stack = np.stack(signals)
    known = np.isfinite(stack)
    total = np.where(known, stack, 0.0).sum(axis=0)
    return np.where(known.any(axis=0), total / np.maximum(known.sum(axis=0), 1), np.nan)


def runs(flags: BoolArray) -> list[tuple[int, int]]:
    """Return (start, stop) of every run of True, stop exclusive."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _window(window_s: float, fps: float) -> int:
    """Return an odd number of frames; 1 where there are too few frames to have a rate."""
    return max(1, int(round(window_s * fps)) | 1) if np.isfinite(fps) else 1
