"""What the synced player is given to draw."""

from __future__ import annotations

import json
from dataclasses import asdict

import pytest

from evenstride.results import read_result
from evenstride.ui.player import read_tracks, tracks_of
from vision.errors import EvenstrideError


@pytest.fixture
def tracks(make_result):
    return read_tracks(make_result("clear_right"))


def test_the_curves_are_those_of_the_frames(tracks):
    assert len(tracks.time_s) == 360 and [curve.side for curve in tracks.curves] == ["left", "right"]
    left = tracks.curves[0].values
    assert left[0] == 30.0 and left[3] is None and left[4] is None, "what was not measured stays a gap"
    json.dumps(asdict(tracks), allow_nan=False)


def test_a_leg_counts_while_it_is_near(tracks):
    left, right = tracks.curves
    at = {round(t, 2): k for k, t in enumerate(tracks.time_s)}
    assert (left.near[at[2.0]], right.near[at[2.0]]) == (1, 0), "walking left, the left leg is near"
    assert (left.near[at[8.0]], right.near[at[8.0]]) == (0, 1)
    assert (left.near[at[0.0]], right.near[at[0.0]]) == (1, 1), "outside a pass nothing is said"


def test_events_are_in_order_and_described(tracks):
    times = [event["time_s"] for event in tracks.events]
    assert times == sorted(times) and len(times) > 10
    assert "left knee between 0 and 60 degrees" in tracks.alt and "landings are marked" in tracks.alt


def test_stretches_without_any_curve_are_gaps(make_result):
    import pandas as pd

    folder = make_result("clear_right")
    frames = pd.read_csv(folder / "frames.csv")
    frames.loc[30:59, ["knee_left_deg", "knee_right_deg"]] = None
    frames.loc[350:, ["knee_left_deg", "knee_right_deg"]] = None
    frames.loc[100:102, ["knee_left_deg", "knee_right_deg"]] = None
    (one, two) = tracks_of(read_result(folder), frames).gaps
    assert one == pytest.approx((1.0, 2.0)) and two[1] == pytest.approx(frames["time_s"].iloc[-1], abs=1e-3)


def test_a_film_without_walking_has_no_events(make_result):
    tracks = read_tracks(make_result("not_walking"))
    assert tracks.events == () and "0 landings" in tracks.alt


def test_missing_frames_are_one_sentence(make_result):
    folder = make_result("none")
    (folder / "frames.csv").write_text("not,a,table\n1,2,3\n")
    with pytest.raises(EvenstrideError, match="missing or damaged"):
        read_tracks(folder)
