"""Camera yaw, read from how the walker grows and shrinks on the way, and undone.

A camera that is not square to the walking line sees the same step longer on one side of the picture than on the other,
and so turns a symmetric walk into an asymmetric one: at 20 degrees of yaw and 4 m distance by up to 10 degrees of knee
flexion between the two walking directions. Turning a camera about its own centre changes no ray of light, so a picture
can be turned square afterwards, exactly, for every point at every depth. All it takes is the angle, and the walker
supplies it: the torso's length in the picture gives the distance, and distance against place gives the line.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from analysis.body import size_px
from analysis.config import CameraConfig
from analysis.pose import FloatArray, PoseTrack
from analysis.view import Pass


@dataclass(frozen=True)
class Line:
    """The walking line of one pass, seen from above.

    Attributes
    ----------
    yaw_deg : float
        Angle of the line to the picture plane, + when its right end is farther from the camera.
    sd_deg : float
        Standard error of that.
    """

    yaw_deg: float
    sd_deg: float


def focal_px(track: PoseTrack, config: CameraConfig) -> float:
    """Return the assumed focal length in pixels: a phone's or webcam's usual field of view along the longer side."""
    return 0.5 * max(track.size_px) / float(np.tan(np.radians(config.field_of_view_deg / 2)))


def walking_line(track: PoseTrack, one: Pass, config: CameraConfig) -> Line | None:
    """Fit the walking line of a side pass; None for a treadmill, or where the walker travels too little to tell.

    With the torso as ruler, depth is focal length over torso length in the picture, and place is the distance from the
    middle of the picture times depth over focal length.
    """
    if not one.facing or one.direction == "in_place":
        return None
    part = track.between(one.start_s, one.end_s)
    size = size_px(part)
    across = (part.middle("hip")[:, 0] - track.size_px[0] / 2) / size
    depth = focal_px(track, config) / size
    known = np.isfinite(across) & np.isfinite(depth)
    # The size is averaged over a stride; where that window is cut short, at both ends, it lags behind.
    edge_s = config.edge_s
    known &= (part.time_s >= part.time_s[0] + edge_s) & (part.time_s <= part.time_s[-1] - edge_s)
    if known.sum() < config.min_frames or float(np.ptp(across[known])) < config.min_travel:
        return None
    x, z = across[known], depth[known]
    spread = x - x.mean()
    slope = float(np.sum(spread * z) / np.sum(spread**2))
    residual = z - z.mean() - slope * spread
    # Neighbouring frames share their noise: count one independent reading a stride.
    readings = max(float(part.time_s[known][-1] - part.time_s[known][0]) / config.independent_s, 2.0)
    error = float(np.sqrt(np.mean(residual**2) / readings) / np.std(x))
    yaw = float(np.degrees(np.arctan(slope)))
    return Line(yaw, float(np.degrees(error * np.cos(np.radians(yaw)) ** 2)))


def camera_yaw(track: PoseTrack, passes: tuple[Pass, ...], config: CameraConfig | None = None) -> dict[int, float]:
    """Return the yaw of each side pass by its index: one angle for all passes along the same line, weighted by error.

    Passes that differ from the common angle by more than `same_line_deg` are taken to follow a line of their own.
    """
    config = config or CameraConfig()
    lines = {one.index: line for one in passes if (line := walking_line(track, one, config)) is not None}
    if not lines:
        return {}
    middle = float(np.median([line.yaw_deg for line in lines.values()]))
    same = {i: line for i, line in lines.items() if abs(line.yaw_deg - middle) <= config.same_line_deg}
    weights = np.array([1.0 / max(line.sd_deg, config.min_sd_deg) ** 2 for line in same.values()])
    common = float(np.average([line.yaw_deg for line in same.values()], weights=weights)) if same else middle
    return {i: common if i in same else line.yaw_deg for i, line in lines.items()}


def square(track: PoseTrack, passes: tuple[Pass, ...], yaw: dict[int, float], config: CameraConfig) -> PoseTrack:
    """Return the track as a camera square to the walking line would have seen it, pass by pass.

    Frames outside passes with a known yaw stay as they are.
    """
    xy = track.xy_px.astype(float)
    for one in passes:
        if one.index not in yaw:
            continue
        rows = (track.time_s >= one.start_s - config.margin_s) & (track.time_s <= one.end_s + config.margin_s)
        xy[rows] = _turned(xy[rows], np.radians(yaw[one.index]), track, config)
    return replace(track, xy_px=xy)


def _turned(xy: FloatArray, angle: float, track: PoseTrack, config: CameraConfig) -> FloatArray:
    """Turn the camera by `angle` radians about the vertical: rays through the picture, turned, and seen again."""
    focal = focal_px(track, config)
    middle = np.array(track.size_px, dtype=float) / 2
    ray = (xy - middle) / focal
    ahead = np.cos(angle) - ray[..., 0] * np.sin(angle)
    across = ray[..., 0] * np.cos(angle) + np.sin(angle)
    # Points that end up beside or behind the turned camera cannot be seen by it.
    ahead = np.where(ahead > config.min_ahead, ahead, np.nan)
    return np.stack([across / ahead, ray[..., 1] / ahead], axis=-1) * focal + middle


def with_yaw(passes: tuple[Pass, ...], yaw: dict[int, float], max_yaw_deg: float) -> tuple[Pass, ...]:
    """Return the passes with their measured yaw; a side view beyond `max_yaw_deg` becomes oblique."""
    described: list[Pass] = []
    for one in passes:
        if one.index in yaw:
            angle = abs(yaw[one.index])
            described.append(replace(one, yaw_deg=angle, view="side" if angle <= max_yaw_deg else "oblique"))
        else:
            described.append(one)
    return tuple(described)
