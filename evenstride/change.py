"""What changed between films of one person, beyond what films and steps vary by themselves.

The smallest change that can be told from noise (the minimal detectable change, MDC95) is, for two films a and b,

    1.96 sqrt(SE_a^2 + SE_b^2 + 2 film_sd^2),     and no less than a published one where there is any.

SE is the half-width of a recording's own interval over 1.96 (for side differences no less than the simulation of their
frame rate and number of strides gives), `film_sd` what one film is off by, whatever its steps. Both tables, with their
sources: analysis/norms/film_error.csv and asymmetry_error.csv. Once a client was filmed often enough on one day and in
one way, the spread of those films, 1.96 sqrt(2) SD_within, takes their place where it is larger.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeVar

from analysis.norms import table
from evenstride import words
from evenstride.results import Measure, Result
from evenstride.store.records import Conditions

if TYPE_CHECKING:
    from evenstride.report import Change as Line

Z95 = 1.96
#: Repeated films of one day tell a client's own spread from this many degrees of freedom on.
MIN_REPEATS = 4
#: These come without an interval of their own; their floor covers what steps vary by.
WITHOUT_INTERVAL = frozenset({"ear_shoulder", "trunk_lateral"})
#: Frame rates that differ by less than this share are the same.
FPS_TOLERANCE = 0.1
#: Measures that show another pace.
PACE = ("speed", "cadence")

Status = Literal["no_change", "changed", "not_compared"]

ABOUT_CHANGE = (
    "A change is named only when it is larger than what films and steps vary by themselves. With many measures, about "
    "one in twenty still crosses its line by chance: what comes back in the next film is more likely to be real. A "
    "change says nothing about its cause."
)
NO_CHANGE = "No change we can see"


class Film(Protocol):
    """What a comparison needs to know of a recording; `evenstride.store.Recording` is one."""

    @property
    def recorded_at(self) -> datetime:
        """When it was filmed."""

    @property
    def conditions(self) -> Conditions:
        """How it was filmed."""

    @property
    def result(self) -> Result:
        """What was measured."""


AnyFilm = TypeVar("AnyFilm", bound=Film)


@dataclass(frozen=True)
class Change:
    """One measure in two films.

    Attributes
    ----------
    before, after : the measures as they are in the results
    difference : after minus before, None when they are not compared
    mdc : smallest change that can be told from noise, in the measure's unit
    status : "changed" only if the difference exceeds `mdc`
    reason : why they are not compared
    """

    measure: str
    before: Measure
    after: Measure
    difference: float | None
    mdc: float | None
    status: Status
    reason: str = ""

    @property
    def title(self) -> str:
        """What the measure is called."""
        return words.measure_words(self.measure).title

    def sentence(self) -> str:
        """Say it in words that claim no more than was measured."""
        if self.status == "not_compared" or self.difference is None or self.mdc is None:
            return f"Not compared: {self.reason}"
        line = self._amount(self.mdc)
        if self.status == "no_change":
            return f"{NO_CHANGE}: up to {line} can be chance."
        return f"{self._direction()} by {self._amount(abs(self.difference))}, more than chance alone ({line})."

    def _amount(self, size: float) -> str:
        """Write a size; a line between chance and change is never rounded onto its other side."""
        return words.number(size, self.after.unit, max(1, words.measure_words(self.measure).decimals))

    def _direction(self) -> str:
        before, after = self.before.value or 0.0, self.after.value or 0.0
        if "asymmetry" not in self.measure:
            return "Higher" if after > before else "Lower"
        if before * after < 0:
            return f"Moved to the {'right' if after > 0 else 'left'}"
        return "More even" if abs(after) < abs(before) else "Less even"


@dataclass(frozen=True)
class Comparison:
    """Two films, side by side.

    Attributes
    ----------
    blocked : why they are not compared at all; empty when they are
    cautions : what was different between them and may explain a change
    """

    blocked: str
    cautions: tuple[str, ...]
    changes: tuple[Change, ...]

    @property
    def changed(self) -> tuple[Change, ...]:
        """The measures that changed by more than noise."""
        return tuple(one for one in self.changes if one.status == "changed")

    def summary(self) -> str:
        """Say the whole in one sentence or two."""
        if self.blocked:
            return f"Not compared: {self.blocked}"
        compared = sum(one.status != "not_compared" for one in self.changes)
        if not compared:
            return "Nothing was measured in both films."
        if not self.changed:
            return f"{NO_CHANGE} in {_count(compared, 'measure')}."
        titles = ", ".join(one.title for one in self.changed)
        return f"Beyond chance in {len(self.changed)} of {_count(compared, 'measure')}: {titles}."


def compare(before: Film, after: Film, others: Iterable[Film] = ()) -> Comparison:
    """Compare two films of one person; `others` are further ones, for the spread of films of one day."""
    first, second = before.result, after.result
    blocked = why_not(before, after)
    spread = own_spread([before, after, *others])
    names = [name for name, _ in words.measured(second)]
    names += [name for name, _ in words.measured(first) if name not in names]
    changes = tuple(
        _change(name, first, second, blocked, spread.get(name))
        for name in names
        if name in first.measures and name in second.measures
    )
    return Comparison(blocked, () if blocked else tuple(_cautions(before, after, changes)), changes)


def film_before(film: AnyFilm, earlier: Sequence[AnyFilm]) -> AnyFilm | None:
    """Return the film to compare with: the latest earlier one that can be compared, or else just the latest."""
    comparable = [one for one in earlier if not why_not(one, film)]
    return next(reversed(comparable or earlier), None)


def why_not(before: Film, after: Film) -> str:
    """Say why two films cannot be compared at all, or nothing."""
    first, second = before.result, after.result
    if not (first.quality.usable and second.quality.usable):
        return "one of the films did not allow measuring."
    if first.view != second.view:
        return f"one was filmed {words.VIEWS[first.view]}, the other {words.VIEWS[second.view]}."
    if (first.model.name, first.model.sha256) != (second.model.name, second.model.sha256):
        return f"they were measured with different settings: pose model {first.model.name}, then {second.model.name}."
    surfaces = {surface(before), surface(after)}
    if surfaces == {"treadmill", "overground"}:
        return "one is on a treadmill, the other is not: people walk differently there."
    return ""


def surface(film: Film) -> str:
    """Return "treadmill", "overground" or "" when nothing tells."""
    if film.conditions.surface:
        return film.conditions.surface
    result = film.result
    if _options(result).get("treadmill_speed_m_s"):
        return "treadmill"
    directions = {one.direction for one in result.passes}
    if directions == {"in_place"}:
        return "treadmill"
    return "overground" if directions and "in_place" not in directions else ""


def _cautions(before: Film, after: Film, changes: Sequence[Change]) -> Iterable[str]:
    first, second = before.result, after.result
    if not (surface(before) and surface(after)):
        yield "It was not noted whether both were filmed on the same ground."
    for name, what in (("shoes", "shoes"), ("pace", "pace"), ("other", "other conditions")):
        values = getattr(before.conditions, name), getattr(after.conditions, name)
        if values[0].strip().casefold() != values[1].strip().casefold():
            yield f"Other {what}: {values[0] or 'not noted'}, then {values[1] or 'not noted'}.".replace(
                "Other other", "Other"
            )
    if any(one.measure in PACE and one.status == "changed" for one in changes):
        yield "The pace was not the same, and much of a walk changes with it."
    if _analysis(first) != _analysis(second) or first.provenance.evenstride != second.provenance.evenstride:
        yield "They were measured with other versions or settings of Evenstride; analyze both films again to be sure."
    if abs(first.video.fps - second.video.fps) > FPS_TOLERANCE * first.video.fps:
        yield f"The films have {first.video.fps:.0f} and {second.video.fps:.0f} pictures a second."
    if _options(first).get("height_cm") != _options(second).get("height_cm"):
        yield "Other body heights were given, which changes lengths and speed."
    if _directions(first) != _directions(second):
        yield "They do not show the same walking directions."


def report_lines(comparison: Comparison) -> list[str | Line]:
    """Return what a report prints about a comparison: remarks, and a row a measure that could be compared.

    What changed comes first; in both parts, what the answer about favoring a knee rests on does.
    """
    from evenstride.report import Change as Line

    rows = [
        Line(
            one.title,
            words.value_text(one.measure, one.before),
            words.value_text(one.measure, one.after),
            one.sentence(),
            beyond_chance=one.status == "changed",
        )
        for one in sorted(comparison.changes, key=_rank)
        if one.status != "not_compared"
    ]
    return [comparison.summary(), *comparison.cautions, *rows, *([ABOUT_CHANGE] if rows else [])]


def _rank(change: Change) -> tuple[bool, bool]:
    return change.status != "changed", words.measure_words(change.measure).group != "sides"


def _options(result: Result) -> dict[str, Any]:
    found = result.provenance.config.get("options")
    return found if isinstance(found, dict) else {}


def _analysis(result: Result) -> Any:
    return result.provenance.config.get("analysis")


def _directions(result: Result) -> set[str]:
    return {one.direction for one in result.passes}


def _change(name: str, first: Result, second: Result, blocked: str, own: float | None) -> Change:
    before, after = first.measures[name], second.measures[name]
    mdc, reason = (None, blocked) if blocked else detectable(name, first, second, own)
    if mdc is None or before.value is None or after.value is None:
        return Change(name, before, after, None, None, "not_compared", reason)
    difference = after.value - before.value
    return Change(name, before, after, difference, mdc, "changed" if abs(difference) > mdc else "no_change")


def detectable(name: str, first: Result, second: Result, own: float | None = None) -> tuple[float | None, str]:
    """Return the smallest change of a measure that can be told from noise, or None and the reason why none can.

    `own` is the spread (SD) of the client's films of one day, where there are enough; see `own_spread`.
    """
    before, after = first.measures[name], second.measures[name]
    if before.value is None or after.value is None:
        return None, "it was not measured in both films."
    if before.unit != after.unit:
        return None, "it has other units in the two films."
    errors = [standard_error(name, first), standard_error(name, second)]
    if None in errors:
        return None, "too few steps to say how sure it is."
    error = _film_error(name, before.unit)
    if error is None:
        return None, "it is not known how much films of one walk differ in it."
    film_sd, floor = error
    mdc = Z95 * math.sqrt(sum(e * e for e in errors if e is not None) + 2 * film_sd**2)
    repeats = 0.0 if own is None else Z95 * math.sqrt(2) * own
    return max(mdc, floor, repeats), ""


def standard_error(name: str, result: Result) -> float | None:
    """Return how far a measure may be off because of the few steps filmed; None when that is unknown."""
    measure = result.measures[name]
    if measure.ci95 is None:
        return 0.0 if name in WITHOUT_INTERVAL else None
    low, high = measure.ci95
    return max((high - low) / (2 * Z95), _simulated_error(name, result))


def _simulated_error(name: str, result: Result) -> float:
    """Return the simulated error of a side difference, from the row with no more pictures a second and strides."""
    if not name.endswith("_asymmetry"):
        return 0.0
    rows = table("asymmetry_error")
    part = next((c for c in result.favoring.components if f"{c.id}_asymmetry" == name), None)
    strides = min(part.n_left, part.n_right) if part else result.measures[name].n / 2
    fps = analyzed_fps(result)
    rates = rows["fps"][rows["fps"] <= fps * (1 + FPS_TOLERANCE)]
    rows = rows[rows["fps"] == (rates.max() if len(rates) else rows["fps"].min())]
    counts = rows["n_per_side"][rows["n_per_side"] <= strides]
    row = rows[rows["n_per_side"] == (counts.max() if len(counts) else rows["n_per_side"].min())]
    return float(row[name].iloc[0])


def analyzed_fps(result: Result) -> float:
    """Return how many pictures a second were measured: at most 30 unless all were asked for."""
    return result.video.fps if _options(result).get("all_frames") else min(result.video.fps, 30.0)


def _film_error(name: str, unit: str) -> tuple[float, float] | None:
    rows = table("film_error")
    rows = rows[(rows["measure"] == name) & (rows["unit"] == unit)]
    if not len(rows):
        return None
    floor = float(rows["mdc_floor"].iloc[0])
    return float(rows["film_sd"].iloc[0]), 0.0 if math.isnan(floor) else floor


def own_spread(films: Sequence[Film]) -> dict[str, float]:
    """Return the pooled SD of each measure within days on which a person was filmed repeatedly in one way.

    Only measures with at least MIN_REPEATS degrees of freedom are in it.
    """
    ways: dict[tuple[object, ...], list[Film]] = defaultdict(list)
    for film in _once(films):
        if film.result.quality.usable:
            result = film.result
            way = (film.recorded_at.date(), film.conditions, surface(film), result.view, result.model.sha256)
            ways[way].append(film)
    squares: dict[str, float] = defaultdict(float)
    freedom: dict[str, int] = defaultdict(int)
    for alike in ways.values():
        for name in alike[0].result.measures:
            values = [f.result.measures[name].value for f in alike if name in f.result.measures]
            known = [value for value in values if value is not None]
            if len(known) > 1:
                mean = sum(known) / len(known)
                squares[name] += sum((value - mean) ** 2 for value in known)
                freedom[name] += len(known) - 1
    return {name: math.sqrt(squares[name] / freedom[name]) for name in squares if freedom[name] >= MIN_REPEATS}


def _once(films: Iterable[Film]) -> list[Film]:
    found: list[Film] = []
    for film in films:
        if all(film is not other and film != other for other in found):
            found.append(film)
    return found


@dataclass(frozen=True)
class Point:
    """A measure in one film of a trend; `comparable` with the newest one, or the reason why not."""

    recorded_at: datetime
    value: float
    low: float | None
    high: float | None
    comparable: bool
    reason: str


@dataclass(frozen=True)
class Trend:
    """One measure over a client's films.

    Attributes
    ----------
    points : oldest first
    baseline, mdc : the first film that is comparable with the newest one, and how far the newest has to be away from
        it to be a change; None when there is no such film
    change : from that film to the newest one
    """

    measure: str
    unit: str
    points: tuple[Point, ...]
    baseline: float | None
    mdc: float | None
    change: Change | None
    cautions: tuple[str, ...]

    @property
    def title(self) -> str:
        """What the measure is called."""
        return words.measure_words(self.measure).title

    def sentence(self) -> str:
        """Say in words what the picture shows."""
        if self.change is None:
            return "There is no second film to compare with."
        left_out = sum(not point.comparable for point in self.points)
        tail = f" {_count(left_out, 'film')} not compared: made in another way." if left_out else ""
        return f"First to latest film: {self.change.sentence()}{tail}"


def trends(films: Sequence[Film]) -> list[Trend]:
    """Return the trend of every measure that the newest film has, in reading order; `films` oldest first."""
    if not films:
        return []
    newest = films[-1]
    reasons = [why_not(film, newest) for film in films]
    base = next((film for film, reason in zip(films[:-1], reasons, strict=False) if not reason), None)
    comparison = None if base is None else compare(base, newest, films)
    changes = {} if comparison is None else {one.measure: one for one in comparison.changes}
    return [
        _trend(name, measure, films, reasons, changes.get(name), () if comparison is None else comparison.cautions)
        for name, measure in words.measured(newest.result)
    ]


def _trend(
    name: str,
    newest: Measure,
    films: Sequence[Film],
    reasons: Sequence[str],
    change: Change | None,
    cautions: tuple[str, ...],
) -> Trend:
    points = []
    for film, reason in zip(films, reasons, strict=True):
        measure = film.result.measures.get(name)
        if measure is not None and measure.value is not None and measure.unit == newest.unit:
            low, high = measure.ci95 or (None, None)
            points.append(Point(film.recorded_at, measure.value, low, high, not reason, reason))
    known = change is not None and change.status != "not_compared"
    return Trend(
        measure=name,
        unit=newest.unit,
        points=tuple(points),
        baseline=change.before.value if known and change is not None else None,
        mdc=change.mdc if change is not None else None,
        change=change,
        cautions=cautions,
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}" + ("" if number == 1 else "s")
