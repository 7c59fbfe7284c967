"""Every angle by hand, its sign in both directions, and what it must not depend on."""

import numpy as np
import pytest
from gait_tracks import moved, walk
from hypothesis import assume, given
from hypothesis import strategies as st

from analysis import angles
from analysis.angles import angle_table
from analysis.pose import SIDES, other
from analysis.view import Pass, find_passes

FACINGS = (1, -1)


def point(x, y):
    """One point [1, 2] in pixels: x ahead of a body that faces right, y down."""
    return np.array([[float(x), float(y)]])


def facing_left(p):
    return p * (-1.0, 1.0)


def leg(thigh_deg, shank_deg, facing=1, length=100.0, at=(300.0, 200.0)):
    """Hip, knee and ankle of a leg whose segments swing forward by these angles."""
    hip = np.array([at])
    along = [np.array([[facing * np.sin(a), np.cos(a)]]) * length for a in np.radians([thigh_deg, shank_deg])]
    return hip, hip + along[0], hip + along[0] + along[1]


@pytest.mark.parametrize("facing", FACINGS)
@pytest.mark.parametrize(
    ("thigh_deg", "shank_deg", "knee_deg"),
    [(0, 0, 0), (30, -30, 60), (20, 20, 0), (-10, -70, 60), (5, 15, -10), (-20, 100, -120)],
)
def test_knee_and_thigh_by_hand(facing, thigh_deg, shank_deg, knee_deg):
    hip, knee, ankle = leg(thigh_deg, shank_deg, facing)
    assert angles.thigh(hip, knee, facing)[0] == pytest.approx(thigh_deg)
    assert angles.inclination(knee, ankle, facing)[0] == pytest.approx(shank_deg)
    assert angles.knee_flexion(hip, knee, ankle, facing)[0] == pytest.approx(knee_deg)


def test_a_knee_that_bends_backward_is_negative():
    hip, knee, ankle = point(0, 0), point(-10, 100), point(0, 200)
    assert -12.0 < angles.knee_flexion(hip, knee, ankle, 1)[0] < -11.0
    assert 11.0 < angles.knee_flexion(hip, knee, ankle, -1)[0] < 12.0


def test_knee_angle_does_not_jump_where_segments_point_up():
    """Thigh level ahead and shank folded past the horizontal: the difference leaves -180..180 and is brought back."""
    hip, knee, ankle = leg(100.0, -100.0)
    assert angles.knee_flexion(hip, knee, ankle, 1)[0] == pytest.approx(-160.0)


@pytest.mark.parametrize("flip", (False, True))
@pytest.mark.parametrize(
    ("toe_y", "ankle_deg"),
    [(240, 0.0), (240 - 60 * np.tan(np.radians(15)), 15.0), (240 + 60 * np.tan(np.radians(20)), -20.0)],
    ids=["sole square to the shank", "toes up", "toes down"],
)
def test_ankle_by_hand(flip, toe_y, ankle_deg):
    points = [point(0, 100), point(0, 230), point(-10, 240), point(50, toe_y)]
    if flip:
        points = [facing_left(p) for p in points]
    assert angles.ankle_dorsiflexion(*points, -1 if flip else 1)[0] == pytest.approx(ankle_deg)


@pytest.mark.parametrize("facing", FACINGS)
def test_trunk_and_ear_lean_in_facing_direction_is_positive(facing):
    lower, upper = point(100, 300), point(100 + facing * 100 * np.tan(np.radians(10)), 200)
    assert angles.trunk_forward(lower, upper, facing)[0] == pytest.approx(10.0)
    assert angles.trunk_forward(lower, upper, -facing)[0] == pytest.approx(-10.0)
    assert angles.ear_shoulder(upper, lower, facing)[0] == pytest.approx(10.0)


@pytest.mark.parametrize("toward", FACINGS)
def test_frontal_angles_by_hand(toward):
    # Someone who faces the camera has their left side on the right of the picture.
    lower, upper = point(100, 300), point(100 + toward * 100 * np.tan(np.radians(5)), 200)
    assert angles.lateral_tilt(lower, upper, toward)[0] == pytest.approx(5.0)
    left, right = point(100 + toward * 20, 298), point(100 - toward * 20, 302)
    assert angles.line_tilt(left, right, toward)[0] == pytest.approx(np.degrees(np.arctan2(4, 40)))
    assert angles.line_tilt(left, left + point(-toward * 40, 0), toward)[0] == pytest.approx(0.0, abs=1e-9)


