"""Joint and segment angles, one small function each. All take pixel positions (x right, y down) and return degrees.

Projected (2D) angles in the picture plane; a keypoint model has no axial rotation, so these are not ISB joint angles.
`facing` is +1 for a body that faces right in the picture and -1 for one that faces left, so that + means the same on
both sides and in both walking directions. Signs: hip flexion +, knee flexion + (0 = straight), ankle dorsiflexion +
(0 = shank square to the sole), trunk forward +, lateral tilt + toward the subject's left.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from analysis.pose import SIDES, FloatArray, PoseTrack, Side, landmark
from analysis.view import Pass


def inclination(upper: FloatArray, lower: FloatArray, facing: FloatArray | int) -> FloatArray:
    """Angle of a segment from vertical [T], + when its lower end swings forward; `upper` and `lower` are [T, 2]."""
    return np.degrees(np.arctan2(facing * (lower[..., 0] - upper[..., 0]), lower[..., 1] - upper[..., 1]))


def thigh(hip: FloatArray, knee: FloatArray, facing: FloatArray | int) -> FloatArray:
    """Thigh from vertical, + forward: the default hip angle, because the pelvis itself is not seen."""
    return inclination(hip, knee, facing)


def knee_flexion(hip: FloatArray, knee: FloatArray, ankle: FloatArray, facing: FloatArray | int) -> FloatArray:
    """Thigh inclination minus shank inclination, 0 = straight, hyperextension negative."""
    return _wrapped(inclination(hip, knee, facing) - inclination(knee, ankle, facing))


def ankle_dorsiflexion(
    knee: FloatArray, ankle: FloatArray, heel: FloatArray, toe: FloatArray, facing: FloatArray | int
) -> FloatArray:
    """90 degrees minus the angle between shank and heel-to-toe line, + toes up. Low trust in video."""
    sole = np.degrees(np.arctan2(heel[..., 1] - toe[..., 1], facing * (toe[..., 0] - heel[..., 0])))
    return _wrapped(sole - inclination(knee, ankle, facing))


def trunk_forward(mid_hip: FloatArray, mid_shoulder: FloatArray, facing: FloatArray | int) -> FloatArray:
    """Mid-hip to mid-shoulder from vertical, + in facing direction."""
    return np.degrees(
        np.arctan2(facing * (mid_shoulder[..., 0] - mid_hip[..., 0]), mid_hip[..., 1] - mid_shoulder[..., 1])
    )


def lateral_tilt(lower: FloatArray, upper: FloatArray, toward: FloatArray | int) -> FloatArray:
    """Segment from vertical in a frontal picture, + toward the subject's left; `toward` +1: the chest faces us."""
    return np.degrees(np.arctan2(toward * (upper[..., 0] - lower[..., 0]), lower[..., 1] - upper[..., 1]))


def line_tilt(left: FloatArray, right: FloatArray, toward: FloatArray | int) -> FloatArray:
    """Left-to-right line from horizontal in a frontal picture, + when the left end is higher."""
    return np.degrees(np.arctan2(right[..., 1] - left[..., 1], toward * (left[..., 0] - right[..., 0])))


def ear_shoulder(ear: FloatArray, shoulder: FloatArray, facing: FloatArray | int) -> FloatArray:
    """Shoulder to ear from vertical, + forward: a stand-in for the craniovertebral angle, which needs C7."""
    return trunk_forward(shoulder, ear, facing)


def angle_table(
    track: PoseTrack, passes: tuple[Pass, ...], still_facing: int = 0, still_toward: int = 0
) -> pd.DataFrame:
    """Return all angles frame by frame.

    Parameters
    ----------
    track : PoseTrack
        Repaired, and smoothed with the angle cut-off.
    passes : tuple of Pass
        Angles of a plane are given only within passes that show that plane.
    still_facing, still_toward : int
        Facing (side view) or chest direction (frontal view) outside passes, for people who stand; 0 gives NaN there.

    Returns
    -------
    DataFrame with one row a frame: ``time_s``; side views ``knee_left_deg``, ``thigh_left_deg``, ``shank_left_deg``,
    ``ankle_left_deg`` and the same on the right, ``trunk_forward_deg``, ``ear_shoulder_deg``; frontal views
    ``trunk_lateral_deg``, ``pelvis_deg``, ``shoulder_deg``. NaN where the plane is not seen.
    """
    facing = np.full(len(track), float(still_facing))
    toward = np.full(len(track), float(still_toward))
    for one in passes:
        inside = (track.time_s >= one.start_s) & (track.time_s <= one.end_s)
        facing[inside] = one.facing if one.view == "side" else 0
        toward[inside] = {"front": 1, "back": -1}.get(one.view, 0)
    facing[facing == 0] = np.nan
    toward[toward == 0] = np.nan

    def at(side: Side, part: str) -> FloatArray:
        return track.point(landmark(side, part)).astype(float)

    columns: dict[str, FloatArray] = {"time_s": track.time_s}
    for side in SIDES:
        hip, knee, ankle = at(side, "hip"), at(side, "knee"), at(side, "ankle")
        columns[f"knee_{side}_deg"] = knee_flexion(hip, knee, ankle, facing)
        columns[f"thigh_{side}_deg"] = thigh(hip, knee, facing)
        columns[f"shank_{side}_deg"] = inclination(knee, ankle, facing)
        columns[f"ankle_{side}_deg"] = ankle_dorsiflexion(knee, ankle, at(side, "heel"), at(side, "foot_index"), facing)
    mid_hip, mid_shoulder = track.middle("hip").astype(float), track.middle("shoulder").astype(float)
    columns["trunk_forward_deg"] = trunk_forward(mid_hip, mid_shoulder, facing)
    columns["ear_shoulder_deg"] = ear_shoulder(track.middle("ear").astype(float), mid_shoulder, facing)
    columns["trunk_lateral_deg"] = lateral_tilt(mid_hip, mid_shoulder, toward)
    columns["pelvis_deg"] = line_tilt(at("left", "hip"), at("right", "hip"), toward)
    columns["shoulder_deg"] = line_tilt(at("left", "shoulder"), at("right", "shoulder"), toward)
    return pd.DataFrame(columns)


def _wrapped(degrees: FloatArray) -> FloatArray:
    """Bring angles into -180..180."""
    return (degrees + 180.0) % 360.0 - 180.0
