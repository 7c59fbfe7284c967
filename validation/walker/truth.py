"""The truth of a clip: events, strides, joints in the picture and in the room, angles. And tracks made from it.

Definitions are those of the analysis: 2D angles from image points with x and y in pixels; step time of a side is the
time from the other side's heel strike to its own; the loading excursion is the largest knee flexion between 5 and 25 %
of the stride minus that at heel strike.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from analysis.pose import N_LANDMARKS, Landmark, PoseTrack, Source
from validation.walker.camera import View
from validation.walker.gait import SIDES, Motion, solve_motion
from validation.walker.kinematics import Posed, pose_at
from validation.walker.params import WalkerParams
from validation.walker.skeleton import skeleton

Array = NDArray[np.float64]
SCHEMA = 1

#: BlazePose landmark -> joint of the walker. What is not here has no true position.
JOINT_OF = {Landmark.NOSE: "nose"} | {
    Landmark[f"{side}_{part}".upper()]: f"{part}_{side}"
    for part in ("eye", "ear", "shoulder", "elbow", "wrist", "hip", "knee", "ankle", "heel", "foot_index")
    for side in SIDES
}
#: Joints written in metres too.
ROOM_JOINTS = tuple(f"{part}_{side}" for part in ("shoulder", "hip", "knee", "ankle", "heel") for side in SIDES)
#: A stride counts as straight when no turn is nearer than this to any of it, m along the path.
CLEAR_OF_TURN_M = 0.9
#: Window of the loading response, % of the stride.
LOADING_WINDOW = (0.05, 0.25)
#: A view counts as a side view (or a frontal one) when the heading lies within this angle of the picture plane (line).
FACING_LIMIT_DEG = 50.0
STRIDE_TIMES = ("start_s", "toe_off_s", "end_s")
EVENT_TYPES = ("heel_strike", "toe_off")


@dataclass(frozen=True)
class Clip:
    """A solved clip: its parameters, movement, camera, frame times and the body at them."""

    params: WalkerParams
    motion: Motion
    view: View
    time_s: Array
    posed: Posed
    points_px: Array  # [T, 33, 2], NaN outside the picture or without a true position


def solve_clip(params: WalkerParams) -> Clip:
    """Solve the movement and project it, without rendering (forward kinematics and camera only)."""
    motion = solve_motion(params, skeleton(params.body))
    frames = max(2, int(np.floor(motion.duration_s * params.camera.fps)))
    time_s = np.arange(frames) / params.camera.fps
    view = View.of(params.camera)
    posed = pose_at(motion, params.gait, time_s)
    points = np.full((frames, N_LANDMARKS, 2), np.nan)
    for mark, joint in JOINT_OF.items():
        points[:, mark] = view.project(posed.joints[joint])
    outside = np.any((points < 0.0) | (points > np.array(view.size_px)), axis=2)
    points[outside] = np.nan
    return Clip(params, motion, view, time_s, posed, points)


def analytic_track(params: WalkerParams) -> PoseTrack:
    """Return the true landmarks of a clip that is never rendered; as `true_track`, in milliseconds to a second."""
    clip = solve_clip(params)
    return _track(clip.time_s, clip.points_px, clip.view.size_px, _fingerprint(params))


def true_track(truth: dict[str, Any]) -> PoseTrack:
    """Return the landmarks of a truth file as a track: visibility 1 where known and in the picture, else NaN and 0."""
    time_s = np.asarray(truth["time_s"], dtype=np.float64)
    points = np.full((len(time_s), N_LANDMARKS, 2), np.nan)
    for name, xy in truth["landmarks_px"].items():
        points[:, Landmark[name]] = np.array(xy, dtype=np.float64)
    size = (int(truth["video"]["width"]), int(truth["video"]["height"]))
    return _track(time_s, points, size, _fingerprint(WalkerParams.from_dict(truth["params"])))


def _track(time_s: Array, points: Array, size: tuple[int, int], name: str) -> PoseTrack:
    known = np.all(np.isfinite(points), axis=2)
    return PoseTrack(time_s, points.astype(np.float32), known.astype(np.float32), size, source=Source(name=name))


def _fingerprint(params: WalkerParams) -> str:
    digest = hashlib.sha256(json.dumps(params.to_dict(), sort_keys=True).encode()).hexdigest()
    return f"walker-{digest[:12]}"


def in_picture(clip: Clip) -> NDArray[np.bool_]:
    """Return the frames [T] in which every known landmark is in the picture."""
    return np.asarray(np.all(np.isfinite(clip.points_px[:, list(JOINT_OF)]), axis=(1, 2)))


def make_truth(clip: Clip) -> dict[str, Any]:
    """Return everything that is known about a clip, ready for JSON."""
    params, camera = clip.params, clip.params.camera
    strides = true_strides(clip)
    return {
        "schema": SCHEMA,
        "what": "A rendered person, not a real one; every number follows from the parameters.",
        "params": params.to_dict(),
        "video": {
            "width": camera.width,
            "height": camera.height,
            "fps": camera.fps,
            "frames": len(clip.time_s),
            "duration_s": _num(len(clip.time_s) / camera.fps, 4),
        },
        "favoring": {"side": params.gait.favoring, "strength": params.gait.strength},
        "summary": summarise(clip, strides),
        "passes": true_passes(clip),
        "events": true_events(clip),
        "strides": strides,
        "time_s": _nums(clip.time_s, 5),
        "in_picture": [int(v) for v in in_picture(clip)],
        "angles_2d": {name: _nums(v, 3) for name, v in angles_2d(clip).items()},
        "angles_3d": {f"{name}_deg": _nums(v, 3) for name, v in clip.posed.angles.items()},
        "landmarks_px": {m.name: _nums(clip.points_px[:, m], 2) for m in sorted(JOINT_OF)},
        "joints_mm": {name: _nums(1000.0 * clip.posed.joints[name], 0) for name in ROOM_JOINTS},
    }


def write_truth(truth: dict[str, Any]) -> str:
    """Return the JSON text: one line per entry, and one line per row of lists of dictionaries."""
    lines = []
    for key, value in truth.items():
        if isinstance(value, list) and value and isinstance(value[0], dict):
            rows = ",\n  ".join(_json(row) for row in value)
            lines.append(f'"{key}": [\n  {rows}]')
        elif isinstance(value, dict) and key not in ("params", "video", "favoring"):
            rows = ",\n  ".join(f'"{k}": {_json(v)}' for k, v in value.items())
            lines.append(f'"{key}": {{\n  {rows}}}')
        else:
            lines.append(f'"{key}": {_json(value)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), allow_nan=False)


def _num(value: float, digits: int) -> float | int | None:
    if not np.isfinite(value):
        return None
    return int(round(value)) if digits == 0 else round(float(value), digits) + 0.0


def _nums(values: Array, digits: int) -> list[Any]:
    if values.ndim > 1:
        return [_nums(v, digits) for v in values]
    return [_num(v, digits) for v in values]


def facing(clip: Clip) -> Array:
    """Return [T] +1 / -1 while the person faces right / left in the picture, 0 in between."""
    side = np.cos(clip.posed.heading) * clip.view.right[0] + np.sin(clip.posed.heading) * clip.view.right[1]
    return np.where(np.abs(side) > np.cos(np.radians(FACING_LIMIT_DEG)), np.sign(side), 0.0)


def toward(clip: Clip) -> Array:
    """Return [T] +1 / -1 while the person faces the camera / faces away, 0 in between."""
    level = clip.view.forward[:2] / np.linalg.norm(clip.view.forward[:2])
    away = np.cos(clip.posed.heading) * level[0] + np.sin(clip.posed.heading) * level[1]
    return np.where(np.abs(away) > np.cos(np.radians(FACING_LIMIT_DEG)), -np.sign(away), 0.0)


def angles_2d(clip: Clip) -> dict[str, Array]:
    """Return projected angles [T] in degrees, by the formulas of the analysis; NaN where not seen."""
    xy = {joint: clip.points_px[:, mark] * (1.0, -1.0) for mark, joint in JOINT_OF.items()}
    with np.errstate(invalid="ignore"):
        d = np.where(facing(clip) == 0.0, np.nan, facing(clip))
        front = np.where(toward(clip) == 0.0, np.nan, toward(clip))
    out: dict[str, Array] = {}
    for side in SIDES:
        thigh = xy[f"knee_{side}"] - xy[f"hip_{side}"]
        shank = xy[f"ankle_{side}"] - xy[f"knee_{side}"]
        sole = xy[f"foot_index_{side}"] - xy[f"heel_{side}"]
        thigh_deg = np.degrees(np.arctan2(d * thigh[:, 0], -thigh[:, 1]))
        shank_deg = np.degrees(np.arctan2(d * shank[:, 0], -shank[:, 1]))
        out[f"thigh_{side}_deg"] = thigh_deg
        out[f"knee_{side}_deg"] = thigh_deg - shank_deg
        out[f"ankle_{side}_deg"] = 90.0 - _between(-shank, sole)
    trunk = 0.5 * (xy["shoulder_left"] + xy["shoulder_right"] - xy["hip_left"] - xy["hip_right"])
    out["trunk_forward_deg"] = np.degrees(np.arctan2(d * trunk[:, 0], trunk[:, 1]))
    # Toward the person's right: to the left in the picture when facing the camera.
    out["trunk_lateral_deg"] = np.degrees(np.arctan2(-front * trunk[:, 0], trunk[:, 1]))
    for part, name in (("hip", "pelvis_line"), ("shoulder", "shoulder_line")):
        line = xy[f"{part}_left"] - xy[f"{part}_right"]
        out[f"{name}_deg"] = np.degrees(np.arctan2(line[:, 1], front * line[:, 0]))
    return out


def _between(a: Array, b: Array) -> Array:
    cross = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return np.asarray(np.degrees(np.arctan2(np.abs(cross), np.sum(a * b, axis=1))))


def true_events(clip: Clip) -> list[dict[str, Any]]:
    """Return the planned heel strikes and toe-offs within the clip, in time order."""
    plan = clip.motion.plan
    if plan is None:
        return []
    shown = in_picture(clip)
    events = []
    for foot in plan.footfalls:
        straight = bool(plan.path.to_turn_m(np.array(foot.along_m)) > CLEAR_OF_TURN_M)
        for kind, time in zip(EVENT_TYPES, (foot.hs_s, foot.to_s), strict=True):
            if 0.0 <= time <= clip.time_s[-1]:
                frame = int(round(time * clip.params.camera.fps))
                seen = bool(shown[min(frame, len(shown) - 1)])
                events.append(
                    {"type": kind, "side": foot.side, "time_s": _num(time, 5), "straight": straight, "in_picture": seen}
                )
    return sorted(events, key=lambda e: (e["time_s"], e["type"]))


def true_strides(clip: Clip) -> list[dict[str, Any]]:
    """Return one row per stride (heel strike to the same foot's next) that lies within the clip."""
    plan, motion = clip.motion.plan, clip.motion
    if plan is None:
        return []
    shown = in_picture(clip)
    feet = plan.footfalls
    inside_clip = [i for i in range(1, len(feet) - 2) if feet[i].hs_s >= 0.0 and feet[i + 2].hs_s <= clip.time_s[-1]]
    if not inside_clip:
        return []
    cycle = np.linspace(0.0, 1.0, 101)
    times = [feet[i].hs_s + (feet[i + 2].hs_s - feet[i].hs_s) * cycle for i in inside_clip]
    angles = pose_at(motion, clip.params.gait, np.concatenate(times)).angles
    rows = []
    for row, i in enumerate(inside_clip):
        foot, nxt, end = feet[i], feet[i + 1], feet[i + 2]
        here = slice(row * len(cycle), (row + 1) * len(cycle))
        knee = angles[f"knee_{foot.side}"][here]
        low, high = (int(100 * w) for w in LOADING_WINDOW)
        inside = (clip.time_s >= foot.hs_s) & (clip.time_s <= end.hs_s)
        along = np.array([feet[i - 1].along_m, foot.along_m, nxt.along_m, end.along_m])
        rows.append(
            {
                "side": foot.side,
                "start_s": _num(foot.hs_s, 5),
                "toe_off_s": _num(foot.to_s, 5),
                "end_s": _num(end.hs_s, 5),
                "straight": bool(np.min(plan.path.to_turn_m(along)) > CLEAR_OF_TURN_M),
                "in_picture": bool(np.all(shown[inside])),
                "step_time_s": _num(foot.hs_s - feet[i - 1].hs_s, 5),
                "step_length_m": _num(foot.along_m - feet[i - 1].along_m, 4),
                "stance_s": _num(foot.to_s - foot.hs_s, 5),
                "swing_s": _num(end.hs_s - foot.to_s, 5),
                "single_support_s": _num(nxt.hs_s - feet[i - 1].to_s, 5),
                "double_support_s": _num(feet[i - 1].to_s - foot.hs_s + foot.to_s - nxt.hs_s, 5),
                "knee_contact_deg": _num(knee[0], 3),
                "knee_loading_deg": _num(np.max(knee[low : high + 1]) - knee[0], 3),
                "knee_swing_peak_deg": _num(np.max(knee[50:]), 3),
                "knee_rom_deg": _num(np.ptp(knee), 3),
                "thigh_rom_deg": _num(np.ptp(angles[f"thigh_{foot.side}"][here]), 3),
                "trunk_forward_deg": _num(np.mean(angles["trunk_forward"][here][:-1]), 3),
                "trunk_lateral_toward_stance_deg": _num(
                    np.max(angles["trunk_lateral"][here][:61] * (1.0 if foot.side == "right" else -1.0)), 3
                ),
            }
        )
    return rows


def summarise(clip: Clip, strides: list[dict[str, Any]]) -> dict[str, Any]:
    """Return means a side over straight strides in the picture (over straight ones if none is), and asymmetries.

    Asymmetries are signed: positive when the right knee is spared.
    """
    forward = clip.posed.angles["trunk_forward"]
    if clip.motion.plan is None:
        lateral = clip.posed.angles["trunk_lateral"]
        return {"trunk_forward_deg": _num(np.mean(forward), 3), "trunk_lateral_deg": _num(np.mean(lateral), 3)}
    straight = [s for s in strides if s["straight"]]
    used = [s for s in straight if s["in_picture"]] or straight
    sides: dict[str, Any] = {}
    for side in SIDES:
        rows = [s for s in used if s["side"] == side]
        names = [n for n in (rows[0] if rows else {}) if n.endswith(("_s", "_m", "_deg")) and n not in STRIDE_TIMES]
        means = {n: _num(float(np.mean([r[n] for r in rows])), 4) for n in names}
        sides[side] = {"n": len(rows)} | means
    out: dict[str, Any] = {"strides_used": len(used), "left": sides["left"], "right": sides["right"]}
    if not (sides["left"]["n"] and sides["right"]["n"]):
        return out
    left, right = sides["left"], sides["right"]
    step = 0.5 * (left["step_time_s"] + right["step_time_s"])
    return out | {
        "cadence_spm": _num(60.0 / step, 3),
        "stride_time_s": _num(2.0 * step, 4),
        "speed_mps": _num(0.5 * (left["step_length_m"] + right["step_length_m"]) / step, 4),
        "stance_left_pct": _num(100.0 * left["stance_s"] / (2.0 * step), 3),
        "stance_right_pct": _num(100.0 * right["stance_s"] / (2.0 * step), 3),
        "step_time_asymmetry_pct": _num(100.0 * np.log(right["step_time_s"] / left["step_time_s"]), 3),
        "single_support_asymmetry_pct": _num(100.0 * np.log(left["single_support_s"] / right["single_support_s"]), 3),
        "step_length_asymmetry_pct": _num(100.0 * np.log(right["step_length_m"] / left["step_length_m"]), 3),
        "knee_loading_asymmetry_deg": _num(left["knee_loading_deg"] - right["knee_loading_deg"], 3),
        "knee_rom_asymmetry_deg": _num(left["knee_rom_deg"] - right["knee_rom_deg"], 3),
        "trunk_forward_deg": _num(0.5 * (left["trunk_forward_deg"] + right["trunk_forward_deg"]), 3),
    }


def true_passes(clip: Clip) -> list[dict[str, Any]]:
    """Return the stretches of straight walking with the whole body in the picture."""
    plan = clip.motion.plan
    if plan is None:
        return []
    times = np.array([f.hs_s for f in plan.footfalls])
    along = np.interp(clip.time_s, times, [f.along_m for f in plan.footfalls])
    straight = plan.path.to_turn_m(along) > 0.3
    keep = straight & in_picture(clip)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], keep, [False]]).astype(int)))
    side_on, front_on = facing(clip), toward(clip)
    passes = []
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        middle = (start + stop) // 2
        if clip.params.gait.activity == "treadmill":
            direction = "in_place"
        elif side_on[middle]:
            direction = "right" if side_on[middle] > 0 else "left"
        else:
            direction = "toward" if front_on[middle] > 0 else "away"
        near = {1.0: "right", -1.0: "left", 0.0: None}[float(side_on[middle])]
        passes.append(
            {
                "start_s": _num(clip.time_s[start], 5),
                "end_s": _num(clip.time_s[stop - 1], 5),
                "direction": direction,
                "near_side": near,
            }
        )
    return passes
