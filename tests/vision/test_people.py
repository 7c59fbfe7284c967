"""Who is in the clip and who walks: on made-up sightings, and on real clips."""

import numpy as np
import pytest

from vision.errors import NoPerson
from vision.people import Sighting, _tiles, choose, frames_between, link, may_hide_something, scout_frames

SIZE = (1280, 720)
RED, BLUE = np.array((180.0, 30.0, 30.0)), np.array((30.0, 40.0, 160.0))


def body(time_s, x, *, y=400.0, size=400.0, swing=0.0, color=RED, quality=0.8):
    at = np.array((x, y))
    feet = np.array((swing * np.sin(2 * np.pi * 0.9 * time_s + 0.4), 0.0))
    return Sighting(round(time_s * 30), time_s, at, at, size, 0.3 * size, feet, color, quality)


def walker(start_s, end_s, x, speed, **more):
    """Someone who is at `x` at `start_s` and moves at `speed` px/s."""
    return [body(t, x + speed * (t - start_s), swing=0.2, **more) for t in np.arange(start_s, end_s, 0.5)]


def stander(start_s, end_s, x, **more):
    return [body(t, x, **more) for t in np.arange(start_s, end_s, 0.5)]


def pictures(*people):
    """The sightings of several people, picture by picture."""
    times = sorted({s.time_s for person in people for s in person})
    return [[s for person in people for s in person if s.time_s == time] for time in times]


def people_in(*tracks, person=None, scouted=20):
    return choose(link(pictures(*tracks)), scouted=scouted, name="clip.mp4", size_px=SIZE, person=person)


def test_the_walker_wins_over_someone_who_stands_nearer_and_longer():
    found = people_in(stander(0, 10, 900, size=600.0, color=BLUE), walker(3, 7, 100, 280))
    assert len(found.candidates) == 2
    assert found.walker.path.time_s[0] == 3
    assert "moves over" in found.walker.why and "legs swing" in found.walker.why


def test_the_walker_on_a_treadmill_wins_over_someone_who_stands():
    found = people_in(stander(0, 10, 1000, color=BLUE), [body(t, 500, swing=0.2) for t in np.arange(0, 10, 0.5)])
    assert "legs swing" in found.walker.why and found.walker.path.center_px[0, 0] == 500


def test_the_main_person_is_followed_when_nobody_walks():
    found = people_in(stander(0, 10, 900, size=600.0), stander(0, 4, 100, size=200.0, color=BLUE))
    assert found.walker.path.size_px[0] == 600
    assert "stays in place" in found.walker.why


def test_two_who_cross_stay_two_people():
    right, left = walker(0, 5, 100, 240), walker(0, 5, 1300, -240, color=BLUE)
    tracks = link(pictures(right, left))
    assert len(tracks) == 2
    for track in tracks:
        assert len({tuple(s.color) for s in track}) == 1


def test_someone_hidden_for_a_moment_is_one_person():
    path = walker(0, 6, 100, 200)
    assert [len(track) for track in link(pictures([s for s in path if not 2.4 < s.time_s < 3.6]))] == [9]


def test_someone_who_leaves_and_comes_back_is_one_person():
    found = people_in(walker(0, 4, 100, 300), walker(7, 11, 1300, -300))
    assert [c.frames for c in found.candidates] == [16]


def test_someone_else_in_other_clothes_is_not_the_one_who_left():
    assert len(people_in(walker(0, 4, 100, 300), walker(7, 11, 1300, -300, color=BLUE)).candidates) == 2


def test_a_ghost_in_a_picture_or_two_is_nobody():
    with pytest.raises(NoPerson, match=r"Nobody was found in clip\.mp4"):
        people_in(stander(2, 3, 500))


def test_ghosts_all_over_the_place_are_nobody():
    rng = np.random.default_rng(1)
    ghosts = [
        body(t, rng.uniform(0, 1280), y=rng.uniform(0, 720), size=rng.uniform(50, 400), color=rng.uniform(0, 255, 3))
        for t in np.arange(16) / 2
    ]
    with pytest.raises(NoPerson):
        people_in(ghosts)


