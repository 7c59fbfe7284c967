"""The joints of a standing person: where they are at rest, and so how long the segments are."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from validation.walker.params import Body

Array = NDArray[np.float64]
BUILDS_FILE = Path(__file__).with_name("builds.json")

#: Points on the middle line, and points of the left side (the right side mirrors them).
#: heel_sole, ball_sole and toe_sole are where the shoe touches the floor; the rest are joints or landmarks.
MIDDLE = ("pelvis", "waist", "chest", "neck", "head", "nose")
PAIRED = (
    "hip", "knee", "ankle", "heel", "ball", "foot_index", "heel_sole", "ball_sole", "toe_sole",
    "clavicle", "shoulder", "elbow", "wrist", "hand", "ear", "eye",
)  # fmt: skip


@dataclass(frozen=True)
class Skeleton:
    """Rest positions [3] in metres: x forward, y to the person's left, z up, floor at 0."""

    name: str
    sex: str
    stature_m: float
    rest: dict[str, Array]

    def point(self, name: str, side: str = "left") -> Array:
        """Return a rest position; paired points are mirrored for the right side."""
        p = self.rest[name]
        return p * (1.0, -1.0, 1.0) if side == "right" and name in PAIRED else p

    @cached_property
    def thigh(self) -> float:
        """Hip to knee, metres."""
        return float(np.linalg.norm(self.rest["knee"] - self.rest["hip"]))

    @cached_property
    def shank(self) -> float:
        """Knee to ankle, metres."""
        return float(np.linalg.norm(self.rest["ankle"] - self.rest["knee"]))

    def foot(self, name: str) -> tuple[float, float, float]:
        """Return (forward, left, up) of a point of the left foot from the ankle, in the foot's own heading, metres.

        The foot's heading runs from heel_sole to ball_sole; at rest the sole is flat.
        """
        line = self.rest["ball_sole"] - self.rest["heel_sole"]
        ex = np.array([line[0], line[1], 0.0]) / np.hypot(line[0], line[1])
        ey = np.array([-ex[1], ex[0], 0.0])
        d = self.rest[name] - self.rest["ankle"]
        return float(d @ ex), float(d @ ey), float(d[2])

    def scaled(self, stature_m: float) -> Skeleton:
        """Return the same proportions at another stature."""
        k = stature_m / self.stature_m
        return Skeleton(self.name, self.sex, stature_m, {n: p * k for n, p in self.rest.items()})


def proportions(stature_m: float, sex: str = "female") -> Skeleton:
    """Return a skeleton from body segment lengths as fractions of stature (Drillis & Contini 1966, in Winter 2009)."""
    h = stature_m
    hip_y = 0.5 * (0.105 if sex == "female" else 0.100) * h
    hip_z, knee_z, ankle_z = 0.530 * h, 0.285 * h, 0.039 * h + 0.015
    shoulder_y = 0.5 * (0.205 if sex == "female" else 0.225) * h
    points = {
        "pelvis": (0.0, 0.0, hip_z),
        "waist": (-0.010 * h, 0.0, hip_z + 0.065 * h),
        "chest": (-0.010 * h, 0.0, hip_z + 0.150 * h),
        "neck": (-0.010 * h, 0.0, 0.835 * h),
        "head": (0.0, 0.0, 0.880 * h),
        "nose": (0.063 * h, 0.0, 0.928 * h),
        "hip": (0.0, hip_y, hip_z),
        "knee": (0.0, hip_y, knee_z),
        "ankle": (0.0, hip_y, ankle_z),
        "heel": (-0.035 * h, hip_y, 0.018 * h),
        "ball": (0.070 * h, hip_y, 0.020 * h),
        "foot_index": (0.100 * h, hip_y, 0.012 * h),
        "heel_sole": (-0.030 * h, hip_y, 0.0),
        "ball_sole": (0.070 * h, hip_y, 0.0),
        "toe_sole": (0.112 * h, hip_y, 0.0),
        "clavicle": (0.0, 0.02 * h, 0.815 * h),
        "shoulder": (-0.005 * h, shoulder_y, 0.812 * h),
        "elbow": (-0.005 * h, shoulder_y + 0.03 * h, 0.630 * h),
        "wrist": (0.01 * h, shoulder_y + 0.05 * h, 0.485 * h),
        "hand": (0.02 * h, shoulder_y + 0.055 * h, 0.430 * h),
        "ear": (0.005 * h, 0.043 * h, 0.935 * h),
        "eye": (0.055 * h, 0.018 * h, 0.945 * h),
    }
    return Skeleton("proportions", sex, h, {n: np.array(p, dtype=np.float64) for n, p in points.items()})


def skeleton(body: Body) -> Skeleton:
    """Return the skeleton of a build at its stature.

    Raises
    ------
    KeyError
        If the build is not in builds.json.
    """
    builds = json.loads(BUILDS_FILE.read_text(encoding="utf-8"))["builds"]
    entry = builds[body.build]
    rest = {n: np.array(p, dtype=np.float64) for n, p in entry["rest_m"].items()}
    base = Skeleton(body.build, entry["sex"], entry["stature_m"], rest)
    return base if body.height_m is None else base.scaled(body.height_m)
