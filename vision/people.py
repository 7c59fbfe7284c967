"""Who is in the clip, and who of them walks.

A few pictures a second are looked at (`sightings_in`), what is found there is linked over time (`link`), and the
person who walks is chosen (`choose`): someone who crosses several body heights or whose legs swing, large, long in the
picture. When nobody walks, the main person is still given; it is for the analysis to say that this is not walking.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from analysis.pose import Landmark
from vision.errors import NoPerson
from vision.landmarker import Landmarker, Pose

#: Time between the pictures looked at. A walker moves about 0.4 body heights meanwhile: little enough to be linked.
SCOUT_INTERVAL_S = 0.5
#: A short film that plays slowed is looked at by its own running time, up to about this many pictures at first: a few
#: seconds of it are so little real time that somebody could cross the picture almost unseen.
LOOKS_WHEN_SLOWED = 10
#: At first every second one is looked at, and the one between only where something may have been missed: anywhere but
#: where a single body goes straight on, within this many body sizes of where its last steps lead to. At uneven times
#: (by this share of their distance), because someone may take exactly one stride a second.
STRAIGHT = 0.2
UNEVEN = 0.3
GOLDEN_RATIO = 0.618034
#: The most bodies looked for in one tile.
POSES_A_TILE = 4
#: The detector misses bodies below about 0.4 of the picture's longer side (262 px of 640 were found in 97 % of frames,
#: 188 px in 23 %), so it is also looked at in squares as high as its short side, overlapping by at least this share ...
TILE_OVERLAP = 0.2
#: ... and, when those show nobody, in squares of half that side, overlapping more because a body fills them.
SMALL_TILE_OVERLAP = 0.5

#: A body is believed when at least this share of its landmarks is inside the picture and likely visible (the upper body
#: of someone sitting at a desk has 0.4) ...
MIN_VISIBLE_SHARE = 0.35
VISIBLE = 0.5
#: ... its trunk is between these shares of the whole length (an adult's is 0.3; seated bodies vary) ...
TRUNK_SHARE = (0.12, 0.75)
#: ... and it is at least this high, in pixels: below, a leg is some 20 px long and nothing can be measured on it.
MIN_SIZE_PX = 48.0

#: Two sightings in one picture are the same body when their trunks are closer than this share of its size.
SAME_BODY = 0.25
#: Linking: how far a body may be from where it was expected, in body sizes, and how much its size may differ.
LINK_REACH = 0.35
LINK_REACH_PER_S = 0.5
LINK_SIZE_RATIO = 1.5
#: Gaps up to this long are bridged by position alone.
LINK_GAP_S = 2.0
#: Someone who comes back after leaving the picture has about the same size and the same clothes.
RETURN_SIZE_RATIO = 1.4
RETURN_COLOR_DISTANCE = 45.0

#: A candidate was seen at least this often, or in this share of the pictures looked at, whichever is less.
MIN_SIGHTINGS = 3
MIN_SIGHTING_SHARE = 0.3

#: Full evidence of walking: body heights travelled, and spread (SD) of the feet's distance in body heights.
FULL_TRAVEL = 2.0
FULL_SWING = 0.10
#: What presence alone is worth beside full evidence of walking.
STILL_WEIGHT = 0.15

_SHOULDERS = [Landmark.LEFT_SHOULDER, Landmark.RIGHT_SHOULDER]
_HIPS = [Landmark.LEFT_HIP, Landmark.RIGHT_HIP]
_ANKLES = [Landmark.LEFT_ANKLE, Landmark.RIGHT_ANKLE]
_BODY = [*range(Landmark.NOSE, Landmark.MOUTH_RIGHT + 1), *_SHOULDERS, *range(Landmark.LEFT_HIP, len(Landmark))]


@dataclass(frozen=True)
class Sighting:
    """One body in one scouted picture.

    Attributes
    ----------
    index : int
        Frame of the video.
    time_s : float
    trunk_px : float array [2]
        Middle of the trunk.
    center_px : float array [2]
        Middle of head, trunk and legs (arms left out).
    size_px : float
        Length of the body from head to foot along its longer side; a guess when parts are outside the picture.
    trunk_length_px : float
        From the middle of the shoulders to that of the hips; steadier than `size_px`, so bodies are compared by it.
    feet : float array [2]
        From the right to the left ankle, in body sizes.
    color : float array [3]
        Median RGB of the trunk.
    quality : float
        Mean visibility of the landmarks that are inside the picture, times their share.
    """

    index: int
    time_s: float
    trunk_px: NDArray[np.floating]
    center_px: NDArray[np.floating]
    size_px: float
    trunk_length_px: float
    feet: NDArray[np.floating]
    color: NDArray[np.floating]
    quality: float


@dataclass(frozen=True)
class BoxPath:
    """Where a candidate was seen, at the scouted pictures: times [N], the rest as in `Sighting`, [N, 2] and [N]."""

    time_s: NDArray[np.float64]
    center_px: NDArray[np.float64]
    trunk_px: NDArray[np.float64]
    size_px: NDArray[np.float64]
    trunk_length_px: NDArray[np.float64]


@dataclass(frozen=True)
class Candidate:
    """One person in the clip.

    Attributes
    ----------
    id : int
        From 1, ordered by how clearly the person walks: 1 is the one chosen by default.
    frames : int
        Scouted pictures in which the person was seen.
    why : str
        In plain words, what speaks for or against this person.
    path : BoxPath
    """

    id: int
    frames: int
    why: str
    path: BoxPath


@dataclass(frozen=True)
class People:
    """Everybody in the clip; `chosen` is the id of the one who is followed."""

    chosen: int
    candidates: tuple[Candidate, ...]

    @property
    def walker(self) -> Candidate:
        """The chosen candidate."""
        return self.candidates[self.chosen - 1]


# --------------------------------------------------------------------------------------------------------------------
# Looking


def scout_frames(times_s: NDArray[np.floating], slow_motion: float = 1.0) -> NDArray[np.int64]:
    """Return the indices of the frames to look at first: about one every two SCOUT_INTERVAL_S, and at least three.

    Parameters
    ----------
    times_s : of all frames, in real time
    slow_motion : how many times slower than life the film plays
    """
    seconds = times_s[-1] - times_s[0]
    real, playing = (int(np.ceil(length / (2 * SCOUT_INTERVAL_S))) for length in (seconds, seconds * slow_motion))
    steps = max(2, real, min(playing, LOOKS_WHEN_SLOWED))
    wanted = np.linspace(times_s[0], times_s[-1], steps + 1)
    shift = UNEVEN * (np.arange(steps + 1) * GOLDEN_RATIO % 1 - 0.5)
    wanted[1:-1] += (shift * (wanted[1] - wanted[0]))[1:-1]
    return _frames_at(wanted, times_s)


def frames_between(times_s: NDArray[np.floating], looked_at: NDArray[np.int64]) -> dict[int, tuple[int, ...]]:
    """Return the frames halfway between those looked at; with each, those around it that tell whether to look at it.

    Parameters
    ----------
    times_s : of all frames
    looked_at : int array [N], increasing
    """
    halfway = np.searchsorted(times_s, 0.5 * (times_s[looked_at[1:]] + times_s[looked_at[:-1]]))
    around = [tuple(looked_at[max(k - 1, 0) : k + 3].tolist()) for k in range(len(halfway))]
    between = dict(zip(halfway.tolist(), around, strict=True))
    return {index: near for index, near in between.items() if index not in near}


def may_hide_something(pictures: Sequence[Sequence[Sighting]]) -> bool:
    """Whether more may go on between these pictures than they show: anything but a single body that goes straight on.

    Parameters
    ----------
    pictures : the sightings in up to four pictures, about 2 SCOUT_INTERVAL_S apart
    """
    return not _goes_straight(pictures)


def _frames_at(wanted_s: NDArray[np.floating], times_s: NDArray[np.floating]) -> NDArray[np.int64]:
    return np.unique(np.clip(np.searchsorted(times_s, wanted_s), 0, len(times_s) - 1)).astype(np.int64)


def _goes_straight(pictures: Sequence[Sequence[Sighting]]) -> bool:
    """Whether each of the pictures shows one and the same single body, which goes straight on."""
    if len(pictures) < 3 or any(len(picture) != 1 for picture in pictures):
        return False
    track = [picture[0] for picture in pictures]
    same = all(_alike(one.trunk_length_px, two.trunk_length_px, LINK_SIZE_RATIO) for one, two in pairwise(track))
    times, trunk = np.array([s.time_s for s in track]), np.array([s.trunk_px for s in track])
    inner = [
        np.linalg.norm(
            trunk[k] - [np.interp(times[k], times[[k - 1, k + 1]], trunk[[k - 1, k + 1], i]) for i in (0, 1)]
        )
        for k in range(1, len(track) - 1)
    ]
    return bool(same and max(inner) <= STRAIGHT * max(s.size_px for s in track))


def sightings_in(
    rgb: NDArray[np.uint8], index: int, time_s: float, landmarker: Landmarker, small: bool
) -> list[Sighting]:
    """Return the bodies in one picture, each once; `small` looks closer, at several times the cost."""
    height, width = rgb.shape[:2]
    found = []
    for left, top, tile_width, tile_height in _tiles(width, height, small):
        for pose in landmarker.find(rgb[top : top + tile_height, left : left + tile_width]):
            sighting = _sighting(pose, np.array((left, top)), rgb, index, time_s)
            if sighting is not None:
                found.append(sighting)
    return _each_once(found)


def _tiles(width: int, height: int, small: bool) -> list[tuple[int, int, int, int]]:
    """Return rectangles (left, top, width, height) that cover the picture."""
    short = min(width, height)
    if small:
        side, overlap = max(short // 2, 1), SMALL_TILE_OVERLAP
        return [(x, y, side, side) for y in _starts(height, side, overlap) for x in _starts(width, side, overlap)]
    whole = [(0, 0, width, height)]
    if width == height:
        return whole
    return whole + [
        (x, y, short, short) for y in _starts(height, short, TILE_OVERLAP) for x in _starts(width, short, TILE_OVERLAP)
    ]


def _starts(length: int, side: int, overlap: float) -> list[int]:
    if length <= side:
        return [0]
    count = int(np.ceil((length - side) / (side * (1 - overlap)))) + 1
    return [int(start) for start in np.linspace(0, length - side, count)]


def trunk_of(xy_px: NDArray[np.floating]) -> tuple[NDArray[np.floating], float]:
    """Return the trunk's middle [2] and length, in pixels, of landmarks [33, 2]."""
    shoulder, hip = xy_px[_SHOULDERS].mean(axis=0), xy_px[_HIPS].mean(axis=0)
    return (shoulder + hip) / 2, float(np.linalg.norm(shoulder - hip))


