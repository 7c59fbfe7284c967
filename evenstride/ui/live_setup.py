"""Put what the live view needs where the app serves it: ``python -m evenstride.ui.live_setup``.

That is the pose model's runtime for browsers (an npm package, pinned by package-lock.json) and the pose model itself.
Without them the live page says so, and every other page works.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from vision.errors import EvenstrideError

#: Where app.py, package.json and the served folder are.
ROOT = Path(__file__).resolve().parents[2]
#: Streamlit serves `static/` beside app.py under this address (server.enableStaticServing).
FOLDER = ROOT / "static" / "live"
ADDRESS = "app/static/live/"

PACKAGE = "@mediapipe/tasks-vision"
#: Files of the package that a browser asks for; the second pair is for browsers without SIMD.
RUNTIME = (
    "vision_bundle.mjs",
    "wasm/vision_wasm_internal.js",
    "wasm/vision_wasm_internal.wasm",
    "wasm/vision_wasm_nosimd_internal.js",
    "wasm/vision_wasm_nosimd_internal.wasm",
)
#: The heavy model is too slow for a live picture, lite too inexact.
MODEL_NAME = "full"
MODEL_FILE = "pose_landmarker_full.task"
VERSION_FILE = "version.txt"

NPM_TIMEOUT_S = 600.0
HOW = "Run `make setup` (or `python -m evenstride.ui.live_setup`) once; it needs npm, which comes with Node.js."


class LiveUnavailable(EvenstrideError):
    """What the live view needs is not installed."""

    code = "live_unavailable"


def missing() -> str | None:
    """Return in one sentence what the live view lacks, or None."""
    absent = [name for name in (*RUNTIME, MODEL_FILE) if not (FOLDER / Path(name).name).is_file()]
    if absent:
        return (
            f"The live view is not installed on this computer ({len(absent)} of {len(RUNTIME) + 1} files are missing)."
        )
    if installed() != pinned():
        return f"The live view was installed by another release ({installed()} instead of {pinned()})."
    return None


def installed() -> str:
    """Return the version of the runtime that is served, or an empty text."""
    version = FOLDER / VERSION_FILE
    return version.read_text(encoding="utf-8").strip() if version.is_file() else ""


def pinned() -> str:
    """Return the version of the runtime that this release was tested with."""
    try:
        package = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))
    except OSError as error:
        raise LiveUnavailable(
            "The live view comes with the repository, not with the installed package.",
            "Get the repository and run `make app` in it.",
        ) from error
    return str(package["dependencies"][PACKAGE])


def install() -> None:
    """Fetch the runtime with npm, the model through the user's cache, and copy both into the served folder.

    Raises
    ------
    LiveUnavailable
        If npm is not there or fails.
    ModelUnavailable
    """
    from vision.model import get_model

    wanted = pinned()
    package = ROOT / "node_modules" / PACKAGE
    if _version_in(package) != wanted:
        _npm_ci()
    model = get_model(MODEL_NAME)
    FOLDER.mkdir(parents=True, exist_ok=True)
    # The version is written last: an interrupted copy does not pass for a complete one.
    (FOLDER / VERSION_FILE).unlink(missing_ok=True)
    for name in RUNTIME:
        shutil.copyfile(package / name, FOLDER / Path(name).name)
    shutil.copyfile(model.path, FOLDER / MODEL_FILE)
    (FOLDER / VERSION_FILE).write_text(wanted + "\n", encoding="utf-8")


def _version_in(package: Path) -> str:
    try:
        return str(json.loads((package / "package.json").read_text(encoding="utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        return ""


def _npm_ci() -> None:
    npm = shutil.which("npm")
    if npm is None:
        raise LiveUnavailable("npm was not found.", "Install Node.js and run this again; everything else works.")
    # No package may run scripts of its own here; this one has none.
    command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    try:
        subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True, timeout=NPM_TIMEOUT_S)
    except subprocess.CalledProcessError as error:
        lines = [line for line in error.stderr.splitlines() if " error " in line] or [f"exit code {error.returncode}"]
        raise LiveUnavailable(
            f"npm could not fetch {PACKAGE} ({lines[-1].strip()}).", "Connect to the internet and run this again."
        ) from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise LiveUnavailable(f"npm did not finish ({error}).", "Run this again.") from error


def main() -> int:
    """Install what is missing and say in one line how that went; the rest of a set-up goes on either way."""
    try:
        if missing():
            install()
    except EvenstrideError as error:
        print(f"Without the live view: {error} {error.advice}")
        return 0
    except OSError as error:
        print(f"Without the live view: {FOLDER} could not be written ({error.strerror}).")
        return 0
    print(f"Live view: {PACKAGE} {installed()} and the {MODEL_NAME} pose model in {FOLDER.relative_to(ROOT)}/")
    return 0


if __name__ == "__main__":
    sys.exit(main())
