"""Walking, solved: reference curves bent as little as possible until the planned feet do not slide.

Per leg and moment there are three angles in the leg's plane (thigh against the vertical, knee, foot against the
floor), and for the pelvis its place along the path and its height. Their targets are the curves of healthy adults,
scaled with step length and speed and changed by favoring. A Gauss-Newton iteration over all moments at once finds the
smallest smooth corrections with which heel and ball of the foot stay where they were planted. What the body then does
is what forward kinematics says; nothing else is called truth.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path as FilePath

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline, interp1d
from scipy.linalg import solveh_banded
from scipy.ndimage import gaussian_filter1d

from validation.walker.params import Gait, Side, WalkerParams
from validation.walker.plan import STANCE, Footfall, Plan, _smooth, make_plan, pelvis_progress
from validation.walker.skeleton import Skeleton

Array = NDArray[np.float64]
SIDES: tuple[Side, Side] = ("left", "right")
#: +1 for what lies to the person's left.
SIGN = {"left": 1.0, "right": -1.0}

NODE_HZ = 200.0
#: Time solved before the first and after the last frame, s.
MARGIN_S = 0.3
#: The pelvis sways this far over each stance leg; headings are blended over this time in turns.
PELVIS_SWAY_M, HEADING_BLEND_S = 0.018, 0.10
#: Anterior pelvic tilt that the reference set measures hip flexion from; thigh inclination = hip flexion - this.
PELVIC_TILT_DEG = 11.0
#: The reference set has the knee at 0.9 deg at contact, others at 2 to 7: a little more than straight.
KNEE_OFFSET_DEG = 2.0
#: Step length over leg length (thigh + shank) at which the reference curves fit without scaling.
NATURAL_STEP_PER_LEG = 0.80
#: Loading-response bend by speed, against 1.24 m/s (3.0, 8.1, 13.7, 16.3 deg from very slow to fast, Schwartz 2008).
LOADING_BY_SPEED = ((0.4, 0.25), (0.8, 0.60), (1.24, 1.0), (1.6, 1.18), (2.0, 1.25))
#: Swing peak by speed, against 1.24 m/s (55.2, 59.1, 61.0 deg, Schwartz 2008), deg.
SWING_BY_SPEED = ((0.4, -8.0), (0.8, -4.0), (1.24, 0.0), (1.6, 2.0), (2.0, 2.5))
#: The loading bend of the knee curve ends here, %; its swing bend has this centre and SD, %.
LOADING_END = 41.0
SWING_BUMP = (72.5, 9.0)
#: What favoring does to the spared knee at strength 1: part of the loading bend lost, swing peak lost, deg.
FAVOR_LOADING_LOSS, FAVOR_SWING_LOSS_DEG = 0.68, 11.7
#: Spread from stride to stride per unit of the coefficient of variation: loading bend (part), swing peak and slow drift
#: of the trunk's lean (deg); at the usual 2 % about 1.1, 1.0 and 0.4 deg.
LOADING_SPREAD, SWING_SPREAD_DEG, TRUNK_DRIFT_DEG = 4.0, 50.0, 20.0
STRIDE_AHEAD_S, STRIDE_BLEND_S, DRIFT_S = 0.06, 0.03, 1.2
#: ... and to the trunk: forward lean, and lean toward the spared side while standing on it, deg.
FAVOR_TRUNK_FORWARD_DEG, FAVOR_TRUNK_LATERAL_DEG = 3.0, 4.0
#: The heel strikes at phase 0, the foot is flat between these two phases, and then rolls over the ball until STANCE.
FLAT, HEEL_OFF = 10.0, 33.0
#: Phase after toe-off by which the toes are in line with the foot again.
TOES_STRAIGHT = 76.0
TOE_OUT_DEG = 6.0
ARM_MIDDLE_DEG, ARM_SWING_DEG = -3.0, 17.0
MIDSWING_CLEARANCE_M = 0.012
CIRCUMDUCTION_M = 0.012
KNEE_MIN_DEG = 1.0
#: Quiet standing: default length of a clip, angles, distance of the feet, and the phase that stands for it.
STAND_S, STAND_THIGH_DEG, STAND_KNEE_DEG, STAND_WIDTH_M, STAND_PHASE = 8.0, 3.0, 5.0, 0.20, 20.0

# Standard deviations that weigh the residuals against each other.
SIGMA_CONTACT_M = 2.5e-4
SIGMA_THIGH_DEG, SIGMA_KNEE_DEG, SIGMA_FOOT_DEG, SIGMA_FLAT_FOOT_DEG = 3.0, 1.6, 5.0, 0.7
SIGMA_PELVIS_X_M, SIGMA_PELVIS_Z_M = 0.03, 0.05
SIGMA_CLEARANCE_M = 6e-4
#: Radius of the corner of the "not below the floor" penalty.
HINGE_ROUNDING_M = 1.5e-3
#: Accelerations of the corrections: m/s^2 for the pelvis, deg/s^2 for thigh, knee, foot.
SIGMA_ACCELERATION = (2.5, 2.5, 900.0, 1800.0, 2500.0)
ITERATIONS = 40
#: The iteration ends when it gains less than this part of the cost; no step is longer than the limits (m, deg).
CONVERGED = 1e-5
STEP_LIMIT = np.array([0.05, 0.05] + [12.0] * 6)

#: Places of the unknowns of one moment: pelvis along the path, pelvis height, then thigh, knee, foot of each leg.
N_UNKNOWNS = 8


@dataclass(frozen=True)
class Legs:
    """What does not change while the legs are solved; arrays over the nodes [N], per side where it says so."""

    body: Skeleton
    base: Array  # [N, 2] pelvis on the floor, before the solved correction along the heading
    heading: Array  # [N]
    pelvis_turn: Array  # [N] rotation of the pelvis against the heading, + to the left
    obliquity: Array  # [N] + left side down
    spot: dict[Side, Array]  # [N, 2] where the heel is or is going to be planted
    foot_heading: dict[Side, Array]  # [N]
    phase: dict[Side, Array]  # [N] 0..100
    on_heel: dict[Side, NDArray[np.bool_]]
    on_ball: dict[Side, NDArray[np.bool_]]


@cache
def reference_curves() -> tuple[CubicSpline, CubicSpline, CubicSpline]:
    """Return periodic curves over 0..100 %: thigh inclination, knee flexion, ankle dorsiflexion, deg.

    Fukuchi, Fukuchi & Duarte 2018 (PeerJ 6:e4640), overground at comfortable speed, n = 42, CC BY 4.0.
    """
    with FilePath(__file__).with_name("curves.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    pct = [float(r["cycle_pct"]) for r in rows]
    hip, knee, ankle = (
        np.array([float(r[c]) for r in rows]) for c in ("hip_flexion_deg", "knee_flexion_deg", "ankle_dorsiflexion_deg")
    )
    for curve in (hip, knee, ankle):
        curve[-1] = curve[0]
    thigh, knee = hip - PELVIC_TILT_DEG, knee + KNEE_OFFSET_DEG
    return tuple(CubicSpline(pct, c, bc_type="periodic") for c in (thigh, knee, ankle))


def bump(phase: Array, centre: float, sd: float) -> Array:
    """Return a bell of height 1 over the phase, which wraps at 100."""
    gap = np.mod(phase - centre + 50.0, 100.0) - 50.0
    return np.asarray(np.exp(-0.5 * (gap / sd) ** 2))


def loading_bend(phase: Array) -> Array:
    """Return how much [N] the knee curve bends over the line from heel strike to its minimum in stance, deg."""
    _, knee_curve, _ = reference_curves()
    start, end = knee_curve(0.0), knee_curve(LOADING_END)
    bend = knee_curve(phase) - (start + (end - start) * phase / LOADING_END)
    return np.asarray(np.where(phase < LOADING_END, np.maximum(bend, 0.0), 0.0))


def sparing(gait: Gait, side: Side) -> float:
    """Return how much this knee is spared, 0..1."""
    return gait.strength if gait.favoring == side else 0.0


def leg_targets(params: WalkerParams, plan: Plan, body: Skeleton, side: Side, t: Array, step_m: Array) -> Array:
    """Return target angles [N, 3] in degrees: thigh, knee, foot."""
    gait, phase = params.gait, np.mod(plan.phase(side, t), 100.0)
    thigh_curve, knee_curve, ankle_curve = reference_curves()
    mean_thigh = float(np.mean(thigh_curve(np.arange(100.0))))
    reach = np.clip(step_m / (NATURAL_STEP_PER_LEG * (body.thigh + body.shank)), 0.3, 1.5)
    speed = gait.speed_mps * np.minimum(step_m / plan.step_length_m, 1.0)
    spared = sparing(gait, side)
    loading = np.interp(speed, *np.transpose(LOADING_BY_SPEED)) * (1.0 - FAVOR_LOADING_LOSS * spared)
    swing = np.interp(speed, *np.transpose(SWING_BY_SPEED)) - FAVOR_SWING_LOSS_DEG * spared
    deviation = stride_deviations(params, plan, side, t)
    loading, swing = loading * (1.0 + LOADING_SPREAD * deviation[0]), swing + SWING_SPREAD_DEG * deviation[1]
    thigh = mean_thigh + reach * (thigh_curve(phase) - mean_thigh)
    knee = knee_curve(phase)
    knee = knee + (loading - 1.0) * loading_bend(phase) + swing * bump(phase, *SWING_BUMP)
    foot = thigh - knee + ankle_curve(phase)
    foot = foot * _smooth((phase - HEEL_OFF) / 14.0) + foot * (1.0 - _smooth(phase / FLAT)) * (phase < FLAT)
    return np.column_stack([thigh, knee, foot])


def stride_deviations(params: WalkerParams, plan: Plan, side: Side, t: Array) -> Array:
    """Return [2, N] how this leg's stride deviates from the others: loading bend and swing bend, in units of the CV."""
    drawn = params.gait.variability * np.random.default_rng([params.seed, 23]).standard_normal((len(plan.footfalls), 2))
    own = [i for i, f in enumerate(plan.footfalls) if f.side == side]
    # A stride begins for the knee shortly before its heel strike, where the leg is straight.
    begin = np.array([plan.footfalls[i].hs_s for i in own]) - STRIDE_AHEAD_S
    index = np.clip(np.searchsorted(begin, t, side="right") - 1, 0, None)
    return np.asarray(gaussian_filter1d(drawn[own][index].T, STRIDE_BLEND_S * NODE_HZ, mode="nearest"))


