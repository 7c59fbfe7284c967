"""From solved angles to joints and bone rotations of the whole body at any moments."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline

from validation.walker.gait import SIDES, SIGN, Motion, leg_points, toe_pitch_rad
from validation.walker.params import Gait
from validation.walker.skeleton import Skeleton

Array = NDArray[np.float64]

#: Share of the trunk's forward lean that the pelvis and the lumbar part take.
PELVIS_SHARE, LUMBAR_SHARE = 0.25, 0.65
#: A full slouch: bend of the upper back against the lumbar part, of the neck, and the lean of the trunk line, deg.
SLOUCH_CHEST_DEG, SLOUCH_LUMBAR_DEG, SLOUCH_NECK_DEG, SLOUCH_LEAN_DEG = 24.0, -6.0, 32.0, 7.0
#: Hanging arms stand off the body by this much, deg: upper arm, forearm.
ARM_OUT_DEG, FOREARM_OUT_DEG = 9.0, 4.0
#: Turn of the hanging arm about its length that brings the palms toward the thighs, deg.
ARM_TWIST_DEG, FOREARM_TWIST_DEG, HAND_TWIST_DEG = 5.0, 35.0, 60.0

LEAN_ITERATIONS = 6


@dataclass(frozen=True)
class Posed:
    """The body at given moments.

    Attributes
    ----------
    t : [T] seconds
    joints : name -> [T, 3] room position in metres; paired points end in _left or _right
    rotations : bone -> [T, 3, 3] rotation against the rest pose
    angles : name -> [T] true sagittal angles in degrees
    heading : [T] heading in radians
    """

    t: Array
    joints: dict[str, Array]
    rotations: dict[str, Array]
    angles: dict[str, Array]
    heading: Array


def pose_at(motion: Motion, gait: Gait, t: Array) -> Posed:
    """Return the whole body at the moments t [T]."""
    motion = _resampled(motion, t)
    body, legs, q, upper = motion.legs.body, motion.legs, motion.q, motion.upper
    joints: dict[str, Array] = {}
    rotations: dict[str, Array] = {}
    angles: dict[str, Array] = {}
    for i, side in enumerate(SIDES):
        points = leg_points(legs, side, q)
        normal = points.pop("normal")
        joints |= {f"{name}_{side}": p for name, p in points.items()}
        thigh, knee, foot = q[:, 2 + 3 * i], q[:, 3 + 3 * i], q[:, 4 + 3 * i]
        angles |= {f"thigh_{side}": thigh, f"knee_{side}": knee, f"foot_{side}": foot}
        angles[f"ankle_{side}"] = foot - (thigh - knee)
        rotations |= _leg_rotations(body, side, points, normal)
        pitch = np.radians(foot)
        for bone, tilt in (("foot", pitch), ("toes", toe_pitch_rad(pitch, legs.phase[side]))):
            rotations[f"{bone}_{side}"] = _foot_rotation(body, side, legs.foot_heading[side], tilt)
    pelvis = 0.5 * (joints["hip_left"] + joints["hip_right"])
    lean = _lean_offset(motion, gait, pelvis)
    trunk_joints, trunk_rotations = _trunk(motion, gait, pelvis, lean)
    joints |= trunk_joints
    rotations |= trunk_rotations
    for side in SIDES:
        arm_joints, arm_rotations = _arm(motion, side, joints[f"shoulder_{side}"])
        joints |= arm_joints
        rotations |= arm_rotations
    trunk = 0.5 * (joints["shoulder_left"] + joints["shoulder_right"]) - pelvis
    angles["trunk_forward"], angles["trunk_lateral"] = _lean(trunk, legs.heading)
    angles["pelvis_obliquity"] = upper["pelvis_obliquity"]
    angles["pelvis_rotation"] = upper["pelvis_turn"]
    return Posed(t, joints, rotations, angles, legs.heading)


def _resampled(motion: Motion, t: Array) -> Motion:
    """Return the motion at other moments."""

    def smooth(values: Array) -> Array:
        return np.asarray(CubicSpline(motion.t, values)(t))

    def linear(values: Array) -> Array:
        columns = values.reshape(len(values), -1).T
        return np.stack([np.interp(t, motion.t, c) for c in columns], axis=1).reshape(len(t), *values.shape[1:])

    legs = replace(
        motion.legs,
        base=smooth(motion.legs.base),
        heading=smooth(motion.legs.heading),
        pelvis_turn=smooth(motion.legs.pelvis_turn),
        obliquity=smooth(motion.legs.obliquity),
        spot={s: linear(v) for s, v in motion.legs.spot.items()},
        foot_heading={s: linear(v) for s, v in motion.legs.foot_heading.items()},
        phase={s: motion.phase_at(s, t) for s in SIDES},
    )
    return replace(motion, t=t, q=smooth(motion.q), legs=legs, upper={n: smooth(v) for n, v in motion.upper.items()})


def rotation(axis: str, angle_rad: Array) -> Array:
    """Return rotations [T, 3, 3] about a room axis, right-handed."""
    c, s = np.cos(angle_rad), np.sin(angle_rad)
    zero, one = np.zeros_like(c), np.ones_like(c)
    rows = {
        "x": [[one, zero, zero], [zero, c, -s], [zero, s, c]],
        "y": [[c, zero, s], [zero, one, zero], [-s, zero, c]],
        "z": [[c, -s, zero], [s, c, zero], [zero, zero, one]],
    }[axis]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def _frame(up: Array, left: Array) -> Array:
    """Return [..., 3, 3] with columns forward, left, up; `up` is kept, `left` made square to it."""
    z = up / np.linalg.norm(up, axis=-1, keepdims=True)
    y = left - np.sum(left * z, axis=-1, keepdims=True) * z
    y = y / np.linalg.norm(y, axis=-1, keepdims=True)
    return np.stack([np.cross(y, z), y, z], axis=-1)


def _leg_rotations(body: Skeleton, side: str, points: dict[str, Array], normal: Array) -> dict[str, Array]:
    out = {}
    for bone, top, bottom in (("thigh", "hip", "knee"), ("shank", "knee", "ankle")):
        rest = _frame(body.point(top, side) - body.point(bottom, side), np.array([0.0, 1.0, 0.0]))
        out[f"{bone}_{side}"] = _frame(points[top] - points[bottom], normal) @ rest.T
    return out


def _foot_rotation(body: Skeleton, side: str, heading: Array, pitch: Array) -> Array:
    line = body.point("ball_sole", side) - body.point("heel_sole", side)
    return rotation("z", heading) @ rotation("y", -pitch) @ rotation("z", np.array(-np.arctan2(line[1], line[0])))


def _trunk(motion: Motion, gait: Gait, pelvis: Array, extra: Array) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return joints and rotations from the pelvis to the head; `extra` [2, T] is added to forward and lateral lean."""
    body, upper, heading = motion.legs.body, motion.upper, motion.legs.heading
    forward, lateral = upper["trunk_forward"] + extra[0], upper["trunk_lateral"] + extra[1]
    turn = upper["trunk_turn"]
    pelvis_turn, drop = upper["pelvis_turn"], upper["pelvis_obliquity"]
    slouch = gait.slouch

    def turned(yaw: Array, roll: Array, pitch: Array) -> Array:
        tilt = rotation("x", np.radians(roll)) @ rotation("y", np.radians(pitch))
        return rotation("z", heading + np.radians(yaw)) @ tilt

    bones = {
        "pelvis": turned(pelvis_turn, -drop, PELVIS_SHARE * forward),
        "lumbar": turned(
            0.5 * (pelvis_turn + turn), 0.6 * lateral - 0.2 * drop, LUMBAR_SHARE * forward + slouch * SLOUCH_LUMBAR_DEG
        ),
        "chest": turned(turn, 1.15 * lateral, 1.1 * forward + slouch * SLOUCH_CHEST_DEG),
        "neck": turned(0.5 * turn, 0.5 * lateral, 0.6 * forward + slouch * SLOUCH_NECK_DEG),
        "head": turned(0.2 * turn, 0.15 * lateral, 0.15 * forward + slouch * 4.0),
    }
    joints = {"pelvis": pelvis}
    chain = (("pelvis", "waist"), ("lumbar", "chest"), ("chest", "neck"), ("neck", "head"))
    before = "pelvis"
    for bone, joint in chain:
        joints[joint] = joints[before] + bones[bone] @ (body.rest[joint] - body.rest[before])
        before = joint
    joints["nose"] = joints["head"] + bones["head"] @ (body.rest["nose"] - body.rest["head"])
    for side in SIDES:
        for name in ("ear", "eye"):
            joints[f"{name}_{side}"] = joints["head"] + bones["head"] @ (body.point(name, side) - body.rest["head"])
        for name in ("clavicle", "shoulder"):
            offset = body.point(name, side) - body.rest["chest"]
            joints[f"{name}_{side}"] = joints["chest"] + bones["chest"] @ offset
    return joints, bones


