"""Marker data with known events -> PoseTrack, so that the detectors can be judged apart from any pose model.

The sagittal plane is laid into a picture: x along the walk, y down, one pixel a millimetre.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import ezc3d
import numpy as np
import pandas as pd

from analysis.pose import N_LANDMARKS, SIDES, FloatArray, PoseTrack, Side, landmark

#: Which markers stand for a landmark, by laboratory; several are averaged. "{s}" is L or R.
MARKER_SETS: dict[str, dict[str, list[str]]] = {
    "overground_events": {
        "shoulder": ["{s}SHO"],
        "hip": ["{s}ASI", "SACR"],
        "knee": ["{s}KNE"],
        "ankle": ["{s}ANK"],
        "heel": ["{s}HEE"],
        "foot_index": ["{s}TOE"],
    },
    "treadmill_events": {
        "shoulder": ["C7", "JN"],
        "hip": ["{s}ASIS", "{s}PSIS"],
        "knee": ["{s}LEK"],
        "ankle": ["{s}LM"],
        "heel": ["{s}HEE"],
        "foot_index": ["{s}MT2"],
    },
    "fukuchi_wbds19": {
        "hip": ["{s}.GTR"],
        "knee": ["{s}.Knee"],
        "ankle": ["{s}.Ankle"],
        "heel": ["{s}.Heel"],
        "foot_index": ["{s}.MT1", "{s}.MT5"],
    },
    "parkinson_sub01": {
        "shoulder": ["{s}SHO"],
        "hip": ["{s}.GTR"],
        "knee": ["{s}.Knee"],
        "ankle": ["{s}.Ankle"],
        "heel": ["{s}.Heel"],
        "foot_index": ["{s}.MT1", "{s}.MT5"],
    },
}
MARKER_SETS["parkinson_sub07"] = MARKER_SETS["parkinson_sub01"]

EVENT_NAMES = {
    ("heel_strike", "left"): "LHS",
    ("heel_strike", "right"): "RHS",
    ("toe_off", "left"): "LTO",
    ("toe_off", "right"): "RTO",
}


@dataclass(frozen=True)
class MarkerWalk:
    """A walk from motion capture and what its authors say of it.

    `events` holds times in seconds from the first frame, by (type, side); `truth` is the authors' summary.
    """

    name: str
    track: PoseTrack
    events: dict[tuple[str, str], FloatArray]
    truth: dict[str, object]


def read_c3d_walks(folder: Path) -> list[MarkerWalk]:
    """Read every c3d file that `folder`/truth.json describes."""
    truths = json.loads((folder / "truth.json").read_text())
    return [_read_c3d(folder / name, truth) for name, truth in truths.items()]


def _read_c3d(path: Path, truth: dict[str, object]) -> MarkerWalk:
    file = ezc3d.c3d(str(path))
    labels = file["parameters"]["POINT"]["LABELS"]["value"]
    points = np.moveaxis(file["data"]["points"][:3], 0, -1)  # [marker, T, 3], mm
    up = "XYZ".index(file["parameters"]["POINT"]["Y_SCREEN"]["value"][0][1])  # the axis drawn upward: "+Y" or "+Z"
    points = points[..., [(up + 1) % 3, (up + 2) % 3, up]]
    points = np.where((points == 0).all(axis=-1, keepdims=True), np.nan, points)
    marks = MARKER_SETS[path.stem]

    def marker(side: Side, part: str) -> FloatArray:
        names = [name.format(s=side[0].upper()) for name in marks[part]]
        return np.mean([points[labels.index(name)] for name in names], axis=0)

    paths = {(side, part): marker(side, part) for part in marks for side in ("left", "right")}
    rate = float(truth["rate"])  # type: ignore[arg-type]
    start_s = float(truth["first_frame"]) / rate  # type: ignore[arg-type]
    events = {
        key: np.asarray(truth["events"].get(name, []), dtype=float) - start_s  # type: ignore[attr-defined]
        for key, name in EVENT_NAMES.items()
    }
    return MarkerWalk(path.stem, sagittal_track(paths, rate), events, truth)


def sagittal_track(paths: dict[tuple[Side, str], FloatArray], rate_hz: float) -> PoseTrack:
    """Project 3D paths [T, 3] in mm (third axis up) onto the plane of walking: x ahead, so the walker faces right."""
    toes = np.nanmean([paths[side, "foot_index"] - paths[side, "heel"] for side in ("left", "right")], axis=(0, 1))
    ahead = toes[:2] / np.linalg.norm(toes[:2])
    n = len(next(iter(paths.values())))
    xy = np.full((n, N_LANDMARKS, 2), np.nan)
    for (side, part), path in paths.items():
        xy[:, landmark(side, part), 0] = path[:, :2] @ ahead
        xy[:, landmark(side, part), 1] = -path[:, 2]
    return _as_track(xy, rate_hz)


def _as_track(xy: FloatArray, rate_hz: float) -> PoseTrack:
    xy = xy - np.nanmin(xy, axis=(0, 1))
    width, height = (int(v) + 1 for v in np.nanmax(xy, axis=(0, 1)))
    return PoseTrack(
        time_s=np.arange(len(xy)) / rate_hz,
        xy_px=xy.astype(np.float32),
        visibility=np.isfinite(xy[..., 0]).astype(np.float32),
        size_px=(width, height),
    )


#: Joint order of the single-camera clinic keypoints, and the landmark each stands for.
CLINIC_JOINTS = (
    "htop", "neck", "rsho", "relb", "rwri", "lsho", "lelb", "lwri", "rhip", "rkne", "rank", "lhip", "lkne", "lank",
    "pelv", "spin", "head",
)  # fmt: skip
CLINIC_PARTS = {"sho": "shoulder", "hip": "hip", "kne": "knee", "ank": "ankle"}
CLINIC_RATE_HZ = 60.0


def read_clinic_walks(folder: Path) -> list[MarkerWalk]:
    """Read the 17-joint walks of `folder` as the camera saw them, from behind; `truth` is from worn sensors."""
    table = pd.read_csv(folder / "truth.csv")
    return [_read_clinic(folder / f"{row['trial']}.npy", row.to_dict()) for _, row in table.iterrows()]


def _read_clinic(path: Path, truth: dict[str, object]) -> MarkerWalk:
    joints = np.load(path).astype(float)  # [T, 17, 3] mm: x right, y down, z away from the camera
    world = np.full((len(joints), N_LANDMARKS, 3), np.nan)
    for short, part in CLINIC_PARTS.items():
        for side in SIDES:
            world[:, landmark(side, part)] = joints[:, CLINIC_JOINTS.index(side[0] + short)] / 1000
    track = _as_track(world[..., :2] * 1000, CLINIC_RATE_HZ)
    return MarkerWalk(path.stem, replace(track, world_m=world.astype(np.float32)), {}, truth)
