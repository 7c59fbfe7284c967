"""Measuring one video of a batch, in whatever process it happens to be; and the mark that says that it is done.

The mark (done.json) is written last, so a folder that has one is complete, whenever and however the work was ended. It
holds what the result depends on: the video's hash, the model's, and that of all settings and versions.
"""

from __future__ import annotations

import faulthandler
import hashlib
import json
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from functools import cache
from importlib.metadata import version
from io import BytesIO
from pathlib import Path
from typing import Any, Literal

import fsspec
from fsspec.implementations.local import LocalFileSystem

from evenstride import __version__, results
from evenstride.batch.plan import Item, shown
from evenstride.pipeline import AnalyzeOptions
from vision.errors import EvenstrideError, ModelUnavailable

MARK_NAME = "done.json"
THUMBNAIL_NAME = "thumbnail.jpg"
RESULTS_FOLDER = "results"
MARK_VERSION = 1
THUMBNAIL_HEIGHT_PX = 96
THUMBNAIL_QUALITY = 70
#: What tells a file system's files apart without reading them; one of these has to be known besides the size.
CHANGE_TAGS = ("ETag", "etag", "md5Hash", "content_md5", "mtime", "LastModified", "last_modified", "updated", "created")
#: Failures that another try may cure even though video, model and settings stayed the same.
PASSING = ("output_error", "model_unavailable", "unavailable", "cancelled")
#: How often a working process says that it is alive.
PULSE_EVERY_S = 1.0
COPY_BYTES = 1 << 20
#: A disk or network slower than this counts as hanging.
SLOWEST_BYTES_S = 5e6

Status = Literal["measured", "failed"]


@dataclass(frozen=True)
class Job:
    """What all items of a batch share.

    Attributes
    ----------
    out : str
        Folder of the batch, a path or URL.
    model_sha256 : str
        The model that every process has to use.
    stall_s : float
        A process that gets nothing done for this long, and as long as reading the file may take, is ended.
    pulse : str or None
        A file that is touched while the work goes on; None on other machines.
    """

    out: str
    model_sha256: str
    stall_s: float
    pulse: str | None = None


@dataclass(frozen=True)
class Mark:
    """What done.json holds.

    Attributes
    ----------
    settings_sha256, model_sha256, video_sha256 : str
        What the result depends on; equal hashes, equal result.
    seen : dict
        The file system's word on the video (size, times, tags): while it stays the same, the video is not read again.
    status : "measured" | "failed"
    error : dict or None
        code, message and advice.
    frames : int
        Frames of the film.
    seconds : float
        Time the work took.
    """

    file: str
    settings_sha256: str
    model_sha256: str
    video_sha256: str
    seen: dict[str, str]
    status: Status
    error: dict[str, str] | None = None
    frames: int = 0
    seconds: float = 0.0
    version: int = MARK_VERSION

    def to_json(self) -> str:
        """Return the text of done.json."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    @classmethod
    def from_json(cls, text: bytes | str) -> Mark | None:
        """Return the mark, or None when the text is no mark of this version."""
        try:
            data = json.loads(text)
            return cls(**data) if data["version"] == MARK_VERSION else None
        except (ValueError, TypeError, KeyError):
            return None

    @property
    def passing(self) -> bool:
        """Tell whether another try may end differently."""
        return self.error is not None and self.error["code"] in PASSING


def stall_limit(item: Item, job: Job) -> float:
    """Return the seconds without any progress after which a video is given up; reading a large file is one step."""
    return job.stall_s + item.size / SLOWEST_BYTES_S


class ItemFailed(EvenstrideError):
    """A failure that is known by its code alone."""

    def __init__(self, code: str, message: str, advice: str) -> None:
        super().__init__(message, advice)
        self.code = code  # type: ignore[misc]


def settings_sha256(options: AnalyzeOptions, model_sha256: str) -> str:
    """Return a hash of everything but the video that a result depends on."""
    data = {
        "options": options.settings(),
        "analysis": _analysis_settings(),
        "model": model_sha256,
        "evenstride": __version__,
        "mediapipe": _mediapipe_version(),
        "schema": results.SCHEMA_VERSION,
    }
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()


@cache
def _analysis_settings() -> str:
    from analysis.config import Config

    return json.dumps(Config().as_dict(), sort_keys=True, default=str)


@cache
def _mediapipe_version() -> str:
    return version("mediapipe")  # reads a file, and every video of a batch asks


def seen(url: str) -> dict[str, str]:
    """Return size and change tags of a file without reading it; empty where the file system knows no such tags."""
    try:
        fs, path = fsspec.core.url_to_fs(url)
        about = fs.info(path)
    except OSError:
        return {}
    tags = {name: str(about[name]) for name in CHANGE_TAGS if about.get(name) is not None}
    return {"size": str(about.get("size")), **tags} if tags else {}


def mark_url(out: str, item_id: str) -> str:
    """Return where the mark of an item lies."""
    return f"{folder_url(out, item_id)}/{MARK_NAME}"


def folder_url(out: str, item_id: str) -> str:
    """Return the result folder of an item."""
    return f"{out.rstrip('/')}/{RESULTS_FOLDER}/{item_id}"


def read_mark(out: str, item_id: str) -> Mark | None:
    """Return an item's mark, or None when it has none."""
    fs, path = fsspec.core.url_to_fs(mark_url(out, item_id))
    try:
        return Mark.from_json(fs.cat_file(path))
    except OSError:
        return None


