"""A trainer's way through the pages in a real browser: import, change, side by side, a guessed address, deleting."""

from __future__ import annotations

import shutil
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "evenstride"), str(ROOT / "evenstride/clients")]

import folders  # noqa: E402

from evenstride.exchange import export_client  # noqa: E402
from evenstride.store import Conditions, open_store  # noqa: E402

NAME = "<img src=x onerror=\"document.title='ran'\"> **b** :smile: $x$ \u202eשלום 👩🏽‍🦽 " + "é" * 150


@pytest.fixture
def exported(tmp_path: Path, short_clip: Path) -> Path:
    """A client with two films, as a trainer gets it from another computer."""
    store = open_store(url=str(tmp_path / "elsewhere.sqlite"))
    client = store.add_client(NAME, notes=NAME, keeps_videos=True)
    for week, cadence in enumerate((100.0, 120.0)):
        folder = folders.write(tmp_path / str(week), folders.with_values({"cadence": cadence}), frames=360)
        shutil.copy(short_clip, folder / "annotated.mp4")
        when = datetime(2026, 3, 1, 12, tzinfo=UTC) + timedelta(7 * week)
        store.add_recording(client.id, folder, recorded_at=when, conditions=Conditions("overground"), notes=NAME)
    path = tmp_path / "client.zip"
    export_client(store, client.id, path)
    return path


def test_a_trainers_way(server, new_page, exported):
    page = new_page(width=1280)
    page.goto(f"{server}/clients")
    page.get_by_text("Import a client").click()
    page.locator(".st-key-clients-import input[type=file]").set_input_files(exported)
    page.get_by_role("button", name="Import", exact=True).click()
    page.get_by_text("Imported with 2 recordings.").wait_for()
    page.get_by_role("link", name="Open", exact=True).click()

    heading = page.locator("h1.ev-name")
    heading.wait_for()
    assert heading.evaluate("e => e.textContent") == NAME and heading.locator("*").count() == 0
    assert page.locator("img[src=x]").count() == 0 and page.title() != "ran"
    address = page.url
    assert "client=" in address

    page.get_by_text("First to latest film: Higher by 20.0 /min").first.wait_for()
    page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first.wait_for()
    assert page.locator(".st-key-trend-table td", has_text="No change we can see").count() == 13

    page.get_by_role("radio", name="Recordings").click()
    page.get_by_role("link", name="8 March 2026").click()
    with page.expect_download() as report:
        page.get_by_role("button", name="Report to hand over (PDF)").click()
    assert Path(report.value.path()).read_bytes().startswith(b"%PDF")
    assert page.locator("img[src=x]").count() == 0
    page.go_back()

    page.get_by_role("radio", name="Side by side").click()
    page.get_by_text("Beyond chance in 1 of 14 measures: Steps a minute.").wait_for()
    films = [f".st-key-compare-{which}-film video" for which in ("before", "after")]
    ready = "s => s.every(k => document.querySelector(k)?.readyState >= 2)"
    page.wait_for_function(ready, arg=films)
    page.get_by_role("button", name="Play both together").click()
    page.wait_for_function("s => s.every(k => document.querySelector(k).currentTime > 0.2)", arg=films)
    page.locator("[data-testid=stVegaLiteChart] canvas, [data-testid=stVegaLiteChart] svg").first.wait_for()

    page.get_by_role("link", name="All clients").click()
    page.get_by_role("heading", name="Clients").wait_for()
    page.get_by_text("1 client", exact=True).wait_for()
    assert page.locator(".st-key-clients-list img").count() == 0
    page.wait_for_url(lambda url: "client=" not in url)

    stranger = new_page(width=360)
    stranger.goto(address[:-3] + ("abc" if not address.endswith("abc") else "abd"))
    stranger.get_by_text("There is no such client.").wait_for()
    stranger.goto(address)
    stranger.locator("h1.ev-name").wait_for()
    assert stranger.evaluate("document.documentElement.scrollWidth") <= 360

    page.goto(address)
    page.get_by_role("radio", name="Export or delete").click()
    page.get_by_text("Yes, delete this client for good").click()
    page.get_by_role("button", name="Delete this client").click()
    page.get_by_text("nothing is left in the store").wait_for()
    page.get_by_text("There are no clients yet").wait_for()
    assert page.title() != "ran"
