"""A sample clip as what Chromium's fake camera plays, over and over."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SAMPLES = Path(__file__).parents[2] / "sample_videos"


def as_camera(sample: str, folder: Path, *, seconds: float, start: float = 0) -> Path:
    """Return a Motion JPEG file of a part of a sample, in its full size."""
    ffmpeg = shutil.which("ffmpeg")
    if ffmpeg is None:
        pytest.skip("ffmpeg is missing: on Debian, sudo apt-get install ffmpeg")
    path = folder / "camera.mjpeg"
    cut = ["-ss", str(start), "-i", str(SAMPLES / sample), "-t", str(seconds)]
    form = ["-an", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "4"]
    subprocess.run([ffmpeg, "-v", "error", *cut, *form, str(path)], check=True)
    return path
