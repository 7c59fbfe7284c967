"""The index by hand on small stride tables, every verdict, and the walker's limps."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from gait_tracks import (
    ACROSS,
    LEG,
    TREADMILL,
    moved,
    noisy,
    solve,
    track_of,
    true_events,
    walk,
    with_gait,
)  # fmt: skip

from analysis.assess import assess
from analysis.config import FavoringConfig
from analysis.favoring import judge, knee_parts, timing_parts
from analysis.pose import SIDES
from analysis.view import Pass

CONFIG = FavoringConfig()
RIGHTWARD = Pass(0, 0.0, 20.0, "right", "side", 1, "right", 0.0)
LEFTWARD = Pass(1, 20.0, 40.0, "left", "side", -1, "left", 0.0)
BOTH = (RIGHTWARD, LEFTWARD)


def table(n=8, passes=BOTH, cv=0.01, **values):
    """`n` strides a side and pass. `values`: (left, right) of step_time, single_support, loading, rom."""
    step = values.get("step_time", (0.55, 0.55))
    support = values.get("single_support", (0.42, 0.42))
    loading, rom = values.get("loading", (14.0, 14.0)), values.get("rom", (60.0, 60.0))
    wobble = np.random.default_rng(0).normal(1.0, cv, (len(passes), n, 2, 6)) if cv else np.ones((len(passes), n, 2, 6))
    rows = []
    for p, one in enumerate(passes):
        for k in range(n):
            for s, side in enumerate(SIDES):
                w = wobble[p, k, s]
                rows.append(
                    {
                        "pass": one.index,
                        "side": side,
                        "near": one.near_side == side,
                        "start_s": one.start_s + k + 0.5 * s,
                        "step_time_s": step[s] * w[0],
                        "other_step_time_s": step[1 - s] * w[1],
                        "single_support_s": support[s] * w[2],
                        "swing_s": support[1 - s] * w[3],
                        "knee_loading_deg": loading[s] * w[4],
                        "knee_rom_deg": rom[s] * w[5],
                        "valid": True,
                        "valid_knee": True,
                    }
                )
    return pd.DataFrame(rows)


def mirrored(strides):
    twin = {"left": "right", "right": "left"}
    return strides.assign(side=strides["side"].map(twin))


#: A marked limp on the right: less time on it, less bend of it.
SPARED_RIGHT = {"step_time": (0.52, 0.58), "single_support": (0.44, 0.38), "loading": (16.0, 8.0), "rom": (62.0, 52.0)}


def test_components_by_hand():
    found = judge(table(cv=0.0, **SPARED_RIGHT), BOTH)
    value = {part.id: part.value for part in found.components}
    assert value["step_time"] == pytest.approx(100 * np.log(0.58 / 0.52))
    assert value["single_support"] == pytest.approx(100 * np.log(0.44 / 0.38))
    assert value["knee_loading"] == pytest.approx(8.0)
    assert value["knee_rom"] == pytest.approx(10.0)
    assert all(part.side == "right" for part in found.components)
    assert {part.id: part.unit for part in found.components} == {
        "step_time": "pct", "single_support": "pct", "knee_loading": "deg", "knee_rom": "deg",
    }  # fmt: skip


def test_scores_and_index_by_hand():
    """Without spread between strides only the assumed spreads count (FavoringConfig)."""
    found = judge(table(cv=0.0, **SPARED_RIGHT), BOTH)
    part = {one.id: one for one in found.components}
    s = {"step_time": (2.5, 0.7), "single_support": (3.0, 1.5), "knee_loading": (3.0, 3.0), "knee_rom": (3.5, 2.0)}
    for id, (healthy, method) in s.items():
        spread = np.hypot(healthy, method)
        assert part[id].z == pytest.approx(part[id].value / spread)
        assert part[id].typical_limit == pytest.approx(2 * spread)
    timing = (part["step_time"].z + part["single_support"].z) / np.sqrt(2 * 1.5)
    knee = (part["knee_loading"].z + part["knee_rom"].z) / np.sqrt(2 * 1.3)
    z = (0.55 * timing + 0.45 * knee) / np.sqrt(0.55**2 + 0.45**2 + 2 * 0.55 * 0.45 * 0.14)
    assert found.z == pytest.approx(z)
    assert found.index == pytest.approx(min(100.0, 25 * z))
    assert found.ci95 == pytest.approx((z, z))


def test_index_is_25_points_a_standard_deviation_and_never_above_100():
    mild = judge(table(cv=0.0, step_time=(0.545, 0.555)), BOTH)
    assert mild.index == pytest.approx(25 * abs(mild.z))
    assert 0 < mild.index < 25
    assert judge(table(cv=0.0, step_time=(0.4, 0.7), rom=(70.0, 20.0)), BOTH).index == 100.0


def test_longer_step_of_the_right_foot_means_the_right_leg_is_spared():
    """The right step lasts while the left leg bears: sparing the right makes it long."""
    parts = timing_parts(table(cv=0.0, step_time=(0.5, 0.6)), np.ones(32), CONFIG)
    assert parts["step_time"][0] > 0
    assert timing_parts(table(cv=0.0, single_support=(0.45, 0.35)), np.ones(32), CONFIG)["single_support"][0] > 0
    assert knee_parts(table(cv=0.0, rom=(60.0, 50.0)), CONFIG)["knee_rom"][0] == pytest.approx(10.0)


def test_what_the_camera_adds_in_one_direction_and_takes_in_the_other_cancels():
    right = table(passes=(RIGHTWARD,), cv=0.0, step_time=(0.50, 0.60))
    left = table(passes=(LEFTWARD,), cv=0.0, step_time=(0.60, 0.50))
    both = pd.concat([right, left], ignore_index=True)
    found = judge(both, BOTH)
    assert {part.id: part.value for part in found.components}["step_time"] == pytest.approx(0.0, abs=1e-9)
    # And every direction counts the same, however many strides it has.
    more = judge(pd.concat([right, right.assign(start_s=right["start_s"] + 9), left], ignore_index=True), BOTH)
    assert {part.id: part.value for part in more.components}["step_time"] == pytest.approx(0.0, abs=1e-9)


def test_the_far_knee_is_never_counted():
    strides = table(cv=0.0)
    strides.loc[~strides["near"], ["knee_rom_deg", "knee_loading_deg"]] = [5.0, 90.0]
    value = {part.id: part.value for part in judge(strides, BOTH).components}
    assert value["knee_rom"] == value["knee_loading"] == 0.0


def test_invalid_strides_are_not_counted():
    strides = table(cv=0.0)
    bad = strides.index % 7 == 3
    strides.loc[bad, "step_time_s"] = 9.0
    strides.loc[bad, ["valid", "valid_knee"]] = False
    found = judge(strides, BOTH)
    assert {part.id: part.value for part in found.components}["step_time"] == pytest.approx(0.0, abs=1e-9)
    assert sum(found.components[0].__dict__[n] for n in ("n_left", "n_right")) == (~bad).sum()


@pytest.mark.parametrize("spared", SIDES)
@pytest.mark.parametrize(
    ("verdict", "values"),
    [
        ("clear", SPARED_RIGHT),
        (
            "possible",
            {
                "step_time": (0.535, 0.565),
                "single_support": (0.43, 0.405),
                "loading": (14.5, 12.0),
                "rom": (61.0, 58.0),
            },
        ),
    ],
)
def test_clear_and_possible_name_the_spared_side(verdict, values, spared):
    strides = table(**values)
    found = judge(
        strides if spared == "right" else mirrored(strides.assign(near=strides["near"])),
        BOTH if spared == "right" else (replace(RIGHTWARD, near_side="left"), replace(LEFTWARD, near_side="right")),
    )
    assert found.verdict == verdict
    assert found.side == spared
    assert np.sign(found.z) == (1 if spared == "right" else -1)
    assert found.ci95[0] <= found.z <= found.ci95[1]
    assert not found.timing_only
    assert spared in found.reason


@pytest.mark.parametrize(
    ("values", "named"),
    [
        ({"step_time": (0.50, 0.60), "single_support": (0.46, 0.36)}, "step timing"),
        ({"loading": (18.0, 6.0), "rom": (64.0, 44.0)}, "knee bend"),
        ({"step_time": (0.50, 0.60), "single_support": (0.46, 0.36), "loading": (12.0, 15.0)}, "step timing"),
    ],
    ids=["timing alone", "knee alone", "they disagree"],
)
def test_one_domain_alone_is_mixed_and_names_no_side(values, named):
    found = judge(table(**values), BOTH)
    assert (found.verdict, found.side) == ("mixed", None)
    assert f"differ in {named}" in found.reason


def test_even_walking_is_none():
    found = judge(table(), BOTH)
    assert (found.verdict, found.side) == ("none", None)
    assert found.index < 25


def test_a_difference_at_the_edge_is_inconclusive():
    near_edge = {
        "step_time": (0.535, 0.565),
        "single_support": (0.428, 0.412),
        "loading": (15.0, 12.0),
        "rom": (61.0, 58.0),
    }
    found = judge(table(cv=0.04, **near_edge), BOTH)
    assert abs(found.z) < 2.0
    assert max(abs(v) for v in found.ci95) >= 2.0
    assert (found.verdict, found.side) == ("inconclusive", None)
    assert "edge" in found.reason


def test_unsteady_steps_are_inconclusive_whatever_the_mean():
    strict = replace(CONFIG, max_ci_width=1.5)
    found = judge(table(n=6, cv=0.3, **SPARED_RIGHT), BOTH, config=strict)
    assert found.ci95[1] - found.ci95[0] > strict.max_ci_width
    assert judge(table(n=6, cv=0.01, **SPARED_RIGHT), BOTH, config=strict).verdict == "clear"
    assert (found.verdict, found.side) == ("inconclusive", None)
    assert "differ so much" in found.reason


@pytest.mark.parametrize("values", [SPARED_RIGHT, {"step_time": (0.4, 0.7), "single_support": (0.5, 0.3)}])
def test_one_direction_is_timing_only_and_at_most_possible(values):
    found = judge(table(n=12, passes=(RIGHTWARD,), **values), (RIGHTWARD,))
    assert found.timing_only
    assert (found.verdict, found.side) == ("possible", "right")
    assert {part.domain for part in found.components} == {"timing"}
    assert "could not be compared" in found.reason


def test_fewer_than_six_strides_of_a_side_are_too_few():
    strides = table(n=10, **SPARED_RIGHT)
    few = pd.concat(
        [strides[strides["side"] == "left"], strides[strides["side"] == "right"].head(5)], ignore_index=True
    )
    found = judge(few, BOTH)
    assert (found.verdict, found.side, found.z, found.index) == ("inconclusive", None, None, None)
    assert "20 on the left, 5 on the right" in found.reason
    enough = pd.concat(
        [strides[strides["side"] == "left"], strides[strides["side"] == "right"].head(6)], ignore_index=True
    )
    assert judge(enough, BOTH).verdict == "clear"


def test_few_near_strides_leave_timing_only():
    found = judge(table(n=5, **SPARED_RIGHT), BOTH)
    assert found.timing_only
    assert found.verdict == "possible"


def test_what_blocks_becomes_the_reason():
    found = judge(table(**SPARED_RIGHT), BOTH, blocked="The camera looked away.")
    assert (found.verdict, found.reason, found.side, found.index) == (
        "inconclusive",
        "The camera looked away.",
        None,
        None,
    )
    assert found.components  # the parts are still shown


def test_frontal_passes_do_not_count():
    front = tuple(replace(one, view="front", facing=0, near_side=None, yaw_deg=None) for one in BOTH)
    assert judge(table(**SPARED_RIGHT), front).verdict == "inconclusive"


def test_no_strides_at_all():
    found = judge(table(n=1).iloc[:0], ())
    assert (found.verdict, found.components) == ("inconclusive", ())
    assert "0 on the left, 0 on the right" in found.reason


def test_yaw_widens_the_limits():
    slanted = tuple(replace(one, yaw_deg=20.0) for one in BOTH)
    strides = table(**SPARED_RIGHT)
    square, turned = judge(strides, BOTH), judge(strides, slanted)
    assert abs(turned.z) < abs(square.z)
    for a, b in zip(square.components, turned.components, strict=True):
        assert b.typical_limit > a.typical_limit
        assert b.value == a.value


@pytest.mark.parametrize("cv", [0.0, 0.02])
def test_mirrored_strides_give_the_mirrored_answer(cv):
    strides = table(cv=cv, **SPARED_RIGHT)
    here = judge(strides, BOTH)
    there = judge(mirrored(strides), tuple(replace(o, facing=-o.facing) for o in BOTH))
    assert there.z == pytest.approx(-here.z, abs=1e-9)
    assert there.ci95 == pytest.approx((-here.ci95[1], -here.ci95[0]), abs=1e-9)
    assert (there.verdict, there.side) == (here.verdict, "left")


def test_the_same_strides_give_the_same_numbers():
    strides = table(cv=0.03, **SPARED_RIGHT)
    assert judge(strides, BOTH) == judge(strides.copy(), BOTH)


# Walkers whose truth is known.


TWELVE = with_gait(ACROSS, passes=12)


@pytest.mark.parametrize(
    ("side", "strength", "verdicts"),
    [("right", 1.0, {"clear"}), ("left", 0.6, {"clear", "possible"}), (None, 0.0, {"none"})],
)
def test_walkers_get_the_verdict_they_deserve(side, strength, verdicts):
    found = assess(walk(with_gait(TWELVE, favoring=side, strength=strength))).favoring
    assert found.verdict in verdicts
    assert found.side == side
    assert not found.timing_only
    assert min(min(part.n_left, part.n_right) for part in found.components) >= 6


def test_verdict_survives_noise():
    found = assess(noisy(walk(with_gait(TWELVE, favoring="right", strength=1.0)), 1.5)).favoring
    assert (found.verdict, found.side) == ("clear", "right")


# Limps injected into a track: the issue asks for 2 points.


SLOW = {"speed_mps": 0.8, "variability": 0.0}
LIMPS = {
    "across": with_gait(ACROSS, **SLOW),
    "treadmill": replace(with_gait(TREADMILL, **SLOW), duration_s=16.0),
}


def delayed(track, side, frames):
    """Read one leg, relative to the hips, `frames` later: its events come that much later and nothing else changes."""
    source = np.arange(len(track)) - frames
    inside = (source >= 0) & (source < len(track))

    def change(xy):
        hip = track.middle("hip").astype(float)[:, None]
        relative = xy[:, LEG[side]] - hip
        late = np.full_like(relative, np.nan)
        late[inside] = relative[source[inside]]
        xy[:, LEG[side]] = hip + late
        return xy

    return moved(track, change)


def true_step_asymmetry(clip, side, frames, passes):
    """T1 = 100 ln(step time right / left) from the planned events, one foot's shifted, inside the passes."""
    late = {side: frames / clip.params.camera.fps}
    strikes = sorted(
        (e["time_s"] + late.get(e["side"], 0.0), e["side"]) for e in true_events(clip) if e["type"] == "heel_strike"
    )
    steps = {"left": [], "right": []}
    for (start, _), (end, foot) in zip(strikes[:-1], strikes[1:], strict=True):
        if any(one.start_s <= start and end <= one.end_s for one in passes):
            steps[foot].append(end - start)
    return 100 * np.log(np.mean(steps["right"]) / np.mean(steps["left"]))


@pytest.mark.parametrize("where", LIMPS)
@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("frames", [3, 5])
def test_injected_limps_come_back_within_two_points(where, side, frames):
    clip = solve(LIMPS[where])
    result = assess(delayed(track_of(clip), side, frames))
    found = {part.id: part for part in result.favoring.components}["step_time"]
    truth = true_step_asymmetry(clip, side, frames, result.passes)
    assert abs(truth) > 25
    assert found.value == pytest.approx(truth, abs=2.0)
    # A late right foot lengthens the right step, as sparing the right leg does.
    assert found.value > 0 if side == "right" else found.value < 0
    assert found.side == side


@pytest.mark.parametrize("side", SIDES)
def test_injected_limps_at_usual_speed(side):
    clip = solve(with_gait(ACROSS, variability=0.0))
    result = assess(noisy(delayed(track_of(clip), side, 3), 0.5))
    found = {part.id: part for part in result.favoring.components}["step_time"]
    assert found.value == pytest.approx(true_step_asymmetry(clip, side, 3, result.passes), abs=2.0)


def test_no_limp_where_none_was_injected():
    for params in LIMPS.values():
        found = {part.id: part for part in assess(walk(params)).favoring.components}
        assert abs(found["step_time"].value) < 2.0
