"""Video -> PoseTrack: find the walker, then read the landmarks inside a window that moves along, on several processes.

The clip is cut into blocks whose borders depend on the clip alone. At the start of a block the landmarker forgets what
it saw before, so a block's landmarks are the same whichever process reads it: any number of processes gives the very
same track.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from analysis.pose import N_LANDMARKS, TWIN, Landmark, PoseTrack, Source
from vision.errors import Cancelled, EvenstrideError, NoPerson
from vision.landmarker import Landmarker, Pose, version
from vision.model import Model
from vision.people import (
    POSES_A_TILE,
    SCOUT_INTERVAL_S,
    BoxPath,
    People,
    Sighting,
    choose,
    frames_between,
    link,
    may_hide_something,
    scout_frames,
    sightings_in,
    trunk_of,
)
from vision.processes import CONTEXT, available_cores, belong_to_parent, ctrl_c_held_back
from vision.video import Frame, VideoInfo, read_frames

#: Frames a second that are analysed unless all are asked for: 60 gain only 4-11 % in timing (PLATFORM.md).
ANALYSED_FPS = 30.0
#: A recording that runs this little faster is analysed whole: dropping one frame a second would gain nothing.
FPS_TOLERANCE = 1.04
#: Blocks are at most this long, and their number is a multiple of BLOCKS_MULTIPLE: 2 or 4 processes share them evenly.
BLOCK_S = 5.0
BLOCKS_MULTIPLE = 4
#: A block shorter than this costs more in warming up than it gains.
MIN_BLOCK_S = 1.0
#: Starting a process takes about as long as following this many frames: shorter clips are read by fewer.
MIN_FRAMES_A_WORKER = 60
#: How often a block's first picture is looked at before it counts: the landmarker places its window by the landmarks it
#: found last, and needs this often to settle after a detection.
WARM_UPS = 2

#: Side of the walker's window, in body sizes. The landmark network looks at a square of about 1.5 body sizes around the
#: hips: in a window of 1.6 it met black borders, and on rendered walkers exchanged the legs in 5 frames of 241, in this
#: one in none. Much larger, and the detector would miss the body (see people.py).
WINDOW_SIDE = 2.1
#: The walker is looked for this long before the first and after the last sighting, and from both ends into gaps of two
#: scouted pictures or more: the walker may be outside the picture meanwhile.
REACH_S = 1.0
LONG_GAP_S = 2.5 * SCOUT_INTERVAL_S
#: A trunk this far (in body sizes) from the scouted path, or this different in length, is somebody else's.
IDENTITY_REACH = 0.4
IDENTITY_SIZE_RATIO = 1.5
#: People nearer to each other than this (in body sizes) cannot be told apart by where they are.
MIN_APART = 0.25
#: The reader of a result is told when more than this share of the pictures showed somebody else.
MUCH_ELSEWHERE = 0.05

#: The sightings in each frame that was looked at, by the frame's index.
_Seen = dict[int, list[Sighting]]

_POLL_S = 0.1
_AS_NAMED = list(range(N_LANDMARKS))
#: The same with the legs exchanged from the knees down; the hips stay.
_EXCHANGED = [TWIN[mark] if mark >= Landmark.LEFT_KNEE else mark for mark in _AS_NAMED]


class WorkerDied(EvenstrideError):
    """A process that read the video ended without a word; usually the machine ran out of memory."""

    code = "worker_died"


@dataclass(frozen=True)
class Extraction:
    """The walker's track, everybody who was seen, and what the reader of a result should know."""

    track: PoseTrack
    people: People
    notes: tuple[str, ...]


@dataclass(frozen=True)
class _Place:
    """Where the walker is expected in one frame (see `Sighting`), and the trunks [K, 2] of other people."""

    index: int
    center_px: NDArray[np.float64]
    trunk_px: NDArray[np.float64]
    size_px: float
    trunk_length_px: float
    others_px: NDArray[np.float64]

    def window(self, width: int, height: int) -> tuple[slice, slice]:
        """Return rows and columns of a square around the walker, moved into the picture, or cut where it is larger."""
        side = max(round(WINDOW_SIDE * self.size_px), 2)
        rows, columns = (
            _span(middle - side / 2, side, length)
            for middle, length in zip(self.center_px[::-1], (height, width), strict=True)
        )
        return rows, columns


