"""Render a clip and its truth: ``python -m validation.walker params.json --out clip.mp4``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from validation.walker.body import fetch_data
from validation.walker.params import WalkerParams
from validation.walker.truth import make_truth, solve_clip, write_truth
from vision.errors import EvenstrideError


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m validation.walker", description=__doc__)
    parser.add_argument("params", nargs="*", type=Path, help="parameter files (JSON)")
    parser.add_argument("--out", type=Path, help="the clip, or a folder for several; default beside the parameters")
    parser.add_argument("--truth-only", action="store_true", help="write the truth, render nothing")
    parser.add_argument("--fetch-body", action="store_true", help="download the body data into the user's cache")
    given = parser.parse_args(arguments)
    if not (given.params or given.fetch_body):
        parser.error("give a parameter file, or --fetch-body")
    try:
        if given.fetch_body:
            print(f"body data: {fetch_data()}")
        for path in given.params:
            make_clip(path, clip_path(path, given.out), given.truth_only)
    except EvenstrideError as error:
        print(f"{error.message} {error.advice}", file=sys.stderr)
        return 1
    return 0


def clip_path(params: Path, out: Path | None) -> Path:
    """Return where the clip of a parameter file goes."""
    name = params.name.removesuffix(".json").removesuffix(".params")
    if out is None:
        return params.with_name(f"{name}.mp4")
    return out / f"{name}.mp4" if out.is_dir() else out


def make_clip(params_path: Path, out: Path, truth_only: bool = False) -> None:
    """Solve, render and write one clip and its truth."""
    clip = solve_clip(WalkerParams.load(params_path))
    truth = out.with_suffix(".truth.json")
    truth.write_text(write_truth(make_truth(clip)), encoding="utf-8")
    if not truth_only:
        from validation.walker.render import write_clip  # needs moderngl, which the truth does not

        write_clip(clip, out)
    print(f"{out}: {len(clip.time_s)} frames, {clip.time_s[-1]:.1f} s, truth in {truth.name}")


if __name__ == "__main__":
    sys.exit(main())
