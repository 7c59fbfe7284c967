"""The result contract: Assessment -> result.json, frames.csv, strides.csv, and back. Documented in docs/results.md."""

from __future__ import annotations

import errno
import json
import math
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal
from uuid import uuid4

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from vision.errors import EvenstrideError, OutputError

if TYPE_CHECKING:
    import pandas as pd

    from analysis.assess import Assessment
    from analysis.measure import Measure as AnalysisMeasure
    from vision.model import Model as VisionModel
    from vision.people import People as VisionPeople
    from vision.video import VideoInfo

SCHEMA_VERSION = 1

#: Decimals kept in files: 0.1 ms and 0.0001 degrees, far below what a film can tell.
DECIMALS = 4

RESULT_NAME = "result.json"
FRAMES_NAME = "frames.csv"
STRIDES_NAME = "strides.csv"
TRACK_NAME = "track.npz"
REPORT_NAME = "report.html"
PICTURES_NAME = "pictures.json"
VIDEO_NAME = "annotated.mp4"


class ResultError(EvenstrideError):
    """A result file is missing, broken, or of another schema version."""

    code = "unreadable_result"


def _tidy(value: Any) -> float | None:
    """Round to DECIMALS; what is not a finite number becomes None, because NaN is not JSON."""
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), DECIMALS)


def _tidy_interval(value: Any) -> tuple[float, float] | None:
    """Round both edges; an interval that says nothing becomes None.

    That is one with an edge missing, and one without width: drawing again and again from a single stride always gives
    that stride, which is no certainty.
    """
    if value is None:
        return None
    low, high = (_tidy(edge) for edge in value)
    return None if low is None or high is None or low == high else (low, high)


Number = Annotated[float, BeforeValidator(_tidy)]
MaybeNumber = Annotated[float | None, BeforeValidator(_tidy)]
MaybeInterval = Annotated[tuple[float, float] | None, BeforeValidator(_tidy_interval)]
SideName = Literal["left", "right"]


class _Record(BaseModel):
    """Frozen, and tolerant of fields that a later release adds within the same schema version."""

    model_config = ConfigDict(frozen=True, extra="ignore", populate_by_name=True, serialize_by_alias=True)


class Video(_Record):
    """The film that was measured."""

    name: str = Field(description="File name without its folder")
    sha256: str
    duration_s: Number
    fps: Number = Field(description="Median frame rate from the timestamps")
    width: int = Field(description="Pixels, as displayed (after rotation)")
    height: int
    frames: int = Field(description="Frames in the file")
    rotation_deg: int = Field(description="Rotation that the file asks players to apply")
    codec: str = ""
    slow_motion: Number = Field(1.0, description="Times the film was slowed down; all times are real time")
    notes: tuple[str, ...] = ()


class Model(_Record):
    """The pose model."""

    name: str
    sha256: str
    note: str = Field("", description="Says so when it is not the model that was asked for")


class Candidate(_Record):
    """A person seen in the film."""

    id: int
    frames: int
    why: str = Field(description="Why this person was, or was not, taken for the walker")


class Person(_Record):
    """Who was followed."""

    chosen: int | None
    candidates: tuple[Candidate, ...] = ()
    notes: tuple[str, ...] = ()


class Pass(_Record):
    """A stretch of steady walking in one direction, turns cut off."""

    start_s: Number
    end_s: Number
    direction: Literal["left", "right", "toward", "away", "in_place"] = Field(description="In the picture")
    near_side: SideName | None = Field(description="The leg nearer to the camera")
    yaw_deg: MaybeNumber
    view: Literal["side", "front", "back", "oblique", "unknown"] = "unknown"


class Issue(_Record):
    """One limit of the recording."""

    code: str
    severity: Literal["info", "warning", "error"]
    message: str
    advice: str


class Quality(_Record):
    """What the recording allows."""

    usable: bool = Field(description="False: no statement about the walk can be made")
    issues: tuple[Issue, ...] = ()


class Event(_Record):
    """A heel strike or toe-off."""

    type: Literal["heel_strike", "toe_off"]
    side: SideName
    time_s: Number
    pass_index: int = Field(alias="pass", description="Index into passes")


class Reference(_Record):
    """A published band."""

    low: Number
    high: Number
    source: str


class Measure(_Record):
    """One measured quantity, or the reason why it has no value."""

    value: MaybeNumber = None
    unit: str
    ci95: MaybeInterval = None
    left: MaybeNumber = None
    right: MaybeNumber = None
    n: int = Field(0, description="Strides, steps or frames behind it")
    status: Literal["ok", "not_measurable"]
    reason: str | None = None
    reference: Reference | None = None


class Component(_Record):
    """One part of the favoring index; positive = the right limb is offloaded."""

    id: str
    domain: Literal["timing", "knee"]
    value: Number
    unit: str
    z: Number
    ci95: MaybeInterval
    typical_limit: Number = Field(
        description="Differences inside -+ this are expected in people who favor neither knee"
    )
    side: SideName = Field(description="The limb this part alone would call spared")
    n_left: int
    n_right: int


