"""The command line: what it prints, where, and how it ends."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import fabricate
import pytest
from typer.testing import CliRunner

from evenstride import __version__
from evenstride.cli import Exit, app
from evenstride.pipeline import ALL_NAMES
from evenstride.results import Result
from vision.errors import EvenstrideError, ModelUnavailable, NoPerson, OutputError, UnreadableVideo, UnsupportedVideo

runner = CliRunner(env={"COLUMNS": "120"})
ROOT = Path(__file__).parents[2]


def analyze(tmp_path: Path, *options: str):
    return runner.invoke(app, ["analyze", "walk.mp4", "--out", str(tmp_path / "out"), *options])


def test_version():
    done = runner.invoke(app, ["--version"])
    assert done.exit_code == 0
    assert done.stdout.strip() == f"evenstride {__version__}"


@pytest.mark.parametrize("command", ["--help", "analyze --help"])
def test_help_says_the_exit_codes(command: str):
    done = runner.invoke(app, command.split())
    assert done.exit_code == 0
    assert "130 cancelled" in " ".join(done.stdout.split())


def test_help_loads_no_heavy_library():
    code = (
        "import sys; sys.argv = ['evenstride', '--help']\n"
        "from evenstride.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "heavy = {'mediapipe', 'cv2', 'av', 'numpy', 'pandas', 'scipy', 'jinja2', 'pydantic'} & set(sys.modules)\n"
        "print('LOADED', sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.splitlines()[-1] == "LOADED []"


def run_without_reader(code: str, *arguments: str) -> subprocess.CompletedProcess:
    """Run a program whose output nobody reads any more, as after `| head`."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        command = [sys.executable, "-c", code, *arguments]
        return subprocess.run(command, stdout=writer, stderr=subprocess.PIPE, text=True, cwd=ROOT / "tests/evenstride")
    finally:
        os.close(writer)


MADE_UP_ANALYSIS = """
import sys; sys.path.insert(0, "../..")
from types import SimpleNamespace
import fabricate
from test_results import result_of
from evenstride import cli, pipeline
made_up = SimpleNamespace(result=result_of(fabricate.clear_right()), paths=None)
pipeline.analyze_video = lambda *asked, **how: made_up
sys.argv = ["evenstride", "analyze", "walk.mp4", *sys.argv[1:]]
cli.main()
"""


@pytest.mark.parametrize("options", [[], ["--json"], ["--json", "--quiet"]])
def test_a_reader_that_goes_away_is_no_failure(options):
    done = run_without_reader(MADE_UP_ANALYSIS, *options)
    said = [line for line in done.stderr.splitlines() if "Error" in line or "Exception" in line or "Traceback" in line]
    assert (done.returncode, said) == (0, [])


@pytest.mark.parametrize(
    ("options", "rule"),
    [
        ("--height-cm 3", "--height-cm 3 is not possible: it must be a number from 100 to 250."),
        ("--height-cm nan", "it must be a number from 100 to 250."),
        ("--slow-motion nan", "it must be a number from 1 to 64."),
        ("--treadmill-speed 9", "--treadmill-speed 9 is not possible: it must be a number above 0, up to 6."),
        ("--person 0", "it must be a whole number from 1 on."),
        ("--workers 99", "it must be a whole number from 1 to 64."),
    ],
)
def test_an_impossible_option_says_what_is_possible(tmp_path: Path, options: str, rule: str):
    done = analyze(tmp_path, *options.split())
    assert done.exit_code == Exit.USAGE
    assert rule in done.stderr and done.stderr.strip().endswith("analyze --help.")


def test_a_folder_that_is_a_file_does_not_ask_for_space(fake, tmp_path: Path):
    (tmp_path / "out").write_text("a file")
    done = analyze(tmp_path)
    assert done.exit_code == Exit.OUTPUT
    assert str(tmp_path / "out") in done.stderr and "space" not in done.stderr


def test_a_full_disk_asks_for_space_and_names_the_folder_that_was_asked_for(fake, tmp_path: Path, monkeypatch):
    def full(*_, **how):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    done = analyze(tmp_path)
    assert done.exit_code == Exit.OUTPUT
    assert ".evenstride-" not in done.stderr and f"{tmp_path}/out/" in done.stderr
    assert "free some space" in done.stderr


def test_verdict_comes_first_and_files_are_there(fake, tmp_path: Path):
    done = analyze(tmp_path)
    assert done.exit_code == Exit.OK, done.output
    lines = [line for line in done.stdout.splitlines() if line.strip()]
    assert lines[0].strip() == "You seem to spare your right knee."
    assert "Not a medical device." in done.stdout
    written = {path.name for path in (tmp_path / "out").iterdir()}
    assert written == {*ALL_NAMES, *(f"picture_{number}.jpg" for number in (1, 2, 3, 4))}
    assert str(tmp_path / "out" / "report.html") in done.stdout


def test_json_is_exactly_the_file(fake, tmp_path: Path):
    done = analyze(tmp_path, "--json")
    assert done.exit_code == Exit.OK
    assert done.stdout == (tmp_path / "out/result.json").read_text(encoding="utf-8")
    Result.model_validate_json(done.stdout)
    assert "You seem to spare" in done.stderr


def test_quiet_says_nothing(fake, tmp_path: Path):
    done = analyze(tmp_path, "--quiet")
    assert (done.exit_code, done.output) == (Exit.OK, "")


@pytest.mark.parametrize("kind", fabricate.ALL)
def test_every_kind_of_answer_is_a_success(fake, tmp_path: Path, kind: str):
    fake.assessment = fabricate.ALL[kind]()
    done = analyze(tmp_path)
    assert done.exit_code == Exit.OK, done.output