def both(phases: dict[Side, Array], centre: float, harmonic: int = 1) -> Array:
    """Return a wave [N] that is +1 at `centre` of the right leg's phase; -1 (odd) or +1 (even) at that of the left."""
    wave = {s: np.cos(harmonic * 2.0 * np.pi * (phases[s] - centre) / 100.0) for s in SIDES}
    return np.asarray(0.5 * (wave["right"] + (-1.0) ** harmonic * wave["left"]))


def leg_points(legs: Legs, side: Side, q: Array) -> dict[str, Array]:
    """Return the joints of one leg [N, 3] for the unknowns q [N, 8] (m, deg), and "normal", square to its plane.

    The ankle lies on the planned line of its footprints; the leg's plane tilts as much as that asks for.
    """
    sign, body = SIGN[side], legs.body
    px, pz = q[:, 0], q[:, 1]
    thigh, knee, foot = np.radians(q[:, 2:5] if side == "left" else q[:, 5:8]).T
    half = float(body.rest["hip"][1]) * sign
    ahead = np.column_stack([np.cos(legs.heading), np.sin(legs.heading)])
    across = legs.heading + legs.pelvis_turn
    hip_xy = legs.base + px[:, None] * ahead
    hip_xy = hip_xy + (half * np.cos(legs.obliquity))[:, None] * np.column_stack([-np.sin(across), np.cos(across)])
    hip_z = pz - half * np.sin(legs.obliquity)

    beta = legs.foot_heading[side]
    azimuth = 0.5 * (legs.heading + beta)
    e_leg, n_leg = _axes(azimuth)
    e_foot, n_foot = _axes(beta)
    a, b = body.thigh, body.shank
    u = a * np.sin(thigh) + b * np.sin(thigh - knee)
    w = a * np.cos(thigh) + b * np.cos(thigh - knee)
    side_m = sign * body.foot("heel_sole")[1]
    aim = np.sum(n_foot * (legs.spot[side] - hip_xy), axis=1) - side_m - u * np.sum(e_leg * n_foot, axis=1)
    v = aim / np.sum(n_leg * n_foot, axis=1)
    tilt = np.arcsin(np.clip(v / w, -0.7, 0.7))

    def along_leg(forward: Array, down: Array) -> Array:
        xy = hip_xy + forward[:, None] * e_leg + (down * np.sin(tilt))[:, None] * n_leg
        return np.column_stack([xy, hip_z - down * np.cos(tilt)])

    points = {
        "hip": np.column_stack([hip_xy, hip_z]),
        "knee": along_leg(a * np.sin(thigh), a * np.cos(thigh)),
        "ankle": along_leg(u, w),
        "normal": np.column_stack([np.cos(tilt)[:, None] * n_leg, np.sin(tilt)]),
    }
    toe_pitch = toe_pitch_rad(foot, legs.phase[side])
    for name in ("heel_sole", "ball_sole", "heel", "ball"):
        points[name] = points["ankle"] + _foot_offset(body.foot(name), foot, e_foot, n_foot, sign)
    hinge = body.foot("ball_sole")
    for name in ("toe_sole", "foot_index"):
        x, y, z = np.subtract(body.foot(name), hinge)
        points[name] = points["ball_sole"] + _foot_offset((x, y, z), toe_pitch, e_foot, n_foot, sign)
    return points


