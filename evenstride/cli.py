"""The command line: ``evenstride analyze VIDEO --out DIR``.

Heavy libraries are imported inside the functions that need them, so that ``evenstride --help`` answers at once.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import IntEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from evenstride import __version__
from evenstride.commands import clients
from evenstride.commands.batch import BATCH_HELP, batch
from evenstride.commands.export import export
from evenstride.commands.posture import posture
from evenstride.commands.report import report
from vision.errors import (
    EvenstrideError,
    ModelUnavailable,
    NoPerson,
    OutputError,
    StoreError,
    UnreadableVideo,
    UnsupportedVideo,
)

if TYPE_CHECKING:
    from types import FrameType

    from pydantic import ValidationError
    from rich.console import Console

    from evenstride.pipeline import Analysis, AnalyzeOptions, ProgressCallback

#: Set to anything to see the traceback of an unexpected error.
DEBUG_VARIABLE = "EVENSTRIDE_DEBUG"


class Exit(IntEnum):
    """Exit codes, documented in --help and docs/results.md."""

    OK = 0
    UNEXPECTED = 1
    USAGE = 2
    VIDEO = 3
    MODEL = 4
    OUTPUT = 5
    STORE = 6
    CANCELLED = 130


EXIT_HELP = (
    'Exit codes: 0 measured (also when the honest answer is "we can\'t tell"), 1 unexpected error, 2 wrong usage, '
    "3 the video can't be used, 4 no pose model, 5 the result can't be written, 6 the client store can't be used, "
    "130 cancelled."
)

app = typer.Typer(
    name="evenstride",
    help="Film someone walking; learn in plain words whether one knee seems favored and how the trunk leans.",
    epilog=EXIT_HELP,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


def main() -> None:
    """Run the command line; the console script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character shows "?" instead of ending the program.
            stream.reconfigure(errors="replace")
    try:
        app()
    except KeyboardInterrupt:  # before or after the work, which handles its own
        sys.exit(Exit.CANCELLED)
    except SystemExit as done:
        # The option parser has explained the mistake on stderr; a program reading stdout still gets its JSON.
        if done.code == Exit.USAGE and not isinstance(done.__context__, typer.Exit) and "--json" in sys.argv:
            command = getattr(getattr(done.__context__, "ctx", None), "command_path", "evenstride")
            _print_error_json("usage", "The command line could not be understood.", f"See {command} --help.")
        raise


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"evenstride {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    pass


@app.command(epilog=EXIT_HELP)
def analyze(
    video: Annotated[Path, typer.Argument(metavar="VIDEO", help="A film of someone walking.", show_default=False)],
    out: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Folder for the results. [dim]Default: VIDEO's name + -evenstride[/dim]"),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print result.json on stdout, all else on stderr.")] = False,
    no_video: Annotated[bool, typer.Option("--no-video", help="Leave annotated.mp4 out: faster.")] = False,
    blur_faces: Annotated[
        bool,
        typer.Option("--blur-faces", help="Blur faces of all people found. It may miss some: look before you share."),
    ] = False,
    model: Annotated[str, typer.Option(metavar="heavy|full|lite|PATH", help="The pose model.")] = "heavy",
    person: Annotated[int | None, typer.Option(metavar="N", help="Follow this person of several.")] = None,
    height_cm: Annotated[float | None, typer.Option(metavar="H", help="Body height, for lengths and speed.")] = None,
    treadmill_speed: Annotated[float | None, typer.Option(metavar="M/S", help="Belt speed of a treadmill.")] = None,
    slow_motion: Annotated[float | None, typer.Option(metavar="F", help="The film runs F times slower.")] = None,
    all_frames: Annotated[bool, typer.Option("--all-frames", help="Analyze more than 30 frames a second.")] = False,
    both_ways: Annotated[
        bool, typer.Option("--both-ways", help="Follow the mirrored film too: steadier, twice the time.")
    ] = False,
    mirrored: Annotated[bool, typer.Option("--mirrored", help="A selfie film that shows left as right.")] = False,
    client: Annotated[str | None, typer.Option(metavar="NAME", help="Add the result to this client.")] = None,
    workers: Annotated[int | None, typer.Option(metavar="N", help="Processes. [dim]Default: one a core[/dim]")] = None,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing but errors (and the JSON).")] = False,
) -> None:
    """Measure the walk in VIDEO; write result.json, frames.csv, strides.csv, track.npz, report.html, annotated.mp4."""
    with _errors(as_json):
        card = None if client is None else clients.open_card(client)
        if card is not None and height_cm is None:
            height_cm = card.client.height_cm
        options = _make_options(
            "analyze",
            as_json,
            out=out or Path(f"{video.stem}-evenstride"),
            model=model,
            person=person,
            height_cm=height_cm,
            treadmill_speed_m_s=treadmill_speed,
            slow_motion=slow_motion,
            all_frames=all_frames,
            both_ways=both_ways,
            mirrored=mirrored,
            no_video=no_video,
            blur_faces=blur_faces,
            workers=workers,
        )
        from evenstride.pipeline import analyze_video

        with _progress_bar(quiet) as progress:
            analysis = analyze_video(video, options, progress=progress)
        added = "" if card is None else card.add(options.out)
        if as_json:
            _write_json(analysis.result.to_json())
        if not quiet:
            _show(analysis, _console(stderr=as_json))
            if added:
                print(added, file=sys.stderr if as_json else sys.stdout)


