"""What counts as a change: more than noise, in films made alike, and never called better or worse."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import fabricate
import folders
import pytest

from analysis.norms import table
from evenstride import change, words
from evenstride.change import compare, detectable, own_spread, trends
from evenstride.results import Result
from evenstride.store import Conditions

START = datetime(2026, 1, 1, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Film:
    result: Result = field(default_factory=folders.result_of)
    recorded_at: datetime = START
    conditions: Conditions = Conditions(surface="overground", shoes="trainers", pace="usual")


def film(values: dict | None = None, days: float = 0, conditions: Conditions | None = None, **about) -> Film:
    assessment = folders.with_values(values or {}, about.pop("assessment", None))
    when = START + timedelta(days)
    return Film(folders.result_of(assessment, **about), when, conditions or Film.conditions)


def the_change(name: str, before: Film, after: Film) -> change.Change:
    return next(one for one in compare(before, after).changes if one.measure == name)


BASE = film()
VALUE = {name: measure.value for name, measure in BASE.result.measures.items()}


@pytest.mark.parametrize("name", [name for name, _ in words.measured(BASE.result)])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_change_inside_the_noise_is_none_and_one_beyond_it_is_one(name: str, sign: int):
    mdc, _ = detectable(name, BASE.result, BASE.result)
    inside = the_change(name, BASE, film({name: VALUE[name] + sign * 0.99 * mdc}))
    beyond = the_change(name, BASE, film({name: VALUE[name] + sign * 1.01 * mdc}))
    assert (inside.status, beyond.status) == ("no_change", "changed")
    assert inside.sentence().startswith("No change we can see")
    assert beyond.sentence().split()[0] in ("Higher", "Lower", "More", "Less", "Moved")


def test_the_formula_by_hand():
    """Knee range: interval 4.4 wide in both films, 1.7 degrees a film, floor 3.7."""
    low, high = BASE.result.measures["knee_rom"].ci95
    error = (high - low) / 3.92
    by_hand = 1.96 * math.sqrt(2 * error**2 + 2 * 1.7**2)
    assert detectable("knee_rom", BASE.result, BASE.result)[0] == pytest.approx(max(by_hand, 3.7))
    assert detectable("stance", BASE.result, BASE.result)[0] == pytest.approx(
        1.96 * math.sqrt(2 * (2.7 / 3.92) ** 2 + 2 * 1.2**2)
    )


def test_a_published_floor_holds_however_narrow_the_intervals():
    assert detectable("trunk_forward", BASE.result, BASE.result)[0] == 3.0


def test_few_strides_widen_what_a_side_difference_needs():
    """11 strides a side at 30 pictures: the row of 10, 2.35 %, as the film's own interval (4.3 / 3.92) is narrower."""
    expected = 1.96 * math.sqrt(2 * 2.35**2 + 2 * 0.7**2)
    assert detectable("step_time_asymmetry", BASE.result, BASE.result)[0] == pytest.approx(expected)


def test_a_wider_interval_needs_a_larger_change():
    def with_interval(width: float) -> Result:
        knee = BASE.result.measures["knee_rom"]
        wide = knee.model_copy(update={"ci95": (knee.value - width / 2, knee.value + width / 2)})
        return BASE.result.model_copy(update={"measures": {**BASE.result.measures, "knee_rom": wide}})

    sizes = [detectable("knee_rom", BASE.result, with_interval(width))[0] for width in (4, 8, 16)]
    assert sizes == sorted(sizes) and sizes[0] < sizes[2]


def test_every_measure_has_a_source_for_its_noise():
    known = set(table("film_error")["measure"])
    assert known == set(words.MEASURES)
    assert table("film_error")["source"].str.len().min() > 20


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        (12.0, 2.0, "More even"),
        (2.0, 13.0, "Less even"),
        (-12.0, -2.0, "More even"),
        (9.0, -9.0, "Moved to the left"),
        (-9.0, 9.0, "Moved to the right"),
    ],
)
def test_sides_in_words(before: float, after: float, says: str):
    one = the_change("step_time_asymmetry", film({"step_time_asymmetry": before}), film({"step_time_asymmetry": after}))
    assert one.status == "changed" and one.sentence().startswith(says)


