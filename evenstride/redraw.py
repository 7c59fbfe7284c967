"""redraw(film, folder, options, out): the annotated film of a result once more, with faces blurred or shown.

Nothing is measured anew: the landmarks of the result are drawn onto the film again. Only to blur faces the other people
in the film have to be found again, because their places are in no file.
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
)
from evenstride.tracks import load_track
from vision.errors import Cancelled

if TYPE_CHECKING:
    from analysis.pose import PoseTrack

_Tell = Callable[[float, float], None]


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
    TrackError, UnreadableVideo, ModelUnavailable, OutputError
    Cancelled
        When `cancel` said so; no file is left behind.
    """
    from analysis.assess import Subject, assess
    from vision.bystanders import find_others
    from vision.model import get_model
    from vision.overlay import annotate_video
    from vision.video import probe

    measured = load_track(folder / results.TRACK_NAME)
    subject = Subject(height_cm=options.height_cm, treadmill_speed_m_s=options.treadmill_speed_m_s)
    track, assessment = as_filmed(measured, assess(measured, subject), options)
    info = probe(film, slow_motion=options.slow_motion)
    tell = _told(progress)
    others: list[PoseTrack] = []
    if options.blur_faces:
        model = get_model(options.model)
        others = find_others(info, model, track, progress=_half(tell, 0), cancel=cancel)
        tell = _half(tell, 1)
    complete = annotate_video(
        info,
        track,
        assessment,
        out,
        blur_faces=options.blur_faces,
        others=others,
        progress=tell,
        cancel=cancel,
    )
    if not complete:
        raise Cancelled("It was cancelled; nothing was written.", "Start it again when you like.")


def _half(tell: _Tell | None, part: int) -> _Tell | None:
    """Return what tells of the first (0) or the second (1) half of the work."""
    return None if tell is None else lambda done, total: tell(done + part * total, 2 * total)


def _told(progress: ProgressCallback | None) -> _Tell | None:
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
