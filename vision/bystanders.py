"""Everybody in the film but the walker, so that the face blur covers them too.

The whole picture is looked at a few times a second. Whoever is found there is followed in a window of their own from
then on, as the walker is: a body that the detector misses (dark, bent, in the air) stays known while it is followed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from analysis.body import torso_px
from analysis.pose import PoseTrack
from vision.errors import Cancelled
from vision.faces import HALF_WIDTH_TORSO, head_of
from vision.landmarker import Landmarker, Pose
from vision.model import Model
from vision.people import POSES_A_TILE, SAME_BODY, _body_of, _tiles, trunk_of
from vision.video import Frame, VideoInfo, read_frames

#: People are followed from picture to picture at this distance, ...
FOLLOW_S = 0.1
#: ... and with every so many of these pictures, all of it is looked at for people who are not followed yet.
LOOK_EVERY = 3
#: Each needs a landmarker of its own. Of a crowd, the rest is known from the looks at the whole picture alone.
FOLLOWED_AT_ONCE = 6
#: Somebody who was lost is looked for at the same place this long.
LOST_S = 1.0
#: Side of the window in which somebody is followed, in body sizes.
WINDOW_SIDE = 2.1
#: How far a body may have moved since it was seen, in body sizes; somebody in the air falls at 3 m/s and more.
REACH, REACH_PER_S = 0.4, 1.0
#: The detector misses bodies smaller than this share of the picture's short side: then it is looked at more closely.
CLOSER_BELOW = 0.3
#: A body is about this many torso lengths from head to foot (1 / 0.288, Drillis & Contini, in Winter 2009).
BODY_OF_TORSO = 3.5
#: A head this near that of the walker, in torso lengths, is covered by its blur: half a half-axis away, it is a head
#: of its own.
SAME_HEAD = 0.5 * HALF_WIDTH_TORSO
#: Smaller than this, in pixels, nobody can be told from another.
MIN_SIZE_PX = 24.0


@dataclass
class _Body:
    """Somebody who is followed, or was: when, and the poses."""

    times_s: list[float] = field(default_factory=list)
    poses: list[Pose] = field(default_factory=list)

    def add(self, time_s: float, pose: Pose) -> None:
        self.times_s.append(time_s)
        self.poses.append(pose)

    @property
    def trunk_px(self) -> NDArray[np.floating]:
        return trunk_of(self.poses[-1].xy_px)[0]

    @property
    def size_px(self) -> float:
        """The largest of the last sizes: a body that bends does not shrink."""
        return max(_body_of(pose.xy_px)[1] for pose in self.poses[-5:])

    def track(self, info: VideoInfo) -> PoseTrack:
        xy = np.array([pose.xy_px for pose in self.poses], np.float32)
        visibility = np.array([pose.visibility for pose in self.poses], np.float32)
        return PoseTrack(np.array(self.times_s), xy, visibility, (info.width, info.height))


def find_others(
    info: VideoInfo,
    model: Model,
    walker: PoseTrack,
    *,
    progress: Callable[[float, float], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> list[PoseTrack]:
    """Follow everybody but the walker.

    Parameters
    ----------
    info : VideoInfo
    model : Model
    walker : PoseTrack
        Who is known already, in pixels of the film.
    progress : callable, optional
        Called with pictures done and pictures in all.
    cancel : callable, optional
        Asked before every picture.

    Returns
    -------
    list of PoseTrack
        One or more for each person, about every FOLLOW_S, in no order; bodies that are none may be among them.

    Raises
    ------
    Cancelled
        When `cancel` said so.
    UnreadableVideo
    """
    times = info.frame_times_s
    count = max(2, int(np.ceil((times[-1] - times[0]) / FOLLOW_S)) + 1)
    indices = np.unique(np.searchsorted(times, np.linspace(times[0], times[-1], count)))
    known = _Known(walker)
    with _Watch(model, known, small=known.size_px < CLOSER_BELOW * min(info.width, info.height)) as watch:
        for done, frame in enumerate(read_frames(info, indices=indices)):
            if cancel is not None and cancel():
                raise Cancelled(f"The analysis of {info.name} was cancelled.", "Start it again when you like.")
            watch.step(frame, look=done % LOOK_EVERY == 0)
            if progress is not None:
                progress(done + 1, len(indices))
    return [body.track(info) for body in watch.seen]


class _Known:
    """Where the walker is, who is not to be found again."""

    def __init__(self, track: PoseTrack) -> None:
        trunk = (track.middle("shoulder") + track.middle("hip")) / 2
        seen = np.isfinite(trunk).all(axis=1)
        self.time_s, self.trunk = track.time_s[seen], trunk[seen]
        torso = torso_px(track)
        self.head, self.head_reach = head_of(track.xy_px)[seen], SAME_HEAD * torso[seen]
        self.size_px = BODY_OF_TORSO * float(np.nanmedian(torso)) if np.isfinite(torso).any() else np.inf

    def is_at(self, pose: Pose, time_s: float) -> bool:
        """Tell whether this is the walker: somebody close beside has the trunk there, but not the head too."""
        near = np.abs(self.time_s - time_s) <= FOLLOW_S
        trunk_away = np.linalg.norm(self.trunk[near] - trunk_of(pose.xy_px)[0], axis=1)
        head_away = np.linalg.norm(self.head[near] - head_of(pose.xy_px[None]), axis=1)
        # Where the walker's head is not known, nobody is the walker: blurring somebody twice costs nothing.
        return bool(np.any((trunk_away <= SAME_BODY * self.size_px) & (head_away <= self.head_reach[near])))


class _Watch:
    """Looks at pictures in order of time; `seen` is everybody who was."""

    def __init__(self, model: Model, known: _Known, small: bool) -> None:
        self.path, self.known, self.small = model.scout or model.path, known, small
        self.seen: list[_Body] = []
        self._followed: list[tuple[_Body, Landmarker]] = []
        self._idle: list[Landmarker] = []
        self._open = ExitStack()

    def __enter__(self) -> _Watch:
        self._eye = self._open.enter_context(Landmarker(self.path, "image", poses=POSES_A_TILE))
        return self

    def __exit__(self, *exception: object) -> None:
        self._open.close()

    def step(self, frame: Frame, look: bool) -> None:
        """Follow those who are known into this picture; with `look`, find those who are not."""
        for body, landmarker in self._followed:
            pose = _followed_pose(frame, body, landmarker)
            if pose is not None:
                body.add(frame.time_s, pose)
        self._let_go(frame.time_s)
        if look:
            for pose in self._everybody(frame.rgb):
                if not self._is_known(pose, frame.time_s):
                    self._meet(pose, frame.time_s)

    def _everybody(self, rgb: NDArray[np.uint8]) -> Iterator[Pose]:
        height, width = rgb.shape[:2]
        for left, top, wide, high in _tiles(width, height, self.small):
            for pose in self._eye.find(rgb[top : top + high, left : left + wide]):
                yield _moved(pose, left, top)

    def _is_known(self, pose: Pose, time_s: float) -> bool:
        trunk = trunk_of(pose.xy_px)[0]
        now = [body for body in self.seen if body.times_s[-1] == time_s]
        return (
            _body_of(pose.xy_px)[1] < MIN_SIZE_PX
            or self.known.is_at(pose, time_s)
            or any(_same(body, trunk) for body in now)
        )

    def _meet(self, pose: Pose, time_s: float) -> None:
        body = _Body()
        body.add(time_s, pose)
        self.seen.append(body)
        if len(self._followed) < FOLLOWED_AT_ONCE:
            new = self._idle or [self._open.enter_context(Landmarker(self.path, "track"))]
            self._followed.append((body, new.pop()))

    def _let_go(self, time_s: float) -> None:
        """Stop following who is lost, who turned into the walker, and who turned into somebody else."""
        kept: list[tuple[_Body, Landmarker]] = []
        for body, landmarker in self._followed:
            doubled = any(_same(one, body.trunk_px) for one, _ in kept)
            lost = time_s - body.times_s[-1] > LOST_S
            if lost or doubled or self.known.is_at(body.poses[-1], time_s):
                landmarker.forget()
                self._idle.append(landmarker)
            else:
                kept.append((body, landmarker))
        self._followed = kept


def _followed_pose(frame: Frame, body: _Body, landmarker: Landmarker) -> Pose | None:
    """Return where somebody is now, or None where nobody is found who can be the same."""
    height, width = frame.rgb.shape[:2]
    center, size = _body_of(body.poses[-1].xy_px)[0], body.size_px
    side = min(max(round(WINDOW_SIDE * size), 2), width, height)
    left, top = (
        int(np.clip(c - side / 2, 0, length - side)) for c, length in zip(center, (width, height), strict=True)
    )
    for found in landmarker.find(frame.rgb[top : top + side, left : left + side]):
        pose = _moved(found, left, top)
        reach = (REACH + REACH_PER_S * (frame.time_s - body.times_s[-1])) * size
        if np.linalg.norm(trunk_of(pose.xy_px)[0] - body.trunk_px) <= reach:
            return pose
        landmarker.forget()
    return None


def _same(body: _Body, trunk_px: NDArray[np.floating]) -> bool:
    return bool(np.linalg.norm(body.trunk_px - trunk_px) <= SAME_BODY * body.size_px)


def _moved(pose: Pose, left: int, top: int) -> Pose:
    return Pose(pose.xy_px + np.array((left, top), np.float32), pose.world_m, pose.visibility)
