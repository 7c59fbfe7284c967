"""Analyses in the background: one process each, so that one that dies takes no other with it and no memory stays.

Nothing here knows about the web page. A page starts a job, looks at it now and then, and may cancel it.
"""

from __future__ import annotations

import atexit
import logging
import math
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from evenstride.pipeline import STAGES, AnalyzeOptions, Progress, analyze_video
from vision.errors import EvenstrideError
from vision.processes import CONTEXT, belong_to_parent, ctrl_c_held_back

if TYPE_CHECKING:
    from vision.people import People
    from vision.video import VideoInfo

State = Literal["waiting", "running", "asking", "done", "failed", "cancelled"]
#: In these states nothing will happen any more.
OVER = ("done", "failed", "cancelled")
RESULT_FOLDER = "result"
PEOPLE_FOLDER = "people"
#: A process that was told to stop is ended by force after this long.
STOP_PATIENCE_S = 10.0

_STAGE_NAMES = tuple(STAGES)
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Failure:
    """Why there is no result: one sentence, and one of advice."""

    code: str
    message: str
    advice: str


@dataclass(frozen=True)
class Somebody:
    """One of several people in a film, with a picture that shows who is meant."""

    id: int
    picture: Path
    why: str


#: What a process says when it ends: nothing (it worked), why it did not, or that somebody has to be chosen.
Outcome = Failure | tuple[Somebody, ...] | None
#: What the process runs; tests put something else here.
Work = Callable[[Path, AnalyzeOptions, bool, Callable[[Progress], None], Callable[[], bool]], Outcome]


class _SeveralPeople(Exception):
    """Several people are in the picture, and nobody has said yet who is meant."""

    def __init__(self, info: VideoInfo, people: People) -> None:
        super().__init__()
        self.info, self.people = info, people


def analyze(
    film: Path,
    options: AnalyzeOptions,
    ask_who: bool,
    progress: Callable[[Progress], None],
    cancel: Callable[[], bool],
) -> Outcome:
    """Analyze a film; with `ask_who`, stop early when several people are in it and return their pictures."""

    def people_found(info: VideoInfo, people: People) -> None:
        if len(people.candidates) > 1:
            raise _SeveralPeople(info, people)

    asking = people_found if ask_who and options.person is None else None
    try:
        analyze_video(film, options, progress=progress, cancel=cancel, people_found=asking)
    except _SeveralPeople as found:
        return _pictures(found.info, found.people, film.parent / PEOPLE_FOLDER)
    return None


def _pictures(info: VideoInfo, people: People, folder: Path) -> tuple[Somebody, ...]:
    from vision.overlay import encode_jpeg
    from vision.people_pictures import people_pictures

    folder.mkdir(exist_ok=True)
    shown = []
    for candidate, rgb in zip(people.candidates, people_pictures(info, people), strict=True):
        path = folder / f"{candidate.id}.jpg"
        path.write_bytes(encode_jpeg(rgb))
        shown.append(Somebody(candidate.id, path, candidate.why))
    return tuple(shown)