class Favoring(_Record):
    """Which knee, if any, seems spared."""

    verdict: Literal["clear", "possible", "mixed", "none", "inconclusive"]
    side: SideName | None = Field(description="The side being SPARED; only with clear and possible")
    index: MaybeNumber = Field(description="0..100; 50 = edge of the expected range (2 SD)")
    z: MaybeNumber = Field(description="Signed score; positive = right limb offloaded")
    ci95: MaybeInterval = Field(description="Interval of z")
    components: tuple[Component, ...] = ()
    reason: str
    timing_only: bool = False


class Trunk(_Record):
    """Trunk lean."""

    forward_deg: MaybeNumber = Field(description="Walking mean, + in walking direction")
    lateral_left_deg: MaybeNumber = Field(description="Peak lean toward the left limb while standing on it")
    lateral_right_deg: MaybeNumber
    verdict: Literal["typical", "leans_forward", "leans_backward", "leans_left", "leans_right", "not_measurable"]
    reason: str


class Curve(_Record):
    """Mean joint angle over the gait cycle, one value a percent from 0 to 100; null where nothing was measured."""

    joint: Literal["knee", "hip", "ankle"]
    side: SideName
    near: bool = Field(description="True: filmed as the near leg, which is what counts")
    n: int = Field(description="Strides behind it")
    mean_deg: tuple[MaybeNumber, ...]
    sd_deg: tuple[MaybeNumber, ...]


class Provenance(_Record):
    """What made this result."""

    evenstride: str
    mediapipe: str
    created: str = Field(description="ISO 8601, UTC")
    config: dict[str, Any] = Field(description="options: as asked for; analysis: every threshold used")
    settings_sha256: str = Field("", description="Hash of config: equal settings, equal hash")


