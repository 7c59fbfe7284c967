"""How far one reading of a clip is from the truth: angles, events, steps, sides, verdict.

Truth is the walker's own: joint angles in the body's plane of walking (a camera that is not square to the walk is an
error of the measurement, not of the truth), and planned contacts of the feet. Every measured stride is held against the
very stride that was walked, so that the walker's natural variation is nobody's error.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
import pandas as pd
from scipy.signal import find_peaks

from analysis.angles import angle_table
from analysis.assess import assess
from analysis.body import size_px
from analysis.config import Config
from analysis.events import Event
from analysis.favoring import Favoring, judge
from analysis.pose import SIDES, FloatArray, PoseTrack, Side, landmark, other
from analysis.repair import smooth
from analysis.strides import stride_table
from analysis.view import Pass
from validation.walker import truth as walker

#: A detection this near to a true event of its kind is that event; a wrong foot is at least a step, 0.4 s, away.
MATCH_S = 0.15
#: Events this near to the edge of a pass may be left out without blame: half a step.
EDGE_S = 0.3
#: The baseline's cut-off, and its peaks: at least this far apart and this prominent (share of the path's range).
CUTOFF_HZ, PEAK_APART_S, PEAK_PROMINENCE = 6.0, 0.6, 0.3
KNEE_COLUMNS = ("knee_contact_deg", "knee_loading_deg", "knee_swing_peak_deg", "knee_rom_deg")
PARTS = ("step_time", "single_support", "knee_rom", "knee_loading")


@dataclass(frozen=True)
class Reading:
    """What one method says about one clip; tables as in `Assessment`."""

    passes: tuple[Pass, ...]
    events: tuple[Event, ...]
    frames: pd.DataFrame
    strides: pd.DataFrame
    favoring: Favoring


@dataclass
class Score:
    """The errors of one reading, measured minus true.

    Attributes
    ----------
    name : str
    angles : dict of arrays
        Per frame, degrees: ``knee_near``, ``knee_far``, ``trunk_forward``, ``trunk_lateral``.
    seen : dict of (int, int)
        Frames with a value, and frames walked in the picture, by the same names.
    events : dict of arrays
        Seconds: ``heel_strike``, ``toe_off``.
    hits, false, missed : int
        Events found, invented, and not found.
    strides : dict of arrays
        Near legs, degrees: `KNEE_COLUMNS`.
    steps, front_steps : dict of arrays
        Seconds, by side; from the side (treadmill included), and from the front.
    cadence : float
        Steps a minute.
    sides : dict of float
        Errors of the signed side differences, by `PARTS`.
    pairs, one_way : dict of arrays
        Knee differences again: from two neighbouring passes in opposite directions, near legs only; and from one pass,
        near leg against far.
    favoring : Favoring
    """

    name: str
    favoring: Favoring
    angles: dict[str, FloatArray] = field(default_factory=dict)
    seen: dict[str, tuple[int, int]] = field(default_factory=dict)
    events: dict[str, FloatArray] = field(default_factory=dict)
    hits: int = 0
    false: int = 0
    missed: int = 0
    strides: dict[str, FloatArray] = field(default_factory=dict)
    steps: dict[str, FloatArray] = field(default_factory=dict)
    front_steps: dict[str, FloatArray] = field(default_factory=dict)
    cadence: float = float("nan")
    sides: dict[str, float] = field(default_factory=dict)
    pairs: dict[str, FloatArray] = field(default_factory=dict)
    one_way: dict[str, FloatArray] = field(default_factory=dict)


def read_with_evenstride(track: PoseTrack) -> Reading:
    """Return what `assess` says."""
    found = assess(track)
    return Reading(found.passes, found.events, found.frames, found.strides, found.favoring)


def read_plainly(track: PoseTrack, walk: walker.Clip) -> Reading:
    """Return what can be read off raw landmarks: 6 Hz low-pass, angles, Zeni's extrema; nothing repaired.

    It is given the true passes, and Evenstride's bookkeeping of strides with its limits, both in its favor.
    """
    passes = tuple(one for one in true_passes(walk) if one.end_s <= track.time_s[-1] + 1 / track.fps)
    config = Config()
    body = smooth(track, CUTOFF_HZ)
    angles = angle_table(body, passes)
    events = tuple(sorted((e for one in passes for e in _zeni(body, one)), key=lambda event: event.time_s))
    nothing: dict[Side, FloatArray] = {side: np.zeros(len(track), dtype=bool) for side in SIDES}
    strides = stride_table(body, passes, events, angles, nothing, config.strides)
    return Reading(passes, events, angles, strides, judge(strides, passes, None, config.favoring))


def true_passes(walk: walker.Clip) -> tuple[Pass, ...]:
    """Return the passes that were walked, as the analysis would describe them."""
    views = {"toward": "front", "away": "back"}
    facing = {"right": +1, "left": -1, None: 0}
    return tuple(
        Pass(i, one["start_s"], one["end_s"], one["direction"], views.get(one["direction"], "side"),
             facing[one["near_side"]], one["near_side"])
        for i, one in enumerate(walker.true_passes(walk))
    )  # fmt: skip


def _zeni(track: PoseTrack, one: Pass) -> list[Event]:
    """Heel strike: heel farthest ahead of the hips; toe-off: toe farthest behind (Zeni 2008)."""
    if not one.facing:
        return []
    part = track.between(one.start_s, one.end_s)
    events: list[Event] = []
    for side in SIDES:
        for kind, point, sign in (("heel_strike", "heel", 1), ("toe_off", "foot_index", -1)):
            x = part.point(landmark(side, point))[:, 0] - part.middle("hip")[:, 0]
            path = sign * one.facing * x / size_px(part)
            known = np.isfinite(path)
            if known.sum() < 5:
                continue
            path = np.interp(part.time_s, part.time_s[known], path[known])
            peaks, _ = find_peaks(
                path, distance=max(1, round(PEAK_APART_S * part.fps)), prominence=PEAK_PROMINENCE * np.ptp(path)
            )
            events += [Event(kind, side, _refined(part.time_s, path, i), one.index) for i in peaks]
    return events


def _refined(time_s: FloatArray, path: FloatArray, i: int) -> float:
    """Return the top of the parabola through a peak and its neighbours."""
    before, top, after = path[i - 1 : i + 2]
    return float(time_s[i] + 0.5 * (before - after) / (before - 2 * top + after) * (time_s[i + 1] - time_s[i]))


def score(name: str, reading: Reading, track: PoseTrack, walk: walker.Clip) -> Score:
    """Hold a reading of `track` against the walk."""
    out = Score(name, reading.favoring)
    _score_angles(out, reading, walk)
    _score_events(out, reading, walk, float(track.time_s[-1]))
    strides = reading.strides[reading.strides["valid"].to_numpy(dtype=bool)]
    if len(strides):
        if any(one.facing for one in reading.passes):
            _score_strides(out, reading, strides, walk)
        else:
            _score_rhythm(out, strides, walk)
    return out


def _score_angles(out: Score, reading: Reading, walk: walker.Clip) -> None:
    time_s = reading.frames["time_s"].to_numpy(dtype=float)

    def errors(column: str, true: str, sign: float, inside: FloatArray) -> FloatArray:
        at = np.interp(time_s[inside], walk.time_s, walk.posed.angles[true])
        return reading.frames[column].to_numpy(dtype=float)[inside] - sign * at

    collected: dict[str, list[FloatArray]] = {}
    for one in true_passes(walk):
        inside = (time_s >= one.start_s) & (time_s <= one.end_s)
        if one.facing:
            for side in SIDES:
                leg = "knee_near" if side == one.near_side else "knee_far"
                collected.setdefault(leg, []).append(errors(f"knee_{side}_deg", f"knee_{side}", 1, inside))
            collected.setdefault("trunk_forward", []).append(errors("trunk_forward_deg", "trunk_forward", 1, inside))
        else:  # the analysis counts lean to the left as +, the walker to the right
            collected.setdefault("trunk_lateral", []).append(errors("trunk_lateral_deg", "trunk_lateral", -1, inside))
    for key, parts in collected.items():
        every = np.concatenate(parts)
        out.angles[key] = every[np.isfinite(every)]
        out.seen[key] = (int(np.isfinite(every).sum()), len(every))


def _score_events(out: Score, reading: Reading, walk: walker.Clip, end_s: float) -> None:
    """Count events of side passes; a detection belongs to the nearest true event of its kind and side.

    Contacts at a turn count as found or not; how late they are found is told of straight walking only.
    """
    passes = [one for one in true_passes(walk) if one.facing]
    views = {one.index: one.facing for one in reading.passes}
    for kind in walker.EVENT_TYPES:
        off: list[float] = []
        for side in SIDES:
            true, straight = np.array(_contacts(walk, kind, side)), _straight(walk, side)
            found = np.array(
                [e.time_s for e in reading.events if e.type == kind and e.side == side and views[e.pass_index]]
            )
            if not len(true):
                continue
            which = np.array([np.argmin(np.abs(true - t)) for t in found], dtype=int)
            good = np.abs(found - true[which]) <= MATCH_S
            off += list((found - true[which])[good & straight[which]])
            matched = set(true[which][good])
            out.hits += len(matched)
            out.false += len(found) - len(matched)
            due = [t for t in true if any(p.start_s + EDGE_S <= t <= min(p.end_s, end_s) - EDGE_S for p in passes)]
            out.missed += sum(t not in matched for t in due)
        out.events[kind] = np.array(off)


def _contacts(walk: walker.Clip, kind: str, side: Side) -> list[float]:
    plan = walk.motion.plan
    feet = [] if plan is None else plan.of(side)
    return [foot.hs_s if kind == "heel_strike" else foot.to_s for foot in feet]


def _straight(walk: walker.Clip, side: Side) -> FloatArray:
    plan = walk.motion.plan
    along = np.array([] if plan is None else [foot.along_m for foot in plan.of(side)])
    return np.asarray(along if plan is None else plan.path.to_turn_m(along) > walker.CLEAR_OF_TURN_M, dtype=bool)


def _score_strides(out: Score, reading: Reading, strides: pd.DataFrame, walk: walker.Clip) -> None:
    true = true_strides(strides, walk)
    known = np.isfinite(true["stride_time_s"].to_numpy(dtype=float))
    strides, true = strides[known], true[known]
    off = true.assign(
        step_time_s=strides["step_time_s"] - true["step_time_s"],
        other_step_time_s=strides["other_step_time_s"] - true["other_step_time_s"],
    )
    out.steps = {side: _steps(off, side) for side in SIDES}
    out.cadence = 120 / float(strides["stride_time_s"].mean()) - 120 / float(true["stride_time_s"].mean())
    usable = strides["valid_knee"].to_numpy(dtype=bool)
    near = usable & strides["near"].to_numpy(dtype=bool)
    difference = strides[list(KNEE_COLUMNS)].astype(float) - true[list(KNEE_COLUMNS)].astype(float)
    out.strides = {column: difference[column].to_numpy()[near] for column in KNEE_COLUMNS}
    found = {part.id: part.value for part in reading.favoring.components}
    walked = {part.id: part.value for part in judge(true.reset_index(drop=True), reading.passes).components}
    out.sides = {id: found[id] - walked[id] for id in found if id in walked}
    for column, id in (("knee_rom_deg", "knee_rom"), ("knee_loading_deg", "knee_loading")):
        table = pd.DataFrame({"pass": strides["pass"], "side": strides["side"], "off": difference[column]})
        out.pairs[id] = _two_directions(table[near], reading.passes)
        sides = table[usable].groupby(["pass", "side"])["off"].mean().unstack()
        out.one_way[id] = (
            (sides["left"] - sides["right"]).dropna().to_numpy() if set(SIDES) <= set(sides.columns) else np.zeros(0)
        )


def _steps(strides: pd.DataFrame, side: Side) -> FloatArray:
    """Return the step times of one side: of its own strides, and of the other side's, which contain one each."""
    mine = strides["side"] == side
    both = pd.concat([strides["step_time_s"][mine], strides["other_step_time_s"][~mine]]).to_numpy(dtype=float)
    return both[np.isfinite(both)]


