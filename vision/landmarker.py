"""MediaPipe's pose landmarker behind one small class: the only module that imports mediapipe."""

from __future__ import annotations

import contextlib
import ctypes
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType, TracebackType
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from analysis.pose import N_LANDMARKS, TWIN
from vision.errors import EvenstrideError, ModelUnavailable

#: The system libraries that mediapipe's wheel expects and slim systems lack.
SYSTEM_LIBRARIES = ("libgl1", "libegl1", "libgles2")

#: MediaPipe's lines at start-up that say nothing to a user; every other line on stderr stays.
NOISE = (
    b"All log messages before absl::InitializeLog()",
    b"inference_feedback_manager.cc",
    b"landmark_projection_calculator.cc",
    b"Created TensorFlow Lite XNNPACK delegate",
    b"gl_context",
    b"GL version",
)

#: MediaPipe's video mode smooths over time with a one-euro filter that lags behind fast limbs and, where left and right
#: are exchanged for a moment, mixes the legs into poses nobody took. Its strength depends on the time between pictures:
#: at 1e5 s it passes 99.997 % of the new value (alpha = 1 / (1 + 1 / (2 pi f dt)), f = 0.05 Hz), which turns it off
#: while the cheap tracking from picture to picture stays.
UNFILTERED_STEP_MS = 100_000_000

#: The video mode also smooths visibility, whatever the time between pictures: new = 0.1 x seen + 0.9 x old, from the
#: first body on. Undoing it gives the value of the image mode to 7 digits.
VISIBILITY_SHARE = 0.1

_NOTHING = np.zeros((64, 64, 3), np.uint8)


class MissingLibraries(EvenstrideError):
    """A system library that the pose model's runtime needs is not installed."""

    code = "missing_libraries"


@dataclass(frozen=True)
class Pose:
    """One body found in one picture.

    Attributes
    ----------
    xy_px : float32 array [33, 2]
        Pixels of the picture that was passed, x right, y down; may lie outside it.
    world_m : float32 array [33, 3]
        Metres, hip-centred.
    visibility : float32 array [33]
        0..1.
    """

    xy_px: NDArray[np.float32]
    world_m: NDArray[np.float32]
    visibility: NDArray[np.float32]

    def mirrored(self, width: int) -> Pose:
        """Return the pose of the horizontally flipped picture, left and right exchanged."""
        twin = list(TWIN)
        xy, world = self.xy_px[twin].copy(), self.world_m[twin].copy()
        xy[:, 0] = width - xy[:, 0]
        world[:, 0] *= -1
        return Pose(xy, world, self.visibility[twin])


class Landmarker:
    """Finds bodies in pictures. Use it in a ``with`` block: an unclosed one makes the interpreter complain at exit.

    Parameters
    ----------
    path : Path
        The ``.task`` bundle.
    mode : "image" or "track"
        "image" looks at every picture afresh. "track" starts from where the body was in the previous picture, runs the
        detector only when it was lost, and applies no smoothing over time.
    poses : int
        The most bodies to find; "track" finds one.

    Raises
    ------
    ModelUnavailable
        If the file is not a pose model.
    MissingLibraries
        If system libraries are missing.
    """

    def __init__(self, path: Path, mode: Literal["image", "track"] = "image", poses: int = 1) -> None:
        vision = _mediapipe_vision()
        self._tracks = mode == "track"
        self._clock_ms = 0
        modes = vision.RunningMode
        options = vision.PoseLandmarkerOptions(
            base_options=vision.BaseOptions(model_asset_path=str(path)),
            running_mode=modes.VIDEO if self._tracks else modes.IMAGE,
            num_poses=poses,
        )
        try:
            with quiet():
                self._landmarker = vision.PoseLandmarker.create_from_options(options)
        except (RuntimeError, ValueError, OSError) as error:
            raise ModelUnavailable(
                f"{path} cannot be used as a pose model ({str(error).splitlines()[0]}).",
                "Pass heavy, full, lite, or an official pose_landmarker .task file.",
            ) from error
        self._warm = False
        self._holds = False
        self._smooth_visibility: NDArray[np.float64] | None = None

    def __enter__(self) -> Landmarker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Free the network, and give its memory back: the C library would keep some 100 MB of it for later."""
        self._landmarker.close()
        _trim_memory()

    def find(self, rgb: NDArray[np.uint8]) -> list[Pose]:
        """Return the bodies in a picture [H, W, 3], RGB."""
        import mediapipe as mp

        image = mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(rgb))
        with contextlib.nullcontext() if self._warm else quiet():
            result = self._run(image)
        self._warm = self._warm or bool(result.pose_landmarks)  # its last remark comes with the first landmarks
        self._holds = bool(result.pose_landmarks)
        height, width = rgb.shape[:2]
        poses = [
            _pose(points, world, width, height)
            for points, world in zip(result.pose_landmarks, result.pose_world_landmarks, strict=True)
        ]
        return [self._unsmoothed(pose) for pose in poses] if self._tracks else poses

    @property
    def holds(self) -> bool:
        """Whether a body was found in the last picture; "track" starts from there."""
        return self._holds

    def forget(self) -> None:
        """Make the next picture independent of those before it ("track" only): shown nothing, the tracker lets go."""
        while self._tracks and self._holds:
            self.find(_NOTHING)

    def _unsmoothed(self, pose: Pose) -> Pose:
        smooth, before = pose.visibility.astype(np.float64), self._smooth_visibility
        self._smooth_visibility = smooth
        if before is None:
            return pose
        seen = (smooth - (1 - VISIBILITY_SHARE) * before) / VISIBILITY_SHARE
        return replace(pose, visibility=np.clip(seen, 0, 1).astype(np.float32))

    def _run(self, image: Any) -> Any:
        if not self._tracks:
            return self._landmarker.detect(image)
        self._clock_ms += UNFILTERED_STEP_MS
        return self._landmarker.detect_for_video(image, self._clock_ms)


def _trim_memory() -> None:
    """Return freed memory to the system, where the C library can be told to (glibc)."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)


