"""From a film to its result, with a real browser and a real analysis."""

from __future__ import annotations

import os
import re
import signal
import time
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import expect

from vision.video import probe, read_frames, write_video

#: An analysis of a few seconds takes about ten; a busy machine may need much longer.
ANALYSIS_MS = 240_000
RESULT = re.compile("We can't|No clear difference|You may be|You seem to|Something differs")


def open_film_page(page, server: str) -> None:
    page.goto(f"{server}/film")
    page.locator(".st-key-film_upload input[type=file]").wait_for(state="attached")


def upload(page, film: Path | dict) -> None:
    page.locator(".st-key-film_upload input[type=file]").set_input_files(film)


def wait_for_result(page):
    page.get_by_role("heading", name=RESULT).wait_for(timeout=ANALYSIS_MS)
    # A page behind another one gets no animation frames, which Playwright would wait for.
    page.wait_for_function("document.querySelector('video')?.readyState >= 2", timeout=ANALYSIS_MS, polling=200)


@pytest.fixture(scope="session")
def two_people(short_clip, tmp_path_factory) -> Path:
    """Return a film with two walkers, one beside the other."""
    info = probe(short_clip)
    path = tmp_path_factory.mktemp("clips") / "two.mp4"
    middle = slice(info.width // 4, info.width - info.width // 4)
    frames = ((f.time_s, np.hstack([f.rgb[:, middle], f.rgb[:, middle]])) for f in read_frames(info))
    width = 2 * (middle.stop - middle.start)
    write_video(path, frames, size=(width, info.height))
    return path


def test_upload_to_result_with_the_synced_player(server, page, short_clip):
    open_film_page(page, server)
    upload(page, short_clip)
    page.get_by_role("heading", name="Your film is being looked at").wait_for()
    # The job goes on while another page is open, and says so there.
    page.get_by_role("link", name="Learn").first.click()
    page.locator(".st-key-notice").wait_for()
    page.get_by_role("link", name="See the result").click(timeout=ANALYSIS_MS)
    wait_for_result(page)
    assert page.get_by_text("short walk.mp4").count(), "the result says which film it is about"

    def film_time() -> float:
        return page.evaluate("document.querySelector('video').currentTime")

    def chart_time() -> float:
        return float(page.locator("svg.plot").get_attribute("data-time"))

    page.evaluate("document.querySelector('video').currentTime = 2")
    page.wait_for_function(
        "document.querySelector('video').currentTime == 2 && !document.querySelector('video').seeking"
    )
    page.wait_for_timeout(300)
    assert chart_time() == pytest.approx(2, abs=0.05), "the curves follow the film"
    page.locator("svg.plot").focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_timeout(300)
    assert 2.01 < film_time() < 2.15, "an arrow key moves the film by one picture"
    page.locator(".whole").click(position={"x": 5, "y": 20})
    page.wait_for_timeout(300)
    assert film_time() < 0.5 and chart_time() == pytest.approx(film_time(), abs=0.05), "a click moves the film"
    page.get_by_role("button", name="Play or pause").click()
    page.wait_for_function("document.querySelector('video').currentTime > 0.8")
    page.get_by_role("button", name="Play or pause").click()
    expect(page.locator(".now")).not_to_have_text(re.compile(r"^0\.00 s"))  # it speaks once the film stands still
    page.wait_for_timeout(300)
    assert page.locator(".now").inner_text().startswith(f"{chart_time():.2f} s")

    with page.expect_download() as download:
        page.get_by_role("button", name="Numbers (JSON)").click()
    assert '"schema_version": 1' in Path(download.value.path()).read_text()
    page.get_by_role("button", name="When to get help first").click()
    page.get_by_text("Both legs getting weak or numb.").wait_for()


def test_choosing_a_person_then_cancelling(server, page, two_people):
    open_film_page(page, server)
    upload(page, two_people)
    page.get_by_role("heading", name="Who is it about?").wait_for(timeout=ANALYSIS_MS)
    page.wait_for_function("[...document.querySelectorAll('img')].filter(i => i.naturalWidth > 300).length >= 2")
    page.get_by_role("button", name="Person 2").click()
    page.get_by_role("heading", name="Your film is being looked at").wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Cancelled. The film was deleted.").wait_for()
    assert page.locator(".st-key-film_upload input[type=file]").count() == 1


def test_a_wrong_file_gets_a_sentence_and_the_page_goes_on(server, server_folder, page):
    log = server_folder / "server.log"
    before = len(log.read_text())
    open_film_page(page, server)
    upload(page, {"name": "my_walk_[1].mp4", "mimeType": "video/mp4", "buffer": b"this is not a film" * 100})
    alert = page.get_by_role("alert").first
    alert.wait_for(timeout=ANALYSIS_MS)
    assert "my_walk_[1].mp4" in alert.inner_text() and "Traceback" not in alert.inner_text()
    page.get_by_role("link", name="Start").first.click()
    page.get_by_role("heading", name="How to film it well").wait_for()
    page.get_by_role("link", name="Record or upload").first.click()
    alert.wait_for()
    assert "Error" not in log.read_text()[before:]
    assert page.locator(".st-key-film_upload input[type=file]").count() == 1


def test_a_film_over_the_limit_is_refused_at_once(server, page, tmp_path):
    huge = tmp_path / "huge.mp4"
    with huge.open("wb") as file:
        file.truncate(1 << 30)
    open_film_page(page, server)
    assert page.get_by_text("up to 500 MB").count()
    upload(page, huge)
    page.get_by_text(re.compile("500(.0)? ?MB or smaller")).wait_for()


def test_two_visitors_at_once_see_only_their_own(server, new_page, short_clip, tmp_path):
    pages, names = [new_page(), new_page()], ["mine.mp4", "yours.mp4"]
    for page, name in zip(pages, names, strict=True):
        film = tmp_path / name
        film.write_bytes(short_clip.read_bytes())
        open_film_page(page, server)
        upload(page, film)
    for page in pages:
        wait_for_result(page)
    for page, own, other in zip(pages, names, reversed(names), strict=True):
        assert page.get_by_text(own).count() and not page.get_by_text(other).count()


def test_a_killed_process_is_told_and_the_next_film_works(server, server_folder, page, short_clip):
    open_film_page(page, server)
    upload(page, short_clip)
    page.get_by_text("Following the joints").wait_for()
    for pid in job_processes(int((server_folder / "server.pid").read_text())):
        os.kill(pid, signal.SIGKILL)
    page.get_by_text("ended unexpectedly").wait_for(timeout=ANALYSIS_MS)
    upload(page, short_clip)
    page.get_by_role("heading", name="Your film is being looked at").wait_for()


def test_a_closed_page_leaves_nothing_behind(server, server_folder, new_page, short_clip):
    page = new_page()
    open_film_page(page, server)
    upload(page, short_clip)
    page.get_by_text("Following the joints").wait_for()
    films = set(server_folder.glob("evenstride-app-*/visitor-*/*/*.mp4"))
    assert films
    page.context.close()
    end = time.monotonic() + 60
    while films & set(server_folder.glob("evenstride-app-*/visitor-*/*/*.mp4")):
        assert time.monotonic() < end, "the film of a closed page is still there"
        time.sleep(0.2)


def job_processes(server: int) -> list[int]:
    """Return the processes of jobs: children of the server that were spawned."""
    found = []
    for pid in Path(f"/proc/{server}/task").glob("*/children"):
        for child in pid.read_text().split():
            if "spawn_main" in Path(f"/proc/{child}/cmdline").read_text():
                found.append(int(child))
    return found
