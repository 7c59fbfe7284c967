"""What a batch finds: folders, lists, manifests, other file systems, and everything odd that lies in them."""

from __future__ import annotations

import os
from pathlib import Path

import fsspec
import pytest
from batch_fakes import film

from evenstride.batch.plan import BatchError, item_id, make_plan, shown
from evenstride.pipeline import AnalyzeOptions

OPTIONS = AnalyzeOptions()


def files(plan) -> list[str]:
    return [item.file for item in plan.items]


def codes(plan) -> dict[str, str]:
    return {remark.file: remark.code for remark in plan.remarks}


def test_folders_are_searched_deep_for_videos(tmp_path: Path):
    for name in ("b.mp4", "a/c.MOV", "a/deep/d.webm", "notes.txt", "a/b.truth.json", ".hidden.mp4", ".git/x.mp4"):
        film(tmp_path / name)
    plan = make_plan([str(tmp_path)], OPTIONS)
    assert files(plan) == ["a/c.MOV", "a/deep/d.webm", "b.mp4"]
    assert plan.left_alone == {".json": 1, ".mp4": 1, ".txt": 1}
    assert plan.remarks == ()
    assert all(item.size > 0 and item.options.workers == 1 for item in plan.items)


def test_patterns(tmp_path: Path):
    for name in ("keep.mp4", "pilot/one.mp4", "other.dat"):
        film(tmp_path / name)
    assert files(make_plan([str(tmp_path)], OPTIONS, exclude=["pilot/*"])) == ["keep.mp4"]
    assert files(make_plan([str(tmp_path)], OPTIONS, include=["*.DAT"])) == ["other.dat"]


def test_results_are_never_searched(tmp_path: Path):
    film(tmp_path / "walk.mp4")
    film(tmp_path / "out/results/walk/annotated.mp4")
    film(tmp_path / "earlier/annotated.mp4")
    film(tmp_path / "earlier/result.json")
    assert files(make_plan([str(tmp_path)], OPTIONS, out=str(tmp_path / "out"))) == ["walk.mp4"]


def test_links_that_lead_round_end(tmp_path: Path):
    film(tmp_path / "walk.mp4")
    (tmp_path / "round").symlink_to(".")
    (tmp_path / "self.mp4").symlink_to("self.mp4")
    (tmp_path / "gone.mp4").symlink_to("nowhere.mp4")
    os.mkfifo(tmp_path / "pipe.mp4")
    plan = make_plan([str(tmp_path)], OPTIONS)
    assert files(plan) == ["walk.mp4"]
    assert codes(plan) == {
        "round": "symlink_loop",
        "self.mp4": "symlink_loop",
        "gone.mp4": "missing",
        "pipe.mp4": "not_a_file",
    }


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_that_may_not_be_read(tmp_path: Path):
    (tmp_path / "secret").mkdir(mode=0)
    assert list(codes(make_plan([str(tmp_path)], OPTIONS)).values()) == ["unreadable_folder"]


def test_odd_names_become_items_that_can_be_printed(tmp_path: Path):
    odd = (b"line\nbreak.mp4", b"latin-\xe9.mp4", "ümläut #1?.mp4".encode(), b" -rf.mp4")
    for name in odd:
        Path(os.fsdecode(bytes(tmp_path) + b"/" + name)).write_text("{}")
    plan = make_plan([str(tmp_path)], OPTIONS)
    assert len(plan.items) == 4
    assert all(item.file.isprintable() for item in plan.items)
    assert all(item.id.isascii() and "/" not in item.id for item in plan.items)
    assert {r.code for r in plan.remarks} == {"odd_name"}
    assert all(r.measured for r in plan.remarks)
    assert len(plan.remarks) == 3  # " -rf.mp4" is odd to nobody


def test_ids_depend_on_the_file_alone_and_differ():
    assert item_id("a/walk.mp4") == item_id("a/walk.mp4") != item_id("b/walk.mp4")
    assert item_id("a/walk.mp4") != item_id("a/walk.mov")
    assert len({item_id("é.mp4"), item_id("è.mp4"), item_id("\udce9.mp4")}) == 3


def test_same_names_are_kept_apart_and_said(tmp_path: Path):
    film(tmp_path / "a/walk.mp4")
    film(tmp_path / "b/Walk.mp4")
    plan = make_plan([str(tmp_path)], OPTIONS)
    assert len({item.id for item in plan.items}) == 2
    assert set(codes(plan).values()) == {"duplicate_name"}