class Job:
    """One analysis; what comes of it goes into the folder `into` beside the film.

    With `keep_film` the film stays whatever happens; otherwise its whole folder is the job's own, and goes with it
    unless there is a result.
    """

    def __init__(
        self,
        film: Path,
        options: AnalyzeOptions,
        *,
        ask_who: bool,
        turn: threading.Semaphore,
        work: Work,
        into: str = RESULT_FOLDER,
        keep_film: bool = False,
        when_done: Callable[[Job], None] | None = None,
    ):
        self.id = uuid4().hex
        self.film = film
        self.folder = film.parent / into
        self.keep_film = keep_film
        self.options = options.model_copy(update={"out": self.folder})
        self.ask_who = ask_who
        self.state: State = "waiting"
        self.failure: Failure | None = None
        self.people: tuple[Somebody, ...] = ()
        self._turn, self._work, self._when_done = turn, work, when_done
        self._stop = _Flag()
        self._board = _Board()
        self._process: Any = None
        self._thread: threading.Thread | None = None
        self._begin()

    @property
    def over(self) -> bool:
        """Say whether nothing will happen any more."""
        return self.state in OVER

    @property
    def stopping(self) -> bool:
        """Say whether it was cancelled and is not over yet."""
        return self._stop.is_set() and not self.over

    @property
    def progress(self) -> Progress | None:
        """How far along the work is; None before it has begun."""
        return self._board.read() if self.state == "running" else None

    def choose(self, person: int) -> None:
        """Go on with one of `people`."""
        if self.state == "asking":
            self.options = self.options.model_copy(update={"person": person})
            self._begin()

    def cancel(self) -> None:
        """Stop as soon as possible; what came of it so far is deleted, and the film unless it is kept."""
        self._stop.set()
        if self.state == "asking":
            self._end("cancelled")

    def kill(self) -> None:
        """End the process at once."""
        self._stop.set()
        process = self._process
        with suppress(ValueError):  # it has ended, and the job's thread has just put it away
            if process is not None and process.is_alive():
                process.kill()

    def join(self, timeout_s: float | None = None) -> None:
        """Wait until it is over, or somebody has to be chosen."""
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _begin(self) -> None:
        self.state = "waiting"
        self._thread = threading.Thread(target=self._run, name=f"job-{self.id}", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._turn.acquire(timeout=0.2):
            if self._stop.is_set():
                return self._end("cancelled")
        try:
            outcome = self._cancelled() if self._stop.is_set() else self._in_process()
        except OSError as error:
            _log.exception("No process could be started")
            why = error.strerror or "unknown reason"
            outcome = Failure("no_process", f"The analysis could not be started: {why}.", "Close other programs.")
        finally:
            self._turn.release()
        if self._stop.is_set():
            self._end("cancelled")
        elif isinstance(outcome, Failure):
            self._end("failed", outcome)
        elif outcome:
            self.people, self.state = outcome, "asking"
        else:
            self._end("done")

    def _in_process(self) -> Outcome:
        """Run the work in a process of its own; whatever becomes of that process, there is an answer."""
        self._board.clear()
        receiver, sender = CONTEXT.Pipe(duplex=False)
        arguments = (self._work, self.film, self.options, self.ask_who, self._board.cells, self._stop, sender)
        with receiver:
            with sender:
                self._process = CONTEXT.Process(target=_in_child, args=arguments, name=f"evenstride-{self.id}")
                with ctrl_c_held_back():
                    self._process.start()
            self.state = "running"
            outcome = self._listen(receiver)
        self._process.join(STOP_PATIENCE_S)
        self.kill_if_alive()
        return outcome

    def _listen(self, receiver: Connection) -> Outcome:
        stopped_for = 0.0
        while not receiver.poll(0.5):
            stopped_for += 0.5 if self._stop.is_set() else 0.0
            if stopped_for > STOP_PATIENCE_S:
                self._process.kill()
        try:
            return receiver.recv()
        except EOFError:
            return Failure(
                "worker_died",
                f"The analysis of {self.film.name} ended unexpectedly.",
                "The computer may have run out of memory: close other programs, or film for less long, and try again.",
            )

    def kill_if_alive(self) -> None:
        """End a process that has answered but does not go."""
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()
        self._process = None

    def _cancelled(self) -> Failure:
        return Failure("cancelled", "The analysis was cancelled.", "Start it again when you like.")

    def _end(self, state: State, failure: Failure | None = None) -> None:
        if state != "done":
            own = (self.folder, self.film.parent / PEOPLE_FOLDER) if self.keep_film else (self.film.parent,)
            for folder in own:
                shutil.rmtree(folder, ignore_errors=True)
        self.failure = failure
        try:
            if state == "done" and self._when_done is not None:
                self._when_done(self)
        finally:
            self.state = state


class Runner:
    """Starts jobs; at most `at_once` of them run at the same time, the others wait."""

    def __init__(self, at_once: int, work: Work = analyze) -> None:
        self._turn = threading.Semaphore(at_once)
        self._work = work
        self._jobs: list[Job] = []
        atexit.register(self.close)

    def start(
        self,
        film: Path,
        options: AnalyzeOptions,
        *,
        ask_who: bool = True,
        into: str = RESULT_FOLDER,
        keep_film: bool = False,
        when_done: Callable[[Job], None] | None = None,
    ) -> Job:
        """Analyze a film in the background; see `Job` for what becomes of the film.

        `when_done` is called with the job when there is a result, outside any page and before the job says so.
        """
        self._jobs = [job for job in self._jobs if not job.over]
        about_film = {"into": into, "keep_film": keep_film}
        job = Job(film, options, ask_who=ask_who, turn=self._turn, work=self._work, when_done=when_done, **about_film)
        self._jobs.append(job)
        return job

    def close(self) -> None:
        """End everything that runs."""
        for job in self._jobs:
            job.kill()


class _Flag:
    """A wish in shared memory: without a lock, as `multiprocessing.Event` has one, which a process can die holding."""

    def __init__(self) -> None:
        self._cell = CONTEXT.RawValue("b", 0)

    def set(self) -> None:
        self._cell.value = 1

    def is_set(self) -> bool:
        return bool(self._cell.value)


class _Board:
    """Progress in shared memory: without a lock, so a process that dies can leave none behind."""

    def __init__(self) -> None:
        self.cells = CONTEXT.RawArray("d", 5)

    def clear(self) -> None:
        self.cells[:] = [-1.0] * 5

    def read(self) -> Progress | None:
        stage, done, total, fraction, remaining = self.cells[:]
        if stage < 0:
            return None
        return Progress(_STAGE_NAMES[int(stage)], done, total, fraction, None if math.isnan(remaining) else remaining)


# --------------------------------------------------------------------------------------------------------------------
# What the process does


def _in_child(
    work: Work, film: Path, options: AnalyzeOptions, ask_who: bool, cells: Any, stop: Any, sender: Connection
) -> None:
    """Do the work and send what came of it; no traceback reaches a page."""
    belong_to_parent()

    def write(progress: Progress) -> None:
        left = math.nan if progress.remaining_s is None else progress.remaining_s
        cells[:] = [_STAGE_NAMES.index(progress.stage), progress.done, progress.total, progress.fraction, left]

    with sender:
        sender.send(_outcome(work, film, options, ask_who, write, stop.is_set))


def _outcome(work: Work, film: Path, *arguments: Any) -> Outcome:
    try:
        return work(film, *arguments)
    except EvenstrideError as error:
        return Failure(error.code, error.message, error.advice)
    except MemoryError:
        return Failure("out_of_memory", f"{film.name} needs more memory than there is.", "Film for a shorter time.")
    except Exception:
        # The edge of a job: the terminal gets the cause, the page a sentence.
        _log.exception("The analysis of %s failed", film.name)
        return Failure("unexpected", f"Something went wrong while {film.name} was analyzed.", "Try another film.")
