"""README.md says what is there: its commands, options, files and figures."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import pytest
import typer

from evenstride.cli import Exit, app
from evenstride.pipeline import ALL_NAMES, AnalyzeOptions

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
#: Pages with links and commands that must hold.
PAGES = ("README.md", "CONTRIBUTING.md", "docs/method.md")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, flags=re.S)


@pytest.fixture(scope="module")
def commands() -> dict:
    return typer.main.get_command(app).commands


def options(command) -> set[str]:
    return {name for parameter in command.params for name in parameter.opts if name.startswith("--")}


def test_the_table_holds_every_option_and_no_other(commands):
    named = set(re.findall(r"^\| `(--[a-z-]+)", README, flags=re.M))
    assert named == options(commands["analyze"]) - {"--help"}


def test_commands_can_be_called_as_written(commands):
    lines = [line for block in blocks("sh") for line in block.splitlines() if "evenstride " in line]
    assert lines
    for line in lines:
        words = shlex.split(line, comments=True)
        command, *rest = words[1:]
        assert {word for word in rest if word.startswith("--")} <= options(commands[command])
        clips = [word for word in rest if word.startswith("sample_videos/")]
        assert all((ROOT / clip).exists() for clip in clips)


def test_make_targets_exist():
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.M))
    named = set(re.findall(r"^make ([a-z]+)", "\n".join(blocks("sh")), flags=re.M))
    assert {"app", "demo", "test"} == named and named <= targets


def test_exit_codes_are_those_of_the_program():
    sentence = re.search(r"Exit codes: (.*?)\.", README, flags=re.S)
    assert sentence
    assert {int(code) for code in re.findall(r"\b\d+\b", sentence[1])} == {int(code) for code in Exit}


def test_files_that_are_written():
    assert set(ALL_NAMES) <= set(re.findall(r"`([a-z.]+\.[a-z0-9]+)`", README))


def test_python_example_uses_what_exists():
    (example,) = blocks("python")
    calls = [node for node in ast.walk(ast.parse(example)) if isinstance(node, ast.Call)]
    (made,) = (call for call in calls if getattr(call.func, "id", "") == "AnalyzeOptions")
    assert {word.arg for word in made.keywords} <= set(AnalyzeOptions.model_fields)


@pytest.mark.parametrize("page", PAGES)
def test_links_and_files_exist(page: str):
    text = (ROOT / page).read_text(encoding="utf-8")
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    missing = [link for link in links if not ((ROOT / page).parent / link).exists()]
    files = re.findall(r"`((?:analysis|vision|evenstride|validation|docs|benchmarks)/[\w./]+\.\w+)`", text)
    missing += [file for file in files if not (ROOT / file).exists()]
    assert not missing


def test_modules_that_are_run_exist():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for module in re.findall(r"python -m ([\w.]+)", text):
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").exists() or (path / "__main__.py").exists(), module


def test_figures_are_those_that_were_measured():
    section = re.split(r"^## ", README, flags=re.M)
    (said,) = (part for part in section if part.startswith("How sure it is"))
    measured = " ".join((ROOT / "docs/accuracy.md").read_text(encoding="utf-8").split())
    figures = re.findall(r"\*\*(.+?)\*\*", said, flags=re.S)
    assert len(figures) >= 3
    missing = [figure for figure in figures if " ".join(figure.split()) not in measured]
    assert not missing, "docs/accuracy.md says otherwise; take the figures from there"
