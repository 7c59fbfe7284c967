"""The costly part of the accuracy figures, each step kept on disk: render a clip, and follow its landmarks.

What is kept is named by a hash of all that decides it: the parameters and the walker's own files for a clip; the clip,
the pose model and the files of vision/ for a track. So a second run is quick, and nothing stale is ever read.
"""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import platformdirs

import vision.extract as extraction
from analysis.pose import FloatArray, PoseTrack, Source
from validation import plain
from validation.sets import Case
from validation.walker import truth as walker
from vision.model import Model
from vision.video import probe

HERE = Path(__file__).parent
#: The files of vision/ that decide a landmark.
DECISIVE = ("extract.py", "landmarker.py", "people.py", "video.py")
#: Visibility is taken out of the model's own running mean, which rounds.
VISIBILITY_ROUNDING = 1e-6
METHODS = ("raw", "evenstride", "both_ways")


@dataclass(frozen=True)
class Filmed:
    """A rendered clip: the file, and the solved walk that it shows."""

    case: Case
    path: Path
    walk: walker.Clip


def default_cache() -> Path:
    """Return the folder in which clips and tracks are kept."""
    return Path(platformdirs.user_cache_dir("evenstride", appauthor=False)) / "accuracy"


def film(case: Case, cache: Path) -> Filmed:
    """Return the clip of a case, rendered if it is not in the cache."""
    walk, path = walker.solve_clip(case.params), _clip_path(case, cache)
    if not path.exists():
        from validation.walker.render import write_clip  # needs moderngl, which kept clips do not

        cache.mkdir(parents=True, exist_ok=True)
        unfinished = path.with_suffix(".part")
        write_clip(walk, unfinished)
        unfinished.rename(path)
    return Filmed(case, path, walk)


def follow(clip: Filmed, model: Model, method: str, cache: Path, workers: int | None = 1) -> PoseTrack:
    """Return the landmarks of a clip; kept in the cache.

    Parameters
    ----------
    clip : Filmed
    model : Model
    method : "raw" | "evenstride" | "both_ways"
        MediaPipe's plain loop over the first two passes, or Evenstride's `extract`, in the mirrored film too or not.
    cache : Path
    workers : int, optional
        Processes for `extract`; the track does not depend on it.
    """
    info = probe(clip.path)
    path = _track_path(clip.path, model, method, cache)
    if path.exists():
        return _load(path)
    if method in ("evenstride", "both_ways"):
        track = extraction.extract(info, model, workers=workers, both_ways=method == "both_ways").track
    else:
        track = plain.follow(info, model, two_passes_s(clip.walk))
    _save(track, path)
    return track


def kept(case: Case, model: Model, method: str, cache: Path) -> bool:
    """Return whether the cache has the track of a case, so that nothing has to be rendered or followed."""
    clip = _clip_path(case, cache)
    return clip.exists() and _track_path(clip, model, method, cache).exists()


def _clip_path(case: Case, cache: Path) -> Path:
    parameters = json.dumps(case.params.to_dict(), sort_keys=True).encode()
    return cache / f"{_digest(parameters, *_walker_files())}.mp4"


def _track_path(clip: Path, model: Model, method: str, cache: Path, code: list[bytes] | None = None) -> Path:
    code = code or (_plain_files() if method == "raw" else _vision_files())
    sha256 = hashlib.sha256(clip.read_bytes()).hexdigest()
    return cache / f"{_digest(sha256.encode(), model.sha256.encode(), method.encode(), *code)}.npz"