def is_done(mark: Mark | None, settings: str, now_seen: dict[str, str], *, retry_failed: bool = False) -> bool | None:
    """Tell whether a video need not be measured again: True, False, or None when only its hash can tell."""
    if mark is None or mark.settings_sha256 != settings or mark.passing:
        return False
    if retry_failed and mark.status == "failed":
        return False
    if now_seen and mark.seen == now_seen:
        return True
    return None if mark.video_sha256 else False


def measure(item: Item, job: Job, retry_failed: bool = False) -> Mark:
    """Measure one video and put its folder in place; whatever is wrong with it ends up in the mark.

    This is the work item of a batch: it runs in any process that can import this package and reach both file systems.
    """
    start = time.monotonic()
    with _Pulse(job, stall_limit(item, job)) as pulse:
        settings = settings_sha256(item.options, job.model_sha256)
        fresh = Mark(item.file, settings, job.model_sha256, "", seen(item.url), "failed")
        try:
            with _at_hand(item.url, pulse) as video:
                before = read_mark(job.out, item.id)
                if is_done(before, settings, {}, retry_failed=retry_failed) is None and before is not None:
                    fresh = replace(fresh, video_sha256=_sha256(video, pulse))
                    if fresh.video_sha256 == before.video_sha256:
                        kept = replace(before, file=item.file, seen=fresh.seen)
                        write_mark(job.out, item.id, kept)
                        return kept
                mark = _measure_file(video, item, job, fresh, pulse)
        except EvenstrideError as error:
            mark = failed(fresh, error)
        except OSError as error:
            why = error.strerror or type(error).__name__
            mark = failed(fresh, ItemFailed("unavailable", f"{item.file} could not be read: {why}.", "Try it again."))
        mark = replace(mark, seconds=round(time.monotonic() - start, 2))
        if mark.status == "failed":
            _clear(job.out, item.id)
        write_mark(job.out, item.id, mark)
    return mark