def _span(start: float, side: int, length: int) -> slice:
    first = min(max(round(start), 0), max(length - side, 0))
    return slice(first, min(first + side, length))


def extract(
    info: VideoInfo,
    model: Model,
    *,
    person: int | None = None,
    all_frames: bool = False,
    both_ways: bool = False,
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    cancel: Callable[[], bool] | None = None,
    people_found: Callable[[People], None] | None = None,
) -> Extraction:
    """Follow the walker's landmarks through a video.

    Parameters
    ----------
    info : VideoInfo
    model : Model
    person : int, optional
        Id of the candidate to follow instead of the one who walks most clearly.
    all_frames : bool
        Analyse every frame; otherwise at most 30 a second.
    both_ways : bool
        Follow the walker in the mirrored film too, and take the middle of the two: twice the work. The network answers
        a little differently to the two, by which way the walker faces; so no side, and no direction, is preferred.
    workers : int, optional
        Processes; by default one a core that this process may use, and fewer for short clips. The track does not
        depend on it.
    progress : callable, optional
        Told how many of how many steps are done.
    cancel : callable, optional
        Asked several times a second; True ends the work.
    people_found : callable, optional
        Told who is in the clip before anybody is followed. What it raises ends the work.

    Returns
    -------
    Extraction
        `track` has one row an analysed frame, NaN where the person was not seen.

    Raises
    ------
    NoPerson
        Nobody was found, or `person` is not one of those found.
    Cancelled
        `cancel` said so.
    WorkerDied
        A process ended unexpectedly.
    """
    analysed = analysed_frames(info.frame_times_s, all_frames)
    scouted = scout_frames(info.frame_times_s, info.slow_motion)
    workers = max(1, min(workers or available_cores(), len(analysed) // MIN_FRAMES_A_WORKER))
    steps = _Steps(progress, len(scouted) + len(analysed))
    with _Crew(workers, info, model, steps, cancel or _never) as crew:
        people = _find_people(crew, info, scouted, person)
        if people_found is not None:
            people_found(people)
        places = _places(info, analysed, people)
        steps.total = max(steps.told, 0) + len(places)
        found = crew.run(_read_blocks, [(both_ways, *share) for share in _shares(_blocks(info, places), workers)])
    track = _assemble(info, model, analysed, found)
    if not track.seen.any():
        raise NoPerson(
            f"The person in {info.name} could not be followed.",
            "Film one person whole, from head to feet, filling at least half the height of the picture, in good light.",
        )
    return Extraction(track, people, _notes(model, people, found, len(places)))


def analysed_frames(times_s: NDArray[np.floating], all_frames: bool) -> NDArray[np.int64]:
    """Return the indices of the frames to analyse: all, or those nearest to every 1/30 s where there are more."""
    seconds = times_s[-1] - times_s[0]
    if all_frames or len(times_s) - 1 <= seconds * ANALYSED_FPS * FPS_TOLERANCE:
        return np.arange(len(times_s))
    wanted = times_s[0] + np.arange(int(seconds * ANALYSED_FPS) + 1) / ANALYSED_FPS
    after = np.clip(np.searchsorted(times_s, wanted), 1, len(times_s) - 1)
    nearest = np.where(wanted - times_s[after - 1] <= times_s[after] - wanted, after - 1, after)
    return np.unique(nearest)


# --------------------------------------------------------------------------------------------------------------------
# Who, and where to look


def _find_people(crew: _Crew, info: VideoInfo, scouted: NDArray[np.int64], person: int | None) -> People:
    """Scout the clip; look closer when a first look shows nobody."""
    size_px = (info.width, info.height)
    for small in (False, True):
        seen = _look(crew, info, scouted, small)
        sightings = [seen[index] for index in sorted(seen)]
        try:
            return choose(link(sightings), scouted=len(seen), name=info.name, size_px=size_px, person=person)
        except NoPerson:
            if small or any(sightings):
                raise
    raise AssertionError("unreachable")


def _look(crew: _Crew, info: VideoInfo, indices: NDArray[np.int64], small: bool) -> _Seen:
    """Return the sightings in each of the frames, and in those between them where something may be hidden."""
    between = frames_between(info.frame_times_s, indices)
    shares = []
    for part in np.array_split(indices, crew.workers):
        own = set(part.tolist())
        shares.append((part, {k: around for k, around in between.items() if own.issuperset(around)}, small))
    seen = _joined(crew.run(_scout, [share for share in shares if len(share[0])]))
    # What lies between two processes' shares could be judged by neither.
    judged = {index for _, between_here, _ in shares for index in between_here}
    left = [k for k, around in between.items() if k not in judged and may_hide_something(_pictures(seen, around))]
    shares = [(part, {}, small) for part in np.array_split(np.array(left, np.int64), crew.workers) if len(part)]
    return seen | _joined(crew.run(_scout, shares))


def _joined(parts: Sequence[_Seen]) -> _Seen:
    return {index: picture for part in parts for index, picture in part.items()}


def _pictures(seen: _Seen, indices: Sequence[int]) -> list[list[Sighting]]:
    """Return the sightings in some frames; a frame that is damaged in the file shows nobody."""
    return [seen.get(index, []) for index in indices]


def _places(info: VideoInfo, analysed: NDArray[np.int64], people: People) -> list[_Place]:
    """Return where to look for the walker, for each analysed frame in which it can be."""
    times = info.frame_times_s[analysed]
    present, walker = _path_at(people.walker.path, times)
    half = 0.5 * walker.size_px[:, None]
    inside = np.all((walker.center_px > -half) & (walker.center_px < (info.width, info.height) + half), axis=1)
    others = [_path_at(c.path, times) for c in people.candidates if c.id != people.chosen]
    return [
        _Place(
            int(analysed[k]),
            walker.center_px[k],
            walker.trunk_px[k],
            float(walker.size_px[k]),
            float(walker.trunk_length_px[k]),
            np.array([path.trunk_px[k] for there, path in others if there[k]]).reshape(-1, 2),
        )
        for k in np.flatnonzero(present & inside)
    ]


def _path_at(path: BoxPath, times: NDArray[np.floating]) -> tuple[NDArray[np.bool_], BoxPath]:
    """Return, at `times` [T], whether the person can be there, and the path (NaN where not).

    Between sightings the path is a straight line; beyond the ends of a stretch it goes on at the stretch's last speed.
    """
    n = len(times)
    present = np.zeros(n, bool)
    at = BoxPath(times, np.full((n, 2), np.nan), np.full((n, 2), np.nan), np.full(n, np.nan), np.full(n, np.nan))
    for run in _stretches(path):
        t = path.time_s[run]
        here = (times >= t[0] - REACH_S) & (times <= t[-1] + REACH_S)
        # Where two stretches reach into the same gap, the nearer one counts.
        distance = np.maximum(np.maximum(t[0] - times, times - t[-1]), 0.0)
        here &= ~present | (distance < _distance_to(path, times, run))
        present |= here
        at.size_px[here] = np.interp(times[here], t, path.size_px[run])
        at.trunk_length_px[here] = np.interp(times[here], t, path.trunk_length_px[run])
        for axis in (0, 1):
            at.center_px[here, axis] = _interp_on(times[here], t, path.center_px[run, axis])
            at.trunk_px[here, axis] = _interp_on(times[here], t, path.trunk_px[run, axis])
    return present, at


def _stretches(path: BoxPath) -> list[NDArray[np.int64]]:
    gaps = np.flatnonzero(np.diff(path.time_s) > LONG_GAP_S) + 1
    return np.split(np.arange(len(path.time_s)), gaps)


def _distance_to(path: BoxPath, times: NDArray[np.floating], but: NDArray[np.int64]) -> NDArray[np.float64]:
    rest = np.delete(path.time_s, but)
    return np.min(np.abs(times[:, None] - rest[None, :]), axis=1, initial=np.inf)


def _interp_on(at: NDArray[np.floating], t: NDArray[np.floating], x: NDArray[np.floating]) -> NDArray[np.float64]:
    """Interpolate, and go on straight beyond the ends."""
    inner = np.interp(at, t, x)
    if len(t) > 1:
        inner += np.where(at < t[0], (at - t[0]) * (x[1] - x[0]) / (t[1] - t[0]), 0.0)
        inner += np.where(at > t[-1], (at - t[-1]) * (x[-1] - x[-2]) / (t[-1] - t[-2]), 0.0)
    return inner


# --------------------------------------------------------------------------------------------------------------------
# Dividing the work


def _blocks(info: VideoInfo, places: Sequence[_Place]) -> list[list[_Place]]:
    """Cut the work into blocks of even length; their borders depend on nothing but the places."""
    if not places:
        return []
    seconds = len(places) / min(info.fps, ANALYSED_FPS)
    count = int(np.ceil(seconds / BLOCK_S / BLOCKS_MULTIPLE)) * BLOCKS_MULTIPLE
    count = max(1, min(count, int(seconds / MIN_BLOCK_S)))
    return [[places[i] for i in part] for part in np.array_split(np.arange(len(places)), count)]


def _shares(blocks: Sequence[list[_Place]], workers: int) -> list[tuple[list[list[_Place]]]]:
    """Give every process neighbouring blocks, so that it reads its part of the video in one go."""
    parts = np.array_split(np.arange(len(blocks)), min(workers, max(len(blocks), 1)))
    return [([blocks[i] for i in part],) for part in parts if len(part)]


# --------------------------------------------------------------------------------------------------------------------
# What a process does


def _scout(
    info: VideoInfo,
    model: Model,
    tick: Callable[[], None],
    indices: NDArray[np.int64],
    between: Mapping[int, tuple[int, ...]],
    small: bool,
) -> _Seen:
    """Return the sightings in each of the frames, and in those of `between` around which something may be hidden.

    The film is decoded once: a frame between is held until the frames around it, which are named with it, are seen.
    """
    seen: _Seen = {}
    held: list[Frame] = []
    with Landmarker(model.scout or model.path, "image", poses=POSES_A_TILE) as landmarker:

        def look(frame: Frame) -> None:
            seen[frame.index] = sightings_in(frame.rgb, frame.index, frame.time_s, landmarker, small)
            tick()

        def judge(seen_to: float) -> None:
            while held and between[held[0].index][-1] <= seen_to:
                frame = held.pop(0)
                if may_hide_something(_pictures(seen, between[frame.index])):
                    look(frame)

        for frame in read_frames(info, indices=np.union1d(indices, list(between)).astype(np.int64)):
            if frame.index in between:
                held.append(frame)
            else:
                look(frame)
                judge(frame.index)
        judge(np.inf)
    return seen


class _Found(NamedTuple):
    """What a process found: N frames with the walker, and how many showed somebody else in the walker's place."""

    indices: NDArray[np.int64]  # [N]
    xy_px: NDArray[np.float32]  # [N, 33, 2]
    world_m: NDArray[np.float32]  # [N, 33, 3]
    visibility: NDArray[np.float32]  # [N, 33]
    somebody_else: int


def _read_blocks(
    info: VideoInfo, model: Model, tick: Callable[[], None], both_ways: bool, blocks: list[list[_Place]]
) -> _Found:
    """Follow the walker through neighbouring blocks."""
    places = {place.index: place for block in blocks for place in block}
    starts = {block[0].index for block in blocks}
    found: dict[int, Pose] = {}
    with ExitStack() as stack:
        directions = (False, True) if both_ways else (False,)
        eyes = [_Eye(stack.enter_context(Landmarker(model.path, "track")), flipped) for flipped in directions]
        for frame in read_frames(info, indices=np.array(list(places), np.int64)):
            place = places[frame.index]
            if frame.index in starts:
                for eye in eyes:
                    eye.settle(frame.rgb, place)
            poses = [pose for eye in eyes if (pose := eye.walker(frame.rgb, place)) is not None]
            if poses:
                found[frame.index] = _middle(*poses)
            tick()
    n = len(found)
    return _Found(
        np.array(list(found), np.int64),
        np.array([pose.xy_px for pose in found.values()], np.float32).reshape(n, N_LANDMARKS, 2),
        np.array([pose.world_m for pose in found.values()], np.float32).reshape(n, N_LANDMARKS, 3),
        np.array([pose.visibility for pose in found.values()], np.float32).reshape(n, N_LANDMARKS),
        max(eye.somebody_else for eye in eyes),
    )


@dataclass
class _Eye:
    """A landmarker that follows the walker, in the pictures as they are or flipped left to right."""

    landmarker: Landmarker
    flipped: bool
    somebody_else: int = 0

    def settle(self, rgb: NDArray[np.uint8], place: _Place) -> None:
        """Start afresh at a picture."""
        self.landmarker.forget()
        for _ in range(WARM_UPS):
            self._pose(rgb, place)

    def walker(self, rgb: NDArray[np.uint8], place: _Place) -> Pose | None:
        """Return the walker's pose; when it is somebody else's, count that, and let go of them."""
        pose = self._pose(rgb, place)
        if pose is None or _is_walker(pose.xy_px, place):
            return pose
        self.somebody_else += 1
        self.landmarker.forget()
        return None

    def _pose(self, rgb: NDArray[np.uint8], place: _Place) -> Pose | None:
        """Return the pose in the window, in pixels of the whole picture; what lies outside that is not visible."""
        height, width = rgb.shape[:2]
        rows, columns = place.window(width, height)
        picture = rgb[rows, columns]
        if not self.landmarker.holds and len(place.others_px):
            picture = _without_others(picture, place, np.array((columns.start, rows.start)))
        poses = self.landmarker.find(picture[:, ::-1] if self.flipped else picture)
        if not poses:
            return None
        pose = poses[0].mirrored(picture.shape[1]) if self.flipped else poses[0]
        xy = pose.xy_px + np.array((columns.start, rows.start), np.float32)
        inside = np.all((xy >= 0) & (xy < (width, height)), axis=1)
        return Pose(xy, pose.world_m, np.where(inside, pose.visibility, np.float32(0)))


def _middle(pose: Pose, other: Pose | None = None) -> Pose:
    """Return the middle of two poses of one body; where they disagree which leg is which, the first decides.

    Whether it was right is found later (analysis/swaps.py), from the pictures before and after.
    """
    if other is None:
        return pose
    if _apart(pose, other, _EXCHANGED) < _apart(pose, other, _AS_NAMED):
        other = Pose(other.xy_px[_EXCHANGED], other.world_m[_EXCHANGED], other.visibility[_EXCHANGED])
    return Pose(
        (pose.xy_px + other.xy_px) / 2, (pose.world_m + other.world_m) / 2, (pose.visibility + other.visibility) / 2
    )


def _apart(pose: Pose, other: Pose, marks: list[int]) -> float:
    return float(np.linalg.norm(pose.xy_px - other.xy_px[marks]))


def _without_others(picture: NDArray[np.uint8], place: _Place, corner: NDArray[np.integer]) -> NDArray[np.uint8]:
    """Return the picture with black beyond halfway to every other person, so that the detector finds the walker."""
    alone = picture.copy()
    for other in place.others_px:
        axis = int(np.argmax(np.abs(other - place.trunk_px)))
        if abs(other[axis] - place.trunk_px[axis]) < MIN_APART * place.size_px:
            continue
        half = int(np.clip((other[axis] + place.trunk_px[axis]) / 2 - corner[axis], 0, picture.shape[1 - axis]))
        beyond = slice(half, None) if other[axis] > place.trunk_px[axis] else slice(None, half)
        alone[(slice(None), beyond) if axis == 0 else beyond] = 0
    return alone


def _is_walker(xy: NDArray[np.floating], place: _Place) -> bool:
    trunk, length = trunk_of(xy)
    away = np.linalg.norm(trunk - place.trunk_px)
    nearest_other = np.min(np.linalg.norm(place.others_px - trunk, axis=1), initial=np.inf)
    ratio = max(length, place.trunk_length_px) / max(min(length, place.trunk_length_px), 1.0)
    return bool(away <= IDENTITY_REACH * place.size_px and away <= nearest_other and ratio <= IDENTITY_SIZE_RATIO)


# --------------------------------------------------------------------------------------------------------------------
# Processes


class _Steps:
    """Counts steps and tells the caller."""

    def __init__(self, progress: Callable[[int, int], None] | None, total: int) -> None:
        self.progress = progress
        self.total = total
        self.told = -1

    def tell(self, done: int) -> None:
        if self.progress is not None and done != self.told:
            self.told = done
            self.progress(min(done, self.total), self.total)


def _never() -> bool:
    return False


class _Crew:
    """Runs a function over shares of work: here for one worker, in spawned processes for more."""

    def __init__(self, workers: int, info: VideoInfo, model: Model, steps: _Steps, cancel: Callable[[], bool]) -> None:
        self.workers = workers
        self._info, self._model, self._steps, self._cancel = info, model, steps, cancel
        self._done_here = 0
        self._pool: ProcessPoolExecutor | None = None
        if workers > 1:
            self._done = CONTEXT.Value("q", 0)
            self._stop = CONTEXT.Event()
            self._pool = ProcessPoolExecutor(
                workers, mp_context=CONTEXT, initializer=_start_worker, initargs=(self._done, self._stop)
            )

    def __enter__(self) -> _Crew:
        return self

    def __exit__(self, *exception: object) -> None:
        if self._pool is not None:
            self._stop.set()
            self._pool.shutdown(wait=True, cancel_futures=True)

    def run(self, work: Callable[..., Any], shares: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Return ``work(info, model, tick, *share)`` for every share, in order."""
        if self._pool is None:
            return [work(self._info, self._model, self._tick_here, *share) for share in shares]
        with ctrl_c_held_back():
            futures = [self._pool.submit(_in_worker, work, self._info, self._model, *share) for share in shares]
        try:
            self._watch(futures)
            return [future.result() for future in futures]
        except BrokenProcessPool as error:
            raise WorkerDied(
                f"A process that read {self._info.name} ended unexpectedly.",
                "The machine may have run out of memory: close other programs, or use fewer workers, and try again.",
            ) from error

    def _watch(self, futures: Sequence[Future[Any]]) -> None:
        pending = set(futures)
        while pending:
            finished, pending = wait(pending, timeout=_POLL_S)
            for future in finished:
                future.result()
            self._steps.tell(self._done.value)
            self._check_cancelled()

    def _tick_here(self) -> None:
        self._done_here += 1
        self._steps.tell(self._done_here)
        self._check_cancelled()

    def _check_cancelled(self) -> None:
        if self._cancel():
            raise Cancelled(f"The analysis of {self._info.name} was cancelled.", "Start it again when you like.")


_worker: dict[str, Any] = {}


def _start_worker(done: Any, stop: Any) -> None:
    belong_to_parent()
    _worker.update(done=done, stop=stop)


def _in_worker(work: Callable[..., Any], info: VideoInfo, model: Model, *share: Any) -> Any:
    return work(info, model, _tick_in_worker, *share)


def _tick_in_worker() -> None:
    with _worker["done"].get_lock():
        _worker["done"].value += 1
    if _worker["stop"].is_set():
        raise Cancelled("The analysis was cancelled.", "Start it again when you like.")


# --------------------------------------------------------------------------------------------------------------------
# Putting it together


def _assemble(info: VideoInfo, model: Model, analysed: NDArray[np.int64], found: Sequence[_Found]) -> PoseTrack:
    n = len(analysed)
    xy = np.full((n, N_LANDMARKS, 2), np.nan, np.float32)
    world = np.full((n, N_LANDMARKS, 3), np.nan, np.float32)
    visibility = np.zeros((n, N_LANDMARKS), np.float32)
    for part in found:
        rows = np.searchsorted(analysed, part.indices)
        xy[rows], world[rows], visibility[rows] = part.xy_px, part.world_m, part.visibility
    return PoseTrack(
        time_s=info.frame_times_s[analysed],
        xy_px=xy,
        visibility=visibility,
        size_px=(info.width, info.height),
        world_m=world,
        source=Source(info.name, info.sha256, model.name, model.sha256, version()),
    )


def _notes(model: Model, people: People, found: Sequence[_Found], looked: int) -> tuple[str, ...]:
    notes = [model.note] if model.note else []
    if len(people.candidates) > 1:
        notes.append(
            f"{len(people.candidates)} people were found; person {people.chosen} is followed ({people.walker.why})."
        )
    elsewhere = sum(part.somebody_else for part in found)
    if elsewhere > MUCH_ELSEWHERE * looked:
        notes.append(
            f"In {elsewhere} of {looked} pictures somebody or something else was where the person was expected; "
            "these pictures are left out."
        )
    return tuple(notes)
