"""Video -> track: which frames, where to look, and that processes, cancelling and odd clips do no harm."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from validation.real import flip
from vision import extract as ex
from vision.errors import NoPerson
from vision.extract import Cancelled, WorkerDied, analysed_frames, extract
from vision.model import Model, get_model
from vision.people import BoxPath, Sighting, scout_frames
from vision.video import probe, read_frames, write_video

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def quick_model(real_model):
    """The full model: a third of heavy's time, and what is tested here does not depend on accuracy."""
    return get_model("full", progress=lambda what, done, total: None)


# Which frames


@pytest.mark.parametrize("fps", [24.0, 29.97, 30.0, 30.5])
def test_every_frame_of_a_usual_recording_is_analysed(fps):
    times = np.arange(200) / fps
    np.testing.assert_array_equal(analysed_frames(times, False), np.arange(200))


@pytest.mark.parametrize("fps", [50.0, 59.94, 60.0, 120.0, 239.8])
def test_at_most_thirty_a_second(fps):
    times = np.arange(int(10 * fps)) / fps
    chosen = analysed_frames(times, False)
    assert 298 <= len(chosen) <= 301
    assert np.all(np.diff(chosen) > 0)
    np.testing.assert_allclose(times[chosen], np.arange(len(chosen)) / 30, atol=0.5 / fps + 1e-9)


def test_all_frames_on_request():
    np.testing.assert_array_equal(analysed_frames(np.arange(600) / 240, True), np.arange(600))


def test_a_variable_rate_is_thinned_by_time():
    rng = np.random.default_rng(3)
    times = np.cumsum(rng.uniform(0.005, 0.03, 2000))
    chosen = times[analysed_frames(times, False)]
    assert len(chosen) <= (times[-1] - times[0]) * 30 + 1
    assert np.diff(chosen).max() < 0.07


# Where to look


def path(times, xs, size=100.0):
    times, xs = np.asarray(times, float), np.asarray(xs, float)
    at, sizes = np.stack([xs, np.full_like(xs, 300.0)], axis=1), np.full(len(xs), size)
    return BoxPath(times, at, at, sizes, 0.3 * sizes)


def test_the_path_between_sightings_is_straight_and_goes_on_at_both_ends():
    present, there = ex._path_at(path([1, 1.5, 2], [100, 150, 200]), np.array([0.5, 1.25, 2.5, 3.5]))
    assert present.tolist() == [True, True, True, False]
    np.testing.assert_allclose(there.center_px[:3, 0], [50, 125, 250])
    np.testing.assert_allclose(there.size_px[:3], 100)


def test_someone_who_leaves_is_not_looked_for_between():
    times = np.array([0, 0.5, 1.0, 6.0, 6.5])
    present, there = ex._path_at(path(times, [0, 50, 100, 400, 350]), np.array([1.9, 3.5, 5.1]))
    assert present.tolist() == [True, False, True]
    np.testing.assert_allclose(there.trunk_px[[0, 2], 0], [190, 490])


def test_one_sighting_is_enough_for_a_path():
    present, there = ex._path_at(path([1.0], [70]), np.array([0.5, 1.0, 1.5]))
    assert present.all() and np.all(there.center_px[:, 0] == 70)


def place(index=0, x=300.0, size=200.0, others=()):
    return ex._Place(
        index, np.array((x, 300.0)), np.array((x, 300.0)), size, 0.3 * size, np.array(others, float).reshape(-1, 2)
    )


def upright(x, size):
    """Landmarks with the trunk's middle at (x, 300)."""
    xy = np.tile(np.array((x, 300.0)), (33, 1))
    xy[11:13, 1], xy[23:25, 1] = 300 - 0.15 * size, 300 + 0.15 * size
    return xy


def test_landmarks_away_from_the_path_are_somebody_elses():
    assert ex._is_walker(upright(330, 210), place())
    assert not ex._is_walker(upright(420, 200), place())
    assert not ex._is_walker(upright(300, 90), place())


def test_landmarks_nearer_to_another_person_are_that_persons():
    assert ex._is_walker(upright(340, 200), place())
    assert not ex._is_walker(upright(340, 200), place(others=[(360, 300)]))


def test_the_window_stays_inside_the_picture():
    rows, columns = place(x=640.0).window(1280, 720)
    assert (rows.stop - rows.start, columns.stop - columns.start) == (420, 420)
    assert (columns.start + columns.stop) / 2 == 640
    for x in (-50.0, 0.0, 1290.0):
        rows, columns = place(x=x).window(1280, 720)
        assert columns.start >= 0 and columns.stop <= 1280 and columns.stop - columns.start == 420
    rows, columns = place(size=500.0).window(1280, 720)
    assert (rows.start, rows.stop) == (0, 720) and columns.stop - columns.start == 1050


