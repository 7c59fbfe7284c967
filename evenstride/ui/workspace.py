"""A folder for each visitor, gone some time after the visitor is: films and results nobody asked to keep."""

from __future__ import annotations

import atexit
import re
import shutil
import tempfile
import threading
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from evenstride.results import RESULT_NAME
from evenstride.ui.jobs import Job, Runner
from vision.errors import EvenstrideError

#: Uploads are copied in pieces of this many bytes.
PIECE_BYTES = 1 << 20
LONGEST_NAME = 80


class Workspace:
    """What one visitor has: a folder, the running job, and results. Nobody else can reach it."""

    def __init__(self, root: Path, runner: Runner, owner: str | None = None) -> None:
        self.key = uuid4().hex
        #: Who is logged in; None without a login.
        self.owner = owner
        self.folder = Path(tempfile.mkdtemp(dir=root, prefix="visitor-"))
        self.runner = runner
        self.jobs: list[Job] = []
        #: Set while the visitor has not seen the result of the latest job yet.
        self.unseen = False
        #: The result of the latest live walk.
        self.live_walk: Path | None = None
        #: Photos and films of standing still, by their place on the page.
        self.postures: dict[str, Job] = {}
        #: The annotated film once more, with faces blurred or shown, by result folder.
        self.redrawn: dict[Path, Job] = {}
        #: Where copies of results are kept, by result folder.
        self.copies: dict[Path, Path] = {}
        #: The client each result was added to, by result folder.
        self.saved: dict[str, str] = {}
        #: Why a result could not be added to a client by itself, by result folder.
        self.unsaved: dict[str, EvenstrideError] = {}
        #: Say whether the visitor's pages are open, by the page's session: a tab that was duplicated has two.
        self.present: dict[str, Callable[[], bool]] = {}

    def is_open(self) -> bool:
        """Say whether a page of the visitor is open; those that are not are forgotten."""
        for session, is_there in list(self.present.items()):
            if not is_there():
                self.present.pop(session, None)
        return bool(self.present)

    def may_enter(self, owner: str | None) -> bool:
        """Say whether it is this person's: what was made before logging in goes along, nothing outlives logging out."""
        return self.owner is None or self.owner == owner

    @property
    def job(self) -> Job | None:
        """The latest job."""
        return self.jobs[-1] if self.jobs else None

    def save(self, name: str, content: BinaryIO, *, keep_in: Path | None = None) -> Path:
        """Write a film to a new folder, here or in `keep_in`, and return its path.

        Raises
        ------
        OSError
            When the disk is full; nothing is left of the film then.
        """
        folder = self.folder / uuid4().hex if keep_in is None else kept_folder(keep_in, name)
        folder.mkdir(parents=True)
        film = folder / safe_name(name)
        try:
            with film.open("wb") as file:
                shutil.copyfileobj(content, file, PIECE_BYTES)
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return film

    @property
    def latest_done(self) -> Job | None:
        """The latest job that has a result."""
        return next((job for job in reversed(self.jobs) if job.state == "done"), None)

    @property
    def results(self) -> list[Path]:
        """The folders of the latest result of a film and of the latest live walk, the newer first."""
        done = self.latest_done
        found = [folder for folder in (done.folder if done else None, self.live_walk) if folder is not None]
        return sorted(found, key=_written, reverse=True)

    def job_of(self, folder: Path) -> Job | None:
        """Return the job whose result lies in a folder."""
        return next((job for job in self.jobs if job.folder == folder), None)

    def drop_old(self) -> None:
        """Cancel and forget all jobs but the latest and the latest result; their films go, except those kept."""
        for job in [job for job in self.jobs if job not in (self.job, self.latest_done)]:
            job.cancel()
            self.jobs.remove(job)
            if redrawn := self.redrawn.pop(job.folder, None):
                redrawn.cancel()
            if not self.is_kept(job):
                shutil.rmtree(job.film.parent, ignore_errors=True)

    def is_kept(self, job: Job) -> bool:
        """Say whether a job's film and result stay when the visitor goes."""
        return self.is_elsewhere(job.film)

    def is_elsewhere(self, film: Path) -> bool:
        """Say whether a film lies among the kept recordings, where nobody but its owner deletes it."""
        return self.folder not in film.parents

    def close(self) -> None:
        """Cancel what runs and delete everything."""
        jobs = [*self.jobs, *self.postures.values(), *self.redrawn.values()]
        for job in jobs:
            job.cancel()
        for job in jobs:
            job.join(5)
        shutil.rmtree(self.folder, ignore_errors=True)


