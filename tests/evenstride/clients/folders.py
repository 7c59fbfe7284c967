"""Result folders as an analysis writes them, from made-up assessments."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import fabricate

from analysis.assess import Assessment
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