def toe_pitch_rad(foot: Array, phase: Array) -> Array:
    """Return the pitch [N] of the toes: flat on the floor while rolled over, else in line with the foot."""
    straight = _smooth((phase - STANCE) / (TOES_STRAIGHT - STANCE))
    return np.asarray(np.where(foot > 0, foot, foot * straight))


def _axes(angle: Array) -> tuple[Array, Array]:
    """Return the forward and the leftward unit vector [N, 2] of a heading."""
    return np.column_stack([np.cos(angle), np.sin(angle)]), np.column_stack([-np.sin(angle), np.cos(angle)])


def _foot_offset(offset: tuple[float, float, float], pitch: Array, e: Array, n: Array, sign: float) -> Array:
    x, y, z = offset
    forward = x * np.cos(pitch) - z * np.sin(pitch)
    return np.column_stack([forward[:, None] * e + sign * y * n, x * np.sin(pitch) + z * np.cos(pitch)])


def contact_residuals(legs: Legs, side: Side, q: Array) -> Array:
    """Return [N, 9]: slide and height of heel and of ball where planted, and what dips into the floor; weighted."""
    p = leg_points(legs, side, q)
    e, _ = _axes(legs.foot_heading[side])
    sole = legs.body.foot("ball_sole")[0] - legs.body.foot("heel_sole")[0]
    heel_slide = np.sum(e * (p["heel_sole"][:, :2] - legs.spot[side]), axis=1)
    ball_slide = np.sum(e * (p["ball_sole"][:, :2] - legs.spot[side]), axis=1) - sole
    heel, ball = legs.on_heel[side], legs.on_ball[side]
    planted = heel | ball
    swing = np.clip((legs.phase[side] - STANCE) / (100.0 - STANCE), 0.0, 1.0)
    margin = MIDSWING_CLEARANCE_M * np.sin(np.pi * swing) ** 2
    dips = [_below(p[n][:, 2] - margin) for n in ("heel_sole", "ball_sole", "toe_sole")]
    dips[0] = np.where(heel, 0.0, dips[0])
    dips[1] = np.where(ball, 0.0, dips[1])
    dips[2] = np.where(planted, 0.0, dips[2])
    straight = np.minimum((q[:, 3] if side == "left" else q[:, 6]) - KNEE_MIN_DEG, 0.0)
    return np.column_stack(
        [
            heel * heel_slide / SIGMA_CONTACT_M,
            heel * p["heel_sole"][:, 2] / SIGMA_CONTACT_M,
            ball * ball_slide / SIGMA_CONTACT_M,
            ball * p["ball_sole"][:, 2] / SIGMA_CONTACT_M,
            *(d / SIGMA_CLEARANCE_M for d in dips),
            straight / 0.1,
        ]
    )


