"""The live page without its assets: it says what is missing, and the other ways are open."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from evenstride.ui import live_setup


def test_without_the_assets_the_page_says_how_to_get_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(live_setup, "FOLDER", tmp_path)

    def page():
        from evenstride.ui import live

        live.page()

    at = AppTest.from_function(page).run(timeout=180)
    assert not at.exception
    said = at.warning[0].value
    assert "not installed" in said
    assert "make setup" in said
    assert "npm" in said
    assert "other ways work" in " ".join(text.value for text in at.markdown)
