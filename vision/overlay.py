"""What was measured, drawn onto the film: skeleton, knee angles, trunk line, heel strikes and toe-offs.

Left and right differ in color (blue and orange of the Okabe-Ito palette, told apart with every color vision) and in
the letters L and R; the leg nearer to the camera is thick with filled joints, the far one dashed with hollow joints.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.assess import Assessment
from analysis.config import RepairConfig
from analysis.events import Event
from analysis.pose import SIDES, PoseTrack, Side, landmark, other
from analysis.repair import repair, smooth
from analysis.view import Pass
from vision.faces import HeadPlaces, blur
from vision.video import VideoInfo, read_frames, write_video

Color = tuple[int, int, int]
Point = tuple[float, float]

# Okabe & Ito 2008, "Color Universal Design": sky blue and orange stay apart with every color vision.
SIDE_COLOR: dict[Side, Color] = {"left": (86, 180, 233), "right": (240, 165, 20)}
TRUNK_COLOR: Color = (245, 245, 245)
DARK: Color = (20, 20, 24)
WHITE: Color = (255, 255, 255)

# Landmarks between analysed frames are interpolated over gaps up to this long, the longest that the repair fills.
MAX_GAP_S = RepairConfig().max_gap_s
# At an edge the nearest landmarks stand in for this long: every other frame of a film of 60 a second is analysed.
SAME_MOMENT_S = 0.02
# How long a heel strike or toe-off stays in the picture.
EVENT_SHOWN_S = 0.3
# How strongly a skeleton is drawn that is not part of a measured pass.
UNMEASURED_STRENGTH = 0.45
PILL_STRENGTH = 0.62
# Knees closer than this share of the body pass each other: neither is in front.
SAME_PLACE_BODY = 0.04
# Sizes, as a share of the picture's size (the square root of its area) and of the body's length in the picture.
FONT_OF_PICTURE, FONT_OF_BODY, MIN_FONT_PX = 0.026, 0.055, 13.0
LINE_OF_PICTURE, LINE_OF_BODY, MIN_LINE_PX = 0.0062, 0.013, 1.6
MIN_DASH_PX = 7.0
# A body is about this many torso lengths from head to foot (1 / 0.288, Drillis & Contini, in Winter 2009).
BODY_OF_TORSO = 3.5
# A crop for the report shows this many body heights from top to bottom, at this shape.
CROP_BODY_HEIGHTS = 1.35
CROP_ASPECT = 0.8
CROP_HEIGHT_PX = 720

LEG_PARTS = ("hip", "knee", "ankle")
FOOT_PARTS = ("ankle", "heel", "foot_index", "ankle")
ARM_PARTS = ("shoulder", "elbow", "wrist")
EVENT_WORDS = {"heel_strike": "heel strike", "toe_off": "toe off"}
EVENT_PART = {"heel_strike": "heel", "toe_off": "foot_index"}

#: Called now and then with how much of how much is done.
Progress = Callable[[float, float], None]
CancelCheck = Callable[[], bool]


@dataclass(frozen=True)
class Scene:
    """What there is to draw on one frame.

    Attributes
    ----------
    xy_px : float array [33, 2]
        Landmarks in pixels of the picture that is drawn on; NaN where not known.
    near_side : "left" | "right" | None
        The leg nearer to the camera; None draws both legs solid.
    facing : int
        +1 facing right in the picture, -1 left, 0 not known or frontal.
    angles : mapping of str to float
        Columns of `Assessment.frames` at this time, e.g. ``knee_left_deg``; missing or NaN ones are not written.
    events : sequence of (Event, age_s)
        Recent events and how long ago they were.
    measured : bool
        False draws the skeleton faintly: this moment is not part of a measured pass.
    body_px : float
        Length of the body in the picture; sizes lines and text.
    """

    xy_px: NDArray[np.floating]
    near_side: Side | None = None
    facing: int = 0
    angles: Mapping[str, float] | None = None
    events: Sequence[tuple[Event, float]] = ()
    measured: bool = True
    body_px: float = float("inf")

    def point(self, mark: int) -> Point | None:
        """Return one landmark, or None where it is not known."""
        x, y = self.xy_px[mark]
        return (float(x), float(y)) if np.isfinite(x) and np.isfinite(y) else None

    def middle(self, part: str) -> Point | None:
        """Return the point midway between left and right `part`."""
        left, right = (self.point(landmark(side, part)) for side in SIDES)
        return None if left is None or right is None else ((left[0] + right[0]) / 2, (left[1] + right[1]) / 2)

    def angle(self, name: str) -> float | None:
        """Return an angle in degrees, or None where it is not known."""
        value = (self.angles or {}).get(name, float("nan"))
        return float(value) if np.isfinite(value) else None


# --------------------------------------------------------------------------------------------------------------------
# Whole films and single pictures


def annotate_video(
    info: VideoInfo,
    track: PoseTrack,
    assessment: Assessment,
    out_path: Path,
    *,
    blur_faces: bool = False,
    others: Sequence[PoseTrack] = (),
    progress: Progress | None = None,
    cancel: CancelCheck | None = None,
) -> bool:
    """Write the film with everything drawn on, in its original timing.

    Parameters
    ----------
    info : VideoInfo
    track : PoseTrack
        As the pose model gave it, in pixels of the upright picture.
    assessment : Assessment
    out_path : Path
        An MP4 file (H.264). Appears only when complete.
    blur_faces : bool
        Make the walker's face unrecognisable, and the faces of `others`.
    others : sequence of PoseTrack
        Other people in the film, as `vision.bystanders.find_others` found them.
    progress : callable, optional
        Called with frames done and frames in all. What it raises ends the work and leaves no file.
    cancel : callable, optional
        Asked before every frame; once it says True, the work ends and leaves no file.

    Returns
    -------
    bool
        False if it was cancelled.

    Raises
    ------
    OutputError, UnreadableVideo
    """
    scenes = Scenes(track, assessment)
    heads = HeadPlaces(track, others) if blur_faces else None

    def drawn() -> Iterator[tuple[float, NDArray[np.uint8]]]:
        for frame in read_frames(info):
            if cancel is not None and cancel():
                raise _Cancelled
            if heads is not None:
                blur(frame.rgb, heads.at(frame.time_s))
            _draw(frame.rgb, scenes.at(frame.time_s))
            _draw_time(frame.rgb, frame.time_s, info.duration_s, assessment.passes)
            # A slowed-down film keeps playing slowly.
            yield frame.time_s * info.slow_motion, frame.rgb
            if progress is not None:
                progress(frame.index + 1, info.frames)

    try:
        write_video(out_path, drawn(), size=(info.width, info.height))
    except _Cancelled:
        return False
    return True


class _Cancelled(Exception):
    pass


def key_frames(
    info: VideoInfo,
    track: PoseTrack,
    assessment: Assessment,
    times_s: Sequence[float],
    *,
    blur_faces: bool = False,
    others: Sequence[PoseTrack] = (),
    height_px: int = CROP_HEIGHT_PX,
) -> list[NDArray[np.uint8]]:
    """Return one annotated picture for each time: a crop round the walker, RGB uint8, `height_px` high.

    All crops have one scale and shape, so that they can stand side by side. Where the walker is not known at a time,
    the whole picture is shown. Parameters as in `annotate_video`.
    """
    scenes = Scenes(track, assessment)
    heads = HeadPlaces(track, others) if blur_faces else None
    nearest = [int(np.argmin(np.abs(info.frame_times_s - time))) for time in times_s]
    crops = {}
    for frame in read_frames(info, indices=np.unique(np.array(nearest, dtype=np.int64))):
        if heads is not None:
            blur(frame.rgb, heads.at(frame.time_s))
        crops[frame.index] = _crop(frame.rgb, scenes.at(frame.time_s), height_px)
    # A frame that is damaged in the file is shown by the next best one.
    return [crops[min(crops, key=lambda have: abs(have - index))] for index in nearest] if crops else []


def encode_jpeg(rgb: NDArray[np.uint8], quality: int = 85) -> bytes:
    """Return the picture as a JPEG file; `quality` from 1 to 100."""
    done, data = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"a picture of shape {rgb.shape} cannot be made into a JPEG")
    return data.tobytes()


class Scenes:
    """Looks up what to draw at any time of the video: landmarks and angles between analysed frames are interpolated."""

    def __init__(self, track: PoseTrack, assessment: Assessment) -> None:
        config = RepairConfig()
        self.track = smooth(repair(track, config).track, config.event_cutoff_hz, config)
        # Read from the feet as filmed: a mirrored film was measured the other way round.
        self.passes = [(one, _facing(self.track.between(one.start_s, one.end_s))) for one in assessment.passes]
        self.events = assessment.events
        self.angles = _angle_columns(assessment.frames)
        torso = np.linalg.norm(self.track.middle("shoulder") - self.track.middle("hip"), axis=1)
        self.body_px = BODY_OF_TORSO * torso

    def at(self, time_s: float) -> Scene:
        """Return the scene at `time_s`."""
        xy = _interpolated(self.track.time_s, self.track.xy_px.reshape(len(self.track), -1), time_s).reshape(-1, 2)
        now, facing = next((both for both in self.passes if both[0].start_s <= time_s <= both[0].end_s), (None, 0))
        angles = {name: float(_interpolated(*column, time_s)[0]) for name, column in self.angles.items()}
        ages = [(event, time_s - event.time_s) for event in self.events]
        return Scene(
            xy_px=xy,
            near_side=now.near_side if now else None,
            facing=facing if now and now.facing else 0,
            angles=angles,
            events=[(event, age) for event, age in ages if 0 <= age <= EVENT_SHOWN_S],
            measured=now is not None,
            body_px=self._body_px(time_s),
        )

    def _body_px(self, time_s: float) -> float:
        near = (np.abs(self.track.time_s - time_s) <= 1.0) & np.isfinite(self.body_px)
        return float(np.median(self.body_px[near])) if near.any() else float("inf")


def _facing(track: PoseTrack) -> int:
    """Return where the toes point in the picture: +1 right, -1 left."""
    along = [track.point(landmark(s, "foot_index"))[:, 0] - track.point(landmark(s, "heel"))[:, 0] for s in SIDES]
    known = np.concatenate(along)[np.isfinite(np.concatenate(along))]
    return int(np.sign(np.median(known))) if len(known) else 0


def _angle_columns(frames: pd.DataFrame) -> dict[str, tuple[NDArray[np.floating], NDArray[np.floating]]]:
    if "time_s" not in frames:
        return {}
    time_s = frames["time_s"].to_numpy(dtype=float)
    wanted = ("knee_left_deg", "knee_right_deg", "trunk_forward_deg", "trunk_lateral_deg")
    return {name: (time_s, frames[name].to_numpy(dtype=float)[:, None]) for name in wanted if name in frames}


def _interpolated(time_s: NDArray[np.floating], values: NDArray[np.floating], now_s: float) -> NDArray[np.floating]:
    """Return the values [K] at `now_s` between rows of [T, K]; NaN across gaps longer than `MAX_GAP_S`."""
    near = np.flatnonzero(np.abs(time_s - now_s) <= MAX_GAP_S)
    result = np.full(values.shape[1], np.nan)
    closest = int(np.argmin(np.abs(time_s - now_s))) if len(time_s) else -1
    if closest >= 0 and abs(time_s[closest] - now_s) <= SAME_MOMENT_S:
        result = values[closest].astype(float)
    # From the widest pair of rows round `now_s` to the closest one, so that the closest that is known stays.
    before, after = near[time_s[near] <= now_s], near[time_s[near] >= now_s]
    for row_before in before:
        for row_after in after[::-1]:
            gap_s = time_s[row_after] - time_s[row_before]
            if gap_s > MAX_GAP_S:
                continue
            share = (now_s - time_s[row_before]) / gap_s if gap_s > 0 else 0.0
            mix = (1 - share) * values[row_before] + share * values[row_after]
            result = np.where(np.isfinite(mix), mix, result)
    return result


# --------------------------------------------------------------------------------------------------------------------
# One frame


def draw_frame(rgb: NDArray[np.uint8], scene: Scene) -> NDArray[np.uint8]:
    """Return the picture with the scene drawn on; the picture itself is not changed."""
    picture = np.ascontiguousarray(rgb).copy()
    _draw(picture, scene)
    return picture


def _draw(picture: NDArray[np.uint8], scene: Scene) -> None:
    pen = Pen(picture, scene.body_px)
    bare = None if scene.measured else picture.copy()
    far = other(scene.near_side) if scene.near_side else None
    for side in sorted(SIDES, key=lambda side: side != far):
        _draw_limbs(pen, scene, side, dashed=side == far)
    _draw_trunk(pen, scene)
    if bare is not None:
        cv2.addWeighted(picture, UNMEASURED_STRENGTH, bare, 1 - UNMEASURED_STRENGTH, 0, dst=picture)
    _draw_labels(pen, scene)
    _draw_events(pen, scene)


def _draw_limbs(pen: Pen, scene: Scene, side: Side, *, dashed: bool) -> None:
    color = SIDE_COLOR[side]
    for parts, share in ((ARM_PARTS, 0.5), (LEG_PARTS, 1.0), (FOOT_PARTS, 0.7)):
        width = pen.line_px * share * (0.7 if dashed else 1.0)
        points = [scene.point(landmark(side, part)) for part in parts]
        for start, end in zip(points, points[1:], strict=False):
            if start is not None and end is not None:
                pen.line(start, end, color, width, dashed=dashed)
    for part in LEG_PARTS:
        joint = scene.point(landmark(side, part))
        if joint is not None:
            pen.joint(joint, color, 1.15 * pen.line_px, hollow=dashed)


def _draw_trunk(pen: Pen, scene: Scene) -> None:
    hip, shoulder = scene.middle("hip"), scene.middle("shoulder")
    if hip is None or shoulder is None:
        return
    length = float(np.hypot(shoulder[0] - hip[0], shoulder[1] - hip[1]))
    pen.line(hip, (hip[0], hip[1] - 1.3 * length), TRUNK_COLOR, 0.4 * pen.line_px, dashed=True)
    pen.line(hip, shoulder, TRUNK_COLOR, 0.8 * pen.line_px)
    pen.joint(shoulder, TRUNK_COLOR, 0.9 * pen.line_px)


def _draw_labels(pen: Pen, scene: Scene) -> None:
    """Write knee angles outside the knees, where no other leg runs across them, and the trunk's behind the back."""
    for side in SIDES:
        knee, angle = scene.point(landmark(side, "knee")), scene.angle(f"knee_{side}_deg")
        if knee is None:
            continue
        toward = _outward(scene, side, knee)
        text = side[0].upper() if angle is None else f"{side[0].upper()} {round(angle)}°"
        pen.pill(text, (knee[0] + toward * 1.6 * pen.font_px, knee[1]), SIDE_COLOR[side], side=toward)
    hip, shoulder, text = scene.middle("hip"), scene.middle("shoulder"), _trunk_text(scene)
    if hip is not None and shoulder is not None and text:
        behind = -scene.facing or 1
        if not pen.has_room(shoulder[0] + behind * 12 * pen.font_px):
            behind = -behind
        pen.pill(text, (shoulder[0] + behind * 3 * pen.font_px, (shoulder[1] + hip[1]) / 2), TRUNK_COLOR, side=behind)