def _below(z: Array) -> Array:
    """Return min(z, 0) with a rounded corner, so that the iteration does not jump between touching and not."""
    return np.asarray(0.5 * (z - np.sqrt(z**2 + HINGE_ROUNDING_M**2)))


def solve_legs(legs: Legs, target: Array, sigma: Array) -> Array:
    """Return the unknowns [N, 8] nearest to `target` with planted feet (Gauss-Newton with banded normal equations)."""
    n = len(target)
    roughness = _roughness_band(n)
    q = target.copy()
    step = np.array([1e-5, 1e-5, 1e-3, 1e-3, 1e-3])
    columns = {"left": [0, 1, 2, 3, 4], "right": [0, 1, 5, 6, 7]}
    cost = _cost(legs, q, target, sigma, roughness)
    for _ in range(ITERATIONS):
        normal = np.zeros((n, N_UNKNOWNS, N_UNKNOWNS))
        gradient = np.zeros((n, N_UNKNOWNS))
        for side in SIDES:
            r0 = contact_residuals(legs, side, q)
            jacobian = np.zeros((n, r0.shape[1], N_UNKNOWNS))
            for h, column in zip(step, columns[side], strict=True):
                moved = q.copy()
                moved[:, column] += h
                jacobian[:, :, column] = (contact_residuals(legs, side, moved) - r0) / h
            normal += np.einsum("nri,nrj->nij", jacobian, jacobian)
            gradient += np.einsum("nri,nr->ni", jacobian, r0)
        diagonal = np.arange(N_UNKNOWNS)
        normal[:, diagonal, diagonal] += sigma**-2
        gradient += (q - target) / sigma**2
        band = roughness.copy()
        for lag in range(N_UNKNOWNS):
            for i in range(N_UNKNOWNS - lag):
                band[lag, i::N_UNKNOWNS] += normal[:, i + lag, i]
        smooth = _band_product(roughness, (q - target).ravel())
        change = solveh_banded(band, -(gradient.ravel() + smooth), lower=True).reshape(n, N_UNKNOWNS)
        change = np.clip(change, -STEP_LIMIT, STEP_LIMIT)
        while (new_cost := _cost(legs, q + change, target, sigma, roughness)) > cost and np.max(np.abs(change)) > 1e-7:
            change = 0.5 * change
        q, gain, cost = q + change, cost - new_cost, new_cost
        if gain < CONVERGED * cost:
            break
    return q


