"""What the recording allows, and what it does not."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from analysis.body import SIZE_WINDOW_S, TORSO_OVER_HEIGHT, running_mean, torso_length_px
from analysis.config import QualityConfig
from analysis.pose import SIDES, BoolArray, PoseTrack, landmark
from analysis.swaps import foot_gap
from analysis.trunk import forward_by_direction
from analysis.view import Excluded, Pass

Severity = Literal["info", "warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")
#: Issues that rule out a verdict on favoring though other measures stand [4.5 rule 1].
BLOCKS_FAVORING = ("frontal_only", "low_frame_rate", "near_leg_hidden", "speed_varies")


@dataclass(frozen=True)
class Issue:
    """One limit of the recording: `code` for programs; `message` and `advice` in plain words for people."""

    code: str
    severity: Severity
    message: str
    advice: str


@dataclass(frozen=True)
class Quality:
    """All limits of a recording. `usable` is False when no statement about the walk can be made."""

    usable: bool
    issues: tuple[Issue, ...] = ()


def inspect(
    raw: PoseTrack,
    body: PoseTrack,
    swapped: BoolArray,
    passes: tuple[Pass, ...],
    excluded: tuple[Excluded, ...],
    strides: pd.DataFrame,
    angles: pd.DataFrame,
    config: QualityConfig | None = None,
    min_strides: int = 6,
) -> Quality:
    """Look for every limit of the recording, worst first.

    Parameters
    ----------
    raw : PoseTrack
        As it came from the pose model.
    body : PoseTrack
        Repaired and smoothed.
    swapped : bool array [T]
        Frames in which the legs had been confused.
    passes, excluded
        From `find_passes`.
    strides, angles : DataFrame
        From `stride_table` and `angle_table`.
    min_strides : int
        Strides a side that a verdict takes.
    """
    config = config or QualityConfig()
    issues = [
        _not_upright(raw, config),
        _no_walking(passes, excluded),
        _running(body, passes, config),
        _oblique(passes),
        _frontal(passes),
        _low_rate(raw, config),
        _yaw(passes, config),
        _near_leg(raw, passes, config),
        _speed(strides, passes, config),
        _strides(strides, passes, config, min_strides),
        _one_direction(passes),
        _tilted(angles, passes, config),
        _small(raw, config),
        _cut_off(raw, passes, config),
        _confused(swapped, config),
        _backward(passes, excluded),
    ]
    found = worst_first(issue for issue in issues if issue)
    return Quality(usable=not any(issue.severity == "error" for issue in found), issues=found)


def breaks_off(seconds: float, promised_s: float | None) -> Issue:
    """Return the issue of a film whose end is missing: how long it is, and how long its file says it should be."""
    whole = round(promised_s) if promised_s is not None and promised_s > seconds else None
    of = f" of {whole}" if whole is not None and whole > round(seconds) else ""
    return Issue(
        "truncated",
        "warning",
        f"The film breaks off after {seconds:.0f}{of} seconds; the rest is missing from the file.",
        "What is there was measured. To have the rest, copy it again from the phone or camera.",
    )


def worst_first(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """Return issues in the order in which they are told."""
    return tuple(sorted(issues, key=lambda issue: SEVERITIES.index(issue.severity)))


def favoring_block(quality: Quality) -> str | None:
    """Return the message of the first issue that rules out a verdict on favoring, or None."""
    for issue in quality.issues:
        if issue.severity == "error" or issue.code in BLOCKS_FAVORING:
            return issue.message
    return None


def _not_upright(raw: PoseTrack, config: QualityConfig) -> Issue | None:
    torso = raw.middle("hip") - raw.middle("shoulder")
    known = np.asarray(np.isfinite(torso).all(axis=1))
    if not known.any():
        return None
    angle = np.degrees(np.arctan2(np.abs(torso[known, 0]), torso[known, 1]))
    if float(np.median(angle)) <= config.max_trunk_from_vertical_deg:
        return None
    return Issue(
        "not_upright",
        "error",
        "The person is not upright in the picture: the video seems to lie on its side.",
        "Turn the video upright in your phone's editor, or film again with the phone held level.",
    )


def _no_walking(passes: tuple[Pass, ...], excluded: tuple[Excluded, ...]) -> Issue | None:
    if passes:
        return None
    if excluded:
        return Issue(
            "walks_backward",
            "error",
            "The person moves backward: they walk backward, or the video runs in reverse.",
            "Film normal forward walking and do not reverse the clip.",
        )
    return Issue(
        "no_walking",
        "error",
        "Nobody walks in this video.",
        "Film at least ten steps of normal walking, seen from the side, with the whole body in the picture.",
    )


def _running(body: PoseTrack, passes: tuple[Pass, ...], config: QualityConfig) -> Issue | None:
    """Walkers vault: the pelvis is highest where the feet pass. Runners bounce: there it is lowest."""
    for one in passes:
        part = body.between(one.start_s, one.end_s)
        if not one.facing or len(part) < 4:
            continue
        height = -part.middle("hip")[:, 1] / torso_length_px(part)
        height = height - running_mean(height, SIZE_WINDOW_S, part.fps)
        apart = np.abs(foot_gap(part))
        apart = apart - running_mean(apart, SIZE_WINDOW_S, part.fps)
        known = np.isfinite(height) & np.isfinite(apart)
        bounce, opening = float(np.std(height[known])), float(np.std(apart[known]))
        if bounce < config.running_bounce or opening == 0:
            continue
        if float(np.mean(height[known] * apart[known])) / (bounce * opening) > config.running_likeness:
            return Issue(
                "running",
                "error",
                "This is running, not walking.",
                "Film normal walking. Running needs other measures than these.",
            )
    return None


def _oblique(passes: tuple[Pass, ...]) -> Issue | None:
    if not passes or any(one.view != "oblique" for one in passes):
        return None
    return Issue(
        "oblique",
        "error",
        "The camera sees the walk at a slant, so angles cannot be trusted.",
        "Place the camera square to the walking line (for a side view) or exactly at its end (for a front view).",
    )


def _frontal(passes: tuple[Pass, ...]) -> Issue | None:
    if not passes or any(one.facing for one in passes):
        return None
    return Issue(
        "frontal_only",
        "info",
        "Filmed from the front or from behind: this shows step rhythm and sideways lean, but not how the knees bend.",
        "To compare the knees, film from the side, walking in both directions.",
    )


def _low_rate(raw: PoseTrack, config: QualityConfig) -> Issue | None:
    if not raw.fps < config.min_fps:
        return None
    return Issue(
        "low_frame_rate",
        "warning",
        # To a tenth: a rate just below 24 must not read like 24, which is enough.
        f"The video has only {round(raw.fps, 1):g} pictures a second, too few to time steps.",
        "Film with 30 or, better, 60 pictures a second, in good light.",
    )


def _yaw(passes: tuple[Pass, ...], config: QualityConfig) -> Issue | None:
    yaws = [one.yaw_deg for one in passes if one.view == "side" and one.yaw_deg is not None]
    if not yaws or max(yaws) <= config.warn_yaw_deg:
        return None
    return Issue(
        "yaw",
        "warning",
        f"The camera is about {max(yaws):.0f} degrees off square to the walking line, so knee bend reads a little low.",
        "Turn the camera so that it looks straight across the walking line.",
    )


def _near_leg(raw: PoseTrack, passes: tuple[Pass, ...], config: QualityConfig) -> Issue | None:
    seen: list[float] = []
    for one in passes:
        if one.near_side is None:
            continue
        part = raw.between(one.start_s, one.end_s)
        marks = [landmark(one.near_side, name) for name in ("hip", "knee", "ankle")]
        seen.append(float(np.mean((part.visibility[:, marks] >= config.min_near_visibility).all(axis=1))))
    if not seen or min(seen) >= config.min_near_seen:
        return None
    return Issue(
        "near_leg_hidden",
        "warning",
        "The leg nearer to the camera is hidden or out of the picture too often.",
        "Keep the whole body in the picture with nothing in front of it; tight, plain clothes help.",
    )


def _speed(strides: pd.DataFrame, passes: tuple[Pass, ...], config: QualityConfig) -> Issue | None:
    valid = strides[strides["valid"].to_numpy(dtype=bool)]
    speeds = valid.groupby("pass")["speed_torsos_s"].mean().dropna()
    if len(speeds) < 2 or (speeds.max() - speeds.min()) / speeds.mean() <= config.max_speed_spread:
        return None
    return Issue(
        "speed_varies",
        "warning",
        "Walking speed changed a lot from one pass to the next, and speed alone changes how knees bend.",
        "Walk every pass at the same comfortable speed.",
    )


def _strides(strides: pd.DataFrame, passes: tuple[Pass, ...], config: QualityConfig, min_strides: int) -> Issue | None:
    if not any(one.facing for one in passes):
        return None
    valid = strides[strides["valid"].to_numpy(dtype=bool)]
    fewest = min(int((valid["side"] == side).sum()) for side in SIDES)
    if fewest >= config.good_strides:
        return None
    enough = fewest >= min_strides
    steps = "full step" if fewest == 1 else "full steps"
    more = (
        "Film half a minute of steady walking: ten or more steps of each foot give the surest answer."
        if _in_place(passes)
        else "Walk past the camera five or six times each way; ten or more steps of each foot give the surest answer."
    )
    return Issue(
        "few_strides",
        "info" if enough else "warning",
        (f"Only {fewest} {steps} of each foot" if fewest else "No full step of at least one foot")
        + " could be measured"
        + (", so the answer is less sure than it could be." if enough else ": too few to compare the sides."),
        more,
    )


def _one_direction(passes: tuple[Pass, ...]) -> Issue | None:
    facing = {one.facing for one in passes if one.view == "side"}
    if len(facing) != 1:
        return None
    if _in_place(passes):
        return Issue(
            "one_direction",
            "warning",
            "You were filmed from one side only, so only one leg was seen from its own side.",
            "To compare the knees, walk past a camera that stands still, both ways; a treadmill shows one leg only.",
        )
    return Issue(
        "one_direction",
        "warning",
        "You were filmed in one walking direction only, so only one leg was seen from its own side.",
        "Walk past the camera in both directions: the far leg is seen too poorly to compare it with the near one.",
    )


def _in_place(passes: tuple[Pass, ...]) -> bool:
    """Tell whether the walker only stays in one place in the picture: on a treadmill, or with a camera that follows."""
    side = [one for one in passes if one.view == "side"]
    return bool(side) and all(one.direction == "in_place" for one in side)


def _tilted(angles: pd.DataFrame, passes: tuple[Pass, ...], config: QualityConfig) -> Issue | None:
    ways = forward_by_direction(angles, passes)
    if len(ways) < 2 or abs(ways[1] - ways[-1]) / 2 <= config.max_roll_deg:
        return None
    return Issue(
        "camera_tilted",
        "warning",
        f"The camera seems tilted by {abs(ways[1] - ways[-1]) / 2:.0f} degrees; walking both ways cancels this.",
        "Put the camera on something level.",
    )


def _small(raw: PoseTrack, config: QualityConfig) -> Issue | None:
    body = torso_length_px(raw) / TORSO_OVER_HEIGHT
    if not np.isfinite(body):
        return None
    if body >= config.min_body_px:
        return None
    return Issue(
        "small_person",
        "warning",
        f"The person is small in the picture ({body:.0f} pixels tall), so joints are found less exactly.",
        "Film from nearer, or with a higher resolution: the body should fill more than half the picture's height.",
    )


def _cut_off(raw: PoseTrack, passes: tuple[Pass, ...], config: QualityConfig) -> Issue | None:
    feet = [landmark(side, part) for side in SIDES for part in ("heel", "foot_index")]
    shares: list[float] = []
    for one in passes:
        xy = raw.between(one.start_s, one.end_s).xy_px[:, feet]
        known = np.asarray(np.all(np.isfinite(xy), axis=(1, 2)))
        # Left and right edge are where people come in and go out; head and feet must stay between top and bottom.
        outside = np.asarray(np.any((xy[..., 1] < 0) | (xy[..., 1] > raw.size_px[1]), axis=1))
        shares.append(float(np.mean(outside[known])) if known.any() else 0.0)
    if not shares or max(shares) <= config.max_cut_off:
        return None
    return Issue(
        "feet_cut_off",
        "warning",
        "The feet leave the picture during part of the walk.",
        "Step back or lower the camera so that head and feet stay in the picture all the way.",
    )


def _confused(swapped: BoolArray, config: QualityConfig) -> Issue | None:
    share = float(np.mean(swapped)) if len(swapped) else 0.0
    if share <= config.max_swapped:
        return None
    return Issue(
        "legs_confused",
        "warning",
        f"Left and right leg were mixed up in {100 * share:.0f} % of the pictures; this was put right but adds doubt.",
        "More light, a plain background and trousers that differ from the floor help.",
    )


def _backward(passes: tuple[Pass, ...], excluded: tuple[Excluded, ...]) -> Issue | None:
    if not passes or not excluded:
        return None
    seconds = sum(part.end_s - part.start_s for part in excluded)
    return Issue(
        "backward_part",
        "info",
        f"{seconds:.0f} seconds show backward walking, or run in reverse, and were left out.",
        "Film forward walking only.",
    )
