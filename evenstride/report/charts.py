"""Where lines, bands and marks of the report's pictures go, in percent of the drawing area; templates draw them.

Percentages let one SVG fit a phone and a desktop while its text keeps its size, and CSS gives it the reader's colors.
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from evenstride import words
from evenstride.results import Component, Curve, Favoring, Measure, SideName

#: Error that video adds to a joint angle, combined with the spread between people (docs/results.md).
VIDEO_ERROR_DEG = 5.0
#: The stretch of the cycle, mid to late stance, over which a knee's zero offset is taken.
OFFSET_FROM_PCT, OFFSET_TO_PCT = 25, 45
#: The components' axis ends at this many typical limits.
COMPONENT_AXIS = 2.5
#: Curves carry a mark every so many percent of the cycle, so that they differ without color.
MARK_EVERY_PCT = 10
#: A point of an SVG path as these pictures write it.
POINT = re.compile(r"(-?[\d.]+(?:e-?\d+)?) (-?[\d.]+(?:e-?\d+)?)")

#: Letters nearer to each other than this would overlap on the short axis of a card.
LETTER_ROOM_PCT = 7


@dataclass(frozen=True)
class Mark:
    """A value on a horizontal axis: where it is, and where its interval starts and ends (percent)."""

    at: float
    start: float
    end: float
    cut_low: bool
    cut_high: bool


@dataclass(frozen=True)
class ComponentRow:
    """One part of the index, ready to draw."""

    title: str
    question: str
    value: str
    limit: str
    side: SideName
    inside: bool
    mark: Mark
    band: tuple[float, float]
    sentence: str


@dataclass(frozen=True)
class Line:
    """One curve: path in a 100 x 100 box, its +-1 SD area, and marks to tell it apart without color."""

    side: SideName
    near: bool
    label: str
    path: str
    area: str
    marks: tuple[tuple[float, float], ...]
    n: int


@dataclass(frozen=True)
class CurvePlot:
    """Mean curves of one joint over the reference band."""

    joint: str
    lines: tuple[Line, ...]
    band: str
    norm: str
    y_ticks: tuple[tuple[float, int], ...]
    offset_deg: float
    has_far: bool
    sentence: str


@dataclass(frozen=True)
class BandBar:
    """A measure against its reference band on a short axis of its own (percent)."""

    band: tuple[float, float]
    mark: Mark
    sides: tuple[tuple[float, str], ...]
    sentence: str


def wedge(low: float, high: float, hip: tuple[float, float] = (90, 132), reach: float = 118) -> str:
    """Return the SVG path of the range between two leans (degrees from vertical, + to the right) above a hip."""
    x, y = hip
    (x1, y1), (x2, y2) = (
        (x + reach * math.sin(math.radians(lean)), y - reach * math.cos(math.radians(lean))) for lean in (low, high)
    )
    return f"M{x} {y}L{x1:.1f} {y1:.1f}A{reach} {reach} 0 0 1 {x2:.1f} {y2:.1f}Z"


def index_mark(favoring: Favoring) -> Mark | None:
    """Place the index on an axis from -100 (left knee spared) to 100 (right knee spared)."""
    if favoring.z is None:
        return None
    low, high = favoring.ci95 or (favoring.z, favoring.z)
    return _mark(25 * favoring.z, 25 * low, 25 * high, -100, 100)


def component_rows(favoring: Favoring) -> list[ComponentRow]:
    """Place every part of the index on an axis counted in typical limits."""
    return [_component_row(c) for c in favoring.components]


def _component_row(component: Component) -> ComponentRow:
    low, high = component.ci95 or (component.value, component.value)
    title, question = words.COMPONENTS.get(component.id, (component.id, ""))
    limit = component.typical_limit
    axis = COMPONENT_AXIS * limit
    return ComponentRow(
        title=title,
        question=question,
        value=words.number(abs(component.value), component.unit),
        limit=words.number(limit, component.unit),
        side=component.side,
        inside=abs(component.value) <= limit,
        mark=_mark(component.value, low, high, -axis, axis),
        band=(_place(-limit, -axis, axis), _place(limit, -axis, axis)),
        sentence=words.component_sentence(component),
    )


def band_bar(measure_id: str, measure: Measure) -> BandBar | None:
    """Place a measure and its sides against its reference band; None without a band."""
    if measure.reference is None or measure.value is None:
        return None
    low, high = measure.ci95 or (measure.value, measure.value)
    band = (measure.reference.low, measure.reference.high)
    shown = [low, high, *band, *(v for v in (measure.left, measure.right) if v is not None)]
    room = 0.12 * (max(shown) - min(shown)) or 1.0
    first, last = min(shown) - room, max(shown) + room
    digits = words.measure_words(measure_id).decimals
    inside = band[0] <= measure.value <= band[1]
    where = "inside" if inside else "below" if measure.value < band[0] else "above"
    return BandBar(
        band=(_place(band[0], first, last), _place(band[1], first, last)),
        mark=_mark(measure.value, low, high, first, last),
        sides=_side_labels(measure, first, last),
        sentence=f"Usual range {words.interval(band, digits)}{words.unit_text(measure.unit)}; this value is {where}.",
    )


def _side_labels(measure: Measure, first: float, last: float) -> tuple[tuple[float, str], ...]:
    """Return where the letters L and R go; sides too close for two letters share one place."""
    sides = (("L", measure.left), ("R", measure.right))
    placed = [(_place(value, first, last), letter) for letter, value in sides if value is not None]
    if len(placed) == 2 and abs(placed[0][0] - placed[1][0]) < LETTER_ROOM_PCT:
        return (((placed[0][0] + placed[1][0]) / 2, "L R" if placed[0][0] <= placed[1][0] else "R L"),)
    return tuple(placed)


def curve_plot(curves: Sequence[Curve], joint: str) -> CurvePlot | None:
    """Lay one joint's curves over the reference band; None when there is no curve.

    Near legs are what counts; a far leg is drawn only for a side that was never near. Knee curves are shifted by one
    common offset, so that resting positions line up and a difference between the sides stays.
    """
    chosen = _shown_curves([c for c in curves if c.joint == joint])
    if not chosen:
        return None
    norm_mean, norm_sd = _norm(joint)
    offset = _zero_offset(chosen, norm_mean) if joint == "knee" else 0.0
    wide = [math.hypot(sd, VIDEO_ERROR_DEG) for sd in norm_sd]
    lower = [m - 2 * s for m, s in zip(norm_mean, wide, strict=True)]
    upper = [m + 2 * s for m, s in zip(norm_mean, wide, strict=True)]
    shifted = {id(c): [None if v is None else v - offset for v in c.mean_deg] for c in chosen}
    values = [*lower, *upper, *(v for line in shifted.values() for v in line if v is not None)]
    bottom, top = 10 * math.floor(min(values) / 10), 10 * math.ceil(max(values) / 10)
    step = 20 if top - bottom > 50 else 10
    ticks = tuple((_place(t, top, bottom), t) for t in range(step * math.ceil(bottom / step), top + 1, step))
    lines = tuple(_line(c, shifted[id(c)], bottom, top) for c in chosen)
    return CurvePlot(
        joint=joint,
        lines=lines,
        band=_area(lower, upper, bottom, top),
        norm=_path(norm_mean, bottom, top),
        y_ticks=ticks,
        offset_deg=offset,
        has_far=any(not line.near for line in lines),
        sentence=_curve_sentence(joint, chosen, shifted, norm_mean),
    )


def _shown_curves(curves: list[Curve]) -> list[Curve]:
    with_values = [c for c in curves if any(v is not None for v in c.mean_deg)]
    near = {c.side for c in with_values if c.near}
    return sorted((c for c in with_values if c.near or c.side not in near), key=lambda c: c.side)


def _zero_offset(curves: list[Curve], norm: Sequence[float]) -> float:
    trusted = [c for c in curves if c.near] or curves
    gaps = [
        value - norm[pct]
        for c in trusted
        for pct, value in enumerate(c.mean_deg)
        if value is not None and OFFSET_FROM_PCT <= pct <= OFFSET_TO_PCT
    ]
    return sum(gaps) / len(gaps) if gaps else 0.0


def _line(curve: Curve, values: list[float | None], bottom: float, top: float) -> Line:
    spread = [sd if v is not None else None for v, sd in zip(values, curve.sd_deg, strict=True)]
    low, high = (
        [None if sd is None else v + sign * sd for v, sd in zip(values, spread, strict=True)] for sign in (-1, 1)
    )
    shift = 0 if curve.side == "left" else MARK_EVERY_PCT // 2
    marked = [(pct, values[pct]) for pct in range(shift, 101, MARK_EVERY_PCT)]
    return Line(
        side=curve.side,
        near=curve.near,
        label=f"{curve.side.capitalize()}{'' if curve.near else ' (far leg)'}",
        path=_path(values, bottom, top),
        area=_area(low, high, bottom, top),
        marks=tuple((pct, _place(v, top, bottom)) for pct, v in marked if v is not None),
        n=curve.n,
    )


def _curve_sentence(
    joint: str, curves: list[Curve], shifted: dict[int, list[float | None]], norm: Sequence[float]
) -> str:
    parts = []
    for c in curves:
        known = [v for v in shifted[id(c)] if v is not None]
        far = "" if c.near else " (far leg, less certain)"
        parts.append(f"{c.side} {joint}{far} between {min(known):.0f} and {max(known):.0f} degrees")
    reference = f"the reference curve runs between {min(norm):.0f} and {max(norm):.0f} degrees"
    return f"Mean angle over one double step: {'; '.join(parts)}; {reference}.".replace("-", "−")


@cache
def _norm(joint: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the reference mean and SD of a joint, one value a percent of the cycle."""
    text = files("analysis").joinpath("norms/normative_curves.csv").read_text(encoding="utf-8")
    rows = sorted(
        (int(row["cycle_pct"]), float(row["mean_deg"]), float(row["sd_deg"]))
        for row in csv.DictReader(text.splitlines())
        if row["joint"] == joint
    )
    return tuple(mean for _, mean, _ in rows), tuple(sd for _, _, sd in rows)


