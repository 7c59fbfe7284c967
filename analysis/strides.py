"""Strides: what happened between one heel strike of a foot and the next, and which strides can be trusted."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.interpolate import CubicSpline

from analysis.body import runs, size_px
from analysis.config import StrideConfig
from analysis.events import Event
from analysis.pose import SIDES, BoolArray, FloatArray, PoseTrack, Side, landmark, other
from analysis.view import Pass

#: Joints whose curves are cut into cycles, and the column of the angle table each comes from.
JOINTS = {"knee": "knee_{side}_deg", "hip": "thigh_{side}_deg", "ankle": "ankle_{side}_deg"}
CYCLE_PCT = np.arange(101.0)
#: A value this close in time stands for the moment asked for: a frame and a half at 30 frames a second.
NEARBY_S = 0.05

STRIDE_COLUMNS = (
    "pass", "side", "near", "start_s", "end_s", "stride_time_s", "step_time_s", "other_step_time_s", "stance_s",
    "stance_pct", "swing_s", "swing_pct", "single_support_s", "single_support_pct", "double_support_pct",
    "step_length_torsos", "speed_torsos_s", "knee_contact_deg", "knee_loading_peak_deg", "knee_loading_deg",
    "knee_stance_min_deg", "knee_swing_peak_deg", "knee_rom_deg", "hip_rom_deg", "ankle_rom_deg", "valid", "valid_knee",
    "reject",
)  # fmt: skip


@dataclass(frozen=True)
class _Walk:
    """What every stride is measured on; `size` is the torso length [T] in pixels."""

    track: PoseTrack
    size: FloatArray
    curves: _Curves
    uncertain: dict[Side, BoolArray]
    config: StrideConfig


def stride_table(
    track: PoseTrack,
    passes: tuple[Pass, ...],
    events: tuple[Event, ...],
    angles: pd.DataFrame,
    uncertain: dict[Side, BoolArray],
    config: StrideConfig | None = None,
) -> pd.DataFrame:
    """Return one row a stride.

    Parameters
    ----------
    track : PoseTrack
        Repaired and smoothed.
    passes, events
        From `find_passes` and `find_events`.
    angles : DataFrame
        From `angle_table`.
    uncertain : dict of bool arrays [T]
        Frames in which a leg was not seen but filled in, by side.

    Returns
    -------
    DataFrame
        Columns `STRIDE_COLUMNS`. Side ``s`` strides from its heel strike at ``start_s`` to its next at ``end_s``.
        ``step_time_s`` is the step of s that ends the stride, ``other_step_time_s`` the other foot's step within it;
        ``single_support_s`` is the time on s alone (the other foot's swing), ``swing_s`` the swing of s;
        ``step_length_torsos`` the distance between the heels when s strikes, in torso lengths. ``near`` is True when
        s is nearer to the camera. ``valid`` strides count for timing, ``valid_knee`` ones for angles as well;
        ``reject`` says why one does not.
    """
    config = config or StrideConfig()
    walk = _Walk(track, size_px(track), _Curves(angles), uncertain, config)
    rows: list[dict[str, object]] = []
    for one in passes:
        mine = [event for event in events if event.pass_index == one.index]
        for side in SIDES:
            strikes = _times(mine, "heel_strike", side)
            for start_s, end_s in zip(strikes[:-1], strikes[1:], strict=True):
                rows.append(_stride(walk, one, side, float(start_s), float(end_s), mine))
    table = pd.DataFrame(rows, columns=list(STRIDE_COLUMNS))
    return reject_outliers(table.sort_values(["start_s", "side"], ignore_index=True), config)


def _times(events: list[Event], type_: str, side: Side) -> FloatArray:
    return np.array([event.time_s for event in events if event.type == type_ and event.side == side])


def _within(times: FloatArray, start_s: float, end_s: float) -> float:
    """Return the one time inside the interval; NaN when there is none, or more than one."""
    inside = times[(times > start_s) & (times < end_s)]
    return float(inside[0]) if len(inside) == 1 else float("nan")


def _stride(walk: _Walk, one: Pass, side: Side, start_s: float, end_s: float, events: list[Event]) -> dict[str, object]:
    """Measure one stride."""
    far = other(side)
    total = end_s - start_s
    other_strike = _within(_times(events, "heel_strike", far), start_s, end_s)
    toe_off = _within(_times(events, "toe_off", side), start_s, end_s)
    other_toe_off = _within(_times(events, "toe_off", far), start_s, end_s)
    stance, swing = toe_off - start_s, end_s - toe_off
    single = other_strike - other_toe_off
    double = (other_toe_off - start_s) + (toe_off - other_strike)
    row: dict[str, object] = {
        "pass": one.index,
        "side": side,
        "near": one.near_side == side,
        "start_s": start_s,
        "end_s": end_s,
        "stride_time_s": total,
        "step_time_s": end_s - other_strike,
        "other_step_time_s": other_strike - start_s,
        "stance_s": stance,
        "stance_pct": 100 * stance / total,
        "swing_s": swing,
        "swing_pct": 100 * swing / total,
        "single_support_s": single,
        "single_support_pct": 100 * single / total,
        "double_support_pct": 100 * double / total,
        "step_length_torsos": _heel_distance(walk, end_s) if one.facing else float("nan"),
        "speed_torsos_s": _speed(walk, one, start_s, end_s),
    }
    row |= _excursions(walk, side, start_s, end_s)
    has_toe_offs = any(event.type == "toe_off" for event in events)
    row["reject"] = _why_not(row, has_toe_offs, walk.config)
    row["valid"] = row["reject"] == ""
    inside = (walk.track.time_s >= start_s) & (walk.track.time_s <= end_s)
    hidden = float(np.mean(walk.uncertain[side][inside])) > walk.config.max_missing
    known = not hidden and bool(np.isfinite(np.asarray(row["knee_rom_deg"], dtype=float)))
    row["valid_knee"] = row["valid"] and one.view == "side" and known
    if row["valid"] and one.view == "side" and not known:
        row["reject"] = "leg_hidden"
    return row


def _why_not(row: dict[str, object], has_toe_offs: bool, config: StrideConfig) -> str:
    """Return the first physiological limit that a stride breaks, or an empty string."""
    checks = [("stride_time_s", config.stride_s, "stride_time"), ("step_time_s", config.step_s, "step_time")]
    checks.append(("other_step_time_s", config.step_s, "step_time"))
    if has_toe_offs:
        low, high = config.double_support_pct
        checks.append(("stance_pct", config.stance_pct, "stance"))
        checks.append(("double_support_pct", (2 * low, 2 * high), "double_support"))
    for column, (low, high), name in checks:
        value = float(row[column])  # type: ignore[arg-type]
        if not low <= value <= high:
            return name if np.isfinite(value) else f"{name}_unknown"
    return ""


def _heel_distance(walk: _Walk, at_s: float) -> float:
    """Return the horizontal distance of the heels at one moment, in torso lengths."""
    left, right = (walk.track.point(landmark(side, "heel"))[:, 0] for side in SIDES)
    distance = np.abs(left - right) / walk.size
    known = np.isfinite(distance)
    time_s = walk.track.time_s[known]
    if not known.any() or np.min(np.abs(time_s - at_s)) > NEARBY_S:
        return float("nan")
    return float(np.interp(at_s, time_s, distance[known]))


def _speed(walk: _Walk, one: Pass, start_s: float, end_s: float) -> float:
    """Return the mean forward speed of mid-hip over the stride, torso lengths a second; NaN on a treadmill."""
    if not one.facing or one.direction == "in_place":
        return float("nan")
    ahead = one.facing * walk.track.middle("hip")[:, 0]
    known = np.isfinite(ahead)
    first, last = np.interp([start_s, end_s], walk.track.time_s[known], ahead[known])
    inside = known & (walk.track.time_s >= start_s) & (walk.track.time_s <= end_s) & np.isfinite(walk.size)
    return float((last - first) / (end_s - start_s) / np.mean(walk.size[inside])) if inside.any() else float("nan")


def _excursions(walk: _Walk, side: Side, start_s: float, end_s: float) -> dict[str, object]:
    """Return the key points of the stride's joint curves; NaN where the curve has a gap."""
    knee, hip, ankle = (walk.curves.cycle(column.format(side=side), start_s, end_s) for column in JOINTS.values())
    loading = float(np.max(_part(knee, walk.config.loading_pct)))
    return {
        "knee_contact_deg": float(knee[0]),
        "knee_loading_peak_deg": loading,
        "knee_loading_deg": loading - float(knee[0]),
        "knee_stance_min_deg": float(np.min(_part(knee, walk.config.stance_min_pct))),
        "knee_swing_peak_deg": float(np.max(_part(knee, walk.config.swing_pct))),
        "knee_rom_deg": float(np.ptp(knee)),
        "hip_rom_deg": float(np.ptp(hip)),
        "ankle_rom_deg": float(np.ptp(ankle)),
    }


def _part(curve: FloatArray, pct: tuple[float, float]) -> FloatArray:
    return curve[int(pct[0]) : int(pct[1]) + 1]


def cycle(angles: pd.DataFrame, column: str, start_s: float, end_s: float) -> FloatArray:
    """Return an angle over one stride at 0, 1, ... 100 % of it [101]; all NaN when the curve has a gap there."""
    return _Curves(angles).cycle(column, start_s, end_s)


class _Curves:
    """Angles between the frames: one spline for each stretch without a gap, made when a column is first asked for."""

    def __init__(self, angles: pd.DataFrame) -> None:
        self.angles = angles
        self.time_s = angles["time_s"].to_numpy(dtype=float)
        self.splines: dict[str, list[CubicSpline]] = {}

    def cycle(self, column: str, start_s: float, end_s: float) -> FloatArray:
        """See `cycle`."""
        if column not in self.splines:
            self.splines[column] = self._splines(self.angles[column].to_numpy(dtype=float))
        for spline in self.splines[column]:
            first, last = spline.x[0], spline.x[-1]
            if first <= start_s + NEARBY_S and last >= end_s - NEARBY_S:
                at = np.clip(start_s + CYCLE_PCT / 100 * (end_s - start_s), first, last)
                return np.asarray(spline(at), dtype=float)
        return np.full(len(CYCLE_PCT), np.nan)

    def _splines(self, values: FloatArray) -> list[CubicSpline]:
        stretches = [slice(start, stop) for start, stop in runs(np.isfinite(values)) if stop - start >= 4]
        return [CubicSpline(self.time_s[one], values[one]) for one in stretches]


def reject_outliers(table: pd.DataFrame, config: StrideConfig) -> pd.DataFrame:
    """Drop from the valid strides those far from the session's median, and those that start, stop or turn."""
    table = table.copy()
    _reject_far(table, "stride_time_s", pd.Series(True, index=table.index), config)
    for side in SIDES:  # a limp makes the steps of the two feet differ, so each foot is held against its own
        _reject_far(table, "step_time_s", table["side"] == side, config)
    for index in table["pass"].unique():
        mine = table["pass"] == index
        speed = table["speed_torsos_s"].where(mine)
        _reject(table, speed < config.min_speed_fraction * speed.median(), "not_steady")
    return table


def _reject_far(table: pd.DataFrame, name: str, group: pd.Series[bool], config: StrideConfig) -> None:
    values = table.loc[table["valid"] & group, name].to_numpy(dtype=float)
    if len(values) < 3:
        return
    middle = float(np.median(values))
    _reject(table, group & ((table[name] - middle).abs() > config.median_fraction * middle), "outlier")


def _reject(table: pd.DataFrame, which: pd.Series[bool], why: str) -> None:
    hit = which & table["valid"]
    if not hit.any():
        return
    table.loc[hit, "reject"] = why
    table.loc[hit, ["valid", "valid_knee"]] = False


def cycle_table(strides: pd.DataFrame, angles: pd.DataFrame) -> pd.DataFrame:
    """Return mean and SD curves of the valid strides by joint, side, and near or far leg (see `Assessment.cycles`)."""
    pieces: list[pd.DataFrame] = []
    made = _Curves(angles)
    usable = strides[strides["valid_knee"].astype(bool)]
    for (side, near), group in usable.groupby(["side", "near"]):
        for joint, column in JOINTS.items():
            name = column.format(side=side)
            curves = np.array([made.cycle(name, a, b) for a, b in zip(group["start_s"], group["end_s"], strict=True)])
            curves = curves[np.isfinite(curves).all(axis=1)]
            if not len(curves):
                continue
            pieces.append(
                pd.DataFrame(
                    {
                        "joint": joint,
                        "side": side,
                        "near": bool(near),
                        "cycle_pct": CYCLE_PCT.astype(int),
                        "mean_deg": curves.mean(axis=0),
                        "sd_deg": curves.std(axis=0, ddof=1) if len(curves) > 1 else np.nan,
                        "n": len(curves),
                    }
                )
            )
    columns = ["joint", "side", "near", "cycle_pct", "mean_deg", "sd_deg", "n"]
    return pd.concat(pieces, ignore_index=True) if pieces else pd.DataFrame(columns=columns)
