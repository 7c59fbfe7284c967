"""analyze_track(track, options): from landmarks without a film, as the live view records them, to the same result."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from evenstride import results
from evenstride.pipeline import Analysis, AnalyzeOptions, make_provenance, publish, staging_folder
from vision.errors import NoPerson

if TYPE_CHECKING:
    from analysis.pose import PoseTrack
    from vision.video import VideoInfo

#: What the reader of such a result should know.
NOTE = "Measured live: only where the joints were was kept, no film."


def analyze_track(track: PoseTrack, options: AnalyzeOptions | None = None) -> Analysis:
    """Measure a walk of which only landmarks exist.

    Parameters
    ----------
    track : as recorded; `track.source` says by what
    options : see AnalyzeOptions; what is about the film (person, model, slow motion, pictures) does not apply

    Returns
    -------
    Analysis
        As of `analyze_video`. The folder holds the same files, but no annotated.mp4 and no pictures.

    Raises
    ------
    NoPerson
        If nobody was seen at any time.
    OutputError
        If the folder cannot be written; no file is left behind then.
    """
    from analysis.assess import Subject, assess
    from vision.model import Model
    from vision.people import People

    if not track.seen.any():
        raise NoPerson("Nobody was seen during the walk.", "Step into the picture, until the skeleton follows you.")
    options = (options or AnalyzeOptions()).model_copy(update={"model": track.source.model_name, "no_video": True})
    with staging_folder(options.out) as staging:
        track = track.mirrored() if options.mirrored else track
        subject = Subject(height_cm=options.height_cm, treadmill_speed_m_s=options.treadmill_speed_m_s)
        assessment = assess(track, subject)
        provenance = make_provenance(options, assessment.config)
        result = results.to_result(
            assessment,
            recording_info(track),
            Model(track.source.model_name, Path(track.source.model_name), track.source.model_sha256),
            People(chosen=1, candidates=()),
            provenance.model_copy(update={"mediapipe": track.source.mediapipe or provenance.mediapipe}),
            notes=(NOTE,),
        )
        analysis = Analysis(result=result, assessment=assessment, track=track, paths=None)
        if staging is not None and options.out is not None:
            try:
                _write_files(staging, analysis)
                analysis = replace(analysis, paths=publish(staging, options.out))
            except OSError as error:
                raise results.cannot_write(options.out, error) from error
    return analysis


def recording_info(track: PoseTrack) -> VideoInfo:
    """Describe a recording of landmarks in the words for films: as long and as large as what the camera gave."""
    from vision.video import VideoInfo

    steps = len(track) - 1
    mean_step_s = float(track.time_s[-1] / steps) if steps else 0.0
    return VideoInfo(
        path=Path(track.source.name),
        name=track.source.name,
        sha256=track.source.sha256,
        duration_s=float(track.time_s[-1]) + mean_step_s,
        fps=track.fps,
        width=track.size_px[0],
        height=track.size_px[1],
        frames=len(track),
        rotation_deg=0,
        codec="",
        slow_motion=1.0,
        frame_times_s=track.time_s,
    )


def _write_files(staging: Path, analysis: Analysis) -> None:
    from evenstride.report import render
    from evenstride.report.pictures import save_pictures
    from evenstride.tracks import save_track

    results.write_result(analysis.result, analysis.assessment, staging)
    save_track(analysis.track, staging / results.TRACK_NAME)
    save_pictures((), staging)
    results.write_atomic(staging / results.REPORT_NAME, render(analysis.result))
