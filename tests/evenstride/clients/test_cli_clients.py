"""``evenstride client`` and ``evenstride analyze --client``."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import folders
import pytest
from typer.testing import CliRunner

from evenstride.cli import Exit, app
from evenstride.commands.clients import shown
from evenstride.store import Conditions, open_store

NASTY = 'O\'Neil "Bo" <b>x</b> [red]y[/red] \u202eשלום 👩🏽‍🦽 ' + "é" * 160


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    path = str(tmp_path / "data/clients.sqlite")
    monkeypatch.setenv("EVENSTRIDE_DATABASE", path)
    monkeypatch.chdir(tmp_path)
    return path


def run(*arguments: str, expect: int = 0, answer: str | None = None):
    done = CliRunner().invoke(app, list(arguments), input=answer)
    assert done.exit_code == expect, done.output
    return done


def test_add_list_show_delete():
    run("client", "add", NASTY, "--born", "1980", "--height-cm", "171", "--notes", NASTY, "--consent", "2026-03-01")
    run("client", "add", "Bob")
    lines = run("client", "list").stdout.splitlines()
    assert lines[0].split("\t") == ["name", "born", "recordings", "last film", "id"]
    assert [line.split("\t")[0] for line in lines[1:]] == ["Bob", NASTY]
    assert run("client", "list", "oneil").stdout.count("\n") == 1, "an apostrophe counts"
    assert NASTY in run("client", "list", "o'neil").stdout
    said = run("client", "show", NASTY).stdout
    assert said.count(NASTY) == 2 and "171 cm" in said and "agreed on 2026-03-01" in said and "not kept" in said
    (found,) = json.loads(run("client", "list", "O'NEIL", "--json").stdout)
    assert found["name"] == NASTY
    run("client", "delete", NASTY, "--yes")
    assert NASTY not in run("client", "list").stdout


def test_names_are_never_obeyed_by_the_terminal():
    run("client", "add", "\x1b[31mred\x07\nline")
    said = run("client", "list").stdout
    assert "\x1b" not in said and "\x07" not in said and "\\x1b[31mred" in said
    (found,) = json.loads(run("client", "list", "--json").stdout)
    assert found["name"] == "\x1b[31mred\x07\nline"
    assert shown("plain [x] é 👩🏽‍🦽") == "plain [x] é 👩🏽‍🦽"


def test_show_says_what_changed(result_folder: Path):
    store = open_store()
    client = store.add_client("Ann")
    same = Conditions("overground", "trainers", "usual")
    store.add_recording(client.id, result_folder, conditions=same, notes="[first]")
    values = folders.with_values({"cadence": 130.0})
    later = folders.write(result_folder.parent / "b", values, created="2026-02-02T03:04:05Z")
    store.add_recording(client.id, later, conditions=same)
    said = run("client", "show", "ann").stdout
    assert "2026-01-02\tYou seem to spare your right knee." in said and "[first]" in said
    assert "Steps a minute: Higher by 20.9 /min" in said
    told = json.loads(run("client", "show", "Ann", "--json").stdout)
    assert [one["result"]["measures"]["cadence"]["value"] for one in told["recordings"]] == [109.1, 130.0]


def test_export_and_import_elsewhere(result_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    store = open_store()
    client = store.add_client(NASTY)
    store.add_recording(client.id, result_folder)
    path = Path(run("client", "export", NASTY).stdout.strip())
    assert path.name == f"evenstride-client-{client.id[:8]}.zip" and zipfile.is_zipfile(path)
    run("client", "export", client.id, "--out", "mine.zip")
    monkeypatch.setenv("EVENSTRIDE_DATABASE", str(tmp_path / "elsewhere.sqlite"))
    assert "Imported with 1 recording." in run("client", "import", "mine.zip").stdout
    assert "nothing was changed" in run("client", "import", "mine.zip").stdout
    assert open_store().clients()[0].name == NASTY


def test_deleting_asks_first_and_never_guesses():
    store = open_store()
    client = store.add_client("Ann Smith")
    assert "Nothing was deleted" in run("client", "delete", "Ann Smith", answer="n\n").stdout
    run("client", "delete", "Ann", "--yes", expect=Exit.STORE)
    assert store.count() == 1
    assert "nothing is left" in run("client", "delete", client.id, answer="y\n").stdout
    assert store.count() == 0


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("show", "Nobody"), "There is no client Nobody."),
        (("show", "Twin"), "More than one client is called Twin."),
        (("add", " "), "needs a name"),
        (("add", "A", "--born", "19"), "not possible as year of birth"),
        (("add", "A", "--consent", "soon"), "soon is not a day."),
        (("import", "missing.zip"), "missing.zip does not exist."),
        (("export", "Ann", "--out", "no/such/folder.zip"), "could not be written"),
    ],
)
def test_mistakes_are_one_sentence(arguments: tuple[str, ...], says: str):
    store = open_store()
    for name in ("Twin", "Twin", "Ann"):
        store.add_client(name)
    done = run("client", *arguments, expect=Exit.OUTPUT if "written" in says else Exit.STORE)
    assert says in done.stderr and "Traceback" not in done.stderr and done.stderr.count("\n") == 1
    assert done.stdout == ""


def test_an_error_in_json():
    done = run("client", "show", "Nobody", "--json", expect=Exit.STORE)
    assert json.loads(done.stdout)["error"]["code"] == "not_found"


def test_a_store_that_cannot_be_opened(database: str):
    Path(database).parent.mkdir()
    Path(database).write_text("something else " * 100)
    assert "is not a client store" in run("client", "list", expect=Exit.STORE).stderr


def test_analyze_adds_the_result_to_the_client(fake, tmp_path: Path):
    store = open_store()
    client = store.add_client(NASTY, height_cm=171, keeps_videos=True)
    done = run("analyze", "walk.mp4", "--client", "o'neil", "--out", "out")
    assert f"Added to {NASTY}." in done.stdout
    (recording,) = store.recordings(client.id)
    assert recording.result_json == (tmp_path / "out/result.json").read_text()
    assert "track.npz" in store.files(recording.id) and recording.has_video
    assert fake.calls["assess"].subject.height_cm == 171, "the height on the card is used"
    run("analyze", "walk.mp4", "--client", client.id, "--out", "out", "--height-cm", "180")
    assert fake.calls["assess"].subject.height_cm == 180


def test_an_unknown_client_is_told_before_the_work(fake):
    run("analyze", "walk.mp4", "--client", "Nobody", expect=Exit.STORE)
    assert fake.calls == {}
