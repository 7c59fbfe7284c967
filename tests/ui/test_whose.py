"""A film that is somebody's: asked on the film page, saved by itself, once, wherever the visitor is by then."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest
from test_pages import job_of, settle, texts

from evenstride.store import Store, open_store, passcode
from evenstride.ui import whose


@pytest.fixture(autouse=True)
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "data/clients.sqlite"
    monkeypatch.setenv("EVENSTRIDE_DATABASE", str(path))
    return path


@pytest.fixture
def store(database: Path) -> Store:
    return open_store()


@pytest.fixture
def film(make_result) -> bytes:
    """A film whose analysis gives a result."""
    return str(make_result("clear_right")).encode()


def upload(app, name: str, content: bytes):
    app.file_uploader[0].upload(name, content, "video/mp4")
    return app.run()


def test_people_without_clients_are_not_asked(open_page, database: Path):
    assert not open_page("film").selectbox
    assert not database.exists(), "and looking makes no store"
    open_store()
    assert not open_page("film").selectbox


def test_locked_clients_are_not_shown(open_page, store: Store):
    store.add_client("Ann")
    passcode.set_passcode(store, "open sesame")
    app = open_page("film")
    assert not app.selectbox and "Ann" not in texts(app)


def test_saved_by_itself_once_while_the_visitor_is_elsewhere(open_page, workspaces, store: Store, film: bytes):
    store.add_client("Bob")
    ann = store.add_client("Ann", height_cm=171)
    app = open_page("film", client=ann.id)
    assert app.selectbox(key=whose.KEY).value == ann.id and "171 cm" in texts(app)
    upload(app, "walks.mp4", film)
    job, mine = job_of(app, workspaces), app.session_state["workspace"]
    assert job.options.height_cm == 171
    job.join(180)
    assert job.state == "done"
    (recording,) = store.recordings(ann.id)
    assert recording.result_json == (job.folder / "result.json").read_text()
    for name in ("start", "result", "result"):
        app = open_page(name, {"workspace": mine})
    assert "Saved to <bdi>Ann</bdi>." in texts(app)
    assert not [button for button in app.button if button.label == "Save to this client"]
    assert [len(store.recordings(one.id)) for one in store.clients()] == [1, 0]


def test_a_height_that_was_typed_counts(open_page, workspaces, store: Store, film: bytes):
    ann = store.add_client("Ann", height_cm=171)
    app = open_page("film")
    assert app.selectbox(key=whose.KEY).value is None
    app.selectbox(key=whose.KEY).set_value(ann.id)
    app.number_input(key="film-height_cm").set_value(165.0).run()
    upload(app, "walks.mp4", film)
    assert job_of(app, workspaces).options.height_cm == 165
    settle(app, lambda: job_of(app, workspaces))
    assert len(store.recordings(ann.id)) == 1


@pytest.mark.parametrize("name", ["fails.mp4", "dies.mp4", "waits.mp4"])
def test_what_gives_no_result_saves_nothing(name: str, open_page, workspaces, store: Store):
    ann = store.add_client("Ann")
    app = upload(open_page("film", client=ann.id), name, b"film")
    job = job_of(app, workspaces)
    if name == "waits.mp4":
        job.cancel()
    job.join(180)
    assert job.state in ("failed", "cancelled") and store.recordings(ann.id) == []


def test_nobody_chosen_saves_nothing(open_page, workspaces, store: Store, film: bytes):
    ann = store.add_client("Ann")
    app = upload(open_page("film", client="0" * 32), "walks.mp4", film)
    settle(app, lambda: job_of(app, workspaces))
    assert store.recordings(ann.id) == []


def test_somebody_chosen_among_several_is_saved_once(open_page, workspaces, store: Store, monkeypatch):
    saved = []
    monkeypatch.setattr(Store, "add_recording", lambda self, client_id, folder: saved.append((client_id, folder)))
    ann = store.add_client("Ann")
    app = upload(open_page("film", client=ann.id), "several.mp4", b"film")
    job = job_of(app, workspaces)
    job.join(180)
    assert job.state == "asking" and saved == []
    job.choose(2)
    job.join(180)
    assert job.state == "done" and saved == [(ann.id, job.folder)]


def test_what_cannot_be_saved_is_told_and_can_be_added(open_page, workspaces, store: Store, film: bytes):
    ann = store.add_client("Ann")
    app = upload(open_page("film", client=ann.id), "waits.mp4", b"film")
    mine = workspaces.enter(app.session_state["workspace"])
    mine.job.cancel()
    mine.job.join(180)
    store.add_client("Bob")
    store.delete_client(ann.id)
    path, save = mine.save("walks.mp4", io.BytesIO(film)), partial(whose._save, mine, store, ann.id)
    job = workspaces.runner.start(path, mine.job.options, when_done=save)
    mine.jobs.append(job)
    job.join(180)
    assert job.state == "done"
    app = open_page("result", {"workspace": mine.key})
    assert "There is no such client" in texts(app)
    assert [button for button in app.button if button.label == "Save to this client"]


def test_a_fault_while_saving_is_told(workspaces, store: Store, monkeypatch):
    def fault(*_) -> None:
        raise RuntimeError

    monkeypatch.setattr(Store, "add_recording", fault)
    mine, job = workspaces.enter(None), SimpleNamespace(folder=Path("result"))
    whose._save(mine, store, "1", job)
    assert "could not be saved" in mine.unsaved["result"].message and not mine.saved
