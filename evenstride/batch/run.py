"""Carrying a plan out on any `concurrent.futures.Executor`: processes of this machine by default.

Each of the default processes is an executor of its own. So when one dies, it is known which video it was busy with, no
other video is touched, and the process can be ended when it hangs.
"""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor
from concurrent.futures import wait as wait_for_futures
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

import fsspec
from fsspec.implementations.local import LocalFileSystem

from evenstride.batch.plan import BatchError, Item, Plan
from evenstride.batch.work import (
    ItemFailed,
    Job,
    Mark,
    failed,
    is_done,
    marks_of,
    measure,
    scratch_prefix,
    seen,
    settings_sha256,
    stall_limit,
    write_mark,
)
from vision.errors import EvenstrideError
from vision.processes import CONTEXT, available_cores, belong_to_parent, ctrl_c_held_back

#: Memory that a process is given room for: up to 530 MB were measured (docs/scale.md), and some to spare.
WORKER_BYTES = 600 << 20
#: A process that gets nothing done for this long hangs. The longest quiet stretch, reading a long film's timestamps,
#: takes seconds.
STALL_S = 300.0
#: A new process that has not begun after this long never will: starting one means reading large libraries.
START_S = 120.0
#: A process has this much longer to end itself before it is ended from outside.
GRACE_S = 5.0
#: A video whose process died is tried this often in all: the cause may have been another program that took the memory.
TRIES = 2
POLL_S = 0.25
LOCK_NAME = ".lock"

Tell = Callable[["Event"], None]
Measure = Callable[..., Mark]


@dataclass(frozen=True)
class Event:
    """Something happened: `kind` is "start", "video" or "warning"; `progress` says how far everything is."""

    kind: str
    progress: Progress
    file: str = ""
    mark: Mark | None = None
    text: str = ""


@dataclass(frozen=True)
class Progress:
    """How far a batch is; videos that an earlier run had measured are counted in `kept`, not in `measured`."""

    total: int
    kept: int = 0
    measured: int = 0
    failed: int = 0
    frames: int = 0
    seconds: float = 0.0
    bytes_done: int = 0
    bytes_total: int = 0

    @property
    def left(self) -> int:
        """Videos still to do."""
        return self.total - self.kept - self.measured - self.failed

    @property
    def frames_per_s(self) -> float:
        """Frames of film a second of work, all processes together."""
        return self.frames / self.seconds if self.seconds > 0 else 0.0

    @property
    def time_left_s(self) -> float | None:
        """A guess by the size of the files; None as long as there is nothing to go by."""
        if not self.measured or not self.bytes_done:
            return None
        return self.seconds * (self.bytes_total - self.bytes_done) / self.bytes_done


@dataclass
class Outcome:
    """What a run came to: marks by item, whether it was stopped, and how far it got."""

    marks: dict[str, Mark] = field(default_factory=dict)
    progress: Progress = field(default_factory=lambda: Progress(0))
    stopped: bool = False


def run_plan(
    plan: Plan,
    out: str,
    *,
    model_sha256: str,
    workers: int | None = None,
    executor: Executor | None = None,
    width: int | None = None,
    stall_s: float = STALL_S,
    retry_failed: bool = False,
    tell: Tell | None = None,
    stop: Callable[[], bool] = lambda: False,
    work: Measure = measure,
) -> Outcome:
    """Measure every video of a plan that is not finished yet.

    Parameters
    ----------
    plan : Plan
    out : path or fsspec URL
        Folder of the batch; result folders go into ``results/`` in it.
    model_sha256 : str
        The pose model that every process has to use.
    workers : int, optional
        Processes; by default as many as cores and memory allow.
    executor : Executor, optional
        Does the work instead of processes of this machine, e.g. that of a Dask client; it is not shut down here.
    width : int, optional
        How many videos an `executor` is given at a time; by default `workers`, or one a core.
    stall_s : float
        A process that gets nothing done for this long (longer for large files) is ended, and its video recorded as
        failed.
    retry_failed : bool
        Try those again that could not be measured before.
    tell : callable, optional
        Told each Event, in this thread.
    stop : callable, optional
        Asked several times a second; True ends the work, and what is finished stays.
    work : callable
        What measures one video: ``work(item, job, retry_failed) -> Mark``.

    Returns
    -------
    Outcome
        A mark for every video that is finished or failed.
    """
    run = _Run(plan, Job(out, model_sha256, stall_s), retry_failed, tell or (lambda event: None), work)
    run.sort_out()
    count = workers or default_workers()
    if run.waiting:
        with _crew(executor, width or count, min(count, len(run.waiting)), out) as crew:
            run.go(crew, stop)
    return run.outcome


