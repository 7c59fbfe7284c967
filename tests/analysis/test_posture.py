"""Standing posture: exact on figures whose tilts are known, the same however they are mirrored, moved or scaled."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from gait_tracks import ACROSS, FRONTAL, STANDING, TREADMILL, walk, with_camera, with_gait
from hypothesis import given, settings
from hypothesis import strategies as st

from analysis import norms
from analysis.pose import N_LANDMARKS, PoseTrack, landmark
from analysis.posture import NotStanding, PostureConfig, bow, measure_posture

SIZE = (1000, 1400)
HIP_Y, TORSO, THIGH, SHANK = 650.0, 260.0, 220.0, 220.0


def turned(vector: tuple[float, float], degrees: float) -> np.ndarray:
    """Turn a vector in the picture, + clockwise as one looks at it (y is down)."""
    c, s = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return np.array([[c, -s], [s, c]]) @ np.array(vector)


def track_of(points: dict[str, np.ndarray], frames: int = 1) -> PoseTrack:
    xy = np.full((N_LANDMARKS, 2), np.nan)
    for name, place in points.items():
        if name == "nose":
            xy[0] = place
        else:
            side, part = name.split("_", 1)
            xy[landmark(side, part)] = place
    many = np.repeat(xy[None], frames, axis=0).astype(np.float32)
    return PoseTrack(np.arange(frames) / 30, many, np.isfinite(many).all(2).astype(np.float32), SIZE)


def pair(part: str, middle: np.ndarray, half: float, left_up: float, toward: int) -> dict[str, np.ndarray]:
    """Return two points whose left one is higher by `left_up` degrees; it is at the right if `toward` is +1."""
    arm = turned((toward * half, 0.0), -toward * left_up)
    return {f"left_{part}": middle + arm, f"right_{part}": middle - arm}


def frontal(
    toward: int = 1, head=0.0, shoulder=0.0, hip=0.0, lean=0.0, shift_pct=0.0, bowed=0.0, frames: int = 1
) -> PoseTrack:
    """Draw somebody from the front (+1) or from behind (-1), with tilts (+ left higher) and leans (+ to the left)."""
    ankles = 100.0
    hips = np.array((500.0 + toward * shift_pct / 100 * ankles, HIP_Y))
    shoulders = hips + turned((0.0, -TORSO), toward * lean)
    points = pair("hip", hips, 45, hip, toward) | pair("shoulder", shoulders, 85, shoulder, toward)
    points |= pair("ear", shoulders + (0, -90.0), 35, head, toward) | {"nose": shoulders + (0, -90.0)}
    for side, out in (("left", toward), ("right", -toward)):
        ankle = np.array((500.0 + out * ankles / 2, HIP_Y + THIGH + SHANK))
        # The knee lies off the straight line, so that thigh and shank differ by `bowed`.
        between = (points[f"{side}_hip"] + ankle) / 2
        length = np.linalg.norm(ankle - points[f"{side}_hip"])
        across = turned(tuple((ankle - points[f"{side}_hip"]) / length), -90.0) * np.sign(out)
        points[f"{side}_knee"] = between + across * length / 2 * np.tan(np.radians(bowed / 2))
        points[f"{side}_ankle"] = ankle
        points[f"{side}_heel"] = ankle + (0.0, 20.0)
        points[f"{side}_foot_index"] = ankle + (out * 8.0, 40.0)
    return track_of(points, frames)


def sideways(facing: int = 1, ear=10.0, trunk=3.0, knee=4.0, frames: int = 1) -> PoseTrack:
    """Draw somebody from the side, facing right (+1) or left (-1)."""
    hip = np.array((500.0, HIP_Y))
    shoulder = hip + turned((0.0, -TORSO), facing * trunk)
    head = shoulder + turned((0.0, -100.0), facing * ear)
    joint = hip + turned((0.0, THIGH), -facing * knee / 2)
    ankle = joint + turned((0.0, SHANK), facing * knee / 2)
    parts = {"hip": hip, "shoulder": shoulder, "ear": head, "knee": joint, "ankle": ankle}
    parts |= {"heel": ankle + (-facing * 25.0, 20.0), "foot_index": ankle + (facing * 75.0, 20.0)}
    points = {f"{side}_{part}": place for part, place in parts.items() for side in ("left", "right")}
    return track_of(points | {"nose": head + (facing * 40.0, 0.0)}, frames)


def values(posture) -> dict[str, float | None]:
    return {id: measure.value for id, measure in posture.measures.items()}


@pytest.mark.parametrize(("toward", "view"), [(1, "front"), (-1, "back")])
def test_frontal_lines_are_those_that_were_drawn(toward, view):
    posture = measure_posture(frontal(toward, head=5, shoulder=-4, hip=2.5, lean=6, shift_pct=12, bowed=7))
    assert posture.view == view and posture.facing == 0 and posture.near_side is None
    assert values(posture) == pytest.approx(
        {
            "head_tilt": 5 if toward > 0 else None,
            "shoulder_tilt": -4,
            "hip_tilt": 2.5,
            "trunk_lateral": 6,
            "weight_shift": 12,
            "knee_alignment": 7,
        },
        abs=0.05,
    )
    knees = posture.measures["knee_alignment"]
    assert (knees.left, knees.right) == pytest.approx((7, 7), abs=0.05)


@pytest.mark.parametrize(("facing", "near"), [(1, "right"), (-1, "left")])
def test_side_lines_are_those_that_were_drawn(facing, near):
    posture = measure_posture(sideways(facing, ear=18, trunk=-5, knee=9))
    assert (posture.view, posture.facing, posture.near_side) == ("side", facing, near)
    assert values(posture) == pytest.approx({"ear_shoulder": 18, "trunk_forward": -5, "knee_bend": 9}, abs=0.05)
    knee = posture.measures["knee_bend"]
    assert (knee.left is None, knee.right is None) == (near == "right", near == "left")


def test_bow_is_positive_when_the_knee_is_outward():
    hip, ankle = np.array([[100.0, 0.0]]), np.array([[100.0, 400.0]])
    assert bow(hip, np.array([[110.0, 200.0]]), ankle, outward=1)[0] > 5
    assert bow(hip, np.array([[110.0, 200.0]]), ankle, outward=-1)[0] < -5


TILT = st.floats(-12, 12)


@settings(max_examples=40, deadline=None)
@given(head=TILT, shoulder=TILT, hip=TILT, shift=TILT, bowed=TILT, toward=st.sampled_from((1, -1)))
def test_mirroring_a_frontal_picture_swaps_the_sides(head, shoulder, hip, shift, bowed, toward):
    track = frontal(toward, head, shoulder, hip, shift_pct=shift, bowed=bowed)
    as_is, mirrored = measure_posture(track), measure_posture(track.mirrored())
    assert mirrored.view == as_is.view
    lines = ("shoulder_tilt", "hip_tilt", "trunk_lateral", "weight_shift")
    for id in (*lines, "head_tilt") if toward > 0 else lines:
        assert mirrored.measures[id].value == pytest.approx(-as_is.measures[id].value, abs=1e-3)
    one, two = as_is.measures["knee_alignment"], mirrored.measures["knee_alignment"]
    assert (two.left, two.right) == pytest.approx((one.right, one.left), abs=1e-3)


@settings(max_examples=40, deadline=None)
@given(ear=st.floats(-20, 45), trunk=st.floats(-15, 20), knee=st.floats(-8, 20), facing=st.sampled_from((1, -1)))
def test_mirroring_a_side_picture_changes_the_near_side_only(ear, trunk, knee, facing):
    track = sideways(facing, ear, trunk, knee)
    as_is, mirrored = measure_posture(track), measure_posture(track.mirrored())
    assert mirrored.facing == -as_is.facing and mirrored.near_side != as_is.near_side
    assert values(mirrored) == pytest.approx(values(as_is), abs=1e-3)


@settings(max_examples=40, deadline=None)
@given(scale=st.floats(0.3, 3), x=st.floats(0, 400), y=st.floats(0, 400), tilt=TILT, side=st.booleans())
def test_moving_and_scaling_change_nothing(scale, x, y, tilt, side):
    track = sideways(ear=tilt + 10, trunk=tilt) if side else frontal(shoulder=tilt, shift_pct=tilt)
    size = tuple(int(scale * length + move) + 1 for length, move in zip(SIZE, (x, y), strict=True))
    moved = replace(track, xy_px=(track.xy_px * scale + (x, y)).astype(np.float32), size_px=size)
    assert values(measure_posture(moved)) == pytest.approx(values(measure_posture(track)), abs=0.02)


def test_a_clip_is_averaged_and_a_photo_is_less_sure():
    still, photo = (measure_posture(frontal(shoulder=5, frames=n)).measures["shoulder_tilt"] for n in (60, 1))
    assert (still.n, photo.n) == (60, 1)
    assert photo.value == pytest.approx(still.value)
    assert photo.ci95[1] - photo.ci95[0] > still.ci95[1] - still.ci95[0] > 0


def test_noise_averages_out():
    track = frontal(shoulder=4, hip=-2, frames=90)
    noise = np.random.default_rng(1).normal(0, 2.0, track.xy_px.shape).astype(np.float32)
    measured = values(measure_posture(replace(track, xy_px=track.xy_px + noise)))
    assert measured["shoulder_tilt"] == pytest.approx(4, abs=0.3) and measured["hip_tilt"] == pytest.approx(-2, abs=0.5)


def test_only_what_is_beyond_the_limit_is_notable():
    limits = norms.table("posture").set_index("measure")["limit"]
    for tilt, notable in ((0.9, False), (1.1, True)):
        posture = measure_posture(frontal(shoulder=tilt * limits["shoulder_tilt"]))
        assert posture.measures["shoulder_tilt"].notable is notable


def test_no_limit_lies_within_the_error_of_a_clip():
    rows, level = norms.table("posture"), PostureConfig().camera_level_deg
    with_limit = rows[rows["limit"].notna()]
    assert (with_limit["limit"] > np.hypot(with_limit["error"], with_limit["level"] * level)).all()


def test_the_head_is_never_remarked_on_from_the_side():
    measure = measure_posture(sideways(ear=60)).measures["ear_shoulder"]
    assert measure.value == pytest.approx(60, abs=0.05) and not measure.notable and measure.reference is None


@pytest.mark.parametrize("roll", [3.0, -6.0])
def test_a_tilted_camera_is_noticed(roll):
    track = frontal(bowed=6)
    middle = np.array(SIZE) / 2
    xy = np.array([[turned(tuple(point - middle), roll) + middle for point in track.xy_px[0]]], np.float32)
    posture = measure_posture(replace(track, xy_px=xy))
    assert "camera_tilted" in posture.issues
    tilts = [posture.measures[id] for id in ("head_tilt", "shoulder_tilt", "hip_tilt", "trunk_lateral", "weight_shift")]
    assert all(m.status == "not_measurable" and "level" in m.reason and not m.notable for m in tilts)
    assert posture.measures["knee_alignment"].value == pytest.approx(6, abs=0.1)


def test_a_leaning_person_is_not_a_tilted_camera():
    posture = measure_posture(frontal(shoulder=6, hip=2, lean=-6, shift_pct=6))
    assert "camera_tilted" not in posture.issues and posture.measures["trunk_lateral"].notable


@pytest.mark.parametrize(("toward", "view"), [(1, "back"), (-1, "front")])
def test_exchanged_labels_are_put_right_when_the_view_is_said(toward, view):
    posture = measure_posture(frontal(toward, shoulder=5), view)
    assert posture.view == view and posture.labels_exchanged
    # What the model called the higher left shoulder is the right one, seen from the other side.
    assert posture.measures["shoulder_tilt"].value == pytest.approx(-5, abs=0.05)


def test_the_view_that_is_said_is_kept_where_it_fits():
    assert not measure_posture(frontal(), "front").labels_exchanged


def test_seen_at_an_angle_nothing_is_measured():
    track = frontal()
    xy = track.xy_px.copy()
    xy[..., 0] = 500 + (xy[..., 0] - 500) * 0.6
    for side in ("left", "right"):
        xy[:, landmark(side, "foot_index"), 0] = xy[:, landmark(side, "heel"), 0] + 70
    posture = measure_posture(replace(track, xy_px=xy))
    assert posture.view == "oblique" and posture.measures == {}


def test_from_behind_nothing_is_said_about_the_head():
    posture = measure_posture(frontal(-1, head=9))
    head = posture.measures["head_tilt"]
    assert head.status == "not_measurable" and "from the front" in head.reason and posture.issues == ("one_picture",)


def test_what_is_cut_off_is_said_and_the_rest_works():
    track = frontal(shoulder=5)
    xy = track.xy_px.copy()
    for side in ("left", "right"):
        for part in ("knee", "ankle", "heel", "foot_index"):
            xy[:, landmark(side, part), 1] += 2000
    posture = measure_posture(replace(track, xy_px=xy), "front")
    assert "cut_off" in posture.issues
    for id in ("knee_alignment", "weight_shift"):
        assert posture.measures[id].status == "not_measurable" and "feet" in posture.measures[id].reason
    assert posture.measures["shoulder_tilt"].value == pytest.approx(5, abs=0.05)


def test_guessed_landmarks_do_not_count():
    track = frontal()
    visibility = track.visibility.copy()
    visibility[:, [landmark("left", "ear"), landmark("right", "ear")]] = 0.01
    assert measure_posture(replace(track, visibility=visibility)).measures["head_tilt"].status == "not_measurable"


@pytest.mark.parametrize("params", [ACROSS, TREADMILL, FRONTAL], ids=["across", "treadmill", "frontal"])
def test_walking_is_refused(params):
    with pytest.raises(NotStanding, match="walking"):
        measure_posture(walk(params))


def test_a_picture_of_a_step_is_refused():
    track = sideways()
    xy = track.xy_px.copy()
    for part in ("ankle", "heel", "foot_index"):
        xy[:, landmark("left", part), 0] -= 150
    lifted = frontal().xy_px.copy()
    for part in ("ankle", "heel", "foot_index"):
        lifted[:, landmark("left", part), 1] -= 70
    for other in (replace(track, xy_px=xy), replace(track, xy_px=lifted), sideways(knee=55)):
        with pytest.raises(NotStanding, match="stepping"):
            measure_posture(other)


def test_too_short_a_clip_is_refused():
    with pytest.raises(NotStanding, match="short"):
        measure_posture(frontal(frames=12))


def test_nobody_and_sitting_are_refused():
    with pytest.raises(NotStanding, match="unseen"):
        measure_posture(track_of({}))
    track = frontal()
    xy = track.xy_px.copy()
    for side in ("left", "right"):
        for part in ("ankle", "heel", "foot_index"):
            xy[:, landmark(side, part), 1] -= 200
    with pytest.raises(NotStanding, match="not_upright"):
        measure_posture(replace(track, xy_px=xy))


@pytest.mark.parametrize("yaw", [0.0, 180.0])
def test_the_rendered_walker_stands_as_it_was_made(yaw):
    params = with_camera(with_gait(STANDING, trunk_forward_deg=8.0, slouch=0.2), yaw_deg=yaw)
    posture = measure_posture(walk(params))
    assert posture.view == "side" and posture.facing == (1 if yaw == 0 else -1)
    assert posture.measures["trunk_forward"].value == pytest.approx(8.0 + 2.0, abs=3.0)


@pytest.mark.parametrize(("yaw", "view"), [(90.0, "front"), (270.0, "back")])
def test_the_rendered_walker_leans_as_it_was_made(yaw, view):
    posture = measure_posture(walk(with_camera(with_gait(STANDING, trunk_lateral_deg=5.0), yaw_deg=yaw)))
    assert posture.view == view
    # The walker counts + to its right, posture + to the left.
    assert posture.measures["trunk_lateral"].value == pytest.approx(-5.0, abs=0.8)
