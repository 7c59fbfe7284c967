"""``evenstride batch`` as people and schedulers use it."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
from batch_fakes import MODEL, fake_analyze, film
from test_cli import run_without_reader
from typer.testing import CliRunner

import evenstride.batch.run as run_module
from evenstride import pipeline
from evenstride.batch.plan import make_plan
from evenstride.cli import app
from vision.errors import ModelUnavailable
from vision.model import get_model

runner = CliRunner(env={"COLUMNS": "120"})
ROOT = Path(__file__).parents[2]
ODD = "ümläut #1? [x].mp4"


@pytest.fixture
def batch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Return a function that runs the command on tmp_path/in with made-up analyses in this process."""
    from concurrent.futures import ThreadPoolExecutor

    monkeypatch.setattr(pipeline, "analyze_video", fake_analyze)
    monkeypatch.setattr("vision.model.get_model", lambda choice: SimpleNamespace(sha256=MODEL))
    with ThreadPoolExecutor(2) as threads:
        real = run_module.run_plan

        def run_plan(*args, **settings):
            return real(*args, **(settings | {"executor": threads, "width": 2}))

        monkeypatch.setattr(run_module, "run_plan", run_plan)
        (tmp_path / "in").mkdir()
        yield lambda *options: runner.invoke(
            app, ["batch", str(tmp_path / "in"), "--out", str(tmp_path / "out"), *map(str, options)]
        )


def test_all_measured(batch, tmp_path: Path):
    film(tmp_path / "in/1.mp4")
    done = batch()
    assert done.exit_code == 0, done.output
    assert "1 of 1 video measured." in done.stdout
    assert f"{tmp_path}/out/index.html" in done.stdout
    assert "measured in" in done.stderr


def test_some_failed(batch, tmp_path: Path):
    film(tmp_path / "in/1.mp4")
    film(tmp_path / "in/nobody.mp4", "nobody")
    done = batch("--quiet")
    assert (done.exit_code, done.output) == (1, "")
    again = batch()
    assert again.exit_code == 1
    assert "0 videos to measure, 2 finished before or left out." in again.stderr


def test_odd_things_that_are_measured_all_the_same_are_no_failure(batch, tmp_path: Path):
    film(tmp_path / "in/a/walk.mp4")
    film(tmp_path / "in/b/walk.mp4")
    assert batch().exit_code == 0
    assert len(pd.read_csv(tmp_path / "out/errors.csv")) == 2


@pytest.mark.parametrize(
    "options",
    ["--workers 0", "--height-cm 17", "--manifest nowhere.csv", "--timeout 0", "--log-file /nowhere/at/all.log"],
)
def test_wrong_usage(batch, options: str):
    done = batch(*options.split())
    assert done.exit_code == 2
    assert "Traceback" not in done.output and "analyze --help" not in done.output


def test_a_wrong_option_points_to_the_help_of_this_command(batch):
    assert batch("--height-cm", "17").stderr.strip().endswith("batch --help.")


def test_json_of_a_wrong_option_points_to_the_help_of_its_command():
    command = [sys.executable, "-m", "evenstride", "posture", "--json", "--nonsense"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2
    assert json.loads(done.stdout)["error"]["advice"].endswith("posture --help.")


@pytest.mark.parametrize("options", [[], ["--json-lines"]])
def test_a_reader_that_goes_away_does_not_stop_a_batch(tmp_path: Path, options: list[str]):
    film(tmp_path / "in/1.mp4", kind="rightward")
    film(tmp_path / "in/nobody.mp4", "nobody")
    code = (
        "import sys; sys.path[:0] = ['../..', '.']\n"
        "from concurrent.futures import ThreadPoolExecutor\n"
        "from types import SimpleNamespace\n"
        "from contextlib import nullcontext\n"
        "from batch_fakes import MODEL, fake_analyze\n"
        "from evenstride import cli, pipeline\n"
        "from evenstride.commands import batch\n"
        "from vision import model\n"
        "pipeline.analyze_video = fake_analyze\n"
        "model.get_model = lambda choice: SimpleNamespace(sha256=MODEL)\n"
        "batch._executor = lambda scheduler: nullcontext(ThreadPoolExecutor(1))\n"
        "sys.argv = ['evenstride', 'batch', *sys.argv[1:]]\n"
        "cli.main()\n"
    )
    done = run_without_reader(code, str(tmp_path / "in"), "--out", str(tmp_path / "out"), *options)
    assert done.returncode == 1, "one video was not measured; nothing else went wrong"
    assert "Traceback" not in done.stderr and "Broken" not in done.stderr
    assert len(pd.read_csv(tmp_path / "out/summary.csv")) == 2


def test_a_source_that_is_not_there(tmp_path: Path):
    done = runner.invoke(app, ["batch", str(tmp_path / "nowhere"), "--out", str(tmp_path / "out")])
    assert done.exit_code == 2
    assert "There is nothing at" in done.stderr
    assert not (tmp_path / "out").exists()


def test_json_lines(batch, tmp_path: Path):
    film(tmp_path / "in/1.mp4")
    film(tmp_path / "in/nobody.mp4", "nobody")
    done = batch("--json-lines")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["event"] for event in events] == ["start", "video", "video", "end"]
    failed = next(event for event in events if event.get("status") == "failed")
    assert failed["error"]["code"] == "no_person"
    assert events[2]["left"] == 0
    assert events[-1] == {
        "event": "end", "videos": 2, "measured": 1, "failed": 1, "out": f"{tmp_path}/out",
        "files": ["summary.csv", "summary.parquet", "strides.parquet", "errors.csv", "index.html"],
    }  # fmt: skip


