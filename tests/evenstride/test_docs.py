"""docs/results.md and docs/result.schema.json say what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import fabricate
import pytest

from analysis.assess import assess
from analysis.strides import STRIDE_COLUMNS
from evenstride import results, words
from evenstride.cli import Exit
from evenstride.pipeline import ALL_NAMES

DOCS = Path(__file__).parents[2] / "docs"


def table(heading: str) -> list[str]:
    """Return the names in the first column of the first table under a heading."""
    text = (DOCS / "results.md").read_text(encoding="utf-8")
    section = re.split(rf"^#+ {re.escape(heading)}$", text, flags=re.M)[1]
    section = re.split(r"^#+ ", section, flags=re.M)[0]
    rows = [line for line in section.splitlines() if line.startswith("|")]
    first_table = rows[2:]
    return [name for row in first_table for name in re.findall(r"[\w.]+", row.split("|")[1])]


@pytest.fixture(scope="module")
def assessed():
    """The real assess on a track without any walking: every measure and column is there, whatever its value."""
    return assess(fabricate.track())


def test_schema_file_is_that_of_the_code():
    assert json.loads((DOCS / "result.schema.json").read_text()) == results.json_schema(), (
        "run: python -m evenstride.results > docs/result.schema.json"
    )


def test_fields_of_result_json():
    assert table("result.json") == list(results.Result.model_fields)


def test_measure_ids(assessed):
    assert set(table("measures")) == set(assessed.measures)


def test_measures_have_words_and_words_have_measures(assessed):
    assert set(words.MEASURES) == set(assessed.measures)
    assert all(w.meaning and w.group in words.GROUPS for w in words.MEASURES.values())


def test_units(assessed):
    assert {m.unit for m in assessed.measures.values()} <= set(table("Units"))
    assert set(table("Units")) <= set(words.UNITS)


def test_columns_of_frames(assessed):
    assert table("frames.csv") == list(assessed.frames.columns)


def test_columns_of_strides(assessed):
    assert table("strides.csv") == list(STRIDE_COLUMNS) == list(assessed.strides.columns)


def test_issue_codes():
    source = (DOCS.parent / "analysis/quality.py").read_text(encoding="utf-8")
    assert set(table("Issues")) == set(re.findall(r'Issue\(\s*"(\w+)"', source))


def test_notes_on_the_film():
    """Every code that a film can have is documented, and what people are told is among them."""
    source = (DOCS.parent / "vision/video.py").read_text(encoding="utf-8")
    codes = {code for code in table("video.notes") if f'"{code}"' in source}
    assert codes == set(table("video.notes"))
    (listed,) = re.findall(r"notes : tuple of str\n(.*?)\n    pts :", source, flags=re.S)
    assert codes == set(re.findall(r"``\"(\w+)\"``", listed))
    assert set(words.FILM_NOTES) < codes


def test_components():
    assert table("favoring") == list(words.COMPONENTS)


def test_files_and_exit_codes():
    assert set(table("What an analysis writes")) == set(ALL_NAMES)
    assert [int(code) for code in table("Exit codes")] == list(Exit)