def test_a_clip_of_two_pictures_needs_no_third():
    assert people_in(stander(0, 1, 500), scouted=2).chosen == 1


def test_a_person_can_be_asked_for():
    tracks = stander(0, 10, 900, color=BLUE), walker(3, 7, 100, 280)
    found = people_in(*tracks, person=2)
    assert found.chosen == 2 and "stays in place" in found.walker.why
    assert [c.why for c in found.candidates] == [c.why for c in people_in(*tracks).candidates]
    with pytest.raises(NoPerson, match=r"no person 3\. 2 people were found"):
        people_in(*tracks, person=3)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (720, 1280), (640, 480), (351, 255), (500, 500)])
@pytest.mark.parametrize("small", [False, True])
def test_tiles_cover_the_picture_and_stay_inside(width, height, small):
    covered = np.zeros((height, width), int)
    for left, top, tile_width, tile_height in _tiles(width, height, small):
        assert left >= 0 and top >= 0 and left + tile_width <= width and top + tile_height <= height
        covered[top : top + tile_height, left : left + tile_width] += 1
    assert covered.min() >= 1


def test_pictures_to_look_at_are_spread_by_time():
    times = np.concatenate([np.arange(0, 2, 1 / 60), np.arange(2, 10, 1 / 10)])  # the rate drops after 2 s
    looked = scout_frames(times)
    np.testing.assert_allclose(np.diff(times[looked]), 1.0, atol=0.3)
    assert looked[0] == 0 and looked[-1] == len(times) - 1
    np.testing.assert_array_equal(scout_frames(np.array([0.0, 0.03])), [0, 1])


def test_a_short_slowed_film_is_looked_at_by_its_own_running_time():
    playing = np.arange(0, 5, 1 / 30)
    ordinary = scout_frames(playing)
    np.testing.assert_array_equal(scout_frames(playing / 2, slow_motion=2), ordinary)
    np.testing.assert_array_equal(scout_frames(playing, slow_motion=1), ordinary)
    # Ten seconds that were filmed eight times slowed are no shorter than any other ten seconds.
    long = np.arange(0, 10, 1 / 240)
    np.testing.assert_array_equal(scout_frames(long, slow_motion=8), scout_frames(long))
    crossing = np.arange(0, 2.5, 1 / 240)
    assert len(scout_frames(crossing, slow_motion=8)) >= 10


def test_the_first_look_is_not_in_step_with_a_stride_of_one_second():
    times = np.arange(0, 20, 1 / 30)
    stride = times[scout_frames(times)] % 1.0
    assert np.std(np.cos(2 * np.pi * stride)) > 0.2 or np.std(np.sin(2 * np.pi * stride)) > 0.2


def between(xs, bystander=()):
    """Look at a picture a second with the walker at xs (None: not there); return the seconds of the second look."""
    times = np.arange(0, len(xs) - 1 + 1e-9, 1 / 30)
    looked = np.arange(len(xs)) * 30
    pictures = [[] if x is None else [sighting(k, x)] for k, x in enumerate(xs)]
    for k in bystander:
        pictures[k].append(sighting(k, 1100))
    seen = dict(zip(looked, pictures, strict=True))
    frames = frames_between(times, looked)
    return [times[k].round(1) for k, near in frames.items() if may_hide_something([seen[i] for i in near])]


def sighting(second, x):
    at = np.array([x, 300.0])
    return Sighting(30 * second, float(second), at, at, 200.0, 60.0, np.zeros(2), np.zeros(3), 1.0)


def test_one_body_going_straight_needs_no_second_look():
    assert between([100, 250, 400, 550, 700]) == []
    assert between([300, 302, 299, 301]) == []


def test_a_turn_an_absence_and_a_second_body_do():
    assert between([100, 250, 400, 250, 100, -50, -200]) == [1.5, 2.5]
    assert between([None, None, 100, 250, 400, 550]) == [0.5, 1.5, 2.5]
    assert between([100, 250, 400, 550, 700, 850], bystander=[0]) == [0.5, 1.5]
    assert between([100, 250]) == [0.5]
