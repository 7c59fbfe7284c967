"""Video files: what a file holds, its frames with their true times, and writing one that plays everywhere.

A frame's time is its own presentation timestamp, never ``index / fps``: phones record at a variable rate, and
browsers write files that claim 1000 frames a second. Frames are matched by that timestamp too, so that frame 57 is
the same picture whether the file was read from the start or from a keyframe in the middle.
"""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

import av
import av.container
import av.stream
import numpy as np
from av.sidedata.sidedata import Type as SideDataType
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from vision.errors import OutputError, UnreadableVideo, UnsupportedVideo

# Below this the pose model has nothing to work with: it scales a person to 256 px (PLATFORM.md).
MIN_SIDE_PX = 64
# Pixels that are not square are corrected from this deviation on; smaller ones are rounding in the file's header.
SQUARE_PIXEL_TOLERANCE = 0.01
# An interval between frames this far from the usual one is irregular ...
IRREGULAR_INTERVAL = 0.25
# ... and a recording with more than this share of irregular intervals has a variable frame rate.
IRREGULAR_SHARE = 0.01
# A stream that ends this much earlier than its header says has lost its end.
TRUNCATED_S = 0.5
# Capture rates within this ratio of the playing rate are the same rate, not slow motion.
SLOW_MOTION_MIN = 1.2
# Jumping ahead to a later keyframe pays only when it saves decoding at least this many frames.
MIN_FRAMES_SKIPPED = 12
# Written timestamps: the clock of MPEG, fine enough for any frame rate.
WRITE_TIME_BASE = Fraction(1, 90_000)

# The code of BT.709, the colours of HD video, in ITU-T H.273.
BT709 = 1

_PICTURE_FORMATS = ("image2", "_pipe")
# Playlists and text that FFmpeg would follow or draw; none is a recording.
_NOT_RECORDINGS = {"hls", "concat", "tty", "dash", "sdp", "lavfi"}
_ATTACHED_PICTURE = 0x400  # AV_DISPOSITION_ATTACHED_PIC: cover art of a music file
_READ_AGAIN = "Copy the original file again from the phone or camera, or record the walk once more."


@dataclass(frozen=True)
class VideoInfo:
    """What a video file holds.

    Attributes
    ----------
    path : Path
    name : str
        File name without its folder.
    sha256 : str
        Of the whole file, in hexadecimal.
    duration_s : float
        From the start of the first frame to the end of the last, in real (not slowed) time.
    fps : float
        True mean frame rate, from the timestamps, in real time.
    width, height : int
        Of the upright picture with square pixels, as `read_frames` yields it.
    frames : int
    rotation_deg : int
        0, 90, 180 or 270: how far the stored picture is turned counter-clockwise to stand upright.
    codec : str
    slow_motion : float
        How many times slower than life the file plays; 1.0 normally.
    frame_times_s : float64 array [frames]
        Each frame's presentation time from the first frame on, divided by `slow_motion`; strictly increasing.
    notes : tuple of str
        ``"truncated"``, ``"variable_frame_rate"``, ``"slow_motion"``, ``"time_lapse"``, ``"mirrored"``,
        ``"non_square_pixels"``.
    pts : int64 array [frames]
        The timestamps as stored, in ticks of the stream.
    keyframes : int64 array
        Indices of the frames at which decoding can start.
    stamped : bool
        False for the few containers that store no presentation times (H.264 in AVI): there the n-th decoded frame is
        frame n, and reading always begins at the start.
    """

    path: Path
    name: str
    sha256: str
    duration_s: float
    fps: float
    width: int
    height: int
    frames: int
    rotation_deg: int
    codec: str
    slow_motion: float
    frame_times_s: NDArray[np.float64] = field(repr=False, compare=False)
    notes: tuple[str, ...] = ()
    pts: NDArray[np.int64] = field(repr=False, compare=False, default_factory=lambda: np.empty(0, np.int64))
    keyframes: NDArray[np.int64] = field(repr=False, compare=False, default_factory=lambda: np.empty(0, np.int64))
    stamped: bool = field(repr=False, default=True)


