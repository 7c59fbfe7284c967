import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from analysis.pose import Landmark
from validation.walker.camera import View
from validation.walker.gait import FLAT, HEEL_OFF, SIDES
from validation.walker.kinematics import pose_at
from validation.walker.params import Body, Camera, Gait, WalkerParams
from validation.walker.plan import STANCE
from validation.walker.skeleton import BUILDS_FILE
from validation.walker.truth import analytic_track, make_truth, solve_clip, true_track, write_truth

SAMPLES = Path(__file__).resolve().parents[2] / "sample_videos"
TREADMILL = WalkerParams(duration_s=8.0, gait=Gait(activity="treadmill"))
FINE_HZ = 250.0

WALKS = {
    "usual": WalkerParams(),
    "slow": WalkerParams(gait=Gait(speed_mps=0.6)),
    "fast": WalkerParams(gait=Gait(speed_mps=1.7)),
    "marked": WalkerParams(seed=3, gait=Gait(favoring="left", strength=1.0)),
    "turning": WalkerParams(seed=4, gait=Gait(passes=2, half_path_m=1.5)),
    "heavy": WalkerParams(seed=5, body=Body("heavy_man"), gait=Gait(trunk_forward_deg=15.0)),
    "treadmill": TREADMILL,
}


def favoring(side, strength, seed=1):
    return replace(TREADMILL, seed=seed, gait=replace(TREADMILL.gait, favoring=side, strength=strength))


@pytest.fixture(scope="module", params=WALKS, ids=str)
def walk(request):
    """A clip, and its body on a fine grid of moments."""
    clip = solve_clip(WALKS[request.param])
    t = np.arange(0.0, clip.time_s[-1], 1.0 / FINE_HZ)
    return clip, t, pose_at(clip.motion, clip.params.gait, t)


def on_the_belt(clip, t, points):
    """Return points [T, 3] in the frame of the floor that the feet stand on."""
    if clip.params.gait.activity == "treadmill":
        return points + np.outer(t, [clip.params.gait.speed_mps, 0.0, 0.0])
    return points


def planted(foot, start_pct, end_pct, t):
    """Return the moments of a stance between two phases, where STANCE is toe-off, but for 5 ms at either end."""
    phase = (t - foot.hs_s) / (foot.to_s - foot.hs_s) * STANCE
    return (phase >= start_pct) & (phase <= end_pct) & (t > foot.hs_s + 5e-3) & (t < foot.to_s - 5e-3)


def test_planted_feet_do_not_slide(walk):
    clip, t, posed = walk
    slides = []
    for foot in clip.motion.plan.footfalls:
        # Phases are smooth, not linear, between events: stay clear of the handover from heel to ball.
        for part, start, end in (("heel_sole", 0.0, HEEL_OFF - 4.0), ("ball_sole", FLAT + 4.0, STANCE)):
            still = on_the_belt(clip, t, posed.joints[f"{part}_{foot.side}"])[planted(foot, start, end, t)]
            if len(still) > 10:
                slides.append(still - still.mean(axis=0))
    off = np.concatenate(slides)
    assert len(slides) > 10
    assert np.sqrt(np.mean(np.sum(off**2, axis=1))) < 0.5e-3
    assert np.max(np.abs(off)) < 3e-3


def test_feet_stay_above_the_floor_and_swing_clears_it(walk):
    clip, t, posed = walk
    for side in SIDES:
        sole = np.stack([posed.joints[f"{p}_{side}"][:, 2] for p in ("heel_sole", "ball_sole", "toe_sole")])
        assert sole.min() > -2e-3
        for foot, nxt in zip(clip.motion.plan.of(side)[:-1], clip.motion.plan.of(side)[1:], strict=True):
            swing = (t > foot.to_s + 0.35 * (nxt.hs_s - foot.to_s)) & (t < foot.to_s + 0.6 * (nxt.hs_s - foot.to_s))
            if np.any(swing):
                assert sole[:, swing].min() > 4e-3


def test_events_are_where_the_feet_touch_and_leave(walk):
    clip, t, posed = walk
    for foot in clip.motion.plan.footfalls:
        heel, ball = (posed.joints[f"{p}_{foot.side}"] for p in ("heel_sole", "ball_sole"))
        if 0.1 < foot.hs_s < t[-1] - 0.1:
            i = int(np.searchsorted(t, foot.hs_s))
            heel = on_the_belt(clip, t, heel)
            assert abs(heel[i, 2]) < 3e-3
            assert np.linalg.norm(heel[i + 5] - heel[i + 2]) < 1.5e-3
            assert np.linalg.norm(heel[i - 10] - heel[i]) > 4e-3  # 40 ms earlier it was still on its way
        if 0.1 < foot.to_s < t[-1] - 0.1:
            i = int(np.searchsorted(t, foot.to_s))
            assert abs(ball[i - 2, 2]) < 1.5e-3
            assert ball[i + 5, 2] > 2e-3


