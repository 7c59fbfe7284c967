"""analyze_video(path, options): from a film to a result, and to the files of the contract when a folder is given."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from pydantic import BaseModel, ConfigDict, Field

from evenstride import __version__, results
from evenstride.results import Provenance, Result
from vision.errors import Cancelled, OutputError

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic.fields import FieldInfo

    from analysis.assess import Assessment
    from analysis.pose import PoseTrack
    from vision.model import Model
    from vision.people import People
    from vision.video import VideoInfo

#: Rough cost of each stage, so that one bar can cover them all. Measured on two busy cores; nothing but the bar
#: depends on it.
SECONDS_PER_TRACKED_FRAME = {"heavy": 0.055, "full": 0.025, "lite": 0.015}
SECONDS_PER_DRAWN_FRAME = 0.025
SECONDS_PER_FRAME_SEARCHED_FOR_FACES = 0.025
FIXED_SECONDS = {"model": 0.3, "read": 0.3, "follow": 4.0, "measure": 0.7, "faces": 1.0, "draw": 0.3, "report": 1.0}
#: Before this much of the work is done, no guess at the time left is worth showing.
FIRST_GUESS_FRACTION = 0.1
#: Frames a second that are analysed unless all are asked for (vision/extract.py holds the rule itself).
USUAL_ANALYZED_FPS = 30.0

STAGES = {
    "read": "Opening the video",
    "model": "Getting the pose model",
    "follow": "Following the joints",
    "measure": "Measuring the walk",
    "faces": "Finding all faces to blur",
    "draw": "Drawing the annotated video",
    "report": "Writing the report",
}


@dataclass(frozen=True)
class Progress:
    """How far along: `done` of `total` within `stage`, the `fraction` (0..1) of all the work, and the time left."""

    stage: str
    done: float
    total: float
    fraction: float
    remaining_s: float | None = None


ProgressCallback = Callable[[Progress], None]
CancelCheck = Callable[[], bool]


class AnalyzeOptions(BaseModel):
    """What may be asked of an analysis. The defaults here are those of the command line and of the pages.

    Heights below 1.0 m or above 2.5 m are refused: they are typing errors, or children, for whom no figure here holds.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    out: Path | None = Field(None, description="Folder for the files; without it nothing is written")
    model: str = Field("heavy", description="heavy, full, lite, or the path of a model file")
    person: int | None = Field(None, ge=1, description="Which person to follow, as numbered in the result")
    height_cm: float | None = Field(None, ge=100, le=250, description="Body height; lengths and speed need it")
    treadmill_speed_m_s: float | None = Field(None, gt=0, le=6, description="Belt speed")
    slow_motion: float | None = Field(None, ge=1, le=64, description="How many times the film was slowed down")
    all_frames: bool = Field(False, description="Analyze every frame instead of at most 30 a second")
    both_ways: bool = Field(False, description="Follow the mirrored film too and take the middle: twice the time")
    mirrored: bool = Field(False, description="A selfie video that shows left as right: sides are swapped back")
    no_video: bool = Field(False, description="Leave annotated.mp4 out")
    blur_faces: bool = Field(False, description="Blur faces in every picture that is written")
    workers: int | None = Field(None, ge=1, le=64, description="Processes; default: one a core")

    def settings(self) -> dict[str, Any]:
        """Return what changes the numbers or pictures, fit for a result file: no folder of this computer in it."""
        data = self.model_dump(mode="json", exclude={"out", "workers"})
        data["model"] = Path(self.model).name
        return data


def what_is_wrong(error: ValidationError, options: type[BaseModel] = AnalyzeOptions) -> tuple[str, object, str]:
    """Return the first option that can't be: its name, what was given, and what it must be, in plain words."""
    first = error.errors()[0]
    name = str(first["loc"][0])
    return name, first["input"], _rule(options.model_fields[name])


def _rule(field: FieldInfo) -> str:
    kinds = {field.annotation, *get_args(field.annotation)}
    if bool in kinds:
        return "yes or no"
    found = {key: getattr(one, key, None) for key in ("ge", "gt", "le") for one in field.metadata if hasattr(one, key)}
    limits = {key: value for key, value in found.items() if value is not None}
    what = "a whole number" if int in kinds else "a number"
    if "gt" in limits:
        return f"{what} above {limits['gt']}, up to {limits['le']}"
    return f"{what} from {limits['ge']} to {limits['le']}" if "le" in limits else f"{what} from {limits['ge']} on"


@dataclass(frozen=True)
class Paths:
    """The files that were written."""

    result: Path
    frames: Path
    strides: Path
    track: Path
    report: Path
    video: Path | None


@dataclass(frozen=True)
class Analysis:
    """What came out: the result as written, the assessment and track behind it, and where the files are."""

    result: Result
    assessment: Assessment
    track: PoseTrack
    paths: Paths | None


