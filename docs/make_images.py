"""Make the pictures of the README: ``python docs/make_images.py [RESULT_FOLDER]``.

Without a folder, the sample of a favored right knee is analyzed first. Needs Chromium to take the picture of the page.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import cv2

from evenstride.pipeline import AnalyzeOptions, analyze_video
from vision.video import probe, read_frames

ROOT = Path(__file__).parent.parent
SAMPLE = ROOT / "sample_videos" / "favoring_right_knee_across_and_back.mp4"
IMAGES = ROOT / "docs" / "images"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
#: Width and height of the page's picture: from the headline to what the answer is made of.
PAGE_SIZE = (1100, 2200)
#: When the annotated frame is taken: at a landing.
FRAME_S = 3.1


def picture_of_page(page: Path, image: Path) -> None:
    """Take a picture of the upper part of a report."""
    browser = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    if browser is None:
        sys.exit("Chromium was not found; it takes the picture of the report.")
    width, height = PAGE_SIZE
    options = ["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", f"--window-size={width},{height}"]
    light = "--blink-settings=preferredColorScheme=1"
    command = [browser, *options, light, f"--screenshot={image}", page.resolve().as_uri()]
    subprocess.run(command, check=True, capture_output=True)


def frame_of_film(film: Path, image: Path) -> None:
    """Save the frame of an annotated film at `FRAME_S`."""
    info = probe(film)
    index = int(abs(info.frame_times_s - FRAME_S).argmin())
    frame = next(iter(read_frames(info, indices=[index])))
    cv2.imwrite(str(image), frame.rgb[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 85])


def main() -> None:
    """Make both pictures, from a finished result or from the sample."""
    IMAGES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        result = Path(sys.argv[1] if len(sys.argv) > 1 else folder)
        if len(sys.argv) == 1:
            analyze_video(SAMPLE, AnalyzeOptions(out=result))
        picture_of_page(result / "report.html", IMAGES / "report.png")
        frame_of_film(result / "annotated.mp4", IMAGES / "annotated.jpg")


if __name__ == "__main__":
    main()
