"""Everything about one client in a ZIP file, and back.

The file holds `manifest.json` (format, version, SHA-256 and size of every other file), `client.json`, `measures.csv` (a
line a measure and recording), a folder a recording with `recording.json`, `result.json` and what else is kept, and a
folder a posture picture.
An import trusts none of it: names have to be the ones below, sizes and checksums those of the manifest, results have to
be readable, and reports lose whatever they could run or fetch.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, BinaryIO

from evenstride import __version__
from evenstride.posture_pipeline import PICTURE_NAME, parse_posture
from evenstride.posture_pipeline import RESULT_NAME as POSTURE_NAME
from evenstride.results import REPORT_NAME, RESULT_NAME, TRACK_NAME, Result, parse_result, replace_atomic
from evenstride.store import Client, Conditions, Recording, Store, StoreError
from evenstride.store.store import KEPT_FILES
from evenstride.tracks import load_track
from vision.errors import EvenstrideError

FORMAT = "evenstride-client"
VERSION = 2
MANIFEST = "manifest.json"
CLIENT = "client.json"
MEASURES = "measures.csv"
RECORDING = "recording.json"
FILM = "film.mp4"
POSTURE = "taken.json"
NAME = re.compile(
    rf"{CLIENT}|{MEASURES}|recordings/(?P<number>\d{{4}})/(?P<file>{RECORDING}|{RESULT_NAME}|{FILM}|{KEPT_FILES.pattern})"
    rf"|postures/(?P<posture>\d{{4}})/({POSTURE}|{POSTURE_NAME}|{PICTURE_NAME})"
)
ORIGIN = re.compile(r"[0-9a-f]{32}")

#: How every PNG begins.
PNG = b"\x89PNG\r\n\x1a\n"

MB = 1_000_000
#: Far above what Evenstride writes; a file that claims or unpacks to more is not one of its own.
MOST_FILES = 20_000
MOST_BYTES = 200 * MB
MOST_FILM_BYTES = 4_000 * MB
MOST_TOTAL_BYTES = 20_000 * MB
CHUNK = 1 << 20

COLUMNS = ("recording", "recorded_at", "measure", "unit", "value", "low", "high", "left", "right", "n", "status")

#: Put before an imported report: it may show itself and its own pictures, and run or fetch nothing.
REPORT_GUARD = (
    b"<!doctype html><meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; img-src data:; "
    b"style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'\">\n"
)


class UnusableExport(StoreError):
    """A file is not a client's export, or is damaged; nothing of it was imported."""

    code = "unusable_export"


@dataclass(frozen=True)
class Imported:
    """What an import did."""

    client: Client
    is_new: bool
    added: int
    already_here: int
    postures: int = 0

    def sentence(self) -> str:
        """Say it in words."""
        films = f"{self.added} recording" + ("" if self.added == 1 else "s")
        if self.postures:
            films += f" and {self.postures} posture picture" + ("" if self.postures == 1 else "s")
        if self.is_new:
            return f"Imported with {films}."
        if not self.added and not self.postures:
            return "This client was here already, with all these recordings; nothing was changed."
        return f"This client was here already; {films} that were missing came in."


# --- out


def export_client(store: Store, client_id: str, target: Path | BinaryIO) -> None:
    """Write everything about a client into a ZIP file, which is complete or not there at all.

    Raises
    ------
    OutputError
        If the file cannot be written.
    """
    if isinstance(target, Path):
        replace_atomic(target, lambda temporary: _write(store, client_id, temporary))
    else:
        _write(store, client_id, target)