class Frame(NamedTuple):
    """One picture: its index in the video, its time (see `VideoInfo.frame_times_s`), and RGB uint8 [H, W, 3]."""

    index: int
    time_s: float
    rgb: NDArray[np.uint8]


# --------------------------------------------------------------------------------------------------------------------
# What a file holds


def probe(path: Path | str, slow_motion: float | None = None) -> VideoInfo:
    """Say what a video file holds, without decoding more than its first frame.

    Parameters
    ----------
    path : Path or str
    slow_motion : float, optional
        How many times slower than life the file plays. By default taken from Android's
        ``com.android.capture.fps`` if the file has it, else 1.

    Raises
    ------
    UnreadableVideo
        The file is missing, empty, damaged, or not a video.
    UnsupportedVideo
        It is a video without moving pictures, or far too small.
    ValueError
        `slow_motion` is not a positive number.
    """
    path = Path(path)
    if slow_motion is not None and not (np.isfinite(slow_motion) and slow_motion > 0):
        raise ValueError(f"slow_motion must be a positive number, not {slow_motion}")
    _check_file(path)
    with _open(path) as container:
        stream = _picture_stream(container, path)
        index = _FrameIndex.read(container, stream, path)
        header = _Header.read(container, stream)
    look = _first_look(path)
    pts = index.pts
    if len(pts) < 2:
        raise UnsupportedVideo(
            f"{path.name} holds a single picture, not a moving one.", "Give a video of someone walking, 10 s or longer."
        )
    width, height = look.size
    if min(width, height) < MIN_SIDE_PX:
        raise UnsupportedVideo(
            f"The picture of {path.name} is only {width} x {height} pixels.",
            f"Give the original recording; at least {MIN_SIDE_PX} pixels a side are needed, 720 or more are better.",
        )
    stored_s = (pts - pts[0]) * float(header.time_base)
    factor, rate_note = _slow_motion(slow_motion, header.capture_fps, _mean_rate(stored_s))
    times_s = stored_s / factor
    facts = {
        "truncated": index.truncated or header.ends_early(stored_s, pts),
        "variable_frame_rate": _is_variable(times_s),
        rate_note: bool(rate_note),
        "mirrored": look.mirrored,
        "non_square_pixels": not look.square_pixels,
    }
    fps = _mean_rate(times_s)
    return VideoInfo(
        path=path,
        name=path.name,
        sha256=_sha256(path),
        duration_s=float(times_s[-1] + 1 / fps),
        fps=fps,
        width=width,
        height=height,
        frames=len(pts),
        rotation_deg=look.rotation_deg,
        codec=header.codec,
        slow_motion=factor,
        frame_times_s=times_s,
        notes=tuple(note for note, holds in facts.items() if holds),
        pts=pts,
        keyframes=index.keyframes,
        stamped=index.stamped,
    )


def _check_file(path: Path) -> None:
    try:
        if path.is_dir():
            raise UnreadableVideo(f"{path} is a folder, not a video file.", "Name one video file inside it.")
        if path.exists() and not path.is_file():
            # Opening a pipe would wait for ever.
            raise UnreadableVideo(f"{path} is not a file.", "Save the video as a file first, and name that.")
        with path.open("rb") as file:
            if not file.read(1):
                raise UnreadableVideo(f"{path.name} is empty (0 bytes).", _READ_AGAIN)
    except FileNotFoundError:
        raise UnreadableVideo(f"There is no file {path}.", "Check the name and the folder.") from None
    except PermissionError:
        raise UnreadableVideo(
            f"{path.name} may not be read by this user.",
            "Change its permissions, or copy it to your own folder.",
        ) from None
    except OSError as error:
        raise UnreadableVideo(f"{path.name} cannot be read: {error.strerror}.", _READ_AGAIN) from None


