"""The tables over a batch: what comes through, what people in both directions get, and that names can do no harm."""

from __future__ import annotations

import base64
import os
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from io import StringIO
from pathlib import Path

import pandas as pd
import pytest
from batch_fakes import MODEL, fake_analyze, film

from evenstride import pipeline
from evenstride.batch import page
from evenstride.batch.plan import make_plan
from evenstride.batch.run import run_plan
from evenstride.batch.tables import HEAD, NOT_MEASURED, TAIL, read_strides, write_tables
from evenstride.pipeline import AnalyzeOptions

MANIFEST = """file,subject,condition,status,note
right.mp4,P1,none,mine,"a, b"
left.mp4,P1,none,,
brace.mp4,P1,brace,,<script>alert(1)</script>
nobody.mp4,P2,,,
"""


@pytest.fixture(scope="module")
def batch(tmp_path_factory) -> Path:
    """Return the folder of a finished batch."""
    tmp = tmp_path_factory.mktemp("tables")
    film(tmp / "in/right.mp4", kind="rightward")
    film(tmp / "in/left.mp4", kind="leftward")
    film(tmp / "in/brace.mp4", kind="frontal")
    film(tmp / "in/nobody.mp4", "nobody")
    film(tmp / "in/<img src=x onerror=alert(1)>.mp4", kind="none")
    (tmp / "m.csv").write_text(MANIFEST)
    plan = make_plan([str(tmp / "in")], AnalyzeOptions(), manifest=str(tmp / "m.csv"))
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as executor:
        patch.setattr(pipeline, "analyze_video", fake_analyze)
        outcome = run_plan(plan, str(tmp / "out"), model_sha256=MODEL, executor=executor)
    write_tables(plan, outcome.marks, str(tmp / "out"))
    return tmp / "out"


@pytest.fixture(scope="module")
def summary(batch: Path) -> pd.DataFrame:
    return pd.read_parquet(batch / "summary.parquet").set_index("file")


ODD = os.fsdecode(b"bad\xff.mp4")
REFUSED = {"cell.mp4": "manifest", "gone.mp4": "missing", "link.mp4": "missing", "pipe.mp4": "not_a_file"}


@pytest.fixture(scope="module")
def troubled(tmp_path_factory) -> Path:
    """Return the folder of a finished batch in which much is wrong, and what was told on the way."""
    tmp = tmp_path_factory.mktemp("troubled")
    film(tmp / "in/good.mp4", kind="rightward")
    film(tmp / "in/cell.mp4")
    film(tmp / "in/a/twin.mp4", kind="rightward")
    film(tmp / "in/b/twin.mp4", "nobody")
    (tmp / "in" / ODD).write_text("no film")
    (tmp / "in/link.mp4").symlink_to("nowhere")
    os.mkfifo(tmp / "in/pipe.mp4")
    lines = "cell.mp4,P1,tall\ngood.mp4,P1,\ngood.mp4,P1,\ngone.mp4,P2,\nlink.mp4,P2,\npipe.mp4,P3,\n"
    (tmp / "m.csv").write_text(f"file,subject,height_cm\n{lines}")
    plan = make_plan([str(tmp / "in")], AnalyzeOptions(), manifest=str(tmp / "m.csv"))
    told = []
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as executor:
        patch.setattr(pipeline, "analyze_video", fake_analyze)
        outcome = run_plan(plan, str(tmp / "out"), model_sha256=MODEL, executor=executor, tell=told.append)
    write_tables(plan, outcome.marks, str(tmp / "out"))
    last = told[-1].progress
    assert (last.total, last.measured, last.failed, last.left) == (8, 2, 6, 0)
    return tmp / "out"


def test_videos_that_cannot_even_be_tried_have_rows_as_failed_ones(troubled: Path):
    summary = pd.read_csv(troubled / "summary.csv").set_index("file")
    assert list(summary.index) == sorted(summary.index) and len(summary) == 8
    for name, code in REFUSED.items():
        assert (summary.loc[name, "status"], summary.loc[name, "error"]) == ("failed", code)
    assert summary.loc["gone.mp4", "subject"] == "P2" and summary.loc["cell.mp4", "height_cm"] == "tall"
    assert dict(summary["status"].value_counts()) == {"failed": 6, "measured": 2}


def test_the_page_counts_what_the_summary_counts(troubled: Path):
    text = re.sub(r"<[^>]+>", "", (troubled / "index.html").read_text())
    assert "8 videos" in text and "2 measured" in text and "6 not measured" in text


def test_people_none_of_whose_recordings_were_measured_have_a_row(troubled: Path):
    subjects = pd.read_csv(troubled / "subjects.csv").set_index("subject")
    assert subjects["recordings"].to_dict() == {"P1": 2, "P2": 2, "P3": 1}
    assert subjects["taking_part"].to_dict() == {"P1": 1, "P2": 0, "P3": 0}
    assert set(subjects.loc[["P2", "P3"], "reason"]) == {NOT_MEASURED}
    assert subjects.loc["P1", "reason"] != NOT_MEASURED
    assert subjects.loc["P2", "files"] == "gone.mp4 | link.mp4"