def _cost(legs: Legs, q: Array, target: Array, sigma: Array, roughness: Array) -> float:
    off = (q - target).ravel()
    contact = sum(float(np.sum(contact_residuals(legs, side, q) ** 2)) for side in SIDES)
    return contact + float(np.sum((off / sigma.ravel()) ** 2)) + float(off @ _band_product(roughness, off))


def _roughness_band(n: int) -> Array:
    """Return the lower band of the penalty on second differences of the corrections."""
    pelvis_x, pelvis_z, thigh, knee, foot = SIGMA_ACCELERATION
    weight = (NODE_HZ**2 / np.array([pelvis_x, pelvis_z, thigh, knee, foot, thigh, knee, foot])) ** 2
    second = np.zeros((3, n))  # the pentadiagonal D'D of the second difference
    for i, c in enumerate((1.0, -2.0, 1.0)):
        for j, d in enumerate((1.0, -2.0, 1.0)):
            if j >= i:
                second[j - i, i : n - 2 + i] += c * d
    band = np.zeros((2 * N_UNKNOWNS + 1, n * N_UNKNOWNS))
    for lag in range(3):
        band[lag * N_UNKNOWNS] = (second[lag][:, None] * weight).ravel()
    return band


def _band_product(band: Array, x: Array) -> Array:
    """Multiply the symmetric banded matrix with a vector."""
    y = band[0] * x
    for lag in (N_UNKNOWNS, 2 * N_UNKNOWNS):
        y[lag:] += band[lag, :-lag] * x[:-lag]
        y[:-lag] += band[lag, :-lag] * x[lag:]
    return y


