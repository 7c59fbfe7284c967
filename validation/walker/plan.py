"""The plan of a walk: which foot lands where and when. Events are inputs here, not results."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline, PchipInterpolator

from validation.walker.params import Gait, Side, WalkerParams
from validation.walker.skeleton import Skeleton

Array = NDArray[np.float64]

#: Step length over cadence at a stature of 1.73 m, m per step/min: the walking ratio of adults (Sekiya 1996).
WALKING_RATIO = 0.0063
#: Stance as % of the stride at 1.24 m/s and its fall with speed (Fukuchi by speed class: 61.8, 60.3, 59.1 %).
STANCE_PCT_AT_1_24, STANCE_PCT_PER_MPS = 60.3, -4.8
#: At strength 1: natural-log ratios, sound over spared.
FAVOR_STEP_TIME, FAVOR_SINGLE_SUPPORT, FAVOR_STEP_LENGTH = 0.12, 0.15, 0.07
#: Turns: radius of the path of the pelvis, step length there, and over which distance steps shorten.
TURN_RADIUS_M, TURN_STEP_M, TURN_EASE_M = 0.26, 0.27, 0.60
#: Correlation of successive random deviations of steps.
STEP_MEMORY = 0.3
#: Time planned before the first and after the last frame, s.
LEAD_S = 1.6


@dataclass(frozen=True)
class Footfall:
    """One stance: the foot lands at `hs_s` with its heel `along_m` along the path, and leaves at `to_s`."""

    side: Side
    along_m: float
    hs_s: float
    to_s: float


@dataclass(frozen=True)
class Path:
    """The line on the floor that the pelvis follows: straights joined by half circles."""

    half_m: float
    passes: int

    @property
    def straight_m(self) -> float:
        """Length of one straight."""
        return 2.0 * self.half_m

    @property
    def period_m(self) -> float:
        """Length of one straight and one turn."""
        return self.straight_m + np.pi * TURN_RADIUS_M

    def to_turn_m(self, along: Array) -> Array:
        """Distance [...] along the path to the nearest turn, 0 inside one, infinite without turns."""
        along = np.asarray(along, dtype=np.float64)
        first = self.straight_m + self.period_m * np.arange(self.passes - 1)
        last = first + np.pi * TURN_RADIUS_M
        gap = np.maximum(np.maximum(first - along[..., None], along[..., None] - last), 0.0)
        return np.asarray(gap.min(axis=-1, initial=np.inf))

    def heading(self, along: Array) -> Array:
        """Heading [rad], 0 along +x, growing to the left; it keeps growing over turns."""
        lap = np.clip(np.floor(along / self.period_m), 0, self.passes - 1)
        inside = along - lap * self.period_m - self.straight_m
        turn = np.clip(inside / TURN_RADIUS_M, 0.0, np.pi)
        return np.asarray(lap * np.pi + np.where(lap < self.passes - 1, turn, 0.0))

    def point(self, along: Array) -> Array:
        """Position [..., 2] in metres; the middle of all straights is the origin."""
        lap = np.clip(np.floor(along / self.period_m), 0, self.passes - 1)
        inside = along - lap * self.period_m
        forth = np.where(lap % 2 == 0, 1.0, -1.0)
        turn = np.where(lap < self.passes - 1, np.clip((inside - self.straight_m) / TURN_RADIUS_M, 0.0, np.pi), 0.0)
        run = np.where(lap < self.passes - 1, np.minimum(inside, self.straight_m), inside)
        x = -self.half_m + run + TURN_RADIUS_M * np.sin(turn)
        y = -TURN_RADIUS_M * np.cos(turn)
        y = y if self.passes > 1 else np.zeros_like(y)
        return np.stack([forth * x, forth * y], axis=-1)


@dataclass(frozen=True)
class Plan:
    """Footfalls in time order and the path under them."""

    footfalls: tuple[Footfall, ...]
    path: Path
    speed_mps: float
    step_length_m: float
    duration_s: float

    def of(self, side: Side) -> list[Footfall]:
        """Return the footfalls of one side."""
        return [f for f in self.footfalls if f.side == side]

    def phase(self, side: Side, t: Array) -> Array:
        """Return the phase [T] of one leg: 100 k at its k-th heel strike, 100 k + STANCE at toe-off, smooth between."""
        feet = self.of(side)
        times = [v for f in feet for v in (f.hs_s, f.to_s)]
        phases = [100.0 * k + v for k in range(len(feet)) for v in (0.0, STANCE)]
        return np.asarray(PchipInterpolator(times, phases, extrapolate=True)(t))


#: Phase of toe-off in the reference curves, % of the cycle.
STANCE = 61.0


def natural_cadence(gait: Gait, stature_m: float) -> float:
    """Return steps a minute at which step length over cadence is the usual one for the stature."""
    return float(np.sqrt(60.0 * gait.speed_mps / (WALKING_RATIO * stature_m / 1.73)))


def make_plan(params: WalkerParams, body: Skeleton) -> Plan:
    """Place footfalls from before the first to after the last frame."""
    gait = params.gait
    rng = np.random.default_rng([params.seed, 11])
    cadence = gait.cadence_spm or natural_cadence(gait, body.stature_m)
    step_s = 60.0 / cadence
    step_m = gait.speed_mps * step_s
    path = Path(gait.half_path_m, gait.passes) if gait.activity == "walk" else Path(0.0, 1)
    stance_pct = STANCE_PCT_AT_1_24 + STANCE_PCT_PER_MPS * (gait.speed_mps - 1.24)
    swing_s = 2.0 * step_s * (1.0 - np.clip(stance_pct, 55.0, 70.0) / 100.0)

    k = gait.strength * {"right": 1.0, "left": -1.0, None: 0.0}[gait.favoring]
    split = {side: np.exp(s * 0.5 * k) for side, s in (("right", 1.0), ("left", -1.0))}

    def ratio(side: str, log: float) -> float:
        return float(split[side] ** log) if k else 1.0

    mean_time = 0.5 * (ratio("right", FAVOR_STEP_TIME) + ratio("left", FAVOR_STEP_TIME))
    step_time = {s: step_s * ratio(s, FAVOR_STEP_TIME) / mean_time for s in split}
    step_length = {s: step_m * ratio(s, FAVOR_STEP_LENGTH) for s in split}
    # The single support of the left is the swing of the right: long when the right knee is spared.
    swing_time = {s: swing_s * ratio(s, FAVOR_SINGLE_SUPPORT) for s in split}

    # Chosen against the spared side, so that favoring the other knee is the mirror image.
    side: Side = gait.favoring or "right"
    side = _other(side) if rng.random() < 0.5 else side
    t, along = -LEAD_S, -gait.speed_mps * LEAD_S
    treadmill_origin = along - gait.speed_mps * t
    total_m = path.passes * path.period_m - np.pi * TURN_RADIUS_M
    falls: list[tuple[Side, float, float]] = []
    deviation = np.zeros(3)
    spread = gait.variability * np.sqrt(1.0 - STEP_MEMORY**2)
    swings: list[float] = []
    end_s = params.duration_s
    while end_s is None or t < end_s + LEAD_S:
        falls.append((side, along, t))
        if end_s is None and along > total_m + 0.5 * step_m:
            end_s = t
        side = _other(side)
        deviation = STEP_MEMORY * deviation + spread * rng.standard_normal(3)
        ease = float(_smooth(path.to_turn_m(np.array(along + 0.5 * step_m)) / TURN_EASE_M))
        t += step_time[side] * (1.0 + deviation[0])
        length = step_length[side] * (1.0 + deviation[1])
        along += length * ease + TURN_STEP_M * (1.0 - ease)
        if gait.activity == "treadmill":  # the belt keeps its speed, so the walker corrects every deviation
            offset = 0.5 * (step_length[side] - step_m)
            along = treadmill_origin + gait.speed_mps * t + offset + deviation[1] * step_m
        swings.append(swing_time[side] * (1.0 + deviation[2]))
    # Stance i ends so that the swing to footfall i + 2 (same foot) takes its planned time.
    feet = tuple(Footfall(s, a, hs, falls[i + 2][2] - swings[i + 1]) for i, (s, a, hs) in enumerate(falls[:-2]))
    return Plan(feet, path, gait.speed_mps, step_m, float(end_s))


def _other(side: Side) -> Side:
    return "right" if side == "left" else "left"


def pelvis_progress(plan: Plan, t: Array) -> Array:
    """Return how far [T] along the path the pelvis is: midway between the feet at each heel strike, smooth between."""
    times = np.array([f.hs_s for f in plan.footfalls])
    heels = np.array([f.along_m for f in plan.footfalls])
    return np.asarray(CubicSpline(times[1:], 0.5 * (heels[1:] + heels[:-1]))(t))


def _smooth(x: Array | float) -> Array:
    """Rise from 0 at 0 to 1 at 1 with no slope at either end."""
    u = np.clip(x, 0.0, 1.0)
    return np.asarray(u * u * (3.0 - 2.0 * u))
