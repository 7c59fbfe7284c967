"""Every page, without a browser: what it says, what it asks, and that an error is one sentence."""

from __future__ import annotations

import io
import os
import time

import fabricate
import pytest
import streamlit as st

from evenstride import words
from evenstride.pipeline import AnalyzeOptions
from evenstride.ui import film, frame, pages, samples, settings
from evenstride.ui.jobs import Job


def texts(app) -> str:
    """Return all that a page says, pieces of HTML included."""
    kinds = ("title", "header", "subheader", "markdown", "caption", "error", "info", "success", "warning")
    said = [one.value for kind in kinds for one in getattr(app, kind)]
    return "\n".join(said + [one.proto.body for one in app.get("html")])


def finished(workspaces, folder) -> Job:
    """Give a new visitor a job whose result lies in `folder`."""
    mine = workspaces.enter(None)
    job = object.__new__(Job)
    job.film, job.folder, job.state = mine.folder / "1" / "walk.mp4", folder, "done"
    job.options, job.failure, job.people, job.id = AnalyzeOptions(), None, (), "1"
    mine.jobs.append(job)
    return mine.key


@pytest.mark.parametrize("name", [entry.name for entry in pages.PAGES if pages.exists(entry.name)])
def test_every_page_opens(open_page, name):
    app = open_page(name)
    assert not app.exception
    assert app.title, "a page has a title"
    assert words.NOT_A_DEVICE in texts(app)
    assert all(sign.text in texts(app) for sign in words.HELP_SIGNS), "red flags are one click away"
    assert "Something went wrong" not in texts(app)


def test_start_offers_the_ways_in(open_page):
    app = open_page("start")
    assert {"Record or upload", "Try a sample"} <= {button.label for button in app.button}
    assert "deleted when you close this page" in texts(app)


def test_a_fault_of_a_page_is_one_sentence(open_page, monkeypatch):
    def broken():
        raise RuntimeError("secret details")

    monkeypatch.setattr(film, "form", lambda job: broken())
    app = open_page("film")
    assert not app.exception and "secret" not in texts(app)
    assert "Something went wrong on this page" in app.error[0].value


def upload(app, name: str):
    app.file_uploader[0].upload(name, b"film", "video/mp4")
    return app.run()


def settle(app, job_of, seconds: float = 180):
    end = time.monotonic() + seconds
    while job_of().state in ("waiting", "running"):
        assert time.monotonic() < end
        time.sleep(0.05)
    return app.run()


def job_of(app, workspaces):
    return workspaces.enter(app.session_state["workspace"]).job


def test_an_upload_starts_a_job_with_what_was_said(open_page, workspaces, monkeypatch):
    monkeypatch.setenv(settings.MODEL_VARIABLE, "full")
    app = open_page("film")
    app.number_input(key="film-height_cm").set_value(172.0)
    app.number_input(key="film-belt_km_h").set_value(3.6)
    app.checkbox(key="film-mirrored").check()
    app.run()
    upload(app, "waits.mp4")
    job = job_of(app, workspaces)
    assert app.title[0].value == "Your film is being looked at"
    assert job.film.read_bytes() == b"film"
    said = job.options
    assert (said.height_cm, said.treadmill_speed_m_s, said.mirrored, said.model) == (172, 1.0, True, "full")
    app.button(key="cancel").click().run()
    settle(app, lambda: job)
    assert "Cancelled" in texts(app) and not job.film.exists()


def test_a_film_that_cannot_be_used_is_told(open_page, workspaces):
    app = upload(open_page("film"), "fails.mp4")
    settle(app, lambda: job_of(app, workspaces))
    assert app.error[0].value == "Nobody was found in fails.mp4.  \nFilm one person whole."
    assert app.file_uploader, "another film can be chosen at once"


@pytest.mark.parametrize("name", ["fails", "dies", "waits"])
def test_a_film_somebody_asked_to_keep_stays_whatever_happens(open_page, workspaces, monkeypatch, tmp_path, name):
    monkeypatch.setenv(settings.DATA_VARIABLE, str(tmp_path / "data"))
    app = open_page("film")
    app.checkbox(key="keep").check()
    app.run()
    upload(app, f"{name}.mp4")
    if name == "waits":
        app.button(key="cancel").click().run()
    settle(app, lambda: job_of(app, workspaces))
    job = job_of(app, workspaces)
    assert job.state != "done"
    (film,) = (tmp_path / "data").rglob("*.mp4")
    assert film.read_bytes() == b"film"
    assert f"The film is kept in {frame.plain(str(film.parent))}" in texts(app)
    assert "was deleted" not in texts(app)


def test_somebody_is_chosen(open_page, workspaces, monkeypatch):
    shown = []
    monkeypatch.setattr(st, "image", lambda picture, alt: shown.append(alt))
    app = upload(open_page("film"), "several.mp4")
    settle(app, lambda: job_of(app, workspaces))
    assert app.title[0].value == "Who is it about?" and len(shown) == 2
    assert "Person 1: legs swing" in shown[0] and "Person 2: legs swing" in shown[1]
    app.button(key="person-2").click().run()
    job = job_of(app, workspaces)
    job.join(180)
    assert job.state == "done" and job.options.person == 2


def test_a_running_job_is_told_on_other_pages(open_page, workspaces):
    mine = workspaces.enter(None)
    mine.jobs.append(workspaces.runner.start(mine.save("waits.mp4", io.BytesIO(b"film")), AnalyzeOptions()))
    app = open_page("start", {"workspace": mine.key})
    assert "Your film:" in texts(app)
    mine.job.cancel()


