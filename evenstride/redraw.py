"""redraw(film, folder, options, out): the annotated film of a result once more, with faces blurred or shown.

Nothing is followed or measured anew: the landmarks of the result are drawn onto the film again. Only of a film with
several people in it the others have to be found again, because their places are in no file and their faces go too.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from evenstride import results
from evenstride.pipeline import (
    FIRST_GUESS_FRACTION,
    AnalyzeOptions,
    CancelCheck,
    Progress,
    ProgressCallback,
    as_filmed,
    bystanders,
)
from evenstride.tracks import load_track
from vision.errors import Cancelled

if TYPE_CHECKING:
    from vision.people import People
    from vision.video import VideoInfo


def redraw(
    film: Path,
    folder: Path,
    options: AnalyzeOptions,
    out: Path,
    *,
    progress: ProgressCallback | None = None,
    cancel: CancelCheck | None = None,
) -> None:
    """Draw what was measured onto a film.

    Parameters
    ----------
    film : the film that was analyzed
    folder : the result of that analysis
    options : those of the analysis; `blur_faces` says what becomes of faces now
    out : an MP4 file, which appears only when it is complete; its folder must exist
    progress : called with a Progress now and then, in this thread
    cancel : asked now and then; once it returns True, the work stops

    Raises
    ------
    ResultError, TrackError, UnreadableVideo, OutputError
    Cancelled
        When `cancel` said so; no file is left behind.
    """
    from analysis.assess import Subject, assess
    from vision.overlay import annotate_video
    from vision.video import probe

    person = results.read_result(folder).person
    measured = load_track(folder / results.TRACK_NAME)
    subject = Subject(height_cm=options.height_cm, treadmill_speed_m_s=options.treadmill_speed_m_s)
    track, assessment = as_filmed(measured, assess(measured, subject), options)
    info = probe(film, slow_motion=options.slow_motion)
    people = None
    if options.blur_faces and len(person.candidates) > 1:
        people = _everybody(info, options, person.chosen, cancel)
    complete = annotate_video(
        info,
        track,
        assessment,
        out,
        blur_faces=options.blur_faces,
        others=bystanders(people) if people else (),
        progress=_told(progress),
        cancel=cancel,
    )
    if not complete:
        raise Cancelled("It was cancelled; nothing was written.", "Start it again when you like.")


class _Found(Exception):
    """Everybody in the film is known, and nobody is to be followed."""

    def __init__(self, people: People) -> None:
        super().__init__()
        self.people = people


def _everybody(info: VideoInfo, options: AnalyzeOptions, chosen: int | None, cancel: CancelCheck | None) -> People:
    """Return who is in the film, as the analysis found them."""
    from vision.extract import extract
    from vision.model import get_model

    def found(people: People) -> None:
        raise _Found(people)

    model = get_model(options.model)
    try:
        extraction = extract(info, model, person=chosen, workers=options.workers, cancel=cancel, people_found=found)
    except _Found as end:
        return end.people
    return extraction.people


def _told(progress: ProgressCallback | None) -> Callable[[float, float], None] | None:
    """Return what turns pictures drawn into a Progress."""
    if progress is None:
        return None
    started = time.monotonic()

    def tell(done: float, total: float) -> None:
        fraction = min(done / total, 1.0)
        gone_s = time.monotonic() - started
        left_s = None if fraction < FIRST_GUESS_FRACTION else gone_s * (1 - fraction) / fraction
        progress(Progress("draw", done, total, fraction, left_s))

    return tell
