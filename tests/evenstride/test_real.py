"""The command line on real files: unusable ones of every kind, and a real walk from end to end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import av
import numpy as np
import pandas as pd
import pytest
from test_report import Page
from typer.testing import CliRunner

from evenstride.cli import Exit, app
from evenstride.pipeline import ALL_NAMES
from evenstride.results import read_result
from vision.errors import ModelUnavailable
from vision.model import get_model

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared/data"
runner = CliRunner(env={"COLUMNS": "120"})


@pytest.fixture(scope="module")
def pose_model() -> str:
    try:
        return str(get_model("heavy", progress=lambda what, done, total: None).path)
    except ModelUnavailable as error:
        pytest.skip(f"no pose model: {error}")


def shared(name: str) -> Path:
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"test data {name} is not on this machine")
    return path


def film(path: Path, frames: int = 30, size: tuple[int, int] = (320, 240), codec: str = "libx264") -> Path:
    """Make a film of grey noise in which nobody is."""
    rng = np.random.default_rng(0)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=30)
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p" if codec == "libx264" else "bgr0"
        for _ in range(frames):
            noise = rng.integers(100, 140, (size[1], size[0], 3)).astype(np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noise, format="rgb24")))
        container.mux(stream.encode())
    return path


def sound(path: Path) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setparams((1, 2, 8000, 0, "NONE", ""))
        out.writeframes(b"\0\0" * 8000)
    return path


def jpeg(path: Path) -> Path:
    with av.open(str(path), "w", format="image2") as container:
        stream = container.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuvj420p"
        frame = av.VideoFrame.from_ndarray(np.full((48, 64, 3), 128, np.uint8), format="rgb24")
        container.mux(stream.encode(frame.reformat(format="yuvj420p", dst_color_range="JPEG")))
        container.mux(stream.encode())
    return path


def renamed(made: Path, name: str) -> Path:
    return made.rename(made.with_name(name))


def cut_off(path: Path) -> Path:
    """An MP4 keeps its index at the end: half of one cannot be read."""
    data = film(path).read_bytes()
    path.write_bytes(data[: len(data) // 2])
    return path


UNUSABLE = {
    "missing": lambda d: d / "no such film.mp4",
    "a folder": lambda d: d,
    "zero length": lambda d: (d / "zero.mp4", (d / "zero.mp4").write_bytes(b""))[0],
    "text": lambda d: (d / "text.mp4", (d / "text.mp4").write_text("I am a text.\n" * 99))[0],
    "jpeg named mp4": lambda d: renamed(jpeg(d / "picture.jpg"), "picture.mp4"),
    "sound only": lambda d: sound(d / "sound.wav"),
    "sound named mp4": lambda d: renamed(sound(d / "sound.wav"), "sound.mp4"),
    "one frame": lambda d: film(d / "one.mp4", frames=1),
    "cut off": lambda d: cut_off(d / "cut.mp4"),
}


@pytest.mark.parametrize("kind", UNUSABLE)
def test_unusable_file_is_one_clear_sentence(kind: str, tmp_path: Path):
    path = UNUSABLE[kind](tmp_path)
    out = tmp_path / "out"
    done = runner.invoke(app, ["analyze", str(path), "--out", str(out), "--json"])
    assert done.exit_code == Exit.VIDEO, done.output
    said = json.loads(done.stdout)["error"]
    assert said["code"] in ("unreadable_video", "unsupported_video")
    assert path.name in said["message"]
    assert "Traceback" not in done.output
    assert len(done.stderr.strip().splitlines()) == 1
    assert not out.exists()


@pytest.mark.parametrize("size", [(321, 241), (97, 643)])
def test_odd_sizes_are_read_and_nobody_is_found(size: tuple[int, int], pose_model: str, tmp_path: Path):
    path = film(tmp_path / "odd.mkv", frames=6, size=size, codec="ffv1")
    done = runner.invoke(
        app, ["analyze", str(path), "--out", str(tmp_path / "out"), "--json", "--model", pose_model, "--workers", "1"]
    )
    assert done.exit_code == Exit.VIDEO, done.output
    assert json.loads(done.stdout)["error"]["code"] == "no_person"
    assert not (tmp_path / "out").exists()


def test_model_that_is_none(tmp_path: Path):
    path = film(tmp_path / "grey.mp4")
    done = runner.invoke(
        app, ["analyze", str(path), "--out", str(tmp_path / "out"), "--json", "--model", "no/such.task"]
    )
    assert done.exit_code == Exit.MODEL, done.output
    assert json.loads(done.stdout)["error"]["code"] == "model_unavailable"


@pytest.fixture(scope="module")
def walk(pose_model: str, tmp_path_factory: pytest.TempPathFactory):
    """A real walk, analyzed once."""
    out = tmp_path_factory.mktemp("walk") / "out"
    command = ["analyze", str(shared("videos/side_right_slow.mp4")), "--out", str(out), "--json", "--model", pose_model]
    return runner.invoke(app, command), out


def test_real_walk_gives_every_file(walk):
    done, out = walk
    assert done.exit_code == Exit.OK, done.output
    names = {path.name for path in out.iterdir()}
    assert {name for name in names if not name.startswith("picture_")} == set(ALL_NAMES)
    assert "picture_1.jpg" in names
    assert done.stdout == (out / "result.json").read_text(encoding="utf-8")
    result = read_result(out)
    assert result.view == "side"
    assert result.favoring.verdict != "clear"
    assert result.measures["cadence"].value == pytest.approx(83, rel=0.1)  # how exactly: tests of analysis/
    frames = pd.read_csv(out / "frames.csv")
    assert frames["time_s"].is_monotonic_increasing
    assert frames["knee_right_deg"].max() > 40


def test_real_walk_has_key_frames_in_its_page(walk):
    _, out = walk
    page = Page((out / "report.html").read_text(encoding="utf-8"))
    pictures = [a["src"] for tag, a in page.tags if tag == "img"]
    assert 2 <= len(pictures) <= 4
    assert all(len(source) > 5000 for source in pictures)
    assert (out / "report.html").stat().st_size < 3_000_000


@pytest.mark.skipif(os.name != "posix", reason="sends POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_leaves_nothing_behind(number: int, pose_model: str, tmp_path: Path):
    video = shared("videos/side_both_circumduction.mp4")
    out = tmp_path / "a/out"
    options = ["--out", str(out), "--model", pose_model, "--json"]
    command = [sys.executable, "-m", "evenstride", "analyze", str(video), *options]
    process = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=ROOT, start_new_session=True
    )
    while not out.exists() and process.poll() is None:
        time.sleep(0.05)
    time.sleep(3)  # into the middle of the work
    os.killpg(process.pid, number) if number == signal.SIGINT else process.send_signal(number)
    stdout, stderr = process.communicate(timeout=180)
    assert process.returncode == Exit.CANCELLED, stderr
    assert json.loads(stdout)["error"]["code"] == "cancelled"
    assert stderr.splitlines()[-1].startswith("Cancelled")  # a worker that was just starting may have complained before
    assert list(tmp_path.iterdir()) == []
    assert ends(process.pid), "a worker lives on"


def ends(group: int) -> bool:
    """Wait until no process of a group is left; its helpers take a moment to notice."""
    for _ in range(1000):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False
