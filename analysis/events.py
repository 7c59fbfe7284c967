"""Heel strikes and toe-offs with sub-frame times.

Side views: the position method of Zeni 2008 (Gait Posture 27:710) finds each event once and on the right foot. Its
extremum is the moment at which the foot moves as fast as the pelvis, which is early for a heel strike by an amount that
depends on the walker; a speed rule after Bruening & Ridge 2014 (Gait Posture 39:472) therefore places the heel strike
where the foot has lost most of its speed over the ground.
Frontal views: which ankle is ahead, from its height in the picture and its depth; good for cadence and step time only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.interpolate import CubicSpline

from analysis.body import runs, size_px, torso_length_px
from analysis.config import EventConfig
from analysis.pose import SIDES, BoolArray, FloatArray, PoseTrack, Side, landmark, other
from analysis.repair import smooth
from analysis.view import Pass


@dataclass(frozen=True)
class Event:
    """A heel strike or toe-off of one foot at `time_s`, found in pass number `pass_index`."""

    type: Literal["heel_strike", "toe_off"]
    side: Side
    time_s: float
    pass_index: int


@dataclass(frozen=True)
class FootPaths:
    """Forward position of the feet relative to mid-hip in one pass, on a fine even time grid; torso lengths, + ahead.

    `heel` and `toe` hold [N] arrays by side; a landmark set without feet has the ankle in both, and shows no toe-off.
    """

    time_s: FloatArray
    heel: dict[Side, FloatArray]
    toe: dict[Side, FloatArray]
    has_toes: bool = True


def find_events(track: PoseTrack, passes: tuple[Pass, ...], config: EventConfig | None = None) -> tuple[Event, ...]:
    """Find heel strikes (and, in side views, toe-offs) of both feet in every pass.

    Parameters
    ----------
    track : PoseTrack
        Repaired, and smoothed with the event cut-off.
    passes : tuple of Pass

    Returns
    -------
    tuple of Event, in time order
    """
    config = config or EventConfig()
    events: list[Event] = []
    for one in passes:
        if one.facing:
            found = _sagittal(track, one, config)
            events += [event for event in found if not _stops_on(event, found, track, one, config)]
        else:
            events += _frontal(track, one, config)
    return tuple(sorted(events, key=lambda event: event.time_s))


def foot_paths(track: PoseTrack, one: Pass, config: EventConfig | None = None) -> FootPaths:
    """Return the feet's forward paths relative to mid-hip in the pass `one` and a margin around it."""
    config = config or EventConfig()
    near = track.between(one.start_s - config.margin_s, one.end_s + config.margin_s)
    size = size_px(near)
    hip_x = near.middle("hip")[:, 0]
    grid = np.arange(near.time_s[0], near.time_s[-1], 1.0 / config.rate_hz)

    def path(side: Side, part: str) -> FloatArray:
        x = near.point(landmark(side, part))[:, 0]
        if not np.isfinite(x).any():
            x = near.point(landmark(side, "ankle"))[:, 0]
        return _on_grid(near.time_s, one.facing * (x - hip_x) / size, grid)

    return FootPaths(
        grid,
        heel={side: path(side, "heel") for side in SIDES},
        toe={side: path(side, "foot_index") for side in SIDES},
        has_toes=bool(np.isfinite(near.middle("foot_index")).any()),
    )