def _body_of(xy_px: NDArray[np.floating]) -> tuple[NDArray[np.floating], float]:
    """Return the body's middle [2] and length, in pixels, of landmarks [33, 2]."""
    low, high = xy_px[_BODY].min(axis=0), xy_px[_BODY].max(axis=0)
    return (low + high) / 2, float((high - low).max())


def _sighting(
    pose: Pose, offset: NDArray[np.integer], rgb: NDArray[np.uint8], index: int, time_s: float
) -> Sighting | None:
    """Return what a pose says about a body, or None when it is no plausible one."""
    height, width = rgb.shape[:2]
    xy = pose.xy_px.astype(np.float64) + offset
    inside = np.all((xy >= 0) & (xy < (width, height)), axis=1)
    trunk, trunk_length = trunk_of(xy)
    center, size = _body_of(xy)
    plausible = (
        size >= MIN_SIZE_PX
        and np.mean(inside & (pose.visibility > VISIBLE)) >= MIN_VISIBLE_SHARE
        and TRUNK_SHARE[0] <= trunk_length / size <= TRUNK_SHARE[1]
    )
    if not plausible:
        return None
    feet = (xy[_ANKLES[0]] - xy[_ANKLES[1]]) / size
    quality = float(np.mean(np.where(inside, pose.visibility, 0.0)))
    return Sighting(index, time_s, trunk, center, size, trunk_length, feet, _trunk_color(rgb, xy), quality)


