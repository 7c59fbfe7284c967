"""`analysis` and `vision` are names that other packages use too: what gets imported must be this repository's."""

import importlib
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.mark.parametrize("name", ["analysis", "vision", "evenstride"])
def test_the_imported_package_is_ours(name):
    assert Path(importlib.import_module(name).__file__).resolve() == REPOSITORY / name / "__init__.py"


@pytest.mark.parametrize("name", ["analysis", "vision", "evenstride"])
def test_the_installed_package_is_ours_wherever_one_stands(name, tmp_path):
    code = f"import {name}; print({name}.__file__)"
    found = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert Path(found.stdout.strip()).resolve() == REPOSITORY / name / "__init__.py"