def _score_rhythm(out: Score, strides: pd.DataFrame, walk: walker.Clip) -> None:
    """Hold mean step times and cadence from the front against those of straight walking in the same passes.

    From the front an event is a fixed part of the step, not the heel strike, so single strides cannot be matched.
    """
    true: dict[Side, list[float]] = {"left": [], "right": []}
    for one in true_passes(walk):
        contacts = sorted(
            (t, side)
            for side in SIDES
            for t, straight in zip(_contacts(walk, "heel_strike", side), _straight(walk, side), strict=True)
            if straight
        )
        inside = [(t, side) for t, side in contacts if one.start_s <= t <= one.end_s]
        for (before, first), (after, second) in pairwise(inside):
            if first != second:
                true[second].append(after - before)
    out.front_steps = {side: np.array([np.mean(_steps(strides, side)) - np.mean(true[side])]) for side in SIDES}
    mean_s = np.mean([np.mean(steps) for steps in true.values()])
    out.cadence = 120 / float(strides["stride_time_s"].mean()) - 60 / float(mean_s)


def _two_directions(near: pd.DataFrame, passes: tuple[Pass, ...]) -> FloatArray:
    """Return the error of left minus right from each two neighbouring passes that show different legs."""
    means = near.groupby("pass")["off"].mean()
    shown = {one.index: one.near_side for one in passes}
    off = [
        (means[i] - means[j]) * (1 if shown[i] == "left" else -1)
        for i, j in zip(means.index[:-1], means.index[1:], strict=True)
        if shown[i] != shown[j]
    ]
    return np.array(off)