def _open(path: Path) -> av.container.InputContainer:
    # "file:" keeps names with colons from being taken for addresses; the whitelist keeps playlists off the network.
    try:
        container = av.open(f"file:{path}", options={"protocol_whitelist": "file"}, metadata_errors="replace")
    except av.FFmpegError:
        raise _not_a_video(path) from None
    if container.format.name in _NOT_RECORDINGS:
        container.close()
        raise UnreadableVideo(f"{path.name} is not a video file.", "Give a video as the camera recorded it (MP4, MOV).")
    if container.format.name.endswith(_PICTURE_FORMATS):
        container.close()
        raise UnsupportedVideo(
            f"{path.name} is a still picture, not a video.", "Give a video of someone walking, 10 s or longer."
        )
    return container


def _not_a_video(path: Path) -> UnreadableVideo:
    with path.open("rb") as file:
        is_mp4 = file.read(12)[4:8] in (b"ftyp", b"mdat", b"moov", b"wide", b"free")
    if is_mp4:
        return UnreadableVideo(
            f"{path.name} is damaged or cut off: its table of contents is missing, so no part of it can be played.",
            "Copy the whole file again; if the recording was interrupted, record the walk once more.",
        )
    return UnreadableVideo(
        f"{path.name} is not a video file, or is damaged.", "Give a video as the camera recorded it (MP4, MOV, WebM)."
    )


def _picture_stream(container: av.container.InputContainer, path: Path) -> av.VideoStream:
    moving = [s for s in container.streams.video if not int(s.disposition) & _ATTACHED_PICTURE]
    if not moving:
        what = "sound only, no picture" if container.streams.audio else "no picture"
        container.close()
        raise UnsupportedVideo(f"{path.name} holds {what}.", "Give a video of someone walking.")
    best = container.streams.best("video")
    stream = best if best in moving else moving[0]
    if stream.codec_context is None:
        container.close()
        raise UnsupportedVideo(
            f"{path.name} uses a video coding that cannot be read here.", "Convert it to H.264 (MP4) and try again."
        )
    return stream


@dataclass(frozen=True)
class _Header:
    """What the file says about itself; believed only where noted."""

    codec: str
    time_base: Fraction
    duration_s: float | None
    start_s: float
    capture_fps: float | None

    @classmethod
    def read(cls, container: av.container.InputContainer, stream: av.VideoStream) -> _Header:
        assert stream.time_base is not None
        seconds = None if stream.duration is None else float(stream.duration * stream.time_base)
        if seconds is None and container.duration is not None:
            seconds = container.duration / av.time_base
        start = float((stream.start_time or 0) * stream.time_base)
        tags = {**container.metadata, **stream.metadata}
        capture = None
        with suppress(KeyError, ValueError):
            capture = float(tags["com.android.capture.fps"])
        return cls(stream.codec_context.codec.canonical_name, stream.time_base, seconds, start, capture)

    def ends_early(self, stored_s: NDArray[np.float64], pts: NDArray[np.int64]) -> bool:
        """Return whether the last frame is well before the end the header promises (sound may run on a little)."""
        if self.duration_s is None:
            return False
        first_s = float(pts[0] * self.time_base)
        end_s = max(first_s - self.start_s, 0.0) + stored_s[-1] + 1 / _mean_rate(stored_s)
        return bool(self.duration_s - end_s > max(TRUNCATED_S, 0.02 * self.duration_s))