def test_no_word_calls_a_change_good_or_bad():
    values = {name: VALUE[name] * 2 for name, _ in words.measured(BASE.result)}
    told = compare(BASE, film(values))
    said = " ".join([told.summary(), change.ABOUT_CHANGE, *told.cautions, *(one.sentence() for one in told.changes)])
    for word in ("improve", "better", "worse", "progress", "decline", "recover", "normal", "heal"):
        assert word not in said.lower()


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (film(conditions=Conditions(surface="treadmill")), "treadmill"),
        (film(model="full"), "different settings: pose model"),
        (film(assessment=fabricate.frontal()), "from the front"),
        (film(assessment=fabricate.running()), "did not allow"),
        (film(conditions=Conditions(), treadmill_speed_m_s=1.2), "treadmill"),
    ],
)
def test_films_made_in_other_ways_are_not_compared(other: Film, says: str):
    for before, after in ((BASE, other), (other, BASE)):
        told = compare(before, after)
        assert says in told.blocked and says in told.summary()
        assert {one.status for one in told.changes} <= {"not_compared"} and told.changed == ()
        assert all(says in one.sentence() for one in told.changes)


@pytest.mark.parametrize(
    ("other", "says"),
    [
        (film(conditions=Conditions("overground", "barefoot", "usual")), "Other shoes: trainers, then barefoot."),
        (film(conditions=Conditions("overground", "trainers", "fast")), "Other pace"),
        (film(conditions=Conditions("overground", "trainers", "usual", "tired")), "Other conditions: not noted, then"),
        (film(height_cm=172), "body heights"),
        (film({"cadence": 140.0}), "pace was not the same"),
        (film(assessment=fabricate.possible_timing_only()), "walking directions"),
    ],
)
def test_what_differed_is_said(other: Film, says: str):
    told = compare(BASE, other)
    assert not told.blocked and any(says in caution for caution in told.cautions), told.cautions


def test_films_made_alike_need_no_caution():
    assert compare(BASE, film(days=7)).cautions == ()


def test_what_was_not_measured_in_both_is_not_compared():
    one = the_change("knee_rom_asymmetry", BASE, film(assessment=fabricate.possible_timing_only()))
    assert one.status == "not_compared" and "not measured in both" in one.sentence()


def test_without_an_interval_nothing_is_compared():
    knee = BASE.result.measures["knee_rom"].model_copy(update={"ci95": None})
    single = Film(BASE.result.model_copy(update={"measures": {**BASE.result.measures, "knee_rom": knee}}))
    assert "too few steps" in the_change("knee_rom", BASE, single).sentence()


def test_a_client_who_varies_more_needs_a_larger_change():
    day = [film({"cadence": value}, days=n / 100) for n, value in enumerate((100, 104, 108, 112, 116))]
    spread = own_spread(day)
    assert spread["cadence"] == pytest.approx(math.sqrt(40))
    assert own_spread(day[:4]) == {}, "four films give three degrees of freedom, too few"
    later = film({"cadence": 125.0}, days=30)
    assert any(one.measure == "cadence" for one in compare(day[0], later).changed) is True
    assert compare(day[2], later, day).changes[0].mdc == pytest.approx(1.96 * math.sqrt(2 * 40))
    assert not any(one.measure == "cadence" for one in compare(day[2], later, day).changed)


def test_films_of_one_day_in_other_shoes_tell_no_spread():
    shoes = [Conditions("overground", name, "usual") for name in "abcdef"]
    assert own_spread([film({"cadence": 100 + n}, n / 100, conditions=one) for n, one in enumerate(shoes)]) == {}


def test_a_trend_compares_the_newest_with_the_first_that_was_made_alike():
    films = [
        film({"cadence": 60.0}, 0, conditions=Conditions(surface="treadmill")),
        film({"cadence": 100.0}, 1),
        film({"cadence": 103.0}, 2, model="lite"),
        film({"cadence": 120.0}, 3),
    ]
    cadence = next(one for one in trends(films) if one.measure == "cadence")
    assert [point.comparable for point in cadence.points] == [False, True, False, True]
    assert cadence.baseline == 100.0 and cadence.change.difference == 20.0
    assert "2 films not compared" in cadence.sentence() and "Higher by 20.0 /min" in cadence.sentence()


def test_trends_of_nothing_and_of_one():
    assert trends([]) == []
    (first, *_) = trends([BASE])
    assert first.baseline is None and first.change is None and "no second film" in first.sentence()


def test_lines_of_a_report():
    from evenstride.report import Change as Line

    lines = change.report_lines(compare(BASE, film({"cadence": 130.0})))
    assert lines[0] == "Beyond chance in 1 of 14 measures: Steps a minute."
    rows = [line for line in lines if isinstance(line, Line)]
    assert rows[0] == Line("Steps a minute", "109 /min", "130 /min", rows[0].says, beyond_chance=True)
    assert "Higher by" in rows[0].says
    assert lines[-1] == change.ABOUT_CHANGE