def test_errors_say_the_truth_in_one_spelling(troubled: Path):
    errors = pd.read_csv(troubled / "errors.csv")
    measured = pd.read_csv(troubled / "summary.csv").set_index("file")["status"] == "measured"
    for row in errors.itertuples():
        assert bool(row.measured) == measured[row.file], row
    assert {row.code for row in errors.itertuples() if row.file == "bad\\xff.mp4"} == {"odd_name", "unreadable_video"}
    assert {row.measured for row in errors.itertuples() if row.code == "duplicate_name"} == {0, 1}
    assert not errors["advice"].str.contains("is measured").any()
    assert all("bad\\xff.mp4" in row.message for row in errors.itertuples() if row.file == "bad\\xff.mp4")
    for name, code in REFUSED.items():
        assert list(errors.loc[errors["file"] == name, "code"]) == [code]
    (cell,) = errors.loc[errors["file"] == "cell.mp4", "message"]
    assert "height_cm 'tall' is not possible: it must be a number from 100 to 250." in cell


def test_one_row_a_video_in_both_forms(batch: Path, summary: pd.DataFrame):
    text = pd.read_csv(batch / "summary.csv")
    assert list(text["file"]) == list(summary.index) == sorted(summary.index)
    assert list(text.columns[1:]) == list(summary.columns)
    assert set(text["usable"].dropna()) == {1}
    assert dict(summary["status"].value_counts()) == {"measured": 4, "failed": 1}


def test_what_was_measured_is_there_with_both_sides_and_interval(summary: pd.DataFrame):
    row = summary.loc["right.mp4"]
    assert row["verdict"] == "possible"
    assert row["index_ci_low"] < row["index_ci_high"] <= 100
    for column in ("knee_rom_deg", "knee_rom_left_deg", "knee_rom_right_deg", "knee_rom_ci_low_deg", "knee_rom_n"):
        assert pd.notna(row[column]), column
    assert pd.isna(row["trunk_lateral_left_deg"])
    assert summary.loc["brace.mp4", "quality"] == "frontal_view"
    assert {*HEAD, *TAIL} <= {"file", *summary.columns}


def test_a_failed_video_has_its_code_and_no_figures(batch: Path, summary: pd.DataFrame):
    assert summary.loc["nobody.mp4", "error"] == "no_person"
    assert pd.isna(summary.loc["nobody.mp4", "knee_rom_deg"])
    errors = pd.read_csv(batch / "errors.csv").set_index("file")
    assert errors.loc["nobody.mp4", "measured"] == 0
    assert errors.loc["<img src=x onerror=alert(1)>.mp4", "code"] == "odd_name"


def test_manifest_columns_come_through(summary: pd.DataFrame):
    assert summary.loc["right.mp4", "note"] == "a, b"
    assert summary.loc["right.mp4", "given_status"] == "mine"  # our own column keeps its name
    assert summary.loc["right.mp4", "status"] == "measured"
    assert pd.isna(summary.loc["left.mp4", "note"])
    assert summary.loc["nobody.mp4", "subject"] == "P2"


def test_strides_of_all_videos(batch: Path):
    strides = pd.read_parquet(batch / "strides.parquet")
    assert list(strides.columns[:4]) == ["file", "subject", "pass", "side"]
    valid = strides.groupby("file")["valid"].sum()
    assert (valid["left.mp4"], valid["right.mp4"]) == (20, 20)
    assert set(strides.loc[strides["file"] == "left.mp4", "subject"]) == {"P1"}


@pytest.mark.parametrize(
    "odd",
    [b"pass,side,valid\n3,right,1", b"side,pass,valid\nright,3,1\n", b"pass,side,valid\n3,right,1\n\n\n"],
    ids=["no end of line", "another header", "empty lines"],
)
def test_stride_files_read_together_are_read_as_each_alone(odd: bytes):
    files = {"a": b"pass,side,valid\n0,left,1\n1,,0\n", "none": b"pass,side,valid\n", "odd": odd}
    files["z"] = b"pass,side,valid\n2,left,1\n"
    together = read_strides(files)
    assert set(together) == set(files)
    assert all(together[name].equals(read_strides({name: data})[name]) for name, data in files.items())
    found = {name: (table["pass"].to_pylist(), table["side"].to_pylist()) for name, table in together.items()}
    assert found == {"a": ([0, 1], ["left", None]), "none": ([], []), "odd": ([3], ["right"]), "z": ([2], ["left"])}