@dataclass(frozen=True)
class _FrameIndex:
    """Timestamps of the shown frames, sorted, and the keyframes among them; found by demuxing alone."""

    pts: NDArray[np.int64]
    keyframes: NDArray[np.int64]
    truncated: bool
    stamped: bool

    @classmethod
    def read(cls, container: av.container.InputContainer, stream: av.VideoStream, path: Path) -> _FrameIndex:
        # AVI stores no presentation times; those that FFmpeg makes up are wrong where frames are reordered.
        codec = stream.codec_context
        stamped = not (container.format.name == "avi" and codec.name in ("h264", "hevc") and codec.has_b_frames)
        is_key: dict[int, bool] = {}
        truncated = False
        for packet in _packets(container, stream):
            if packet is None or packet.is_corrupt:
                truncated = True
                continue
            time = packet.pts if stamped else packet.dts
            if time is None:
                raise UnsupportedVideo(
                    f"{path.name} stores no times for its pictures.", "Convert it to MP4 (H.264) and try again."
                )
            if not packet.is_discard and _is_shown(packet, codec.name):
                is_key[time] = is_key.get(time, False) or packet.is_keyframe
        if not is_key:
            raise UnreadableVideo(f"{path.name} holds no complete picture; it is damaged or cut off.", _READ_AGAIN)
        pts = np.array(sorted(is_key), dtype=np.int64)
        keyframes = np.flatnonzero([is_key[int(time)] for time in pts]).astype(np.int64)
        return cls(pts, keyframes if stamped else np.zeros(1, np.int64), truncated, stamped)


def _packets(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.Packet | None]:
    """Yield the packets with data; None, as the last, where the file breaks off."""
    try:
        for packet in container.demux(stream):
            if packet.size:
                yield packet
    except av.FFmpegError:
        yield None


def _is_shown(packet: av.Packet, codec: str) -> bool:
    # VP8 stores reference pictures that are never shown as packets of their own (RFC 6386, 9.1: show_frame).
    return codec not in ("vp8", "libvpx") or bool(bytes(packet)[0] & 0x10)


def _first_look(path: Path) -> _Look:
    with _open(path) as container:
        stream = _picture_stream(container, path)
        for frame in _decode(container, stream):
            return _Look.of(stream, frame)
    raise UnreadableVideo(f"No picture of {path.name} can be decoded; the file is damaged.", _READ_AGAIN)


def _mean_rate(times_s: NDArray[np.float64]) -> float:
    return float((len(times_s) - 1) / (times_s[-1] - times_s[0]))


def _is_variable(times_s: NDArray[np.float64]) -> bool:
    intervals = np.diff(times_s)
    usual = np.median(intervals)
    return bool(np.mean(np.abs(intervals - usual) > IRREGULAR_INTERVAL * usual) > IRREGULAR_SHARE)


def _slow_motion(given: float | None, capture_fps: float | None, stored_fps: float) -> tuple[float, str]:
    """Return the slow-motion factor, and the note that goes with it ("" for none)."""
    if given is not None:
        return float(given), "slow_motion" if given != 1 else ""
    if capture_fps is None or not np.isfinite(capture_fps) or capture_fps <= 0:
        return 1.0, ""
    ratio = capture_fps / stored_fps
    if ratio > SLOW_MOTION_MIN:
        return ratio, "slow_motion"
    return 1.0, "time_lapse" if ratio < 1 / SLOW_MOTION_MIN else ""


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --------------------------------------------------------------------------------------------------------------------
# Upright pictures


@dataclass(frozen=True)
class _Look:
    """How the stored picture has to be turned: `size` is that of the upright picture with square pixels."""

    rotation_deg: int
    mirrored: bool
    size: tuple[int, int]
    square_pixels: bool

    @classmethod
    def of(cls, stream: av.VideoStream, frame: av.VideoFrame) -> _Look:
        rotation, mirrored = _orientation(frame)
        aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio or Fraction(1)
        square = abs(aspect - 1) <= SQUARE_PIXEL_TOLERANCE
        size = (frame.width if square else round(frame.width * aspect), frame.height)
        return cls(rotation, mirrored, size[::-1] if rotation % 180 else size, square)


