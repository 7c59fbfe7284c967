"""A running app and a real browser, for all tests in this folder.

Fixtures: `server` (the address of the app, one for the session), `page` (a Playwright page that fails the test when
anything is asked for outside this computer), `new_page` (more pages, each a visitor of its own, also with a camera).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from app_server import START_WITHIN_S, running_app

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "sample_videos"
CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--autoplay-policy=no-user-gesture-required",
]
HERE = {"localhost", "127.0.0.1", "::1"}


@pytest.fixture(scope="session")
def server_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder that holds all that the app writes: `data` for what is kept, and visitors' folders."""
    return tmp_path_factory.mktemp("app")


@pytest.fixture(scope="session")
def server(server_folder: Path) -> Iterator[str]:
    """Start the app with a data folder of its own; return its address."""
    with running_app(server_folder) as address:
        yield address


@pytest.fixture(scope="session")
def _playwright():
    sync_api = pytest.importorskip("playwright.sync_api", reason="Playwright is missing: pip install playwright")
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is missing: on Debian, sudo apt-get install chromium")
    with sync_api.sync_playwright() as playwright:
        yield playwright


@pytest.fixture(scope="session")
def browser(_playwright):
    """Return one Chromium for all tests."""
    browser = _launch(_playwright)
    yield browser
    browser.close()


def _launch(playwright, *flags: str):
    return playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, *flags], timeout=1000 * START_WITHIN_S)


@pytest.fixture
def new_page(_playwright, request: pytest.FixtureRequest) -> Iterator[Callable]:
    """Return a function that opens a page for a new visitor.

    ``new_page(width=360, camera=Path("walk.mjpeg"))``: with `camera`, in a browser of its own whose camera shows that
    file. When the test ends it fails if any request left this computer.
    """
    import waiting  # skips where Playwright is missing

    asked: list[str] = []
    with ExitStack() as stack:

        def open_page(*, width: int = 1280, height: int = 900, camera: Path | None = None, **context):
            if camera is None:
                browser = request.getfixturevalue("browser")
            else:
                fake = (
                    "--use-fake-ui-for-media-stream",
                    "--use-fake-device-for-media-stream",
                    f"--use-file-for-fake-video-capture={camera.resolve()}",
                )
                browser = _launch(_playwright, *fake)
                stack.callback(browser.close)
                context.setdefault("permissions", ["camera"])
            visitor = browser.new_context(viewport={"width": width, "height": height}, **context)
            stack.callback(visitor.close)
            page = visitor.new_page()
            page.set_default_timeout(waiting.PATIENCE_MS)
            page.on("request", lambda each: asked.append(each.url))
            return page

        yield open_page
    outside = {url for url in asked if urlsplit(url).scheme in ("http", "https", "ws", "wss")}
    outside = {url for url in outside if urlsplit(url).hostname not in HERE}
    assert not outside, f"requests left this computer: {sorted(outside)}"


@pytest.fixture
def page(new_page):
    """Return a page for one visitor."""
    return new_page()


@pytest.fixture(scope="session")
def short_clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a sample cut to a few seconds and made small: quick to analyze, and with a person in it."""
    from vision.video import probe, read_frames, write_video

    info = probe(SAMPLES / "treadmill.mp4")
    path = tmp_path_factory.mktemp("clips") / "short walk.mp4"
    frames = ((f.time_s, f.rgb[::2, ::2]) for f in read_frames(info) if f.time_s < 4 and f.index % 2 == 0)
    write_video(path, frames, size=(info.width // 2, info.height // 2))
    return path