def _write(store: Store, client_id: str, target: Path | BinaryIO) -> None:
    client, recordings = store.client(client_id), store.recordings(client_id)
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        writer = _Writer(archive)
        writer.add(CLIENT, _json(_about_client(client)))
        writer.add(MEASURES, _measures_csv(recordings).encode())
        for number, recording in enumerate(recordings, 1):
            folder = f"recordings/{number:04d}/"
            writer.add(folder + RECORDING, _json(_about_recording(recording)))
            writer.add(folder + RESULT_NAME, recording.result_json.encode())
            for name in store.files(recording.id):
                writer.add(folder + name, store.file(recording.id, name))
            video = store.video(recording.id)
            if video is not None:
                writer.add_file(folder + FILM, video)
        for number, posture in enumerate(store.postures(client_id), 1):
            folder = f"postures/{number:04d}/"
            writer.add(folder + POSTURE, _json({"taken_at": posture.taken_at.isoformat(), "origin": posture.origin}))
            writer.add(folder + POSTURE_NAME, posture.result_json.encode())
            writer.add(folder + PICTURE_NAME, store.posture_picture(posture.id))
        manifest = {"format": FORMAT, "version": VERSION, "evenstride": __version__, "files": writer.files}
        archive.writestr(MANIFEST, _json({**manifest, "created": datetime.now(UTC).isoformat(timespec="seconds")}))


