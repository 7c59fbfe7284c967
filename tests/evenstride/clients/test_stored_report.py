"""The report of a stored recording: whose walk, whose report, and what changed since which film."""

from __future__ import annotations

import html
import io
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import folders
import pytest
from PIL import Image
from typer.testing import CliRunner

from evenstride import words
from evenstride.change import ABOUT_CHANGE, compare, report_lines
from evenstride.cli import app
from evenstride.report import Change, make_html
from evenstride.report.stored import about_recording
from evenstride.store import Conditions, Recording, Store
from evenstride.store.letterhead import set_letterhead

NASTY = 'O\'Neil "Bo" <b>x</b> \u202eשלום 👩🏽‍🦽'
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
SAME = Conditions("overground", "trainers", "usual")


def png(color: str = "red") -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", (40, 20), color).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def films(store: Store, tmp_path: Path) -> list[Recording]:
    """Three films of one client: on the ground, then on a treadmill, then on the ground with a quicker pace."""
    client = store.add_client(NASTY)
    walks = ((0, 100.0, SAME), (7, 90.0, Conditions("treadmill")), (14, 130.0, SAME))
    return [
        store.add_recording(
            client.id,
            folders.write(tmp_path / str(days), folders.with_values({"cadence": cadence})),
            recorded_at=START + timedelta(days),
            conditions=conditions,
        )
        for days, cadence, conditions in walks
    ]


def page(store: Store, recording: Recording, folder: Path) -> str:
    return html.unescape(make_html(store.unpack(recording.id, folder), **about_recording(store, recording)))


def test_names_logo_day_and_change_come_from_the_store(store: Store, films: list[Recording], tmp_path: Path):
    set_letterhead(store, "Studio Nordlicht", png())
    made = page(store, films[2], tmp_path / "out")
    for said in (NASTY, "Studio Nordlicht", "data:image/png", "Filmed on 15 March 2026", "Since last time"):
        assert said in made
    assert "Compared with the one filmed on 1 March 2026" in made, "the treadmill between them is passed over"
    assert "Higher by 30.0 /min" in made


def test_the_first_film_has_no_last_time(store: Store, films: list[Recording], tmp_path: Path):
    assert "Since last time" not in page(store, films[0], tmp_path / "out")


def test_where_none_can_be_compared_it_says_why(store: Store, films: list[Recording], tmp_path: Path):
    made = page(store, films[1], tmp_path / "out")
    assert "Not compared: one is on a treadmill" in made and "filmed on 1 March 2026" in made


def test_two_films_of_one_day_are_told_apart_by_their_times(store: Store, films: list[Recording], tmp_path: Path):
    later = films[2].recorded_at + timedelta(hours=1)
    folder = folders.write(tmp_path / "again")
    again = store.add_recording(films[2].client_id, folder, recorded_at=later, conditions=SAME)
    made = page(store, again, tmp_path / "out")
    for moment, before in ((films[2].recorded_at, "Compared with the one filmed"), (later, "Filmed")):
        assert f"{before} on 15 March 2026 at {moment.astimezone():%H:%M}" in made


def test_a_result_of_a_newer_release_stops_no_report(store: Store, films: list[Recording]):
    newer = films[0].result_json.replace('"schema_version": ', '"schema_version": 9')
    store.put_recording(films[0].client_id, newer, {}, recorded_at=START + timedelta(13), conditions=SAME)
    assert about_recording(store, films[2])["previous_filmed_on"] == date(2026, 3, 1)


def test_what_changed_comes_first_and_what_the_answer_rests_on_before_the_rest():
    before = folders.result_of()
    moved = {"cadence": 140.0, "step_time_asymmetry": -20.0, "knee_rom": 30.0}
    values = {name: value for name, value in moved.items() if name in before.measures}
    lines = report_lines(compare(_film(before), _film(folders.result_of(folders.with_values(values)))))
    rows = [line for line in lines if isinstance(line, Change)]
    changed = [row.title for row in rows if row.beyond_chance]
    assert [row.title for row in rows[: len(changed)]] == changed and len(changed) == 3
    sides = [words.measure_words(name).title for name in words.MEASURES if words.measure_words(name).group == "sides"]
    assert changed[0] in sides and not {*changed[1:]} & {*sides}
    unchanged = [row.title in sides for row in rows[len(changed) :]]
    assert unchanged == sorted(unchanged, reverse=True) and True in unchanged
    assert lines[-1] == ABOUT_CHANGE


def _film(result):
    from types import SimpleNamespace

    return SimpleNamespace(result=result, recorded_at=START, conditions=SAME)


@pytest.fixture
def by_command(store: Store, store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Run ``evenstride report`` on this store and return the page it makes."""
    monkeypatch.setenv("EVENSTRIDE_DATABASE", store_url)

    def run(*arguments: str) -> str:
        out = tmp_path / "report.html"
        done = CliRunner().invoke(app, ["report", *arguments, "--out", str(out)])
        assert done.exit_code == 0, done.output
        return html.unescape(out.read_text(encoding="utf-8"))

    return run


def test_the_command_knows_what_the_app_knows(store: Store, films: list[Recording], by_command, tmp_path: Path):
    set_letterhead(store, "Studio Nordlicht", png())
    assert by_command(films[2].id) == page(store, films[2], tmp_path / "out")


def test_options_of_the_command_come_before_the_settings(store, films, by_command, tmp_path: Path):
    set_letterhead(store, "Studio Nordlicht", None)
    logo = tmp_path / "logo.png"
    logo.write_bytes(png("blue"))
    made = by_command(films[2].id, "--trainer", "Berta", "--client", "Somebody", "--logo", str(logo))
    assert "Berta" in made and "Nordlicht" not in made and "Somebody" in made and NASTY not in made
    assert "data:image/png" in made
    other = by_command(films[2].id, "--previous", films[1].id)
    assert "filmed on 8 March 2026" in other and "Not compared: one is on a treadmill" in other
    folder = by_command(films[2].id, "--previous", str(folders.write(tmp_path / "elsewhere")))
    assert "Compared with the one analyzed on 2 January 2026" in folder and "Higher by 20.9 /min" in folder


def test_a_folder_has_nothing_to_do_with_the_store(store: Store, by_command, tmp_path: Path):
    set_letterhead(store, "Studio Nordlicht", png())
    made = by_command(str(folders.write(tmp_path / "folder")))
    assert "Nordlicht" not in made and "Since last time" not in made