def true_strides(strides: pd.DataFrame, walk: walker.Clip) -> pd.DataFrame:
    """Return the measured strides with their measured values replaced by the true ones; NaN where there is no such."""
    rows = {(row["side"], row["start_s"]): row for row in walker.true_strides(walk)}
    starts = {side: np.array(sorted(start for key, start in rows if key == side)) for side in SIDES}
    plan = walk.motion.plan
    out = strides.copy()
    columns = ["stride_time_s", "step_time_s", "other_step_time_s", "single_support_s", "swing_s", *KNEE_COLUMNS]
    out[columns] = np.nan
    for index, stride in strides.iterrows():
        side: Side = stride["side"]
        if plan is None or not len(starts[side]):
            continue
        start = starts[side][np.argmin(np.abs(starts[side] - stride["start_s"]))]
        if abs(start - stride["start_s"]) > MATCH_S:
            continue
        row = rows[side, start]
        strike = min(t for t in _contacts(walk, "heel_strike", other(side)) if t > start)
        leave = min(t for t in _contacts(walk, "toe_off", other(side)) if t > start)
        out.loc[index, columns] = [
            row["end_s"] - start,
            row["end_s"] - strike,
            strike - start,
            strike - leave,
            row["swing_s"],
            *(row[column] for column in KNEE_COLUMNS),
        ]
    return out
