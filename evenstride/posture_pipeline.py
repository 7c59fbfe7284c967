"""From a photo or a short film of somebody who stands to posture.json and posture.png."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from evenstride import __version__, posture_words
from evenstride.results import Measure, Number, Reference, ResultError, cannot_write, replace_atomic, write_atomic
from vision.errors import Cancelled, UnsupportedVideo

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from analysis.pose import PoseTrack
    from analysis.posture import Posture
    from vision.model import Model

SCHEMA_VERSION = 1
RESULT_NAME = "posture.json"
PICTURE_NAME = "posture.png"

#: Nobody stands still in the file: what is said about it.
NOT_STANDING = {
    "walking": (
        "The person in {name} moves about.",
        "For posture, stand still for five to ten seconds. For a walk, use evenstride analyze.",
    ),
    "short": (
        "{name} shows too little of somebody standing: 30 pictures are needed.",
        "Film five to ten seconds, or use a photo.",
    ),
    "stepping": (
        "The person in {name} is taking a step or bends the knees.",
        "Stand on both feet, side by side, with legs as straight as is comfortable.",
    ),
    "not_upright": (
        "The person in {name} does not stand upright.",
        "Stand with legs straight, the camera upright too.",
    ),
    "unseen": ("Shoulders and hips can't be seen in {name}.", "Show the whole body, head to feet, in good light."),
}


class NobodyStands(UnsupportedVideo):
    """The file shows a person, but not one who stands still."""

    code = "nobody_stands"


class PostureOptions(BaseModel):
    """What may be asked of a posture picture; the defaults are those of the command line and of the page."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    out: Path | None = Field(None, description="Folder for the files; without it nothing is written")
    view: Literal["front", "back", "side"] | None = Field(None, description="By default told from the body")
    model: str = Field("heavy", description="heavy, full, lite, or the path of a model file")
    mirrored: bool = Field(False, description="A selfie that shows left as right: sides are swapped back")
    blur_faces: bool = Field(False, description="Blur the face in the picture that is written")


class PostureMeasure(Measure):
    """One line or angle; `n` counts the frames behind it."""

    notable: bool = Field(False, description="Beyond the error of a picture, and beyond what is worth a remark")


class PostureSource(BaseModel):
    """The file that was measured."""

    model_config = ConfigDict(frozen=True)

    name: str
    sha256: str
    kind: Literal["photo", "clip"]
    width: int
    height: int
    frames: int = Field(description="Frames of standing still that were averaged")
    shown_s: Number | None = Field(None, description="The moment of a clip that posture.png shows")


class PostureResult(BaseModel):
    """The whole of posture.json."""

    model_config = ConfigDict(frozen=True)

    schema_version: Literal[1] = 1
    kind: Literal["posture"] = "posture"
    source: PostureSource
    view: Literal["front", "back", "side", "oblique", "unknown"]
    near_side: Literal["left", "right"] | None
    yaw_deg: Number | None
    measures: dict[str, PostureMeasure]
    issues: tuple[str, ...] = Field(description="Codes; evenstride/posture_words.py says them in words")
    cannot_say: tuple[str, ...] = posture_words.CANNOT
    provenance: dict[str, Any]

    def to_json(self) -> str:
        """Return the text of posture.json."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def parse_posture(text: str, name: str) -> PostureResult:
    """Read the text of a posture.json.

    Raises
    ------
    ResultError
        If it is damaged, or a newer Evenstride wrote it: with measures or issues that nobody has words for here.
    """
    try:
        result = PostureResult.model_validate_json(text)
        unknown = (result.measures.keys() - posture_words.MEASURES) | (set(result.issues) - posture_words.ISSUES.keys())
        if unknown:
            raise ValueError(f"unknown: {', '.join(sorted(unknown))}")
        return result
    except ValueError as error:
        advice = "Measure the picture again, or update Evenstride if a newer one wrote it."
        raise ResultError(f"{name} can't be read.", advice) from error


@dataclass(frozen=True)
class PostureAnalysis:
    """The result, the picture with everything drawn on (RGB uint8 [H, W, 3]), and the files if any were written."""

    result: PostureResult
    picture: NDArray[np.uint8]
    paths: tuple[Path, Path] | None


@dataclass(frozen=True)
class _Seen:
    """A file's landmarks, and the picture and moment to draw on."""

    track: PoseTrack
    sha256: str
    kind: Literal["photo", "clip"]
    picture: Callable[[int], NDArray[np.uint8]]