def carry_over(
    cases: list[Case], models: list[Model], commit: str, checks: list[tuple[Case, Model, str]], cache: Path
) -> int:
    """Take tracks over from an earlier state of vision/ that gives the same landmarks; return how many.

    Whether it does is not believed but checked: `checks` are followed anew and compared bit for bit.

    Parameters
    ----------
    commit : str
        The state of the repository in which the tracks were followed.
    checks : list of (case, model, method)
        What to follow anew.

    Raises
    ------
    ValueError
        When a landmark differs, or a track to check against is not in the cache; nothing is taken over then.
    """
    code = vision_files_at(commit)
    for case, model, method in checks:
        earlier = _track_path(_clip_path(case, cache), model, method, cache, code)
        if not earlier.exists():
            raise ValueError(f"{case.name}: no track of {commit} in {cache}")
        if not same(_load(earlier), follow(film(case, cache), model, method, cache)):
            raise ValueError(f"{case.name}: other landmarks than in {commit}")
    taken = 0
    for case in cases:
        for model in models:
            for method in ("evenstride", "both_ways"):
                clip = _clip_path(case, cache)
                earlier = _track_path(clip, model, method, cache, code)
                now = _track_path(clip, model, method, cache)
                if earlier.exists() and not now.exists():
                    shutil.copyfile(earlier, now)
                    taken += 1
    checked = ", ".join(f"{case.name} ({model.name}, {method.replace('_', ' ')})" for case, model, method in checks)
    (cache / f"{vision_version()}.carried").write_text(
        f"{taken} of the tracks were followed in state {vision_version(code)}; that both states put the landmarks in "
        f"the same places, bit for bit, was checked on {checked}."
    )
    return taken


def carried(cache: Path) -> str:
    """Say which tracks come from an earlier state of vision/; empty when none does."""
    note = cache / f"{vision_version()}.carried"
    return note.read_text() if note.exists() else ""


def same(one: PoseTrack, other: PoseTrack) -> bool:
    """Say whether two tracks have the same times and positions bit for bit, and the same visibility within rounding."""
    exact = ((one.time_s, other.time_s), (one.xy_px, other.xy_px))
    return (
        one.visibility.shape == other.visibility.shape
        and all(np.array_equal(a, b, equal_nan=True) for a, b in exact)
        and np.allclose(one.visibility, other.visibility, rtol=0, atol=VISIBILITY_ROUNDING)
    )


def two_passes_s(walk: walker.Clip) -> float:
    """Return when the second pass ends: the plain loop gives no verdict, so one pass each way is enough for it."""
    passes = walker.true_passes(walk)
    return float(passes[1]["end_s"]) if len(passes) > 1 else float(walk.time_s[-1])


@functools.cache
def _plain_files() -> list[bytes]:
    return [Path(plain.__file__).read_bytes()]


@functools.cache
def _vision_files() -> list[bytes]:
    """Return the files as they were at the first call, which is what this process runs."""
    folder = Path(extraction.__file__).parent
    return [(folder / name).read_bytes() for name in DECISIVE]


def vision_files_at(commit: str) -> list[bytes]:
    """Return what decides a landmark as it was in a commit."""
    folder = Path(extraction.__file__).parent
    show = [["git", "show", f"{commit}:./{name}"] for name in DECISIVE]
    return [subprocess.run(command, check=True, capture_output=True, cwd=folder).stdout for command in show]


def vision_version(files: list[bytes] | None = None) -> str:
    """Return a short name for the state of vision/ that tracks come from; by default the present one."""
    return _digest(*(files or _vision_files()))[:8]


def _walker_files() -> list[bytes]:
    """Return what decides a clip's pixels; its truth is worked out afresh each time."""
    files = sorted(path for path in (HERE / "walker").iterdir() if path.suffix in (".py", ".json", ".csv"))
    return [path.read_bytes() for path in files if path.name not in ("truth.py", "__main__.py")]


def _digest(*parts: bytes) -> str:
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()[:20]


def _save(track: PoseTrack, path: Path) -> None:
    unfinished = path.with_suffix(".part.npz")
    world: FloatArray = np.zeros(0) if track.world_m is None else track.world_m
    np.savez_compressed(
        unfinished,
        time_s=track.time_s,
        xy_px=track.xy_px,
        visibility=track.visibility,
        world_m=world,
        size_px=track.size_px,
        source=json.dumps(track.source.__dict__),
    )
    unfinished.rename(path)


def _load(path: Path) -> PoseTrack:
    with np.load(path) as kept:
        return PoseTrack(
            kept["time_s"],
            kept["xy_px"],
            kept["visibility"],
            (int(kept["size_px"][0]), int(kept["size_px"][1])),
            kept["world_m"] if kept["world_m"].size else None,
            Source(**json.loads(str(kept["source"]))),
        )