class _Writer:
    """Adds files to an archive and keeps their checksums."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.files: dict[str, dict[str, Any]] = {}

    def add(self, name: str, content: bytes) -> None:
        self.archive.writestr(name, content)
        self.files[name] = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}

    def add_file(self, name: str, path: Path) -> None:
        digest, size = hashlib.sha256(), 0
        with path.open("rb") as source, self.archive.open(name, "w", force_zip64=True) as target:
            while block := source.read(CHUNK):
                target.write(block)
                digest.update(block)
                size += len(block)
        self.files[name] = {"sha256": digest.hexdigest(), "bytes": size}


def _json(data: Any) -> bytes:
    return (json.dumps(data, ensure_ascii=False, indent=2) + "\n").encode()


def _about_client(client: Client) -> dict[str, Any]:
    return {
        "name": client.name,
        "birth_year": client.birth_year,
        "height_cm": client.height_cm,
        "notes": client.notes,
        "keeps_videos": client.keeps_videos,
        "consent_on": None if client.consent_on is None else client.consent_on.isoformat(),
        "consent_wording": client.consent_wording,
        "created": client.created.isoformat(),
        "origin": client.origin,
    }


def _about_recording(recording: Recording) -> dict[str, Any]:
    return {
        "recorded_at": recording.recorded_at.isoformat(),
        "conditions": recording.conditions.to_dict(),
        "notes": recording.notes,
        "origin": recording.origin,
    }


def _measures_csv(recordings: list[Recording]) -> str:
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(COLUMNS)
    for number, recording in enumerate(recordings, 1):
        for name, m in recording.result.measures.items():
            low, high = m.ci95 or (None, None)
            when = recording.recorded_at.isoformat()
            table.writerow([number, when, name, m.unit, m.value, low, high, m.left, m.right, m.n, m.status])
    return text.getvalue()


# --- in


def import_client(store: Store, source: Path | BinaryIO) -> Imported:
    """Add a client from an export; of one who is here already, the recordings that are missing.

    Raises
    ------
    UnusableExport
        If the file is not an export, is damaged, or was written by a newer Evenstride. Nothing is changed then.
    """
    name = str(source) if isinstance(source, Path) else "The file"
    with _explained(name), zipfile.ZipFile(source) as archive:
        package = _Package(archive, name)
        package.check()
        return _take_in(store, package)


def _take_in(store: Store, package: _Package) -> Imported:
    about = package.client()
    client = store.find_origin(about["origin"])
    is_new = client is None
    if client is None:
        client = store.add_client(**about)
    here = {recording.origin for recording in store.recordings(client.id)}
    added = 0
    try:
        for number in package.numbers:
            recording = package.recording(number)
            if recording["origin"] not in here:
                with package.film(number) as film:
                    store.put_recording(client.id, video=film, **recording)
                added += 1
        postures = _take_in_postures(store, client, package)
    except BaseException:
        if is_new:
            # Half a client would look like a whole one.
            with suppress(StoreError):
                store.delete_client(client.id)
        raise
    return Imported(client, is_new, added, len(package.numbers) - added, postures)


def _take_in_postures(store: Store, client: Client, package: _Package) -> int:
    here = {posture.origin for posture in store.postures(client.id)}
    missing = [posture for posture in map(package.posture, package.postures) if posture["origin"] not in here]
    for posture in missing:
        store.put_posture(client.id, **posture)
    return len(missing)


class _Package:
    """An export that is being read. Nothing of it is believed before `check` has passed."""

    def __init__(self, archive: zipfile.ZipFile, name: str) -> None:
        self.archive = archive
        self.name = name
        self.infos = {info.filename: info for info in archive.infolist() if not info.is_dir()}
        self.manifest = self._manifest()

    @property
    def numbers(self) -> list[str]:
        """The folders of the recordings, oldest recording first."""
        return sorted({match["number"] for match in map(NAME.fullmatch, self.infos) if match and match["number"]})

    @property
    def postures(self) -> list[str]:
        """The folders of the posture pictures, oldest first."""
        return sorted({match["posture"] for match in map(NAME.fullmatch, self.infos) if match and match["posture"]})

    def check(self) -> None:
        """Look at everything once before anything is saved."""
        listed, found = set(self.manifest), set(self.infos) - {MANIFEST}
        if strange := sorted(name for name in listed | found if not NAME.fullmatch(name)):
            raise self._unusable(f"holds a file that does not belong there: {strange[0][:80]!r}")
        if listed != found:
            raise self._unusable(f"lacks a file or holds one too many: {sorted(listed ^ found)[0]}")
        sizes = [info.file_size for info in self.infos.values()]
        if len(sizes) > MOST_FILES or sum(sizes) > MOST_TOTAL_BYTES:
            raise self._unusable("unpacks to more than an export can hold")
        self.client()
        for name in sorted(found):
            if name.endswith(FILM):
                for _ in self._blocks(name):
                    pass
            else:
                self._read(name)
        for number in self.numbers:
            self.recording(number)
        for number in self.postures:
            self.posture(number)

    def client(self) -> dict[str, Any]:
        """Return the client's card, in the form that `Store.add_client` takes."""
        data = self._object(CLIENT)
        consent = data["consent_on"]
        return {
            "name": _typed(data, "name", str),
            "birth_year": _typed(data, "birth_year", int, None),
            "height_cm": _typed(data, "height_cm", float, int, None),
            "notes": _typed(data, "notes", str),
            "keeps_videos": _typed(data, "keeps_videos", bool),
            "consent_on": None if consent is None else date.fromisoformat(consent),
            "consent_wording": _typed(data, "consent_wording", str),
            "origin": _origin(data),
        }

    def recording(self, number: str) -> dict[str, Any]:
        """Return a recording, in the form that `Store.put_recording` takes."""
        folder = f"recordings/{number}/"
        data = self._object(folder + RECORDING)
        text = self._read(folder + RESULT_NAME).decode()
        self._result(text)
        apart = {folder + RECORDING, folder + RESULT_NAME, folder + FILM}
        names = [name for name in self.infos if name.startswith(folder) and name not in apart]
        files = {name.removeprefix(folder): self._read(name) for name in names}
        return {
            "result_json": text,
            "files": {name: self._safe(name, content) for name, content in files.items()},
            "recorded_at": _moment(data, "recorded_at"),
            "conditions": Conditions.from_dict(_typed(data, "conditions", dict)),
            "notes": _typed(data, "notes", str),
            "origin": _origin(data),
        }

    def posture(self, number: str) -> dict[str, Any]:
        """Return a posture picture, in the form that `Store.put_posture` takes."""
        folder = f"postures/{number}/"
        data, text = self._object(folder + POSTURE), self._read(folder + POSTURE_NAME).decode()
        parse_posture(text, f"A posture picture in {self.name}")
        picture = self._read(folder + PICTURE_NAME)
        if not picture.startswith(PNG):
            raise self._unusable(f"holds something else in place of {folder}{PICTURE_NAME}")
        return {"result_json": text, "picture": picture, "taken_at": _moment(data, "taken_at"), "origin": _origin(data)}

    @contextmanager
    def film(self, number: str) -> Iterator[Path | None]:
        """Unpack a recording's film, if there is one, for as long as it takes to copy it."""
        name = f"recordings/{number}/{FILM}"
        if name not in self.infos:
            yield None
            return
        with tempfile.TemporaryDirectory(prefix="evenstride-import-") as folder:
            path = Path(folder, FILM)
            with path.open("wb") as file:
                for block in self._blocks(name):
                    file.write(block)
            yield path

    def _result(self, text: str) -> Result:
        return parse_result(text, f"A result in {self.name}")

    def _safe(self, name: str, content: bytes) -> bytes:
        """Check the landmarks, and take from a report what it could run or fetch."""
        if name == TRACK_NAME:
            with zipfile.ZipFile(io.BytesIO(content)) as inside:
                if sum(info.file_size for info in inside.infolist()) > MOST_BYTES:
                    raise self._unusable(f"unpacks to more than an export can hold in {name}")
            load_track(io.BytesIO(content))
        if name == REPORT_NAME and not content.startswith(REPORT_GUARD):
            return REPORT_GUARD + content
        return content

    def _manifest(self) -> dict[str, dict[str, Any]]:
        if MANIFEST not in self.infos:
            raise self._unusable("was not exported by Evenstride")
        if len(self.archive.infolist()) != len(set(self.archive.namelist())):
            raise self._unusable("holds two files of the same name")
        data = json.loads(b"".join(self._unpack(MANIFEST, MOST_BYTES)))
        if not isinstance(data, dict) or data.get("format") != FORMAT:
            raise self._unusable("was not exported by Evenstride")
        if not isinstance(data.get("version"), int) or data["version"] > VERSION:
            raise UnusableExport(
                f"{self.name} was exported by a newer Evenstride.", "Update Evenstride and import it again."
            )
        files: dict[str, dict[str, Any]] = _typed(data, "files", dict)
        return files

    def _object(self, name: str) -> dict[str, Any]:
        data = json.loads(self._read(name))
        if not isinstance(data, dict):
            raise self._unusable(f"is damaged in {name}")
        return data

    def _read(self, name: str) -> bytes:
        return b"".join(self._blocks(name))

    def _blocks(self, name: str) -> Iterator[bytes]:
        """Unpack a file block by block; size and checksum have to be those of the manifest."""
        if name not in self.infos:
            raise self._unusable(f"lacks {name}")
        entry = self.manifest[name]
        digest, size = hashlib.sha256(), 0
        for block in self._unpack(name, MOST_FILM_BYTES if name.endswith(FILM) else MOST_BYTES):
            digest.update(block)
            size += len(block)
            yield block
        if (digest.hexdigest(), size) != (entry.get("sha256"), entry.get("bytes")):
            raise self._unusable(f"is damaged in {name}")

    def _unpack(self, name: str, most: int) -> Iterator[bytes]:
        size = 0
        with self.archive.open(self.infos[name]) as file:
            # What a file claims to hold is not believed: what comes out is counted.
            while block := file.read(CHUNK):
                size += len(block)
                if size > most:
                    raise self._unusable(f"unpacks to more than an export can hold in {name}")
                yield block

    def _unusable(self, what: str) -> UnusableExport:
        return UnusableExport(f"{self.name} {what}.", "Export the client once more; nothing was imported.")


