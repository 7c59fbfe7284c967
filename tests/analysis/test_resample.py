"""The bootstrap, and the running signals that ignore what is not known."""

import numpy as np
import pandas as pd
import pytest

from analysis.body import mean_known, running_mean, running_range, running_slope, runs
from analysis.resample import Draws, interval


def strides(n=30, seed=0):
    rng = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "pass": np.repeat([0, 1, 2], n // 3),
            "side": np.tile(["left", "right"], n // 2),
            "start_s": np.arange(n, dtype=float),
            "x": rng.normal(10.0, 2.0, n),
        }
    )


def test_draws_stay_within_pass_and_side():
    table = strides()
    draws = Draws(table, 200, 1)
    assert draws.counts.shape == (30, 200)
    for _, group in table.groupby(["pass", "side"]):
        assert (draws.counts[group.index].sum(axis=0) == len(group)).all()


def test_a_mean_is_that_of_the_strides_as_often_as_they_were_drawn():
    table = strides().assign(y=lambda t: 2 * t["x"])
    table.loc[4, "x"] = np.nan
    draws = Draws(table, 300, 1)
    left = (table["side"] == "left").to_numpy()
    (_, of_x), (_, of_both) = draws.means([[("x", left)], [("x", left), ("y", ~left)]])
    for k in (0, 7, 299):
        drawn = table.loc[np.repeat(table.index, draws.counts[:, k])]
        on_left = drawn["side"] == "left"
        assert of_x[k] == pytest.approx(drawn.loc[on_left, "x"].mean())
        both = pd.concat([drawn.loc[on_left, "x"], drawn.loc[~on_left, "y"]])
        assert of_both[k] == pytest.approx(both.mean())


def test_draws_of_different_groups_know_nothing_of_each_other():
    counts = Draws(strides(60), 4000, 1).counts.astype(float)
    between = np.corrcoef(counts[0::20][:2])[0, 1]  # the first strides of the first two passes
    assert abs(between) < 0.06


@pytest.mark.parametrize("n", [30, 300], ids=["groups that are kept", "groups that are not"])
def test_draws_depend_on_nothing_that_was_drawn_before(n):
    table = strides(n)
    first = Draws(table, 50, 1).counts.copy()
    Draws(strides(12), 50, 1)
    assert (Draws(table, 50, 1).counts == first).all()


def test_spread_of_the_mean_is_the_standard_error():
    table = strides(300)
    value, drawn = Draws(table, 4000, 1).mean(("x", np.ones(len(table), dtype=bool)))
    assert value == pytest.approx(table["x"].mean())
    assert np.std(drawn) == pytest.approx(table["x"].std() / np.sqrt(300), rel=0.1)
    low, high = interval(drawn, 300)
    assert low < value < high


def test_same_seed_same_draws_and_another_seed_others():
    table = strides()
    first, again, other = (Draws(table, 50, seed).counts for seed in (1, 1, 2))
    assert (first == again).all()
    assert (first != other).any()


def test_mirrored_sides_get_the_mirrored_draws():
    table = strides()
    twin = table.assign(side=table["side"].map({"left": "right", "right": "left"}))
    assert (Draws(table, 50, 1).counts == Draws(twin, 50, 1).counts).all()


def test_unknown_values_are_left_out_of_means():
    table = strides()
    table.loc[::3, "x"] = np.nan
    value, drawn = Draws(table, 100, 1).mean(("x", np.ones(len(table), dtype=bool)))
    assert value == pytest.approx(table["x"].mean())
    assert np.isfinite(drawn).all()
    nothing, none_drawn = Draws(table, 10, 1).mean(("x", np.zeros(len(table), dtype=bool)))
    assert np.isnan(nothing)
    assert np.isnan(none_drawn).all()


def test_too_few_strides_have_no_interval():
    assert interval(np.ones(100), 2) is None
    assert interval(np.array([1.0, np.nan]), 10) is None


def test_running_signals_ignore_what_is_unknown():
    t = np.arange(300) / 30
    line = 3.0 * t + 5.0
    line[100:110] = np.nan
    slope = running_slope(line, t, 1.0, 30.0)
    np.testing.assert_allclose(slope[np.isfinite(line)], 3.0, atol=1e-6)
    assert np.isnan(slope[100:110]).all()
    np.testing.assert_allclose(running_mean(np.full(50, 2.0), 1.0, 30.0), 2.0)
    assert np.isnan(running_mean(line, 0.1, 30.0)[104])
    wave = running_range(np.sin(2 * np.pi * t), 2.0, 30.0)
    np.testing.assert_allclose(wave[60:-60], 2.0, atol=0.02)
    assert np.isnan(running_range(np.full(9, np.nan), 1.0, 30.0)).all()


def test_mean_of_what_is_known():
    np.testing.assert_array_equal(
        mean_known(np.array([1.0, np.nan, np.nan]), np.array([3.0, 4.0, np.nan])), [2.0, 4.0, np.nan]
    )


@pytest.mark.parametrize(
    ("flags", "expected"),
    [([], []), ([1, 1], [(0, 2)]), ([0, 1, 0, 1, 1], [(1, 2), (3, 5)]), ([0, 0], [])],
)
def test_runs(flags, expected):
    assert runs(np.array(flags, dtype=bool)) == expected
