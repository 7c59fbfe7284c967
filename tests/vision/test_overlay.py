"""The annotated film: what is drawn, when, and that no face slips through."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pandas as pd
import pytest

from analysis.events import Event
from analysis.pose import N_LANDMARKS, Landmark, PoseTrack
from analysis.view import Pass
from vision.faces import HOLD_S, HeadPlaces, blur
from vision.overlay import SIDE_COLOR, Scene, annotate_video, draw_frame, encode_jpeg, key_frames
from vision.video import probe, read_frames, write_video

SIZE = (320, 240)
FPS = 30.0
FRAMES = 30
SPEED_PX_S = 60.0
BODY = {  # a figure 160 px high, its right side nearer; the hips stand at x = 0
    "shoulder": (0, 65),
    "elbow": (4, 90),
    "wrist": (8, 110),
    "hip": (0, 115),
    "knee": (4, 155),
    "ankle": (-6, 192),
    "heel": (-10, 198),
    "foot_index": (12, 200),
}


def figure(x: float) -> np.ndarray:
    xy = np.zeros((N_LANDMARKS, 2), np.float32)
    for mark in Landmark:
        part = mark.name.lower().replace("left_", "").replace("right_", "")
        ahead = 14 if "LEFT" in mark.name and part in ("knee", "ankle", "heel", "foot_index") else 0
        xy[mark] = np.add(BODY.get(part, (4, 45)), (x + ahead, 0))
    return xy


def walk(fps: float = FPS, frames: int = FRAMES) -> PoseTrack:
    time_s = np.arange(frames) / fps
    xy = np.stack([figure(80 + SPEED_PX_S * t) for t in time_s])
    return PoseTrack(time_s, xy, np.ones((frames, N_LANDMARKS), np.float32), SIZE)


def without(track: PoseTrack, start_s: float, stop_s: float) -> PoseTrack:
    xy = track.xy_px.copy()
    xy[(track.time_s > start_s) & (track.time_s < stop_s)] = np.nan
    return PoseTrack(track.time_s, xy, track.visibility, SIZE)


def assessed(track: PoseTrack, *events: Event) -> SimpleNamespace:
    knees = {"knee_left_deg": 42.0, "knee_right_deg": 5.0, "trunk_forward_deg": 3.0}
    return SimpleNamespace(
        frames=pd.DataFrame({"time_s": track.time_s, **knees}),
        passes=(Pass(0, 0.0, 60.0, "right", "side", 1, "right"),),
        events=events,
    )


NOTHING = SimpleNamespace(frames=pd.DataFrame(), passes=(), events=())


@pytest.fixture(scope="module")
def film(tmp_path_factory):
    """Return a function that makes a grey film of a given rate and length."""

    def make(fps: float = FPS, frames: int = FRAMES):
        path = tmp_path_factory.mktemp("film") / "walk.mp4"
        grey = np.full((SIZE[1], SIZE[0], 3), 120, np.uint8)
        write_video(path, [(i / fps, grey) for i in range(frames)], size=SIZE)
        return probe(path)

    return make


def near_color(rgb: np.ndarray, color: tuple[int, int, int], tolerance: int = 45) -> np.ndarray:
    return (np.abs(rgb.astype(int) - color) <= tolerance).all(axis=2)


def drawn(rgb: np.ndarray) -> bool:
    """Return whether a skeleton is in the picture, above the time bar."""
    return bool(near_color(rgb[:-15], SIDE_COLOR["right"]).sum() > 50)


# --------------------------------------------------------------------------------------------------------------------
# One frame


def test_the_picture_given_is_not_changed():
    rgb = np.full((240, 320, 3), 120, np.uint8)
    out = draw_frame(rgb, Scene(figure(120), near_side="right", facing=1))
    assert (rgb == 120).all()
    assert (out != 120).any()


def test_the_near_leg_is_solid_and_the_far_leg_dashed():
    def share_along_shin(side, near):
        xy = figure(120)
        xy[Landmark.LEFT_KNEE :, 0] += 40 * (np.arange(Landmark.LEFT_KNEE, N_LANDMARKS) % 2)  # apart from each other
        out = draw_frame(np.full((240, 320, 3), 120, np.uint8), Scene(xy, near_side=near, facing=1))
        knee, ankle = xy[Landmark[f"{side}_KNEE".upper()]], xy[Landmark[f"{side}_ANKLE".upper()]]
        steps = np.linspace(0.25, 0.75, 60)[:, None]
        x, y = np.round((1 - steps) * knee + steps * ankle).astype(int).T
        return near_color(out, SIDE_COLOR[side])[y, x].mean()

    for side, opposite in (("left", "right"), ("right", "left")):
        assert share_along_shin(side, near=side) > 0.95
        assert share_along_shin(side, near=None) > 0.95
        assert 0.15 < share_along_shin(side, near=opposite) < 0.75


def test_nothing_known_draws_nothing():
    rgb = np.full((240, 320, 3), 120, np.uint8)
    scene = Scene(np.full((N_LANDMARKS, 2), np.nan), angles={"knee_left_deg": 40.0})
    np.testing.assert_array_equal(draw_frame(rgb, scene), rgb)


def test_a_leg_that_is_not_known_is_left_out():
    xy = figure(120)
    xy[[Landmark.LEFT_HIP, Landmark.LEFT_KNEE, Landmark.LEFT_ANKLE, Landmark.LEFT_HEEL]] = np.nan
    xy[[Landmark.LEFT_SHOULDER, Landmark.LEFT_ELBOW]] = np.nan
    out = draw_frame(np.full((240, 320, 3), 120, np.uint8), Scene(xy, near_side="right", facing=1))
    assert near_color(out, SIDE_COLOR["right"]).any()
    assert not near_color(out, SIDE_COLOR["left"], 20).any()


def test_angles_are_written_only_where_they_are_known():
    rgb = np.full((240, 320, 3), 120, np.uint8)
    plain = draw_frame(rgb, Scene(figure(120), facing=1))
    unknown = draw_frame(rgb, Scene(figure(120), facing=1, angles={"knee_left_deg": np.nan}))
    known = draw_frame(rgb, Scene(figure(120), facing=1, angles={"knee_left_deg": 42.4}))
    np.testing.assert_array_equal(plain, unknown)
    assert (plain != known).any()


@pytest.mark.parametrize("size", [(64, 64), (640, 352), (1920, 1080)])
@pytest.mark.parametrize("x", [-500.0, 0.0, 1e6])
def test_every_size_and_place_can_be_drawn(size, x):
    rgb = np.zeros((size[1], size[0], 3), np.uint8)
    events = [(Event("heel_strike", "left", 1.0, 0), 0.1)]
    angles = {"knee_left_deg": 42.0, "trunk_lateral_deg": 1.0}
    draw_frame(rgb, Scene(figure(120) + (x, 0), angles=angles, events=events, body_px=150))


# --------------------------------------------------------------------------------------------------------------------
# Films


def test_the_annotated_film_keeps_the_timing_and_the_size(film, tmp_path):
    info, track, done = film(), walk(), []
    out = tmp_path / "annotated.mp4"
    assert annotate_video(info, track, assessed(track), out, progress=lambda *where: done.append(where))
    annotated = probe(out)
    np.testing.assert_allclose(annotated.frame_times_s, info.frame_times_s, atol=1e-5)
    assert (annotated.width, annotated.height, annotated.codec) == (*SIZE, "h264")
    assert done == [(i + 1, FRAMES) for i in range(FRAMES)]
    assert all(drawn(frame.rgb) for frame in read_frames(annotated))


def test_a_film_without_a_walk_is_drawn_too(film, tmp_path):
    nobody = without(walk(), -1, 99)
    assert annotate_video(film(), nobody, NOTHING, tmp_path / "annotated.mp4", blur_faces=True)
    assert not any(drawn(frame.rgb) for frame in read_frames(probe(tmp_path / "annotated.mp4")))


def test_frames_between_analysed_ones_are_drawn_but_long_gaps_are_not(film, tmp_path):
    info, track = film(60.0, 60), without(walk(), 0.39, 0.61)
    annotate_video(info, track, assessed(track), tmp_path / "annotated.mp4")
    shown = {round(frame.time_s, 3): drawn(frame.rgb) for frame in read_frames(probe(tmp_path / "annotated.mp4"))}
    for time_s, there in shown.items():
        if time_s <= 0.367 or time_s >= 0.633:
            assert there, time_s
        elif 0.41 < time_s < 0.59:
            assert not there, time_s


def test_events_are_shown_for_a_moment(film, tmp_path):
    info, track = film(), walk()
    with_event = assessed(track, Event("heel_strike", "right", 0.3, 0))
    annotate_video(info, track, with_event, tmp_path / "with.mp4")
    annotate_video(info, track, assessed(track), tmp_path / "without.mp4")
    pairs = zip(read_frames(probe(tmp_path / "with.mp4")), read_frames(probe(tmp_path / "without.mp4")), strict=True)
    for marked, plain in pairs:
        differs = np.abs(marked.rgb.astype(int) - plain.rgb).max() > 100
        assert differs == (0.3 <= round(marked.time_s, 4) <= 0.6), marked.time_s


def test_slow_motion_stays_slow(film, tmp_path):
    info = probe(film().path, slow_motion=4.0)
    track = walk(fps=4 * FPS)
    annotate_video(info, track, assessed(track), tmp_path / "annotated.mp4")
    assert probe(tmp_path / "annotated.mp4").duration_s == pytest.approx(FRAMES / FPS, rel=1e-3)


def test_cancelling_leaves_no_file(film, tmp_path):
    asked = iter([False, False, True])
    track = walk()
    assert not annotate_video(film(), track, assessed(track), tmp_path / "a.mp4", cancel=lambda: next(asked))
    assert list(tmp_path.iterdir()) == []


def test_what_progress_raises_ends_the_work_and_leaves_no_file(film, tmp_path):
    def stop(done, total):
        raise KeyboardInterrupt

    track = walk()
    with pytest.raises(KeyboardInterrupt):
        annotate_video(film(), track, assessed(track), tmp_path / "a.mp4", progress=stop)
    assert list(tmp_path.iterdir()) == []


# --------------------------------------------------------------------------------------------------------------------
# Key frames


def test_key_frames_are_crops_of_one_size_in_the_order_asked_for(film):
    track = walk()
    crops = key_frames(film(), track, assessed(track), [0.8, 0.1, 0.1, 99.0], height_px=300)
    assert [crop.shape for crop in crops] == [(300, 240, 3)] * 4
    np.testing.assert_array_equal(crops[1], crops[2])
    assert (crops[0] != crops[1]).any()
    assert all(drawn(crop) for crop in crops)
    assert key_frames(film(), track, assessed(track), []) == []


def test_a_key_frame_without_the_walker_shows_the_whole_picture(film):
    (whole,) = key_frames(film(), without(walk(), -1, 99), NOTHING, [0.5], height_px=120)
    assert whole.shape == (120, 160, 3)


def test_jpegs_keep_colors():
    rgb = np.full((40, 60, 3), (200, 30, 10), np.uint8)
    back = cv2.imdecode(np.frombuffer(encode_jpeg(rgb, 90), np.uint8), cv2.IMREAD_COLOR)[..., ::-1]
    np.testing.assert_allclose(back.reshape(-1, 3).mean(axis=0), (200, 30, 10), atol=6)


# --------------------------------------------------------------------------------------------------------------------
# Faces


def head(time_s: float) -> tuple[int, int]:
    x, y = figure(80 + SPEED_PX_S * time_s)[Landmark.NOSE]
    return round(float(x)), round(float(y))


def detail(rgb: np.ndarray, at: tuple[int, int], half: int = 10) -> float:
    """Return how much pixels differ from their neighbours round a place."""
    patch = rgb[max(at[1] - half, 0) : at[1] + half, max(at[0] - half, 0) : at[0] + half].astype(float)
    return float(np.abs(np.diff(patch, axis=1)).mean())


@pytest.fixture
def noise():
    return np.random.default_rng(0).integers(0, 256, (240, 320, 3), dtype=np.uint8)


def blurred(noise, heads, time_s):
    rgb = noise.copy()
    blur(rgb, heads.at(time_s))
    return rgb


@pytest.mark.parametrize("gap", [None, (0.3, 0.5), (0.2, 0.9), (-1.0, 0.4), (0.5, 9.0)])
def test_the_face_is_blurred_in_every_frame_even_where_it_was_lost(noise, gap):
    track = walk() if gap is None else without(walk(), *gap)
    heads = HeadPlaces(track)
    for time_s in np.arange(0, 1, 1 / 60):
        assert detail(blurred(noise, heads, time_s), head(time_s)) < 0.2 * detail(noise, head(time_s)), time_s


def test_a_wild_landmark_does_not_uncover_the_face(noise):
    track = walk()
    xy = track.xy_px.copy()
    xy[12:14, : Landmark.LEFT_SHOULDER] += (150, 90)
    heads = HeadPlaces(PoseTrack(track.time_s, xy, track.visibility, SIZE))
    for time_s in track.time_s[10:17]:
        assert detail(blurred(noise, heads, time_s), head(time_s)) < 0.2 * detail(noise, head(time_s))


def test_unlikely_landmarks_are_blurred_too(noise):
    track = walk()
    heads = HeadPlaces(PoseTrack(track.time_s, track.xy_px, 0 * track.visibility, SIZE))
    assert detail(blurred(noise, heads, 0.5), head(0.5)) < 0.2 * detail(noise, head(0.5))


def test_the_rest_of_the_picture_stays_sharp(noise):
    rgb = blurred(noise, HeadPlaces(walk()), 0.5)
    x = head(0.5)[0]
    np.testing.assert_array_equal(rgb[100:], noise[100:])
    np.testing.assert_array_equal(rgb[:, : x - 60], noise[:, : x - 60])


def test_the_place_is_let_go_long_after_the_walker_left(noise):
    heads = HeadPlaces(walk())
    np.testing.assert_array_equal(blurred(noise, heads, 1.1 + HOLD_S), noise)


def test_nobody_to_blur(noise):
    np.testing.assert_array_equal(blurred(noise, HeadPlaces(without(walk(), -1, 99)), 0.5), noise)


def seen_at(times_s, xs):
    """Return the track of somebody who was seen a few times."""
    xy = np.stack([figure(x) for x in xs])
    return PoseTrack(np.array(times_s), xy, np.ones(xy.shape[:2], np.float32), SIZE)


def test_other_people_are_blurred_between_before_and_after_the_looks_at_them(noise):
    heads = HeadPlaces(without(walk(), -1, 99), [seen_at([0.5, 0.8, 1.1], [150, 180, 210])])
    for time_s, x in ((0.2, 120), (0.5, 150), (0.65, 165), (1.1, 210), (1.5, 250)):
        rgb = blurred(noise, heads, time_s)
        assert detail(rgb, (x + 4, 45), half=8) < 0.25 * detail(noise, (x + 4, 45))
        np.testing.assert_array_equal(rgb[140:], noise[140:])


def test_a_momentary_mistake_is_not_blurred_for_long(noise):
    heads = HeadPlaces(without(walk(), -1, 99), [seen_at([1.0], [150])])
    assert (blurred(noise, heads, 1.4) != noise).any()
    np.testing.assert_array_equal(blurred(noise, heads, 1.6), noise)


def test_somebody_who_bends_has_no_smaller_head():
    track = seen_at(np.arange(0, 1, 0.1), [150] * 10)
    track.xy_px[5:7, : Landmark.LEFT_HIP] += 0.7 * (BODY["hip"] - np.array(BODY["shoulder"]))
    places = HeadPlaces(track)
    assert places.at(0.6)[0].half_height == pytest.approx(places.at(0.2)[0].half_height)


def test_faces_are_blurred_in_the_film_and_in_key_frames(tmp_path, noise):
    smooth_noise = cv2.resize(noise[::4, ::4], SIZE, interpolation=cv2.INTER_NEAREST)
    write_video(tmp_path / "noise.mp4", [(i / FPS, smooth_noise) for i in range(FRAMES)], size=SIZE)
    info, track = probe(tmp_path / "noise.mp4"), walk()
    annotate_video(info, track, assessed(track), tmp_path / "blurred.mp4", blur_faces=True)
    annotate_video(info, track, assessed(track), tmp_path / "open.mp4")
    pairs = zip(read_frames(probe(tmp_path / "blurred.mp4")), read_frames(probe(tmp_path / "open.mp4")), strict=True)
    for hidden, seen in pairs:
        x, y = head(seen.time_s)
        # Above the trunk's vertical reference, where nothing is drawn.
        assert detail(hidden.rgb, (x, y - 8), half=6) < 0.4 * detail(seen.rgb, (x, y - 8), half=6)
    (hidden,) = key_frames(info, track, assessed(track), [0.5], blur_faces=True, height_px=240)
    (seen,) = key_frames(info, track, assessed(track), [0.5], height_px=240)
    assert detail(hidden[:60], (96, 40)) < 0.4 * detail(seen[:60], (96, 40))
