"""What the synced player is given to draw."""

from __future__ import annotations

import json
from dataclasses import asdict, replace

import pytest

from evenstride.results import read_result
from evenstride.ui import player
from evenstride.ui.player import Curve, Tracks, read_tracks, same_range, tracks_of
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


def test_two_walks_share_one_axis():
    one = Tracks(time_s=[0, 1], curves=[Curve("left", [5.0, 40.0], [1, 1])])
    other = Tracks(time_s=[0, 1], curves=[Curve("right", [None, 71.0], [1, 1])])
    assert [tracks.range_deg for tracks in same_range(one, other)] == [(5.0, 71.0)] * 2
    nothing = Tracks(time_s=[0], curves=[Curve("left", [None], [1])])
    assert same_range(nothing)[0].range_deg is None


def test_a_film_starts_shortly_before_the_first_step_to_the_fraction_of_a_second(tracks, monkeypatch, tmp_path):
    shown = {}
    monkeypatch.setattr(player, "_component", lambda: lambda data, key: shown.update(data))
    film = tmp_path / "film.mp4"
    film.write_bytes(b"film")
    player.synced_player(film, replace(tracks, slow_motion=2.0), "player")
    assert shown["start_s"] == pytest.approx(2 * (tracks.events[0]["time_s"] - player.LEAD_S))
    assert shown["start_s"] % 1
    player.synced_player(film, tracks, "player2", start_s=1.6)
    assert shown["start_s"] == 1.6
