"""Marker data with known events -> PoseTrack, so that the detectors can be judged apart from any pose model.

The sagittal plane is laid into a picture: x along the walk, y down, one pixel a millimetre.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import ezc3d
import numpy as np

from analysis.pose import N_LANDMARKS, FloatArray, PoseTrack, Side, landmark

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
    xy = np.full((n, N_LANDMARKS, 2), np.nan, dtype=np.float32)
    for (side, part), path in paths.items():
        xy[:, landmark(side, part), 0] = path[:, :2] @ ahead
        xy[:, landmark(side, part), 1] = -path[:, 2]
    xy -= np.nanmin(xy, axis=(0, 1))
    size = tuple(int(v) + 1 for v in np.nanmax(xy, axis=(0, 1)))
    return PoseTrack(
        time_s=np.arange(n) / rate_hz,
        xy_px=xy,
        visibility=np.isfinite(xy[..., 0]).astype(np.float32),
        size_px=(size[0], size[1]),
    )