def analyze_video(
    path: str | Path,
    options: AnalyzeOptions | None = None,
    *,
    progress: ProgressCallback | None = None,
    cancel: CancelCheck | None = None,
    people_found: Callable[[VideoInfo, People], None] | None = None,
) -> Analysis:
    """Measure the walk in one video.

    Parameters
    ----------
    path : the video
    options : see AnalyzeOptions
    progress : called with a Progress now and then, in this thread
    cancel : asked now and then; once it returns True, the work stops
    people_found : told who is in the film before anybody is followed; what it raises ends the work

    Raises
    ------
    UnreadableVideo, UnsupportedVideo, NoPerson, ModelUnavailable, OutputError
        See vision/errors.py.
    Cancelled
        When `cancel` said so. As with every error, no file is left behind.
    """
    from analysis.assess import Subject, assess
    from vision.extract import extract
    from vision.model import get_model
    from vision.video import probe

    path = Path(path)
    options = options or AnalyzeOptions()
    with staging_folder(options.out, path) as staging:
        stages = _Stages(options, progress, cancel)
        stages.start("read")
        info = probe(path, slow_motion=options.slow_motion)
        stages.size_up(info)
        stages.start("model")
        model = get_model(options.model, progress=lambda what, done, total: stages.tick(done, total))
        stages.start("follow")
        extraction = extract(
            info,
            model,
            person=options.person,
            all_frames=options.all_frames,
            both_ways=options.both_ways,
            workers=options.workers,
            progress=stages.tick,
            cancel=cancel,
            people_found=partial(people_found, info) if people_found else None,
        )
        stages.start("measure")
        track = extraction.track.mirrored() if options.mirrored else extraction.track
        subject = Subject(height_cm=options.height_cm, treadmill_speed_m_s=options.treadmill_speed_m_s)
        assessment = assess(track, subject)
        provenance = make_provenance(options, assessment.config)
        people = extraction.people
        result = results.to_result(
            assessment, info, model, people, provenance, notes=extraction.notes, promised_s=_promised_s(info)
        )
        analysis = Analysis(result=result, assessment=assessment, track=track, paths=None)
        if staging is not None and options.out is not None:
            try:
                _write_files(staging, info, model, analysis, stages)
                analysis = replace(analysis, paths=publish(staging, options.out))
            except OSError as error:
                raise results.cannot_write(options.out, error) from error
        stages.finish()
    return analysis


def make_provenance(options: AnalyzeOptions, analysis_config: dict[str, object]) -> Provenance:
    """Say which versions and settings made a result, and when."""
    config = {"options": options.settings(), "analysis": analysis_config}
    canonical = json.dumps(config, sort_keys=True, default=str)
    return Provenance(
        evenstride=__version__,
        mediapipe=version("mediapipe"),
        created=datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
        config=json.loads(canonical),
        settings_sha256=hashlib.sha256(canonical.encode()).hexdigest(),
    )


def as_filmed(track: PoseTrack, assessment: Assessment, options: AnalyzeOptions) -> tuple[PoseTrack, Assessment]:
    """Return what is drawn onto the film: as measured, or for a mirrored film at the places where it shows the body.

    There the sides keep the person's own names, while positions and walking directions are those of the mirror image.
    """
    if not options.mirrored:
        return track, assessment
    xy = track.xy_px.copy()
    xy[..., 0] = track.size_px[0] - xy[..., 0]
    passes = tuple(replace(one, facing=-one.facing) for one in assessment.passes)
    return replace(track, xy_px=xy), replace(assessment, passes=passes)


def _promised_s(info: VideoInfo) -> float | None:
    if "truncated" not in info.notes:
        return None
    from vision.cutoff import promised_s

    return promised_s(info)


def _write_files(staging: Path, info: VideoInfo, model: Model, analysis: Analysis, stages: _Stages) -> None:
    """Fill `staging` with every file of the contract."""
    from evenstride.report import render
    from evenstride.report.pictures import save_pictures, take_pictures
    from evenstride.tracks import save_track

    options = stages.options
    track, drawn = as_filmed(analysis.track, analysis.assessment, options)
    faces: dict[str, Any] = {"blur_faces": options.blur_faces}
    if options.blur_faces:
        from vision.bystanders import find_others

        stages.start("faces")
        faces["others"] = find_others(info, model, track, progress=stages.tick, cancel=stages.cancel)
    if not options.no_video:
        from vision.overlay import annotate_video

        stages.start("draw")
        path = staging / results.VIDEO_NAME
        annotate_video(info, track, drawn, path, **faces, progress=stages.tick, cancel=stages.cancel)
    stages.start("report")
    results.write_result(analysis.result, analysis.assessment, staging)
    save_track(analysis.track, staging / results.TRACK_NAME)
    pictures = take_pictures(info, track, drawn, **faces)
    save_pictures(pictures, staging)
    results.write_atomic(staging / results.REPORT_NAME, render(analysis.result, pictures))
    stages.check()


