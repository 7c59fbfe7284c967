"""The rules of the live view, written in JavaScript, tested by node; and the modules as a component takes them."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from evenstride.ui import components

HERE = Path(__file__).parent
MODULES = sorted(path.stem for path in Path(components.__file__).parent.glob("*.mjs"))


@pytest.fixture(scope="module")
def node() -> str:
    found = shutil.which("node")
    if found is None:
        pytest.skip("node is missing: on Debian, sudo apt-get install nodejs")
    return found


def test_rules(node):
    done = subprocess.run([node, "--test", HERE / "live.test.mjs"], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout
    assert int(re.search(r"^# pass (\d+)", done.stdout, flags=re.M)[1]) > 10


@pytest.mark.parametrize("name", MODULES)
def test_each_module_with_all_it_imports_is_javascript(node, name, tmp_path):
    path = tmp_path / "whole.mjs"
    path.write_text(components.script(name), encoding="utf-8")
    done = subprocess.run([node, "--check", path], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", ["live", "record"])
def test_nothing_is_left_that_a_browser_would_have_to_fetch(name):
    script = components.script(name)
    assert not re.search(r'from "\./', script)
    assert "https://" not in script + components.markup(name) + components.style("studio")


def test_the_numbers_are_those_of_the_analysis():
    from analysis.config import Config

    script = components.script("geometry")
    assert f"SHOULDER_WIDTH = {Config().view.shoulder_width};" in script
    assert f"SIDE_MAX_YAW_DEG = {Config().view.side_max_yaw_deg:g};" in script