def test_both_directions_of_one_person_are_judged_together(batch: Path):
    subjects = pd.read_csv(batch / "subjects.csv", keep_default_na=False)
    assert list(subjects["subject"]) == ["P1", "P1", "P2"]
    row = subjects.set_index("condition").loc["none"]
    assert (row["verdict"], row["side"], row["recordings"], row["taking_part"]) == ("clear", "right", 2, 2)
    assert (row["passes_left"], row["passes_right"], row["timing_only"]) == (1, 1, 0)
    assert row["files"] == "left.mp4 | right.mp4"
    assert subjects.set_index("condition").loc["brace"]["verdict"] == "inconclusive"
    assert list(pd.read_parquet(batch / "subjects.parquet")["files"]) == list(subjects["files"])


class Page(HTMLParser):
    def __init__(self):
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))


def test_the_page_needs_nothing_from_outside_and_names_do_no_harm(batch: Path):
    html = (batch / "index.html").read_text(encoding="utf-8")
    parsed = Page()
    parsed.feed(html)
    assert [tag for tag, _ in parsed.tags].count("script") == 1
    assert not any(name.startswith("on") for _, attributes in parsed.tags for name in attributes)
    links = [a.get("src") or a.get("href") for _, a in parsed.tags if a.get("src") or a.get("href")]
    assert links
    assert all(link.startswith(("data:image/jpeg;base64,", "results/")) for link in links)
    policy = next(a["content"] for t, a in parsed.tags if a.get("http-equiv") == "Content-Security-Policy")
    for tag in ("script", "style"):
        inside = re.search(rf"<{tag}>(.*?)</{tag}>", html, re.S)[1]
        assert f"{tag}-src 'sha256-{base64.b64encode(sha256(inside.encode()).digest()).decode()}'" in policy
    assert "&lt;img src=x onerror=alert(1)&gt;.mp4" in html
    assert [a["aria-sort"] for t, a in parsed.tags if "aria-sort" in a]
    assert all((batch / link).is_file() for link in links if link.startswith("results/"))


def test_pictures_stop_where_the_page_would_grow_too_large(monkeypatch):
    row = page.Row("a", "", "measured", "", "", "", None, "", (), "", "", "x" * 400, {})
    monkeypatch.setattr(page, "PICTURE_BYTES", 1000)
    kept, without = page._pictures([row, row, row, replace(row, picture="")])
    assert ([len(one) for one in kept], without) == ([400, 400, 0, 0], 1)


def test_a_batch_of_nothing_has_tables_too(tmp_path: Path):
    (tmp_path / "in").mkdir()
    plan = make_plan([str(tmp_path / "in")], AnalyzeOptions())
    files = write_tables(plan, {}, str(tmp_path / "out"))
    assert set(files) == {p.name for p in (tmp_path / "out").iterdir()}
    head = pd.read_csv(StringIO((tmp_path / "out/summary.csv").read_text()))
    assert list(head.columns) == [*HEAD, *TAIL]


def test_distributions_show_every_value():
    values = [1.0, 2.0, 2.0, 3.0, 10.0]
    rows = [page.Row("a", "", "measured", "", "", "", None, "", (), "", "", "", {"m": value}) for value in values]
    spread = page._spread(rows, "m", "M", 0)
    assert sum(bar.count for bar in spread.bars) == spread.n == 5
    assert (spread.low, spread.median, spread.high) == ("1", "2", "10")
    same = [replace(rows[0], numbers={"m": 4.0})] * 5
    assert sum(bar.count for bar in page._spread(same, "m", "M", 0).bars) == 5
    assert page._spread(rows[:4], "m", "M", 0) is None


def test_columns_that_are_empty_throughout_are_left_out(tmp_path: Path):
    def headings(page_of: Path) -> list[str]:
        table = page_of.read_text(encoding="utf-8").split('id="all"')[1].split("</thead>")[0]
        return re.findall(r"<button[^>]*>(.*?)</button>", table)

    for name, do in (("a", "nobody"), ("b", "ok")):
        film(tmp_path / name / "walk.mp4", do, **({"kind": "rightward"} if do == "ok" else {}))
        plan = make_plan([str(tmp_path / name)], AnalyzeOptions())
        with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(1) as executor:
            patch.setattr(pipeline, "analyze_video", fake_analyze)
            outcome = run_plan(plan, str(tmp_path / name / "out"), model_sha256=MODEL, executor=executor)
        write_tables(plan, outcome.marks, str(tmp_path / name / "out"))
    assert headings(tmp_path / "a/out/index.html") == ["Video", "Status"]
    filled = headings(tmp_path / "b/out/index.html")
    assert filled[:5] == ["Video", "Status", "Verdict", "Side", "Index"] and "Person" not in filled
    html = (tmp_path / "b/out/index.html").read_text(encoding="utf-8").split('id="all"')[1]
    cells = re.findall(r"<t[dh]", html.split("<tbody>")[1].split("</tr>")[0])
    assert len(cells) == len(re.findall(r"<th\b", html.split("</thead>")[0]))
