"""Walks whose truth is known exactly, and the ways in which tests spoil their tracks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import cache

import numpy as np

from analysis.events import Event
from analysis.pose import N_LANDMARKS, SIDES, Landmark, PoseTrack, Side, landmark
from analysis.swaps import LEG
from validation.walker.params import Camera, Gait, WalkerParams
from validation.walker.truth import Clip, solve_clip, true_events

FEET = tuple(landmark(side, part) for side in SIDES for part in ("heel", "foot_index"))
FACE = tuple(range(Landmark.NOSE, Landmark.LEFT_SHOULDER))
HANDS = tuple(range(Landmark.LEFT_ELBOW, Landmark.LEFT_HIP))

#: Two passes each way of a 4.8 m wide picture, a long treadmill walk, and one toward and away from the camera.
ACROSS = WalkerParams(gait=Gait(passes=4))
TREADMILL = WalkerParams(duration_s=10.0, gait=Gait(activity="treadmill"))
FRONTAL = WalkerParams(gait=Gait(passes=2, half_path_m=1.9), camera=Camera(yaw_deg=90.0, distance_m=5.0))
STANDING = WalkerParams(duration_s=4.0, gait=Gait(activity="stand"))


@cache
def solve(params: WalkerParams) -> Clip:
    """Solve a clip once a session."""
    return solve_clip(params)


def track_of(clip: Clip) -> PoseTrack:
    """Return the true landmarks; NaN and visibility 0 outside the picture."""
    known = np.isfinite(clip.points_px).all(axis=2)
    return PoseTrack(
        clip.time_s,
        clip.points_px.astype(np.float32),
        known.astype(np.float32),
        tuple(int(v) for v in clip.view.size_px),
    )


def walk(params: WalkerParams = ACROSS) -> PoseTrack:
    return track_of(solve(params))


def with_camera(params: WalkerParams, **changes: float) -> WalkerParams:
    return replace(params, camera=replace(params.camera, **changes))


def with_gait(params: WalkerParams, **changes: object) -> WalkerParams:
    return replace(params, gait=replace(params.gait, **changes))


def noisy(track: PoseTrack, sd_px: float = 1.0, seed: int = 0) -> PoseTrack:
    noise = np.random.default_rng(seed).normal(0.0, sd_px, track.xy_px.shape)
    return replace(track, xy_px=(track.xy_px + noise).astype(np.float32))


def moved(track: PoseTrack, change) -> PoseTrack:
    """Return the track with `change` applied to its positions [T, 33, 2] (float64)."""
    return replace(track, xy_px=np.asarray(change(track.xy_px.astype(float))))


def without(track: PoseTrack, marks: Iterable[int]) -> PoseTrack:
    """Return the track of a landmark set that lacks `marks`."""
    xy, visibility = track.xy_px.copy(), track.visibility.copy()
    xy[:, list(marks)], visibility[:, list(marks)] = np.nan, 0.0
    return replace(track, xy_px=xy, visibility=visibility)


def swap_legs(track: PoseTrack, frames: np.ndarray) -> PoseTrack:
    """Exchange left and right leg in `frames` [T] bool."""
    here, there = LEG["left"] + LEG["right"], LEG["right"] + LEG["left"]
    xy, visibility = track.xy_px.copy(), track.visibility.copy()
    xy[np.ix_(frames, here)] = xy[np.ix_(frames, there)]
    visibility[np.ix_(frames, here)] = visibility[np.ix_(frames, there)]
    return replace(track, xy_px=xy, visibility=visibility)


def reversed_in_time(track: PoseTrack) -> PoseTrack:
    return replace(
        track,
        time_s=track.time_s[-1] - track.time_s[::-1],
        xy_px=track.xy_px[::-1],
        visibility=track.visibility[::-1],
    )


def joined(*tracks: PoseTrack) -> PoseTrack:
    """Return tracks one after the other."""
    times, start = [], 0.0
    for track in tracks:
        times.append(track.time_s + start)
        start = times[-1][-1] + 1.0 / track.fps
    return replace(
        tracks[0],
        time_s=np.concatenate(times),
        xy_px=np.concatenate([track.xy_px for track in tracks]),
        visibility=np.concatenate([track.visibility for track in tracks]),
    )


def jittered(track: PoseTrack, share: float = 0.3, seed: int = 0) -> PoseTrack:
    """Return the same movement seen at uneven times: each frame up to `share` of an interval off."""
    rng = np.random.default_rng(seed)
    shift = rng.uniform(-share, share, len(track)) / track.fps
    shift[[0, -1]] = 0.0
    return resampled(track, track.time_s + shift)


def resampled(track: PoseTrack, time_s: np.ndarray) -> PoseTrack:
    xy = np.empty((len(time_s), N_LANDMARKS, 2))
    for mark in range(N_LANDMARKS):
        for axis in (0, 1):
            xy[:, mark, axis] = np.interp(time_s, track.time_s, track.xy_px[:, mark, axis])
    known = np.isfinite(xy).all(axis=2)
    return replace(track, time_s=time_s, xy_px=xy.astype(np.float32), visibility=known.astype(np.float32))


def true_times(clip: Clip, kind: str, side: Side) -> np.ndarray:
    return np.array([e["time_s"] for e in true_events(clip) if e["type"] == kind and e["side"] == side])


def found_times(events: Iterable[Event], kind: str, side: Side) -> np.ndarray:
    return np.array([e.time_s for e in events if e.type == kind and e.side == side])


def matched(found: np.ndarray, true: np.ndarray, within_s: float = 0.15) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return errors (found - true) of the pairs, true times that were missed, and found ones that are extra."""
    errors, extra, left = [], [], list(true)
    for time in found:
        near = min(left, key=lambda t: abs(t - time), default=np.inf)
        if abs(near - time) <= within_s:
            errors.append(time - near)
            left.remove(near)
        else:
            extra.append(time)
    return np.array(errors), np.array(left), np.array(extra)
