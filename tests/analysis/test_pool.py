"""Recordings judged together: two one-way films make one both-way film, and one alone stays what it is."""

from dataclasses import replace

import pandas as pd
import pytest
from test_favoring import BOTH, LEFTWARD, RIGHTWARD, SPARED_RIGHT, mirrored, table

from analysis.favoring import judge
from analysis.pool import NOTHING_TO_POOL, SPEEDS_DIFFER, Recording, judge_together, pool
from analysis.view import Pass


def alone(one: Pass, **values) -> Recording:
    """Return a recording of one pass, which is its own pass 0 and starts at 0."""
    here = replace(one, index=0, start_s=0.0, end_s=one.end_s - one.start_s)
    return Recording(table(passes=(here,), **values), (here,))


def test_one_recording_keeps_its_verdict():
    strides = table(**SPARED_RIGHT)
    assert judge_together([Recording(strides, BOTH)]) == judge(strides, BOTH)


def test_two_one_way_films_compare_the_knees_that_neither_can_alone():
    one, two = alone(RIGHTWARD, **SPARED_RIGHT), alone(LEFTWARD, **SPARED_RIGHT)
    assert judge(one.strides, one.passes).timing_only
    together = judge_together([one, two])
    assert not together.timing_only
    assert (together.verdict, together.side) == ("clear", "right")
    assert {part.id for part in together.components} >= {"knee_loading", "knee_rom"}
    assert together.components[0].n_left == 16


def test_even_walkers_stay_even():
    assert judge_together([alone(RIGHTWARD), alone(LEFTWARD)]).verdict == "none"


def test_mirrored_recordings_swap_the_side():
    films = [alone(RIGHTWARD, **SPARED_RIGHT), alone(LEFTWARD, **SPARED_RIGHT)]
    twin = {"left": "right", "right": "left"}
    flipped = [
        Recording(
            mirrored(film.strides),
            tuple(replace(p, facing=-p.facing, near_side=twin[p.near_side]) for p in film.passes),
        )
        for film in films
    ]
    there, back = judge_together(films), judge_together(flipped)
    assert (back.verdict, back.side) == (there.verdict, "left")
    assert back.z == pytest.approx(-there.z, abs=1e-9)


def test_a_blocked_recording_takes_no_part():
    films = [alone(RIGHTWARD, **SPARED_RIGHT), alone(LEFTWARD, **SPARED_RIGHT)]
    blocked = replace(alone(LEFTWARD), blocked="Too dark.")
    assert judge_together([*films, blocked]) == judge_together(films)
    only = judge_together([blocked])
    assert (only.verdict, only.reason) == ("inconclusive", "Too dark.")


def test_nothing_at_all():
    assert judge_together([]).reason == NOTHING_TO_POOL


def test_recordings_at_different_speeds_are_not_compared():
    slow, fast = alone(RIGHTWARD, **SPARED_RIGHT), alone(LEFTWARD, **SPARED_RIGHT)
    paced = [replace(f, strides=f.strides.assign(speed_torsos_s=v)) for f, v in ((slow, 1.6), (fast, 2.4))]
    assert judge_together(paced).reason == SPEEDS_DIFFER
    even = [replace(f, strides=f.strides.assign(speed_torsos_s=2.0)) for f in (slow, fast)]
    assert judge_together(even).verdict == "clear"


def test_pooled_passes_are_numbered_through_and_do_not_overlap():
    strides, passes = pool([alone(RIGHTWARD), Recording(table(n=0).reindex(columns=["pass"]), ()), alone(LEFTWARD)])
    assert [one.index for one in passes] == [0, 1]
    assert passes[0].end_s < passes[1].start_s
    assert sorted(strides["pass"].unique()) == [0, 1]
    assert isinstance(strides, pd.DataFrame)
