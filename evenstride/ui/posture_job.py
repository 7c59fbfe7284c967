"""Posture pictures in the background: the work of a `Job`, and which two results can be compared."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from evenstride.pipeline import Progress
from evenstride.posture_pipeline import PostureOptions, PostureResult, analyze_posture


def work(
    picture: Path,
    options: PostureOptions,
    ask_who: bool,
    progress: Callable[[Progress], None],
    cancel: Callable[[], bool],
) -> None:
    """Measure a picture; for `evenstride.ui.jobs.Runner`. Of several people the largest is taken: nobody is asked."""
    analyze_posture(
        picture, options, progress=lambda done: progress(Progress("follow", done, 1.0, done, None)), cancel=cancel
    )


def comparable(before: PostureResult, now: PostureResult) -> bool:
    """Say whether two results show the same view."""
    return before.view == now.view and bool(now.measures)
