"""Key frames: which moments of a walk are worth a picture, and how the pictures are kept beside the result."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from evenstride import words
from evenstride.results import PICTURES_NAME, cannot_write, write_atomic

if TYPE_CHECKING:
    import pandas as pd

    from analysis.assess import Assessment
    from analysis.pose import PoseTrack
    from vision.video import VideoInfo

JPEG_QUALITY = 82
#: After a heel strike, the same knee bends most within this time (a slow stride lasts 2 s, the peak comes at 70 %).
SWING_PEAK_WITHIN_S = 1.4
#: The only names a list of pictures may hold: a list from elsewhere must not lead to other files.
PICTURE_FILE = re.compile(r"picture_[1-9][0-9]?\.jpg")
#: Pictures that we write are far smaller.
MOST_PICTURE_BYTES = 5_000_000
MOST_PICTURES = 8


@dataclass(frozen=True)
class Picture:
    """A key frame as a JPEG, with what it shows."""

    jpeg: bytes
    caption: str
    time_s: float

    @property
    def data_uri(self) -> str:
        """Return the picture as text that a page can hold."""
        return "data:image/jpeg;base64," + base64.b64encode(self.jpeg).decode("ascii")

    @property
    def described(self) -> str:
        """Say what the picture shows for those who cannot see it."""
        when = f"{self.time_s:.1f} seconds into the film"
        return f"{self.caption.rstrip('.')}, {when}; the skeleton is drawn over the person."


@dataclass(frozen=True)
class Moment:
    """A time worth a picture, and what happens then."""

    time_s: float
    caption: str


def take_pictures(info: VideoInfo, track: PoseTrack, assessment: Assessment, **faces: Any) -> list[Picture]:
    """Return annotated key frames of a film; `faces` (blur_faces, others) goes to `vision.overlay.key_frames`."""
    from vision.overlay import encode_jpeg, key_frames

    moments = key_moments(assessment, track)
    crops = key_frames(info, track, assessment, [m.time_s for m in moments], **faces)
    return [
        Picture(encode_jpeg(crop, JPEG_QUALITY), moment.caption, moment.time_s)
        for crop, moment in zip(crops, moments, strict=True)
    ]


def save_pictures(pictures: Sequence[Picture], folder: Path) -> None:
    """Write picture_1.jpg, picture_2.jpg ... and the list of what they show into `folder`.

    Raises
    ------
    OutputError
    """
    listed = []
    for number, picture in enumerate(pictures, start=1):
        path = folder / f"picture_{number}.jpg"
        try:
            path.write_bytes(picture.jpeg)
        except OSError as error:
            raise cannot_write(path, error) from error
        listed.append({"file": path.name, "caption": picture.caption, "time_s": round(picture.time_s, 4)})
    write_atomic(folder / PICTURES_NAME, json.dumps(listed, indent=2, ensure_ascii=False) + "\n")


def load_pictures(folder: Path) -> list[Picture]:
    """Return the pictures beside a result; those that are missing, and lists that are none, are left out."""
    pictures = []
    for entry in _listed(folder)[:MOST_PICTURES]:
        path = folder / entry["file"]
        if path.is_file() and path.stat().st_size <= MOST_PICTURE_BYTES:
            pictures.append(Picture(path.read_bytes(), entry["caption"], entry["time_s"]))
    return pictures


def remove_pictures(folder: Path) -> None:
    """Take an earlier result's pictures away; other files stay."""
    for entry in _listed(folder):
        (folder / entry["file"]).unlink(missing_ok=True)
    (folder / PICTURES_NAME).unlink(missing_ok=True)


def _listed(folder: Path) -> list[dict[str, Any]]:
    try:
        entries = json.loads((folder / PICTURES_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [entry for entry in entries if _is_entry(entry)] if isinstance(entries, list) else []


def _is_entry(entry: object) -> bool:
    return (
        isinstance(entry, dict)
        and isinstance(entry.get("file"), str)
        and PICTURE_FILE.fullmatch(entry["file"]) is not None
        and isinstance(entry.get("caption"), str)
        and isinstance(entry.get("time_s"), int | float)
    )


def key_moments(assessment: Assessment, track: PoseTrack) -> list[Moment]:
    """Choose up to four moments: for each leg that was near, landing and most bend; from the front, both landings.

    Without any step, one frame in which the person was seen, so that the reader knows who was followed.
    """
    moments = list(_side_moments(assessment)) or list(_landings(assessment))
    if moments:
        return sorted(moments, key=lambda m: m.time_s)
    seen = track.time_s[track.seen]
    return [Moment(float(seen[len(seen) // 2]), "The person who was followed.")] if len(seen) else []


def _side_moments(assessment: Assessment) -> Iterator[Moment]:
    done = set()
    for index, one in enumerate(assessment.passes):
        side = one.near_side
        if one.view != "side" or side is None or side in done:
            continue
        steps = [e.time_s for e in assessment.events if (e.type, e.side, e.pass_index) == ("heel_strike", side, index)]
        if not steps:
            continue
        done.add(side)
        start = steps[(len(steps) - 1) // 2]
        yield Moment(start, f"{side.capitalize()} foot lands")
        knee = _between(assessment.frames, start, min(start + SWING_PEAK_WITHIN_S, one.end_s))[f"knee_{side}_deg"]
        if knee.notna().any():
            peak = float(assessment.frames.loc[knee.idxmax(), "time_s"])
            bend = words.number(knee.max(), "deg", 0)
            yield Moment(peak, f"{side.capitalize()} knee bends most: {bend}")


def _landings(assessment: Assessment) -> Iterator[Moment]:
    for side in ("left", "right"):
        steps = [e.time_s for e in assessment.events if e.type == "heel_strike" and e.side == side]
        if steps:
            # Near the end of a walk toward the camera the person is largest; the last step may be cut off.
            yield Moment(steps[2 * len(steps) // 3], f"{side.capitalize()} foot lands")


def _between(frames: pd.DataFrame, start_s: float, end_s: float) -> pd.DataFrame:
    return frames[(frames["time_s"] >= start_s) & (frames["time_s"] <= end_s)]