def test_hips_are_highest_in_mid_stance(walk):
    clip, t, posed = walk
    plan = clip.motion.plan
    feet = plan.footfalls
    height = posed.joints["pelvis"][:, 2]
    rises = []
    for before, foot, nxt in zip(feet[:-2], feet[1:-1], feet[2:], strict=True):
        straight = plan.path.to_turn_m(np.array([before.along_m, foot.along_m, nxt.along_m])).min() > 0.9
        if before.hs_s > 0.0 and nxt.hs_s < t[-1] and straight:
            double = 0.5 * (foot.hs_s + before.to_s)
            single = 0.5 * (before.to_s + nxt.hs_s)
            rises.append(np.interp(single, t, height) - np.interp(double, t, height))
    assert min(rises) > 0.004
    assert np.mean(rises) < 0.07


def test_same_parameters_give_the_same_truth():
    params = WalkerParams(seed=9, gait=Gait(passes=2, half_path_m=1.5, favoring="right", strength=0.5))
    again = WalkerParams.from_dict(json.loads(json.dumps(params.to_dict())))
    first, second = (write_truth(make_truth(solve_clip(p))) for p in (params, again))
    assert first == second
    assert write_truth(make_truth(solve_clip(replace(params, seed=10)))) != first


def test_truth_file_and_analytic_track_agree():
    params = WalkerParams(seed=2, camera=Camera(yaw_deg=12.0, pitch_deg=3.0, roll_deg=-2.0, fps=24.0))
    from_file = true_track(json.loads(write_truth(make_truth(solve_clip(params)))))
    direct = analytic_track(params)
    assert from_file.size_px == direct.size_px == (960, 540)
    np.testing.assert_allclose(from_file.time_s, direct.time_s, atol=1e-5)
    np.testing.assert_allclose(from_file.xy_px, direct.xy_px, atol=0.006)
    np.testing.assert_array_equal(from_file.visibility, direct.visibility)
    assert np.all(np.isnan(direct.xy_px[:, Landmark.LEFT_PINKY]))


def test_frame_rate_changes_the_sampling_and_nothing_else():
    slow, fast = (make_truth(solve_clip(replace(TREADMILL, camera=Camera(fps=f)))) for f in (30.0, 60.0))
    assert [e["time_s"] for e in slow["events"]] == [e["time_s"] for e in fast["events"]][: len(slow["events"])]
    np.testing.assert_allclose(slow["angles_3d"]["knee_left_deg"], fast["angles_3d"]["knee_left_deg"][::2], atol=1e-3)


def test_favoring_the_other_knee_is_the_mirror_image():
    left, right = (solve_clip(favoring(side, 0.8)) for side in SIDES)
    for joint in ("hip", "knee", "ankle", "foot_index", "shoulder", "wrist"):
        mirrored = left.posed.joints[f"{joint}_left"] * (1.0, -1.0, 1.0)
        np.testing.assert_allclose(mirrored, right.posed.joints[f"{joint}_right"], atol=1e-6)
    a, b = (make_truth(clip)["summary"] for clip in (left, right))
    for name in ("step_time_asymmetry_pct", "single_support_asymmetry_pct", "knee_rom_asymmetry_deg"):
        assert a[name] == pytest.approx(-b[name], abs=1e-3)
        assert b[name] > 3.0


def test_favoring_grows_with_strength_to_what_is_asked():
    steady = replace(TREADMILL, duration_s=12.0, gait=replace(TREADMILL.gait, favoring="right", variability=0.0))
    found = [
        make_truth(solve_clip(replace(steady, gait=replace(steady.gait, strength=s))))["summary"]
        for s in (0.0, 0.33, 0.6, 1.0)
    ]
    wanted = {
        "step_time_asymmetry_pct": (12.0, 0.5),
        "single_support_asymmetry_pct": (15.0, 0.5),
        "knee_loading_asymmetry_deg": (8.0, 1.0),
        "knee_rom_asymmetry_deg": (10.0, 1.0),
    }
    for name, (full, tolerance) in wanted.items():
        values = np.array([f[name] for f in found])
        assert abs(values[0]) < 0.1
        assert np.all(np.diff(values) > 0.15 * full)
        assert values[-1] == pytest.approx(full, abs=tolerance)
    spared, sound = found[-1]["right"], found[-1]["left"]
    assert spared["single_support_s"] < sound["single_support_s"]
    assert sound["step_length_m"] < spared["step_length_m"]
    assert spared["trunk_lateral_toward_stance_deg"] > sound["trunk_lateral_toward_stance_deg"] + 2.0


