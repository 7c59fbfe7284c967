"""Standing posture from one picture or from some seconds of standing still: lines and angles, each with its error.

Everything is projected into the picture. What a line is off by is far more than what its readings scatter by, so each
measure carries a fixed error from tests on people whose posture is known (docs/posture.md), and is called notable only
beyond a limit that lies above that error (SCIENCE section 6).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from analysis import norms
from analysis.angles import ear_shoulder, knee_flexion, lateral_tilt, line_tilt, trunk_forward
from analysis.body import runs
from analysis.config import RepairConfig, ViewConfig
from analysis.measure import Reference
from analysis.pose import SIDES, TWIN, BoolArray, FloatArray, Landmark, PoseTrack, Side, landmark
from analysis.view import ACTIVITIES, activity, observe

PostureView = Literal["front", "back", "side", "oblique", "unknown"]
VIEWS: tuple[PostureView, ...] = ("front", "back", "side")


@dataclass(frozen=True)
class PostureConfig:
    """Thresholds of the posture screen; lengths in torso lengths."""

    min_visibility: float = RepairConfig().min_visibility  # below, a landmark is a guess
    min_frames: int = 30  # of standing still in a clip [6]
    max_missing: float = 0.5  # share of frames in which a measure's landmarks may be missing (design)
    max_drift: float = 0.25  # mid-hip moves less than this while standing: sway is about 0.05 (design)
    min_leg: float = 1.2  # vertical hip-to-ankle distance of somebody who stands; 1.70 when upright (design)
    max_step: float = 0.45  # side view: ankles farther apart than this are a step (design)
    max_lift: float = 0.20  # front, back: one ankle higher than the other by more is a step (design)
    max_knee_bend_deg: float = 40.0  # more is no standing (design)
    warn_yaw_deg: float = 15.0  # turned by more than this, the picture is worth a remark [8]
    single_sd: float = 1.0  # what one frame adds that averaging many takes away, degrees or percent (tuned)
    camera_level_deg: float = 1.0  # how far off level a camera may be that was set up with care (design)
    tilted_min_deg: float = 1.5  # legs and trunk both lean sideways by more than this, the same way ...
    tilted_spread_deg: float = 2.0  # ... and alike to within this: nobody stands so, the camera was tilted (design)


@dataclass(frozen=True)
class PostureMeasure:
    """One line or angle, or why it could not be measured.

    Attributes
    ----------
    id, unit : str
        ``"deg"``, or ``"pct"`` of the distance between the ankles.
    value : float or None
        Tilts + when the left end is higher, leans and shifts + toward the person's left (front, back) or forward
        (side); knee alignment + bowed outward, knee bend + bent. The mean of `left` and `right` where there are sides.
    ci95 : (float, float) or None
        `value` -+ the error of such a measure (docs/posture.md), wider for a single picture.
    left, right : float or None
    n : int
        Frames that it rests on.
    status : "ok" or "not_measurable"
    reason : str or None
        Why there is no value, and what to do.
    reference : Reference or None
        Within it a value is not worth a remark.
    notable : bool
        Beyond the limit, and so beyond the error: the only values that are put into words.
    """

    id: str
    unit: str
    value: float | None = None
    ci95: tuple[float, float] | None = None
    left: float | None = None
    right: float | None = None
    n: int = 0
    status: Literal["ok", "not_measurable"] = "ok"
    reason: str | None = None
    reference: Reference | None = None
    notable: bool = False


@dataclass(frozen=True)
class Posture:
    """How somebody stands.

    Attributes
    ----------
    view : str
    facing : int
        Side views: +1 facing right in the picture, -1 left; 0 otherwise.
    near_side : "left" | "right" | None
        Side views: the leg nearer to the camera.
    yaw_deg : float or None
        How far the body is turned from the picture plane: 0 seen from the side, 90 frontal.
    frames : bool array [T]
        Which frames count: standing still, seen.
    labels_exchanged : bool
        The pose model had left and right exchanged for the view that was asked for; put right.
    measures : dict of PostureMeasure
        Those of the view, in reading order; empty when there is no usable view.
    issues : tuple of str
        Codes: ``turned``, ``camera_tilted``, ``one_picture``, ``cut_off``.
    """

    view: PostureView
    facing: int
    near_side: Side | None
    yaw_deg: float | None
    frames: BoolArray
    labels_exchanged: bool
    measures: dict[str, PostureMeasure]
    issues: tuple[str, ...]


class NotStanding(ValueError):
    """Nobody stands still in the track: they walk, sit, or are seen too briefly. `str` says which."""


def measure_posture(track: PoseTrack, view: PostureView | None = None, config: PostureConfig | None = None) -> Posture:
    """Measure how somebody stands.

    Parameters
    ----------
    track : PoseTrack
        As the pose model gave it: one frame for a picture, many for a clip.
    view : "front" | "back" | "side", optional
        By default told from the body.

    Raises
    ------
    NotStanding
        ``"walking"``, ``"short"``, ``"stepping"``, ``"not_upright"`` or ``"unseen"``.
    """
    config = config or PostureConfig()
    track = _believed(track, config)
    frames = _standing_frames(track, config)
    still = replace(track, time_s=track.time_s[frames], xy_px=track.xy_px[frames], visibility=track.visibility[frames])
    still = replace(still, world_m=None)
    if not _upright(still, config):
        raise NotStanding("not_upright")
    width, depth, yaw = _turned(still)
    exchanged = (view == "front" and width < 0) or (view == "back" and width > 0)
    if exchanged:
        still = replace(still, xy_px=still.xy_px[:, list(TWIN)], visibility=still.visibility[:, list(TWIN)])
    view = view or _view_of(width, yaw)
    facing = 0 if view != "side" else 1 if depth >= 0 else -1
    toward = {"front": 1, "back": -1}.get(view, 0)
    # Somebody who faces left in the picture shows the camera their left side.
    near: Side | None = {1: "right", -1: "left"}.get(facing)  # type: ignore[assignment]
    if _stepping(still, view, config):
        raise NotStanding("stepping")
    measures = _side(still, facing, near, config) if facing else _frontal(still, toward, config) if toward else {}
    bend = measures["knee_bend"].value if "knee_bend" in measures else None
    if bend is not None and bend > config.max_knee_bend_deg:
        raise NotStanding("stepping")
    return Posture(
        view=view,
        facing=facing,
        near_side=near,
        yaw_deg=yaw if np.isfinite(yaw) else None,
        frames=frames,
        labels_exchanged=bool(exchanged),
        measures=measures,
        issues=_issues(view, yaw, measures, still, config),
    )


# --------------------------------------------------------------------------------------------------------------------
# Which frames count, and what they show


def _believed(track: PoseTrack, config: PostureConfig) -> PoseTrack:
    """Drop landmarks that the model only guessed: hidden ones, and those outside the picture."""
    xy = track.xy_px.astype(float)
    inside = np.all((xy >= 0) & (xy <= track.size_px), axis=2)
    return replace(track, xy_px=np.where((inside & (track.visibility >= config.min_visibility))[..., None], xy, np.nan))


def _standing_frames(track: PoseTrack, config: PostureConfig) -> BoolArray:
    """Return the longest stretch of standing still [T]; a single picture stands still."""
    seen = np.isfinite(track.middle("hip")).all(axis=1) & np.isfinite(track.middle("shoulder")).all(axis=1)
    if not seen.any():
        raise NotStanding("unseen")
    if len(track) == 1:
        return np.asarray(seen)
    doing = activity(observe(track), track.time_s)
    stretches = runs(seen & ~np.isin(doing, _MOVING))
    first, last = max(stretches, key=lambda run: run[1] - run[0], default=(0, 0))
    if last - first < config.min_frames:
        raise NotStanding("walking" if np.sum(seen) >= config.min_frames else "short")
    frames = np.zeros(len(track), dtype=bool)
    frames[first:last] = True
    hips = track.middle("hip")[frames]
    if float(np.ptp(hips, axis=0).max()) > config.max_drift * _torso(track, frames):
        raise NotStanding("walking")
    return frames


_MOVING = [what for what in ACTIVITIES if what not in ("unseen", "still")]


def _torso(track: PoseTrack, frames: BoolArray) -> float:
    return float(np.nanmedian(np.linalg.norm(track.middle("shoulder") - track.middle("hip"), axis=1)[frames]))


def _upright(still: PoseTrack, config: PostureConfig) -> bool:
    """Say whether the legs are stretched out below the trunk; unknown legs are given the benefit of the doubt."""
    legs = [still.point(landmark(s, "ankle"))[:, 1] - still.point(landmark(s, "hip"))[:, 1] for s in SIDES]
    known = np.concatenate(legs)[np.isfinite(np.concatenate(legs))]
    trunk = still.middle("hip")[:, 1] - still.middle("shoulder")[:, 1]
    torso = _torso(still, np.ones(len(still), dtype=bool))
    tall = not len(known) or float(np.median(known)) >= config.min_leg * torso
    return bool(tall and float(np.median(trunk)) > 0)


def _stepping(still: PoseTrack, view: PostureView, config: PostureConfig) -> bool:
    """Say whether the feet are where a step has them: one before the other, or one in the air."""
    apart = still.point(landmark("left", "ankle")) - still.point(landmark("right", "ankle"))
    if view not in VIEWS or not np.isfinite(apart).any():
        return False
    across, up = np.nanmedian(np.abs(apart), axis=0) / _torso(still, np.ones(len(still), dtype=bool))
    return bool(across > config.max_step if view == "side" else up > config.max_lift)


def _turned(still: PoseTrack) -> tuple[float, float, float]:
    """Return signed shoulder width and foot length over torso length, and the angle they tell (0 side, 90 frontal)."""
    view = ViewConfig()
    torso = _torso(still, np.ones(len(still), dtype=bool))

    def gap(one: int, two: int) -> float:
        values = still.xy_px[:, one, 0] - still.xy_px[:, two, 0]
        return float(np.nanmedian(values)) / torso if np.isfinite(values).any() else float("nan")

    width = gap(landmark("left", "shoulder"), landmark("right", "shoulder"))
    feet = [gap(landmark(side, "foot_index"), landmark(side, "heel")) for side in SIDES]
    known = [f for f in feet if np.isfinite(f)]
    depth = float(np.mean(known)) if known else gap(Landmark.NOSE, Landmark.LEFT_EAR)
    yaw = np.degrees(np.arctan2(abs(width) / view.shoulder_width, abs(depth) / view.foot_length))
    return width, depth, float(yaw)


def _view_of(width: float, yaw: float) -> PostureView:
    limits = ViewConfig()
    if not np.isfinite(yaw):
        return "unknown"
    if yaw <= limits.side_max_yaw_deg:
        return "side"
    if yaw < limits.front_min_yaw_deg:
        return "oblique"
    return "front" if width > 0 else "back"


# --------------------------------------------------------------------------------------------------------------------
# Measures


def _frontal(still: PoseTrack, toward: int, config: PostureConfig) -> dict[str, PostureMeasure]:
    """Return the measures of a picture from the front (`toward` +1) or from behind (-1)."""

    def at(side: Side, part: str) -> FloatArray:
        return still.point(landmark(side, part)).astype(float)

    def tilt(part: str) -> FloatArray:
        return line_tilt(at("left", part), at("right", part), toward)

    ankles = still.middle("ankle").astype(float)
    stance = np.abs(at("left", "ankle")[:, 0] - at("right", "ankle")[:, 0])
    shift = toward * (still.middle("hip")[:, 0] - ankles[:, 0]) / np.where(stance > 0, stance, np.nan) * 100
    knees = {
        side: bow(at(side, "hip"), at(side, "knee"), at(side, "ankle"), toward * (1 if side == "left" else -1))
        for side in SIDES
    }
    lean = lateral_tilt(still.middle("hip"), still.middle("shoulder"), toward)
    head, legs = "Show the whole head, with both ears free.", "Show the legs down to the feet, side by side."
    trunk = "Show shoulders and hips."
    level = {
        "head_tilt": _one("head_tilt", tilt("ear"), head, config),
        "shoulder_tilt": _one("shoulder_tilt", tilt("shoulder"), trunk, config),
        "hip_tilt": _one("hip_tilt", tilt("hip"), trunk, config),
        "trunk_lateral": _one("trunk_lateral", lean, trunk, config),
        "weight_shift": _one("weight_shift", shift, legs, config),
    }
    if toward < 0:
        level["head_tilt"] = _unmeasured("head_tilt", EARS_FROM_BEHIND)
    if _camera_tilted(lean, lateral_tilt(ankles, still.middle("hip"), toward), config):
        level = {id: _unmeasured(id, CAMERA_TILTED) for id in level}
    return level | {"knee_alignment": _sided("knee_alignment", knees, legs, config)}


def _camera_tilted(trunk: FloatArray, legs: FloatArray, config: PostureConfig) -> bool:
    """Say whether the whole body leans sideways like a ladder, which only a tilted camera shows."""
    if not (np.isfinite(trunk).any() and np.isfinite(legs).any()):
        return False
    one, two = float(np.nanmean(trunk)), float(np.nanmean(legs))
    return (
        one * two > 0 and min(abs(one), abs(two)) > config.tilted_min_deg and abs(one - two) <= config.tilted_spread_deg
    )


#: From behind the pose model guesses the ears from the shoulders: off by up to 6 degrees (docs/posture.md).
EARS_FROM_BEHIND = "From behind, how a head is held can't be seen well. Take a picture from the front."
CAMERA_TILTED = "The whole picture seems to be tilted. Hold the camera level, or stand it on something level."
HIDDEN = "The parts of the body that this needs are hidden or cut off."


def _unmeasured(id: str, reason: str) -> PostureMeasure:
    limits = _limits(id)
    return PostureMeasure(id, limits.unit, status="not_measurable", reason=reason, reference=limits.reference)


def _side(still: PoseTrack, facing: int, near: Side | None, config: PostureConfig) -> dict[str, PostureMeasure]:
    """Return the measures of a picture from the side; of the legs only the near one can be seen."""
    assert near is not None

    def at(part: str) -> FloatArray:
        return still.point(landmark(near, part)).astype(float)

    knees = {near: knee_flexion(at("hip"), at("knee"), at("ankle"), facing)}
    return {
        "ear_shoulder": _one(
            "ear_shoulder",
            ear_shoulder(at("ear"), at("shoulder"), facing),
            "Show ear and shoulder from the side.",
            config,
        ),
        "trunk_forward": _one(
            "trunk_forward",
            trunk_forward(still.middle("hip"), still.middle("shoulder"), facing),
            "Show shoulders and hips.",
            config,
        ),
        "knee_bend": _sided("knee_bend", knees, "Show the near leg down to the foot.", config),
    }


def bow(hip: FloatArray, knee: FloatArray, ankle: FloatArray, outward: int) -> FloatArray:
    """Frontal angle between thigh and shank [T]: 0 = straight, + = knee outward of the hip-ankle line (bowed).

    `outward` is +1 where away from the other leg is to the right in the picture. Positions are [T, 2] in pixels.
    """
    upper = np.degrees(np.arctan2(outward * (knee[..., 0] - hip[..., 0]), knee[..., 1] - hip[..., 1]))
    lower = np.degrees(np.arctan2(outward * (ankle[..., 0] - knee[..., 0]), ankle[..., 1] - knee[..., 1]))
    return np.asarray(upper - lower, dtype=float)


def _one(id: str, values: FloatArray, advice: str, config: PostureConfig) -> PostureMeasure:
    """Average one measure over the frames that have it."""
    known = values[np.isfinite(values)]
    limits = _limits(id)
    if len(known) < max(1.0, (1 - config.max_missing) * len(values)):
        return _unmeasured(id, f"{HIDDEN} {advice}")
    value = float(np.mean(known))
    error = float(np.hypot(limits.error, limits.level * config.camera_level_deg))
    if len(known) == 1:
        error = float(np.hypot(error, 2 * config.single_sd))
    return PostureMeasure(
        id,
        limits.unit,
        value=value,
        ci95=(value - error, value + error),
        n=len(known),
        reference=limits.reference,
        notable=limits.reference is not None and abs(value) > limits.reference.high,
    )


def _sided(id: str, values: dict[Side, FloatArray], advice: str, config: PostureConfig) -> PostureMeasure:
    """Average a measure that each leg has; notable when either leg is."""
    each: dict[Side, PostureMeasure] = {side: _one(id, series, advice, config) for side, series in values.items()}
    known = {side: one for side, one in each.items() if one.value is not None}
    if not known:
        return next(iter(each.values()))
    numbers = {side: float(one.value) for side, one in known.items() if one.value is not None}
    mean = float(np.mean(list(numbers.values())))
    half = max((one.ci95[1] - one.ci95[0]) / 2 for one in known.values() if one.ci95 is not None)
    return replace(
        next(iter(known.values())),
        value=mean,
        ci95=(mean - half, mean + half),
        left=numbers.get("left"),
        right=numbers.get("right"),
        n=min(one.n for one in known.values()),
        notable=any(one.notable for one in known.values()),
    )


@dataclass(frozen=True)
class _Limits:
    """A row of norms/posture.csv: unit, error (95 %), what a camera 1 degree off level adds, limit of a remark."""

    unit: str
    error: float
    level: float
    reference: Reference | None


def _limits(id: str) -> _Limits:
    rows = norms.table("posture")
    row = rows[rows["measure"] == id].iloc[0]
    limit = float(row["limit"])
    reference = Reference(-limit, limit, str(row["source"])) if np.isfinite(limit) else None
    return _Limits(str(row["unit"]), float(row["error"]), float(row["level"]), reference)


def _issues(
    view: PostureView, yaw: float, measures: dict[str, PostureMeasure], still: PoseTrack, config: PostureConfig
) -> tuple[str, ...]:
    off = {"side": yaw, "front": 90 - yaw, "back": 90 - yaw}.get(view, 90.0)
    found: list[tuple[str, Callable[[], bool]]] = [
        ("turned", lambda: not off <= config.warn_yaw_deg),
        ("camera_tilted", lambda: any(m.reason == CAMERA_TILTED for m in measures.values())),
        ("cut_off", lambda: any((m.reason or "").startswith(HIDDEN) for m in measures.values())),
        ("one_picture", lambda: len(still) == 1),
    ]
    return tuple(code for code, holds in found if holds())
