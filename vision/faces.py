"""Face blur: where heads are, frame by frame, and making them unrecognisable.

The aim is that no face slips through: places are generous, are held where the head was lost for a while, and follow
the raw landmarks, including those that the analysis itself does not believe.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter, median_filter

from analysis.body import torso_px
from analysis.pose import Landmark, PoseTrack

HEAD = [int(mark) for mark in Landmark if mark < Landmark.LEFT_SHOULDER]

# Head length over torso length is 0.130 / 0.288 (Drillis & Contini, in Winter 2009): these half-axes cover a head with
# hair about 1.5 times over, whichever of its landmarks the centre is taken from.
HALF_WIDTH_TORSO = 0.34
HALF_HEIGHT_TORSO = 0.42
# An unseen head is looked for where it would be had the walker gone on, and in a reach round it that grows with time.
GROWTH_TORSO_PER_S = 0.5
# A head that was lost is looked for (and its place blurred) this long before and after it was seen.
HOLD_S = 2.0
# Other people are held so much longer than they were followed, up to HOLD_S: some were a moment's error.
OTHERS_HOLD_S = 0.5
# Landmarks that jump away from their running median leave the median blurred as well.
MEDIAN_WINDOW_S = 0.5
# A body that bends, or is misread for a moment, has no smaller head: the longest torso within this time counts.
LONGEST_TORSO_S = 1.0
# What is left of a head: about this many patches of colour across it.
PATCHES_ACROSS = 5


class Place(NamedTuple):
    """An ellipse in the picture, in pixels: centre and half-axes."""

    x: float
    y: float
    half_width: float
    half_height: float


class HeadPlaces:
    """Where heads may be at any time of the video.

    Parameters
    ----------
    track : PoseTrack
        The walker, as the pose model gave it (not repaired).
    others : sequence of PoseTrack
        Other people, as far as they are known (see vision/bystanders.py).
    """

    def __init__(self, track: PoseTrack, others: Sequence[PoseTrack] = ()) -> None:
        self.heads = [_Head(track, HOLD_S)]
        for one in others:
            self.heads.append(_Head(one, min(HOLD_S, OTHERS_HOLD_S + one.time_s[-1] - one.time_s[0])))

    def at(self, time_s: float) -> list[Place]:
        """Return every place to blur in the frame at `time_s`."""
        return [place for head in self.heads for place in head.at(time_s)]


class _Head:
    """Where one person's head may be, and up to `hold_s` before and after it was seen."""

    def __init__(self, track: PoseTrack, hold_s: float) -> None:
        self.hold_s = hold_s
        head = head_of(track.xy_px)
        seen = np.isfinite(head[:, 0])
        self.time_s = track.time_s[seen]
        self.head = head[seen]
        self.torso = _known_everywhere(torso_px(track), fallback=0.3 * track.size_px[1])[seen]
        if len(self.head):
            fps = track.fps if len(track) > 1 else 1.0
            window, longest = (max(1, round(seconds * fps)) for seconds in (MEDIAN_WINDOW_S, 2 * LONGEST_TORSO_S))
            self.usual = median_filter(self.head, size=(window, 1), mode="nearest")
            usual_torso = median_filter(self.torso, size=window, mode="nearest")
            self.torso = np.maximum(self.torso, maximum_filter(usual_torso, size=longest, mode="nearest"))

    def at(self, time_s: float) -> list[Place]:
        if not len(self.time_s):
            return []
        after = int(np.searchsorted(self.time_s, time_s))
        before = after - 1
        if after < len(self.time_s) and before >= 0:
            return self._between(before, after, time_s)
        edge = max(before, 0) if after == len(self.time_s) else after
        away_s = abs(time_s - self.time_s[edge])
        if away_s > self.hold_s:
            return []
        return [self._place(self.head[edge], edge, away_s), self._place(self._carried_on(edge, time_s), edge, away_s)]

    def _between(self, before: int, after: int, time_s: float) -> list[Place]:
        gap_s = self.time_s[after] - self.time_s[before]
        share = (time_s - self.time_s[before]) / gap_s
        away_s = min(time_s - self.time_s[before], self.time_s[after] - time_s)
        nearest = before if share < 0.5 else after
        mix = (1 - share) * self.head[before] + share * self.head[after]
        places = [self._place(mix, nearest, away_s)]
        for index in {before, after}:
            if np.linalg.norm(self.usual[index] - mix) > 0.5 * HALF_WIDTH_TORSO * self.torso[index]:
                places.append(self._place(self.usual[index], index, 0))
        if gap_s > MEDIAN_WINDOW_S:
            places += [
                self._place(self.head[i], i, 0) for i in (before, after) if abs(time_s - self.time_s[i]) <= self.hold_s
            ]
        return places

    def _carried_on(self, edge: int, time_s: float) -> NDArray[np.floating]:
        """Return where the head would be had it moved on as at the edge of what was seen."""
        near = np.abs(self.time_s - self.time_s[edge]) <= MEDIAN_WINDOW_S
        if near.sum() < 2:
            return self.head[edge]
        speed = [np.polyfit(self.time_s[near], self.usual[near, axis], 1)[0] for axis in (0, 1)]
        return self.head[edge] + np.array(speed) * (time_s - self.time_s[edge])

    def _place(self, centre: NDArray[np.floating], index: int, away_s: float) -> Place:
        torso = self.torso[index]
        grown = GROWTH_TORSO_PER_S * away_s * torso
        return Place(*centre, HALF_WIDTH_TORSO * torso + grown, HALF_HEIGHT_TORSO * torso + grown / 2)


def head_of(xy_px: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the middle of the head [T, 2] in landmarks [T, K, 2]; NaN where none of the head is known."""
    return _mean_of_known(xy_px[:, HEAD])


def _mean_of_known(points: NDArray[np.floating]) -> NDArray[np.float64]:
    """Return the mean [T, 2] over the points [T, K, 2] that are known; NaN where none is."""
    known = np.isfinite(points).all(axis=2, keepdims=True)
    count = known.sum(axis=1)
    total = np.where(known, points, 0.0).sum(axis=1)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _known_everywhere(values: NDArray[np.floating], fallback: float) -> NDArray[np.floating]:
    """Fill unknown values from their neighbours in time."""
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return np.full(len(values), fallback)
    return np.interp(np.arange(len(values)), known, values[known])


def blur(rgb: NDArray[np.uint8], places: Sequence[Place]) -> None:
    """Make the places unrecognisable, in the picture itself.

    Each is reduced to a few patches of colour: unlike a soft blur, nothing can be sharpened out of it again.
    """
    height, width = rgb.shape[:2]
    for x, y, half_width, half_height in places:
        left, right = max(int(x - half_width), 0), min(int(x + half_width) + 1, width)
        top, bottom = max(int(y - half_height), 0), min(int(y + half_height) + 1, height)
        if right - left < 2 or bottom - top < 2:
            continue
        region = rgb[top:bottom, left:right]
        across = (
            max(1, round(PATCHES_ACROSS * (right - left) / (2 * half_width))),
            max(1, round(PATCHES_ACROSS * (bottom - top) / (2 * half_height))),
        )
        patches = cv2.resize(region, across, interpolation=cv2.INTER_AREA)
        smeared = cv2.resize(patches, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
        mask = np.zeros(region.shape[:2], np.uint8)
        cv2.ellipse(mask, ((x - left, y - top), (2 * half_width, 2 * half_height), 0), 255, -1)
        region[mask > 0] = smeared[mask > 0]