def _sagittal(track: PoseTrack, one: Pass, config: EventConfig) -> list[Event]:
    """While one heel is ahead of the other, the leading foot strikes once, and then the trailing foot leaves once."""
    paths = foot_paths(track, one, config)
    walking_speed = _retreat_speed(paths)
    if not walking_speed > 0:
        return []
    prominence = {side: config.min_prominence * _spread(paths.heel[side]) for side in SIDES}
    events: list[Event] = []
    for lead, start, stop in _half_cycles(paths, config):
        trail = other(lead)
        strike = _extremum(paths.heel[lead], start, stop, prominence[lead])
        if strike is not None:
            time_s = _when_slower(
                paths, paths.heel[lead], strike, +1, config.strike_speed, walking_speed, config.max_shift_s
            )
            events.append(Event("heel_strike", lead, time_s + config.strike_offset_s, one.index))
        leave = _extremum(-paths.toe[trail], start, stop, prominence[trail]) if paths.has_toes else None
        if leave is not None:
            time_s = _when_slower(
                paths, paths.toe[trail], leave, -1, config.leave_speed, walking_speed, config.max_shift_s
            )
            events.append(Event("toe_off", trail, time_s, one.index))
    return events


def _stops_on(strike: Event, found: list[Event], track: PoseTrack, one: Pass, config: EventConfig) -> bool:
    """Return whether the walker stops on this foot: it never leaves the ground again, and the hip never passes over it.

    Such a foot is set down to stand on; it is no heel strike of walking.
    """
    leaves = any(e.type == "toe_off" and e.side == strike.side and e.time_s > strike.time_s for e in found)
    if strike.type == "toe_off" or leaves:
        return False
    after = track.between(strike.time_s, strike.time_s + config.passed_over_s)
    ahead = one.facing * (after.point(landmark(strike.side, "ankle"))[:, 0] - after.middle("hip")[:, 0])
    known = np.isfinite(ahead)
    seen = len(after) > 0 and bool(known[-1]) and float(np.mean(known)) >= config.min_seen
    seen = seen and bool(track.time_s[-1] > after.time_s[-1])
    return seen and float(np.min(ahead[known])) > -config.min_passed_over * torso_length_px(track)


def _half_cycles(paths: FootPaths, config: EventConfig) -> list[tuple[Side, int, int]]:
    """Return (leading side, start, stop) of each stretch in which one heel is clearly ahead of the other."""
    gap = paths.heel["left"] - paths.heel["right"]
    known = np.isfinite(gap)
    if not known.any():
        return []
    threshold = config.min_gap_fraction * float(np.quantile(np.abs(gap[known]), 0.9))
    lead = np.zeros(len(gap), dtype=int)
    # Hysteresis: the lead changes only when the other heel is clearly ahead, so noise at the crossing changes nothing.
    current = 0
    for i in range(len(gap)):
        if known[i] and abs(gap[i]) >= threshold:
            current = 1 if gap[i] > 0 else -1
        lead[i] = current if known[i] else 0
    pieces: list[tuple[Side, int, int]] = []
    for sign, side in ((1, "left"), (-1, "right")):
        for start, stop in runs(lead == sign):
            if (stop - start) / config.rate_hz >= config.min_half_cycle_s:
                pieces.append(("left" if side == "left" else "right", start, stop))
    return sorted(pieces, key=lambda piece: piece[1])


def _extremum(signal: FloatArray, start: int, stop: int, prominence: float) -> int | None:
    """Return the index of the maximum within [start, stop), or None where it is no true peak of that prominence."""
    window = signal[start:stop]
    if not np.isfinite(window).any():
        return None
    peak = start + int(np.nanargmax(window))
    before, after = signal[max(0, start - (stop - start)) : peak], signal[peak + 1 : stop + (stop - start)]
    if peak in (0, len(signal) - 1) or not np.isfinite(before).any() or not np.isfinite(after).any():
        return None
    rise = signal[peak] - max(float(np.nanmin(before)), float(np.nanmin(after)))
    at_edge = peak == start and start > 0 and np.isfinite(signal[start - 1]) and signal[start - 1] > signal[peak]
    return peak if rise >= prominence and not at_edge else None