def footprints(plan: Plan, gait: Gait, side: Side) -> tuple[Array, Array]:
    """Return where each heel of one side is planted [F, 2] and the headings [F] of these footprints."""
    feet = plan.of(side)
    along = np.array([f.along_m for f in feet])
    heading = plan.path.heading(along + 0.08)
    _, left = _axes(plan.path.heading(along))
    spot = plan.path.point(along) + SIGN[side] * 0.5 * gait.step_width_m * left
    return spot, heading - SIGN[side] * np.radians(TOE_OUT_DEG)


def foot_course(feet: list[Footfall], spot: Array, heading: Array, t: Array) -> tuple[Array, Array]:
    """Return the heel's planned spot [N, 2] and the foot's heading [N] over time: still in stance, moving in swing."""
    hs = np.array([f.hs_s for f in feet])
    to = np.array([f.to_s for f in feet])
    i = np.clip(np.searchsorted(hs, t, side="right") - 1, 0, len(feet) - 2)
    swing = _smooth((t - to[i]) / (hs[i + 1] - to[i]))
    place = spot[i] + swing[:, None] * (spot[i + 1] - spot[i])
    return place, heading[i] + swing * (heading[i + 1] - heading[i])


@dataclass(frozen=True)
class Motion:
    """The solved movement on a fine time grid; everything else is read from here.

    Attributes
    ----------
    t : [N] seconds
    q : [N, 8] pelvis correction along the heading (m), pelvis height (m), thigh, knee, foot (deg) left then right
    legs : the geometry that q refers to
    upper : name -> [N] angles of pelvis, trunk, head and arms (deg)
    plan : the footfalls; None when standing
    duration_s : of the clip
    """

    t: Array
    q: Array
    legs: Legs
    upper: dict[str, Array]
    plan: Plan | None
    duration_s: float

    def phase_at(self, side: Side, t: Array) -> Array:
        """Return the phase [T] of one leg, 0..100; mid-stance when there is no walk."""
        return np.full_like(t, STAND_PHASE) if self.plan is None else np.mod(self.plan.phase(side, t), 100.0)


def solve_motion(params: WalkerParams, body: Skeleton) -> Motion:
    """Return the movement of one clip, from 0.3 s before its first frame to 0.3 s after its last."""
    if params.gait.activity == "stand":
        return stand_still(params, body)
    plan, gait = make_plan(params, body), params.gait
    t = np.arange(-MARGIN_S, plan.duration_s + MARGIN_S, 1.0 / NODE_HZ)
    phases = {s: np.mod(plan.phase(s, t), 100.0) for s in SIDES}
    step_m = local_step_length(plan, t)
    upper = upper_body(gait, phases, step_m / plan.step_length_m)
    upper["trunk_forward"] = upper["trunk_forward"] + trunk_drift(params, t)
    legs = plan_legs(plan, gait, body, t, upper)
    targets = [leg_targets(params, plan, body, s, t, step_m) for s in SIDES]
    ones = np.ones_like(t)
    target = np.column_stack([0.0 * ones, _pelvis_height(body) * ones, *targets])
    flat = [(phases[s] > FLAT) & (phases[s] < HEEL_OFF) for s in SIDES]
    leg_sigma = [
        np.column_stack(
            [SIGMA_THIGH_DEG * ones, SIGMA_KNEE_DEG * ones, np.where(f, SIGMA_FLAT_FOOT_DEG, SIGMA_FOOT_DEG)]
        )
        for f in flat
    ]
    sigma = np.column_stack([SIGMA_PELVIS_X_M * ones, SIGMA_PELVIS_Z_M * ones, *leg_sigma])
    motion = Motion(t, solve_legs(legs, target, sigma), legs, upper, plan, plan.duration_s)
    return on_belt(motion) if gait.activity == "treadmill" else motion


