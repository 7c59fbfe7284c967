"""How fast, and how much memory: measured against plain MediaPipe on the same clip, written to docs/speed.md.

    python benchmarks/speed.py CLIP          # any clip with a person in view; it is repeated to fill 36 s

Every comparison alternates (A B A B ...) in one run and reports medians and their ratio, because seconds measured on
one machine, or at one moment, say little about another. Needs the ffmpeg program to repeat the clip.
"""

from __future__ import annotations

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
REPORT = ROOT / "docs" / "speed.md"

#: Issue targets: wall time against the plain loop, and of --help against importing mediapipe.
TARGET_ANALYZE = 0.65
TARGET_HELP = 0.5
CLIP_S = 36.0
MEMORY_S = (10.0, 100.0)


def plain_loop(clip: Path, model: Path) -> None:
    """Run what everybody writes first: one process, full frames, MediaPipe's video mode, one pose."""
    import av
    import mediapipe as mp
    import numpy as np
    from mediapipe.tasks.python import BaseOptions, vision

    options = vision.PoseLandmarkerOptions(
        base_options=BaseOptions(model_asset_path=str(model)), running_mode=vision.RunningMode.VIDEO, num_poses=1
    )
    found = frames = 0
    with av.open(str(clip)) as container, vision.PoseLandmarker.create_from_options(options) as landmarker:
        stream = container.streams.video[0]
        stream.thread_type = "AUTO"
        for frame in container.decode(stream):
            rgb = np.rot90(frame.to_ndarray(format="rgb24"), k=frame.rotation // 90)
            image = mp.Image(image_format=mp.ImageFormat.SRGB, data=np.ascontiguousarray(rgb))
            found += bool(landmarker.detect_for_video(image, round(frame.time * 1000)).pose_landmarks)
            frames += 1
    print(frames, found)


def worker_peak(clip: Path) -> None:
    """Extract with two workers and print the larger one's peak memory in MB."""
    from vision.extract import extract
    from vision.model import get_model
    from vision.video import probe

    extract(probe(clip), get_model("heavy"), all_frames=True, workers=2)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(round(peak / (2**20 if sys.platform == "darwin" else 2**10)))


def repeated(clip: Path, seconds: float, folder: Path) -> Path:
    """Return the clip repeated to `seconds`, encoded anew so that its timestamps run through."""
    out = folder / f"{seconds:.0f}s.mp4"
    command = ["ffmpeg", "-v", "error", "-y", "-stream_loop", "-1", "-i", clip, "-t", f"{seconds}", "-an"]
    subprocess.run([*command, "-c:v", "libx264", "-preset", "veryfast", "-crf", "20", out], check=True)
    return out


def seconds_for(*command: str | Path) -> float:
    """Return the wall time of a command, process start-up included."""
    start = time.perf_counter()
    done = subprocess.run(command, check=True, cwd=ROOT, capture_output=True)
    seconds = time.perf_counter() - start
    if command[-1] == "--help" and b"Usage" not in done.stdout:
        raise SystemExit("--help printed no help: its times mean nothing")
    return seconds


def in_turn(one: list[str | Path], two: list[str | Path], rounds: int) -> tuple[list[float], list[float]]:
    """Return the wall times of two commands run alternately."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(rounds):
        for kept, command in zip(times, (one, two), strict=True):
            kept.append(seconds_for(*command))
            print(f"round {number + 1}: {kept[-1]:.2f} s  {Path(command[1]).name} {command[2]}", flush=True)
    return times


def row(what: str, seconds: list[float]) -> str:
    """Return one row of the report's tables."""
    listed = ", ".join(f"{value:.2f}" for value in seconds)
    return f"| {what} | {statistics.median(seconds):.2f} | {listed} |"


def verdict(ratio: float, target: float) -> str:
    """Say whether a ratio reaches its target."""
    return f"**{ratio:.2f}** (target: at most {target:.2f}; {'reached' if ratio <= target else 'missed'})"


def main() -> None:
    """Measure everything and write the report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--plain", type=Path, metavar="MODEL", help="only run the plain loop over CLIP")
    parser.add_argument("--peak", action="store_true", help="only print the peak memory of a worker over CLIP")
    parser.add_argument("--report", type=Path, default=REPORT)
    options = parser.parse_args()
    if options.plain:
        plain_loop(options.clip, options.plain)
    elif options.peak:
        worker_peak(options.clip)
    else:
        measure(options.clip, options.rounds, options.report)


def measure(clip: Path, rounds: int, report: Path) -> None:
    """Time the three comparisons and write them down."""
    from vision.model import get_model
    from vision.processes import available_cores
    from vision.video import probe

    model = get_model("heavy")
    python = Path(sys.executable)
    script = Path(__file__).resolve()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        long = repeated(clip, CLIP_S, folder)
        info = probe(long)
        out = folder / "out"
        analyze = [python, "-m", "evenstride", "analyze", long, "--out", out, "--no-video", "--all-frames"]
        busy = os.getloadavg()[0]
        plain, ours = in_turn([python, script, long, "--plain", model.path], analyze, rounds)
        if not (out / "result.json").is_file():
            raise SystemExit("evenstride analyze wrote no result.json: its times mean nothing")
        imported, helped = in_turn(
            [python, "-c", "import mediapipe"], [python, "-m", "evenstride", "--help"], 2 * rounds + 1
        )
        peaks = [
            subprocess.run(
                [python, script, repeated(clip, seconds, folder), "--peak"],
                check=True,
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": str(ROOT)},
                stdout=subprocess.PIPE,
                text=True,
            ).stdout.strip()
            for seconds in MEMORY_S
        ]
    speed = statistics.median(ours) / statistics.median(plain)
    start = statistics.median(helped) / statistics.median(imported)
    machine = (
        f"{available_cores()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}, "
        f"mediapipe {version('mediapipe')}; load average at the start {busy:.1f}"
    )
    report.write_text(
        f"""# Speed and memory

Made by `python benchmarks/speed.py CLIP` on {datetime.now(UTC):%Y-%m-%d}: {machine}.
Commands take turns; the tables give medians and every single time in seconds, process start-up included.
Only the ratios carry over to other machines.

## Analysis against plain MediaPipe

`{clip.name}` repeated to {info.duration_s:.0f} s: {info.frames} frames of {info.width} x {info.height} pixels,
every frame analysed, model {model.name}.

| | median | each |
|---|---|---|
{row("plain loop: one process, MediaPipe video mode, one pose", plain)}
{row("`evenstride analyze --no-video --all-frames`, all of it", ours)}

Ratio: {verdict(speed, TARGET_ANALYZE)}.
Within that time Evenstride finds the walker, reads the landmarks on every core, measures, and writes its files.

## Start-up

| | median | each |
|---|---|---|
{row("`import mediapipe`", imported)}
{row("`evenstride --help`", helped)}

Ratio: {verdict(start, TARGET_HELP)}.

## Memory

Peak resident memory of a worker process (the largest of two), on the same clip repeated:

| length | peak |
|---|---|
{chr(10).join(f"| {seconds:.0f} s | {peak} MB |" for seconds, peak in zip(MEMORY_S, peaks, strict=True))}
"""
    )
    print(report.read_text())


if __name__ == "__main__":
    main()