def _typed(data: dict[str, Any], key: str, *kinds: type | None) -> Any:
    value = data[key]
    if (value is None and None in kinds) or type(value) in kinds:
        return value
    raise ValueError(f"{key} is of the wrong kind")


def _origin(data: dict[str, Any]) -> str:
    origin = str(data["origin"])
    if not ORIGIN.fullmatch(origin):
        raise ValueError("origin is of the wrong kind")
    return origin


def _moment(data: dict[str, Any], key: str) -> datetime:
    moment = datetime.fromisoformat(data[key])
    if moment.tzinfo is None:
        raise ValueError(f"{key} has no time zone")
    return moment


#: What zipfile and the readers of its contents raise for files that are broken, encrypted or of another kind.
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError, KeyError, TypeError)


@contextmanager
def _explained(name: str) -> Iterator[None]:
    try:
        yield
    except EvenstrideError:
        raise
    except FileNotFoundError as error:
        raise UnusableExport(f"{name} does not exist.", "Check the name of the file.") from error
    except OSError as error:
        why = error.strerror or "unknown reason"
        raise UnusableExport(f"{name} could not be read: {why}.", "Copy it once more and try again.") from error
    except (*BROKEN, RecursionError, OverflowError, AttributeError) as error:
        raise UnusableExport(
            f"{name} is not a client's export, or is damaged.", "Export the client once more; nothing was imported."
        ) from error
