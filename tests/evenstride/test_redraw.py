"""The annotated film once more: what was measured stays as it is, only faces change."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from analysis.pose import Landmark
from evenstride.pipeline import AnalyzeOptions, analyze_video
from evenstride.redraw import redraw
from evenstride.results import VIDEO_NAME
from vision.errors import Cancelled, ModelUnavailable

SAMPLE = Path(__file__).parents[2] / "sample_videos/treadmill.mp4"
#: A blurred face changes the picture by more than this, on average over time; the film's compression does not.
CHANGED = 10


@pytest.fixture
def analyzed(fake, tmp_path: Path):
    """Return a function that analyzes a made-up film, and the folder of its result."""

    def analyze(**options) -> tuple[AnalyzeOptions, Path]:
        wanted = AnalyzeOptions(out=tmp_path / "result", **options)
        analyze_video("walk.mp4", wanted)
        return wanted, tmp_path / "result"

    return analyze


@pytest.mark.parametrize("mirrored", [False, True])
def test_the_same_is_drawn_at_the_same_places(fake, analyzed, tmp_path: Path, mirrored: bool):
    options, folder = analyzed(mirrored=mirrored)
    first, asked = fake.calls.pop("annotate"), fake.calls.pop("assess")
    redraw(Path("walk.mp4"), folder, options.model_copy(update={"blur_faces": True}), tmp_path / "new.mp4")
    again = fake.calls["annotate"]
    np.testing.assert_array_equal(again.track.xy_px, first.track.xy_px)
    np.testing.assert_array_equal(fake.calls["assess"].track.xy_px, asked.track.xy_px)
    assert again.assessment.passes == first.assessment.passes
    assert (first.blur_faces, again.blur_faces) == (False, True)
    assert (tmp_path / "new.mp4").exists() and (folder / VIDEO_NAME).exists()


def test_faces_of_others_are_blurred_too(fake, analyzed, tmp_path: Path):
    options, folder = analyzed(blur_faces=True)
    first = fake.calls.pop("annotate")
    redraw(Path("walk.mp4"), folder, options, tmp_path / "new.mp4")
    (other,), (drawn,) = first.others, fake.calls["annotate"].others
    np.testing.assert_array_equal(drawn.xy_px, other.xy_px)


def test_to_show_faces_nobody_has_to_be_found(fake, analyzed, tmp_path: Path):
    options, folder = analyzed(blur_faces=True)
    del fake.calls["find_others"]
    redraw(Path("walk.mp4"), folder, options.model_copy(update={"blur_faces": False}), tmp_path / "new.mp4")
    assert "find_others" not in fake.calls
    assert fake.calls["annotate"].blur_faces is False


@pytest.mark.parametrize("blur_faces", [False, True])
def test_progress_goes_to_1(analyzed, tmp_path: Path, blur_faces):
    options, folder = analyzed(blur_faces=blur_faces)
    seen = []
    redraw(Path("walk.mp4"), folder, options, tmp_path / "new.mp4", progress=seen.append)
    assert seen[-1].fraction == 1 and seen[-1].stage == "draw"


@pytest.fixture(scope="module")
def two_people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a short real film with two walkers side by side."""
    from vision.video import probe, read_frames, write_video

    info = probe(SAMPLE)
    path = tmp_path_factory.mktemp("films") / "two.mp4"
    middle = slice(info.width // 4, info.width - info.width // 4)
    frames = (
        (f.time_s, np.hstack([f.rgb[::2, middle][:, ::2]] * 2))
        for f in read_frames(info)
        if f.time_s < 1.6 and f.index % 2 == 0
    )
    write_video(path, frames, size=(2 * len(range(info.width)[middle][::2]), info.height // 2))
    return path


def test_a_real_film_differs_in_its_faces_only(two_people: Path, tmp_path: Path):
    from vision.video import probe, read_frames

    options = AnalyzeOptions(out=tmp_path / "result", model="lite", workers=1)
    try:
        analysis = analyze_video(two_people, options)
    except ModelUnavailable as error:
        pytest.skip(f"no pose model: {error}")
    assert len(analysis.result.person.candidates) == 2
    films = {"first": tmp_path / "result" / VIDEO_NAME}
    for blur in (False, True):
        films[blur] = tmp_path / f"{blur}.mp4"
        redraw(two_people, tmp_path / "result", options.model_copy(update={"blur_faces": blur}), films[blur])
    first, shown, blurred = (np.stack([f.rgb for f in read_frames(probe(p))]).astype(int) for p in films.values())
    np.testing.assert_allclose(first, shown, atol=CHANGED)

    change = np.abs(first - blurred).mean(axis=(0, 3))
    height, width = change.shape
    assert change[2 * height // 3 :].max() < CHANGED, "legs are as before"
    nose = np.nanmedian(analysis.track.point(Landmark.NOSE), axis=0)
    for x, y in (nose, (nose + (width / 2, 0)) % (width, height)):
        face = slice(int(y) - 4, int(y) + 5), slice(int(x) - 4, int(x) + 5)
        assert change[face].mean() > CHANGED, "the walker's face and that of the other are gone"

    with pytest.raises(Cancelled):
        redraw(two_people, tmp_path / "result", options, tmp_path / "stopped.mp4", cancel=lambda: True)
    assert not (tmp_path / "stopped.mp4").exists()