def plan_legs(plan: Plan, gait: Gait, body: Skeleton, t: Array, upper: dict[str, Array]) -> Legs:
    """Return where pelvis and feet are planned to be at the nodes t [N]."""
    phases = {s: np.mod(plan.phase(s, t), 100.0) for s in SIDES}
    along = pelvis_progress(plan, t)
    heading = gaussian_filter1d(plan.path.heading(along), HEADING_BLEND_S * NODE_HZ, mode="nearest")
    _, left = _axes(heading)
    base = plan.path.point(along + _hip_ahead_of_heels(body)) - (PELVIS_SWAY_M * both(phases, 30.0))[:, None] * left
    on_heel, on_ball, spots, headings = {}, {}, {}, {}
    for side in SIDES:
        feet = plan.of(side)
        spots[side], headings[side] = foot_course(feet, *footprints(plan, gait, side), t)
        swing = np.clip((phases[side] - STANCE) / (100.0 - STANCE), 0.0, 1.0)
        _, foot_left = _axes(headings[side])
        spots[side] = spots[side] + (SIGN[side] * CIRCUMDUCTION_M * np.sin(np.pi * swing) ** 2)[:, None] * foot_left
        planted = _in_stance(feet, t)
        stance = np.where(phases[side] > 0.5 * (100.0 + STANCE), phases[side] - 100.0, phases[side])
        on_heel[side] = planted & (stance <= HEEL_OFF)
        on_ball[side] = planted & (stance >= FLAT)
    turn, drop = np.radians(upper["pelvis_turn"]), np.radians(upper["pelvis_obliquity"])
    return Legs(body, base, heading, turn, drop, spots, headings, phases, on_heel, on_ball)


def trunk_drift(params: WalkerParams, t: Array) -> Array:
    """Return the slow wander [N] of the trunk's forward lean, deg."""
    noise = np.random.default_rng([params.seed, 29]).standard_normal(len(t))
    slow = gaussian_filter1d(noise, DRIFT_S * NODE_HZ, mode="nearest")
    return np.asarray(params.gait.variability * TRUNK_DRIFT_DEG * slow / np.std(slow))


def on_belt(motion: Motion) -> Motion:
    """Carry the walk back at belt speed, so that it stays in the middle of the room."""
    assert motion.plan is not None
    belt = np.column_stack([motion.plan.speed_mps * motion.t, np.zeros_like(motion.t)])
    belt = belt + np.mean(motion.legs.base - belt, axis=0)
    legs = replace(motion.legs, base=motion.legs.base - belt, spot={s: v - belt for s, v in motion.legs.spot.items()})
    return replace(motion, legs=legs)


def stand_still(params: WalkerParams, body: Skeleton) -> Motion:
    """Return quiet standing: both feet planted, the body swaying by some millimetres."""
    gait = params.gait
    duration = params.duration_s or STAND_S
    t = np.arange(-MARGIN_S, duration + MARGIN_S, 1.0 / NODE_HZ)
    rng = np.random.default_rng([params.seed, 13])
    zeros = np.zeros_like(t)

    def sway(size: float) -> Array:
        waves = [(f, rng.uniform(0.0, 2.0 * np.pi), rng.normal()) for f in (0.11, 0.23, 0.37, 0.61)]
        return np.asarray(size * 0.7 * sum(a * np.sin(2.0 * np.pi * f * t + p) for f, p, a in waves))

    stance = np.array([STAND_THIGH_DEG, STAND_KNEE_DEG, 0.0]) * (1.0 + gait.slouch)
    thigh, shank = np.radians(stance[0]), np.radians(stance[0] - stance[1])
    ankle_x = body.thigh * np.sin(thigh) + body.shank * np.sin(shank)
    heel_x = ankle_x + body.foot("heel_sole")[0]
    half = max(0.5 * STAND_WIDTH_M, 0.5 * gait.step_width_m)
    truth = np.ones(len(t), dtype=np.bool_)
    legs = Legs(
        body, np.column_stack([zeros, sway(0.004)]), zeros, zeros, zeros,
        {s: np.column_stack([zeros + heel_x, zeros + SIGN[s] * half]) for s in SIDES},
        {s: zeros - SIGN[s] * np.radians(TOE_OUT_DEG) for s in SIDES},
        {s: zeros + STAND_PHASE for s in SIDES},
        {s: truth for s in SIDES}, {s: truth for s in SIDES},
    )  # fmt: skip
    drop = body.thigh * np.cos(thigh) + body.shank * np.cos(shank)
    target = np.column_stack(
        [sway(0.006), zeros + drop + body.rest["ankle"][2], *[zeros + a for a in (*stance, *stance)]]
    )
    sigma = np.tile([0.002, 0.05, 2.0, 2.0, 1.0, 2.0, 2.0, 1.0], (len(t), 1))
    upper = upper_body(gait, legs.phase, zeros)
    upper["trunk_lateral"] = gait.trunk_lateral_deg + sway(0.3)
    upper["trunk_forward"] = gait.trunk_forward_deg + sway(0.3)
    upper |= {f"elbow_{s}": zeros + 12.0 for s in SIDES}
    return Motion(t, solve_legs(legs, target, sigma), legs, upper, None, duration)


