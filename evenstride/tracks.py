"""Landmarks in a file: a PoseTrack as one small .npz, and back."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import BinaryIO

import numpy as np

from analysis.pose import PoseTrack, Source
from vision.errors import EvenstrideError

FORMAT = 1


class TrackError(EvenstrideError):
    """A track file is missing, broken, or of another version."""

    code = "unreadable_track"


def save_track(track: PoseTrack, file: Path | BinaryIO) -> None:
    """Write a track, without loss: every array as it is, and where it came from."""
    about = {"format": FORMAT, "size_px": list(track.size_px), "source": asdict(track.source)}
    arrays = {"time_s": track.time_s, "xy_px": track.xy_px, "visibility": track.visibility}
    if track.world_m is not None:
        arrays["world_m"] = track.world_m
    np.savez_compressed(file, about=np.array(json.dumps(about)), **arrays)


def load_track(file: Path | BinaryIO) -> PoseTrack:
    """Read a track that `save_track` wrote.

    Raises
    ------
    TrackError
        If it can't be read, is not a track, or was written by a newer Evenstride.
    """
    name = str(file) if isinstance(file, Path) else "The stored track"
    try:
        # numpy leaves a damaged file open when it is given a path.
        content = io.BytesIO(file.read_bytes() if isinstance(file, Path) else file.read())
        with np.load(content, allow_pickle=False) as arrays:
            about = json.loads(str(arrays["about"]))
            if about["format"] > FORMAT:
                raise TrackError(f"{name} was written by a newer Evenstride.", "Update Evenstride and open it again.")
            return PoseTrack(
                time_s=arrays["time_s"],
                xy_px=arrays["xy_px"],
                visibility=arrays["visibility"],
                size_px=(int(about["size_px"][0]), int(about["size_px"][1])),
                world_m=arrays.get("world_m"),
                source=Source(**about["source"]),
            )
    except OSError as error:
        why = error.strerror or "unknown reason"
        raise TrackError(f"{name} could not be read: {why}.", "Check the name of the file.") from error
    except (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise TrackError(f"{name} is not a track, or is damaged.", "Analyze the video again.") from error
