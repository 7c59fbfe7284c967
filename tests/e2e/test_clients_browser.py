"""A trainer's way through the pages in a real browser: import, change, side by side, a guessed address, deleting."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from waiting import ANALYSIS_MS, expect, fits, settled, true_in

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "evenstride"), str(ROOT / "evenstride/clients")]

import folders  # noqa: E402

from evenstride.exchange import export_client  # noqa: E402
from evenstride.store import Conditions, open_store  # noqa: E402
from vision.photo import write_photo  # noqa: E402
from vision.video import probe, read_frames, write_video  # noqa: E402

SAMPLES = ROOT.parent / "sample_videos"
CHART = "[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg"
CHANGE_IS_BELOW = """row => {
  const [name, , , change] = document.querySelector(row).children;
  const [above, below] = [name, change].map(cell => cell.getBoundingClientRect());
  return below.top >= above.bottom && below.left === above.left && below.right > innerWidth - 40;
}"""
NAME = "<img src=x onerror=\"document.title='ran'\"> **b** :smile: $x$ \u202eשלום 👩🏽‍🦽 " + "é" * 150


def film(clip: Path, path: Path, step: int) -> None:
    """Write a film of its own for each recording: a browser that asks twice for one address makes the second wait."""
    info = probe(clip)
    frames = ((f.time_s, f.rgb) for f in read_frames(info) if f.index % step == 0)
    write_video(path, frames, size=(info.width, info.height))


@pytest.fixture
def exported(tmp_path: Path, short_clip: Path) -> Path:
    """A client with two films, as a trainer gets it from another computer."""
    store = open_store(url=str(tmp_path / "elsewhere.sqlite"))
    client = store.add_client(NAME, notes=NAME, keeps_videos=True)
    for week, cadence in enumerate((100.0, 120.0)):
        folder = folders.write(tmp_path / str(week), folders.with_values({"cadence": cadence}), frames=360)
        film(short_clip, folder / "annotated.mp4", step=week + 1)
        when = datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(7 * week)
        store.add_recording(client.id, folder, recorded_at=when, conditions=Conditions("overground"), notes=NAME)
    path = tmp_path / "client.zip"
    export_client(store, client.id, path)
    return path


def test_a_trainers_way(server, new_page, exported):
    page = new_page(width=1280)
    page.goto(f"{server}/clients")
    settled(page)
    page.get_by_text("Import a client").click()
    page.locator(".st-key-clients-import input[type=file]").set_input_files(exported)
    page.get_by_role("button", name="Import", exact=True).click()
    expect(page.get_by_text("Imported with 2 recordings.")).to_be_visible()
    settled(page)
    page.get_by_role("link", name="Open", exact=True).click()

    heading = page.locator("h1.ev-name")
    expect(heading).to_have_js_property("textContent", NAME)
    expect(page).to_have_url(re.compile("client="))
    address = page.url

    expect(page.get_by_text("First to latest film: Higher by 20.0 /min").first).to_be_visible()
    expect(page.locator(CHART).first).to_be_visible()
    expect(page.locator(".st-key-trend-table td", has_text="No change we can see")).to_have_count(13)
    shows_no_markup(page)
    expect(heading.locator("*")).to_have_count(0)

    page.get_by_role("radio", name="Recordings").click()
    page.get_by_role("link", name="8 March 2026").click()
    expect(page.get_by_text("Filmed 8 March 2026")).to_be_visible()
    shows_no_markup(page)
    with page.expect_download(timeout=ANALYSIS_MS) as report:
        page.get_by_role("button", name="Report to hand over (PDF)").click()
    assert Path(report.value.path()).read_bytes().startswith(b"%PDF")
    page.go_back()

    expect(heading).to_be_visible()
    settled(page)
    page.get_by_role("radio", name="Side by side").click()
    expect(page.get_by_text("Beyond chance in 1 of 14 measures: Steps a minute.")).to_be_visible()
    settled(page)
    films = [f".st-key-compare-{which}-film video" for which in ("before", "after")]
    true_in(page, "s => s.every(k => document.querySelector(k)?.readyState >= 2)", films, within_ms=ANALYSIS_MS)
    page.get_by_role("button", name="Play both together").click()
    true_in(page, "s => s.every(k => document.querySelector(k)?.currentTime > 0.2)", films)
    expect(page.locator(CHART).first).to_be_visible()

    page.get_by_role("link", name="All clients").click()
    expect(page.get_by_text("1 client", exact=True)).to_be_visible()
    expect(page.get_by_role("heading", name="Clients")).to_be_visible()
    expect(page).not_to_have_url(re.compile("client="))
    shows_no_markup(page)
    expect(page.locator(".st-key-clients-list img")).to_have_count(0)

    stranger = new_page(width=360)
    stranger.goto(address[:-3] + ("abc" if not address.endswith("abc") else "abd"))
    expect(stranger.get_by_text("There is no such client.")).to_be_visible()
    stranger.goto(address)
    expect(stranger.locator("h1.ev-name")).to_be_visible()
    fits(stranger, 360)
    # On a phone what changed stands below the name, over the whole width.
    row = ".st-key-trend-table tbody tr"
    true_in(stranger, "s => getComputedStyle(document.querySelector(s)).display === 'grid'", row)
    true_in(stranger, CHANGE_IS_BELOW, row)

    page.goto(address)
    expect(heading).to_be_visible()
    settled(page)
    page.get_by_role("radio", name="Export or delete").click()
    page.get_by_text("Yes, delete this client for good").click()
    page.get_by_role("button", name="Delete this client").click()
    expect(page.get_by_text("nothing is left in the store")).to_be_visible()
    expect(page.get_by_text("There are no clients yet")).to_be_visible()
    shows_no_markup(page)


def test_a_film_goes_to_its_client_by_itself(server, server_folder, page, short_clip):
    store = open_store(url=str(server_folder / "data/clients.sqlite"))
    client = store.add_client(NAME, height_cm=171)
    try:
        page.goto(f"{server}/clients?client={client.id}")
        settled(page)
        page.get_by_role("link", name="Record or upload a film").click()
        expect(page.get_by_text("The height on the card is used: 171 cm.")).to_be_visible()
        shows_no_markup(page)
        page.locator(".st-key-film_upload input[type=file]").set_input_files(short_clip)
        expect(page.get_by_text("Your film is being looked at")).to_be_visible()
        page.get_by_role("link", name="Learn").click()
        page.get_by_role("link", name="See the result").click(timeout=ANALYSIS_MS)
        expect(page.get_by_text("Saved to")).to_be_visible()
        shows_no_markup(page)
        page.get_by_role("link", name="Open the client's page").click()
        expect(page.locator("h1.ev-name")).to_have_js_property("textContent", NAME)
        (recording,) = store.recordings(client.id)
        assert recording.result.provenance.config["options"]["height_cm"] == 171
    finally:
        store.delete_client(client.id)
        store.database.close()


def test_a_posture_picture_is_kept_and_compared_with_the_next(server, server_folder, new_page, tmp_path):
    photo = tmp_path / "me.png"
    write_photo(photo, next(iter(read_frames(probe(SAMPLES / "standing_front.mp4"), indices=np.array([30])))).rgb)
    store = open_store(url=str(server_folder / "data/clients.sqlite"))
    client = store.add_client(NAME)
    page = new_page(width=360)
    try:
        page.goto(f"{server}/clients?client={client.id}")
        settled(page)
        page.get_by_role("radio", name="Posture").click()
        page.get_by_role("link", name="Take or upload a picture").click()
        field = page.locator("[class*='st-key-posture_now_upload'] input[type=file]")
        expect(page.get_by_role("heading", name="How do you stand?")).to_be_visible()
        settled(page)
        field.set_input_files(photo)
        page.get_by_role("button", name="Keep this with a client").click(timeout=ANALYSIS_MS)
        page.get_by_role("button", name="Keep it").click()
        expect(page.get_by_text("Saved to")).to_be_visible()
        shows_no_markup(page)
        page.get_by_role("link", name="Open the client's page").click()
        expect(page.locator("h1.ev-name")).to_have_js_property("textContent", NAME)
        settled(page)
        page.get_by_role("radio", name="Posture").click()
        expect(page.get_by_role("img", name="The picture, seen from the front")).to_be_visible()
        fits(page, 360)
        page.get_by_role("link", name="Compare a new picture with it").click()
        expect(page.get_by_role("heading", name="Before")).to_be_visible()
        settled(page)
        field.set_input_files(photo)
        expect(page.get_by_role("heading", name="What changed")).to_be_visible(timeout=ANALYSIS_MS)
        expect(page.locator(".st-key-posture_changes")).to_contain_text("Shoulders: No change we can see.")
    finally:
        store.delete_client(client.id)
        store.database.close()


def shows_no_markup(page) -> None:
    """See that nothing somebody typed became part of a page, once all of it is there."""
    settled(page)
    expect(page.locator("img[src=x]")).to_have_count(0)
    expect(page).not_to_have_title("ran")
