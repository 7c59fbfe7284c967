"""MediaPipe as it comes: the loop of its own example, for comparison. It is no part of Evenstride."""

from __future__ import annotations

import mediapipe as mp
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision

from analysis.pose import N_LANDMARKS, PoseTrack, Source
from vision.extract import analysed_frames
from vision.landmarker import quiet
from vision.model import Model
from vision.video import VideoInfo, read_frames


def follow(info: VideoInfo, model: Model, until_s: float) -> PoseTrack:
    """Follow the landmarks as MediaPipe's own example does: whole picture, video mode, one pose, smoothing on.

    It is shown the same 30 pictures a second that Evenstride looks at, up to `until_s`.
    """
    options = vision.PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model.path)), running_mode=vision.RunningMode.VIDEO, num_poses=1
    )
    indices = analysed_frames(info.frame_times_s, False)
    indices = indices[info.frame_times_s[indices] <= until_s]
    xy = np.full((len(indices), N_LANDMARKS, 2), np.nan, np.float32)
    visibility = np.zeros((len(indices), N_LANDMARKS), np.float32)
    times = np.zeros(len(indices))
    with quiet(), vision.PoseLandmarker.create_from_options(options) as landmarker:
        for row, frame in enumerate(read_frames(info, indices=indices)):
            times[row] = frame.time_s
            image = mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(frame.rgb))
            found = landmarker.detect_for_video(image, round(1000 * frame.time_s)).pose_landmarks
            if found:
                xy[row] = [(p.x * info.width, p.y * info.height) for p in found[0]]
                visibility[row] = [p.visibility for p in found[0]]
    source = Source(info.name, info.sha256, model.name, model.sha256)
    return PoseTrack(times, xy, visibility, (info.width, info.height), source=source)