class Result(_Record):
    """The whole of result.json."""

    schema_version: Literal[1] = 1
    video: Video
    model: Model
    person: Person
    view: Literal["side", "front", "back", "oblique", "unknown"]
    passes: tuple[Pass, ...] = ()
    quality: Quality
    events: tuple[Event, ...] = ()
    measures: dict[str, Measure]
    favoring: Favoring
    trunk: Trunk
    curves: tuple[Curve, ...] = ()
    provenance: Provenance

    def to_json(self) -> str:
        """Return the text of result.json."""
        return json.dumps(self.model_dump(mode="json"), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def to_result(
    assessment: Assessment,
    info: VideoInfo,
    model: VisionModel,
    people: VisionPeople,
    provenance: Provenance,
    notes: Iterable[str] = (),
    promised_s: float | None = None,
) -> Result:
    """Put what was measured, and how, into the form of result.json.

    Parameters
    ----------
    assessment : what `analysis.assess.assess` returned
    info, model, people : what vision says about the film, the pose model and who was followed
    provenance : versions and settings
    notes : what the tracking has to say about who was followed, and how well
    promised_s : how long the file says the film is, where it breaks off early
    """
    from analysis.quality import breaks_off, worst_first

    issues = assessment.quality.issues
    if "truncated" in info.notes:
        issues = worst_first([*issues, breaks_off(info.duration_s, promised_s)])
    return Result(
        video=Video(
            # A file name need not be text; what is not becomes a question mark.
            name=info.name.encode("utf-8", "replace").decode(),
            sha256=info.sha256,
            duration_s=info.duration_s,
            fps=info.fps,
            width=info.width,
            height=info.height,
            frames=info.frames,
            rotation_deg=int(info.rotation_deg),
            codec=info.codec,
            slow_motion=1.0 if info.slow_motion is None else info.slow_motion,
            notes=tuple(info.notes),
        ),
        model=Model(name=model.name, sha256=model.sha256, note=model.note or ""),
        person=Person(
            chosen=people.chosen,
            candidates=tuple(Candidate(id=c.id, frames=c.frames, why=c.why) for c in people.candidates),
            notes=tuple(notes),
        ),
        view=assessment.view,
        passes=tuple(_fields(Pass, p) for p in assessment.passes),
        quality=Quality(usable=assessment.quality.usable, issues=tuple(_fields(Issue, i) for i in issues)),
        events=tuple(_fields(Event, e) for e in assessment.events),
        measures={name: _measure(measure) for name, measure in assessment.measures.items()},
        favoring=_fields(
            Favoring,
            assessment.favoring,
            components=tuple(_fields(Component, c) for c in assessment.favoring.components),
        ),
        trunk=_fields(Trunk, assessment.trunk),
        curves=tuple(_curves(assessment.cycles)),
        provenance=provenance,
    )


def _fields(record: type[Any], source: object, **ready: Any) -> Any:
    """Copy the fields of `record` from the attributes of the same name; `ready` holds those already converted."""
    return record(**{name: getattr(source, name) for name in record.model_fields if name not in ready}, **ready)


def _measure(measure: AnalysisMeasure) -> Measure:
    reference = None if measure.reference is None else _fields(Reference, measure.reference)
    record: Measure = _fields(Measure, measure, reference=reference)
    if record.status == "ok" and record.value is None:
        # "ok" promises a number; a NaN that slipped through must not pass as one.
        return record.model_copy(
            update={"status": "not_measurable", "reason": measure.reason or "It could not be computed from this film."}
        )
    return record


def _curves(cycles: pd.DataFrame) -> Iterable[Curve]:
    if cycles.empty:
        return
    for (joint, side, near), rows in cycles.groupby(["joint", "side", "near"], sort=True):
        ordered = rows.sort_values("cycle_pct")
        yield Curve(
            joint=joint,
            side=side,
            near=bool(near),
            n=int(ordered["n"].max()),
            mean_deg=tuple(ordered["mean_deg"]),
            sd_deg=tuple(ordered["sd_deg"]),
        )


def write_result(result: Result, assessment: Assessment, folder: Path) -> None:
    """Write result.json, frames.csv and strides.csv into `folder`, each under a temporary name first.

    Raises
    ------
    OutputError
        If a file cannot be written.
    """
    write_atomic(folder / FRAMES_NAME, csv_text(assessment.frames))
    write_atomic(folder / STRIDES_NAME, csv_text(assessment.strides))
    write_atomic(folder / RESULT_NAME, result.to_json())


def csv_text(table: pd.DataFrame) -> str:
    """Return a table as CSV: rounded, booleans as 0 and 1, and an empty cell where there is no value."""
    tidy = table.copy()
    for name in tidy.columns:
        if tidy[name].dtype == bool:
            tidy[name] = tidy[name].astype(int)
    tidy = tidy.replace([math.inf, -math.inf], math.nan).round(DECIMALS)
    return tidy.to_csv(index=False, na_rep="", lineterminator="\n")


def write_atomic(path: Path, text: str) -> None:
    """Write `text` so that `path` is either complete or untouched.

    Raises
    ------
    OutputError
    """
    replace_atomic(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def replace_atomic(path: Path, write: Callable[[Path], object]) -> None:
    """Let `write` fill a temporary file beside `path`, then put it in the place of `path`.

    Raises
    ------
    OutputError
    """
    temporary = path.with_name(f".{path.name}.{uuid4().hex[:8]}")
    try:
        write(temporary)
        temporary.replace(path)
    except OSError as error:
        raise cannot_write(path, error) from error
    finally:
        temporary.unlink(missing_ok=True)


def cannot_write(path: Path, error: OSError) -> OutputError:
    """Say in one sentence why `path` could not be written."""
    why = error.strerror or "unknown reason"
    advice = "Choose another folder with --out" + (", or free some space." if error.errno == errno.ENOSPC else ".")
    return OutputError(f"{path} could not be written: {why}.", advice)


def read_result(path: Path) -> Result:
    """Load a result.json (or the one in a folder).

    Raises
    ------
    ResultError
        If it is missing, is not a result, or has another schema version.
    """
    if path.is_dir():
        path = path / RESULT_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ResultError(f"{path} could not be read: {error.strerror}.", "Check the name of the file.") from error
    except UnicodeDecodeError as error:
        raise ResultError(f"{path} is not a result: it is not valid JSON.", "Analyze the video again.") from error
    return parse_result(text, str(path))


def parse_result(text: str, name: str) -> Result:
    """Read the text of a result.json; `name` says in errors what it is.

    Raises
    ------
    ResultError
        As `read_result`.
    """
    try:
        data = json.loads(text)
    except ValueError as error:
        raise ResultError(f"{name} is not a result: it is not valid JSON.", "Analyze the video again.") from error
    version = data.get("schema_version") if isinstance(data, dict) else None
    if not isinstance(version, int):
        raise ResultError(f"{name} is not an Evenstride result.", "Choose a result.json that Evenstride wrote.")
    if version > SCHEMA_VERSION:
        raise ResultError(
            f"{name} was written by a newer Evenstride (schema {version}; this one reads {SCHEMA_VERSION}).",
            "Update Evenstride and open it again.",
        )
    if version < SCHEMA_VERSION:
        raise ResultError(
            f"{name} was written by an older Evenstride (schema {version}; this one reads {SCHEMA_VERSION}).",
            "Analyze the video again.",
        )
    try:
        return Result.model_validate(data)
    except ValidationError as error:
        where = ".".join(str(part) for part in error.errors()[0]["loc"])
        raise ResultError(f"{name} is damaged at {where}.", "Analyze the video again.") from error


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of result.json; docs/result.schema.json is this."""
    return Result.model_json_schema(mode="serialization", by_alias=True)


if __name__ == "__main__":
    print(json.dumps(json_schema(), indent=2))
