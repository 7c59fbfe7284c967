"""What the live view needs: fetched, checked, and when it can't be had, said in one line."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from evenstride.ui import live_setup
from vision.model import Model


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a repository in which npm fetches made-up files."""
    (tmp_path / "package.json").write_text(json.dumps({"dependencies": {live_setup.PACKAGE: "1.2.3"}}))
    model = tmp_path / "full.task"
    model.write_text("a pose model")

    def npm(command, **_):
        package = tmp_path / "node_modules" / live_setup.PACKAGE
        for name in live_setup.RUNTIME:
            (package / name).parent.mkdir(parents=True, exist_ok=True)
            (package / name).write_text(name)
        (package / "package.json").write_text(json.dumps({"version": "1.2.3"}))

    monkeypatch.setattr(live_setup, "ROOT", tmp_path)
    monkeypatch.setattr(live_setup, "FOLDER", tmp_path / "static/live")
    monkeypatch.setattr(live_setup.shutil, "which", lambda name: "/usr/bin/npm")
    monkeypatch.setattr(subprocess, "run", npm)
    monkeypatch.setattr("vision.model.get_model", lambda name: Model(name, model, "ab"))
    return tmp_path


def test_everything_is_put_where_the_app_serves_it(house, capsys):
    assert "not installed" in live_setup.missing()
    assert live_setup.main() == 0
    assert capsys.readouterr().out.startswith(f"Live view: {live_setup.PACKAGE} 1.2.3")
    assert live_setup.missing() is None
    assert (house / "static/live" / live_setup.MODEL_FILE).read_text() == "a pose model"


def test_another_release_is_noticed_and_replaced(house):
    live_setup.main()
    (house / "static/live" / live_setup.VERSION_FILE).write_text("1.0.0")
    assert "another release (1.0.0 instead of 1.2.3)" in live_setup.missing()
    live_setup.main()
    assert live_setup.missing() is None


def test_a_lost_file_is_noticed(house):
    live_setup.main()
    (house / "static/live/vision_bundle.mjs").unlink()
    assert "1 of 6 files are missing" in live_setup.missing()


def test_without_npm_one_line_says_so_and_the_set_up_goes_on(house, monkeypatch, capsys):
    monkeypatch.setattr(live_setup.shutil, "which", lambda name: None)
    assert live_setup.main() == 0
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "npm was not found" in said
    assert live_setup.missing()


def test_what_npm_says_is_passed_on(house, monkeypatch, capsys):
    def fail(command, **_):
        raise subprocess.CalledProcessError(1, command, stderr="npm error code ENOTFOUND\nnpm error no network\n")

    monkeypatch.setattr(subprocess, "run", fail)
    assert live_setup.main() == 0
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert "no network" in said
