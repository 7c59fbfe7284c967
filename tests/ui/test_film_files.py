"""The annotated film to take along: once more with faces the other way, and why not where there is no film."""

from __future__ import annotations

import json

import pytest
import toy_work
from test_pages import finished, settle, texts

from evenstride.ui import film_files
from evenstride.ui.jobs import RESULT_FOLDER, Runner


@pytest.fixture
def shown(open_page, workspaces, make_result, monkeypatch):
    """Return a function that opens the result page: the app, its workspace, and the job."""
    runner = Runner(1, toy_work.draw_film)
    monkeypatch.setattr(film_files, "_runner", lambda: runner)

    def open_it(beside: str | None = None, **options):
        key = finished(workspaces, make_result("none"))
        mine = workspaces.enter(key)
        (job,) = mine.jobs
        job.film.parent.mkdir()
        job.film.write_bytes(b"film")
        job.folder = job.folder.rename(job.film.parent / RESULT_FOLDER)
        (job.folder / "annotated.mp4").write_bytes(b"first")
        if beside:
            (job.film.parent / beside).touch()
        job.options = job.options.model_copy(update=options)
        return open_page("result", {"workspace": key}), mine, job

    yield open_it
    runner.close()


def labels(app) -> list[str]:
    return [one.proto.label for one in app.get("download_button")]


@pytest.mark.parametrize(("blurred", "first", "other"), [(False, "shown", "blurred"), (True, "blurred", "shown")])
def test_one_click_makes_the_film_with_faces_the_other_way(shown, blurred, first, other):
    app, mine, job = shown(blur_faces=blurred)
    assert f"Annotated film, faces {first}" in labels(app)
    assert f"Annotated film, faces {other}" not in labels(app)
    app.button(key="result-film-make").click().run()
    (drawn,) = mine.redrawn.values()
    settle(app, lambda: drawn)
    assert not app.exception and not app.error
    assert {f"Annotated film, faces {first}", f"Annotated film, faces {other}"} <= set(labels(app))
    assert (drawn.folder / "annotated.mp4").read_text() == f"blurred: {not blurred}"
    assert (job.folder / "annotated.mp4").read_bytes() == b"first"
    assert ("keep their faces" in texts(app)) is not blurred


def test_when_it_fails_nothing_is_lost_and_it_can_be_tried_again(shown):
    app, mine, job = shown(beside="broken")
    app.button(key="result-film-make").click().run()
    (drawn,) = mine.redrawn.values()
    settle(app, lambda: drawn)
    assert app.error[0].value.startswith("Nobody was found")
    assert job.film.exists() and (job.folder / "annotated.mp4").exists()
    assert app.button(key="result-film-make")


def test_it_can_be_cancelled(shown):
    app, mine, job = shown(beside="slow")
    app.button(key="result-film-make").click().run()
    (drawn,) = mine.redrawn.values()
    app.button(key="result-film-cancel").click().run()
    settle(app, lambda: drawn)
    assert drawn.state == "cancelled" and not drawn.folder.exists()
    assert job.film.exists() and app.button(key="result-film-make") and not app.error


def test_who_leaves_leaves_no_drawing_behind(shown):
    app, mine, _ = shown(beside="slow")
    app.button(key="result-film-make").click().run()
    (drawn,) = mine.redrawn.values()
    mine.jobs.clear()  # made up, with no process of its own
    mine.close()
    assert drawn.over and not mine.folder.exists()


def test_a_result_without_its_film_says_why_not(open_page, workspaces, make_result):
    app = open_page("result", {"workspace": finished(workspaces, make_result("none"))})
    assert film_files.NO_FILM in texts(app)
    assert not any("film" in label for label in labels(app))


def test_a_stored_result_says_what_is_missing(make_result, workspaces, monkeypatch):
    from streamlit.testing.v1 import AppTest

    folder = make_result("none")
    (folder / "annotated.mp4").write_bytes(b"first")

    def page(folder):
        from evenstride.ui import film_files

        film_files.offer(folder, "stored")

    app = AppTest.from_function(page, args=(folder,)).run(timeout=180)
    assert labels(app) == ["Annotated film"]
    assert film_files.NO_MORE in texts(app)


@pytest.mark.parametrize("blurred", [False, True])
def test_a_stored_film_says_whether_faces_were_blurred(open_page, workspaces, make_result, blurred):
    mine = workspaces.enter(None)
    mine.live_walk = make_result("none")
    (mine.live_walk / "annotated.mp4").write_bytes(b"film")
    path = mine.live_walk / "result.json"
    result = json.loads(path.read_text())
    result["provenance"]["config"]["options"]["blur_faces"] = blurred
    path.write_text(json.dumps(result))
    app = open_page("result", {"workspace": mine.key})
    assert ("Annotated film, faces blurred" in labels(app)) is blurred
    assert ((film_files.MAY_MISS in texts(app)), (film_files.NO_MORE in texts(app))) == (blurred, not blurred)