def _outward(scene: Scene, side: Side, knee: Point) -> int:
    """Return the side (+1 right, -1 left in the picture) on which the other knee is not; the near one wins a tie."""
    opposite = scene.point(landmark(other(side), "knee"))
    apart = 0.0 if opposite is None else knee[0] - opposite[0]
    if abs(apart) <= SAME_PLACE_BODY * min(scene.body_px, 1e6) and scene.facing:
        return scene.facing if scene.near_side in (None, side) else -scene.facing
    return 1 if apart >= 0 else -1


def _trunk_text(scene: Scene) -> str:
    forward, lateral = scene.angle("trunk_forward_deg"), scene.angle("trunk_lateral_deg")
    if forward is not None:
        way = "" if round(forward) == 0 else " forward" if forward > 0 else " back"
        return f"trunk {abs(forward):.0f}°{way}"
    return f"trunk {abs(lateral):.0f}°" if lateral is not None else ""


def _draw_events(pen: Pen, scene: Scene) -> None:
    """Mark landing and lifting feet: a growing ring at the heel or toe, and words before or behind the foot."""
    for event, age_s in scene.events:
        place = scene.point(landmark(event.side, EVENT_PART[event.type]))
        foot = [scene.point(landmark(event.side, part)) for part in FOOT_PARTS]
        known = [point[0] for point in foot if point is not None]
        if place is None:
            continue
        pen.ring(place, SIDE_COLOR[event.side], pen.line_px * (2.0 + 4.0 * age_s / EVENT_SHOWN_S))
        # The landing foot leads and the leaving one trails, so that the words of both find room.
        ahead = scene.facing or (1 if event.side == _side_at_the_right(scene) else -1)
        toward = -ahead if scene.facing and event.type == "toe_off" else ahead
        x = (max(known) if toward > 0 else min(known)) + toward * 1.2 * pen.font_px
        text = f"{event.side[0].upper()} {EVENT_WORDS[event.type]}"
        pen.pill(text, (x, place[1]), SIDE_COLOR[event.side], side=toward)