def _trunk_color(rgb: NDArray[np.uint8], xy: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return the median color along the lines from the shoulders' to the hips' middle, a little to either side."""
    height, width = rgb.shape[:2]
    shoulder, hip = xy[_SHOULDERS].mean(axis=0), xy[_HIPS].mean(axis=0)
    along = np.linspace(0.2, 0.8, 12)[:, None, None]
    aside = np.linspace(-0.1, 0.1, 5)[None, :, None] * np.linalg.norm(hip - shoulder)
    points = shoulder + along * (hip - shoulder) + aside * np.array((1.0, 0.0))
    x = np.clip(points[..., 0].round().astype(int), 0, width - 1)
    y = np.clip(points[..., 1].round().astype(int), 0, height - 1)
    return np.median(rgb[y, x].reshape(-1, 3), axis=0)


def _each_once(found: Iterable[Sighting]) -> list[Sighting]:
    """Keep the best sighting of each body: overlapping tiles show it more than once."""
    kept: list[Sighting] = []
    for sighting in sorted(found, key=lambda s: -s.quality):
        if all(
            np.linalg.norm(sighting.trunk_px - k.trunk_px) > SAME_BODY * max(k.size_px, sighting.size_px) for k in kept
        ):
            kept.append(sighting)
    return kept


# --------------------------------------------------------------------------------------------------------------------
# Linking


def link(sightings: Iterable[Sequence[Sighting]]) -> list[list[Sighting]]:
    """Return one list of sightings a person, from the sightings of each scouted picture in order of time."""
    tracks: list[list[Sighting]] = []
    for picture in sightings:
        if not picture:
            continue
        costs = np.array([[_cost(track, sighting) for sighting in picture] for track in tracks]).reshape(
            -1, len(picture)
        )
        rows, columns = linear_sum_assignment(np.where(np.isfinite(costs), costs, 1e6))
        taken = {int(c): int(r) for r, c in zip(rows, columns, strict=True) if np.isfinite(costs[r, c])}
        for place, sighting in enumerate(picture):
            if place in taken:
                tracks[taken[place]].append(sighting)
            else:
                tracks.append([sighting])
    return _join_returns(tracks)


def _cost(track: list[Sighting], sighting: Sighting) -> float:
    """Return how far a sighting is from where a track expects its body, in shares of what is allowed; inf beyond."""
    last = track[-1]
    gap_s = sighting.time_s - last.time_s
    if gap_s <= 0 or gap_s > LINK_GAP_S or not _alike(last.trunk_length_px, sighting.trunk_length_px, LINK_SIZE_RATIO):
        return np.inf
    expected = last.trunk_px
    if len(track) > 1:
        before = track[-2]
        expected = expected + (last.trunk_px - before.trunk_px) / (last.time_s - before.time_s) * gap_s
    reach = (LINK_REACH + LINK_REACH_PER_S * gap_s) * last.size_px
    moved = min(np.linalg.norm(sighting.trunk_px - expected), 1.5 * np.linalg.norm(sighting.trunk_px - last.trunk_px))
    return float(moved / reach) if moved <= reach else np.inf


def _join_returns(tracks: list[list[Sighting]]) -> list[list[Sighting]]:
    """Join tracks that follow each other and look alike: someone left the picture, or was hidden, and came back.

    A single sighting is never joined: chance detections all over the clip would add up to a person.
    """
    joined: list[list[Sighting]] = [track for track in tracks if len(track) == 1]
    for track in sorted((t for t in tracks if len(t) > 1), key=lambda t: t[0].time_s):
        earlier = [t for t in joined if len(t) > 1 and t[-1].time_s < track[0].time_s and _same_person(t, track)]
        if earlier:
            max(earlier, key=lambda t: t[-1].time_s).extend(track)
        else:
            joined.append(list(track))
    return joined


def _same_person(one: list[Sighting], two: list[Sighting]) -> bool:
    near, far = (np.median([s.trunk_length_px for s in track]) for track in (one, two))
    colors = [np.median([s.color for s in track], axis=0) for track in (one, two)]
    at_gap = _alike(one[-1].trunk_length_px, two[0].trunk_length_px, RETURN_SIZE_RATIO)
    return bool(
        (at_gap or _alike(near, far, RETURN_SIZE_RATIO))
        and np.linalg.norm(colors[0] - colors[1]) < RETURN_COLOR_DISTANCE
    )


def _alike(one: float, two: float, ratio: float) -> bool:
    return max(one, two) <= ratio * min(one, two)


# --------------------------------------------------------------------------------------------------------------------
# Choosing


def choose(
    tracks: Iterable[list[Sighting]], *, scouted: int, name: str, size_px: tuple[int, int], person: int | None = None
) -> People:
    """Rank the people by how clearly they walk, and choose one.

    Parameters
    ----------
    tracks : from `link`
    scouted : int
        Pictures that were looked at.
    name : str
        The video's, for the error.
    size_px : (int, int)
        Width and height of the picture.
    person : int, optional
        Id of the one to follow, instead of the first.

    Raises
    ------
    NoPerson
        Nobody was seen, or nobody has the number `person`.
    """
    enough = min(MIN_SIGHTINGS, max(1, int(np.ceil(MIN_SIGHTING_SHARE * scouted))))
    seen = [track for track in tracks if len(track) >= enough]
    if not seen:
        raise NoPerson(
            f"Nobody was found in {name}.",
            "Film one person whole, from head to feet, filling at least half the height of the picture, in good light.",
        )
    ranked = sorted((_judged(track, scouted, size_px) for track in seen), key=lambda judged: -judged[0])
    candidates = tuple(
        Candidate(number, len(track), why, _path(track)) for number, (_, why, track) in enumerate(ranked, start=1)
    )
    if person is not None and not 1 <= person <= len(candidates):
        found = "One person was" if len(candidates) == 1 else f"{len(candidates)} people were"
        raise NoPerson(
            f"{name} has no person {person}. {found} found.", f"Choose a number from 1 to {len(candidates)}."
        )
    return People(person or 1, candidates)


def _judged(track: list[Sighting], scouted: int, size_px: tuple[int, int]) -> tuple[float, str, list[Sighting]]:
    """Return a score, its reason in plain words, and the track."""
    sizes = np.array([s.size_px for s in track])
    trunk = np.array([s.trunk_px for s in track])
    travel = float(np.ptp(trunk, axis=0).max() / np.median(sizes) + abs(np.log(sizes[-3:].mean() / sizes[:3].mean())))
    swing = float(np.hypot(*np.std([s.feet for s in track], axis=0)))
    walking = max(
        min(travel / FULL_TRAVEL, 1.0) * min(swing / FULL_SWING + 0.3, 1.0), min(swing / FULL_SWING, 1.0) * 0.7
    )
    relative = float(np.median(sizes)) / size_px[1]
    quality = float(np.mean([s.quality for s in track]))
    score = len(track) * np.sqrt(relative) * quality * (STILL_WEIGHT + walking)
    does = [
        f"moves over {travel:.1f} body heights" if travel >= 1 else "stays in place",
        "legs swing" if swing >= FULL_SWING / 2 else "legs hardly swing across the picture",
        f"seen in {len(track)} of {scouted} pictures looked at",
        f"about {relative:.0%} of the picture's height" if relative <= 1 else "partly outside the picture",
    ]
    return float(score), ", ".join(does), track


def _path(track: list[Sighting]) -> BoxPath:
    return BoxPath(
        np.array([s.time_s for s in track]),
        np.array([s.center_px for s in track], np.float64),
        np.array([s.trunk_px for s in track], np.float64),
        np.array([s.size_px for s in track]),
        np.array([s.trunk_length_px for s in track]),
    )