def _measure_file(video: Path, item: Item, job: Job, fresh: Mark, pulse: _Pulse) -> Mark:
    """Measure a video that lies on this machine."""
    from evenstride.pipeline import analyze_video

    _clear(job.out, item.id)
    try:
        with _result_folder(job.out, item.id, pulse) as folder:
            analysis = analyze_video(video, item.options.model_copy(update={"out": folder}), progress=pulse)
            model = analysis.result.model
            if model.sha256 != job.model_sha256:
                raise ModelUnavailable(
                    f"{item.file} was not measured: this process has the pose model {model.name}, not the batch's.",
                    "Give every machine the same model: evenstride model, or --model FILE.",
                )
            _write_thumbnail(folder)
    except EvenstrideError as error:
        return failed(replace(fresh, video_sha256=fresh.video_sha256 or _sha256_or_nothing(video, pulse)), error)
    except Exception as error:  # the edge of a batch item: the other videos go on
        message = f"Something unexpected went wrong with {item.file}: {type(error).__name__}: {error}".rstrip(".") + "."
        advice = "This is a fault in Evenstride; analyze this video alone with EVENSTRIDE_DEBUG=1 to get the details."
        known = replace(fresh, video_sha256=fresh.video_sha256 or _sha256_or_nothing(video, pulse))
        return failed(known, ItemFailed("unexpected", message, advice))
    frames = analysis.result.video.frames
    return replace(fresh, status="measured", video_sha256=analysis.result.video.sha256, frames=frames)


def failed(mark: Mark, error: EvenstrideError) -> Mark:
    """Return the mark of a video that could not be measured."""
    about = {"code": error.code, "message": error.message, "advice": error.advice}
    # A file name in a message need not be text: there it is spelled as everywhere else.
    tidy = {name: shown(text) for name, text in about.items()}
    return replace(mark, status="failed", error=tidy)


def write_mark(out: str, item_id: str, mark: Mark) -> None:
    """Write a mark in one go."""
    write_text(mark_url(out, item_id), mark.to_json())


def write_text(url: str, text: str | bytes) -> None:
    """Write a file so that it is either complete or untouched, whatever the file system.

    Raises
    ------
    OutputError
    """
    fs, path = fsspec.core.url_to_fs(url)
    data = text.encode("utf-8") if isinstance(text, str) else text
    try:
        fs.makedirs(path.rpartition("/")[0], exist_ok=True)
        if isinstance(fs, LocalFileSystem):
            results.replace_atomic(Path(path), lambda temporary: temporary.write_bytes(data))
        else:  # object stores show an object only when it is complete
            fs.pipe_file(path, data)
    except OSError as error:
        raise results.cannot_write(Path(path), error) from error


# --------------------------------------------------------------------------------------------------------------------
# Files here and elsewhere


def scratch_prefix(out: str) -> str:
    """Return how the temporary folders of a batch begin, so that those of a killed run can be found and removed."""
    return f"evenstride-{hashlib.sha256(out.encode('utf-8', 'surrogateescape')).hexdigest()[:12]}-"


@contextmanager
def _at_hand(url: str, pulse: _Pulse) -> Iterator[Path]:
    """Give the video as a file of this machine, copied here if it lies elsewhere."""
    fs, path = fsspec.core.url_to_fs(url)
    if isinstance(fs, LocalFileSystem):
        yield Path(path)
        return
    with tempfile.TemporaryDirectory(prefix=scratch_prefix(pulse.job.out)) as folder:
        here = Path(folder) / path.rpartition("/")[2]
        with fs.open(path, "rb") as there, here.open("wb") as copy:
            while piece := there.read(COPY_BYTES):
                copy.write(piece)
                pulse()
        yield here


@contextmanager
def _result_folder(out: str, item_id: str, pulse: _Pulse) -> Iterator[Path]:
    """Give a folder of this machine for the result; once filled, its files are where they belong."""
    fs, path = fsspec.core.url_to_fs(folder_url(out, item_id))
    if isinstance(fs, LocalFileSystem):
        yield Path(path)
        return
    with tempfile.TemporaryDirectory(prefix=scratch_prefix(out)) as name:
        yield Path(name) / item_id
        try:
            fs.makedirs(path, exist_ok=True)
            for file in sorted((Path(name) / item_id).iterdir()):
                fs.put_file(str(file), f"{path}/{file.name}")
                pulse()
        except OSError as error:
            raise results.cannot_write(Path(path), error) from error