def test_counts_agree_everywhere(batch, tmp_path: Path):
    film(tmp_path / "in/1.mp4")
    film(tmp_path / "in/nobody.mp4", "nobody")
    (tmp_path / "in/gone.mp4").symlink_to("nowhere")
    done = batch("--json-lines")
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.exit_code == 1
    assert [(event["videos"], event["failed"]) for event in (events[-2], events[-1])] == [(3, 2), (3, 2)]
    assert {event["videos"] for event in events} == {3}
    again = batch().stdout
    assert "1 of 3 videos measured.\n2 could not be: " in again


def test_log_file(batch, tmp_path: Path):
    film(tmp_path / "in/1.mp4")
    batch("--quiet", "--log-file", tmp_path / "log.txt")
    batch("--quiet", "--log-file", tmp_path / "log.txt")
    lines = (tmp_path / "log.txt").read_text().splitlines()
    assert len(lines) == 3
    assert "1.mp4: measured" in lines[1]


def test_dry_run_writes_nothing(batch, tmp_path: Path):
    film(tmp_path / "in/1.mp4")
    film(tmp_path / "in/2.mp4", n=2)
    (tmp_path / "in/gone.mp4").symlink_to("nowhere")
    (tmp_path / "in/notes.txt").write_text("x")
    done = batch("--dry-run")
    assert done.exit_code == 0
    assert "2 of 3 videos to measure" in done.stdout
    assert "gone.mp4 is a link that leads nowhere" in done.stdout
    assert "1 .txt" in done.stdout
    assert not (tmp_path / "out").exists()
    batch()
    film(tmp_path / "in/2.mp4", n=3)
    assert "1 of 3 videos to measure" in batch("--dry-run").stdout


def test_options_and_manifest_reach_the_analysis(batch, tmp_path: Path, monkeypatch):
    film(tmp_path / "in/1.mp4")
    film(tmp_path / "in/2.mp4")
    (tmp_path / "m.csv").write_text("file,subject,height_cm\n2.mp4,P1,180\n")
    asked = {}

    def noted(path, options, *, progress=None):
        asked[Path(path).name] = options
        return fake_analyze(path, options, progress=progress)

    monkeypatch.setattr(pipeline, "analyze_video", noted)
    assert batch("--manifest", tmp_path / "m.csv", "--no-video", "--height-cm", 170, "--model", "full").exit_code == 0
    assert (asked["1.mp4"].height_cm, asked["2.mp4"].height_cm) == (170, 180)
    assert all(one.no_video and one.model == "full" and one.workers == 1 for one in asked.values())
    assert (tmp_path / "out/subjects.csv").is_file()


def test_every_setting_of_an_analysis_can_be_given_to_a_batch():
    help_text = runner.invoke(app, ["batch", "--help"]).output
    missing = [
        name
        for name in pipeline.AnalyzeOptions.model_fields
        # Which person to follow differs from film to film: that is a column of a manifest.
        if name != "person" and "--" + name.removesuffix("_m_s").replace("_", "-") not in help_text
    ]
    assert not missing


