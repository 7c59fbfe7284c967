"""A photo -> upright pixels, and the landmarks of the person in it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.pose import PoseTrack, Source
from vision.errors import NoPerson, UnreadableVideo
from vision.landmarker import Landmarker, Pose, version
from vision.model import Model
from vision.people import Sighting, sightings_in

#: How the files of photos begin that can be read.
BEGINNINGS = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"BM", b"II*\0", b"MM\0*")
#: Apple's photos lie in the same kind of box as videos; these are the names inside of those that hold photos.
HEIC_BRANDS = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"avif")
#: Larger files are no photos that a phone takes.
MAX_BYTES = 100_000_000
#: The longer side of a photo is brought down to this: the pose model looks at 256 pixels anyway.
MAX_SIDE_PX = 2000
#: Side of the window that the landmarks are read in, in body sizes (see vision/extract.py), and how often it is looked
#: at: the landmarker settles after a detection.
WINDOW_SIDE = 2.1
LOOKS = 3


class UnreadablePhoto(UnreadableVideo):
    """The photo is damaged, too large, or of a kind that can't be read."""

    code = "unreadable_photo"


@dataclass(frozen=True)
class Photo:
    """A photo: RGB uint8 [H, W, 3] the right way up, its file's name and SHA-256."""

    name: str
    sha256: str
    rgb: NDArray[np.uint8]


def is_photo(path: Path) -> bool:
    """Say whether a file begins like a photo. A file that can't be opened is none; reading it as a film says why."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            head = file.read(16)
    except OSError:
        return False
    webp = head[:4] == b"RIFF" and head[8:12] == b"WEBP"
    return webp or _is_heic(head) or head.startswith(BEGINNINGS)


def read_photo(path: Path) -> Photo:
    """Read a photo (JPEG, PNG, WebP, TIFF, BMP), turned the way its EXIF data says.

    Raises
    ------
    UnreadablePhoto
    """
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UnreadablePhoto(f"{path} is too large for a photo.", "Choose a photo of less than 100 MB.")
        data = path.read_bytes()
    except OSError as error:
        raise UnreadablePhoto(f"{path} could not be read: {error.strerror}.", "Check the name of the file.") from error
    if _is_heic(data[:16]):
        raise UnreadablePhoto(
            f"{path} is an HEIC or AVIF photo, which can't be read here.",
            "Save or send it as JPEG (on an iPhone: Settings, Camera, Formats, Most Compatible), or use a short film.",
        )
    try:
        # The flag makes it turn the photo as its EXIF data says.
        bgr = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        bgr = None
    if bgr is None:
        raise UnreadablePhoto(f"{path} is damaged or not a photo.", "Open it in a photo app and save it again as JPEG.")
    scale = min(1.0, MAX_SIDE_PX / max(bgr.shape[:2]))
    if scale < 1:
        bgr = cv2.resize(bgr, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    rgb = np.ascontiguousarray(bgr[..., ::-1])
    return Photo(path.name, hashlib.sha256(data).hexdigest(), rgb)


def write_photo(path: Path, rgb: NDArray[np.uint8]) -> None:
    """Write a PNG.

    Raises
    ------
    OSError
    """
    path.write_bytes(cv2.imencode(".png", rgb[..., ::-1])[1].tobytes())


def find_pose(photo: Photo, model: Model) -> PoseTrack:
    """Return the landmarks of the largest person in a photo, as a track of one frame.

    Raises
    ------
    NoPerson
    """
    height, width = photo.rgb.shape[:2]
    with Landmarker(model.path, "image", poses=4) as scout:
        found = sightings_in(photo.rgb, 0, 0.0, scout, small=False)
        found = found or sightings_in(photo.rgb, 0, 0.0, scout, small=True)
    if not found:
        raise NoPerson(
            f"Nobody was found in {photo.name}.",
            "Show one person from head to feet, in good light, filling the picture.",
        )
    rows, columns = _window(max(found, key=lambda body: body.size_px), width, height)
    pose = _settled(photo.rgb[rows, columns], model)
    if pose is None:
        raise NoPerson(f"The person in {photo.name} is seen too badly.", "Use a brighter photo of the whole body.")
    return PoseTrack(
        time_s=np.zeros(1),
        xy_px=(pose.xy_px + np.array((columns.start, rows.start), np.float32))[None],
        visibility=pose.visibility[None],
        size_px=(width, height),
        world_m=pose.world_m[None],
        source=Source(photo.name, photo.sha256, model.name, model.sha256, version()),
    )


def _settled(rgb: NDArray[np.uint8], model: Model) -> Pose | None:
    with Landmarker(model.path, "track") as landmarker:
        for _ in range(LOOKS):
            poses = landmarker.find(rgb)
    return poses[0] if poses else None


def _window(body: Sighting, width: int, height: int) -> tuple[slice, slice]:
    """Return rows and columns of a square around the body, moved into the picture, or cut where it is larger."""
    side = max(round(WINDOW_SIDE * body.size_px), 2)

    def span(middle: float, length: int) -> slice:
        first = min(max(round(middle - side / 2), 0), max(length - side, 0))
        return slice(first, min(first + side, length))

    return span(float(body.center_px[1]), height), span(float(body.center_px[0]), width)


def _is_heic(head: bytes) -> bool:
    return head[4:8] == b"ftyp" and head[8:12] in HEIC_BRANDS
