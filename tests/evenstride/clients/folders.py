"""Result folders as an analysis writes them, from made-up assessments."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import fabricate
from PIL import Image

from analysis.assess import Assessment
from evenstride.posture_pipeline import PostureMeasure, PostureResult, PostureSource
from evenstride.report import render
from evenstride.results import Provenance, Result, to_result, write_result
from evenstride.tracks import save_track

VIDEO = b"made up video"


def result_of(
    assessment: Assessment | None = None, *, created: str = "2026-01-02T03:04:05Z", model: str = "heavy", **options
) -> Result:
    """A result, and when and how it was made."""
    provenance = Provenance(evenstride="0", mediapipe="0", created=created, config={"options": options, "analysis": {}})
    result = to_result(
        assessment or fabricate.clear_right(), fabricate.Info(), fabricate.model(), fabricate.people(), provenance
    )
    return result.model_copy(update={"model": result.model.model_copy(update={"name": model})})


def with_values(values: dict[str, float], assessment: Assessment | None = None) -> Assessment:
    """The same walk with other values, whose intervals move along."""
    base = assessment or fabricate.clear_right()
    measures = dict(base.measures)
    for name, value in values.items():
        one = measures[name]
        low, high = (edge + value - one.value for edge in one.ci95)
        measures[name] = replace(one, value=value, ci95=(low, high))
    return replace(base, measures=measures)


def write(folder: Path, assessment: Assessment | None = None, *, frames: int = 60, **about) -> Path:
    """Write a folder with everything that the contract names; the film and the report's picture are no real ones."""
    assessment = assessment or fabricate.clear_right()
    folder.mkdir(parents=True, exist_ok=True)
    result = result_of(assessment, **about)
    write_result(result, assessment, folder)
    save_track(fabricate.track(frames), folder / "track.npz")
    (folder / "report.html").write_text(render(result), encoding="utf-8")
    (folder / "annotated.mp4").write_bytes(VIDEO)
    return folder


def write_posture(folder: Path, *, view: str = "front", shoulder_deg: float = 1.0, hour: int = 3) -> Path:
    """Write what a posture picture gives; the picture itself is a small one of one color."""
    measures = {
        id: PostureMeasure(value=value, unit="deg", ci95=(value - 2, value + 2), n=1, status="ok", notable=value > 3)
        for id, value in {"head_tilt": 0.5, "shoulder_tilt": shoulder_deg}.items()
    }
    result = PostureResult(
        source=PostureSource(name="me.png", sha256="ab" * 32, kind="photo", width=40, height=80, frames=1),
        view=view,
        near_side=None,
        yaw_deg=0.0,
        measures=measures,
        issues=("one_picture",),
        provenance={"created": f"2026-01-02T{hour:02}:04:05Z"},
    )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "posture.json").write_text(result.to_json(), encoding="utf-8")
    Image.new("RGB", (40, 80), (90, 120, 150)).save(folder / "posture.png")
    return folder
