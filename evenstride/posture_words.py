"""Plain words for how somebody stands: what is put into words lies beyond the error of a picture, nothing else."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from evenstride.words import NOT_A_DEVICE, number

if TYPE_CHECKING:
    from evenstride.posture_pipeline import PostureMeasure, PostureResult

#: Title, and what the measure is.
MEASURES = {
    "head_tilt": ("Head", "The line from ear to ear against level."),
    "shoulder_tilt": ("Shoulders", "The line from shoulder to shoulder against level."),
    "hip_tilt": ("Hips", "The line from hip to hip against level."),
    "trunk_lateral": (
        "Trunk, sideways",
        "The line from the middle of the hips to that of the shoulders against a straight line up.",
    ),
    "weight_shift": (
        "Hips over feet",
        "How far the middle of the hips is from above the middle of the feet, in hundredths of the distance of your "
        "ankles. It is a place, not a weight.",
    ),
    "knee_alignment": (
        "Knees from the front",
        "The angle between thigh and shin. Plus is bowed outward, minus is knees inward.",
    ),
    "ear_shoulder": (
        "Head forward",
        "The line from shoulder to ear against a straight line up. There is no agreed usual value: compare it with "
        "your own other pictures only.",
    ),
    "trunk_forward": ("Trunk, forward", "The line from hips to shoulders against a straight line up."),
    "knee_bend": ("Knee from the side", "How far the near knee is from straight. Minus is overstretched."),
}

#: What no single picture can say; shown beside every result.
CANNOT = (
    "One picture is one moment. Everybody sways, and stands in another way for a camera.",
    "It shows lines, not forces: where your weight is, only scales can tell.",
    "It cannot see bones, muscles or pain, and it says nothing about why a line is tilted.",
    "A tilt of a few degrees is common and mostly harmless. There is no single right posture.",
    "A camera that is not level tilts every line by as much.",
)

ISSUES = {
    "turned": "The body is turned a little away from the camera, so angles are less exact. Stand square to it.",
    "camera_tilted": "The whole picture seems to be tilted, so nothing is said about tilts. Hold the camera level.",
    "cut_off": "Part of the body is hidden or cut off. Show everything from head to feet.",
    "one_picture": "This is a single picture. A film of five to ten seconds of standing still is more exact.",
    "oblique": "The body is seen at an angle, neither from the front nor from the side, so nothing was measured. "
    "Stand square to the camera, or sideways to it.",
    "labels_exchanged": "Left and right were put right for the view that you named.",
}

VIEWS = {
    "front": "Seen from the front.",
    "back": "Seen from behind.",
    "side": "Seen from the side.",
    "oblique": "Seen at an angle.",
    "unknown": "It can't be told from where this is seen.",
}

_TILTS = {"head_tilt": "ear", "shoulder_tilt": "shoulder", "hip_tilt": "hip"}
#: Said, as on the picture, of what is not beyond the error of a picture.
_UNREMARKABLE = {
    **dict.fromkeys(_TILTS, "About level."),
    "trunk_lateral": "About upright.",
    "trunk_forward": "About upright.",
    "weight_shift": "About over the middle of the feet.",
    "knee_alignment": "About straight.",
    "knee_bend": "About straight.",
}
_SHORT = {"head_tilt": "head", "shoulder_tilt": "shoulders", "hip_tilt": "hips"}


def headline(result: PostureResult) -> str:
    """Return the answer in one sentence."""
    if not any(m.status == "ok" for m in result.measures.values()):
        return "Nothing could be measured in this picture."
    found = [id for id, measure in result.measures.items() if measure.notable]
    if not found:
        level, tilts = ("upright", "leans") if result.view == "side" else ("level", "tilts")
        return f"Everything looks about {level}; smaller {tilts} than a picture can show may be there."
    return f"Beyond a picture's own error: {'; '.join(MEASURES[id][0].lower() for id in found)}."


def sentence(id: str, measure: PostureMeasure) -> str:
    """Return what is said about one measure."""
    if measure.value is None:
        return measure.reason or ""
    if id == "ear_shoulder":
        side = _way(measure.value, "in front of", "behind")
        return f"{_size(measure.value, measure.unit)} {side} a straight line up."
    if not measure.notable:
        return _UNREMARKABLE[id]
    size = _size(measure.value, measure.unit)
    if id in _TILTS:
        return f"The {_way(measure.value, 'left', 'right')} {_TILTS[id]} is higher: {size}."
    if id == "trunk_lateral":
        return f"It leans {size} to the {_way(measure.value, 'left', 'right')}."
    if id == "weight_shift":
        return f"The hips stand to the {_way(measure.value, 'left', 'right')} of the middle of the feet: {size}."
    if id == "trunk_forward":
        return f"It leans {size} {_way(measure.value, 'forward', 'backward')}."
    out, back = ("outward", "inward") if id == "knee_alignment" else ("bent", "overstretched")
    parts = [
        f"{side} {_size(value, measure.unit)} {_way(value, out, back)}"
        for side, value in (("left", measure.left), ("right", measure.right))
        if value is not None
    ]
    return f"{', '.join(parts).capitalize()}."


def meaning(id: str, measure: PostureMeasure) -> str:
    """Return what a measure is, and how far a picture can be off in it."""
    about = MEASURES[id][1]
    if measure.ci95 is None:
        return about
    low, high = measure.ci95
    return f"{about} A picture like this can be off by about {_size((high - low) / 2, measure.unit)} either way."


#: How a measure moves when its value grows, and when it shrinks.
_MOVES = {
    "head_tilt": ("the left ear is {} higher than before", "the right ear is {} higher than before"),
    "shoulder_tilt": ("the left shoulder is {} higher than before", "the right shoulder is {} higher than before"),
    "hip_tilt": ("the left hip is {} higher than before", "the right hip is {} higher than before"),
    "trunk_lateral": ("{} farther to the left", "{} farther to the right"),
    "weight_shift": ("{} farther to the left", "{} farther to the right"),
    "trunk_forward": ("{} farther forward", "{} farther back"),
    "ear_shoulder": ("{} farther forward", "{} farther back"),
    "knee_alignment": ("{} farther outward", "{} farther inward"),
    "knee_bend": ("{} more bent", "{} straighter"),
}


def change(id: str, before: PostureMeasure, now: PostureMeasure) -> str:
    """Say how a measure changed between two pictures: only what is larger than the errors of both."""
    if before.value is None or now.value is None or before.ci95 is None or now.ci95 is None:
        return "Not measured in both."
    difference = now.value - before.value
    error = math.hypot(*((high - low) / 2 for low, high in (before.ci95, now.ci95)))
    if abs(difference) <= error:
        return "No change we can see."
    moved = _MOVES[id][0 if difference > 0 else 1].format(_size(difference, now.unit))
    return f"{moved[0].upper()}{moved[1:]}."


def labels(measures: dict[str, PostureMeasure]) -> dict[str, str]:
    """Return what is written onto the picture: a number only beyond the error."""
    written: dict[str, str] = {}
    for id, measure in measures.items():
        if measure.value is None:
            continue
        size = _size(measure.value, measure.unit)
        if id in _TILTS:
            side = _way(measure.value, "left", "right")
            written[id] = f"{_SHORT[id]} {size}, {side} higher" if measure.notable else f"{_SHORT[id]} about level"
        elif id == "trunk_lateral":
            lean = f"trunk {size} to the {_way(measure.value, 'left', 'right')}"
            written[id] = lean if measure.notable else "trunk about upright"
        elif id == "weight_shift":
            if measure.notable:
                written[id] = f"hips {size} to the {_way(measure.value, 'left', 'right')}"
        elif id == "trunk_forward":
            lean = f"trunk {size} {_way(measure.value, 'forward', 'back')}"
            written[id] = lean if measure.notable else "trunk about upright"
        elif id == "ear_shoulder":
            written[id] = f"head {size} {_way(measure.value, 'forward', 'back')}"
        else:
            written |= _knee_labels(id, measure)
    return written


def _knee_labels(id: str, measure: PostureMeasure) -> dict[str, str]:
    out, back = ("outward", "inward") if id == "knee_alignment" else ("bent", "overstretched")
    limit = measure.reference.high if measure.reference else 0.0
    return {
        f"{id}_{side}": f"{side[0].upper()} knee {_size(value, measure.unit)} {_way(value, out, back)}"
        for side, value in (("left", measure.left), ("right", measure.right))
        if value is not None and abs(value) > limit
    }


def report(result: PostureResult) -> list[str]:
    """Return the whole result as lines of text."""
    lines = [headline(result), ""]
    for id, measure in result.measures.items():
        lines.append(f"{MEASURES[id][0]}: {sentence(id, measure)}{_range(measure)}")
    lines += ["", *(ISSUES[code] for code in result.issues), "", "What a picture can't say:"]
    return [*lines, *(f"- {text}" for text in CANNOT), "", NOT_A_DEVICE]


def _range(measure: PostureMeasure) -> str:
    if measure.value is None or measure.ci95 is None:
        return ""
    unit = measure.unit
    low, high = (number(edge, "", 0) for edge in measure.ci95)
    return f" (measured {number(measure.value, unit, 0)}, could be {low} to {high})"


def _size(value: float, unit: str) -> str:
    return number(abs(value), unit, 0)


def _way(value: float, plus: str, minus: str) -> str:
    return plus if value >= 0 else minus