def test_manifest_columns_come_through_and_set_options(tmp_path: Path):
    film(tmp_path / "a.mp4")
    film(tmp_path / "b.mp4")
    film(tmp_path / "unlisted.mp4")
    manifest = tmp_path / "list.csv"
    manifest.write_text(
        "\ufefffile;subject;height_cm;mirrored;condition\na.mp4;P1;172;yes;brace\nb.mp4;P1;;;\nc.mp4;P2;;;\na.mp4;P9;;;\n"
    )
    plan = make_plan([str(tmp_path)], AnalyzeOptions(height_cm=180), manifest=str(manifest))
    a, b, unlisted = plan.items
    assert plan.columns == ("subject", "height_cm", "mirrored", "condition")
    assert (a.options.height_cm, a.options.mirrored, a.given["condition"]) == (172, True, "brace")
    assert (b.options.height_cm, b.options.mirrored, b.given["subject"]) == (180, False, "P1")
    assert unlisted.given == {}
    assert codes(plan) == {"c.mp4": "missing", "a.mp4": "duplicate"}


def test_a_manifest_alone_is_a_list(tmp_path: Path):
    film(tmp_path / "clips/a.mp4")
    film(tmp_path / "clips/other.mp4")
    (tmp_path / "list.csv").write_text(f"subject,file\nP1,clips/a.mp4\nP2,{tmp_path}/clips/a.mp4\n")
    plan = make_plan([str(tmp_path / "list.csv")], OPTIONS)
    assert files(plan) == ["clips/a.mp4"]
    assert list(codes(plan).values()) == ["duplicate"]


def test_a_bad_line_of_a_manifest_is_one_remark(tmp_path: Path):
    film(tmp_path / "a.mp4")
    (tmp_path / "list.csv").write_text("file,height_cm\na.mp4,17\n")
    plan = make_plan([str(tmp_path / "list.csv")], OPTIONS)
    assert not plan.items
    assert codes(plan) == {"a.mp4": "manifest"}
    assert "height_cm '17'" in plan.remarks[0].message


@pytest.mark.parametrize("again", ["a.mp4", "./a.mp4"])
@pytest.mark.parametrize("folder", [True, False])
def test_the_first_line_of_a_manifest_counts_even_when_it_is_bad(tmp_path: Path, again: str, folder: bool):
    film(tmp_path / "a.mp4")
    manifest = tmp_path / "list.csv"
    manifest.write_text(f"file,height_cm\na.mp4,9999\n{again},170\n{again},171\n")
    plan = make_plan(
        [str(tmp_path)] if folder else [str(manifest)], OPTIONS, manifest=str(manifest) if folder else None
    )
    assert not plan.items
    assert [one.item.given["height_cm"] for one in plan.refused] == ["9999"]
    assert [(one.code, one.measured) for one in plan.remarks] == [("duplicate", False)] * 2 + [("manifest", False)]


def test_lists(tmp_path: Path):
    film(tmp_path / "a.mp4")
    (tmp_path / "list.txt").write_text("# mine\na.mp4\n\nsub/b.mp4\na.mp4\n")
    plan = make_plan([str(tmp_path / "list.txt")], OPTIONS)
    assert [item.url for item in plan.items] == [str(tmp_path / "a.mp4"), str(tmp_path / "sub/b.mp4")]
    assert codes(plan) == {"a.mp4": "duplicate"}
    assert [item.size for item in plan.items] == [(tmp_path / "a.mp4").stat().st_size, 0]


@pytest.mark.parametrize(
    ("name", "content"), [("m.csv", "name\nx\n"), ("m.csv", "file,a,a\n1,2,3\n"), ("m.csv", "file\n\udcff\n")]
)
def test_a_manifest_that_makes_no_sense_is_wrong_usage(tmp_path: Path, name: str, content: str):
    (tmp_path / name).write_bytes(os.fsencode(content))
    with pytest.raises(BatchError):
        make_plan([str(tmp_path / name)], OPTIONS)


def test_what_is_not_there_is_wrong_usage(tmp_path: Path):
    with pytest.raises(BatchError, match="nothing at"):
        make_plan([str(tmp_path / "nowhere")], OPTIONS)
    with pytest.raises(BatchError, match="can't be opened"):
        make_plan(["nosuchprotocol://bucket"], OPTIONS)


def test_other_file_systems(tmp_path: Path):
    store = fsspec.filesystem("memory")
    store.pipe({"/plan/in/a.mp4": b"{}", "/plan/in/deep/b.mp4": b"{}", "/plan/out/results/x/annotated.mp4": b""})
    plan = make_plan(["memory://plan"], OPTIONS, out="memory://plan/out")
    assert files(plan) == ["in/a.mp4", "in/deep/b.mp4"]
    assert plan.items[0].url == "memory:///plan/in/a.mp4"


def test_shown_spells_out_what_cannot_be_printed():
    assert shown("a\x1b[31m\udcff.mp4") == "a\\x1b[31m\\xff.mp4"
