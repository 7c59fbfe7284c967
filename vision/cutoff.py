"""How long a film was meant to be, where its file breaks off early."""

from __future__ import annotations

from vision.video import VideoInfo, _Header, _open, _picture_stream


def promised_s(info: VideoInfo) -> float | None:
    """Return the length that the file's header promises, in real time; None where it promises none.

    Raises
    ------
    UnreadableVideo, UnsupportedVideo
        The file is gone or no longer what it was.
    """
    with _open(info.path) as container:
        length_s = _Header.read(container, _picture_stream(container, info.path)).duration_s
    return None if length_s is None else length_s / info.slow_motion
