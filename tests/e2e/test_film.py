"""From a film to its result, with a real browser and a real analysis."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np
import pytest
from app_server import running_app
from waiting import ANALYSIS_MS, eventually, expect, fits, pictures_have_words, settled, true_in

from vision.video import probe, read_frames, write_video

#: Its analysis takes long enough that something can be done meanwhile.
LONG_FILM = Path(__file__).parents[2] / "sample_videos/treadmill.mp4"
#: What the terminal says when a page, or what a click starts, breaks.
FAULTS = ("A page failed", "Uncaught app execution", "Traceback")
#: What a slow line does: looks at the job still arrive while the server is drawing what it shows once the job is over.
#: Only until the browser asks for something else, since what it asks for arrives in its order.
LATE_LOOKS = """
const send = WebSocket.prototype.send;
let again;
WebSocket.prototype.send = function (message) {
  clearInterval(again);
  send.call(this, message);
  const isLook = !new TextDecoder("latin1").decode(message).includes("drawn");
  if (window.looksComeLate && isLook) again = setInterval(() => send.call(this, message), 20);
};
"""
RESULT = re.compile("We can't|No clear difference|You may be|You seem to|Something differs")


def open_film_page(page, server: str) -> None:
    page.goto(f"{server}/film")
    expect(page.locator(".st-key-film_upload input[type=file]")).to_be_attached()
    settled(page)


def upload(page, film: Path | dict) -> None:
    page.locator(".st-key-film_upload input[type=file]").set_input_files(film)


def wait_for_result(page):
    page.bring_to_front()  # behind another page, Chromium may not load a film
    expect(page.get_by_role("heading", name=RESULT)).to_be_visible(timeout=ANALYSIS_MS)
    true_in(page, "document.querySelector('video')?.readyState >= 2")
    settled(page)


def is_looked_at(page) -> None:
    expect(page.get_by_role("heading", name="Your film is being looked at")).to_be_visible()


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


def test_upload_to_result_with_the_synced_player(server, server_folder, page, short_clip):
    others_are_over(server_folder, page)
    open_film_page(page, server)
    upload(page, short_clip)
    # The job goes on while another page is open, and says so there.
    with jobs_halted(server_folder, page):
        is_looked_at(page)
        page.get_by_role("link", name="Learn").first.click()
        expect(page.locator(".st-key-notice").first).to_contain_text("Your film: ")
    page.get_by_role("link", name="See the result").click(timeout=ANALYSIS_MS)
    wait_for_result(page)
    expect(page.get_by_text("short walk.mp4").first, "the result says which film it is about").to_be_attached()

    # Around and around: a busy machine may see to the second click on Play or pause after the end of so short a film.
    page.evaluate("document.querySelector('video').loop = true")
    page.evaluate("document.querySelector('video').currentTime = 2")
    eventually(page, lambda: film_time(page) == 2 and is_near(chart_time(page), 2), "the curves follow the film")
    page.locator("svg.plot").press("ArrowRight")
    eventually(page, lambda: 2.01 < film_time(page) < 2.15, "an arrow key moves the film by one picture")
    eventually(page, lambda: is_near(chart_time(page), film_time(page)), "and the curves with it")
    page.locator(".whole").click(position={"x": 5, "y": 20})
    eventually(page, lambda: film_time(page) < 0.5, "a click moves the film")
    eventually(page, lambda: is_near(chart_time(page), film_time(page)), "and the curves with it")
    page.get_by_role("button", name="Play or pause").click()
    eventually(page, lambda: film_time(page) > 0.8, "the film plays")
    page.get_by_role("button", name="Play or pause").click()
    true_in(page, "document.querySelector('video').paused")
    now = page.locator(".now")
    eventually(page, lambda: is_near(chart_time(page), film_time(page)), "the curves stop with the film")
    eventually(page, lambda: now.inner_text().startswith(f"{chart_time(page):.2f} s"), "it speaks once the film stands")

    with page.expect_download() as download:
        page.get_by_role("button", name="Numbers (JSON)").click()
    assert '"schema_version": 1' in Path(download.value.path()).read_text()
    page.get_by_role("button", name="When to get help first").click()
    expect(page.get_by_text("Both legs getting weak or numb.")).to_be_visible()


def film_time(page) -> float:
    return page.evaluate("document.querySelector('video').currentTime")


def chart_time(page) -> float:
    return float(page.locator("svg.plot").get_attribute("data-time"))


def is_near(one_s: float, other_s: float) -> bool:
    return abs(one_s - other_s) <= 0.05


def test_choosing_a_person_then_cancelling(server, server_folder, page, two_people):
    others_are_over(server_folder, page)
    open_film_page(page, server)
    upload(page, two_people)
    expect(page.get_by_role("heading", name="Who is it about?")).to_be_visible(timeout=ANALYSIS_MS)
    true_in(page, "[...document.querySelectorAll('img')].filter(i => i.naturalWidth > 300).length >= 2")
    settled(page)
    for number in (1, 2):
        picture = page.get_by_role("img", name=re.compile(rf"frame round one person. Person {number}: \w+"))
        expect(picture).to_be_visible()
    page.get_by_role("button", name="Person 2", exact=True).click()
    with jobs_halted(server_folder, page):
        is_looked_at(page)
        page.get_by_role("button", name="Cancel", exact=True).click()
        expect(page.get_by_text("Stopping", exact=True)).to_be_visible()
    expect(page.get_by_text("Cancelled. The film was deleted.")).to_be_visible()
    expect(page.locator(".st-key-film_upload input[type=file]")).to_have_count(1)


def test_on_a_phone_a_chosen_person_gets_a_result_and_the_film_with_blurred_faces(server, new_page, two_people):
    page = new_page(width=360)
    open_film_page(page, server)
    on_one_row(page, ("Record", "Upload", "Sample"))
    upload(page, two_people)
    page.get_by_role("button", name="Person 1", exact=True).click(timeout=ANALYSIS_MS)
    wait_for_result(page)
    fits(page, 360)
    pictures_have_words(page)
    cards = page.locator("[class*=st-key-result-card-]")
    wide = "cards => cards.length > 0 && cards.every(card => card.getBoundingClientRect().width > 320)"
    eventually(page, lambda: cards.evaluate_all(wide), "measures take the whole width")

    true_in(page, "!document.querySelector('video').controls")  # dark over the legs until somebody points at it
    first = film_time(page)
    expect(page.get_by_text("Annotated film, faces blurred")).to_have_count(0)
    page.get_by_role("button", name="Make it with faces blurred").click()
    blurred = page.get_by_role("button", name="Annotated film, faces blurred")
    expect(blurred).to_be_visible(timeout=ANALYSIS_MS)
    settled(page)
    with page.expect_download() as download:
        blurred.click()
    film = probe(download.value.path())
    assert (film.width, film.frames) == (probe(two_people).width, probe(two_people).frames)
    expect(page.get_by_role("button", name="Annotated film, faces shown")).to_be_visible()
    eventually(page, lambda: film_time(page) == first, "the film on the page stands where it was")


def on_one_row(page, names: tuple[str, ...]) -> None:
    tops = [page.get_by_role("radio", name=name, exact=True) for name in names]
    eventually(page, lambda: len({top.bounding_box()["y"] for top in tops}) == 1, f"{names} are on one row")


def test_a_wrong_file_gets_a_sentence_and_the_page_goes_on(server, server_folder, page):
    log = server_folder / "server.log"
    before = len(log.read_text())
    open_film_page(page, server)
    upload(page, {"name": "my_walk_[1].mp4", "mimeType": "video/mp4", "buffer": b"this is not a film" * 100})
    alert = page.get_by_role("alert").first
    expect(alert).to_contain_text("my_walk_[1].mp4", timeout=ANALYSIS_MS)
    expect(alert).not_to_contain_text("Traceback")
    settled(page)
    page.get_by_role("link", name="Start").first.click()
    expect(page.get_by_role("heading", name="How to film it well")).to_be_visible()
    settled(page)
    page.get_by_role("link", name="Record or upload").first.click()
    expect(alert).to_contain_text("my_walk_[1].mp4")
    expect(page.locator(".st-key-film_upload input[type=file]")).to_have_count(1)
    settled(page)
    said = log.read_text()[before:]
    assert not any(fault in said for fault in FAULTS), said


def test_a_film_over_the_limit_is_refused_at_once(server, page, tmp_path):
    huge = tmp_path / "huge.mp4"
    with huge.open("wb") as file:
        file.truncate(1 << 30)
    open_film_page(page, server)
    expect(page.get_by_text("up to 500 MB").first).to_be_visible()
    upload(page, huge)
    expect(page.get_by_text(re.compile("500(.0)? ?MB or smaller"))).to_be_visible()


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
        expect(page.get_by_text(own).first).to_be_attached()
        expect(page.get_by_text(other)).to_have_count(0)


def test_a_late_look_at_the_job_does_not_empty_the_result(server, page, short_clip):
    page.add_init_script(LATE_LOOKS)
    open_film_page(page, server)
    upload(page, short_clip)
    is_looked_at(page)
    page.evaluate("window.looksComeLate = true")
    wait_for_result(page)
    expect(page.get_by_role("heading", name=RESULT)).to_be_visible()


def test_a_killed_process_is_told_and_the_next_film_works(server, server_folder, page, short_clip):
    open_film_page(page, server)
    upload(page, LONG_FILM)
    expect(page.get_by_text("Following the joints")).to_be_visible(timeout=ANALYSIS_MS)
    send(signal.SIGKILL, job_processes(server_folder))
    expect(page.get_by_text("ended unexpectedly")).to_be_visible()
    settled(page)
    upload(page, short_clip)
    is_looked_at(page)


def test_a_closed_page_leaves_nothing_behind(new_page, tmp_path):
    page, other = new_page(), new_page()
    with running_app(tmp_path, left_after_s=1) as app:
        open_film_page(page, app)
        upload(page, LONG_FILM)
        expect(page.get_by_text("Following the joints")).to_be_visible(timeout=ANALYSIS_MS)
        films = set(tmp_path.glob(f"evenstride-app-*/visitor-*/*/{LONG_FILM.name}"))
        assert films
        page.context.close()
        eventually(other, lambda: not any(film.exists() for film in films), "the film of a closed page is still there")
        others_are_over(tmp_path, other)


# --------------------------------------------------------------------------------------------------------------------
# The processes of jobs


@contextmanager
def jobs_halted(server_folder: Path, page) -> Iterator[None]:
    """Let no job get on, however quick this machine is, as soon as there is one."""
    eventually(page, lambda: bool(job_processes(server_folder)), "a job begins")
    halted = job_processes(server_folder)
    send(signal.SIGSTOP, halted)
    try:
        yield
    finally:
        send(signal.SIGCONT, halted)


def others_are_over(server_folder: Path, page) -> None:
    """Wait until all jobs have ended: those of pages that are closed."""
    eventually(page, lambda: not job_processes(server_folder), "a job of a closed page goes on")


def send(number: signal.Signals, pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):  # a job of another test that has just ended
            os.kill(pid, number)


def job_processes(server_folder: Path) -> list[int]:
    """Return the processes of jobs: children of the server that were spawned."""
    server = int((server_folder / "server.pid").read_text())
    found = []
    for task in Path(f"/proc/{server}/task").glob("*/children"):
        with suppress(OSError):  # gone by now
            found += [int(child) for child in task.read_text().split() if is_spawned(child)]
    return found


def is_spawned(pid: str) -> bool:
    try:
        return "spawn_main" in Path(f"/proc/{pid}/cmdline").read_text()
    except OSError:  # gone by now
        return False