def _when_slower(
    paths: FootPaths,
    path: FloatArray,
    extremum: int,
    step: int,
    ground_speed: float,
    walking_speed: float,
    reach_s: float,
) -> float:
    """Return when, after (+1) or before (-1) the extremum, the foot has the share `ground_speed` of walking speed left.

    Relative to the hip a foot on the ground retreats at walking speed v, and one that moves over the ground at
    ``ground_speed * v`` retreats at ``(1 - ground_speed) * v``. Falls back to the extremum's own time where that speed
    is not reached within `reach_s`.
    """
    speed = np.gradient(path, paths.time_s)
    interval = float(paths.time_s[1] - paths.time_s[0])
    wanted = -(1.0 - ground_speed) * walking_speed
    for i in range(extremum, extremum + step * int(reach_s / interval), step):
        following = i + step
        if not 0 <= following < len(path) or not (np.isfinite(speed[i]) and np.isfinite(speed[following])):
            break
        if speed[following] <= wanted:
            fraction = (speed[i] - wanted) / max(speed[i] - speed[following], 1e-12)
            return float(paths.time_s[i] + step * min(max(fraction, 0.0), 1.0) * interval)
    return float(paths.time_s[extremum])


def _retreat_speed(paths: FootPaths) -> float:
    """Return the speed at which feet on the ground fall behind the hip: walking speed, in torso lengths a second."""
    speeds = np.concatenate([np.gradient(path, paths.time_s) for path in (*paths.heel.values(), *paths.toe.values())])
    backward = speeds[np.isfinite(speeds) & (speeds < 0)]
    return float(-np.median(backward)) if len(backward) else float("nan")


def _frontal(track: PoseTrack, one: Pass, config: EventConfig) -> list[Event]:
    """Return when each foot is farthest ahead of the other: a fixed part of the step, good for rhythm.

    The foot that is ahead of someone who comes toward us is lower in the picture, and nearer in the pose model's depth.
    Either alone is noisy; their sum, each scaled by its own range, is not.
    """
    near = smooth(track.between(one.start_s - config.margin_s, one.end_s + config.margin_s), config.frontal_cutoff_hz)
    left, right = landmark("left", "ankle"), landmark("right", "ankle")
    ahead = _centred((near.point(left)[:, 1] - near.point(right)[:, 1]) / size_px(near))
    if near.world_m is not None:
        nearer = _centred(near.world_m[:, right, 2].astype(float) - near.world_m[:, left, 2].astype(float))
        ahead = ahead + np.where(np.isfinite(nearer), nearer, 0.0)
    grid = np.arange(near.time_s[0], near.time_s[-1], 1.0 / config.rate_hz)
    gap = _on_grid(near.time_s, -ahead if one.view == "back" else ahead, grid)
    paths = FootPaths(grid, heel={"left": gap, "right": -gap}, toe={"left": gap, "right": -gap})
    prominence = config.min_prominence * _spread(gap)
    events: list[Event] = []
    for lead, start, stop in _half_cycles(paths, config):
        strike = _extremum(paths.heel[lead], start, stop, prominence)
        if strike is not None:
            events.append(Event("heel_strike", lead, float(grid[strike]), one.index))
    return events


def _centred(signal: FloatArray) -> FloatArray:
    """Return the signal around its median, in units of its P5-P95 range; all NaN when it is flat or unknown."""
    spread = _spread(signal)
    return (signal - np.median(signal[np.isfinite(signal)])) / spread if spread > 0 else np.full(len(signal), np.nan)


def _spread(signal: FloatArray) -> float:
    known = signal[np.isfinite(signal)]
    if not len(known):
        return float("nan")
    low, high = np.quantile(known, [0.05, 0.95])
    return float(high - low)


def _on_grid(time_s: FloatArray, values: FloatArray, grid: FloatArray) -> FloatArray:
    """Return a cubic spline through the known values, NaN inside gaps: where the values around are not both known."""
    known: BoolArray = np.isfinite(values)
    out = np.full(len(grid), np.nan)
    for start, stop in runs(known):
        if stop - start < 4:
            continue
        inside = (grid >= time_s[start]) & (grid <= time_s[stop - 1])
        out[inside] = CubicSpline(time_s[start:stop], values[start:stop])(grid[inside])
    return out
