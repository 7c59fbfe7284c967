"""Made-up videos for batches: a file that says what happens to whoever measures it. Importable by other processes."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
import os
import signal
import time
from pathlib import Path
from types import SimpleNamespace

import fabricate
import numpy as np
import pandas as pd

from analysis.quality import Quality
from analysis.strides import STRIDE_COLUMNS
from analysis.view import Pass
from evenstride import pipeline, results
from evenstride.batch.work import Mark, measure
from vision.errors import NoPerson, UnreadableVideo

MODEL = "cd" * 32


def film(path: Path, do: str = "ok", **more: object) -> Path:
    """Write a made-up video."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"do": do, **more}))
    return path


def fake_measure(item, job, retry_failed=False) -> Mark:
    """Do the real work of a batch item with a made-up analysis; for processes of their own."""
    assert multiprocessing.parent_process() is not None
    pipeline.analyze_video = fake_analyze
    return measure(item, job, retry_failed)


def fake_analyze(path, options, *, progress=None):
    """Stand in for analyze_video."""
    text = Path(path).read_text(encoding="utf-8")
    try:
        order = json.loads(text)
    except ValueError:
        raise UnreadableVideo(f"{Path(path).name} is not a video file.", "Give a video.") from None
    if "pids" in order:
        with Path(order["pids"]).open("a") as pids:
            pids.write(f"{os.getpid()}\n")
    for _ in range(order.get("steps", 0)):
        time.sleep(0.02)
        progress(None)
    while "until" in order and not Path(order["until"]).exists():
        time.sleep(0.02)
        progress(None)
    match order["do"]:
        case "crash":
            os.kill(os.getpid(), signal.SIGKILL)
        case "crash once":
            flag = Path(order["flag"])
            if not flag.exists():
                flag.touch()
                os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            time.sleep(1e6)
        case "stop":
            os.kill(os.getpid(), signal.SIGSTOP)
        case "boom":
            raise ZeroDivisionError("division by zero")
        case "nobody":
            raise NoPerson(f"Nobody was found in {Path(path).name}.", "Come closer.")
    return finish(Path(path), options, order, text)


def finish(path: Path, options, order: dict, text: str):
    """Write the result folder of a made-up video."""
    kind = order.get("kind", "clear_right")
    assessment = one_way(kind) if kind in ("rightward", "leftward") else fabricate.ALL[kind]()
    info = fabricate.Info(name=path.name, sha256=hashlib.sha256(text.encode()).hexdigest())
    model = fabricate.model()
    model.sha256 = order.get("model", MODEL)
    provenance = pipeline.make_provenance(options, assessment.config)
    result = results.to_result(assessment, info, model, fabricate.people(), provenance)
    options.out.mkdir(parents=True)
    results.write_result(result, assessment, options.out)
    (options.out / results.REPORT_NAME).write_text("<p>made up</p>")
    return SimpleNamespace(result=result, assessment=assessment)


def one_way(kind: str):
    """Return a film of one walking direction by someone who spares the right knee."""
    near = "right" if kind == "rightward" else "left"
    one = Pass(0, 0.0, 20.0, kind.removesuffix("ward"), "side", 1 if near == "right" else -1, near, 0.0)
    rng = np.random.default_rng(1)
    rows = []
    for k in range(10):
        for side, step, support, loading, rom in (
            ("left", 0.52, 0.44, 16.0, 62.0),
            ("right", 0.58, 0.38, 8.0, 52.0),
        ):
            w = rng.normal(1, 0.01, 6)
            rows.append(
                dict.fromkeys(STRIDE_COLUMNS, np.nan)
                | {
                    "pass": 0,
                    "side": side,
                    "near": side == near,
                    "start_s": 1.0 + k + (0.5 if side == "right" else 0.0),
                    "end_s": 2.1 + k + (0.5 if side == "right" else 0.0),
                    "step_time_s": step * w[0],
                    "other_step_time_s": (1.1 - step) * w[1],
                    "single_support_s": support * w[2],
                    "swing_s": (0.82 - support) * w[3],
                    "knee_loading_deg": loading * w[4],
                    "knee_rom_deg": rom * w[5],
                    "valid": True,
                    "valid_knee": True,
                    "reject": "",
                }
            )
    even = fabricate.ALL["possible_timing_only"]()
    return SimpleNamespace(
        **{**vars(even), "passes": (one,), "strides": pd.DataFrame(rows), "events": (), "quality": Quality(True)}
    )
