"""How much of plain MediaPipe's throughput a batch keeps, and what 10,000 videos cost: written to docs/scale.md.

    python benchmarks/batch.py CLIP...                # 3 rounds of every clip twice; about 20 minutes on 2 free cores
    python benchmarks/batch.py CLIP --small           # only proves that it works: a few seconds of film, 200 results

Both sides get the same films (30 frames a second), the same model and the same number of processes, in turn (A B A B);
what counts is the ratio of the medians. Process start-up is included on both sides. Needs the ffmpeg program.
"""

from __future__ import annotations

import argparse
import math
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

from speed import plain_loop  # benchmarks/speed.py: this folder is on the path of a script in it

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "docs" / "scale.md"

#: Issue target: throughput against the bare loop, without the annotated video.
TARGET = 0.85
SIMULATED = 10_000
SUBJECTS_EVERY = 4
BAD_FILES = 200
A_DAY_S = 86_400
MILLION = 1_000_000
#: Assumptions of the paper estimate, not measured here: list prices of large clouds in 2026, US dollars.
CORE_HOUR_USD = 0.04
GB_MONTH_USD = 0.023


@dataclass(frozen=True)
class Measured:
    """What one run of this script found; times in seconds, one each round."""

    clips: int
    frames: int
    film_s: float
    processes: int
    bare: list[float]
    batch: list[float]
    peak_mb: int
    bad_file_s: float
    bytes_plain: float
    bytes_video: float
    bytes_input: float
    files: float
    results: int
    tables_s: float
    resume_s: float

    @property
    def ratio(self) -> float:
        """Throughput of the batch over that of the bare loop."""
        return statistics.median(self.bare) / statistics.median(self.batch)

    @property
    def overhead_s(self) -> float:
        """Seconds of one process that a video takes beyond the bare loop."""
        return (statistics.median(self.batch) - statistics.median(self.bare)) * self.processes / self.clips

    @property
    def clip_s(self) -> float:
        """Seconds of one process that an average video takes in all."""
        return statistics.median(self.batch) * self.processes / self.clips


def bare_loops(model: Path, processes: int, clips: list[Path]) -> None:
    """Run the plain loop over all clips on several processes: the ceiling."""
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        list(pool.map(plain_loop, clips, [model] * len(clips)))


def batch_peak(folder: Path, out: Path, processes: int, choice: str) -> None:
    """Run a batch in this process and print the largest worker's peak memory in MB."""
    from evenstride.batch.plan import make_plan
    from evenstride.batch.run import run_plan
    from evenstride.pipeline import AnalyzeOptions
    from vision.model import get_model

    plan = make_plan([str(folder)], AnalyzeOptions(no_video=True, model=choice))
    run_plan(plan, str(out), model_sha256=get_model(choice).sha256, workers=processes)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(round(peak / (2**20 if sys.platform == "darwin" else 2**10)))


def simulated(result: Path, count: int, folder: Path) -> tuple[float, float]:
    """Return the seconds that the tables over `count` copies of a result take, and those of looking what is done."""
    from evenstride.batch.plan import Plan, item_id
    from evenstride.batch.run import run_plan
    from evenstride.batch.tables import write_tables
    from evenstride.batch.work import MARK_NAME, Mark, seen, settings_sha256

    options, model = _options(), "0" * 64
    mark = Mark.from_json((result / MARK_NAME).read_bytes())
    films, out = folder / "films", folder / "out"
    films.mkdir()
    items = []
    for number in range(count):
        film = films / f"{number:06}.mp4"
        film.write_bytes(b"made up")
        item = _item(film, item_id(film.name), options, f"P{number // SUBJECTS_EVERY:05}")
        items.append(item)
        place = out / "results" / item.id
        place.mkdir(parents=True)
        for name in ("result.json", "strides.csv", "thumbnail.jpg"):
            if (result / name).exists():
                shutil.copy(result / name, place / name)
        settings = settings_sha256(options, model)
        own = replace(mark, file=film.name, settings_sha256=settings, model_sha256=model, seen=seen(str(film)))
        (place / MARK_NAME).write_text(own.to_json())
    plan = Plan(tuple(items), columns=("subject",))
    start = time.perf_counter()
    outcome = run_plan(plan, str(out), model_sha256=model)
    resumed = time.perf_counter() - start
    if outcome.progress.kept != count:
        raise SystemExit("The simulated results were not taken for finished: the times mean nothing.")
    start = time.perf_counter()
    write_tables(plan, outcome.marks, str(out))
    return time.perf_counter() - start, resumed


def _options():
    from evenstride.pipeline import AnalyzeOptions

    return AnalyzeOptions(no_video=True, workers=1)


def _item(film: Path, id: str, options, subject: str):
    from evenstride.batch.plan import Item

    return Item(id, film.name, str(film), options, {"subject": subject}, film.stat().st_size)