def _lean(trunk: Array, heading: Array) -> tuple[Array, Array]:
    """Return forward and rightward lean [T] in degrees of an upward vector [T, 3]."""
    c, s = np.cos(heading), np.sin(heading)
    ahead = trunk[:, 0] * c + trunk[:, 1] * s
    right = trunk[:, 0] * s - trunk[:, 1] * c
    return np.degrees(np.arctan2(ahead, trunk[:, 2])), np.degrees(np.arctan2(right, trunk[:, 2]))


def _lean_offset(motion: Motion, gait: Gait, pelvis: Array) -> Array:
    """Return [2, T] what to add to the segments' lean so that the line mid-hip to mid-shoulder leans as asked, deg."""
    upper = motion.upper
    wanted = np.array([upper["trunk_forward"] + gait.slouch * SLOUCH_LEAN_DEG, upper["trunk_lateral"]])
    extra = np.zeros_like(wanted)
    for _ in range(LEAN_ITERATIONS):
        joints, _ = _trunk(motion, gait, pelvis, extra)
        trunk = 0.5 * (joints["shoulder_left"] + joints["shoulder_right"]) - pelvis
        extra = extra + wanted - np.array(_lean(trunk, motion.legs.heading))
    return extra


def _least_rotation(start: Array, end: Array) -> Array:
    """Return the smallest rotation [3, 3] that takes one direction to another."""
    a, b = start / np.linalg.norm(start), end / np.linalg.norm(end)
    v, c = np.cross(a, b), float(a @ b)
    k = np.array([[0.0, -v[2], v[1]], [v[2], 0.0, -v[0]], [-v[1], v[0], 0.0]])
    return np.asarray(np.eye(3) + k + k @ k / (1.0 + c))


