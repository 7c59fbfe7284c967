"""How the camera sees the walk: view, passes, facing, near side, camera yaw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from analysis.body import mean_known, running_mean, running_range, running_slope, runs, size_px, torso_length_px
from analysis.config import ViewConfig
from analysis.pose import FloatArray, PoseTrack, Side, landmark

View = Literal["side", "front", "back", "oblique", "unknown"]
Direction = Literal["left", "right", "toward", "away", "in_place"]


@dataclass(frozen=True)
class Pass:
    """One stretch of steady walking in one direction, turns and run-in cut off.

    Attributes
    ----------
    index : int
        0, 1, ... in time order.
    start_s, end_s : float
        Seconds from the first frame.
    direction : "left" | "right" | "toward" | "away" | "in_place"
        Where the walker goes in the picture; "in_place" on a treadmill or with a camera that pans along.
    view : "side" | "front" | "back" | "oblique"
    facing : int
        Side views: +1 facing right in the picture, -1 facing left; 0 otherwise.
    near_side : "left" | "right" | None
        The leg nearer to the camera; None in frontal views.
    yaw_deg : float or None
        Estimated angle between the walking line and the picture plane; side views only.
    """

    index: int
    start_s: float
    end_s: float
    direction: Direction
    view: View
    facing: int
    near_side: Side | None
    yaw_deg: float | None = None


@dataclass(frozen=True)
class Excluded:
    """A stretch that was left out of the passes, and why ("backward")."""

    why: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Orientation:
    """How the body is turned to the camera and how it moves, frame by frame; all arrays [T].

    Attributes
    ----------
    yaw_deg : float array
        Angle between the body's facing direction and the picture plane: 0 = seen exactly from the side, 90 = frontal.
    facing : float array of -1, 0, +1
        Toes point right (+1) or left (-1) in the picture.
    toward : float array of -1, +1
        The chest (+1) or the back (-1) is turned to the camera, as far as it is turned at all.
    width : float array
        Signed left-minus-right shoulder distance over torso length, averaged over a stride.
    turning : float array
        How fast the body turns about the vertical, degrees a second, unsigned.
    speed : float array
        Horizontal speed of mid-hip, torso lengths a second, + = right.
    growth : float array
        Relative growth of the body's size a second, + = approaching.
    swing, lift : float arrays
        Range of the horizontal heel distance and of the vertical ankle distance over a stride, torso lengths.
    """

    yaw_deg: FloatArray
    facing: FloatArray
    toward: FloatArray
    width: FloatArray
    turning: FloatArray
    speed: FloatArray
    growth: FloatArray
    swing: FloatArray
    lift: FloatArray


def observe(track: PoseTrack, config: ViewConfig | None = None) -> Orientation:
    """Measure orientation and motion of the body in every frame.

    Parameters
    ----------
    track : PoseTrack
        Repaired and smoothed.
    """
    config = config or ViewConfig()
    fps = track.fps
    torso = torso_length_px(track)
    size = size_px(track)

    def x(side: Side, part: str) -> FloatArray:
        return track.point(landmark(side, part))[:, 0]

    def y(side: Side, part: str) -> FloatArray:
        return track.point(landmark(side, part))[:, 1]

    width = running_mean((x("left", "shoulder") - x("right", "shoulder")) / size, config.orientation_window_s, fps)
    if not np.isfinite(width).any():  # sets without shoulders
        hips = (x("left", "hip") - x("right", "hip")) / size
        width = running_mean(hips * config.shoulder_width / config.hip_width, config.orientation_window_s, fps)
    pointing = mean_known(x("left", "foot_index") - x("left", "heel"), x("right", "foot_index") - x("right", "heel"))
    if not np.isfinite(pointing).any():  # sets without feet: the nose points the way the toes would
        pointing = track.xy_px[:, 0, 0] - track.middle("ear")[:, 0]
    depth = running_mean(pointing / size, config.orientation_window_s, fps)
    if not np.isfinite(pointing).any():  # sets without a face: whoever moves is taken to face ahead
        opening = np.clip(np.abs(width) / config.shoulder_width, 0.0, 1.0)
        depth = config.foot_length * np.sqrt(1.0 - opening**2) * np.sign(_speed(track, torso, config))
    heading = np.arctan2(width / config.shoulder_width, depth / config.foot_length)
    yaw = np.degrees(np.arctan2(np.abs(np.sin(heading)), np.abs(np.cos(heading))))
    turning = np.zeros(len(track))
    for start, stop in runs(np.isfinite(heading) & np.isfinite(pointing).any()):  # no feet and no face show no turn
        angle = np.degrees(np.unwrap(heading[start:stop]))
        turning[start:stop] = np.abs(running_slope(angle, track.time_s[start:stop], config.turning_window_s, fps))
    speed = _speed(track, torso, config)
    growth = running_slope(np.log(size), track.time_s, config.speed_window_s, fps)
    heel_gap = (x("left", "heel") - x("right", "heel")) / size
    if not np.isfinite(heel_gap).any():
        heel_gap = (x("left", "ankle") - x("right", "ankle")) / size
    ankle_gap = (y("left", "ankle") - y("right", "ankle")) / size
    return Orientation(
        yaw_deg=yaw,
        facing=np.sign(depth),
        toward=np.sign(width),
        width=width,
        turning=turning,
        speed=speed,
        growth=growth,
        swing=running_range(heel_gap, config.stepping_window_s, fps),
        lift=running_range(ankle_gap, config.stepping_window_s, fps),
    )


def _speed(track: PoseTrack, torso: float, config: ViewConfig) -> FloatArray:
    return running_slope(track.middle("hip")[:, 0] / torso, track.time_s, config.speed_window_s, track.fps)


#: What a frame shows. "backward": the body moves against its facing; it walks backward, or the clip runs in reverse.
ACTIVITIES = ("unseen", "turns", "still", "backward", "side_left", "side_right", "front", "back")


def activity(seen: Orientation, time_s: FloatArray, config: ViewConfig | None = None) -> NDArray[np.str_]:
    """Return what each frame shows, one of `ACTIVITIES`, as an array [T]; all but the first four mean stepping."""
    config = config or ViewConfig()
    frontal = seen.yaw_deg > (config.side_max_yaw_deg + config.front_min_yaw_deg) / 2
    steps = np.where(frontal, seen.lift >= config.stepping_min_lift, seen.swing >= config.stepping_min_swing)
    against = np.where(
        frontal,
        seen.growth * seen.toward < -config.approach_min_rate,
        seen.speed * seen.facing < -config.moving_min_speed,
    )
    for start, stop in runs(against & steps):
        duration = time_s[stop - 1] - time_s[start]
        travel = float(np.mean(np.abs(seen.speed[start:stop]))) * duration
        if duration < config.min_pass_s or (not frontal[start] and travel < config.backward_min_travel):
            against[start:stop] = False
    return np.select(
        [
            ~(np.isfinite(seen.yaw_deg) & np.isfinite(seen.speed)),
            np.nan_to_num(seen.turning) > config.turning_min_rate,
            ~steps,
            against,
            frontal & (seen.toward > 0),
            frontal,
            seen.facing > 0,
        ],
        ["unseen", "turns", "still", "backward", "front", "back", "side_right"],
        default="side_left",
    )


def find_passes(track: PoseTrack, config: ViewConfig | None = None) -> tuple[tuple[Pass, ...], tuple[Excluded, ...]]:
    """Cut the track into passes of walking in one direction.

    Parameters
    ----------
    track : PoseTrack
        Repaired and smoothed.

    Returns
    -------
    passes : tuple of Pass, in time order
    excluded : tuple of Excluded
        Stretches with stepping that are not walking forward.
    """
    config = config or ViewConfig()
    if len(track) < 2 or not np.isfinite(torso_length_px(track)):
        return (), ()
    seen = observe(track, config)
    doing = activity(seen, track.time_s, config)
    passes: list[Pass] = []
    excluded: list[Excluded] = []
    for what, start, stop in _stretches(doing, track.time_s, config):
        start_s, end_s = float(track.time_s[start]), float(track.time_s[stop - 1])
        if what == "backward":
            excluded.append(Excluded("backward", start_s, end_s))
        elif what not in ("unseen", "turns", "still"):
            passes.append(_describe(len(passes), what, seen, slice(start, stop), start_s, end_s, config))
    return tuple(passes), tuple(excluded)


def _stretches(doing: NDArray[np.str_], time_s: FloatArray, config: ViewConfig) -> list[tuple[str, int, int]]:
    """Return (activity, start, stop) of every stretch that is long enough, small holes bridged."""
    stretches: list[tuple[str, int, int]] = []
    for what in ACTIVITIES:
        inside = doing == what
        for start, stop in runs(~inside):
            bounded = start > 0 and stop < len(doing)
            if bounded and time_s[stop] - time_s[start - 1] <= config.max_hole_s:
                inside[start:stop] = True
        for start, stop in runs(inside):
            if time_s[stop - 1] - time_s[start] >= config.min_pass_s:
                stretches.append((what, start, stop))
    return sorted(stretches, key=lambda stretch: stretch[1])


def _describe(
    index: int, what: str, seen: Orientation, rows: slice, start_s: float, end_s: float, config: ViewConfig
) -> Pass:
    """Return the pass in `rows`."""
    yaw = float(np.nanmedian(seen.yaw_deg[rows]))
    if what in ("front", "back"):
        nears = float(np.nanmedian(seen.growth[rows]))
        direction: Direction = "in_place"
        if abs(nears) >= config.approach_min_rate:
            direction = "toward" if nears > 0 else "away"
        frontal: View = "front" if what == "front" else "back"
        view: View = frontal if yaw >= config.front_min_yaw_deg else "oblique"
        return Pass(index, start_s, end_s, direction, view, facing=0, near_side=None)
    facing = 1 if what == "side_right" else -1
    travels = abs(float(np.nanmedian(seen.speed[rows]))) >= config.moving_min_speed
    return Pass(
        index,
        start_s,
        end_s,
        "in_place" if not travels else "right" if facing > 0 else "left",
        "side" if yaw <= config.side_max_yaw_deg else "oblique",
        facing,
        # Someone who faces left in the picture shows the camera their left side.
        near_side="left" if facing < 0 else "right",
        yaw_deg=yaw,
    )


def overall_view(track: PoseTrack, passes: tuple[Pass, ...], config: ViewConfig | None = None) -> View:
    """Return the view of most of the walking; without walking, of most of the frames."""
    config = config or ViewConfig()
    if passes:
        length: dict[View, float] = {}
        for one in passes:
            length[one.view] = length.get(one.view, 0.0) + one.end_s - one.start_s
        return max(length, key=lambda view: length[view])
    if len(track) < 2 or not np.isfinite(torso_length_px(track)):
        return "unknown"
    seen = observe(track, config)
    yaw = float(np.nanmedian(seen.yaw_deg))
    if not np.isfinite(yaw):
        return "unknown"
    if yaw <= config.side_max_yaw_deg:
        return "side"
    if yaw < config.front_min_yaw_deg:
        return "oblique"
    return "front" if np.nanmedian(seen.width) > 0 else "back"