def test_usual_walking_is_like_the_reference():
    summary = make_truth(solve_clip(replace(TREADMILL, duration_s=15.0)))["summary"]
    assert 100 < summary["cadence_spm"] < 118
    assert summary["speed_mps"] == pytest.approx(1.2, abs=0.02)
    for side in SIDES:
        assert 59.0 < summary[f"stance_{side}_pct"] < 62.5
        assert 12.0 < summary[side]["knee_loading_deg"] < 17.0
        assert 58.0 < summary[side]["knee_rom_deg"] < 65.0
        assert 36.0 < summary[side]["thigh_rom_deg"] < 46.0


def test_lean_is_what_was_asked():
    gait = replace(TREADMILL.gait, trunk_forward_deg=12.0, trunk_lateral_deg=4.0, variability=0.0)
    clip = solve_clip(replace(TREADMILL, gait=gait))
    assert np.mean(clip.posed.angles["trunk_forward"]) == pytest.approx(12.0, abs=0.1)
    assert np.mean(clip.posed.angles["trunk_lateral"]) == pytest.approx(4.0, abs=0.1)
    flat = make_truth(clip)["angles_2d"]
    assert np.mean(flat["trunk_forward_deg"]) == pytest.approx(12.0, abs=0.7)
    assert set(flat["trunk_lateral_deg"]) == {None}  # not to be seen from the side
    front = solve_clip(replace(TREADMILL, gait=gait, camera=Camera(yaw_deg=90.0)))
    assert np.mean(make_truth(front)["angles_2d"]["trunk_lateral_deg"]) == pytest.approx(4.0, abs=0.3)


def test_projected_knee_angle_is_close_to_the_sagittal_one_in_a_square_side_view():
    truth = make_truth(solve_clip(TREADMILL))
    for side in SIDES:
        off = np.subtract(truth["angles_2d"][f"knee_{side}_deg"], truth["angles_3d"][f"knee_{side}_deg"])
        assert np.sqrt(np.mean(off**2)) < 1.5


def test_standing_is_still_and_slouching_bends():
    straight, slouched = (
        solve_clip(WalkerParams(duration_s=3.0, gait=Gait(activity="stand", slouch=s))) for s in (0.0, 1.0)
    )
    for clip in (straight, slouched):
        assert np.max(np.ptp(clip.posed.joints["heel_left"], axis=0)) < 1e-3
        assert np.max(np.ptp(clip.posed.joints["pelvis"], axis=0)) < 0.03
        assert make_truth(clip)["events"] == []

    def ear_ahead(clip):
        return np.mean(clip.posed.joints["ear_left"][:, 0] - clip.posed.joints["shoulder_left"][:, 0])

    assert ear_ahead(slouched) > ear_ahead(straight) + 0.04


def test_passes_say_direction_and_near_side():
    across = make_truth(solve_clip(WalkerParams(gait=Gait(passes=2))))
    assert [(p["direction"], p["near_side"]) for p in across["passes"]] == [("right", "right"), ("left", "left")]
    frontal = WalkerParams(gait=Gait(passes=2, half_path_m=2.2), camera=Camera(yaw_deg=90.0, distance_m=5.0))
    assert [p["direction"] for p in make_truth(solve_clip(frontal))["passes"]] == ["toward", "away"]


@pytest.mark.parametrize("camera", [Camera(), Camera(yaw_deg=20.0, pitch_deg=7.0, roll_deg=-4.0, hfov_deg=75.0)])
def test_renderer_and_truth_share_one_projection(camera):
    view = View.of(camera)
    points = np.random.default_rng(0).uniform(-1.5, 1.5, (50, 3)) + (0.0, 0.0, 1.0)
    clip = np.column_stack([points, np.ones(50)]) @ view.matrix().T
    ndc = clip[:, :2] / clip[:, 3:]
    width, height = view.size_px
    np.testing.assert_allclose(
        view.project(points), np.column_stack([(1 + ndc[:, 0]) * width / 2, (1 - ndc[:, 1]) * height / 2]), atol=1e-6
    )