def _upright(info: VideoInfo, frame: av.VideoFrame) -> NDArray[np.uint8]:
    """Return the picture as RGB [H, W, 3]; a stream that changes its size keeps that of its first picture."""
    sideways = info.rotation_deg % 180 != 0
    width, height = (info.height, info.width) if sideways else (info.width, info.height)
    rgb = frame.to_ndarray(format="rgb24", width=width, height=height)
    if "mirrored" in info.notes:
        rgb = rgb[:, ::-1]
    return np.ascontiguousarray(np.rot90(rgb, k=info.rotation_deg // 90))


def _orientation(frame: av.VideoFrame) -> tuple[int, bool]:
    """Return how far to turn the stored picture counter-clockwise, and whether to mirror it left to right before."""
    side_data = frame.side_data.get(SideDataType.DISPLAYMATRIX)
    if side_data is None:
        return 0, False
    (a, b), (c, d) = np.frombuffer(bytes(side_data), np.int32).reshape(3, 3)[:2, :2].astype(float)
    mirrored = a * d - b * c < 0
    turned = np.degrees(np.arctan2(b, -a) if mirrored else np.arctan2(-b, a))
    return round(turned / 90) * 90 % 360, bool(mirrored)


# --------------------------------------------------------------------------------------------------------------------
# Reading


def read_frames(info: VideoInfo, *, indices: NDArray[np.integer[Any]] | None = None) -> Iterator[Frame]:
    """Yield frames in order, one in memory at a time.

    Parameters
    ----------
    info : VideoInfo
        From `probe`.
    indices : int array, optional
        The wanted frames, strictly increasing; all by default.

    Yields
    ------
    Frame
        Exactly the wanted ones; only a frame that is damaged in the file is left out.

    Raises
    ------
    UnreadableVideo
        The file is gone or no longer what it was.
    IndexError, ValueError
        An index is outside the video; the indices do not increase.
    """
    wanted = np.arange(info.frames) if indices is None else np.asarray(indices, dtype=np.int64)
    if np.any(np.diff(wanted) <= 0):
        raise ValueError("indices must strictly increase")
    if len(wanted) and (wanted[0] < 0 or wanted[-1] >= info.frames):
        raise IndexError(f"{info.name} has frames 0 to {info.frames - 1}")
    return _stream_frames(info, wanted)


def _stream_frames(info: VideoInfo, wanted: NDArray[np.int64]) -> Iterator[Frame]:
    _check_file(info.path)
    for run in _runs(info, wanted):
        last = -1
        for frame in _read_run(info, run, "AUTO"):
            last = frame.index
            yield frame
        # A damaged packet near the end can take down frames still inside the decoder's threads; one thread loses none.
        yield from _read_run(info, run[run > last], "SLICE")


def _read_run(info: VideoInfo, run: NDArray[np.int64], threads: str) -> Iterator[Frame]:
    index_of = {int(info.pts[i]): int(i) for i in run}
    if not index_of:
        return
    with closing(_decode_run(info, int(run[0]), threads)) as decoded:
        for position, frame in enumerate(decoded):
            pts = frame.pts if info.stamped else int(info.pts[min(position, info.frames - 1)])
            index = index_of.pop(pts, None)
            if index is not None:
                yield Frame(index, float(info.frame_times_s[index]), _upright(info, frame))
            if not index_of:
                return


def _runs(info: VideoInfo, wanted: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Split the wanted frames wherever jumping to a later keyframe saves decoding."""
    if len(wanted) < 2:
        return [wanted] if len(wanted) else []
    start = _keyframe_before(info, wanted[1:])
    return np.split(wanted, np.flatnonzero(start - wanted[:-1] > MIN_FRAMES_SKIPPED) + 1)


def _keyframe_before(info: VideoInfo, index: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the last keyframe at or before each index; 0 where there is none."""
    place = np.searchsorted(info.keyframes, index, side="right") - 1
    return np.where(place >= 0, info.keyframes[np.maximum(place, 0)], 0)


def _decode_run(info: VideoInfo, first: int, threads: str) -> Generator[av.VideoFrame]:
    """Decode from the keyframe before frame `first`; from the start where the file cannot be entered there exactly."""
    start = int(_keyframe_before(info, np.array([first]))[0])
    if start > 0:
        with _open(info.path) as container:
            stream = _picture_stream(container, info.path)
            stream.thread_type = threads
            frames = _enter(container, stream, int(info.pts[start]))
            if frames is not None:
                yield from frames
                return
    with _open(info.path) as container:
        stream = _picture_stream(container, info.path)
        stream.thread_type = threads
        yield from _decode(container, stream)


def _enter(
    container: av.container.InputContainer, stream: av.VideoStream, key_pts: int
) -> Iterator[av.VideoFrame] | None:
    """Seek to the keyframe with timestamp `key_pts`; None unless decoding really starts with that very picture."""
    try:
        container.seek(key_pts, stream=stream, backward=True)
    except av.FFmpegError:
        return None
    frames = _decode(container, stream)
    # Pictures shown before the keyframe may lean on ones from before it: never used.
    first = next((frame for frame in frames if frame.pts is None or frame.pts >= key_pts), None)
    # A stream with gradual refresh has "keyframes" that are no complete pictures.
    if first is None or first.pts != key_pts or first.pict_type != PictureType.I:
        return None
    return chain([first], frames)


def _decode(container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.VideoFrame]:
    """Decode to the end; a broken packet costs its own frames, a broken file its end."""
    for packet in chain(_packets(container, stream), [None]):
        if packet is not None and packet.is_corrupt:
            continue
        with suppress(av.FFmpegError):
            yield from stream.codec_context.decode(packet)


# --------------------------------------------------------------------------------------------------------------------
# Writing


def write_video(path: Path | str, frames: Iterable[tuple[float, NDArray[np.uint8]]], *, size: tuple[int, int]) -> None:
    """Write an H.264 file that plays in browsers and on phones, with the timing given.

    Parameters
    ----------
    path : Path or str
        Appears only when complete; an existing file is replaced.
    frames : iterable of (time_s, rgb)
        Seconds, strictly increasing; uint8 [height, width, 3].
    size : (int, int)
        Width and height of the frames. Odd ones are padded by one column or row.

    Raises
    ------
    OutputError
        The file cannot be written.
    ValueError
        There is no frame.
    """
    path = Path(path)
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        _encode(part, frames, size)
        part.replace(path)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        advice = "Free some space." if error.errno == errno.ENOSPC else "Choose a folder that you may write to."
        raise OutputError(f"{path} cannot be written: {reason}.", advice) from error
    finally:
        part.unlink(missing_ok=True)


def _encode(path: Path, frames: Iterable[tuple[float, NDArray[np.uint8]]], size: tuple[int, int]) -> None:
    width, height = size
    with av.open(f"file:{path}", "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", options={"preset": "veryfast", "crf": "23"})
        stream.width, stream.height = width + width % 2, height + height % 2
        stream.pix_fmt = "yuv420p"
        stream.time_base = stream.codec_context.time_base = WRITE_TIME_BASE
        stream.codec_context.gop_size = 15
        # Said, so that no player has to guess; a wrong guess shifts colours.
        stream.codec_context.colorspace = stream.codec_context.color_primaries = stream.codec_context.color_trc = BT709
        stream.codec_context.color_range = ColorRange.MPEG
        before = last = None
        for time_s, rgb in frames:
            if width % 2 or height % 2:
                rgb = np.pad(rgb, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(rgb), format="rgb24")
            frame = frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU709)
            before, last = last, round(time_s / WRITE_TIME_BASE)
            frame.pts, frame.time_base = last, WRITE_TIME_BASE
            container.mux(stream.encode(frame))
        if last is None:
            raise ValueError("a video needs at least one frame")
        for packet in stream.encode(None):
            # The file takes the length of the last frame from here; that of the one before it is the best guess.
            packet.duration = last - before if before is not None else 0
            container.mux(packet)