def a_leg(xy):
    """Hip, knee, ankle, heel and toe, no segment without length."""
    points = np.array(xy).reshape(5, 1, 2)
    assume(min(np.linalg.norm(points[a] - points[b]) for a, b in ((0, 1), (1, 2), (3, 4))) > 1.0)
    return points


coordinates = st.tuples(*[st.floats(-500, 500)] * 10)


@given(coordinates, st.floats(0.01, 50), st.floats(-2000, 2000), st.floats(-2000, 2000), st.sampled_from(FACINGS))
def test_angles_ignore_scale_and_place(xy, scale, dx, dy, facing):
    points = a_leg(xy)

    def measured(hip, knee, ankle, heel, toe):
        return np.array(
            [
                angles.knee_flexion(hip, knee, ankle, facing)[0],
                angles.ankle_dorsiflexion(knee, ankle, heel, toe, facing)[0],
                angles.trunk_forward(hip, knee, facing)[0],
            ]
        )

    difference = measured(*(scale * p + (dx, dy) for p in points)) - measured(*points)
    around = (difference + 180.0) % 360.0 - 180.0
    assert np.max(np.abs(around)) < 1e-3


@given(coordinates, st.sampled_from(FACINGS))
def test_a_mirrored_body_that_faces_the_other_way_has_the_same_angles(xy, facing):
    hip, knee, ankle, heel, toe = points = a_leg(xy)
    mirrored = [facing_left(p) for p in points]
    pairs = [
        (angles.knee_flexion(hip, knee, ankle, facing), angles.knee_flexion(*mirrored[:3], -facing)),
        (
            angles.ankle_dorsiflexion(knee, ankle, heel, toe, facing),
            angles.ankle_dorsiflexion(*mirrored[1:], -facing),
        ),
        (angles.lateral_tilt(hip, knee, facing), angles.lateral_tilt(*mirrored[:2], -facing)),
    ]
    for as_is, in_mirror in pairs:  # -180 and 180 are the same angle
        assert abs((as_is - in_mirror + 180.0) % 360.0 - 180.0) < 1e-9


def test_the_table_gives_angles_only_where_their_plane_is_seen():
    track = walk()
    passes = (
        Pass(0, 2.0, 3.0, "right", "side", 1, "right"),
        Pass(1, 4.0, 4.4, "toward", "front", 0, None),
        Pass(2, 9.0, 10.0, "left", "oblique", -1, "left"),
    )
    table = angle_table(track, passes)
    sagittal = np.isfinite(table["knee_left_deg"])
    frontal = np.isfinite(table["trunk_lateral_deg"])
    assert set(np.flatnonzero(sagittal)) == set(np.flatnonzero((track.time_s >= 2.0) & (track.time_s <= 3.0)))
    assert set(np.flatnonzero(frontal)) == set(np.flatnonzero((track.time_s >= 4.0) & (track.time_s <= 4.4)))


def test_mirroring_swaps_the_sides_of_the_table():
    track = moved(walk(), lambda xy: np.round(xy * 64) / 64)
    here, there = (angle_table(t, find_passes(t)[0]) for t in (track, track.mirrored()))
    for side in SIDES:
        for joint in ("knee", "thigh", "shank", "ankle"):
            a, b = here[f"{joint}_{side}_deg"], there[f"{joint}_{other(side)}_deg"]
            assert np.isfinite(a).sum() > 100
            np.testing.assert_allclose(a, b, atol=1e-9)
    np.testing.assert_allclose(here["trunk_forward_deg"], there["trunk_forward_deg"], atol=1e-9)


def test_knee_agrees_with_published_sagittal_angles(data):
    """Another tool's angles of the same markers; its knee is the third column. The walker faces right, y is up."""
    folder = data / "marker_data" / "sagittal_angles"
    theirs = np.degrees(np.loadtxt(folder / "angles_rad.tsv")[:, 2])
    xy = np.loadtxt(folder / "markers.tsv")[:, 1:13].reshape(-1, 6, 2)
    known = ~np.any(np.all(xy == 0.0, axis=2), axis=1)
    _, hip, knee, ankle, _, _ = np.moveaxis(xy * (1.0, -1.0), 1, 0)
    ours = angles.knee_flexion(hip, knee, ankle, 1)
    difference = (ours - theirs)[known]
    assert known.sum() > 250
    assert np.corrcoef(ours[known], theirs[known])[0, 1] > 0.995
    # A constant offset comes from where each takes the joint centres to be.
    assert abs(np.mean(difference)) < 3.0
    assert np.std(difference) < 2.0
    assert np.ptp(ours[known]) == pytest.approx(np.ptp(theirs[known]), abs=5.0)