def test_watch_measures_what_arrives_once_it_is_complete(batch, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("evenstride.commands.batch.WATCH_S", 0)
    film(tmp_path / "in/1.mp4")
    summary = tmp_path / "out/summary.csv"
    measured: list[int] = []  # at each look at the folder

    def look(*args, **settings):
        measured.append(summary.read_text().count("measured") if summary.is_file() else 0)
        if 3 <= len(measured) <= 6:
            film(tmp_path / "in/2.mp4", n="x" * len(measured))  # it is still being copied
        if measured[-1] == 2 or len(measured) == 20:
            signal.raise_signal(signal.SIGINT)
        return make_plan(*args, **settings)

    monkeypatch.setattr("evenstride.batch.plan.make_plan", look)
    done = batch("--watch")
    assert done.exit_code == 0, done.output
    assert measured == [0, 0, 1, 1, 1, 1, 1, 2]
    assert "2 of 2 videos measured." in done.stdout


def test_watch_tells_of_what_is_refused_later(batch, tmp_path: Path, monkeypatch):
    monkeypatch.setattr("evenstride.commands.batch.WATCH_S", 0)
    film(tmp_path / "in/1.mp4")
    manifest = tmp_path / "list.csv"
    manifest.write_text("file\n1.mp4\n")
    errors = tmp_path / "out/errors.csv"
    told: list[bool] = []  # at each look at the manifest

    def look(*args, **settings):
        told.append(errors.is_file() and "gone.mp4" in errors.read_text())
        if len(told) == 5:
            manifest.write_text("file\n1.mp4\ngone.mp4\n")
        if told[-1] or len(told) == 20:
            signal.raise_signal(signal.SIGINT)
        return make_plan(*args, **settings)

    monkeypatch.setattr("evenstride.batch.plan.make_plan", look)
    batch("--watch", "--manifest", manifest)
    assert told == [False] * 5 + [True]


def test_a_scheduler_that_does_not_answer(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("evenstride.commands.batch.CONNECT_S", 0.5)
    monkeypatch.setattr("vision.model.get_model", lambda choice: SimpleNamespace(sha256=MODEL))
    film(tmp_path / "in/1.mp4")
    done = runner.invoke(
        app, ["batch", str(tmp_path / "in"), "--out", str(tmp_path / "out"), "--scheduler", "tcp://127.0.0.1:9"]
    )
    assert done.exit_code == 2
    assert "No Dask scheduler answers at tcp://127.0.0.1:9" in done.stderr


@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="cuts a clip with ffmpeg")
def test_real_videos_in_real_processes(tmp_path: Path):
    """A folder as it comes: a clip with an odd name, and everything that is no film of a person."""
    try:
        model = get_model("lite")
    except ModelUnavailable as error:
        pytest.skip(f"no pose model here: {error}")
    folder = tmp_path / "in"
    folder.mkdir()
    clip = folder / ODD
    sample = ROOT / "sample_videos/normal_across_and_back.mp4"
    subprocess.run(
        ["ffmpeg", "-v", "error", "-ss", "2", "-t", "1.2", "-i", sample, "-vf", "scale=480:-2", "-an", clip], check=True
    )
    whole = clip.read_bytes()
    (folder / "cut.mp4").write_bytes(whole[: len(whole) // 2])
    (folder / "empty.mp4").touch()
    (folder / "text.mp4").write_text("hello")
    (folder / "round").symlink_to(".")
    black = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=gray:s=320x240:d=1", folder / "nobody.mp4"]
    subprocess.run(black, check=True)
    command = [sys.executable, "-m", "evenstride", "batch", folder, "--out", tmp_path / "out", "--model", model.name]
    done = subprocess.run([*command, "--no-video", "--workers", "1"], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1, done.stderr
    errors = pd.read_csv(tmp_path / "out/errors.csv")
    assert {(row.file, row.code, row.measured) for row in errors.itertuples()} == {
        ("cut.mp4", "unreadable_video", 0),
        ("empty.mp4", "unreadable_video", 0),
        ("nobody.mp4", "no_person", 0),
        ("round", "symlink_loop", 1),
        ("text.mp4", "unreadable_video", 0),
        (ODD, "odd_name", 1),
    }
    summary = pd.read_csv(tmp_path / "out/summary.csv").set_index("file")
    assert list(summary.index[summary["status"] == "measured"]) == [ODD]
    written = {path.name for path in (tmp_path / "out" / summary.loc[ODD, "folder"]).iterdir()}
    assert written >= {"result.json", "frames.csv", "strides.csv", "track.npz", "report.html", "done.json"}
    assert "thumbnail.jpg" in written
    assert "data:image/jpeg;base64" in (tmp_path / "out/index.html").read_text()


def test_help_loads_no_heavy_library():
    code = (
        "import sys; sys.argv = ['evenstride', 'batch', '--help']\n"
        "from evenstride.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print('LOADED', sorted({'fsspec', 'pandas', 'numpy', 'distributed'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED []"


def test_the_page_on_batches_says_what_the_code_does():
    text = (ROOT / "docs/batch.md").read_text(encoding="utf-8")
    help_text = runner.invoke(app, ["batch", "--help"]).output
    said = set(re.findall(r"--[a-z][a-z-]+", text)) - {"--nworkers", "--nthreads"}
    assert said <= set(re.findall(r"--[a-z][a-z-]+", help_text))
    rows = re.findall(r"^\| (`.*?) \|", text.split("## What goes wrong")[1], re.M)
    codes = {code for row in rows for code in re.findall(r"`(\w+)`", row)}
    sources = "".join(path.read_text() for path in [*ROOT.glob("evenstride/batch/*.py"), ROOT / "vision/errors.py"])
    assert codes == {code for code in codes if f'"{code}"' in sources}
    remarks = set(re.findall(r'Remark\([^"]*?, "(\w+)"', sources)) | set(re.findall(r'ItemFailed\("(\w+)"', sources))
    assert remarks <= codes


@pytest.mark.parametrize("page", ["python.md", "batch.md"])
def test_python_on_the_pages_compiles_and_its_names_exist(page: str):
    for block in re.findall(r"```python\n(.*?)```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.S):
        compile(block, page, "exec")
        for line in block.splitlines():
            if line.startswith(("import ", "from ")):
                exec(line, {})
