"""Left/right swaps: find the frames in which the pose model took one leg for the other, and put the legs back.

Seen from the side, each foot leads for one step and then trails for the next. Which foot leads may therefore change
only where the feet pass each other, and about once a step. A swapped label breaks that rule: the lead changes while the
feet are far apart. The sequence of leads that costs least over the whole clip (dynamic programming over whole
half-cycles) says which labels are wrong, however many there are and whatever single frames do. The few frames in which
the feet pass each other are decided by smoothness: a leg keeps its velocity.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from analysis.body import runs, size_px, torso_length_px
from analysis.config import SwapConfig
from analysis.pose import SIDES, BoolArray, FloatArray, PoseTrack, Side, landmark
from analysis.view import observe

#: The landmarks that change places; the hips nearly coincide in a side view.
LEG_PARTS = ("knee", "ankle", "heel", "foot_index")
LEG: dict[Side, list[int]] = {side: [int(landmark(side, part)) for part in LEG_PARTS] for side in SIDES}
FOOT_PARTS = ("ankle", "heel", "foot_index")


def undo_swaps(track: PoseTrack, config: SwapConfig | None = None) -> tuple[PoseTrack, BoolArray]:
    """Return the track with swapped legs put back, and the frames [T] in which they had been swapped."""
    config = config or SwapConfig()
    none = np.zeros(len(track), dtype=bool)
    torso = torso_length_px(track)
    if len(track) < 3 or not np.isfinite(torso) or torso <= 0:
        return track, none
    wrong, sure = _against_the_lead(track, config)
    swapped = _smoothest_labels(track, torso, wrong, sure, config)
    xy, visibility = track.xy_px.copy(), track.visibility.copy()
    here, there = LEG["left"] + LEG["right"], LEG["right"] + LEG["left"]
    for values in (xy, visibility):
        exchanged = values[swapped]
        exchanged[:, here] = exchanged[:, there]
        values[swapped] = exchanged
    return replace(track, xy_px=xy, visibility=visibility), swapped


def foot_gap(track: PoseTrack) -> FloatArray:
    """Return how far the left foot is to the right of the right foot in the picture [T], torso lengths."""
    gaps = np.stack(
        [track.point(landmark("left", p))[:, 0] - track.point(landmark("right", p))[:, 0] for p in FOOT_PARTS]
    )
    known = np.isfinite(gaps)
    mean = np.where(known, gaps, 0.0).sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known.any(axis=0), mean, np.nan) / size_px(track)


def step_time_s(gap: FloatArray, time_s: FloatArray, config: SwapConfig) -> float:
    """Return the usual time between two passings of the feet, from the autocorrelation of their distance.

    The distance is the same whichever foot is called left, so swaps do not disturb it.
    """
    known = np.isfinite(gap)
    even = np.arange(time_s[0], time_s[-1], config.lag_step_s)
    shortest, longest = (int(round(limit / config.lag_step_s)) for limit in config.step_s)
    if known.sum() < 4 or len(even) <= longest + shortest:
        return config.usual_step_s
    distance = np.interp(even, time_s[known], np.abs(gap[known]))
    distance -= distance.mean()
    lags = np.arange(shortest, longest + 1)
    similarity = np.array([np.mean(distance[:-lag] * distance[lag:]) for lag in lags])
    peaks = np.flatnonzero((similarity[1:-1] >= similarity[:-2]) & (similarity[1:-1] > similarity[2:])) + 1
    peaks = peaks[similarity[peaks] > 0]
    if not len(peaks):
        return config.usual_step_s
    # The first strong peak: later ones are two and three steps.
    strong = peaks[similarity[peaks] >= 0.7 * similarity[peaks].max()]
    return float(lags[strong[0]] * config.lag_step_s)


def _against_the_lead(track: PoseTrack, config: SwapConfig) -> tuple[BoolArray, BoolArray]:
    """Return frames [T] whose labels contradict the lead, and frames in which the lead is beyond doubt."""
    gap = foot_gap(track)
    seen = observe(track)
    sideways = np.isfinite(gap) & (np.nan_to_num(seen.yaw_deg, nan=90.0) < config.max_yaw_deg)
    wrong = np.zeros(len(track), dtype=bool)
    for start, stop in runs(sideways):
        if track.time_s[stop - 1] - track.time_s[start] < config.min_run_s:
            continue
        piece = slice(start, stop)
        lead = _cheapest_leads(gap[piece], track.time_s[piece], config)
        wrong[piece] = gap[piece] * lead < 0
    with np.errstate(invalid="ignore"):
        sure = sideways & (np.abs(gap) >= config.passing_gap)
    return wrong & sure, sure


def _cheapest_leads(gap: FloatArray, time_s: FloatArray, config: SwapConfig) -> FloatArray:
    """Return for each frame +1 (left foot to the right) or -1, by dynamic programming over whole half-cycles.

    A half-cycle costs the distance of the feet over the time that its labels are contradicted, the distance at which
    the lead changed hands at its start, and how far its length is from the usual step time.
    """
    n = len(gap)
    step = step_time_s(gap, time_s, config)
    frame_s = np.gradient(time_s)
    distance = np.minimum(np.abs(gap), config.gap_cap)
    against = np.zeros((2, n + 1))  # running cost of calling the lead +1 (row 0) or -1 (row 1)
    against[0, 1:] = np.cumsum(np.where(gap < 0, distance, 0.0) * frame_s)
    against[1, 1:] = np.cumsum(np.where(gap > 0, distance, 0.0) * frame_s)

    best = np.full((2, n + 1), np.inf)
    best[:, 0] = 0.0
    came_from = np.zeros((2, n + 1), dtype=int)
    same_foot = np.zeros((2, n + 1), dtype=bool)
    shortest, longest = config.shortest_step * step, config.longest_step * step
    for stop in range(1, n + 1):
        end_s = time_s[stop - 1]
        first = int(np.searchsorted(time_s, end_s - longest))
        starts = np.arange(first, stop)
        lasted = end_s - time_s[starts] + frame_s[stop - 1]
        unusual = config.length_weight * np.minimum((lasted / step - 1.0) ** 2, config.length_cap)
        # The first and the last half-cycle may be cut short by the ends of the clip.
        cut = (starts == 0) | (stop == n)
        unusual = np.where(cut & (lasted < step), 0.0, unusual)
        allowed = cut | (lasted >= shortest)
        switch = np.where(starts > 0, config.switch_s * distance[starts], 0.0)
        for sign in (0, 1):
            changed = np.where(starts > 0, best[1 - sign, starts] + switch, 0.0)
            # Someone who stands leads with the same foot for as long as they like.
            stayed = np.where(starts > 0, best[sign, starts] + config.length_weight * config.length_cap, np.inf)
            cost = np.minimum(changed, stayed) + unusual + against[sign, stop] - against[sign, starts]
            cost = np.where(allowed, cost, np.inf)
            i = int(np.argmin(cost))
            best[sign, stop], came_from[sign, stop] = cost[i], starts[i]
            same_foot[sign, stop] = stayed[i] < changed[i]

    lead = np.zeros(n)
    sign, stop = int(np.argmin(best[:, n])), n
    while stop > 0:
        start, same = came_from[sign, stop], same_foot[sign, stop]
        lead[start:stop] = 1.0 if sign == 0 else -1.0
        sign, stop = sign if same else 1 - sign, start
    return lead


def _smoothest_labels(
    track: PoseTrack, torso: float, wrong: BoolArray, sure: BoolArray, config: SwapConfig
) -> BoolArray:
    """Return the swapped frames: those that are sure as they are, the rest by Viterbi on the change of leg velocity."""
    legs = np.stack([track.xy_px[:, LEG["left"]], track.xy_px[:, LEG["right"]]], axis=1) / torso  # [T, leg, mark, xy]
    labelled = np.stack([legs, legs[:, ::-1]], axis=1)  # [T, swapped?, leg, mark, xy]
    own_cost = np.zeros((len(track), 2))
    own_cost[:, 1] = config.swap_prior
    own_cost[sure & wrong, 0] = config.sure_cost
    own_cost[sure & ~wrong, 1] = config.sure_cost

    dt = np.diff(track.time_s)
    usual = float(np.median(dt))
    connected = dt <= config.max_gap_s
    total = own_cost[0][:, None] + own_cost[1][None, :]  # best cost of ending in labels (previous, current)
    origin = np.zeros((len(track), 2, 2), dtype=np.int8)
    for t in range(2, len(track)):
        cost = np.zeros((2, 2, 2))
        if connected[t - 1] and connected[t - 2]:
            before = (labelled[t - 1][None] - labelled[t - 2][:, None]) / dt[t - 2]  # [a, b]: label a, then b
            after = (labelled[t][None] - labelled[t - 1][:, None]) / dt[t - 1]  # [b, c]
            change = (after[None] - before[:, :, None]) * usual / config.noise
            squared = np.minimum(np.nansum(change**2, axis=-1), config.cap)
            cost = squared.sum(axis=(-1, -2))  # [a, b, c]
        candidates = total[:, :, None] + cost + own_cost[t][None, None, :]
        origin[t] = np.argmin(candidates, axis=0)
        total = np.min(candidates, axis=0)

    labels = np.zeros(len(track), dtype=bool)
    previous, current = np.unravel_index(int(np.argmin(total)), (2, 2))
    labels[-1], labels[-2] = bool(current), bool(previous)
    for t in range(len(track) - 1, 1, -1):
        previous, current = origin[t, previous, current], previous
        labels[t - 2] = bool(previous)
    return labels