def test_other_people_are_painted_over_before_the_walker_is_looked_for():
    white = np.full((420, 420, 3), 255, np.uint8)
    corner = np.array((90, 90))  # of the window around (300, 300)

    def left_white(*others):
        return ex._without_others(white, place(others=others), corner).any(axis=2)

    right = left_white((400, 300))  # halfway is x = 350
    assert right[:, :260].all() and not right[:, 260:].any()
    above = left_white((310, 100))  # halfway is y = 200
    assert above[110:].all() and not above[:110].any()
    assert left_white((320, 310)).all(), "too near to be told apart"
    assert white.all(), "the picture itself stays"


def test_blocks_hold_every_frame_once_and_do_not_know_the_workers(tmp_path):
    places = [place(index) for index in range(1000)]
    info = probe(write_clip(tmp_path / "clip.mp4", 4))
    blocks = ex._blocks(info, places)
    assert [s.index for block in blocks for s in block] == list(range(1000))
    assert max(map(len, blocks)) - min(map(len, blocks)) <= 1
    for workers in (1, 2, 3, 16):
        shares = ex._shares(blocks, workers)
        assert [block for (share,) in shares for block in share] == blocks
        assert len(shares) <= workers
    assert ex._blocks(info, []) == [] and ex._shares([], 2) == []


# Scouting


class _Here:
    """Does the shares of several processes' work here, and counts how often the film is read."""

    def __init__(self, workers, info):
        self.workers, self.info, self.readings = workers, info, 0

    def run(self, work, shares):
        self.readings += len(shares)
        return [work(self.info, MODEL, lambda: None, *share) for share in shares]


MODEL = Model("none", Path("none.task"), "")


@pytest.fixture(scope="module")
def long_clip(tmp_path_factory):
    return probe(write_clip(tmp_path_factory.mktemp("scout") / "long.mp4", 330, size=(64, 64)))


def scouted(monkeypatch, info, workers, damaged=()):
    """Return when somebody was looked for who turns round after 5.5 s, and how often the film was read for it."""

    def sightings_in(rgb, index, time_s, landmarker, small):
        at = np.array((200 * min(time_s, 11 - time_s), 300.0))
        return [Sighting(index, time_s, at, at, 200.0, 60.0, np.zeros(2), np.zeros(3), 1.0)]

    def read(info, *, indices):
        return (ex.Frame(int(k), float(info.frame_times_s[k]), None) for k in indices if k not in damaged)

    monkeypatch.setattr(ex, "Landmarker", lambda *arguments, **options: nullcontext())
    monkeypatch.setattr(ex, "sightings_in", sightings_in)
    monkeypatch.setattr(ex, "read_frames", read)
    crew = _Here(workers, info)
    seen = ex._look(crew, info, scout_frames(info.frame_times_s), False)
    assert all(picture[0].index == index for index, picture in seen.items())
    return sorted(seen), crew.readings


