"""A picture of each person in a clip, so that somebody can say who is meant."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from vision.people import Candidate, People
from vision.video import VideoInfo, read_frames

HEIGHT_PX = 360
ASPECT = 4 / 3
#: Height of what is shown, and width of the box, in body sizes.
SHOWN_BODIES = 1.6
BOX_WIDTH_BODIES = 0.5
YELLOW, BLACK = (255, 214, 0), (20, 20, 24)


def people_pictures(info: VideoInfo, people: People, height_px: int = HEIGHT_PX) -> list[NDArray[np.uint8]]:
    """Return one picture for each candidate, in order: the person in a numbered box, with some of what is around.

    Returns
    -------
    list of RGB uint8 arrays [height_px, ASPECT * height_px, 3]

    Raises
    ------
    UnreadableVideo
    """
    best = [_clearest(candidate, info) for candidate in people.candidates]
    frames = {
        frame.index: frame.rgb
        for frame in read_frames(info, indices=np.unique(np.array([at for at, _, _ in best], np.int64)))
    }
    return [
        _picture(frames[at], center, size, str(candidate.id), height_px)
        for candidate, (at, center, size) in zip(people.candidates, best, strict=True)
    ]


def _clearest(candidate: Candidate, info: VideoInfo) -> tuple[int, NDArray[np.float64], float]:
    """Return frame, middle and size of the largest sighting that lies whole inside the picture, if one does."""
    path = candidate.path
    half = 0.5 * path.size_px[:, None] * np.array((BOX_WIDTH_BODIES, 1.0))
    beyond = np.maximum(half - path.center_px, path.center_px + half - (info.width, info.height)).max(axis=1)
    k = int(np.argmax(path.size_px - 2 * np.maximum(beyond, 0)))
    frame = int(np.argmin(np.abs(info.frame_times_s - path.time_s[k])))
    return frame, path.center_px[k], float(path.size_px[k])


def _picture(
    rgb: NDArray[np.uint8], center: NDArray[np.float64], size: float, label: str, height_px: int
) -> NDArray[np.uint8]:
    shown = np.array((ASPECT, 1.0)) * SHOWN_BODIES * size
    room = np.array((rgb.shape[1], rgb.shape[0])) - shown
    # Inside the picture as far as it is large enough; black where it is not.
    corner = np.where(room >= 0, np.clip(center - shown / 2, 0, np.maximum(room, 0)), room / 2)
    scale = height_px / shown[1]
    move = np.array([[scale, 0, -scale * corner[0]], [0, scale, -scale * corner[1]]])
    picture = cv2.warpAffine(rgb, move, (round(ASPECT * height_px), height_px), flags=cv2.INTER_AREA)
    half = 0.5 * size * np.array((BOX_WIDTH_BODIES, 1.05))
    start, end = (tuple(int(v) for v in (point - corner) * scale) for point in (center - half, center + half))
    cv2.rectangle(picture, start, end, BLACK, 7, cv2.LINE_AA)
    cv2.rectangle(picture, start, end, YELLOW, 3, cv2.LINE_AA)
    plate = (max(start[0], 0), max(start[1], 0))
    cv2.rectangle(picture, plate, (plate[0] + 44, plate[1] + 48), YELLOW, cv2.FILLED)
    cv2.putText(picture, label, (plate[0] + 9, plate[1] + 37), cv2.FONT_HERSHEY_SIMPLEX, 1.2, BLACK, 3, cv2.LINE_AA)
    return picture
