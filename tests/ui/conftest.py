"""Pages without a browser: each opens in Streamlit's own test runner, with a made-up result."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import toy_work

from evenstride import results
from evenstride.pipeline import AnalyzeOptions, make_provenance
from evenstride.ui import pages, session
from evenstride.ui.jobs import Runner
from evenstride.ui.workspace import Workspaces

sys.path.append(str(Path(__file__).parents[1] / "evenstride"))
import fabricate

ROOT = Path(__file__).parents[2]


def write_result(assessment, folder: Path, name: str = "walk.mp4") -> Path:
    """Write the files of a result, all but pictures and film, as an analysis would."""
    folder.mkdir(parents=True, exist_ok=True)
    info = replace(fabricate.Info(), name=name)
    provenance = make_provenance(AnalyzeOptions(), assessment.config)
    result = results.to_result(assessment, info, fabricate.model(), fabricate.people(), provenance)
    results.write_result(result, assessment, folder)
    return folder


@pytest.fixture(autouse=True)
def _own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every test begin without clients and kept films."""
    monkeypatch.setenv("EVENSTRIDE_DATA", str(tmp_path / "kept"))


@pytest.fixture(autouse=True)
def _same_main() -> Iterator[None]:
    """Put back the main module, which Streamlit's test runner replaces: processes that are spawned later import it."""
    main = sys.modules["__main__"]
    yield
    sys.modules["__main__"] = main


@pytest.fixture
def make_result(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes a made-up result: ``make_result("clear_right")``."""

    def make(kind: str, name: str = "walk.mp4") -> Path:
        return write_result(fabricate.ALL[kind](), tmp_path / kind, name)

    return make


@pytest.fixture
def workspaces(monkeypatch: pytest.MonkeyPatch) -> Iterator[Workspaces]:
    """Give pages a runner whose work is made up."""
    made_up = Workspaces(Runner(2, toy_work.by_name), left_after_s=60)
    monkeypatch.setattr(session, "_workspaces", lambda: made_up)
    yield made_up
    made_up.close()


@pytest.fixture
def open_page(monkeypatch: pytest.MonkeyPatch, workspaces: Workspaces) -> Callable:
    """Return a function that opens a page of the app in the test runner."""
    from streamlit.testing.v1 import AppTest

    def open_it(name: str, state: dict | None = None, **query: str):
        # The runner opens the default page only.
        entries = [replace(entry, default=entry.name == name) for entry in pages.PAGES]
        monkeypatch.setattr(pages, "PAGES", tuple(entries))
        app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=180)
        for key, value in (state or {}).items():
            app.session_state[key] = value
        for key, value in query.items():
            app.query_params[key] = value
        return app.run()

    return open_it
