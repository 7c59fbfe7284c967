"""From a picture to posture.json, posture.png, plain words and an exit code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from analysis import norms, posture
from analysis.pose import N_LANDMARKS, PoseTrack, landmark
from evenstride import posture_pipeline, posture_words
from evenstride.cli import Exit, app
from evenstride.posture_pipeline import (
    PICTURE_NAME,
    RESULT_NAME,
    NobodyStands,
    PostureMeasure,
    PostureOptions,
    PostureResult,
    analyze_posture,
)
from vision.errors import EvenstrideError, ModelUnavailable, NoPerson
from vision.photo import is_photo, read_photo

SIZE = (600, 900)
PLACES = {"ear": 20, "shoulder": 70, "hip": 45, "knee": 45, "ankle": 45, "heel": 45, "foot_index": 50}
HEIGHTS = {"ear": 120, "shoulder": 200, "hip": 430, "knee": 620, "ankle": 800, "heel": 815, "foot_index": 830}


def somebody(tilt_px: float = 0.0, frames: int = 1, walks: bool = False) -> PoseTrack:
    """Somebody from the front whose left shoulder is higher by `tilt_px`."""
    xy = np.full((frames, N_LANDMARKS, 2), np.nan, np.float32)
    for part, half in PLACES.items():
        for side, sign in (("left", 1), ("right", -1)):
            xy[:, landmark(side, part)] = (300 + sign * half, HEIGHTS[part])
    xy[:, 0] = (300, 120)
    xy[:, landmark("left", "shoulder"), 1] -= tilt_px
    time_s = np.arange(frames) / 30
    if walks:
        xy[:, landmark("left", "ankle"), 1] -= (60 * np.abs(np.sin(5 * time_s))).astype(np.float32)
        xy[:, landmark("right", "ankle"), 1] -= (60 * np.abs(np.cos(5 * time_s))).astype(np.float32)
    return PoseTrack(time_s, xy, np.isfinite(xy).all(2).astype(np.float32), SIZE)


class Model:
    name, sha256, path = "full", "f" * 64, Path("model.task")


@pytest.fixture
def seen(monkeypatch):
    """Return a function that puts a track in the place of what the pose model sees, in a photo or a clip."""
    monkeypatch.setattr("vision.model.get_model", lambda *a, **k: Model())

    def see(track: PoseTrack, kind: str = "photo"):
        def look(path, model, progress, cancel):
            return posture_pipeline._Seen(track, "a" * 64, kind, lambda _: np.full((SIZE[1], SIZE[0], 3), 90, np.uint8))

        monkeypatch.setattr(posture_pipeline, "_look", look)

    return see


def run(*arguments: object):
    return CliRunner().invoke(app, ["posture", *map(str, arguments)])


def test_files_and_their_contents(seen, tmp_path):
    seen(somebody(tilt_px=20))
    analysis = analyze_posture("me.jpg", PostureOptions(out=tmp_path / "new" / "out"))
    assert analysis.paths == (tmp_path / "new/out" / RESULT_NAME, tmp_path / "new/out" / PICTURE_NAME)
    written = PostureResult.model_validate_json(analysis.paths[0].read_text(encoding="utf-8"))
    assert written == analysis.result
    assert (written.view, written.source.kind, written.source.frames) == ("front", "photo", 1)
    shoulder = written.measures["shoulder_tilt"]
    assert shoulder.notable and shoulder.value == pytest.approx(np.degrees(np.arctan2(20, 140)), abs=0.01)
    assert shoulder.ci95[0] < shoulder.value < shoulder.ci95[1]
    assert "NaN" not in analysis.paths[0].read_text() and is_photo(analysis.paths[1])
    assert np.array_equal(read_photo(analysis.paths[1]).rgb, analysis.picture)


def test_nothing_is_written_unless_asked(seen, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    seen(somebody())
    assert analyze_posture("me.jpg").paths is None and not list(tmp_path.iterdir())


def test_a_clip_is_averaged_and_says_which_moment_is_shown(seen):
    seen(somebody(frames=45), "clip")
    result = analyze_posture("me.mp4").result
    assert result.source.frames == 45 and 0 <= result.source.shown_s <= 1.5
    assert "one_picture" not in result.issues


@pytest.mark.parametrize(
    ("track", "says"),
    [(somebody(frames=90, walks=True), "moves about"), (somebody(frames=10), "too little")],
    ids=["walks", "short"],
)
def test_somebody_who_does_not_stand_is_refused(seen, tmp_path, track, says):
    seen(track, "clip")
    with pytest.raises(NobodyStands, match=says) as caught:
        analyze_posture("walk.mp4", PostureOptions(out=tmp_path / "out"))
    assert "walk.mp4" in caught.value.message and not (tmp_path / "out").exists()
    assert run("walk.mp4", "--out", tmp_path / "out").exit_code == Exit.VIDEO


def test_every_way_of_not_standing_has_words():
    raised = set(re.findall(r'NotStanding\("(\w+)"', Path(posture.__file__).read_text(encoding="utf-8"))) | {
        "walking",
        "short",
    }
    assert raised == set(posture_pipeline.NOT_STANDING)


def test_a_mirrored_selfie_swaps_the_sides(seen):
    seen(somebody(tilt_px=20))
    as_is, mirrored = (analyze_posture("me.jpg", PostureOptions(mirrored=m)).result for m in (False, True))
    one, two = as_is.measures["shoulder_tilt"].value, mirrored.measures["shoulder_tilt"].value
    assert two == pytest.approx(-one, abs=1e-3)


def test_a_face_can_be_blurred(seen):
    rng = np.random.default_rng(0)
    seen(somebody())
    noisy = rng.integers(0, 255, (SIZE[1], SIZE[0], 3), dtype=np.uint8)
    look = posture_pipeline._look
    posture_pipeline._look = lambda *a: posture_pipeline._Seen(look(*a).track, "", "photo", lambda _: noisy.copy())
    sharp, blurred = (analyze_posture("me.jpg", PostureOptions(blur_faces=b)).picture for b in (False, True))
    differs = np.argwhere((sharp != blurred).any(axis=2))
    assert len(differs) > 500 and differs[:, 0].max() < blurred.shape[0] * 0.35


def test_verdict_first_then_what_a_picture_cannot_say(seen, tmp_path):
    seen(somebody(tilt_px=20))
    done = run("me.jpg", "--out", tmp_path)
    assert done.exit_code == Exit.OK
    assert done.output.splitlines()[0] == "Beyond a picture's own error: shoulders."
    assert "The left shoulder is higher: 8°." in done.output and posture_words.CANNOT[0] in done.output
    assert str(tmp_path / RESULT_NAME) in done.output.replace("\n", "")


def test_json_is_exactly_the_file(seen, tmp_path):
    seen(somebody())
    done = run("me.jpg", "--out", tmp_path, "--json")
    assert json.loads(done.stdout) == json.loads((tmp_path / RESULT_NAME).read_text())


@pytest.mark.parametrize(
    ("error", "code"),
    [(NoPerson("Nobody in me.jpg.", "Show one."), Exit.VIDEO), (ModelUnavailable("No model.", "Get it."), Exit.MODEL)],
)
def test_errors_have_a_code_and_leave_nothing(seen, tmp_path, monkeypatch, error, code):
    def fail(*_):
        raise error

    seen(somebody())
    monkeypatch.setattr(posture_pipeline, "_look", fail)
    done = run("me.jpg", "--out", tmp_path / "out")
    assert done.exit_code == code and error.message in done.stderr and not (tmp_path / "out").exists()


def test_an_unwritable_folder_is_one_sentence(seen, tmp_path):
    seen(somebody())
    (tmp_path / "file").write_text("x")
    done = run("me.jpg", "--out", tmp_path / "file" / "out")
    assert done.exit_code == Exit.OUTPUT and "could not be written" in done.stderr


def test_wrong_view_is_a_usage_error():
    assert run("me.jpg", "--view", "top").exit_code == Exit.USAGE


def test_a_missing_file_is_said(tmp_path):
    with pytest.raises(EvenstrideError, match=r"none\.jpg"):
        analyze_posture(tmp_path / "none.jpg", PostureOptions(model="lite"))


# --------------------------------------------------------------------------------------------------------------------
# Words


def measure(value: float | None, unit: str = "deg", notable: bool = True, **more) -> PostureMeasure:
    ci95 = None if value is None else (value - 2, value + 2)
    status = "not_measurable" if value is None else "ok"
    return PostureMeasure(value=value, unit=unit, ci95=ci95, n=1, status=status, notable=notable, **more)


def test_every_measure_has_words():
    assert set(posture_words.MEASURES) == set(norms.table("posture")["measure"]) == set(posture_words._MOVES)


@pytest.mark.parametrize(
    ("id", "value", "says"),
    [
        ("head_tilt", 7, "left ear is higher: 7°"),
        ("shoulder_tilt", -4, "right shoulder is higher: 4°"),
        ("hip_tilt", 5, "left hip is higher: 5°"),
        ("trunk_lateral", -4, "4° to the right"),
        ("weight_shift", 20, "left of the middle of the feet: 20 %"),
        ("trunk_forward", 8, "8° forward"),
        ("trunk_forward", -8, "8° backward"),
        ("ear_shoulder", 30, "30° in front of a straight line up"),
        ("ear_shoulder", -3, "3° behind a straight line up"),
    ],
)
def test_signs_become_sides(id, value, says):
    assert says in posture_words.sentence(id, measure(value, "pct" if id == "weight_shift" else "deg"))


def test_knees_are_said_for_each_leg():
    said = posture_words.sentence("knee_alignment", measure(1.0, left=7.0, right=-5.2))
    assert said == "Left 7° outward, right 5° inward."


@pytest.mark.parametrize("id", [i for i in posture_words.MEASURES if i != "ear_shoulder"])
def test_within_the_error_no_number_and_no_side_is_said(id):
    said = posture_words.sentence(id, measure(1.4, notable=False, left=1.4, right=1.4))
    assert not re.search(r"\d|\b(left|right)\b", said) and said.startswith("About ")
    assert re.search(r" can be off by about 2(°| %) either way", posture_words.meaning(id, measure(1.4, notable=False)))
    on_picture = " ".join(posture_words.labels({id: measure(1.4, notable=False)}).values())
    assert not re.search(r"\d", on_picture)


def test_change_only_beyond_the_errors_of_both():
    # Each may be off by 2: together by 2.8.
    assert posture_words.change("shoulder_tilt", measure(1.0), measure(3.7)) == "No change we can see."
    assert posture_words.change("shoulder_tilt", measure(1.0), measure(-3.0)).startswith("The right shoulder is 4°")
    assert posture_words.change("trunk_forward", measure(9.0), measure(2.0)) == "7° farther back."
    assert posture_words.change("hip_tilt", measure(None), measure(2.0)) == "Not measured in both."


def test_issues_all_have_words():
    codes = set(re.findall(r'\("(\w+)", lambda', Path(posture.__file__).read_text(encoding="utf-8"))) | {"oblique"}
    assert codes | {"labels_exchanged"} == set(posture_words.ISSUES)


def test_nothing_forbidden_is_said():
    everything = " ".join(
        [*posture_words.CANNOT, *posture_words.ISSUES.values(), *map(str, posture_words.MEASURES.values())]
    )
    assert not re.search(r"abnormal|diagnos|bad posture|poor posture|scoliosis|disease|risk", everything, re.I)
