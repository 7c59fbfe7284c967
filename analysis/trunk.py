"""Trunk lean, forward and lateral."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from analysis.config import TrunkConfig
from analysis.events import Event
from analysis.pose import SIDES, FloatArray, Side, other
from analysis.view import Pass

TrunkVerdict = Literal["typical", "leans_forward", "leans_backward", "leans_left", "leans_right", "not_measurable"]


@dataclass(frozen=True)
class TrunkLean:
    """How the trunk is held while walking.

    Attributes
    ----------
    forward_deg : float or None
        Mean angle of mid-hip to mid-shoulder from vertical, + in walking direction; side views only.
    lateral_left_deg, lateral_right_deg : float or None
        Peak lean toward the left (right) limb while standing on it; frontal views only.
    verdict : str
        ``"not_measurable"`` when neither plane was filmed.
    reason : str
        One plain sentence.
    """

    verdict: TrunkVerdict
    reason: str
    forward_deg: float | None = None
    lateral_left_deg: float | None = None
    lateral_right_deg: float | None = None


def measure_trunk(
    angles: pd.DataFrame, passes: tuple[Pass, ...], events: tuple[Event, ...], config: TrunkConfig | None = None
) -> TrunkLean:
    """Measure how the trunk is held in side and frontal passes.

    Parameters
    ----------
    angles : DataFrame
        From `angle_table`.
    passes, events
        From `find_passes` and `find_events`.
    """
    config = config or TrunkConfig()
    by_direction = forward_by_direction(angles, passes, config)
    # A tilted camera adds to the lean one way and takes from it the other way: the mean of both is free of it.
    forward = float(np.mean(list(by_direction.values()))) if by_direction else None
    peaks = {side: lateral_peaks(angles, passes, events, side) for side in SIDES}
    lateral: dict[Side, float | None] = {
        side: float(np.mean(peaks[side])) if len(peaks[side]) >= config.min_stances else None for side in SIDES
    }
    verdict, reason = _words(forward, lateral["left"], lateral["right"], config)
    return TrunkLean(verdict, reason, forward, lateral["left"], lateral["right"])


def forward_by_direction(
    angles: pd.DataFrame, passes: tuple[Pass, ...], config: TrunkConfig | None = None
) -> dict[int, float]:
    """Return the mean forward lean in degrees by facing (+1 right, -1 left in the picture); side passes only."""
    config = config or TrunkConfig()
    time = angles["time_s"].to_numpy(dtype=float)
    lean = angles["trunk_forward_deg"].to_numpy(dtype=float)
    means: dict[int, float] = {}
    for facing in (1, -1):
        inside = np.zeros(len(time), dtype=bool)
        for one in passes:
            if one.view == "side" and one.facing == facing:
                inside |= (time >= one.start_s) & (time <= one.end_s)
        values = lean[inside & np.isfinite(lean)]
        if len(values) and len(values) * float(np.median(np.diff(time))) >= config.min_seconds:
            means[facing] = float(np.mean(values))
    return means


def lateral_peaks(angles: pd.DataFrame, passes: tuple[Pass, ...], events: tuple[Event, ...], side: Side) -> FloatArray:
    """Return, for each stance of `side` in frontal passes, the largest lean toward that side in degrees."""
    time = angles["time_s"].to_numpy(dtype=float)
    toward = angles["trunk_lateral_deg"].to_numpy(dtype=float) * (1.0 if side == "left" else -1.0)
    peaks: list[float] = []
    for one in passes:
        if one.facing:
            continue
        strikes = [e for e in events if e.pass_index == one.index and e.type == "heel_strike"]
        for first, second in zip(strikes[:-1], strikes[1:], strict=True):
            if first.side != side or second.side != other(side):
                continue
            inside = (time >= first.time_s) & (time <= second.time_s) & np.isfinite(toward)
            if inside.any():
                peaks.append(float(np.max(toward[inside])))
    return np.array(peaks)


def _words(
    forward: float | None, left: float | None, right: float | None, config: TrunkConfig
) -> tuple[TrunkVerdict, str]:
    """Return verdict and sentence; sideways lean comes first because it is the rarer finding."""
    if left is not None and right is not None and abs(left - right) > config.lateral_difference:
        side, most = ("left", left) if left > right else ("right", right)
        if most > config.lateral_notable:
            verdict: TrunkVerdict = "leans_left" if side == "left" else "leans_right"
            return verdict, f"The trunk leans {most:.0f} degrees over the {side} leg while standing on it."
    if forward is not None and forward > config.forward_notable:
        return "leans_forward", f"The trunk leans {forward:.0f} degrees forward while walking."
    if forward is not None and forward < -config.forward_notable:
        return "leans_backward", f"The trunk leans {-forward:.0f} degrees backward while walking."
    if forward is not None:
        return "typical", "The trunk is held about upright, as most people do."
    if left is not None and right is not None:
        return "typical", "The trunk sways a little to both sides, as most people's does."
    return "not_measurable", "Not enough steady walking was seen from the side or from the front to measure the trunk."