def _written(folder: Path) -> float:
    """Return when a result was written; a damaged one comes last."""
    result = folder / RESULT_NAME
    return result.stat().st_mtime if result.exists() else 0.0


class Workspaces:
    """All visitors' workspaces. Who loses the connection may come back within `left_after_s` seconds."""

    def __init__(self, runner: Runner, left_after_s: float) -> None:
        self.runner = runner
        self._left_after_s = left_after_s
        self._root = Path(tempfile.mkdtemp(prefix="evenstride-app-"))
        self._all: dict[str, Workspace] = {}
        self._leaving: dict[str, threading.Timer] = {}
        self._lock = threading.Lock()
        atexit.register(self.close)

    def knows(self, key: str, owner: str | None = None) -> bool:
        """Say whether a workspace is still there, and `owner` may enter it."""
        with self._lock:
            return key in self._all and self._all[key].may_enter(owner)

    def enter(self, key: str | None, owner: str | None = None) -> Workspace:
        """Return the workspace of a visitor who comes back, or a new one; `owner` is who is logged in."""
        with self._lock:
            workspace = self._all.get(key or "")
            if workspace is None or not workspace.may_enter(owner):
                workspace = Workspace(self._root, self.runner, owner)
                self._all[workspace.key] = workspace
            elif timer := self._leaving.pop(workspace.key, None):
                timer.cancel()
            workspace.owner = owner
            return workspace

    def leave(self, key: str) -> None:
        """Note that a visitor's connection ended."""
        timer = threading.Timer(self._left_after_s, self._gone, [key])
        timer.daemon = True
        with self._lock:
            if earlier := self._leaving.pop(key, None):
                earlier.cancel()
            self._leaving[key] = timer
        timer.start()

    def _gone(self, key: str) -> None:
        with self._lock:
            if self._leaving.pop(key, None) is None:
                return
            back = key in self._all and self._all[key].is_open()
            workspace = None if back else self._all.pop(key, None)
        if back:
            # A page whose connection was mended need not have asked for anything since; look again later.
            self.leave(key)
        elif workspace is not None:
            workspace.close()

    def close(self) -> None:
        """Delete everything; the server ends."""
        self.runner.close()
        shutil.rmtree(self._root, ignore_errors=True)


def safe_name(name: str) -> str:
    """Return a file name that is safe in every folder and still says what it was.

    >>> safe_name("../../etc/my walk (1).mp4")
    'my walk (1).mp4'
    """
    last = re.split(r"[/\\]", name)[-1]
    tidy = re.sub(r'[\x00-\x1f<>:"|?*]', "_", last).strip(". ") or "film"
    stem, dot, ending = tidy.rpartition(".")
    return f"{stem[:LONGEST_NAME]}.{ending[:8]}" if dot and stem else tidy[:LONGEST_NAME]


def kept_folder(root: Path, name: str) -> Path:
    """Return a new folder for a recording that is kept, named by day, time and film."""
    start = f"{datetime.now():%Y-%m-%d %H.%M.%S} {Path(safe_name(name)).stem}"
    folder, number = root / "recordings" / start, 1
    while folder.exists():
        number += 1
        folder = root / "recordings" / f"{start} {number}"
    return folder