def test_how_slow_a_film_plays_is_minded_in_looking_for_people(monkeypatch, tmp_path):
    info = probe(write_clip(tmp_path / "slow.mp4", 150, size=(64, 64)), slow_motion=2.0)
    looked_at = []
    monkeypatch.setattr(ex, "_find_people", lambda crew, info, scouted, person: looked_at.append(scouted) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        ex.extract(info, MODEL, workers=1)
    assert len(looked_at[0]) > len(scout_frames(info.frame_times_s))


def test_one_process_looks_twice_at_a_turn_in_one_reading(monkeypatch, long_clip):
    frames, readings = scouted(monkeypatch, long_clip, 1)
    first = scout_frames(long_clip.frame_times_s)
    again = np.setdiff1d(frames, first)
    assert set(first) < set(frames) and readings == 1
    assert len(again) == 3 and np.all(np.abs(again / 30 - 5.5) < 2)


@pytest.mark.parametrize("workers", [2, 3, 5, 30])
def test_what_is_looked_at_does_not_depend_on_the_number_of_processes(workers, monkeypatch, long_clip):
    assert scouted(monkeypatch, long_clip, workers)[0] == scouted(monkeypatch, long_clip, 1)[0]


@pytest.mark.parametrize("place", [0, 4, -1])
def test_a_damaged_picture_is_looked_around(place, monkeypatch, long_clip):
    first = scout_frames(long_clip.frame_times_s)
    frames, _ = scouted(monkeypatch, long_clip, 1, damaged=[first[place]])
    whole, _ = scouted(monkeypatch, long_clip, 1)
    assert first[place] not in frames and len(frames) > len(whole) - 1


# Clips of our own


def write_clip(path, frames, size=(160, 120), fps=30.0):
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    write_video(path, ((k / fps, np.roll(noise, k, axis=1)) for k in range(frames)), size=size)
    return path


def cut_out(source, target, indices, columns=slice(None), rows=slice(None)):
    """Write some frames of a clip, or a part of each, as a clip of their own."""
    info = probe(source)

    def pictures():
        for number, frame in enumerate(read_frames(info, indices=np.asarray(indices))):
            yield number / 30, frame.rgb[rows, columns]

    first = next(pictures())[1]
    write_video(target, pictures(), size=(first.shape[1], first.shape[0]))
    return target


def test_nobody_in_a_clip_of_noise(tmp_path, quick_model):
    with pytest.raises(NoPerson, match=r"Nobody was found in noise\.mp4"):
        extract(probe(write_clip(tmp_path / "noise.mp4", 12)), quick_model, workers=1)


def test_two_frames_are_enough_to_see_someone(tmp_path, clip, quick_model):
    source = clip("videos/side_right_slow.mp4")
    tiny = cut_out(source, tmp_path / "tiny.mp4", [60, 61])
    found = extract(probe(tiny), quick_model, workers=2)
    assert found.track.seen.tolist() == [True, True]


def test_an_odd_portrait_picture(tmp_path, clip, quick_model):
    source = clip("videos/side_right_slow.mp4")
    odd = cut_out(source, tmp_path / "odd.mp4", range(50, 80), columns=slice(200, 455), rows=slice(1, 352))
    info = probe(odd)
    found = extract(info, quick_model, workers=1)
    assert found.track.size_px == (info.width, info.height)
    assert found.track.seen.mean() > 0.8


# Real clips


@pytest.fixture(scope="module")
def slow_walk(clip, quick_model):
    return extract(probe(clip("videos/side_right_slow.mp4")), quick_model, workers=1)


def test_the_track_does_not_depend_on_the_number_of_processes(clip, quick_model, slow_walk):
    told = []
    several = extract(
        probe(clip("videos/side_right_slow.mp4")), quick_model, workers=3, progress=lambda *step: told.append(step)
    )
    for name in ("time_s", "xy_px", "world_m"):
        np.testing.assert_array_equal(getattr(several.track, name), getattr(slow_walk.track, name), err_msg=name)
    np.testing.assert_allclose(several.track.visibility, slow_walk.track.visibility, atol=1e-5)
    done = [step[0] for step in told]
    assert done == sorted(done) and told[-1][0] == told[-1][1]


def test_a_walk_is_followed_all_along_and_points_outside_are_not_visible(slow_walk):
    track = slow_walk.track
    inside_s = (track.time_s > 0.3) & (track.time_s < 4.3)
    assert track.seen[inside_s].all()
    hips = track.middle("hip")[inside_s]
    assert hips[-1, 0] - hips[0, 0] > 300 and np.all(np.abs(np.diff(hips[:, 0])) < 15)
    outside = ~np.all((track.xy_px >= 0) & (track.xy_px < track.size_px), axis=2) & track.seen[:, None]
    assert outside.any() and np.all(track.visibility[outside] == 0)
    assert track.source.name == "side_right_slow.mp4" and track.source.model_name == "full"


def test_the_woman_below_is_followed_not_the_man_on_the_roof(clip, quick_model):
    found = extract(probe(clip("videos/two_people_outdoor.mp4")), quick_model)
    assert len(found.people.candidates) >= 2
    track = found.track.between(60 / 30, 180 / 30)
    assert track.seen.mean() > 0.9
    hips = track.middle("hip")[track.seen]
    assert np.all(hips[:, 1] > 500), "the roof is in the upper half"
    assert hips[0, 0] > 1100 and hips[-1, 0] < 500, "she walks from right to left"


def test_one_of_two_who_cross_is_followed_throughout(clip, quick_model):
    found = extract(probe(clip("videos/two_people_crossing_portrait.mp4")), quick_model)
    track = found.track
    start_s, end_s = found.people.walker.path.time_s[[0, -1]]
    here = (track.time_s >= start_s + 0.3) & (track.time_s <= end_s)  # before that he is only half in the picture
    assert track.seen[here].mean() > 0.97
    step = np.diff(track.middle("hip")[here], axis=0)
    assert np.nanmax(np.abs(step[:, 0])) < 25, "a jump would be a change of person"
    assert np.nanmin(step[:, 0]) > -8, "he walks to the right"
    assert any("2 people were found" in note for note in found.notes)


def test_both_ways_prefers_no_direction(tmp_path, clip, quick_model):
    """Mirroring the film mirrors the track: what is left comes from the scouting, which sees each picture once."""
    short = cut_out(clip("videos/side_right_slow.mp4"), tmp_path / "walk.mp4", range(40, 85))
    info = probe(short)
    mirrored = probe(flip(info, tmp_path / "flipped.mp4"))

    def disagreement(both_ways):
        track, other = (extract(i, quick_model, workers=1, both_ways=both_ways).track for i in (info, mirrored))
        legs = np.linalg.norm(track.xy_px - other.mirrored().xy_px, axis=2)[:, 25:33]
        return np.nanmedian(legs)

    assert disagreement(both_ways=True) < 0.5 * disagreement(both_ways=False)


def test_the_middle_of_two_poses_keeps_the_legs_apart():
    rng = np.random.default_rng(0)
    pose = ex.Pose(*(rng.random((33, n)).astype(np.float32) * 100 for n in (2, 3)), np.ones(33, np.float32))
    legs_exchanged = ex.Pose(*(values[ex._EXCHANGED] for values in (pose.xy_px, pose.world_m, pose.visibility)))
    middle = ex._middle(pose, legs_exchanged)
    np.testing.assert_array_equal(middle.xy_px, pose.xy_px)
    moved = ex.Pose(pose.xy_px + 2, pose.world_m, pose.visibility * 0)
    np.testing.assert_allclose(ex._middle(pose, moved).xy_px, pose.xy_px + 1)
    np.testing.assert_allclose(ex._middle(pose, moved).visibility, 0.5)
    assert ex._middle(pose) is pose


@pytest.mark.parametrize("name", ["grey.mp4", "testpattern.webm", "empty_corridor.mp4"])
def test_nobody_is_nobody(name, clip, quick_model):
    with pytest.raises(NoPerson, match="Nobody was found"):
        extract(probe(clip(f"negative/{name}")), quick_model, workers=1)


def test_a_seated_man_is_followed_though_he_does_not_walk(tmp_path, clip, quick_model):
    short = cut_out(clip("negative/seated_man.mp4"), tmp_path / "seated.mp4", range(200, 260))
    found = extract(probe(short), quick_model, workers=1)
    assert "stays in place" in found.people.walker.why
    assert found.track.seen.mean() > 0.9


# Processes


def test_cancelling_ends_every_process(clip, quick_model):
    steps = []
    with pytest.raises(Cancelled, match=r"side_left_then_backward\.mp4 was cancelled"):
        extract(
            probe(clip("videos/side_left_then_backward.mp4")),
            quick_model,
            workers=2,
            progress=lambda done, total: steps.append(done),
            cancel=lambda: bool(steps) and steps[-1] > 2,
        )
    assert steps[-1] < 200
    assert multiprocessing.active_children() == []


def test_cancelling_without_processes(clip, quick_model):
    with pytest.raises(Cancelled):
        extract(probe(clip("videos/side_right_slow.mp4")), quick_model, workers=1, cancel=lambda: True)


def die(info, model, tick):
    os._exit(3)


def test_a_process_that_dies_is_one_error(tmp_path, quick_model):
    info = probe(write_clip(tmp_path / "clip.mp4", 4))
    steps = ex._Steps(None, 1)
    with (
        pytest.raises(WorkerDied, match=r"read clip\.mp4 ended unexpectedly"),
        ex._Crew(2, info, quick_model, steps, lambda: False) as crew,
    ):
        crew.run(die, [(), ()])
    assert multiprocessing.active_children() == []


SCRIPT = """
import signal
import sys
from vision.extract import extract
from vision.model import get_model
from vision.video import probe

if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # not so from the start where tests run in the background
    extract(probe(sys.argv[1]), get_model("full"), workers=2, progress=lambda *step: print(*step, flush=True))
"""


@pytest.mark.skipif(not Path("/proc").is_dir(), reason="finds the processes in /proc")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL])
def test_no_process_outlives_an_interrupted_one(how, tmp_path, clip, quick_model):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    process = subprocess.Popen(
        [sys.executable, script, clip("videos/side_left_then_backward.mp4")],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    with process:
        while int((process.stdout.readline() or b"1000").split()[0]) < 3:
            pass
        assert process.poll() is None
        assert len(in_session(process.pid)) >= 3
        # Ctrl-C reaches the whole group; a kill hits the parent alone.
        (os.killpg if how == signal.SIGINT else os.kill)(process.pid, how)
        assert process.wait(timeout=180) != 0
    deadline = time.monotonic() + 120
    while in_session(process.pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert in_session(process.pid) == []


def in_session(session):
    """The live processes of a session: what the script started, whoever their parent is by now."""
    found = []
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            state, _, _, of_session = (entry / "stat").read_text().rpartition(")")[2].split()[:4]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(of_session) == session and state != "Z":
            found.append(int(entry.name))
    return found


def test_importing_it_does_not_import_the_pose_library():
    code = "import sys, vision.extract, vision.model; print([m for m in ('mediapipe', 'cv2') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