def test_not_measured_is_said_with_its_reason(fake, tmp_path: Path):
    fake.assessment = fabricate.not_walking()
    done = analyze(tmp_path)
    text = " ".join(done.stdout.split())
    assert "We can't tell from this video." in text
    assert "no walking was found" in text
    assert "Not measured: Steps a minute" in text


def test_brackets_in_names_are_printed_as_they_are(fake, tmp_path: Path):
    fake.notes = ("Person [bold]2[/bold] of [/x] was near.",)
    done = analyze(tmp_path)
    assert done.exit_code == Exit.OK, done.output
    assert "Person [bold]2[/bold] of [/x] was near." in done.stdout


def test_options_arrive(fake, tmp_path: Path):
    options = "--no-video --blur-faces --model full --person 2 --height-cm 172 --slow-motion 4 --all-frames --workers 3"
    done = analyze(tmp_path, *options.split(), "--mirrored", "--treadmill-speed", "1.2")
    assert done.exit_code == Exit.OK, done.output
    assert fake.calls["probe"].slow_motion == 4
    assert fake.calls["model"].choice == "full"
    assert vars(fake.calls["extract"]) == {"person": 2, "all_frames": True, "both_ways": False, "workers": 3}
    assert vars(fake.calls["assess"].subject) == {"height_cm": 172, "treadmill_speed_m_s": 1.2}
    assert fake.calls["key_frames"].blur_faces is True
    assert "annotate" not in fake.calls
    assert not (tmp_path / "out/annotated.mp4").exists()


@pytest.mark.parametrize(
    ("stage", "error", "code"),
    [
        ("probe", UnreadableVideo("walk.mp4 is empty.", "Copy it again."), Exit.VIDEO),
        ("probe", UnsupportedVideo("walk.mp4 holds sound only.", "Film it."), Exit.VIDEO),
        ("extract", NoPerson("Nobody was found in walk.mp4.", "Come closer."), Exit.VIDEO),
        ("model", ModelUnavailable("No model.", "Go online."), Exit.MODEL),
        ("annotate", OutputError("The disk is full.", "Free some space."), Exit.OUTPUT),
        ("annotate", OSError(28, "No space left on device"), Exit.OUTPUT),
        ("assess", EvenstrideError("Something known.", "Do this."), Exit.UNEXPECTED),
        ("assess", ZeroDivisionError("division by zero"), Exit.UNEXPECTED),
        ("extract", KeyboardInterrupt(), Exit.CANCELLED),
    ],
)
def test_errors_are_one_sentence_with_a_code_and_leave_nothing(fake, tmp_path: Path, stage: str, error, code: Exit):
    fake.fail[stage] = error
    done = analyze(tmp_path, "--json")
    assert done.exit_code == code
    assert "Traceback" not in done.output
    said = json.loads(done.stdout)["error"]
    assert set(said) == {"code", "message", "advice"}
    assert all(said.values())
    assert f"{said['message']} {said['advice']}" == done.stderr.strip().splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_unexpected_error_says_how_to_get_the_details(fake, tmp_path: Path):
    fake.fail["assess"] = ZeroDivisionError("division by zero")
    assert "EVENSTRIDE_DEBUG=1" in analyze(tmp_path).stderr
    done = runner.invoke(
        app, ["analyze", "walk.mp4", "--out", str(tmp_path / "out")], env={**os.environ, "EVENSTRIDE_DEBUG": "1"}
    )
    assert isinstance(done.exception, ZeroDivisionError)


@pytest.mark.parametrize(
    "options", ["--height-cm 17", "--slow-motion 0", "--person 0", "--workers -1", "--treadmill-speed nan"]
)
def test_impossible_values_are_usage_errors(fake, tmp_path: Path, options: str):
    done = analyze(tmp_path, *options.split())
    assert done.exit_code == Exit.USAGE
    assert done.stderr.startswith(options.split()[0])
    assert not fake.calls


@pytest.mark.parametrize(
    "arguments",
    [
        "analyze",
        "analyze a.mp4 --nonsense",
        "nonsense",
        "analyze a.mp4 --height-cm tall",
        "analyze a.mp4 --height-cm 5",
    ],
)
def test_wrong_usage_still_gives_json_to_programs(arguments: str, tmp_path: Path):
    command = [sys.executable, "-m", "evenstride", *arguments.split(), "--json"]
    done = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == Exit.USAGE
    assert json.loads(done.stdout)["error"]["code"] == "usage"
    assert "Traceback" not in done.stderr


def test_a_terminal_without_the_right_letters_is_no_reason_to_fail(tmp_path: Path):
    command = [
        sys.executable,
        "-m",
        "evenstride",
        "analyze",
        "g\u00e5ng\u2212\u6b65.mp4",
        "--json",
        "--out",
        str(tmp_path / "o"),
    ]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, capture_output=True, cwd=tmp_path, env=environment)
    assert done.returncode == Exit.VIDEO, done.stderr
    assert "g\u00e5ng\u2212\u6b65.mp4" in json.loads(done.stdout.decode("utf-8"))["error"]["message"]
    assert b"g?ng??.mp4" in done.stderr


def test_place_of_the_result_is_checked_before_any_work(fake, tmp_path: Path):
    (tmp_path / "out").write_text("a file in the place of the folder")
    done = analyze(tmp_path)
    assert done.exit_code == Exit.OUTPUT
    assert not fake.calls
    assert (tmp_path / "out").read_text() == "a file in the place of the folder"


def test_folder_below_a_file_is_an_output_error(fake, tmp_path: Path):
    (tmp_path / "file").write_text("")
    done = runner.invoke(app, ["analyze", "walk.mp4", "--out", str(tmp_path / "file/out")])
    assert done.exit_code == Exit.OUTPUT
    assert not fake.calls