app.command(epilog=BATCH_HELP)(batch)
app.command()(export)
app.command()(report)
app.command(epilog=EXIT_HELP)(posture)
app.add_typer(clients.app, name="client")


@app.command()
def model(
    choice: Annotated[str, typer.Argument(metavar="heavy|full|lite|PATH")] = "heavy",
) -> None:
    """Get the pose model ahead of time, and show where it is."""
    with _errors(as_json=False):
        from vision.model import get_model

        found = get_model(choice)
        print(f"{found.name}: {found.path}\nSHA-256 {found.sha256}")
        if found.note:
            print(found.note)


def _make_options(command: str, as_json: bool, **values: object) -> AnalyzeOptions:
    """Check the options; leave with the usage exit code and one sentence when one makes no sense."""
    from pydantic import ValidationError

    from evenstride.pipeline import AnalyzeOptions

    try:
        return AnalyzeOptions(**values)
    except ValidationError as error:
        _fail("usage", _usage_sentence(error), f"See evenstride {command} --help.", Exit.USAGE, as_json)


def _usage_sentence(error: ValidationError) -> str:
    from evenstride.pipeline import what_is_wrong

    name, given, rule = what_is_wrong(error)
    option = "--" + name.removesuffix("_m_s").replace("_", "-")
    return f"{option} {given:g} is not possible: it must be {rule}."


@contextmanager
def _errors(as_json: bool) -> Iterator[None]:
    """Turn every failure into one sentence, one piece of advice and an exit code; never a traceback."""
    try:
        with _stoppable():
            yield
    except typer.Exit:
        raise
    except EvenstrideError as error:
        _fail(error.code, error.message, error.advice, _exit_code(error), as_json)
    except KeyboardInterrupt:
        _fail("cancelled", "Cancelled; nothing was written.", "Run it again when you like.", Exit.CANCELLED, as_json)
    except BrokenPipeError:
        # The reader of stdout has gone away (as `head` does); nothing is wrong, and nothing more can be said.
        mute_stdout()
        raise typer.Exit(Exit.OK) from None
    except Exception as error:  # the edge of the program: whatever happens, a person reads it
        if os.environ.get(DEBUG_VARIABLE):
            raise
        message = f"Something unexpected went wrong: {type(error).__name__}: {error}".rstrip(".") + "."
        advice = f"This is a fault in Evenstride; set {DEBUG_VARIABLE}=1 and run it again to get the details to report."
        _fail("unexpected", message, advice, Exit.UNEXPECTED, as_json)


