"""Make the two films of the Learn page: ``python docs/make_learn_clips.py [FOLDER_OF_RESULTS]``.

Of each sample one walk past the camera is kept, as Evenstride drew it, with the knee angles that it measured there.
FOLDER_OF_RESULTS holds one result folder a sample, named like it; without it both samples are analyzed first.
"""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from pathlib import Path

import numpy as np

from evenstride.education import CLIPS
from evenstride.pipeline import AnalyzeOptions, analyze_video
from evenstride.results import FRAMES_NAME, RESULT_NAME, VIDEO_NAME, read_result
from vision.video import probe, read_frames, write_video

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "evenstride" / "education" / "clips"
SAMPLES = {"even": "normal_across_and_back", "favoring": "favoring_right_knee_across_and_back"}
#: The walk past the camera in which the right leg is the near one, so that the spared knee is measured well.
NEAR = "right"
#: Times in files are rounded; a frame is the same frame within this.
SAME_FRAME_S = 0.001


def make(name: str, folder: Path) -> None:
    """Write ``name.mp4`` and ``name.json`` from a result folder."""
    result = read_result(folder / RESULT_NAME)
    one = next(p for p in result.passes if p.near_side == NEAR)
    start, end = one.start_s - SAME_FRAME_S, one.end_s + SAME_FRAME_S
    film = probe(folder / VIDEO_NAME)
    kept = [i for i, t in enumerate(film.frame_times_s) if start <= t <= end]
    first = float(film.frame_times_s[kept[0]])
    frames = ((frame.time_s - first, frame.rgb) for frame in read_frames(film, indices=np.array(kept)))
    write_video(FOLDER / f"{name}.mp4", frames, size=(film.width, film.height))
    with (folder / FRAMES_NAME).open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if start <= float(row["time_s"]) <= end]
    measured = {
        "sample": SAMPLES[name],
        "near_side": NEAR,
        "verdict": result.favoring.verdict,
        "spared": result.favoring.side,
        "swing_peak_deg": {
            "left": round(result.measures["knee_swing_peak"].left, 1),
            "right": round(result.measures["knee_swing_peak"].right, 1),
        },
        "time_s": [round(float(row["time_s"]) - first, 3) for row in rows],
        **{f"knee_{side}_deg": [_number(row[f"knee_{side}_deg"]) for row in rows] for side in ("left", "right")},
        "events": [
            {"type": e.type, "side": e.side, "time_s": round(e.time_s - first, 3)}
            for e in result.events
            if start <= e.time_s <= end
        ],
    }
    (FOLDER / f"{name}.json").write_text(json.dumps(measured, separators=(",", ":")) + "\n", encoding="utf-8")


def _number(text: str) -> float | None:
    return round(float(text), 1) if text else None


def main() -> None:
    """Make both films."""
    FOLDER.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as fresh:
        results = Path(sys.argv[1] if len(sys.argv) > 1 else fresh)
        for name in CLIPS:
            if len(sys.argv) == 1:
                film = ROOT / "sample_videos" / f"{SAMPLES[name]}.mp4"
                analyze_video(film, AnalyzeOptions(out=results / SAMPLES[name]))
            make(name, results / SAMPLES[name])


if __name__ == "__main__":
    main()
