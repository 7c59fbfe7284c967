"""What the live view sends when a walk is done, checked at the border and made a PoseTrack."""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from analysis.pose import N_LANDMARKS, PoseTrack, Source
from evenstride.ui import live_setup
from vision.errors import EvenstrideError
from vision.model import OFFICIAL_SHA256

#: A walk ends by itself after this long; a message that holds more than twice as much is not ours.
LONGEST_S = 120.0
MOST_FRAMES = int(2 * LONGEST_S * 60)
#: Per landmark: x and y as shares of the picture, visibility, and the world position in metres.
VALUES = 6
#: A landmark that is outside the picture is guessed; one far outside is no landmark.
FARTHEST_SHARE = 10.0


class LiveMessageError(EvenstrideError):
    """The browser sent something that is not a walk."""

    code = "unreadable_walk"


class LiveMessage(BaseModel):
    """One walk: the size of the camera's picture, and base64 of float64 times [T] and float32 landmarks [T, 33, 6]."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    width: int = Field(ge=16, le=16384)
    height: int = Field(ge=16, le=16384)
    delegate: str = Field("", max_length=8)
    frames: int = Field(ge=2, le=MOST_FRAMES)
    time_ms: str = Field(max_length=MOST_FRAMES * 12)
    landmarks: str = Field(max_length=MOST_FRAMES * N_LANDMARKS * VALUES * 6)


def read_walk(message: Any) -> PoseTrack:
    """Return the track of a walk.

    Parameters
    ----------
    message : what `pack` in components/frames.mjs made

    Raises
    ------
    LiveMessageError
        If it is too short, too long, damaged, or not a walk at all.
    """
    try:
        walk = LiveMessage.model_validate(message)
        time_ms = _numbers(walk.time_ms, np.float64, (walk.frames,))
        points = _numbers(walk.landmarks, np.float32, (walk.frames, N_LANDMARKS, VALUES))
        return _track(walk, time_ms, points)
    except (ValidationError, ValueError, binascii.Error) as error:
        raise LiveMessageError(
            "The walk could not be read: it was too short, or something was lost on the way.",
            "Walk again, at least two times across the picture.",
        ) from error


def _title(now: datetime) -> str:
    """Return what a walk is called where a film has its name.

    >>> _title(datetime(2026, 11, 2, 9, 5))
    'Live walk of 2 November 2026, 9:05'
    """
    return f"Live walk of {now.day} {now:%B %Y}, {now.hour}:{now:%M}"


def _numbers(text: str, kind: type, shape: tuple[int, ...]) -> NDArray[np.floating[Any]]:
    content = base64.b64decode(text, validate=True)
    little_endian = np.dtype(kind).newbyteorder("<")
    return np.frombuffer(content, little_endian).astype(kind).reshape(shape)


def _track(walk: LiveMessage, time_ms: NDArray[np.floating[Any]], points: NDArray[np.floating[Any]]) -> PoseTrack:
    xy, visibility, world = points[..., :2], points[..., 2], points[..., 3:]
    lost = ~np.isfinite(points).all(axis=-1) | (np.abs(xy) > FARTHEST_SHARE).any(axis=-1)
    size = np.array([walk.width, walk.height], np.float32)
    return PoseTrack(
        time_s=(time_ms - time_ms[0]) / 1000.0,
        xy_px=np.where(lost[..., None], np.nan, xy * size).astype(np.float32),
        visibility=np.where(lost, 0.0, np.clip(visibility, 0.0, 1.0)).astype(np.float32),
        size_px=(walk.width, walk.height),
        world_m=np.where(lost[..., None], np.nan, world).astype(np.float32),
        source=Source(
            name=_title(datetime.now()),
            sha256=hashlib.sha256(time_ms.tobytes() + points.tobytes()).hexdigest(),
            model_name=live_setup.MODEL_NAME,
            model_sha256=OFFICIAL_SHA256[live_setup.MODEL_NAME],
            mediapipe=f"{live_setup.PACKAGE} {live_setup.installed()} {walk.delegate}".strip(),
        ),
    )
