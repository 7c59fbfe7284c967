"""Posture pictures kept with a client: saved from the posture page, listed, compared, one taken as the one before."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from test_pages import texts

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent / "evenstride/clients")]

import folders  # noqa: E402

from evenstride.pipeline import AnalyzeOptions  # noqa: E402
from evenstride.store import Store, StoreError, open_store, passcode  # noqa: E402
from evenstride.ui import clients, posture  # noqa: E402
from evenstride.ui.jobs import Job  # noqa: E402


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setenv("EVENSTRIDE_DATABASE", str(tmp_path / "data/clients.sqlite"))
    return open_store()


def visitor(workspaces, folder: Path) -> dict:
    """Give a new visitor a picture, looked at, whose result lies in `folder`."""
    mine = workspaces.enter(None)
    job = object.__new__(Job)
    job.film, job.folder, job.state, job.id = mine.folder / "1" / "me.png", folder, "done", "1"
    job.options, job.failure, job.people, job.keep_film = AnalyzeOptions(), None, (), False
    mine.postures[posture.NOW] = job
    return {"workspace": mine.key}


def button(app, label: str):
    return next(one for one in app.button if one.label == label)


def labels(app) -> list[str]:
    return [one.label for one in app.button]


def test_a_picture_is_kept_with_a_client_once(open_page, workspaces, store: Store, tmp_path: Path):
    folder = folders.write_posture(tmp_path / "p")
    me = visitor(workspaces, folder)
    assert "Keep it" not in labels(open_page("posture", me)), "people without clients are not bothered"
    ann = store.add_client("Ann <b>")
    app = open_page("posture", me, client=ann.id)
    assert app.selectbox(key="posture_now-client").value == ann.id
    button(app, "Keep it").click().run()
    (kept,) = store.postures(ann.id)
    assert kept.result_json == (folder / "posture.json").read_text(encoding="utf-8")
    for shown in (app, open_page("posture", me)):
        assert "Saved to <bdi>Ann &lt;b&gt;</bdi>." in texts(shown) and "Keep it" not in labels(shown)


def test_one_is_taken_as_the_one_before(open_page, workspaces, store: Store, tmp_path: Path):
    ann = store.add_client("Ann")
    before = store.add_posture(ann.id, folders.write_posture(tmp_path / "before"))
    me = visitor(workspaces, folders.write_posture(tmp_path / "now", shoulder_deg=9.0))
    app = open_page("posture", me, before=before.id)
    assert app.toggle(key="posture_compare").value and "The left shoulder is 8° higher than before." in texts(app)
    assert app.selectbox(key="posture_now-client").value == ann.id, "and the new one goes to the same client"


@pytest.mark.parametrize("guess", ["0" * 32, "../x", "'"])
def test_guessed_and_locked_pictures_are_not_shown(guess: str, open_page, workspaces, store: Store, tmp_path: Path):
    picture = store.add_posture(store.add_client("Ann").id, folders.write_posture(tmp_path / "p"))
    app = open_page("posture", before=guess)
    assert "There is no such picture" in texts(app) and app.file_uploader, "the page goes on without it"
    passcode.set_passcode(store, "open sesame")
    app = open_page("posture", before=picture.id)
    assert "shoulder" not in texts(app).lower() and not app.toggle(key="posture_compare").value


def test_a_clients_pictures_listed_compared_and_deleted(open_page, workspaces, store: Store, tmp_path: Path):
    ann = store.add_client("Ann")
    state = {f"part-{ann.id}": "Posture"}
    assert "There are no pictures yet" in texts(open_page("clients", state, client=ann.id))
    for hour, lean in ((3, 1.0), (5, 9.0)):
        store.add_posture(ann.id, folders.write_posture(tmp_path / f"{hour}", hour=hour, shoulder_deg=lean))
    app = open_page("clients", state, client=ann.id)
    assert "The left shoulder is 8° higher than before." in texts(app)
    assert len(set(app.selectbox(key="posture-Later").options)) == 2, "two of one day are told apart"
    later = store.postures(ann.id)[1]
    app.selectbox(key="posture-Earlier").set_value(later.id).run()
    assert "higher than before" not in texts(app)
    app.checkbox(key=f"sure-{later.id}").check().run()
    app.button(key=f"delete-{later.id}").click().run()
    assert [one.id for one in store.postures(ann.id)] != [later.id] and len(store.postures(ann.id)) == 1
    assert "1 posture picture" in texts(app)


def test_a_picture_that_was_deleted_is_not_said_to_be_saved(open_page, workspaces, store: Store, tmp_path: Path):
    me, ann = visitor(workspaces, folders.write_posture(tmp_path / "p")), store.add_client("Ann")
    button(open_page("posture", me, client=ann.id), "Keep it").click().run()
    (kept,) = store.postures(ann.id)
    app = open_page("clients", me | {f"part-{ann.id}": "Posture"}, client=ann.id)
    app.checkbox(key=f"sure-{kept.id}").check().run()
    app.button(key=f"delete-{kept.id}").click().run()
    assert not store.postures(ann.id) and "Keep it" in labels(open_page("posture", me, client=ann.id))


def test_a_picture_of_a_newer_evenstride_can_be_deleted(open_page, workspaces, store: Store, tmp_path: Path):
    ann = store.add_client("Ann")
    picture = store.add_posture(ann.id, folders.write_posture(tmp_path / "p"))
    newer = picture.result_json.replace('"shoulder_tilt"', '"ear_wiggle"')
    assert newer != picture.result_json
    kept = store.put_posture(ann.id, newer, b"picture", taken_at=picture.taken_at)
    app = open_page("clients", {f"part-{ann.id}": "Posture"}, client=ann.id)
    assert "can't be read" in texts(app) and app.checkbox(key=f"sure-{kept.id}")


def test_what_fails_half_way_leaves_nothing(tmp_path: Path):
    def fails(folder: Path) -> None:
        (folder / "posture.json").write_text("half")
        raise StoreError("It can't be read.", "Try again.")

    with pytest.raises(StoreError):
        clients.whole(tmp_path / "one", fails)
    assert not list(tmp_path.iterdir())
    assert clients.whole(tmp_path / "one", lambda folder: (folder / "a").touch()) == tmp_path / "one"
    assert [path.name for path in tmp_path.rglob("*")] == ["one", "a"]
