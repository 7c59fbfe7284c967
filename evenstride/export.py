"""Tracks and angles in the formats that movement scientists read: netCDF for movement, TRC and MOT for OpenSim, C3D.

What is in a file is what was measured, and no more: nothing is smoothed or filled in here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.pose import Landmark, PoseTrack
from evenstride import results
from evenstride.tracks import load_track
from vision.errors import EvenstrideError

if TYPE_CHECKING:
    import xarray as xr

#: Names of the landmarks in files, e.g. ``left_knee``.
KEYPOINTS = tuple(mark.name.lower() for mark in Landmark)
INDIVIDUAL = "walker"
#: Frames further from even spacing than this are put onto an even clock for formats that know only a rate.
EVEN_S = 0.0005
MM = 1000.0
#: Our angle columns under OpenSim's names where the quantity is the same; the others keep their own.
OPENSIM_NAMES = {
    "knee_left_deg": "knee_angle_l",
    "knee_right_deg": "knee_angle_r",
    "ankle_left_deg": "ankle_angle_l",
    "ankle_right_deg": "ankle_angle_r",
}


class ExportError(EvenstrideError):
    """A result can't be put into a format."""

    code = "export"


def export(folder: Path, formats: list[str], out: Path | None = None) -> list[Path]:
    """Write what a result folder holds in other formats.

    Parameters
    ----------
    folder : Path
        Of one result (with track.npz).
    formats : list of "nc" | "trc" | "mot" | "c3d"
    out : Path, optional
        Where to; by default into `folder`.

    Returns
    -------
    list of Path
        ``walk.nc`` ..., named after the folder.

    Raises
    ------
    ExportError
        A format is unknown, or the result lacks what it needs.
    TrackError, OutputError
    """
    unknown = [name for name in formats if name not in WRITERS]
    if unknown:
        raise ExportError(f"There is no format {unknown[0]}.", f"Choose from {', '.join(WRITERS)}.")
    target = out or folder
    try:
        target.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise results.cannot_write(target, error) from error
    written = []
    for name in formats:
        path = target / f"{folder.resolve().name}.{name}"
        results.replace_atomic(path, lambda temporary, name=name: WRITERS[name](folder, temporary))
        written.append(path)
    return written


def result_folders(folder: Path) -> list[Path]:
    """Return the result folders at or below `folder`: itself, those of a batch, or any deeper."""
    if (folder / results.TRACK_NAME).is_file():
        return [folder]
    return sorted(path.parent for path in folder.rglob(results.TRACK_NAME))


# --------------------------------------------------------------------------------------------------------------------
# netCDF


def to_dataset(track: PoseTrack) -> xr.Dataset:
    """Return a track as a poses dataset of the movement package.

    Returns
    -------
    Dataset
        ``position`` (time, space, keypoints, individuals) in pixels, x right, y down; ``confidence`` (time, keypoints,
        individuals), the pose model's visibility.
    """
    import xarray as xr

    dims = ("time", "space", "keypoints", "individuals")
    coordinates = {
        "time": track.time_s,
        "space": ["x", "y"],
        "keypoints": list(KEYPOINTS),
        "individuals": [INDIVIDUAL],
    }
    return xr.Dataset(
        {
            "position": (dims, np.moveaxis(track.xy_px, 1, 2)[..., None]),
            "confidence": (("time", "keypoints", "individuals"), track.visibility[..., None]),
        },
        coords=coordinates,
        attrs={
            "source_software": "Evenstride",
            "source_file": track.source.name,
            "ds_type": "poses",
            "fps": track.fps,
            "time_unit": "seconds",
            "video_sha256": track.source.sha256,
            "model": track.source.model_name,
            "width_px": track.size_px[0],
            "height_px": track.size_px[1],
        },
    )


def _write_netcdf(folder: Path, path: Path) -> None:
    to_dataset(_track(folder)).to_netcdf(path, engine="h5netcdf")


# --------------------------------------------------------------------------------------------------------------------
# Points in space: TRC and C3D


def world_points(track: PoseTrack) -> NDArray[np.float64]:
    """Return the model's points in space as laboratories have them.

    Returns
    -------
    array [T, 33, 3]
        Metres from the middle of the hips: x right in the picture, y up, z toward the camera; NaN where not seen.

    Raises
    ------
    ExportError
        The track has none.
    """
    if track.world_m is None or not np.isfinite(track.world_m).any():
        raise ExportError("This result holds no points in space.", "Analyze the video again; nc and mot work as it is.")
    return np.asarray(track.world_m, dtype=float) * (1.0, -1.0, -1.0)