def _side_at_the_right(scene: Scene) -> Side:
    """Return whose hip is further right in the picture."""
    left, right = (scene.point(landmark(side, "hip")) for side in SIDES)
    return "left" if left is not None and right is not None and left[0] > right[0] else "right"


def _draw_time(rgb: NDArray[np.uint8], time_s: float, duration_s: float, passes: Sequence[Pass]) -> None:
    """Draw a slim bar along the lower edge: the measured passes brighter, the present marked, seconds beside it."""
    height, width = rgb.shape[:2]
    pen = Pen(rgb, float("inf"))
    thick = max(2, round(0.45 * pen.line_px))
    top, scale = height - thick, width / max(duration_s, 1e-9)
    pen.shade((0, top, width, height), DARK, 0.5)
    for one in passes:
        pen.shade((round(one.start_s * scale), top, round(one.end_s * scale), height), WHITE, 0.45)
    x = round(time_s * scale)
    pen.shade((x - thick, top - 2 * thick, x + thick, height), WHITE, 1.0)
    pen.text(f"{time_s:.1f} s", (0.6 * pen.font_px, height - 3 * thick - 0.2 * pen.font_px), WHITE, 0.8 * pen.font_px)


def _crop(rgb: NDArray[np.uint8], scene: Scene, height_px: int) -> NDArray[np.uint8]:
    """Cut out the walker, bring the cut-out to size, then draw: lines and letters stay sharp."""
    rows, columns = rgb.shape[:2]
    left, top, width, height = 0.0, 0.0, float(columns), float(rows)
    known = scene.xy_px[np.isfinite(scene.xy_px).all(axis=1)]
    if len(known) and np.isfinite(scene.body_px):
        middle = (known.min(axis=0) + known.max(axis=0)) / 2
        height = min(CROP_BODY_HEIGHTS * max(scene.body_px, np.ptp(known[:, 1])), rows)
        width = CROP_ASPECT * height
        left, top = _inside(middle[0] - width / 2, width, columns), _inside(middle[1] - height / 2, height, rows)
    scale = height_px / height
    # One affine map cuts, scales, and fills up where the film is narrower than the crop.
    move = np.array([[scale, 0, -scale * left], [0, scale, -scale * top]])
    shape = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    cut = cv2.warpAffine(rgb, move, (round(scale * width), height_px), flags=shape, borderValue=DARK)
    moved = Scene(**{**vars(scene), "xy_px": scene.xy_px * scale + move[:, 2], "body_px": scene.body_px * scale})
    _draw(cut, moved)
    return cut


