"""What the direction it is seen from seems to add to a knee's bend: learned from the walk itself, and undone.

On the way across the picture a walker is seen first more from the front, then squarely, then more from behind, even by
a camera that is square to the walk. Hips, knees and feet are not equally wide apart, and the far hip is hidden behind
the body and guessed by the pose model: so thigh and shank seem to tilt against each other, the near leg's one way and
the far leg's the other, the more the farther the walker is from the middle. How much differs between people and looks,
so it is not a constant: every film shows the same steps from many directions, and what changes with the direction and
not with the gait cycle is fitted, one figure for the near leg and one for the far. A film with few steps says little,
and then little is undone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.camera import focal_px
from analysis.config import CameraConfig, SlantConfig
from analysis.events import Event
from analysis.pose import SIDES, FloatArray, PoseTrack, Side
from analysis.view import Pass


@dataclass(frozen=True)
class _Leg:
    """One leg in one pass; arrays [n] over those of its frames in which the knee is known.

    Attributes
    ----------
    rows : int array
        Where these frames are in the track.
    tangent : float array
        Of the direction the walker is seen from: 0 squarely, + from the front.
    phase : float array
        0 to 1 from one heel strike to the next; NaN outside whole strides.
    """

    side: Side
    near: bool
    rows: NDArray[np.intp]
    tangent: FloatArray
    bend_deg: FloatArray
    phase: FloatArray


def level_knees(
    angles: pd.DataFrame,
    track: PoseTrack,
    passes: tuple[Pass, ...],
    yaw: dict[int, float],
    events: tuple[Event, ...],
    camera: CameraConfig,
    config: SlantConfig | None = None,
) -> pd.DataFrame:
    """Return the angles with the knees as if every moment had been seen squarely.

    Parameters
    ----------
    angles : DataFrame
        From `angle_table`. Only the knees are changed; thigh and shank stay as they were projected.
    track : PoseTrack
        Smoothed and turned square.
    passes, events
        From `find_passes` and `find_events`.
    yaw : dict
        From `camera_yaw`; side passes without one, such as treadmills, are not changed.
    camera, config : optional
    """
    config = config or SlantConfig()
    seen = [one for one in passes if one.index in yaw and one.view == "side"]
    legs = [_leg(angles, track, one, side, events, camera, config) for one in seen for side in SIDES]
    levelled = angles.copy()
    for near in (True, False):
        mine = [leg for leg in legs if leg.near == near]
        shift_deg = _shift_deg(mine, track.fps, config)
        for leg in mine:
            levelled.loc[leg.rows, f"knee_{leg.side}_deg"] = leg.bend_deg - shift_deg * leg.tangent
    return levelled


def _leg(
    angles: pd.DataFrame,
    track: PoseTrack,
    one: Pass,
    side: Side,
    events: tuple[Event, ...],
    camera: CameraConfig,
    config: SlantConfig,
) -> _Leg:
    """Return one leg in one pass."""
    bend = angles[f"knee_{side}_deg"].to_numpy(dtype=float)
    hip_x = track.middle("hip")[:, 0].astype(float)
    inside = (track.time_s >= one.start_s) & (track.time_s <= one.end_s) & np.isfinite(bend) & np.isfinite(hip_x)
    rows = np.flatnonzero(inside)
    tangent = -one.facing * (hip_x[rows] - track.size_px[0] / 2) / focal_px(track, camera)
    strikes = np.array(
        [e.time_s for e in events if e.type == "heel_strike" and e.side == side and e.pass_index == one.index]
    )
    return _Leg(
        side, one.near_side == side, rows, tangent, bend[rows], _phase(track.time_s[rows], strikes, config.stride_s)
    )


def _phase(time_s: FloatArray, strikes: FloatArray, stride_s: tuple[float, float]) -> FloatArray:
    """Return how far each moment lies between one heel strike and the next, 0 to 1; NaN outside whole strides."""
    phase = np.full(len(time_s), np.nan)
    for start, end in zip(strikes[:-1], strikes[1:], strict=True):
        if stride_s[0] <= end - start <= stride_s[1]:
            inside = (time_s >= start) & (time_s < end)
            phase[inside] = (time_s[inside] - start) / (end - start)
    return phase


def _shift_deg(legs: list[_Leg], frames_per_s: float, config: SlantConfig) -> float:
    """Fit what is added to the bend at a tangent of 1, beside a mean curve over the gait cycle for each side.

    Least squares with a prior that expects nothing.
    """
    precision = config.readings_hz / frames_per_s / config.noise_deg**2
    weight, total = config.shift_sd_deg**-2, 0.0
    for side in SIDES:
        mine = [leg for leg in legs if leg.side == side]
        if not mine:
            continue
        phase, tangent, bend = (
            np.concatenate([getattr(leg, name) for leg in mine]) for name in ("phase", "tangent", "bend_deg")
        )
        known = np.isfinite(phase)
        curves = _cycle_curves(phase[known], config.harmonics)
        tangent, bend = _beside(curves, tangent[known]), _beside(curves, bend[known])
        weight += precision * float(tangent @ tangent)
        total += precision * float(tangent @ bend)
    return total / weight


def _cycle_curves(phase: FloatArray, harmonics: int) -> FloatArray:
    """Return [n, 1 + 2 * harmonics]: a constant, and sines and cosines of the gait cycle."""
    turns = 2 * np.pi * np.outer(phase, np.arange(1, harmonics + 1))
    return np.hstack([np.ones((len(phase), 1)), np.sin(turns), np.cos(turns)])


def _beside(curves: FloatArray, values: FloatArray) -> FloatArray:
    """Return what is left of the values once the gait cycle's part is taken off."""
    return np.asarray(values - curves @ np.linalg.lstsq(curves, values, rcond=None)[0])
