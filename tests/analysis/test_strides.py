"""Strides from events and angles that are made up, so that every number is known."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from gait_tracks import STANDING, walk

from analysis.config import StrideConfig
from analysis.events import Event
from analysis.pose import SIDES, Landmark, PoseTrack
from analysis.strides import CYCLE_PCT, STRIDE_COLUMNS, cycle, cycle_table, stride_table
from analysis.view import Pass

FPS = 60.0
CONFIG = StrideConfig()


def rhythm(strides=8, stride=1.1, right_after=0.55, stance=0.68, start=1.0, index=0):
    """Events of even walking: left strikes, right strikes `right_after` later, each foot leaves `stance` after."""
    events = [Event("toe_off", "right", start + right_after - stride + stance, index)]
    for k in range(strides + 1):
        for side, offset in (("left", 0.0), ("right", right_after)):
            strike = start + k * stride + offset
            events.append(Event("heel_strike", side, strike, index))
            events.append(Event("toe_off", side, strike + stance, index))
    return events


def stage(events, seconds=14.0, direction="in_place", facing=1, speed_px_s=0.0, knee=None, view="side"):
    """Return what `stride_table` takes: a body that glides, one pass over it all, and knee curves."""
    n = int(seconds * FPS)
    time_s = np.arange(n) / FPS
    xy = np.repeat(walk(STANDING).xy_px[[30]].astype(float), n, axis=0)
    xy[..., 0] += (facing * speed_px_s * time_s)[:, None]
    track = PoseTrack(time_s, xy, np.ones(xy.shape[:2], np.float32), (960, 540))
    near = "right" if facing > 0 else "left"
    passes = (Pass(0, 0.0, seconds, direction, view, facing, near if facing else None),)
    angles = pd.DataFrame({"time_s": time_s})
    for side in SIDES:
        angles[f"knee_{side}_deg"] = (knee or (lambda t: 30 + 30 * np.sin(2 * np.pi * t / 1.1)))(time_s)
        angles[f"thigh_{side}_deg"] = 20 * np.sin(2 * np.pi * time_s / 1.1)
        angles[f"ankle_{side}_deg"] = 10 * np.sin(2 * np.pi * time_s / 1.1)
    return (
        track,
        passes,
        tuple(sorted(events, key=lambda e: e.time_s)),
        angles,
        {side: np.zeros(n, bool) for side in SIDES},
    )


def test_times_of_even_walking():
    table = stride_table(*stage(rhythm()))
    assert list(table.columns) == list(STRIDE_COLUMNS)
    assert len(table) == 16
    assert table["valid"].all()
    assert (table["reject"] == "").all()
    expected = {
        "stride_time_s": 1.1, "step_time_s": 0.55, "other_step_time_s": 0.55, "stance_s": 0.68, "swing_s": 0.42,
        "single_support_s": 0.42, "stance_pct": 100 * 0.68 / 1.1, "swing_pct": 100 * 0.42 / 1.1,
        "single_support_pct": 100 * 0.42 / 1.1, "double_support_pct": 100 * 0.26 / 1.1,
    }  # fmt: skip
    for column, value in expected.items():
        np.testing.assert_allclose(table[column].to_numpy(dtype=float), value, rtol=1e-9, err_msg=column)


def test_step_times_of_a_limp_belong_to_the_foot_that_lands():
    """Right lands 0.65 s after left: the step of the right foot is long, in the strides of both feet."""
    table = stride_table(*stage(rhythm(right_after=0.65)))
    left, right = (table[table["side"] == side] for side in SIDES)
    np.testing.assert_allclose(right["step_time_s"].astype(float), 0.65)
    np.testing.assert_allclose(right["other_step_time_s"].astype(float), 0.45)
    np.testing.assert_allclose(left["step_time_s"].astype(float), 0.45)
    np.testing.assert_allclose(left["other_step_time_s"].astype(float), 0.65)


@pytest.mark.parametrize("right_after", [0.45, 0.65])
def test_a_limp_rejects_no_side(right_after):
    table = stride_table(*stage(rhythm(right_after=right_after, stance=0.75)))
    assert table.groupby("side")["valid"].agg(["sum", "size"]).eval("sum == size").all()


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"stride": 0.64, "right_after": 0.32, "stance": 0.4}, "stride_time"),
        ({"stride": 2.2, "right_after": 1.1, "stance": 1.3, "strides": 4}, "stride_time"),
        ({"right_after": 0.25}, "step_time"),
        ({"stance": 0.50}, "stance"),
        ({"stance": 0.9}, "stance"),
        ({"stance": 0.56}, "double_support"),
    ],
)
def test_strides_outside_the_limits_are_rejected_with_the_reason(changes, why):
    table = stride_table(*stage(rhythm(**changes)))
    assert len(table)
    assert not table["valid"].any()
    assert set(table["reject"]) == {why}


def test_a_missing_event_makes_only_its_strides_unknown():
    events = rhythm()
    lost = next(e for e in events if e.type == "toe_off" and e.side == "left" and e.time_s > 4.0)
    table = stride_table(*stage([e for e in events if e is not lost]))
    hit = (table["start_s"] < lost.time_s) & (table["end_s"] > lost.time_s)
    assert hit.sum() == 2
    assert not table[hit]["valid"].any()
    assert set(table[hit & (table["side"] == "left")]["reject"]) == {"stance_unknown"}
    assert table[~hit]["valid"].all()


def test_a_missed_heel_strike_rejects_the_stride_that_spans_it():
    events = rhythm()
    lost = [e for e in events if e.type == "heel_strike" and e.side == "right"][3]
    table = stride_table(*stage([e for e in events if e is not lost]))
    long = table[(table["side"] == "right") & (table["stride_time_s"].astype(float) > 2)]
    assert set(long["reject"]) == {"stride_time"}
    assert not table[(table["start_s"] < lost.time_s) & (table["end_s"] > lost.time_s)]["valid"].any()


def test_a_stride_far_from_the_rest_is_an_outlier():
    events = rhythm()
    late = [replace(e, time_s=e.time_s + (0.32 if e.time_s > 5.6 else 0.0)) for e in events]
    table = stride_table(*stage(late, seconds=15.0))
    rejected = table[~table["valid"].astype(bool)]
    assert 1 <= len(rejected) <= 3
    assert ((rejected["start_s"] < 5.95) & (rejected["end_s"] > 5.6)).all()
    assert "outlier" in set(rejected["reject"])


def test_slow_strides_of_a_pass_are_not_steady():
    track, passes, events, angles, uncertain = stage(rhythm(), direction="right", speed_px_s=100.0)
    moving = np.minimum(track.time_s, 7.0) * 100.0 + np.maximum(track.time_s - 7.0, 0) * 40.0
    xy = track.xy_px + (moving - 100.0 * track.time_s)[:, None, None] * (1, 0)
    table = stride_table(replace(track, xy_px=xy), passes, events, angles, uncertain)
    late = table["start_s"] > 7.0
    assert late.sum() >= 3
    assert set(table[late]["reject"]) == {"not_steady"}
    assert table[table["end_s"] < 7.0]["valid"].all()


@pytest.mark.parametrize("facing", [1, -1])
def test_speed_and_near_side(facing):
    track, passes, *rest = stage(rhythm(), direction="right" if facing > 0 else "left", facing=facing, speed_px_s=50.0)
    table = stride_table(track, passes, *rest)
    torso = np.linalg.norm(track.middle("hip")[0] - track.middle("shoulder")[0])
    np.testing.assert_allclose(table["speed_torsos_s"].astype(float), 50.0 / torso, rtol=1e-6)
    assert (table["near"] == (table["side"] == passes[0].near_side)).all()


def test_no_speed_on_a_treadmill():
    assert stride_table(*stage(rhythm()))["speed_torsos_s"].isna().all()


def test_step_length_is_the_distance_of_the_heels():
    track, *rest = stage(rhythm())
    xy = track.xy_px.copy()
    torso = np.linalg.norm(track.middle("hip")[0] - track.middle("shoulder")[0])
    xy[:, Landmark.LEFT_HEEL, 0] = xy[:, Landmark.RIGHT_HEEL, 0] + 1.5 * torso
    table = stride_table(replace(track, xy_px=xy), *rest)
    np.testing.assert_allclose(table["step_length_torsos"].astype(float), 1.5, rtol=1e-6)


def test_hidden_legs_count_for_timing_but_not_for_knees():
    track, passes, events, angles, uncertain = stage(rhythm())
    uncertain["left"][(track.time_s > 4.0) & (track.time_s < 6.0)] = True
    table = stride_table(track, passes, events, angles, uncertain)
    assert table["valid"].all()
    left_out = table[~table["valid_knee"].astype(bool)]
    assert set(left_out["side"]) == {"left"}
    assert set(left_out["reject"]) == {"leg_hidden"}
    assert 1 <= len(left_out) <= 3


def test_key_points_of_the_knee_curve():
    """A curve whose points are known: 5 at contact, 20 in loading, 3 in stance, 63 in swing."""

    def knee(t):
        phase = 100 * ((t - 1.0) % 1.1) / 1.1
        return np.interp(phase, [0, 15, 40, 73, 100], [5.0, 20.0, 3.0, 63.0, 5.0])

    table = stride_table(*stage(rhythm(), knee=knee))
    left = table[table["side"] == "left"]
    expected = {
        "knee_contact_deg": 5, "knee_loading_peak_deg": 20, "knee_loading_deg": 15, "knee_stance_min_deg": 3,
        "knee_swing_peak_deg": 63, "knee_rom_deg": 60, "hip_rom_deg": 40, "ankle_rom_deg": 20,
    }  # fmt: skip
    for column, value in expected.items():
        np.testing.assert_allclose(left[column].to_numpy(dtype=float), value, atol=2.0, err_msg=column)


def test_frontal_strides_need_no_toe_offs_and_give_no_knees():
    strikes = [e for e in rhythm() if e.type == "heel_strike"]
    table = stride_table(*stage(strikes, direction="toward", facing=0, view="front"))
    assert table["valid"].all()
    assert not table["valid_knee"].any()
    assert not table["near"].any()
    assert table["step_length_torsos"].isna().all()


def test_no_events_no_strides():
    table = stride_table(*stage([]))
    assert len(table) == 0
    assert list(table.columns) == list(STRIDE_COLUMNS)
    assert len(cycle_table(table, stage([])[3])) == 0


def test_a_cycle_with_a_gap_is_unknown():
    _, _, _, angles, _ = stage([])
    whole = cycle(angles, "knee_left_deg", 2.0, 3.1)
    assert len(whole) == len(CYCLE_PCT)
    np.testing.assert_allclose(whole, 30 + 30 * np.sin(2 * np.pi * (2.0 + CYCLE_PCT / 100 * 1.1) / 1.1), atol=1e-3)
    angles.loc[150, "knee_left_deg"] = np.nan
    assert np.isnan(cycle(angles, "knee_left_deg", 2.0, 3.1)).all()
    assert np.isfinite(cycle(angles, "knee_left_deg", 3.0, 4.1)).all()


def test_mean_curves_count_what_they_rest_on():
    track, passes, events, angles, uncertain = stage(rhythm())
    strides = stride_table(track, passes, events, angles, uncertain)
    cycles = cycle_table(strides, angles)
    assert set(cycles["joint"]) == {"knee", "hip", "ankle"}
    assert (cycles["n"] == 8).all()
    knee = cycles[(cycles["joint"] == "knee") & (cycles["side"] == "left")]
    assert list(knee["cycle_pct"]) == list(range(101))
    np.testing.assert_allclose(knee["sd_deg"], 0.0, atol=1e-6)
    assert set(cycles[cycles["side"] == "right"]["near"]) == {True}
    assert set(cycles[cycles["side"] == "left"]["near"]) == {False}