def _clear(out: str, item_id: str) -> None:
    """Take away what an earlier or interrupted run left in an item's folder, its mark first."""
    fs, path = fsspec.core.url_to_fs(folder_url(out, item_id))
    try:
        for gone in (f"{path}/{MARK_NAME}", path):
            if fs.exists(gone):
                fs.rm(gone, recursive=True)
    except FileNotFoundError:
        return
    except OSError as error:
        raise results.cannot_write(Path(path), error) from error


def _sha256(path: Path, pulse: _Pulse) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(COPY_BYTES):
            digest.update(piece)
            pulse()
    return digest.hexdigest()


def _sha256_or_nothing(path: Path, pulse: _Pulse) -> str:
    try:
        return _sha256(path, pulse)
    except OSError:
        return ""


def _write_thumbnail(folder: Path) -> None:
    """Make a small picture of the report's first one; faces that are blurred there are blurred here too."""
    from PIL import Image

    from evenstride.report.pictures import load_pictures

    for picture in load_pictures(folder)[:1]:
        try:
            with Image.open(BytesIO(picture.jpeg)) as small:
                small.thumbnail((4 * THUMBNAIL_HEIGHT_PX, THUMBNAIL_HEIGHT_PX))
                small.save(folder / THUMBNAIL_NAME, "JPEG", quality=THUMBNAIL_QUALITY, optimize=True)
        except OSError:  # no picture that can be read: the table shows none
            (folder / THUMBNAIL_NAME).unlink(missing_ok=True)


# --------------------------------------------------------------------------------------------------------------------
# Signs of life


class _Pulse:
    """Says now and then that the work goes on, and ends the process when it does not.

    The alarm is the interpreter's own (faulthandler): it goes off even while a library holds the interpreter. Called
    like a progress callback.
    """

    def __init__(self, job: Job, limit_s: float) -> None:
        self.job, self.limit_s = job, limit_s
        self.last = 0.0

    def __enter__(self) -> _Pulse:
        self.nowhere = Path(os.devnull).open("w")
        self()
        return self

    def __exit__(self, *exception: object) -> None:
        faulthandler.cancel_dump_traceback_later()
        self.nowhere.close()

    def __call__(self, progress: object = None) -> None:
        now = time.monotonic()
        if now - self.last < min(PULSE_EVERY_S, self.job.stall_s / 4):
            return
        self.last = now
        if self.job.pulse is not None:
            Path(self.job.pulse).touch()
        if multiprocessing.parent_process() is not None:  # a process that works for others, and may be ended
            faulthandler.dump_traceback_later(self.limit_s, exit=True, file=self.nowhere)


def marks_of(out: str, ids: Sequence[str]) -> dict[str, Mark]:
    """Return the marks of many items, read together where the file system can."""
    found = read_many(out, [f"{RESULTS_FOLDER}/{one}/{MARK_NAME}" for one in ids])
    marks = {one: Mark.from_json(found.get(f"{RESULTS_FOLDER}/{one}/{MARK_NAME}", b"")) for one in ids}
    return {one: mark for one, mark in marks.items() if mark is not None}


def read_many(out: str, names: Sequence[str]) -> dict[str, bytes]:
    """Return the contents of those of the files in `out` that exist; stores that can fetch them side by side."""
    fs, root = fsspec.core.url_to_fs(out)
    if isinstance(fs, LocalFileSystem):
        return {name: path.read_bytes() for name in names if (path := Path(root) / name).is_file()}
    paths = {f"{root.rstrip('/')}/{name}": name for name in names}
    found: dict[str, Any] = fs.cat(list(paths), on_error="omit") if paths else {}
    return {paths[path]: data for path, data in found.items() if path in paths}
