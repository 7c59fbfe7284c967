"""How somebody stands, drawn onto the picture: the body's lines beside level and plumb ones, and what they say.

Body lines are solid, level and plumb ones dashed; what is worth a remark is thick and has words with a number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from analysis.body import LEG_OVER_TORSO
from analysis.pose import SIDES, PoseTrack, Side, landmark
from analysis.posture import Posture
from vision.overlay import BODY_OF_TORSO, LEG_PARTS, SIDE_COLOR, WHITE, Pen, Point

#: Blue-white for lines across the body, told apart from the legs by being level; the side colors are those of films.
LINE_COLOR = (235, 235, 235)
NOTABLE_COLOR = (240, 228, 66)  # Okabe & Ito's yellow
PLAIN_WIDTH, NOTABLE_WIDTH, GUIDE_WIDTH = 0.6, 1.2, 0.4
ACROSS = {"head_tilt": "ear", "shoulder_tilt": "shoulder", "hip_tilt": "hip"}
#: What is cut out: this many heights of the body, at this shape, and at least this many pixels high.
CUT_HEIGHTS, CUT_ASPECT, CUT_HEIGHT_PX = 1.25, 1.1, 900
#: A line across the body is drawn this much longer than the distance of its two points.
LONGER = 1.6


def draw_posture(rgb: NDArray[np.uint8], track: PoseTrack, posture: Posture, labels: Mapping[str, str]) -> None:
    """Draw onto a picture, in place.

    Parameters
    ----------
    rgb : uint8 [H, W, 3]
    track : PoseTrack
        One frame: the landmarks in this picture, left and right as in `posture`.
    posture : Posture
    labels : mapping of measure id to str
        What is written beside a line; a measure without one gets its line only.
    """
    body = _Body(track.xy_px[0].astype(float))
    torso = body.length("shoulder", "hip")
    pen = Pen(rgb, BODY_OF_TORSO * torso if np.isfinite(torso) else float("inf"))
    _plumb(pen, body, posture, torso)
    for side in SIDES:
        if posture.near_side in (None, side):
            _leg(pen, body, side, posture, labels)
    if posture.view == "side":
        _side_lines(pen, body, posture, labels)
        return
    _trunk(pen, body, posture, labels)
    for id, part in ACROSS.items():
        if id in posture.measures:
            _across(pen, body, id, part, posture, labels)


def cut_out(rgb: NDArray[np.uint8], track: PoseTrack) -> tuple[NDArray[np.uint8], PoseTrack]:
    """Cut the person out of a picture, at a size at which lines and letters stay sharp; return it with its landmarks.

    `track` has one frame. All cut-outs show a body at about the same size, so that two can stand side by side.
    """
    rows, columns = rgb.shape[:2]
    known = track.xy_px[0][np.isfinite(track.xy_px[0]).all(axis=1)]
    low, high = known.min(axis=0), known.max(axis=0)
    height = min(CUT_HEIGHTS * float(high[1] - low[1]), rows)
    width = min(CUT_ASPECT * height, columns)
    corner = np.array(
        [
            min(max((low[0] + high[0] - width) / 2, 0), columns - width),
            min(max((low[1] + high[1] - height) / 2, 0), rows - height),
        ]
    )
    scale = max(1.0, CUT_HEIGHT_PX / height)
    size = (round(width * scale), round(height * scale))
    move = np.array([[scale, 0, -scale * corner[0]], [0, scale, -scale * corner[1]]])
    cut = cv2.warpAffine(rgb, move, size, flags=cv2.INTER_CUBIC)
    xy = ((track.xy_px - corner) * scale).astype(np.float32)
    return np.ascontiguousarray(cut), replace(track, xy_px=xy, size_px=size)


class _Body:
    def __init__(self, xy: NDArray[np.floating]) -> None:
        self.xy = xy

    def at(self, side: Side, part: str) -> Point | None:
        x, y = self.xy[landmark(side, part)]
        return (float(x), float(y)) if np.isfinite(x) and np.isfinite(y) else None

    def middle(self, part: str) -> Point | None:
        left, right = (self.at(side, part) for side in SIDES)
        return None if left is None or right is None else ((left[0] + right[0]) / 2, (left[1] + right[1]) / 2)

    def length(self, one: str, two: str) -> float:
        a, b = self.middle(one), self.middle(two)
        return float("nan") if a is None or b is None else float(np.hypot(a[0] - b[0], a[1] - b[1]))


def _style(posture: Posture, id: str) -> tuple[tuple[int, int, int], float]:
    notable = id in posture.measures and posture.measures[id].notable
    return (NOTABLE_COLOR, NOTABLE_WIDTH) if notable else (LINE_COLOR, PLAIN_WIDTH)


def _across(pen: Pen, body: _Body, id: str, part: str, posture: Posture, labels: Mapping[str, str]) -> None:
    """Draw a line through a pair of points and a level one through their middle; the words stand at its right end."""
    left, right, middle = body.at("left", part), body.at("right", part), body.middle(part)
    if left is None or right is None or middle is None:
        return
    color, width = _style(posture, id)
    ends = [tuple(np.array(middle) + LONGER * (np.array(p) - middle)) for p in (left, right)]
    reach = max(abs(end[0] - middle[0]) for end in ends)
    pen.line(
        (middle[0] - reach, middle[1]), (middle[0] + reach, middle[1]), WHITE, GUIDE_WIDTH * pen.line_px, dashed=True
    )
    pen.line(ends[0], ends[1], color, width * pen.line_px)
    for point in (left, right):
        pen.joint(point, color, 0.7 * pen.line_px)
    if id in labels:
        x = middle[0] + reach + 0.5 * pen.font_px
        pen.pill(labels[id], (x, middle[1]), color, side=1)


def _trunk(pen: Pen, body: _Body, posture: Posture, labels: Mapping[str, str]) -> None:
    hip, shoulder = body.middle("hip"), body.middle("shoulder")
    if hip is None or shoulder is None:
        return
    color, width = _style(posture, "trunk_lateral")
    pen.line(hip, shoulder, color, width * pen.line_px)
    _label_left(pen, body, labels.get("trunk_lateral"), ((hip[0] + shoulder[0]) / 2, (hip[1] + shoulder[1]) / 2), color)
    _label_left(pen, body, labels.get("weight_shift"), hip, _style(posture, "weight_shift")[0])


def _label_left(pen: Pen, body: _Body, text: str | None, at: Point, color: tuple[int, int, int]) -> None:
    """Write words left of the body in the picture, so that those of the lines across find room at the right."""
    if text:
        known = [p[0] for side in SIDES for part in ("shoulder", "wrist", "hip") if (p := body.at(side, part))]
        pen.pill(text, (min(known) - pen.font_px, at[1]), color, side=-1)


def _leg(pen: Pen, body: _Body, side: Side, posture: Posture, labels: Mapping[str, str]) -> None:
    points = [body.at(side, part) for part in LEG_PARTS]
    id = "knee_bend" if posture.view == "side" else "knee_alignment"
    for a, b in zip(points[:-1], points[1:], strict=True):
        if a is not None and b is not None:
            pen.line(a, b, SIDE_COLOR[side], _style(posture, id)[1] * pen.line_px)
    for point in points:
        if point is not None:
            pen.joint(point, SIDE_COLOR[side], pen.line_px)
    knee, other = points[1], body.at("right" if side == "left" else "left", "knee")
    if knee is None:
        return
    toward = -1 if other is not None and knee[0] < other[0] else 1
    if posture.view == "side":
        toward = -posture.facing
    text = labels.get(f"{id}_{side}", side[0].upper())
    pen.pill(text, (knee[0] + toward * 1.4 * pen.font_px, knee[1]), SIDE_COLOR[side], side=toward)


def _side_lines(pen: Pen, body: _Body, posture: Posture, labels: Mapping[str, str]) -> None:
    """Draw hip to shoulder and near shoulder to near ear; the words stand behind the back."""
    near = posture.near_side or "left"
    lines = {
        "trunk_forward": (body.middle("hip"), body.middle("shoulder")),
        "ear_shoulder": (body.at(near, "shoulder"), body.at(near, "ear")),
    }
    for id, (low, high) in lines.items():
        if low is None or high is None:
            continue
        color, width = _style(posture, id)
        if id == "ear_shoulder":  # the trunk has the plumb line of the foot beside it
            up = float(np.hypot(high[0] - low[0], high[1] - low[1]))
            pen.line(low, (low[0], low[1] - up), WHITE, GUIDE_WIDTH * pen.line_px, dashed=True)
        pen.line(low, high, color, width * pen.line_px)
        pen.joint(high, color, 0.8 * pen.line_px)
        if id in labels:
            behind = -posture.facing
            at = (min(low[0], high[0]) if behind < 0 else max(low[0], high[0])) + behind * 2.5 * pen.font_px
            pen.pill(labels[id], (at, (low[1] + high[1]) / 2), color, side=behind)


def _plumb(pen: Pen, body: _Body, posture: Posture, torso: float) -> None:
    """Draw a dashed plumb line up from between the ankles (from the near one in a side view)."""
    foot = body.middle("ankle") if posture.near_side is None else body.at(posture.near_side, "ankle")
    if foot is not None and np.isfinite(torso):
        top = foot[1] - (LEG_OVER_TORSO + 1.6) * torso
        pen.line(foot, (foot[0], top), WHITE, GUIDE_WIDTH * pen.line_px, dashed=True)