@contextmanager
def staging_folder(out: Path | None, video: Path | None = None) -> Iterator[Path | None]:
    """Make a hidden folder inside `out`, before any long work, and leave no trace of it or of a new `out` on failure.

    Files move into `out` only when all are complete, so a reader never sees half a result.
    """
    if out is None:
        yield None
        return
    if video is not None and video.resolve().parent == out.resolve() and video.name in ALL_NAMES:
        raise OutputError(
            f"{video} would be overwritten by the result of the same name.", "Choose another folder with --out."
        )
    made = [folder for folder in (out, *out.parents) if not folder.exists()]
    try:
        out.mkdir(parents=True, exist_ok=True)
        staging = Path(tempfile.mkdtemp(dir=out, prefix=".evenstride-"))
    except OSError as error:
        _remove_empty(made)
        raise results.cannot_write(out, error) from error
    try:
        yield staging
    except OutputError as error:
        # The hidden folder means nothing to whoever reads this.
        raise OutputError(error.message.replace(str(staging), str(out)), error.advice) from error
    finally:
        # After success the folder holds the files and stays; after a failure one that we made is empty and goes.
        shutil.rmtree(staging, ignore_errors=True)
        _remove_empty(made)


def _remove_empty(folders: list[Path]) -> None:
    """Remove folders, innermost first, as far as they exist and are empty."""
    for folder in folders:
        try:
            folder.rmdir()
        except OSError:
            return


ALL_NAMES = (
    results.FRAMES_NAME,
    results.STRIDES_NAME,
    results.TRACK_NAME,
    results.REPORT_NAME,
    results.PICTURES_NAME,
    results.VIDEO_NAME,
    results.RESULT_NAME,
)


def publish(staging: Path, out: Path) -> Paths:
    """Move the finished files into `out`; a result.json there always belongs to the files beside it.

    An earlier result is taken away first and the new one put in place last. An annotated video and pictures of an
    earlier result go with it; a video that stands there without a result is not ours to delete.
    """
    from evenstride.report.pictures import remove_pictures

    earlier = out / results.RESULT_NAME
    if earlier.exists():
        earlier.unlink()
        remove_pictures(out)
        (out / results.VIDEO_NAME).unlink(missing_ok=True)
    for path in sorted(staging.iterdir(), key=lambda path: path.name == results.RESULT_NAME):
        path.replace(out / path.name)
    video = out / results.VIDEO_NAME
    return Paths(
        result=earlier,
        frames=out / results.FRAMES_NAME,
        strides=out / results.STRIDES_NAME,
        track=out / results.TRACK_NAME,
        report=out / results.REPORT_NAME,
        video=video if video.exists() else None,
    )


class _Stages:
    """Turns the progress of each stage into one fraction, and asks whether to go on."""

    def __init__(self, options: AnalyzeOptions, progress: ProgressCallback | None, cancel: CancelCheck | None) -> None:
        self.options = options
        self.progress = progress
        self.cancel = cancel
        self.stage = "read"
        self.started = time.monotonic()
        left_out = {"faces", "draw", "report"} if options.out is None else set()
        left_out |= {"draw"} if options.no_video else set()
        left_out |= set() if options.blur_faces else {"faces"}
        self.names = [stage for stage in STAGES if stage not in left_out]
        self.cost = {name: FIXED_SECONDS[name] for name in self.names}

    def size_up(self, info: VideoInfo) -> None:
        """Weigh the stages once the length of the video is known."""
        tracked = info.frames if self.options.all_frames else min(info.frames, info.duration_s * USUAL_ANALYZED_FPS)
        heaviest = SECONDS_PER_TRACKED_FRAME["heavy"]
        looks = 2 if self.options.both_ways else 1
        self.cost["follow"] += looks * tracked * SECONDS_PER_TRACKED_FRAME.get(self.options.model, heaviest)
        if "faces" in self.cost:
            self.cost["faces"] += info.frames * SECONDS_PER_FRAME_SEARCHED_FOR_FACES
        if "draw" in self.cost:
            self.cost["draw"] += info.frames * SECONDS_PER_DRAWN_FRAME

    def start(self, stage: str) -> None:
        self.stage = stage
        self.tick(0, 1)

    def tick(self, done: float, total: float) -> None:
        self.check()
        if self.progress is not None:
            before = sum(self.cost[name] for name in self.names[: self.names.index(self.stage)])
            share = min(done / total, 1.0) if total else 0.0
            fraction = (before + share * self.cost[self.stage]) / sum(self.cost.values())
            self.progress(Progress(self.stage, done, total, fraction, self._remaining(fraction)))

    def _remaining(self, fraction: float) -> float | None:
        """Guess the seconds left; the first stages are too short and too uneven to tell anything."""
        if self.stage in ("read", "model") or fraction < FIRST_GUESS_FRACTION:
            return None
        return (time.monotonic() - self.started) * (1 - fraction) / fraction

    def finish(self) -> None:
        if self.progress is not None:
            self.progress(Progress(self.stage, 1, 1, 1.0, 0.0))

    def check(self) -> None:
        if self.cancel is not None and self.cancel():
            raise Cancelled("The analysis was cancelled; nothing was written.", "Start it again when you like.")