def prepared(clips: list[Path], copies: int, seconds: float | None, folder: Path) -> list[Path]:
    """Put every clip into `folder` several times, at 30 frames a second so that both sides see the same pictures."""
    folder.mkdir()
    made = []
    for number, clip in enumerate(clips):
        first = folder / f"{number}_0.mp4"
        cut = ["-t", str(seconds)] if seconds else []
        command = ["ffmpeg", "-v", "error", "-y", "-i", clip, *cut, "-an", "-r", "30"]
        subprocess.run([*command, "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", first], check=True)
        made += [first] + [Path(shutil.copy(first, folder / f"{number}_{k}.mp4")) for k in range(1, copies)]
    return made


def timed(*command: str | Path, fine: tuple[int, ...] = (0,)) -> float:
    """Return the wall time of a command, process start-up included."""
    start = time.perf_counter()
    done = subprocess.run(command, cwd=ROOT, env=_environment(), capture_output=True, text=True)
    if done.returncode not in fine:
        raise SystemExit(f"{command} failed, so its time means nothing:\n{done.stderr}")
    return time.perf_counter() - start


def _environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT)}


def folder_bytes(folder: Path) -> int:
    """Return the size of all files of a result folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def measure(arguments: argparse.Namespace) -> Measured:
    """Take every measurement."""
    from vision.model import get_model
    from vision.video import probe

    model, python, script = get_model(arguments.model), Path(sys.executable), Path(__file__).resolve()
    processes = arguments.processes
    batch = [python, "-m", "evenstride", "batch", "--quiet", "--model", arguments.model]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clips = prepared(arguments.clips, arguments.copies, arguments.seconds, folder / "in")
        infos = [probe(clip) for clip in clips]
        bare: list[float] = []
        ours: list[float] = []
        for number in range(arguments.rounds):
            bare.append(timed(python, script, "--bare", model.path, "--processes", str(processes), *clips))
            out = folder / f"out{number}"
            options = ["--no-video", "--workers", str(processes)]
            ours.append(timed(*batch, folder / "in", "--out", out, *options))
            print(f"round {number + 1}: bare {bare[-1]:.1f} s, batch {ours[-1]:.1f} s", flush=True)
        results = [path.parent for path in out.glob("results/*/result.json")]
        if len(results) != len(clips):
            raise SystemExit("Not every clip was measured: the times mean nothing.")
        peak = subprocess.run(
            [python, script, "--peak", folder / "peak", "--processes", str(processes), "--model", arguments.model,
             folder / "in"],
            check=True, cwd=ROOT, env=_environment(), stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        (folder / "bad").mkdir()
        for number in range(arguments.bad):
            (folder / f"bad/{number}.mp4").touch()
        one_bad = [*batch, folder / "bad", "--workers", str(processes)]
        none = timed(*one_bad, "--out", folder / "bad-out", "--exclude", "*")
        bad = timed(*one_bad, "--out", folder / "bad-out", fine=(1,))
        (folder / "one").mkdir()
        shutil.copy(clips[0], folder / "one/clip.mp4")
        timed(*batch, folder / "one", "--out", folder / "video", "--workers", "1")
        (folder / "simulated").mkdir()
        tables_s, resume_s = simulated(results[0], arguments.simulated, folder / "simulated")
        return Measured(
            clips=len(clips),
            frames=sum(info.frames for info in infos),
            film_s=sum(info.duration_s for info in infos),
            processes=processes,
            bare=bare,
            batch=ours,
            peak_mb=int(peak.stdout),
            bad_file_s=max(bad - none, 0.0) / arguments.bad,
            bytes_plain=statistics.mean(folder_bytes(one) for one in results),
            bytes_video=folder_bytes(next((folder / "video/results").iterdir())),
            bytes_input=statistics.mean(clip.stat().st_size for clip in clips),
            files=statistics.mean(len(list(one.iterdir())) for one in results),
            results=arguments.simulated,
            tables_s=tables_s,
            resume_s=resume_s,
        )


def written(found: Measured, arguments: argparse.Namespace, load: float) -> str:
    """Return docs/scale.md."""
    from vision.processes import available_cores

    machine = (
        f"{available_cores()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"mediapipe {version('mediapipe')}; load average at the start {load:.1f}"
    )
    ratio = found.ratio
    met = "reached" if ratio >= TARGET else "missed"
    small = "\n**A small run that only proves that the script works: no figure here means anything.**\n"
    bare, ours = statistics.median(found.bare), statistics.median(found.batch)
    each = {"bare": ", ".join(f"{s:.1f}" for s in found.bare), "ours": ", ".join(f"{s:.1f}" for s in found.batch)}
    mean_s = found.film_s / found.clips
    processes = math.ceil(MILLION * found.clip_s / A_DAY_S)
    core_hours = MILLION * found.clip_s / 3600
    plain_gb, video_gb, input_gb = (
        size * MILLION / 1e9 for size in (found.bytes_plain, found.bytes_video, found.bytes_input)
    )
    kept_usd = f"{plain_gb * GB_MONTH_USD:,.0f} / {video_gb * GB_MONTH_USD:,.0f}"
    return f"""# Scale

