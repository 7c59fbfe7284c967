"""analyze_video: stages, progress, cancelling, and files that appear only complete."""

from __future__ import annotations

import pickle
from pathlib import Path

import fabricate
import numpy as np
import pytest

from evenstride import pipeline
from evenstride.pipeline import AnalyzeOptions, Cancelled, analyze_video
from evenstride.results import read_result
from vision.errors import OutputError


def test_without_a_folder_nothing_is_written(fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    analysis = analyze_video("walk.mp4")
    assert analysis.paths is None
    assert analysis.result.favoring.side == "right"
    assert not {"annotate", "key_frames"} & set(fake.calls)
    assert list(tmp_path.iterdir()) == []


def test_paths_lead_to_the_files(fake, tmp_path: Path):
    analysis = analyze_video("walk.mp4", AnalyzeOptions(out=tmp_path / "a/b"))
    assert read_result(analysis.paths.result) == analysis.result
    assert all(path.stat().st_size for path in vars(analysis.paths).values())
    pictures = {f"picture_{number}.jpg" for number in (1, 2, 3, 4)}
    assert {path.name for path in (tmp_path / "a/b").iterdir()} == set(pipeline.ALL_NAMES) | pictures


def test_progress_goes_from_0_to_1_without_going_back(fake, tmp_path: Path):
    seen = []
    analyze_video("walk.mp4", AnalyzeOptions(out=tmp_path / "out", blur_faces=True), progress=seen.append)
    fractions = [p.fraction for p in seen]
    assert fractions == sorted(fractions)
    assert (fractions[0], fractions[-1]) == (0, 1)
    assert list(dict.fromkeys(p.stage for p in seen)) == list(pipeline.STAGES)


@pytest.mark.parametrize("calls_before_stop", range(12))
def test_cancelling_at_any_moment_leaves_nothing(fake, tmp_path: Path, calls_before_stop: int):
    calls = iter(range(1000))
    with pytest.raises(Cancelled):
        analyze_video("walk.mp4", AnalyzeOptions(out=tmp_path / "a/b"), cancel=lambda: next(calls) >= calls_before_stop)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_keeps_an_earlier_result_untouched(fake, tmp_path: Path):
    options = AnalyzeOptions(out=tmp_path)
    analyze_video("walk.mp4", options)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    fake.fail["annotate"] = OutputError("The disk is full.", "Free some space.")
    with pytest.raises(OutputError):
        analyze_video("walk.mp4", options)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_new_result_takes_the_old_film_away(fake, tmp_path: Path):
    analyze_video("walk.mp4", AnalyzeOptions(out=tmp_path))
    analyze_video("walk.mp4", AnalyzeOptions(out=tmp_path, no_video=True))
    assert not (tmp_path / "annotated.mp4").exists()


def test_other_files_in_the_folder_stay(fake, tmp_path: Path):
    (tmp_path / "annotated.mp4").write_text("somebody else's")
    (tmp_path / "notes.txt").write_text("mine")
    analyze_video("walk.mp4", AnalyzeOptions(out=tmp_path, no_video=True))
    assert (tmp_path / "annotated.mp4").read_text() == "somebody else's"
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_the_film_itself_is_never_overwritten(fake, tmp_path: Path):
    film = tmp_path / "annotated.mp4"
    film.write_text("film")
    with pytest.raises(OutputError, match="overwritten"):
        analyze_video(film, AnalyzeOptions(out=tmp_path))
    assert film.read_text() == "film"
    assert not fake.calls


def test_mirrored_film_is_measured_unmirrored_and_drawn_as_filmed(fake, tmp_path: Path):
    analyze_video("walk.mp4", AnalyzeOptions(out=tmp_path, mirrored=True))
    filmed = fabricate.track()
    measured = fake.calls["assess"].track
    np.testing.assert_array_equal(measured.xy_px, filmed.mirrored().xy_px)
    drawn = fake.calls["annotate"].track
    for left, right in ((25, 26), (27, 28)):
        np.testing.assert_allclose(drawn.xy_px[:, left], filmed.xy_px[:, right], atol=1e-3)
    facings = [p.facing for p in fake.assessment.passes]
    assert [p.facing for p in fake.calls["annotate"].assessment.passes] == [-f for f in facings]


@pytest.mark.parametrize("options", [{}, {"no_video": True}, {"mirrored": True}])
def test_faces_of_bystanders_are_blurred_too(fake, tmp_path: Path, options):
    seen = []
    analyze_video("walk.mp4", AnalyzeOptions(out=tmp_path, blur_faces=True, **options), progress=seen.append)
    for stage in {"annotate", "key_frames"} & set(fake.calls):
        asked = fake.calls[stage]
        assert asked.blur_faces is True
        assert len(asked.others) == 1
    assert "key_frames" in fake.calls
    np.testing.assert_allclose(np.nanmean(fake.calls["find_others"].walker.xy_px), np.nanmean(fabricate.track().xy_px))
    assert "faces" in {progress.stage for progress in seen} and seen[-1].fraction == 1


def test_nobody_is_looked_for_unless_faces_are_blurred(fake, tmp_path: Path):
    analyze_video("walk.mp4", AnalyzeOptions(out=tmp_path))
    analyze_video("walk.mp4", AnalyzeOptions(blur_faces=True))
    assert "find_others" not in fake.calls


def test_equal_settings_have_an_equal_hash_and_others_another(fake):
    def fingerprint(**options):
        return analyze_video("walk.mp4", AnalyzeOptions(**options)).result.provenance.settings_sha256

    assert fingerprint() == fingerprint(workers=2)
    assert len({fingerprint(), fingerprint(person=2), fingerprint(height_cm=170), fingerprint(mirrored=True)}) == 4


def test_no_folder_of_this_computer_is_in_the_result(fake, tmp_path: Path):
    text = analyze_video(
        tmp_path / "walk.mp4", AnalyzeOptions(out=tmp_path / "secret", model=str(tmp_path / "my.task"))
    ).result.to_json()
    assert str(tmp_path) not in text
    assert "my.task" in text


def test_options_and_analysis_can_be_sent_to_another_process(fake):
    options = AnalyzeOptions(height_cm=170)
    assert pickle.loads(pickle.dumps(options)) == options
    analysis = analyze_video("walk.mp4", options)
    assert pickle.loads(pickle.dumps(analysis)).result == analysis.result
    assert pickle.loads(pickle.dumps(analyze_video)) is analyze_video
