"""Fill the report's template: a result, its key frames, and nothing from outside."""

from __future__ import annotations

import base64
import hashlib
import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from evenstride import words
from evenstride.report import charts
from evenstride.results import Measure, Result

if TYPE_CHECKING:
    import pandas as pd

    from analysis.assess import Assessment
    from analysis.pose import PoseTrack
    from vision.video import VideoInfo

JPEG_QUALITY = 82
#: After a heel strike, the same knee bends most within this time (a slow stride lasts 2 s, the peak comes at 70 %).
SWING_PEAK_WITHIN_S = 1.4


@dataclass(frozen=True)
class Picture:
    """A key frame as a JPEG, with what it shows."""

    jpeg: bytes
    caption: str
    time_s: float

    @property
    def data_uri(self) -> str:
        """Return the picture as text that a page can hold."""
        return "data:image/jpeg;base64," + base64.b64encode(self.jpeg).decode("ascii")


@dataclass(frozen=True)
class Moment:
    """A time worth a picture, and what happens then."""

    time_s: float
    caption: str


def make_report(result: Result, info: VideoInfo, track: PoseTrack, assessment: Assessment, **faces: Any) -> str:
    """Return report.html for a fresh analysis, with annotated key frames from the film.

    `faces` (blur_faces, others) goes to `vision.overlay.key_frames`.
    """
    from vision.overlay import encode_jpeg, key_frames

    moments = key_moments(assessment, track)
    crops = key_frames(info, track, assessment, [m.time_s for m in moments], **faces)
    return render(
        result,
        [
            Picture(encode_jpeg(crop, JPEG_QUALITY), moment.caption, moment.time_s)
            for crop, moment in zip(crops, moments, strict=True)
        ],
    )


def render(result: Result, pictures: Sequence[Picture] = ()) -> str:
    """Return report.html for a result; works from a stored result.json too, then without pictures."""
    css = _css()
    return (
        _environment()
        .get_template("report.html")
        .render(
            result=result,
            words=words,
            charts=charts,
            verdict=words.favoring_verdict(result),
            index=charts.index_mark(result.favoring),
            components=charts.component_rows(result.favoring),
            plots={joint: charts.curve_plot(result.curves, joint) for joint in ("knee", "hip", "ankle")},
            groups=_grouped(result),
            missing=words.not_measured(result),
            pictures=pictures,
            css=Markup(css),
            css_hash=base64.b64encode(hashlib.sha256(css.encode()).digest()).decode("ascii"),
        )
    )


def key_moments(assessment: Assessment, track: PoseTrack) -> list[Moment]:
    """Choose up to four moments: for each leg that was near, landing and most bend; from the front, both landings.

    Without any step, one frame in which the person was seen, so that the reader knows who was followed.
    """
    moments = list(_side_moments(assessment)) or list(_landings(assessment))
    if moments:
        return sorted(moments, key=lambda m: m.time_s)
    seen = track.time_s[track.seen]
    return [Moment(float(seen[len(seen) // 2]), "The person who was followed.")] if len(seen) else []


def _side_moments(assessment: Assessment) -> Iterator[Moment]:
    done = set()
    for index, one in enumerate(assessment.passes):
        side = one.near_side
        if one.view != "side" or side is None or side in done:
            continue
        steps = [e.time_s for e in assessment.events if (e.type, e.side, e.pass_index) == ("heel_strike", side, index)]
        if not steps:
            continue
        done.add(side)
        start = steps[(len(steps) - 1) // 2]
        yield Moment(start, f"{side.capitalize()} foot lands")
        knee = _between(assessment.frames, start, min(start + SWING_PEAK_WITHIN_S, one.end_s))[f"knee_{side}_deg"]
        if knee.notna().any():
            peak = float(assessment.frames.loc[knee.idxmax(), "time_s"])
            bend = words.number(knee.max(), "deg", 0)
            yield Moment(peak, f"{side.capitalize()} knee bends most: {bend}")


def _landings(assessment: Assessment) -> Iterator[Moment]:
    for side in ("left", "right"):
        steps = [e.time_s for e in assessment.events if e.type == "heel_strike" and e.side == side]
        if steps:
            # Near the end of a walk toward the camera the person is largest; the last step may be cut off.
            yield Moment(steps[2 * len(steps) // 3], f"{side.capitalize()} foot lands")


def _between(frames: pd.DataFrame, start_s: float, end_s: float) -> pd.DataFrame:
    return frames[(frames["time_s"] >= start_s) & (frames["time_s"] <= end_s)]


@dataclass(frozen=True)
class Group:
    """Measured values that belong together; `shared` holds what has to be said about several of them, and of which."""

    heading: str
    rows: tuple[tuple[str, Measure, words.MeasureWords, charts.BandBar | None], ...]
    shared: dict[str, list[str]]


def _grouped(result: Result) -> list[Group]:
    groups = []
    rows = [(name, m, words.measure_words(name), charts.band_bar(name, m)) for name, m in words.measured(result)]
    for group, part in itertools.groupby(rows, key=lambda row: row[2].group):
        members = tuple(part)
        said: dict[str, list[str]] = {}
        for _, measure, text, _ in members:
            if measure.reason:
                said.setdefault(measure.reason, []).append(text.short_title)
        shared = {reason: titles for reason, titles in said.items() if len(titles) > 1}
        groups.append(Group(words.GROUPS[group], members, shared))
    return groups


@cache
def _css() -> str:
    return files("evenstride.report").joinpath("report.css").read_text(encoding="utf-8")


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("evenstride", "report"),
        # File names and messages are other people's text: escape everything.
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["number"] = words.number
    environment.filters["interval"] = words.interval
    return environment