def test_a_point_to_the_right_of_the_picture_goes_right_and_roll_turns_the_picture():
    view = View.of(Camera(roll_deg=5.0))
    low, high = view.project(np.array([[0.0, 0.0, 0.5], [0.0, 0.0, 1.5]]))
    assert high[0] < low[0]  # a camera turned clockwise shows a plumb line leaning to the left
    assert View.of(Camera()).project(np.array([1.0, 0.0, 0.95]))[0] > 480


def test_unknown_parameters_are_refused():
    with pytest.raises(TypeError):
        WalkerParams.from_dict({"gait": {"limp": 1}})


@pytest.mark.parametrize("name", sorted(p.name for p in SAMPLES.glob("*.params.json")))
def test_samples_truth_follows_from_their_parameters(name):
    truth = json.loads((SAMPLES / name.replace(".params.", ".truth.")).read_text(encoding="utf-8"))
    params = WalkerParams.load(SAMPLES / name)
    assert WalkerParams.from_dict(truth["params"]) == params
    track, again = true_track(truth), analytic_track(params)
    # Another machine rounds differently: points may move by a hair, or across the picture's edge.
    known = np.isfinite(track.xy_px) & np.isfinite(again.xy_px)
    assert np.mean(known == np.isfinite(track.xy_px)) > 0.9999
    np.testing.assert_allclose(track.xy_px[known], again.xy_px[known], atol=0.05)
    assert (SAMPLES / name.replace(".params.json", ".mp4")).stat().st_size < 1_000_000


@pytest.fixture(scope="module")
def body_data():
    body = pytest.importorskip("validation.walker.body")
    try:
        body.data_file()
    except body.BodyDataMissing as error:
        pytest.skip(f"{error} {error.advice}")
    return body


@pytest.fixture(scope="module")
def renderer(body_data):
    pytest.importorskip("moderngl", reason="moderngl is not installed (requirements-validation.txt)")
    from validation.walker import render

    clip = solve_clip(
        WalkerParams(duration_s=0.4, gait=Gait(activity="treadmill"), camera=Camera(width=640, height=360))
    )
    try:
        pictures = list(render.frames(clip))
    except render.NoRenderer as error:
        pytest.skip(f"{error} {error.advice}")
    return render, clip, pictures


def test_measured_joints_are_those_of_the_mesh(body_data):
    assert body_data.measure_all() == BUILDS_FILE.read_text(encoding="utf-8")


def test_same_clip_gives_the_same_pixels(renderer):
    render, clip, pictures = renderer
    assert all(np.array_equal(a, b) for a, b in zip(pictures, render.frames(clip), strict=True))
    assert not np.array_equal(pictures[0], pictures[-1])


def test_noise_and_blur_are_seeded(renderer):
    render, clip, pictures = renderer
    camera = replace(clip.params.camera, noise=3.0, motion_blur=0.5, width=320, height=180)
    noisy = solve_clip(replace(clip.params, duration_s=0.07, camera=camera))
    first, second = (np.stack(list(render.frames(noisy))) for _ in range(2))
    assert np.array_equal(first, second)
    wall = first[0, :20, 100:140].astype(float)
    assert 2.0 < np.std(wall - wall.mean(axis=(0, 1))) < 4.0


def test_written_clip_has_every_frame_at_its_time(renderer, tmp_path):
    import av

    render, clip, pictures = renderer
    render.write_clip(clip, tmp_path / "clip.mp4")
    with av.open(str(tmp_path / "clip.mp4")) as container:
        times = [float(f.time) for f in container.decode(video=0)]
    np.testing.assert_allclose(times, clip.time_s, atol=1e-4)


def test_mediapipe_finds_the_rendered_walker_on_the_true_joints(renderer):
    from vision.errors import ModelUnavailable
    from vision.landmarker import Landmarker
    from vision.model import get_model

    try:
        model = get_model("full", progress=lambda what, done, total: None)
    except ModelUnavailable as error:
        pytest.skip(f"no pose model: {error}")
    _, clip, pictures = renderer
    big = [Landmark.LEFT_HIP, Landmark.RIGHT_HIP, Landmark.RIGHT_KNEE, Landmark.RIGHT_ANKLE, Landmark.NOSE]
    off = []
    with Landmarker(model.path) as landmarker:
        for picture, truth in zip(pictures, clip.points_px, strict=True):
            poses = landmarker.find(picture)
            assert len(poses) == 1
            off.append(np.linalg.norm(poses[0].xy_px[big] - truth[big], axis=1))
    assert np.mean(off) < 0.04 * clip.params.camera.height