def _arm(motion: Motion, side: str, shoulder: Array) -> tuple[dict[str, Array], dict[str, Array]]:
    """Hang the arm from the shoulder, swing it, bend the elbow."""
    body, upper, sign = motion.legs.body, motion.upper, SIGN[side]
    base = rotation("z", motion.legs.heading + np.radians(0.6 * upper["trunk_turn"]))
    base = base @ rotation("x", np.radians(0.4 * upper["trunk_lateral"]))
    swing, bend = np.radians(upper[f"arm_{side}"]), np.radians(upper[f"elbow_{side}"])
    rotations = {}
    for bone, top, bottom, out_deg, angle, twist_deg in (
        ("upper_arm", "shoulder", "elbow", ARM_OUT_DEG, swing, ARM_TWIST_DEG),
        ("forearm", "elbow", "wrist", FOREARM_OUT_DEG, swing + bend, FOREARM_TWIST_DEG),
        ("hand", "elbow", "wrist", FOREARM_OUT_DEG, swing + bend, HAND_TWIST_DEG),
    ):
        out = np.radians(out_deg)
        hang = _least_rotation(
            body.point(bottom, side) - body.point(top, side), np.array([0.0, sign * np.sin(out), -np.cos(out)])
        )
        twist = rotation("z", np.array(-sign * np.radians(twist_deg)))
        rotations[f"{bone}_{side}"] = base @ rotation("y", -angle) @ twist @ hang
    joints = {}
    before, place = "shoulder", shoulder
    for bone, name in (("upper_arm", "elbow"), ("forearm", "wrist"), ("hand", "hand")):
        place = place + rotations[f"{bone}_{side}"] @ (body.point(name, side) - body.point(before, side))
        joints[f"{name}_{side}"] = place
        before = name
    return joints, rotations