Made by `python benchmarks/batch.py` on {datetime.now(UTC):%Y-%m-%d}: {machine}.
Commands take turns; process start-up is included. Only the ratios carry over to other machines.
How to run a batch: [batch.md](batch.md).
{small if arguments.small else ""}
## Throughput against the bare loop

{found.clips} films of {mean_s:.1f} s on average, {found.frames} frames, model {arguments.model},
{found.processes} processes, no annotated video. The bare loop decodes every frame and runs MediaPipe's video mode on it
(one pose), and does nothing else; the batch finds the walker, follows, measures, and writes a result folder a film and
the tables.

| | median s | each | frames a second |
|---|---|---|---|
| bare loop | {bare:.1f} | {each["bare"]} | {found.frames / bare:.1f} |
| `evenstride batch --no-video` | {ours:.1f} | {each["ours"]} | {found.frames / ours:.1f} |

The batch keeps **{100 * ratio:.1f} %** of the bare loop's throughput (target: at least {100 * TARGET:.0f} %; {met}).

| | |
|---|---|
| time of one process that a film takes beyond the bare loop | {found.overhead_s:.2f} s |
| time that a file takes that is no film (0 bytes), all processes together | {1000 * found.bad_file_s:.0f} ms |
| peak memory of a worker | {found.peak_mb} MB |
| a result folder without the annotated film | {found.bytes_plain / 1e6:.2f} MB |
| with it | {found.bytes_video / 1e6:.2f} MB |

## Many results

{found.results:,} simulated results (copies of a real one), {SUBJECTS_EVERY} to a person:

| | s |
|---|---|
| finding out that all of them are done, when the command is given again | {found.resume_s:.1f} |
| all tables, people judged together, index.html | {found.tables_s:.1f} |

## A million films a day, on paper

From the figures above, for films like these ({mean_s:.1f} s, {found.bytes_input / 1e6:.2f} MB) on cores like these:

| | |
|---|---|
| a film takes one process | {found.clip_s:.1f} s |
| processes, one a core, all day | {processes:,} |
| memory for them, at the measured peak | {processes * found.peak_mb / 1e3:,.0f} GB |
| core hours a day | {core_hours:,.0f} |
| films to read a day | {input_gb:,.0f} GB |
| results to write a day, without / with annotated films | {plain_gb:,.0f} / {video_gb:,.0f} GB |
| files to write a day, without annotated films | {found.files:.0f} million |
| computing a day, at an assumed {CORE_HOUR_USD} USD a core hour | {core_hours * CORE_HOUR_USD:,.0f} USD |
| keeping a day's results for a month, at an assumed {GB_MONTH_USD} USD a GB | {kept_usd} USD |

Prices are assumptions, and nothing of this size was run. One batch is not made for a million films: its tables are
built in the memory of one machine, and its scheduler would be the narrowest place. Give each hour or each site a batch
of its own, of some 10,000 films, under one cluster, and join their `summary.parquet` files. On spot machines the work
bears being stopped at any moment; what is lost is the film under way.
"""


def main() -> None:
    """Measure everything and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clips", type=Path, nargs="+")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--copies", type=int, default=2, help="how often every clip is measured in a round")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--model", default="heavy")
    parser.add_argument("--seconds", type=float, help="cut the clips to this length")
    parser.add_argument("--simulated", type=int, default=SIMULATED)
    parser.add_argument("--bad", type=int, default=BAD_FILES)
    parser.add_argument("--small", action="store_true", help="one short round that only proves that it works")
    parser.add_argument("--report", type=Path, default=REPORT)
    parser.add_argument("--bare", type=Path, metavar="MODEL", help="only run the bare loops over the clips")
    parser.add_argument("--peak", type=Path, metavar="OUT", help="only print a worker's peak memory over a folder")
    arguments = parser.parse_args()
    if arguments.bare:
        bare_loops(arguments.bare, arguments.processes, arguments.clips)
    elif arguments.peak:
        batch_peak(arguments.clips[0], arguments.peak, arguments.processes, arguments.model)
    else:
        if arguments.small:
            arguments.rounds, arguments.copies, arguments.seconds = 1, 1, 2.0
            arguments.simulated, arguments.bad = 200, 10
        load = os.getloadavg()[0]
        arguments.report.write_text(written(measure(arguments), arguments, load), encoding="utf-8")
        print(arguments.report.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
