"""Evenstride: does this walk favor a knee, how does the trunk lean, and how sure is that.

From Python: ``from evenstride import analyze_video, assess`` (docs/python.md). They are looked up when they are
first used, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from analysis.assess import Subject, assess
    from evenstride.pipeline import AnalyzeOptions, analyze_video
    from evenstride.results import read_result
    from evenstride.tracks import load_track

__version__ = "0.1.0"
__all__ = ["AnalyzeOptions", "Subject", "analyze_video", "assess", "load_track", "read_result"]

_HOMES = {
    "AnalyzeOptions": "evenstride.pipeline",
    "Subject": "analysis.assess",
    "analyze_video": "evenstride.pipeline",
    "assess": "analysis.assess",
    "load_track": "evenstride.tracks",
    "read_result": "evenstride.results",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