def mute_stdout() -> None:
    """Send what is still written to stdout nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def _console(*, stderr: bool) -> Console:
    from rich.console import Console

    class Plain(Console):
        def on_broken_pipe(self) -> None:
            raise  # as it came: that the reader has gone is no failure, which Console would make of it

    return Plain(stderr=stderr, highlight=False)


@contextmanager
def _stoppable() -> Iterator[None]:
    """Let a polite request to end (SIGTERM) clean up just as Ctrl-C does.

    A second request, as impatient people send it, does not disturb the cleaning; a third ends everything at once.
    """
    requests = 0

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal requests
        requests += 1
        if requests == 1:
            raise KeyboardInterrupt
        signal.signal(number, signal.SIG_DFL)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _exit_code(error: EvenstrideError) -> Exit:
    if isinstance(error, (UnreadableVideo, UnsupportedVideo, NoPerson)):
        return Exit.VIDEO
    if isinstance(error, ModelUnavailable):
        return Exit.MODEL
    if error.code == "cancelled":
        return Exit.CANCELLED
    if isinstance(error, OutputError):
        return Exit.OUTPUT
    if isinstance(error, StoreError):
        return Exit.STORE
    return Exit.UNEXPECTED


def _fail(code: str, message: str, advice: str, exit_code: Exit, as_json: bool) -> NoReturn:
    print(f"{message} {advice}", file=sys.stderr)
    if as_json:
        _print_error_json(code, message, advice)
    raise typer.Exit(exit_code)


def _print_error_json(code: str, message: str, advice: str) -> None:
    error = {"code": code, "message": message, "advice": advice}
    _write_json(json.dumps({"error": error}, ensure_ascii=False) + "\n")


def _write_json(text: str) -> None:
    """Write UTF-8 to stdout, whatever encoding the terminal has: JSON is UTF-8."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode("utf-8", "replace"))
    sys.stdout.flush()


@contextmanager
def _progress_bar(quiet: bool) -> Iterator[ProgressCallback | None]:
    """Show one bar over all stages on stderr, with the time left; nothing when quiet or not on a terminal."""
    if quiet:
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

    from evenstride.pipeline import STAGES
    from evenstride.pipeline import Progress as Done

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[left]}"))
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("Starting", total=1.0, left="")

        def show(done: Done) -> None:
            left = "" if done.remaining_s is None else _time_left(done.remaining_s)
            bar.update(task, completed=done.fraction, description=STAGES[done.stage], left=left)

        yield show


def _time_left(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02d} left"


def _show(analysis: Analysis, console: Console) -> None:
    """Print the verdict first, then the figures, what is missing, and where the files are."""
    from rich.text import Text

    from evenstride import words

    def say(text: str, style: str = "") -> None:
        # Text, not markup: brackets in a file name are only brackets.
        console.print(Text(text, style=style))

    result = analysis.result
    verdict = words.favoring_verdict(result)
    console.print()
    say(verdict.headline, style="bold")
    say(verdict.how_sure)
    if verdict.next_step:
        say(verdict.next_step)
    phrase = words.index_phrase(result.favoring)
    if phrase:
        say(f"Side-difference index: {phrase}. Up to 50 is usual.")
    say(words.trunk_verdict(result), style="bold")
    if words.measured(result):
        console.print()
        console.print(_table(analysis))
        say(words.ABOUT_RANGES, style="dim")
    console.print()
    for issue in result.quality.issues:
        say(f"{issue.message} {issue.advice}")
    for reason, titles in words.not_measured(result):
        say(f"Not measured: {', '.join(titles)}. {reason}", style="dim")
    for note in (result.model.note, *words.notes(result)):
        if note:
            say(note)
    console.print()
    say(words.NOT_A_DEVICE, style="dim")
    console.print()
    if analysis.paths is not None:
        for path in (analysis.paths.report, analysis.paths.video, analysis.paths.result):
            if path is not None:
                console.print(str(path), soft_wrap=True, markup=False)


def _table(analysis: Analysis) -> object:
    from rich import box
    from rich.table import Table

    from evenstride import words

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    table.add_column("Measured")
    for heading in ("value", "95 % range", "left", "right"):
        table.add_column(heading, justify="right", no_wrap=True)
    group = ""
    for name, measure in words.measured(analysis.result):
        text = words.measure_words(name)
        if text.group != group:
            group = text.group
            table.add_row(f"[bold]{words.GROUPS[group]}[/bold]")
        digits = text.decimals
        sides = (words.number(v, "", digits) if v is not None else "" for v in (measure.left, measure.right))
        value, spread = words.value_text(name, measure), words.range_text(name, measure.ci95)
        table.add_row(f"  {text.short_title}", value, spread, *sides)
    return table