def _pose(points: Any, world: Any, width: int, height: int) -> Pose:
    xy = np.array([(p.x * width, p.y * height) for p in points], np.float32)
    assert xy.shape == (N_LANDMARKS, 2)
    return Pose(
        xy,
        np.array([(p.x, p.y, p.z) for p in world], np.float32),
        np.array([p.visibility for p in points], np.float32),
    )


def version() -> str:
    """Return mediapipe's version without importing it."""
    from importlib.metadata import version as installed

    return installed("mediapipe")


def _mediapipe_vision() -> ModuleType:
    """Import mediapipe's vision tasks; say which system libraries are missing if that is why it fails."""
    try:
        with quiet():
            from mediapipe.tasks.python import BaseOptions, vision
    except (ImportError, OSError) as error:
        if ".so" in str(error):
            raise MissingLibraries(
                f"The pose model's runtime could not be loaded ({error}).",
                f"Install the system packages it needs: sudo apt-get install {' '.join(SYSTEM_LIBRARIES)}",
            ) from error
        raise
    vision.BaseOptions = BaseOptions
    return vision


def copy_metadata(network: bytes, *, donor: bytes) -> bytes:
    """Return a TFLite network with the metadata (input normalisation) of another one that has the same inputs."""
    import flatbuffers
    from mediapipe.tasks.metadata import schema_py_generated as schema

    def load(data: bytes) -> Any:
        return schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data, 0))

    key = b"TFLITE_METADATA"
    giver, taker = load(donor), load(network)
    metadata = next(bytes(giver.buffers[entry.buffer].data) for entry in giver.metadata if entry.name == key)
    buffer = schema.BufferT()
    buffer.data = metadata
    taker.buffers.append(buffer)
    entry = schema.MetadataT()
    entry.name, entry.buffer = key, len(taker.buffers) - 1
    taker.metadata = [old for old in (taker.metadata or []) if old.name != key] + [entry]
    builder = flatbuffers.Builder(len(network))
    builder.Finish(taker.Pack(builder), b"TFL3")
    return bytes(builder.Output())


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Hold back what C++ code writes to stderr, then pass on all but the known noise."""
    import tempfile

    try:
        sys.stderr.flush()
        saved = os.dup(2)
    except (OSError, AttributeError, ValueError):  # no stderr at all, e.g. pythonw
        yield
        return
    with tempfile.TemporaryFile() as caught:
        os.dup2(caught.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(saved, 2)
            os.close(saved)
            caught.seek(0)
            rest = [line for line in caught if not any(noise in line for noise in NOISE)]
            if rest:
                os.write(2, b"".join(rest))