def evenly(time_s: NDArray[np.floating], points: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
    """Return the rate, and the points on an even clock from the first frame on.

    Parameters
    ----------
    time_s : array [T]
    points : array [T, ...]

    Returns
    -------
    rate_hz : float
    points : array [N, ...]
        As they are where the film's clock is even; else interpolated between neighbouring frames, NaN beside NaN.
    """
    step = float(np.median(np.diff(time_s))) if len(time_s) > 1 else 1.0
    ticks = np.arange(round((time_s[-1] - time_s[0]) / step) + 1) * step + time_s[0]
    if len(ticks) == len(time_s) and np.max(np.abs(ticks - time_s)) <= EVEN_S:
        return 1.0 / step, points
    after = np.clip(np.searchsorted(time_s, ticks), 1, len(time_s) - 1)
    share = np.clip((ticks - time_s[after - 1]) / (time_s[after] - time_s[after - 1]), 0.0, 1.0)
    share = share.reshape(-1, *[1] * (points.ndim - 1))
    between = points[after - 1] * (1 - share) + points[after] * share
    # Exactly on a frame, its neighbour does not matter, not even when it is missing.
    between = np.where(share == 0, points[after - 1], between)
    return 1.0 / step, np.where(share == 1, points[after], between)


def _write_trc(folder: Path, path: Path) -> None:
    track = _track(folder)
    rate, points = evenly(track.time_s, world_points(track))
    n, count = len(points), len(KEYPOINTS)
    lines = [
        f"PathFileType\t4\t(X/Y/Z)\t{folder.resolve().name}.trc",
        "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames",
        f"{rate:.6f}\t{rate:.6f}\t{n}\t{count}\tm\t{rate:.6f}\t1\t{n}",
        "Frame#\tTime\t" + "\t\t\t".join(KEYPOINTS) + "\t\t",
        "\t\t" + "\t".join(f"X{k}\tY{k}\tZ{k}" for k in range(1, count + 1)),
        "",
    ]
    for k, frame in enumerate(points):
        # A marker that was not seen is an empty cell.
        cells = ("" if np.isnan(value) else f"{value:.6f}" for value in frame.ravel())
        lines.append(f"{k + 1}\t{k / rate:.6f}\t" + "\t".join(cells))
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_c3d(folder: Path, path: Path) -> None:
    import ezc3d

    track = _track(folder)
    rate, points = evenly(track.time_s, world_points(track))
    missing = np.isnan(points).any(axis=2)  # [T, 33]
    file = ezc3d.c3d()
    file["parameters"]["POINT"]["RATE"]["value"] = [rate]
    file["parameters"]["POINT"]["LABELS"]["value"] = list(KEYPOINTS)
    file["parameters"]["POINT"]["UNITS"]["value"] = ["mm"]
    placed = np.ones((4, len(KEYPOINTS), len(points)))
    placed[:3] = np.moveaxis(points, 0, 2).transpose(1, 0, 2) * MM
    file["data"]["points"] = placed
    # A negative residual is how C3D says that a point was not seen.
    file["data"]["meta_points"] = {
        "residuals": np.where(missing, -1.0, 0.0).T[None],
        "camera_masks": np.zeros((7, len(KEYPOINTS), len(points)), dtype=bool),
    }
    named = path.with_name(f"{path.name}.c3d")  # the library gives every other name this ending
    try:
        file.write(str(named))
        named.replace(path)
    finally:
        named.unlink(missing_ok=True)


# --------------------------------------------------------------------------------------------------------------------
# Angles over time: MOT


def _write_mot(folder: Path, path: Path) -> None:
    """Write the angles of frames.csv; an angle that was not measured is nan."""
    try:
        frames = pd.read_csv(folder / results.FRAMES_NAME)
    except (OSError, ValueError) as error:
        raise ExportError(f"{folder / results.FRAMES_NAME} could not be read.", "Analyze the video again.") from error
    names = [name for name in frames.columns if name.endswith("_deg")]
    lines = [
        folder.resolve().name,
        "version=1",
        f"nRows={len(frames)}",
        f"nColumns={len(names) + 1}",
        "inDegrees=yes",
        "",
        "Knee and ankle are relative angles, + bent and + toes up; the others are segments against the vertical.",
        "",
        "endheader",
        "\t".join(["time", *(OPENSIM_NAMES.get(name, name.removesuffix("_deg")) for name in names)]),
    ]
    values = frames[["time_s", *names]].to_numpy(dtype=float)
    lines += ["\t".join("nan" if np.isnan(value) else f"{value:.6f}" for value in row) for row in values]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _track(folder: Path) -> PoseTrack:
    return load_track(folder / results.TRACK_NAME)


WRITERS: dict[str, Callable[[Path, Path], None]] = {
    "nc": _write_netcdf,
    "trc": _write_trc,
    "mot": _write_mot,
    "c3d": _write_c3d,
}
