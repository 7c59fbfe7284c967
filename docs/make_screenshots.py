"""Make the README's pictures of the app: ``python docs/make_screenshots.py``.

Starts the app, analyzes a sample in it, and takes a picture of Start, Live, Result and Learn. Needs Playwright
(requirements-dev.txt), Chromium, and ffmpeg for the live page, whose camera plays a sample.
"""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).parent.parent
IMAGES = ROOT / "docs" / "images"
SAMPLE = ROOT / "sample_videos" / "favoring_right_knee_across_and_back.mp4"
SIZE = {"width": 1280, "height": 960}
#: The result is long: down to the curves beside the film.
RESULT_SIZE = {"width": 1280, "height": 1280}
#: The film is shown at a landing.
FILM_S = 3.2
START_WITHIN_S = 60
ANALYSIS_MS = 900_000
CAMERA = ("--use-fake-ui-for-media-stream", "--use-fake-device-for-media-stream")


@contextmanager
def app(folder: Path) -> Iterator[str]:
    """Run the app and give its address."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true", f"--server.port={port}"]
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=os.environ | {"TMPDIR": str(folder)}, stdout=log, stderr=log)
    try:
        until = time.monotonic() + START_WITHIN_S
        while True:
            try:
                urllib.request.urlopen(f"http://localhost:{port}/_stcore/health", timeout=1).close()
                break
            except (urllib.error.URLError, OSError):
                if time.monotonic() > until or process.poll() is not None:
                    sys.exit(f"The app did not start:\n{(folder / 'server.log').read_text()}")
                time.sleep(0.2)
        yield f"http://localhost:{port}"
    finally:
        process.terminate()
        process.wait(20)


def picture(page: Page, name: str) -> None:
    """Take a picture once nothing moves any more."""
    page.wait_for_timeout(2000)
    page.screenshot(path=IMAGES / f"app_{name}.png")


def start(page: Page, address: str) -> None:
    """Show the first page."""
    page.goto(address)
    page.get_by_role("heading", name="How to film it well").wait_for()
    picture(page, "start")


def learn(page: Page, address: str) -> None:
    """Show two walks side by side."""
    page.goto(f"{address}/learn")
    page.wait_for_function("[...document.querySelectorAll('video')].filter(v => v.readyState >= 2).length >= 2")
    picture(page, "learn")


def result(page: Page, address: str) -> None:
    """Analyze the sample and show the answer."""
    page.set_viewport_size(RESULT_SIZE)
    page.goto(f"{address}/film")
    page.locator(".st-key-film_upload input[type=file]").wait_for(state="attached")
    page.locator(".st-key-film_upload input[type=file]").set_input_files(SAMPLE)
    page.get_by_role("heading", name="Your walk").wait_for(timeout=ANALYSIS_MS)
    page.wait_for_function("document.querySelector('video')?.readyState >= 2")
    page.evaluate(f"document.querySelector('video').currentTime = {FILM_S}")
    picture(page, "result")


def live(page: Page, address: str) -> None:
    """Show the camera's picture with the skeleton."""
    page.goto(f"{address}/live")
    page.get_by_role("button", name="Turn the camera on").click()
    page.get_by_text("Good. I can see all of you").wait_for(timeout=60_000)
    page.locator("canvas").first.scroll_into_view_if_needed()
    page.screenshot(path=IMAGES / "app_live.png")


def camera(folder: Path) -> Path:
    """Return a film that the browser takes for its camera: a walker in the middle of the picture."""
    path = folder / "camera.mjpeg"
    form = ["-an", "-c:v", "mjpeg", "-pix_fmt", "yuvj420p", "-q:v", "3"]
    subprocess.run(["ffmpeg", "-v", "error", "-ss", "1", "-t", "3.5", "-i", SAMPLE, *form, path], check=True)
    return path


def main() -> None:
    """Make all pictures, or those that are named on the command line."""
    wanted = sys.argv[1:] or ["start", "learn", "live", "result"]
    chromium = shutil.which("chromium") or sys.exit("Chromium was not found.")
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright, app(Path(name)) as address:
        film = f"--use-file-for-fake-video-capture={camera(Path(name))}"
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox", *CAMERA, film])
        for each in wanted:
            page = browser.new_page(viewport=SIZE, color_scheme="light")
            {"start": start, "learn": learn, "live": live, "result": result}[each](page, address)
            page.context.close()
        browser.close()


if __name__ == "__main__":
    main()