def local_step_length(plan: Plan, t: Array) -> Array:
    """Return the length [N] of the steps around each moment, smoothed over about one stride."""
    hs = np.array([f.hs_s for f in plan.footfalls])
    along = np.array([f.along_m for f in plan.footfalls])
    length = interp1d(hs[1:], np.diff(along), kind="linear", fill_value="extrapolate")(t)
    step_s = float(np.median(np.diff(hs)))
    return np.asarray(gaussian_filter1d(length, 0.8 * step_s * NODE_HZ, mode="nearest"))


def _in_stance(feet: list[Footfall], t: Array) -> NDArray[np.bool_]:
    hs = np.array([f.hs_s for f in feet])
    to = np.array([f.to_s for f in feet])
    half = 0.5 / NODE_HZ  # the node nearest to an event belongs to the stance
    i = np.searchsorted(hs - half, t, side="right") - 1
    return np.asarray((i >= 0) & (t <= to[np.clip(i, 0, None)] + half))


def _hip_ahead_of_heels(body: Skeleton) -> float:
    """Return how far the hips are ahead of the middle of both planted heels when a heel strikes, by the curves."""
    thigh_curve, knee_curve, _ = reference_curves()
    a, b = body.thigh, body.shank
    ankle = [
        a * np.sin(np.radians(thigh_curve(p))) + b * np.sin(np.radians(thigh_curve(p) - knee_curve(p)))
        for p in (0.0, 50.0)
    ]
    return float(-0.5 * sum(ankle) - body.foot("heel_sole")[0])


def _pelvis_height(body: Skeleton) -> float:
    """Return the mean height of the hips over a flat foot in mid-stance, by the curves."""
    thigh_curve, knee_curve, _ = reference_curves()
    p = np.arange(FLAT, HEEL_OFF)
    thigh, knee = np.radians(thigh_curve(p)), np.radians(knee_curve(p))
    drop = body.thigh * np.cos(thigh) + body.shank * np.cos(thigh - knee)
    return float(np.mean(drop) + body.rest["ankle"][2])


def upper_body(gait: Gait, phases: dict[Side, Array], reach: Array) -> dict[str, Array]:
    """Return the angles [N] of pelvis, trunk, head and arms, deg; `reach` is the step length over the usual one."""
    spared = gait.strength if gait.favoring else 0.0
    toward = {"right": 1.0, "left": -1.0, None: 0.0}[gait.favoring]
    stance = bump(phases[gait.favoring], 28.0, 13.0) if gait.favoring else np.zeros_like(reach)
    lateral = gait.trunk_lateral_deg + gait.sway_lateral_deg * both(phases, 27.0)
    # The left arm is in front when the right heel strikes.
    arm = {s: ARM_MIDDLE_DEG + ARM_SWING_DEG * reach * both(phases, 2.0) * SIGN[s] for s in SIDES}
    return {
        "pelvis_turn": 4.5 * reach * both(phases, 0.0),
        "pelvis_obliquity": 3.0 * np.minimum(reach, 1.0) * both(phases, 18.0),
        "trunk_lateral": lateral + toward * spared * FAVOR_TRUNK_LATERAL_DEG * stance,
        "trunk_forward": gait.trunk_forward_deg + FAVOR_TRUNK_FORWARD_DEG * spared + 1.0 * both(phases, 6.0, 2),
        "trunk_turn": -5.0 * reach * both(phases, 2.0),
        "arm_left": arm["left"],
        "arm_right": arm["right"],
        "elbow_left": 22.0 + 0.5 * arm["left"],
        "elbow_right": 22.0 + 0.5 * arm["right"],
    }
