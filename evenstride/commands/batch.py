"""``evenstride batch FOLDER --out DIR``: a folder of videos, on all cores or on a cluster, resumable."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from concurrent.futures import Executor
    from types import FrameType

    from evenstride.batch.plan import Plan, Refused
    from evenstride.batch.run import Event, Outcome, Progress
    from evenstride.pipeline import AnalyzeOptions

BATCH_HELP = (
    "Exit codes: 0 all measured, 1 some could not be (errors.csv says which and why), 2 wrong usage, 4 no pose model, "
    "5 the tables can't be written, 130 cancelled. The same command goes on where it was."
)
#: How often --watch looks for new videos; a file counts once it stayed the same for this long.
WATCH_S = 5.0
#: Most videos that a cluster is given at a time.
SCHEDULER_WIDTH = 1000
CONNECT_S = 15


def batch(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE...",
            help="Folders, videos, lists of videos (.txt, one a line), manifests (.csv); paths or URLs such as s3://...",
            show_default=False,
        ),
    ],
    out: Annotated[str, typer.Option(metavar="DIR", help="Folder or URL for all results.", show_default=False)],
    manifest: Annotated[
        str | None, typer.Option(metavar="CSV", help="A table with the column file; its other columns come through.")
    ] = None,
    include: Annotated[list[str] | None, typer.Option(metavar="GLOB", help="Only such files; may be repeated.")] = None,
    exclude: Annotated[list[str] | None, typer.Option(metavar="GLOB", help="Not such files.")] = None,
    no_video: Annotated[bool, typer.Option("--no-video", help="Leave annotated.mp4 out: faster.")] = False,
    blur_faces: Annotated[
        bool,
        typer.Option("--blur-faces", help="Blur faces of all people found. It may miss some: look before you share."),
    ] = False,
    model: Annotated[str, typer.Option(metavar="heavy|full|lite|PATH", help="The pose model.")] = "heavy",
    height_cm: Annotated[float | None, typer.Option(metavar="H", help="Body height of everybody.")] = None,
    treadmill_speed: Annotated[float | None, typer.Option(metavar="M/S", help="Belt speed of a treadmill.")] = None,
    slow_motion: Annotated[float | None, typer.Option(metavar="F", help="The films run F times slower.")] = None,
    all_frames: Annotated[bool, typer.Option("--all-frames", help="Analyze more than 30 frames a second.")] = False,
    both_ways: Annotated[
        bool, typer.Option("--both-ways", help="Follow the mirrored films too: steadier, twice the time.")
    ] = False,
    mirrored: Annotated[bool, typer.Option("--mirrored", help="Selfie films that show left as right.")] = False,
    workers: Annotated[
        int | None, typer.Option(metavar="N", min=1, help="Processes. [dim]Default: by cores and memory[/dim]")
    ] = None,
    scheduler: Annotated[
        str | None, typer.Option(metavar="tcp://HOST:PORT", help="Send the work to a Dask cluster instead.")
    ] = None,
    timeout: Annotated[
        float, typer.Option(metavar="S", min=1, help="Give a video up when nothing gets done on it for S seconds.")
    ] = 300,
    retry_failed: Annotated[bool, typer.Option("--retry-failed", help="Try those again that failed before.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would be done.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Go on with videos that arrive, until Ctrl-C.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors.")] = False,
    json_lines: Annotated[bool, typer.Option("--json-lines", help="Print one JSON object a line on stdout.")] = False,
    log_file: Annotated[Path | None, typer.Option(metavar="FILE", help="Write progress there too.")] = None,
) -> None:
    """Measure a folder of videos; write a result folder a video, tables over all of them, and index.html."""
    from evenstride.cli import Exit, _errors, _fail, _make_options

    with _errors(as_json=False):
        from evenstride.batch.plan import BatchError, make_plan

        options = _make_options(
            "batch",
            False,
            model=model,
            height_cm=height_cm,
            treadmill_speed_m_s=treadmill_speed,
            slow_motion=slow_motion,
            all_frames=all_frames,
            both_ways=both_ways,
            mirrored=mirrored,
            no_video=no_video,
            blur_faces=blur_faces,
        )

        def plan() -> Plan:
            return make_plan(sources, options, manifest=manifest, include=include or (), exclude=exclude or (), out=out)

        try:
            if dry_run:
                _say_plan(plan(), out, options, retry_failed)
                return
            with _Voice(quiet=quiet, json_lines=json_lines, log_file=log_file) as voice, _executor(scheduler) as given:
                run = _Batch(out, options, workers, given, timeout, retry_failed, voice)
                with _stop_flag() as stop:
                    code = run.watch(plan, stop) if watch else run.once(plan(), stop)
        except BatchError as error:
            _fail(error.code, error.message, error.advice, Exit.USAGE, False)
        raise typer.Exit(code)


class _Batch:
    """What is asked for, and the way from a plan to the tables."""

    def __init__(
        self,
        out: str,
        options: AnalyzeOptions,
        workers: int | None,
        executor: Executor | None,
        timeout: float,
        retry_failed: bool,
        voice: _Voice,
    ) -> None:
        from vision.model import get_model

        self.out, self.options, self.voice = out, options, voice
        self.settings: dict[str, Any] = {
            "model_sha256": get_model(options.model).sha256,
            "workers": workers,
            "executor": executor,
            "width": SCHEDULER_WIDTH,
            "stall_s": timeout,
            "retry_failed": retry_failed,
            "tell": voice.event,
        }

    def once(self, plan: Plan, stop: Callable[[], bool]) -> int:
        """Measure what a plan holds; return the exit code."""
        from concurrent.futures import ThreadPoolExecutor
        from importlib import import_module

        from evenstride.batch.run import only_one, run_plan

        with only_one(self.out), ThreadPoolExecutor(1) as aside:
            # Large libraries come with the tables; they are read while the processes start and work.
            tables = aside.submit(import_module, "evenstride.batch.tables")
            outcome = run_plan(plan, self.out, stop=stop, **self.settings)
            files = tables.result().write_tables(plan, outcome.marks, self.out)
        return self._end(plan, outcome, files)

    def watch(self, make_plan: Callable[[], Plan], stop: Callable[[], bool]) -> int:
        """Measure what arrives until told to stop; return the exit code."""
        from evenstride.batch.run import Outcome, only_one, run_plan
        from evenstride.batch.tables import write_tables
        from evenstride.batch.work import seen

        before: dict[str, dict[str, str]] = {}
        done: dict[str, dict[str, str]] = {}
        outcome = Outcome()
        files: list[str] = []
        refused: tuple[Refused, ...] = ()
        with only_one(self.out):
            while True:
                plan = make_plan()
                now = {item.id: seen(item.url) for item in plan.items}
                # A file that still changes is still being copied.
                ready = [item for item in plan.items if before.get(item.id) == now[item.id] != done.get(item.id)]
                if ready or not files:
                    part = run_plan(replace(plan, items=tuple(ready), refused=()), self.out, stop=stop, **self.settings)
                    outcome.marks |= part.marks
                    done |= {one: now[one] for one in part.marks}
                if ready or not files or plan.refused != refused:
                    files = write_tables(plan, outcome.marks, self.out)
                    refused = plan.refused
                before = now
                until = time.monotonic() + WATCH_S
                while time.monotonic() < until and not stop():
                    time.sleep(min(0.1, WATCH_S))
                if stop():
                    return self._end(plan, outcome, files)

    def _end(self, plan: Plan, outcome: Outcome, files: list[str]) -> int:
        from evenstride.cli import Exit

        statuses = [mark.status for mark in outcome.marks.values()]
        unmeasured = statuses.count("failed") + len(plan.refused)
        # What could not even be searched may hold videos that nobody knows of.
        unsearched = sum(remark.code == "unreadable_folder" for remark in plan.remarks)
        counts = {"videos": len(plan.videos), "measured": statuses.count("measured"), "failed": unmeasured}
        self.voice.end(self.out, counts, unsearched, files, outcome.stopped)
        if outcome.stopped:
            return Exit.CANCELLED
        return Exit.UNEXPECTED if unmeasured or unsearched else Exit.OK


def _say_plan(plan: Plan, out: str, options: AnalyzeOptions, retry_failed: bool) -> None:
    """Print what would be done; fetch, write and read no video."""
    from evenstride.batch.work import is_done, marks_of, seen, settings_sha256

    marks = marks_of(out, [item.id for item in plan.items])
    to_do = 0
    for item in plan.items:
        mark = marks.get(item.id)
        # The model itself is not fetched for this: what a mark says about it is believed.
        settings = settings_sha256(item.options, mark.model_sha256) if mark else ""
        done = mark is not None and is_done(mark, settings, seen(item.url), retry_failed=retry_failed)
        to_do += not done
        print(f"{mark.status if done and mark else 'to do':9} {item.file}")
    for remark in plan.remarks:
        print(f"{'note' if remark.measured else 'skipped':9} {remark.message}")
    left_alone = ", ".join(f"{count} {suffix}" for suffix, count in plan.left_alone.items())
    print(f"{to_do} of {_videos(len(plan.videos))} to measure with the model {options.model}; results go to {out}.")
    if left_alone:
        print(f"Other files, left alone: {left_alone}.")


@contextmanager
def _stop_flag() -> Iterator[Callable[[], bool]]:
    """Give a function that tells whether Ctrl-C or SIGTERM has come; a second one ends everything at once."""
    came = []

    def note(number: int, frame: FrameType | None) -> None:
        if came:
            raise KeyboardInterrupt
        came.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield lambda: bool(came)
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _executor(scheduler: str | None) -> Iterator[Executor | None]:
    """Connect to a Dask cluster; without one, there is no executor and the work stays on this machine."""
    if scheduler is None:
        yield None
        return
    from evenstride.batch.plan import BatchError

    try:
        from distributed import Client
    except ImportError:
        raise BatchError("A cluster needs Dask.", "Install it: pip install 'evenstride[cluster]'.") from None
    try:
        client = Client(scheduler, timeout=CONNECT_S)
    except (OSError, ValueError, TimeoutError) as error:
        raise BatchError(
            f"No Dask scheduler answers at {scheduler} ({type(error).__name__}).",
            "Start one with dask scheduler, and workers with dask worker --nthreads 1; check the address.",
        ) from error
    with client:
        yield client.get_executor()


class _Voice:
    """Says what happens: a bar or lines for people, JSON for programs, a log for later."""

    def __init__(self, *, quiet: bool, json_lines: bool, log_file: Path | None) -> None:
        self.quiet, self.json_lines, self.log_file = quiet, json_lines, log_file
        self.open = ExitStack()
        self.log: Any = None
        self.bar: Any = None
        self.task: Any = None

    def __enter__(self) -> _Voice:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn

        from evenstride.batch.plan import BatchError

        if self.log_file is not None:
            try:
                self.log = self.open.enter_context(self.log_file.open("a", encoding="utf-8"))
            except OSError as error:
                message = f"{self.log_file} can't be written: {error.strerror}."
                raise BatchError(message, "Choose another --log-file.") from error
        console = Console(stderr=True, highlight=False)
        if console.is_terminal and not self.quiet:
            columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[left]}"))
            self.bar = self.open.enter_context(Progress(*columns, console=console, transient=True))
        return self

    def __exit__(self, *exception: object) -> None:
        self.open.close()

    def event(self, event: Event) -> None:
        """Pass on what a run tells."""
        now = event.progress
        error = event.mark.error if event.mark else None
        about: dict[str, Any] = {"event": event.kind, "file": event.file or None, **_figures(now)}
        if event.mark is not None:
            about |= {"status": event.mark.status, "error": error, "seconds": event.mark.seconds}
        if event.text:
            about["message"] = event.text
        self._json({name: value for name, value in about.items() if value is not None})
        if event.kind == "start":
            self._line(f"{_videos(now.left)} to measure, {now.total - now.left} finished before or left out.")
        elif event.kind == "warning":
            self._line(event.text, important=True)
        elif error is not None:
            said = error["message"] if event.file in error["message"] else f"{event.file}: {error['message']}"
            self._line(f"{_place(now)} {said} {error['advice']}", important=True)
        elif event.mark is not None:
            self._line(f"{_place(now)} {event.file}: measured in {event.mark.seconds:.1f} s. {_rates(now)}")
        if self.bar is not None:
            self._draw(now)

    def end(self, out: str, counts: dict[str, int], unsearched: int, files: list[str], stopped: bool) -> None:
        """Say what came out of it and where it is."""
        self._json({"event": "end", **counts, "files": files, "out": out})
        self.open.close()
        self.bar = None
        lines = [f"{counts['measured']} of {_videos(counts['videos'])} measured."]
        if counts["failed"]:
            lines.append(f"{counts['failed']} could not be: {out}/errors.csv says why.")
        if unsearched:
            folders = "A folder" if unsearched == 1 else f"{unsearched} folders"
            lines.append(f"{folders} could not be searched: {out}/errors.csv says why.")
        if stopped:
            lines.append("Stopped; the same command goes on where it was.")
        if "index.html" in files:
            lines.append(f"{out}/index.html")
        if not self.quiet and not self.json_lines:
            self._print("\n".join(lines) + "\n")

    def _draw(self, now: Progress) -> None:
        what = f"{now.measured + now.kept} of {_videos(now.total)}" + (f", {now.failed} failed" if now.failed else "")
        if self.task is None:
            self.task = self.bar.add_task(what, total=now.total, left="")
        done = now.total - now.left
        self.bar.update(self.task, completed=done, total=now.total, description=what, left=_rates(now))

    def _line(self, text: str, *, important: bool = False) -> None:
        if self.log is not None:
            self.log.write(f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ} {text}\n")
            self.log.flush()
        if self.bar is not None:
            if important:
                self.bar.console.print(text, markup=False, soft_wrap=True)
        elif not self.quiet and (important or not self.json_lines):
            print(text, file=sys.stderr, flush=True)

    def _json(self, about: dict[str, Any]) -> None:
        if self.json_lines:
            self._print(json.dumps(about, ensure_ascii=False) + "\n")

    def _print(self, text: str) -> None:
        """Write to stdout; when its reader has gone away, the work goes on in silence."""
        from evenstride.cli import _write_json, mute_stdout

        try:
            _write_json(text)
        except BrokenPipeError:
            mute_stdout()


def _figures(now: Progress) -> dict[str, Any]:
    left = now.time_left_s
    return {
        "videos": now.total,
        "done": now.kept + now.measured,
        "failed": now.failed,
        "left": now.left,
        "frames_per_s": round(now.frames_per_s, 1),
        "time_left_s": None if left is None else round(left),
    }


def _videos(number: int) -> str:
    return f"{number} video" if number == 1 else f"{number:,} videos"


def _place(now: Progress) -> str:
    return f"[{now.total - now.left}/{now.total}]"


def _rates(now: Progress) -> str:
    parts = [f"{now.frames_per_s:.0f} frames/s"] if now.frames else []
    left = now.time_left_s
    if left is not None and now.left:
        hours, rest = divmod(round(left), 3600)
        parts.append(
            f"{hours}:{rest // 60:02d}:{rest % 60:02d} left" if hours else f"{rest // 60}:{rest % 60:02d} left"
        )
    return ", ".join(parts)