def analyze_posture(
    path: str | Path,
    options: PostureOptions | None = None,
    *,
    progress: Callable[[float], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> PostureAnalysis:
    """Measure how somebody stands in a photo or a short film.

    Parameters
    ----------
    path : a photo (JPEG, PNG, WebP, TIFF, BMP) or a film
    options : see PostureOptions
    progress : called with the share that is done, 0 to 1
    cancel : asked now and then; once it returns True, the work stops

    Raises
    ------
    UnreadableVideo, UnsupportedVideo, NoPerson, ModelUnavailable, OutputError
        See vision/errors.py; a photo that can't be read is an UnreadablePhoto, somebody who walks NobodyStands.
    Cancelled
    """
    from analysis.posture import NotStanding, measure_posture
    from vision.model import get_model

    path, options = Path(path), options or PostureOptions()
    model = get_model(options.model)
    seen = _look(path, model, progress, cancel)
    track = seen.track.mirrored() if options.mirrored else seen.track
    try:
        posture = measure_posture(track, options.view)
    except NotStanding as why:
        message, advice = NOT_STANDING[str(why)]
        raise NobodyStands(message.format(name=path.name), advice) from why
    shown = _middle_frame(track, posture)
    result = _result(path, seen, track, posture, shown, model, options)
    picture = _drawn(seen.picture(shown), track, posture, result, shown, options)
    if cancel is not None and cancel():
        raise Cancelled("The analysis was cancelled; nothing was written.", "Start it again when you like.")
    paths = None if options.out is None else _write(options.out, result, picture)
    return PostureAnalysis(result, picture, paths)


def _look(
    path: Path, model: Model, progress: Callable[[float], None] | None, cancel: Callable[[], bool] | None
) -> _Seen:
    from vision.photo import find_pose, is_photo, read_photo

    if is_photo(path):
        photo = read_photo(path)
        return _Seen(find_pose(photo, model), photo.sha256, "photo", lambda _: photo.rgb.copy())
    import numpy as np

    from vision.extract import extract
    from vision.video import probe, read_frames

    info = probe(path)
    tick = None if progress is None else lambda done, total: progress(done / max(total, 1))
    track = extract(info, model, progress=tick, cancel=cancel).track

    def picture(index: int) -> NDArray[np.uint8]:
        frame = int(np.argmin(np.abs(info.frame_times_s - track.time_s[index])))
        return next(iter(read_frames(info, indices=np.array([frame])))).rgb.copy()

    return _Seen(track, info.sha256, "clip", picture)


def _middle_frame(track: PoseTrack, posture: Posture) -> int:
    """Return the frame of standing still whose landmarks are nearest to their median."""
    import numpy as np

    rows = np.flatnonzero(posture.frames)
    xy = track.xy_px[rows]
    if len(rows) == 1:
        return int(rows[0])
    known = np.isfinite(xy).all(axis=(0, 2))
    away = np.abs(xy[:, known] - np.median(xy[:, known], axis=0)).sum(axis=(1, 2))
    return int(rows[int(np.argmin(away))])


def _result(
    path: Path, seen: _Seen, track: PoseTrack, posture: Posture, shown: int, model: Model, options: PostureOptions
) -> PostureResult:
    from analysis.posture import PostureConfig

    issues = posture.issues
    if not posture.measures:
        issues = ("oblique",)
    if posture.labels_exchanged:
        issues = (*issues, "labels_exchanged")
    return PostureResult(
        source=PostureSource(
            name=path.name,
            sha256=seen.sha256,
            kind=seen.kind,
            width=track.size_px[0],
            height=track.size_px[1],
            frames=int(posture.frames.sum()),
            shown_s=None if seen.kind == "photo" else float(track.time_s[shown]),
        ),
        view=posture.view,
        near_side=posture.near_side,
        yaw_deg=posture.yaw_deg,
        measures={id: _record(measure) for id, measure in posture.measures.items()},
        issues=issues,
        provenance={
            "evenstride": __version__,
            "mediapipe": version("mediapipe"),
            "created": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
            "model": {"name": model.name, "sha256": model.sha256},
            "options": options.model_dump(mode="json", exclude={"out", "model"}),
            "analysis": asdict(PostureConfig()),
        },
    )


def _record(measure: Any) -> PostureMeasure:
    fields = {name: getattr(measure, name) for name in PostureMeasure.model_fields if name != "reference"}
    reference = None if measure.reference is None else Reference(**vars(measure.reference))
    return PostureMeasure(**fields, reference=reference)


def _drawn(
    rgb: NDArray[np.uint8],
    track: PoseTrack,
    posture: Posture,
    result: PostureResult,
    shown: int,
    options: PostureOptions,
) -> NDArray[np.uint8]:
    import numpy as np

    from analysis.pose import TWIN
    from vision.faces import HeadPlaces, blur
    from vision.posture_overlay import cut_out, draw_posture

    xy, visibility = track.xy_px[shown : shown + 1], track.visibility[shown : shown + 1]
    if options.mirrored:  # a mirrored picture is shown the right way round, as everybody else sees the person
        rgb = np.ascontiguousarray(rgb[:, ::-1])
    if posture.labels_exchanged:
        xy, visibility = xy[:, list(TWIN)], visibility[:, list(TWIN)]
    one = replace(track, time_s=np.zeros(1), xy_px=xy, visibility=visibility, world_m=None)
    if options.blur_faces:
        blur(rgb, HeadPlaces(one).at(0.0))
    rgb, one = cut_out(rgb, one)
    draw_posture(rgb, one, posture, posture_words.labels(result.measures))
    return rgb


def _write(out: Path, result: PostureResult, picture: NDArray[np.uint8]) -> tuple[Path, Path]:
    from vision.photo import write_photo

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(out, error) from error
    replace_atomic(out / PICTURE_NAME, lambda temporary: write_photo(temporary, picture))
    write_atomic(out / RESULT_NAME, result.to_json())
    return out / RESULT_NAME, out / PICTURE_NAME
