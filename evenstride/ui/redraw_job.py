"""The annotated film once more in the background, with faces blurred or shown: the work of a `Job`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from evenstride.pipeline import AnalyzeOptions, Progress
from evenstride.redraw import redraw
from evenstride.results import VIDEO_NAME
from evenstride.ui.jobs import RESULT_FOLDER

#: Beside the film, as the result is.
FOLDER = "redrawn"


def work(
    film: Path,
    options: AnalyzeOptions,
    ask_who: bool,
    progress: Callable[[Progress], None],
    cancel: Callable[[], bool],
) -> None:
    """Draw a film's result onto it; for `evenstride.ui.jobs.Runner`. It is known who is meant: nobody is asked."""
    assert options.out is not None, "a Job says where"
    options.out.mkdir(exist_ok=True)
    redraw(film, film.parent / RESULT_FOLDER, options, options.out / VIDEO_NAME, progress=progress, cancel=cancel)