def test_samples_are_offered(open_page):
    app = open_page("film", way="sample")
    labels = {button.label for button in app.button}
    assert {sample.title for sample in samples.available()} <= labels
    assert samples.available()


@pytest.mark.parametrize("kind", list(fabricate.ALL))
def test_every_kind_of_result_can_be_shown(open_page, workspaces, make_result, kind):
    folder = make_result(kind)
    app = open_page("result", {"workspace": finished(workspaces, folder)})
    assert not app.exception and not app.error
    from evenstride.results import read_result

    result = read_result(folder)
    verdict = words.favoring_verdict(result)
    assert app.title[0].value == verdict.headline
    said = texts(app)
    assert "Not a medical device" in said
    for name, measure in result.measures.items():
        title = words.measure_words(name).title
        assert (title in said) or measure.status == "ok" or (words.measure_words(name).short_title in said), name


@pytest.mark.parametrize("live_is_newer", [True, False])
def test_the_newer_of_a_film_and_a_live_walk_is_shown_first(open_page, workspaces, make_result, live_is_newer):
    key = finished(workspaces, make_result("none"))
    mine = workspaces.enter(key)
    mine.live_walk = make_result("clear_right", name="Live walk of today")
    (job,) = mine.jobs
    older, newer = (job.folder, mine.live_walk) if live_is_newer else (mine.live_walk, job.folder)
    os.utime(older / "result.json", (1, 1))
    app = open_page("result", {"workspace": key})
    assert not app.exception
    assert ("Live walk of today" in texts(app)) is live_is_newer
    assert app.button_group[0].options[0] == ("Live walk" if live_is_newer else "Film")
    app.button_group[0].set_value(1).run()
    assert ("Live walk of today" in texts(app)) is not live_is_newer, "the one before is one click away"


def test_a_film_that_was_not_seen_yet_comes_before_a_newer_live_walk(open_page, workspaces, make_result):
    key = finished(workspaces, make_result("none"))
    mine = workspaces.enter(key)
    mine.live_walk, mine.unseen = make_result("clear_right", name="Live walk of today"), True
    os.utime(mine.job.folder / "result.json", (1, 1))
    app = open_page("result", {"workspace": key})
    assert "Live walk of today" not in texts(app)
    assert not mine.unseen, "so that the film page has its form again"
    assert "Live walk of today" not in texts(app.run())


def test_a_live_walk_can_be_kept(open_page, workspaces, make_result, monkeypatch, tmp_path):
    monkeypatch.setenv(settings.DATA_VARIABLE, str(tmp_path / "data"))
    mine = workspaces.enter(None)
    mine.live_walk = make_result("clear_right", name="Live walk of today")
    for name in ("result", "live"):
        app = open_page(name, {"workspace": mine.key})
        assert "Live walk of today" in texts(app)
    app.button(key="keep-result").click().run()
    (kept,) = (tmp_path / "data").rglob("result.json")
    assert kept.read_text() == (mine.live_walk / "result.json").read_text()
    assert frame.plain(str(kept.parents[1])) in app.success[0].value
    app.run()
    assert app.success and not [button for button in app.button if button.key == "keep-result"], "one copy is enough"
    assert len(list((tmp_path / "data").rglob("result.json"))) == 1


def test_what_a_file_is_called_stays_text(open_page, workspaces, make_result):
    folder = make_result("none", name="<img src=x onerror=alert(1)>.mp4")
    app = open_page("result", {"workspace": finished(workspaces, folder)})
    assert "<img" not in texts(app) and "&lt;img" in texts(app)


def test_a_damaged_result_is_one_sentence(open_page, workspaces, make_result):
    folder = make_result("none")
    (folder / "result.json").write_text("{")
    app = open_page("result", {"workspace": finished(workspaces, folder)})
    assert not app.exception and "not valid JSON" in app.error[0].value


def test_a_result_without_its_curves_is_one_sentence(open_page, workspaces, make_result):
    folder = make_result("none")
    (folder / "frames.csv").unlink()
    app = open_page("result", {"workspace": finished(workspaces, folder)})
    assert not app.exception and "frames" in app.error[0].value


def test_nobody_sees_the_result_of_another(open_page, workspaces, make_result):
    finished(workspaces, make_result("clear_right"))
    assert open_page("result").title[0].value == "No result yet"


def test_markdown_in_messages_is_shown_as_it_is():
    assert frame.plain("my_walk*[1].mp4") == "my\\_walk\\*\\[1\\].mp4"
    assert frame.plain("**bold** <b>") == "\\*\\*bold\\*\\* \\<b\\>"


def test_settings_come_from_outside(monkeypatch, tmp_path):
    monkeypatch.setenv(settings.DATA_VARIABLE, str(tmp_path))
    monkeypatch.setenv(settings.LEFT_VARIABLE, "5")
    assert settings.data_folder() == tmp_path and settings.left_after_s() == 5
    monkeypatch.delenv(settings.MODEL_VARIABLE, raising=False)
    assert settings.default_model() == "heavy"


def test_the_server_tells_nobody_and_listens_here_only():
    import tomllib

    with (samples.FOLDER.parent / ".streamlit/config.toml").open("rb") as file:
        config = tomllib.load(file)
    assert config["browser"]["gatherUsageStats"] is False
    assert config["server"]["address"] == "localhost"
    assert config["client"]["showErrorDetails"] == "none"