def default_workers() -> int:
    """Return how many processes this machine has cores and memory for."""
    memory = available_memory()
    return available_cores() if memory is None else max(1, min(available_cores(), memory // WORKER_BYTES))


def available_memory() -> int | None:
    """Return the bytes that are free for use here, containers' limits included; None where that is not known."""
    known = []
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        known += [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable")]
        group = Path("/sys/fs/cgroup")
        limit = (group / "memory.max").read_text().strip()
        if limit != "max":
            known.append(int(limit) - int((group / "memory.current").read_text()))
    except (OSError, ValueError, IndexError):
        pass  # not Linux, or no limits: what is known has to do
    return max(0, min(known)) if known else None


@contextmanager
def only_one(out: str) -> Iterator[None]:
    """Make sure that no other batch of this machine writes into the same folder; the lock ends with the process.

    Raises
    ------
    BatchError
    """
    fs, path = fsspec.core.url_to_fs(out)
    if not isinstance(fs, LocalFileSystem) or sys.platform == "win32":
        yield
        return
    import fcntl

    try:
        Path(path).mkdir(parents=True, exist_ok=True)
        with (Path(path) / LOCK_NAME).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise BatchError(
                    f"Another batch is writing into {out} right now.",
                    "Wait for it, or choose another folder with --out.",
                ) from None
            yield
    except OSError as error:
        raise BatchError(f"{out} can't be written: {error.strerror}.", "Choose another folder with --out.") from error


# --------------------------------------------------------------------------------------------------------------------
# The run


class _Run:
    """What is done, what is left, and what happened."""

    def __init__(self, plan: Plan, job: Job, retry_failed: bool, tell: Tell, work: Measure) -> None:
        self.plan, self.job, self.retry_failed, self.tell, self.work = plan, job, retry_failed, tell, work
        self.outcome = Outcome(progress=Progress(len(plan.items) + len(plan.refused)))
        self.waiting: deque[Item] = deque()
        self.tries: dict[str, int] = {}
        self.started = time.monotonic()

    def sort_out(self) -> None:
        """Set aside what an earlier run finished."""
        before = marks_of(self.job.out, [item.id for item in self.plan.items])
        for item in self.plan.items:
            mark = before.get(item.id)
            settings = settings_sha256(item.options, self.job.model_sha256)
            if mark and is_done(mark, settings, seen(item.url), retry_failed=self.retry_failed):
                self.outcome.marks[item.id] = mark
            else:
                self.waiting.append(item)
        statuses = [mark.status for mark in self.outcome.marks.values()]
        bytes_total = sum(item.size for item in self.waiting)
        not_measured = statuses.count("failed") + len(self.plan.refused)
        self._progress(kept=statuses.count("measured"), failed=not_measured, bytes_total=bytes_total)
        self.tell(Event("start", self.outcome.progress))

    def _progress(self, **changes: Any) -> None:
        changes.setdefault("seconds", time.monotonic() - self.started)
        self.outcome.progress = replace(self.outcome.progress, **changes)

    def go(self, crew: _Crew, stop: Callable[[], bool]) -> None:
        """Keep the crew busy until nothing is left."""
        running: dict[Future[Mark], Item] = {}
        while self.waiting or running:
            if stop():
                self.outcome.stopped = True
                crew.stop()
                return
            while self.waiting and crew.free():
                item = self.waiting.popleft()
                self.tries[item.id] = self.tries.get(item.id, 0) + 1
                running[crew.submit(self.work, item, self.job, self.retry_failed)] = item
            finished, _ = wait_for_futures(running, timeout=POLL_S, return_when=FIRST_COMPLETED)
            crew.end_stalled()
            for future in finished:
                self._settle(running.pop(future), future, crew)

    def _settle(self, item: Item, future: Future[Mark], crew: _Crew) -> None:
        how = crew.back(future)
        try:
            mark = future.result()
        except BrokenExecutor:
            self._died(item, how)
            return
        except EvenstrideError as error:
            mark = self._failed(item, error)
        except Exception as error:  # the edge of a batch item: the other videos go on
            if type(error).__name__ == "KilledWorker":  # Dask's word for it, after as many tries as it was told to make
                self._died(item, "gone")
                return
            message = f"Something unexpected went wrong with {item.file}: {type(error).__name__}: {error}."
            mark = self._failed(item, ItemFailed("unexpected", message, "Analyze this video alone to see more."))
        self._done(item, mark)

    def _died(self, item: Item, how: str) -> None:
        """Try a video again whose process died, or record it: always when it hung, or died alone too often."""
        if how == "again" or (how == "died" and self.tries[item.id] < TRIES):
            self.waiting.append(item)
            text = f"The process that measured {item.file} ended unexpectedly; the video is tried once more."
            self.tell(Event("warning", self.outcome.progress, item.file, text=text))
            return
        if how == "stalled":
            message = (
                f"Nothing got done on {item.file} for {stall_limit(item, self.job):.0f} seconds, so it was given up."
            )
            told = ItemFailed("timed_out", message, "Allow more with --timeout, or look at this video alone.")
        else:
            message = f"The process that measured {item.file} died, and died again on another try."
            told = ItemFailed(
                "worker_died", message, "Look at this video alone; convert it to H.264 (MP4), or leave it out."
            )
        mark = self._failed(item, told)
        try:
            write_mark(self.job.out, item.id, mark)
        except EvenstrideError as cause:
            mark = self._failed(item, cause)
        self._done(item, mark)

    def _failed(self, item: Item, error: EvenstrideError) -> Mark:
        settings = settings_sha256(item.options, self.job.model_sha256)
        return failed(Mark(item.file, settings, self.job.model_sha256, "", seen(item.url), "failed"), error)

    def _done(self, item: Item, mark: Mark) -> None:
        self.outcome.marks[item.id] = mark
        now = self.outcome.progress
        self._progress(
            measured=now.measured + (mark.status == "measured"),
            failed=now.failed + (mark.status == "failed"),
            frames=now.frames + mark.frames,
            bytes_done=now.bytes_done + item.size,
        )
        self.tell(Event("video", self.outcome.progress, item.file, mark))


# --------------------------------------------------------------------------------------------------------------------
# Who does the work


class _Crew(Protocol):
    def free(self) -> bool: ...
    def submit(self, work: Measure, item: Item, job: Job, retry_failed: bool) -> Future[Mark]: ...
    def back(self, future: Future[Mark]) -> str:
        """Take note that a future is over; say how, should it have been a death: "died", "stalled", "gone", "again"."""

    def end_stalled(self) -> None: ...
    def stop(self) -> None: ...


@contextmanager
def _crew(executor: Executor | None, width: int, workers: int, out: str) -> Iterator[_Crew]:
    with tempfile.TemporaryDirectory(prefix="evenstride-pulse-") as folder:

        def processes() -> _Processes:
            for left_over in Path(tempfile.gettempdir()).glob(f"{scratch_prefix(out)}*"):
                shutil.rmtree(left_over, ignore_errors=True)
            return _Processes(workers, Path(folder))

        crew: _Crew = processes() if executor is None else _Given(executor, width, processes)
        try:
            yield crew
        finally:
            crew.stop()


class _Processes:
    """Processes of this machine, each with an executor of its own."""

    def __init__(self, count: int, folder: Path) -> None:
        self.idle = [_Process(folder / str(number)) for number in range(count)]
        self.busy: dict[Future[Mark], _Process] = {}

    def free(self) -> bool:
        return bool(self.idle)

    def submit(self, work: Measure, item: Item, job: Job, retry_failed: bool) -> Future[Mark]:
        process = self.idle.pop()
        future = process.submit(work, item, job, retry_failed)
        self.busy[future] = process
        return future

    def back(self, future: Future[Mark]) -> str:
        process = self.busy.pop(future)
        self.idle.append(process)
        return process.how_it_died() if isinstance(future.exception(), BrokenExecutor) else ""

    def end_stalled(self) -> None:
        for process in self.busy.values():
            if process.hangs():
                process.kill()

    def stop(self) -> None:
        for process in self.busy.values():
            process.kill()
        for process in (*self.idle, *self.busy.values()):
            process.close()
        self.idle, self.busy = [], {}


class _Process:
    """One process that works for this one; a new one takes its place once it has died."""

    def __init__(self, pulse: Path) -> None:
        self.pulse = pulse
        self.executor: ProcessPoolExecutor | None = None
        self.pid: int | None = None
        self.stall_s = 0.0
        self.felt = (0, 0.0)
        self.began = False

    def submit(self, work: Measure, item: Item, job: Job, retry_failed: bool) -> Future[Mark]:
        self.stall_s = stall_limit(item, job)
        self.pulse.touch()
        os.utime(self.pulse, (0, 0))  # the first touch of the process differs from this, however soon it comes
        self.felt = (self.pulse.stat().st_mtime_ns, time.monotonic())
        self.began = False
        job = replace(job, pulse=str(self.pulse))
        if self.executor is not None:
            try:
                return self.executor.submit(work, item, job, retry_failed)
            except BrokenExecutor:  # it died while it had nothing to do
                self.close()
        before = {child.pid for child in multiprocessing.active_children()}
        with ctrl_c_held_back():
            self.executor = ProcessPoolExecutor(1, mp_context=CONTEXT, initializer=belong_to_parent)
            future = self.executor.submit(work, item, job, retry_failed)
        self.pid = next((child.pid for child in multiprocessing.active_children() if child.pid not in before), None)
        return future

    def quiet_s(self) -> float:
        """Return for how long the pulse has not been felt; time that the machine slept through does not count."""
        touched = self.pulse.stat().st_mtime_ns
        if touched != self.felt[0]:
            self.felt = (touched, time.monotonic())
            self.began = True
        return time.monotonic() - self.felt[1]

    def hangs(self) -> bool:
        quiet_s = self.quiet_s()
        return quiet_s > self.stall_s + GRACE_S if self.began else quiet_s > self.stall_s + START_S

    def how_it_died(self) -> str:
        how = "stalled" if self.quiet_s() >= self.stall_s - 2 * POLL_S and self.began else "died"
        self.close()
        return how

    def kill(self) -> None:
        """End the process at once; result folders bear that at any moment."""
        alive = {child.pid for child in multiprocessing.active_children()}
        if self.pid is not None and self.pid in alive:
            os.kill(self.pid, getattr(signal, "SIGKILL", signal.SIGTERM))

    def close(self) -> None:
        if self.executor is not None:
            self.executor.shutdown(wait=True, cancel_futures=True)
        self.executor, self.pid = None, None


class _Given:
    """An executor from outside; should it break, processes of this machine go on."""

    def __init__(self, executor: Executor, width: int, instead: Callable[[], _Processes]) -> None:
        self.executor, self.width, self.make_processes = executor, width, instead
        self.running: set[Future[Mark]] = set()
        self.instead: _Processes | None = None

    def free(self) -> bool:
        return self.instead.free() if self.instead else len(self.running) < self.width

    def submit(self, work: Measure, item: Item, job: Job, retry_failed: bool) -> Future[Mark]:
        if self.instead is None:
            try:
                future: Future[Mark] = self.executor.submit(work, item, job, retry_failed)
            except BrokenExecutor:
                self.instead = self.make_processes()
            else:
                self.running.add(future)
                return future
        return self.instead.submit(work, item, job, retry_failed)

    def back(self, future: Future[Mark]) -> str:
        if future not in self.running:
            assert self.instead is not None
            return self.instead.back(future)
        self.running.remove(future)
        if future.cancelled():
            raise BatchError(
                "The scheduler, or the connection to it, was lost.",
                "Start the scheduler again and run the same command: it goes on where it was.",
            )
        if isinstance(future.exception(), BrokenExecutor):
            # Which of the videos under way did it is not known; each gets a process of its own now.
            self.instead = self.instead or self.make_processes()
            return "again"
        return ""

    def end_stalled(self) -> None:
        if self.instead is not None:
            self.instead.end_stalled()

    def stop(self) -> None:
        for future in self.running:
            future.cancel()
        if self.instead is not None:
            self.instead.stop()