def laid_out(path: str, size: tuple[float, float] | None) -> str:
    """Return a path of the 100 x 100 box in a box of another width and height; as it is without `size`."""
    if size is None:
        return path
    across, down = size[0] / 100, size[1] / 100
    return POINT.sub(lambda m: f"{float(m[1]) * across:.2f} {float(m[2]) * down:.2f}", path)


def _place(value: float, first: float, last: float) -> float:
    return round(100 * (value - first) / (last - first), 2)


def _mark(value: float, low: float, high: float, first: float, last: float) -> Mark:
    def held(v: float) -> float:
        return _place(min(max(v, first), last), first, last)

    return Mark(held(value), held(low), held(high), low < first, high > last)


def _path(values: Sequence[float | None], bottom: float, top: float) -> str:
    """Return the SVG path of a curve; a gap where there is no value."""
    parts, pen_down = [], False
    for pct, value in enumerate(values):
        if value is not None:
            parts.append(f"{'L' if pen_down else 'M'}{pct} {_place(value, top, bottom):g}")
        pen_down = value is not None
    return "".join(parts)


def _area(low: Sequence[float | None], high: Sequence[float | None], bottom: float, top: float) -> str:
    """Return the SVG path around a band; what lies beyond a gap is left out."""
    edges = [(p, a, b) for p, (a, b) in enumerate(zip(low, high, strict=True)) if a is not None and b is not None]
    if not edges:
        return ""
    there = "L".join(f"{p} {_place(b, top, bottom):g}" for p, _, b in edges)
    back = "L".join(f"{p} {_place(a, top, bottom):g}" for p, a, _ in reversed(edges))
    return f"M{there}L{back}Z"