def _inside(start: float, length: float, available: float) -> float:
    """Shift a stretch into the picture; one that is longer than the picture is centred on it."""
    return (available - length) / 2 if length > available else min(max(start, 0.0), available - length)


# --------------------------------------------------------------------------------------------------------------------
# The pen


class Pen:
    """Draws on one picture, in sizes that fit the picture and the body in it; everything has a dark outline."""

    def __init__(self, rgb: NDArray[np.uint8], body_px: float) -> None:
        self.rgb = rgb
        picture_px = float(np.sqrt(rgb.shape[0] * rgb.shape[1]))
        self.font_px = max(MIN_FONT_PX, min(FONT_OF_PICTURE * picture_px, FONT_OF_BODY * body_px))
        self.line_px = max(MIN_LINE_PX, min(LINE_OF_PICTURE * picture_px, LINE_OF_BODY * body_px))
        self.font = cv2.FontFace("sans")

    def line(self, start: Point, end: Point, color: Color, width: float, *, dashed: bool = False) -> None:
        """Draw a straight line, solid or dashed."""
        pieces = _dashes(start, end, max(3.2 * width, MIN_DASH_PX)) if dashed else [(start, end)]
        for outline in (True, False):
            for a, b in pieces:
                thick = max(1, round(width + (max(2.0, 0.5 * width) if outline else 0)))
                cv2.line(self.rgb, _pixel(a), _pixel(b), DARK if outline else color, thick, cv2.LINE_AA, SHIFT)

    def joint(self, at: Point, color: Color, radius: float, *, hollow: bool = False) -> None:
        """Draw a joint: a disc, or a disc with a dark middle."""
        self._disc(at, DARK, radius + 1.2)
        self._disc(at, color, radius)
        if hollow:
            self._disc(at, DARK, 0.55 * radius)

    def _disc(self, at: Point, color: Color, radius: float) -> None:
        cv2.circle(self.rgb, _pixel(at), round(radius * 2**SHIFT), color, -1, cv2.LINE_AA, SHIFT)

    def ring(self, at: Point, color: Color, radius: float) -> None:
        """Draw an open ring."""
        for extra, paint in ((2.0, DARK), (0.0, color)):
            thick = max(1, round(0.5 * self.line_px + extra))
            cv2.circle(self.rgb, _pixel(at), round(radius * 2**SHIFT), paint, thick, cv2.LINE_AA, SHIFT)

    def shade(self, box: tuple[int, int, int, int], color: Color, strength: float) -> None:
        """Tint a rectangle (left, top, right, bottom)."""
        left, top, right, bottom = (max(0, edge) for edge in box)
        region = self.rgb[top:bottom, left:right]
        region[:] = (region * (1 - strength) + np.array(color) * strength).astype(np.uint8)

    def text(self, text: str, at: Point, color: Color, size: float) -> None:
        """Write text whose baseline begins at `at`, with a dark outline."""
        x, y = round(at[0]), round(at[1])
        for dx, dy in ((-1, 0), (1, 0), (0, -1), (0, 1)):
            cv2.putText(self.rgb, text, (x + dx, y + dy), DARK, self.font, round(size), TEXT_WEIGHT)
        cv2.putText(self.rgb, text, (x, y), color, self.font, round(size), TEXT_WEIGHT)

    def pill(self, text: str, at: Point, color: Color, *, side: int) -> None:
        """Write text on a dark rounded plate: left of `at` (`side` -1), centred on it (0) or right of it (+1)."""
        size = round(self.font_px)
        _, _, wide, _ = cv2.getTextSize((0, 0), text, (0, 0), self.font, size, TEXT_WEIGHT)
        pad = 0.35 * size
        width, height = wide + 2 * pad, 1.25 * size
        left = at[0] - width * (1 - side) / 2
        rows, columns = self.rgb.shape[:2]
        left = min(max(left, 1), max(columns - width - 1, 1))
        top = min(max(at[1] - height / 2, 1), max(rows - height - 1, 1))
        self._plate(round(left), round(top), round(width), round(height))
        origin = (round(left + pad), round(top + 0.5 * height + 0.36 * size))
        cv2.putText(self.rgb, text, origin, color, self.font, size, TEXT_WEIGHT)

    def has_room(self, x: float) -> bool:
        """Return whether `x` is inside the picture."""
        return 0 <= x < self.rgb.shape[1]

    def _plate(self, left: int, top: int, width: int, height: int) -> None:
        region = self.rgb[top : top + height, left : left + width]
        if region.size == 0:
            return
        plate, radius = region.copy(), height // 2
        cv2.rectangle(plate, (radius, 0), (width - radius, height), DARK, -1)
        for x in (radius, width - radius - 1):
            cv2.circle(plate, (x, height // 2), radius, DARK, -1, cv2.LINE_AA)
        cv2.addWeighted(plate, PILL_STRENGTH, region, 1 - PILL_STRENGTH, 0, dst=region)


# Bits behind the point in OpenCV's drawing coordinates: lines move smoothly, not pixel by pixel.
SHIFT = 3
TEXT_WEIGHT = 700


def _pixel(point: Point) -> tuple[int, int]:
    # Far outside the picture nothing shows, and OpenCV's integers would overflow.
    x, y = (min(max(value, -20_000.0), 20_000.0) for value in point)
    return round(x * 2**SHIFT), round(y * 2**SHIFT)


def _dashes(start: Point, end: Point, dash_px: float) -> list[tuple[Point, Point]]:
    """Cut a line into an odd number of equal pieces and return every other one."""
    a, b = np.array(start), np.array(end)
    count = max(1, round(float(np.linalg.norm(b - a)) / dash_px / 2)) * 2 + 1
    edges = a + (b - a) * (np.arange(count + 1) / count)[:, None]
    return [(tuple(edges[i]), tuple(edges[i + 1])) for i in range(0, count, 2)]
