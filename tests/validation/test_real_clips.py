"""A few real clips through the real extraction with the heavy model, against what can be seen in them by eye."""

from __future__ import annotations

import numpy as np
import pytest

from analysis.measure import Measure
from validation import real
from validation.markers_report import match
from vision.errors import ModelUnavailable
from vision.model import get_model


@pytest.fixture(scope="module")
def outcome(tmp_path_factory: pytest.TempPathFactory):
    """Return a function from a clip's name to what came out for it, never from a cache of an earlier run."""
    try:
        model = get_model("heavy", progress=lambda what, done, total: None)
    except ModelUnavailable as error:
        pytest.skip(f"no pose model: {error}")
    if model.name != "heavy":
        pytest.skip("the heavy pose model cannot be had here")
    cache = tmp_path_factory.mktemp("tracks")

    def run(name: str) -> real.Outcome:
        if not (real.DATA / name).exists():
            pytest.skip(f"test data {name} is not on this machine")
        return real.run(name, model, cache=cache)

    return run


@pytest.mark.parametrize("name", ["side_left_outdoor_60fps", "side_right_slow", "side_left_then_backward"])
def test_every_heel_strike_is_found_and_none_extra(name: str, outcome):
    one = outcome(f"videos/{name}.mp4")
    strikes = real.heel_strikes(one)
    assert strikes.as_wanted, strikes
    assert abs(real.cadence_error_pct(one)) <= real.MAX_CADENCE_PCT
    assert all(met for _, met in real.expectations(one)), real.expectations(one)


def test_the_woman_is_measured_not_the_man_on_the_roof(outcome):
    one = outcome("videos/two_people_outdoor.mp4")
    assert len(one.extraction.people.candidates) >= 2
    assert all(met for _, met in real.expectations(one)), real.expectations(one)


@pytest.mark.parametrize("name", ["treadmill_running.mp4", "jpeg_named_as.mp4"])
def test_nothing_is_said_about_what_is_no_walk(name: str, outcome):
    one = outcome(f"negative/{name}")
    assert not real.gives_verdict(one)
    assert all(met for _, met in real.expectations(one)), real.expectations(one)


def test_events_are_paired_one_to_one_and_nearest_first():
    found, true = np.array([1.0, 1.1, 3.0]), np.array([1.08, 2.0])
    one = match(found, true, reach_s=0.25)
    assert one.errors_s == pytest.approx([0.02])
    assert one.f1 == pytest.approx(2 * 1 / 5)


def test_a_change_is_judged_by_its_unit():
    def change(id: str, unit: str, was: float, now: float) -> real.Change:
        return real._change(Measure(id, unit, was), "value", was, now)

    assert change("knee_rom", "deg", 60.0, 61.9).kept and not change("knee_rom", "deg", 60.0, 62.1).kept
    assert change("cadence", "steps_per_min", 100.0, 102.9).kept
    assert not change("cadence", "steps_per_min", 100.0, 103.1).kept
    assert change("step_time_asymmetry", "pct", 0.1, 3.0).kept
    assert not change("step_time_asymmetry", "pct", 0.1, 3.2).kept
