"""A film and the knee curves beside it, moving together."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

import streamlit as st

from evenstride.results import FRAMES_NAME, VIDEO_NAME, Event, Result, SideName, read_result
from vision.errors import EvenstrideError

if TYPE_CHECKING:
    import pandas as pd

#: A stretch without any curve is shown as a gap from this long on.
SHORTEST_GAP_S = 0.2
#: What an annotated film shows, for those who can't see it.
FILM_ALT = "The film with the followed joints, knee angles and steps drawn on it"
#: The film starts this long before the first step.
LEAD_S = 0.3


@dataclass(frozen=True)
class Curve:
    """One knee's angle over the film, None where it was not measured, and where the leg was near the camera (1)."""

    side: SideName
    values: Sequence[float | None]
    near: Sequence[int]


@dataclass(frozen=True)
class Tracks:
    """What is drawn beside a film.

    Attributes
    ----------
    time_s : [T]
        Of the measured pictures, in real seconds from the film's start.
    curves : a Curve a knee, each with T values in degrees
    events : dicts with type ("heel_strike" | "toe_off"), side and time_s
    gaps : (start, end) in seconds where nothing was measured
    slow_motion : how many times slower than life the film plays
    alt : what the curves show, in words
    range_deg : the lowest and highest angle that the axis has to hold; None for those of the curves
    """

    time_s: Sequence[float]
    curves: Sequence[Curve]
    events: Sequence[dict[str, Any]] = ()
    gaps: Sequence[tuple[float, float]] = ()
    slow_motion: float = 1.0
    alt: str = ""
    range_deg: tuple[float, float] | None = None


def same_range(*tracks: Tracks) -> list[Tracks]:
    """Return the tracks with one axis for all, so that their curves can be compared by eye."""
    values = [v for one in tracks for curve in one.curves for v in curve.values if v is not None]
    shared = (min(values), max(values)) if values else None
    return [replace(one, range_deg=shared) for one in tracks]


def read_tracks(folder: Path) -> Tracks:
    """Return the curves of a result folder.

    Raises
    ------
    ResultError, EvenstrideError
        If result.json or frames.csv is missing or can't be read.
    """
    import pandas as pd

    result = read_result(folder)
    try:
        frames = pd.read_csv(folder / FRAMES_NAME)
        return tracks_of(result, frames)
    except (OSError, ValueError, KeyError) as error:
        raise EvenstrideError(
            f"{FRAMES_NAME} of this result is missing or damaged.", "Analyze the film again."
        ) from error


def tracks_of(result: Result, frames: pd.DataFrame) -> Tracks:
    """Return the knee curves of a result and its frames.csv."""
    time_s = [round(float(t), 4) for t in frames["time_s"]]
    curves = tuple(
        Curve(side, [_tidy(v) for v in frames[f"knee_{side}_deg"]], [_near(result, side, t) for t in time_s])
        for side in ("left", "right")
    )
    return Tracks(
        time_s=time_s,
        curves=curves,
        events=tuple(_event(event) for event in sorted(result.events, key=lambda e: e.time_s)),
        gaps=tuple(_gaps(time_s, curves)),
        slow_motion=result.video.slow_motion,
        alt=_alt(curves, result),
    )


def synced_player(
    video: Path | None,
    tracks: Tracks,
    key: str,
    *,
    alt: str = "",
    beside: bool = True,
    start_s: float | None = None,
) -> None:
    """Show a film and, beside it (or below it), curves that follow it; a click on them moves the film.

    Parameters
    ----------
    video : an MP4 or WebM file; without one, the curves alone, to be moved by click and keys
    tracks : from `read_tracks`
    key : unique on the page
    alt : what the film shows, for those who can't see it
    beside : False puts the curves below the film, for two players side by side
    start_s : where the film stands at first, in seconds of the film; by default shortly before the first step
    """
    with st.container(key=key):
        side_by_side = beside and video is not None
        left, right = st.columns([3, 2], vertical_alignment="top") if side_by_side else (st.container(), st.container())
        if video is not None:
            with left, st.container(key=f"{key}-film"):
                st.video(str(video), alt=alt or None, muted=True)
        with right:
            film = None if video is None else f"{key}-film"
            end_s = tracks.time_s[-1] if tracks.time_s else 0.0
            # Streamlit starts films at whole seconds only; the chart puts its film to the very moment.
            start_s = _start(tracks) if start_s is None else start_s
            data = asdict(tracks) | {"video": film, "end_s": end_s, "start_s": start_s}
            _component()(data=data, key=f"{key}-curves")


def folder_player(folder: Path, key: str, *, beside: bool = True) -> None:
    """Show the annotated film of a result folder with its curves.

    Raises
    ------
    ResultError, EvenstrideError
    """
    synced_player(
        folder / VIDEO_NAME,
        read_tracks(folder),
        key,
        alt=FILM_ALT,
        beside=beside,
    )


@cache
def _component() -> Any:
    def read(ending: str) -> str:
        return files("evenstride.ui").joinpath(f"player.{ending}").read_text(encoding="utf-8")

    return st.components.v2.component("evenstride_player", html=read("html"), css=read("css"), js=read("js"))


def _tidy(value: float) -> float | None:
    return round(float(value), 1) if math.isfinite(value) else None


def _event(event: Event) -> dict[str, Any]:
    return {"type": event.type, "side": event.side, "time_s": event.time_s}


def _start(tracks: Tracks) -> float:
    """Return where the film starts: shortly before the first step, rather than in an empty room."""
    first = tracks.events[0]["time_s"] if tracks.events else 0.0
    return max(0.0, first - LEAD_S) * tracks.slow_motion


def _near(result: Result, side: SideName, time_s: float) -> int:
    """Say 0 while the other leg is between this one and the camera, else 1."""
    return int(
        not any(one.start_s <= time_s <= one.end_s and one.near_side not in (side, None) for one in result.passes)
    )


def _gaps(time_s: Sequence[float], curves: Sequence[Curve]) -> list[tuple[float, float]]:
    gaps, start = [], None
    for k, time in enumerate(time_s):
        empty = all(curve.values[k] is None for curve in curves)
        if empty and start is None:
            start = time
        elif not empty and start is not None:
            gaps.append((start, time))
            start = None
    if start is not None:
        gaps.append((start, time_s[-1]))
    return [(start, end) for start, end in gaps if end - start >= SHORTEST_GAP_S]


def _alt(curves: Sequence[Curve], result: Result) -> str:
    parts = []
    for curve in curves:
        known = [v for v in curve.values if v is not None]
        if known:
            parts.append(f"{curve.side} knee between {min(known):.0f} and {max(known):.0f} degrees")
    if not parts:
        return "Knee curves: nothing was measured."
    landings = sum(event.type == "heel_strike" for event in result.events)
    return (
        f"Knee bend over the film: {', '.join(parts)}; {landings} landings are marked. "
        "Arrow keys step picture by picture, with shift from step to step; space plays."
    ).replace("-", "−")
