"""PoseTrack: one person's landmarks over time, the one data type that vision hands to analysis."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import IntEnum
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

Side = Literal["left", "right"]
SIDES: tuple[Side, Side] = ("left", "right")
FloatArray = NDArray[np.floating[Any]]
BoolArray = NDArray[np.bool_]


class Landmark(IntEnum):
    """The 33 BlazePose landmarks. Left and right are the subject's own."""

    NOSE = 0
    LEFT_EYE_INNER = 1
    LEFT_EYE = 2
    LEFT_EYE_OUTER = 3
    RIGHT_EYE_INNER = 4
    RIGHT_EYE = 5
    RIGHT_EYE_OUTER = 6
    LEFT_EAR = 7
    RIGHT_EAR = 8
    MOUTH_LEFT = 9
    MOUTH_RIGHT = 10
    LEFT_SHOULDER = 11
    RIGHT_SHOULDER = 12
    LEFT_ELBOW = 13
    RIGHT_ELBOW = 14
    LEFT_WRIST = 15
    RIGHT_WRIST = 16
    LEFT_PINKY = 17
    RIGHT_PINKY = 18
    LEFT_INDEX = 19
    RIGHT_INDEX = 20
    LEFT_THUMB = 21
    RIGHT_THUMB = 22
    LEFT_HIP = 23
    RIGHT_HIP = 24
    LEFT_KNEE = 25
    RIGHT_KNEE = 26
    LEFT_ANKLE = 27
    RIGHT_ANKLE = 28
    LEFT_HEEL = 29
    RIGHT_HEEL = 30
    LEFT_FOOT_INDEX = 31
    RIGHT_FOOT_INDEX = 32


N_LANDMARKS = len(Landmark)


def _twin(mark: Landmark) -> Landmark:
    if "LEFT" in mark.name:
        return Landmark[mark.name.replace("LEFT", "RIGHT")]
    return Landmark[mark.name.replace("RIGHT", "LEFT")]


#: Index of each landmark's twin on the other side of the body (the nose is its own twin).
TWIN: tuple[int, ...] = tuple(_twin(mark) for mark in Landmark)


def other(side: Side) -> Side:
    """Return the opposite side."""
    return "right" if side == "left" else "left"


def landmark(side: Side, part: str) -> Landmark:
    """Return one side's landmark, e.g. ``landmark("left", "knee")``; `part` as in ``LEFT_KNEE``, lower case."""
    return Landmark[f"{side}_{part}".upper()]


@dataclass(frozen=True)
class Source:
    """Where a track came from; written into every result."""

    name: str = ""
    sha256: str = ""
    model_name: str = ""
    model_sha256: str = ""
    mediapipe: str = ""


@dataclass(frozen=True)
class PoseTrack:
    """One person's landmarks over time.

    Attributes
    ----------
    time_s : float64 array [T]
        Seconds from the first frame, from presentation timestamps; strictly increasing.
    xy_px : float32 array [T, 33, 2]
        Image position in pixels, x right, y down. A landmark that was not seen is NaN.
    visibility : float32 array [T, 33]
        The pose model's own 0..1 estimate that the landmark is visible.
    size_px : (int, int)
        Width and height of the picture.
    world_m : float32 array [T, 33, 3] or None
        MediaPipe's world landmarks, metres, hip-centred. A fallback only: clearly worse than `xy_px` in side views.
    source : Source
        Video and model that the track came from.

    Raises
    ------
    ValueError
        If a shape is wrong, time does not strictly increase, or the picture has no size.
    """

    time_s: FloatArray
    xy_px: FloatArray
    visibility: FloatArray
    size_px: tuple[int, int]
    world_m: FloatArray | None = None
    source: Source = field(default_factory=Source)

    def __post_init__(self) -> None:
        n = len(self.time_s)
        if self.xy_px.shape != (n, N_LANDMARKS, 2):
            raise ValueError(f"xy_px must be [{n}, {N_LANDMARKS}, 2], not {list(self.xy_px.shape)}")
        if self.visibility.shape != (n, N_LANDMARKS):
            raise ValueError(f"visibility must be [{n}, {N_LANDMARKS}], not {list(self.visibility.shape)}")
        if self.world_m is not None and self.world_m.shape != (n, N_LANDMARKS, 3):
            raise ValueError(f"world_m must be [{n}, {N_LANDMARKS}, 3], not {list(self.world_m.shape)}")
        if not np.all(np.isfinite(self.time_s)) or np.any(np.diff(self.time_s) <= 0):
            raise ValueError("time_s must be finite and strictly increase")
        if min(self.size_px) <= 0:
            raise ValueError(f"size_px must be positive, not {self.size_px}")

    def __len__(self) -> int:
        return len(self.time_s)

    @property
    def seen(self) -> BoolArray:
        """Frames [T] in which the person was found at all."""
        return np.asarray(np.any(np.all(np.isfinite(self.xy_px), axis=2), axis=1))

    @property
    def fps(self) -> float:
        """Frames a second, from the median time between frames; NaN with fewer than two frames."""
        return float(1.0 / np.median(np.diff(self.time_s))) if len(self) > 1 else float("nan")

    def point(self, mark: int) -> FloatArray:
        """Return one landmark's path [T, 2] in pixels."""
        return self.xy_px[:, mark]

    def middle(self, part: str) -> FloatArray:
        """Return the path [T, 2] midway between the left and right `part` ("hip", "shoulder", "ear", ...)."""
        return 0.5 * (self.point(landmark("left", part)) + self.point(landmark("right", part)))

    def mirrored(self) -> PoseTrack:
        """Return the track of the horizontally flipped video: x mirrored, left and right landmarks exchanged."""
        twin = list(TWIN)
        xy = self.xy_px[:, twin].copy()
        xy[..., 0] = self.size_px[0] - xy[..., 0]
        world = None
        if self.world_m is not None:
            world = self.world_m[:, twin].copy()
            world[..., 0] = -world[..., 0]
        return replace(self, xy_px=xy, visibility=self.visibility[:, twin], world_m=world)

    def between(self, start_s: float, end_s: float) -> PoseTrack:
        """Return the frames with ``start_s <= time_s <= end_s``; times stay as they are."""
        keep = (self.time_s >= start_s) & (self.time_s <= end_s)
        return replace(
            self,
            time_s=self.time_s[keep],
            xy_px=self.xy_px[keep],
            visibility=self.visibility[keep],
            world_m=None if self.world_m is None else self.world_m[keep],
        )
