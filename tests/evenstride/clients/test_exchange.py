"""A client's ZIP: complete, readable elsewhere, and never trusted."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import zipfile
from datetime import date
from pathlib import Path

import folders
import pytest

from evenstride import exchange
from evenstride.exchange import UnusableExport, export_client, import_client
from evenstride.store import Conditions, Store, StoreError, open_store
from vision.errors import OutputError

NAME = "Zoë <b>O'Neil</b> \u202eשלום 👩🏽‍🦽 " + "é" * 150


@pytest.fixture
def other(tmp_path: Path) -> Store:
    """A store on another computer."""
    return open_store(url=str(tmp_path / "elsewhere/clients.sqlite"))


@pytest.fixture
def here(tmp_path: Path) -> Store:
    return open_store(url=str(tmp_path / "here/clients.sqlite"))


@pytest.fixture
def client(here: Store, result_folder: Path):
    client = here.add_client(
        NAME, birth_year=1970, height_cm=165.5, notes="a\nb", keeps_videos=True, consent_on=date(2026, 2, 3)
    )
    here.add_recording(client.id, result_folder, conditions=Conditions("treadmill", "<i>", "fast", "x"), notes="é")
    here.add_recording(client.id, folders.write(result_folder.parent / "second", created="2026-03-04T05:06:07Z"))
    return client


@pytest.fixture
def exported(here: Store, client, tmp_path: Path) -> Path:
    path = tmp_path / "client.zip"
    export_client(here, client.id, path)
    return path


def test_export_and_import_between_all_databases(store: Store, here: Store, client, exported: Path, tmp_path: Path):
    done = import_client(store, exported)
    assert (done.is_new, done.added, done.already_here) == (True, 2, 0)
    arrived = store.client(done.client.id)
    assert arrived.id != client.id, "ids are never taken over"
    for name in ("name", "birth_year", "height_cm", "notes", "keeps_videos", "consent_on", "consent_wording", "origin"):
        assert getattr(arrived, name) == getattr(client, name)
    for before, after in zip(here.recordings(client.id), store.recordings(arrived.id), strict=True):
        for name in ("recorded_at", "conditions", "notes", "result_json", "has_video", "origin"):
            assert getattr(before, name) == getattr(after, name)
        assert here.files(before.id).keys() == store.files(after.id).keys()
        for name in ("track.npz", "frames.csv", "strides.csv"):
            assert here.file(before.id, name) == store.file(after.id, name)
        assert store.video(after.id).read_bytes() == folders.VIDEO
    again = tmp_path / "again.zip"
    export_client(store, arrived.id, again)
    third = open_store(url=str(tmp_path / "third.sqlite"))
    assert import_client(third, again).client.name == NAME


def test_the_zip_is_complete_and_readable_without_evenstride(here: Store, client, exported: Path):
    with zipfile.ZipFile(exported) as archive:
        assert archive.testzip() is None
        manifest = json.loads(archive.read("manifest.json"))
        assert set(manifest["files"]) == set(archive.namelist()) - {"manifest.json"}
        for name, entry in manifest["files"].items():
            assert hashlib.sha256(archive.read(name)).hexdigest() == entry["sha256"]
        for number in ("0001", "0002"):
            for file in ("result.json", "report.html", "track.npz", "frames.csv", "strides.csv", "film.mp4"):
                assert f"recordings/{number}/{file}" in manifest["files"]
        assert json.loads(archive.read("client.json"))["name"] == NAME
        rows = list(csv.DictReader(io.StringIO(archive.read("measures.csv").decode())))
    measures = here.recordings(client.id)[0].result.measures
    assert len(rows) == 2 * len(measures)
    assert float(next(row for row in rows if row["measure"] == "cadence")["value"]) == measures["cadence"].value


def test_importing_twice_changes_nothing(other: Store, exported: Path):
    first = import_client(other, exported)
    second = import_client(other, exported)
    assert (
        not second.is_new
        and (second.added, second.already_here) == (0, 2)
        and "nothing was changed" in second.sentence()
    )
    assert other.count() == 1 and len(other.recordings(first.client.id)) == 2


def test_only_what_is_missing_comes_in(
    here: Store, client, other: Store, exported: Path, result_folder: Path, tmp_path
):
    mine = import_client(other, exported).client
    other.update_client(mine.id, mine.version, notes="my own")
    here.add_recording(client.id, result_folder)
    export_client(here, client.id, tmp_path / "later.zip")
    assert import_client(other, tmp_path / "later.zip").added == 1
    assert len(other.recordings(mine.id)) == 3 and other.client(mine.id).notes == "my own"


def test_another_trainer_gets_a_copy_of_their_own(here: Store, client, exported: Path):
    colleague = Store(here.database, "someone else")
    done = import_client(colleague, exported)
    assert done.is_new and done.client.id != client.id
    colleague.delete_client(done.client.id)
    assert here.client(client.id) == client and len(here.recordings(client.id)) == 2


def rewrite(source: Path, target: Path, change=None, *, fix: bool = False, extra: dict | None = None) -> Path:
    """Copy an export with some files changed; `fix` makes the manifest agree with what is there now."""
    with zipfile.ZipFile(source) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    files.update(extra or {})
    for name in list(files):
        if change is not None and (new := change(name, files[name])) is not None:
            files[name] = new
    if fix:
        manifest = json.loads(files["manifest.json"])
        manifest["files"] = {
            name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
            for name, content in files.items()
            if name != "manifest.json"
        }
        files["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return target


def refused(other: Store, path: Path, match: str = "") -> None:
    with pytest.raises((UnusableExport, StoreError), match=match) as error:
        import_client(other, path)
    assert error.value.message.endswith(".") and error.value.advice
    assert other.count() == 0
    assert not list(other.database.videos.glob("*")) if other.database.videos.exists() else True


@pytest.mark.parametrize(
    "evil", ["../../evil.txt", "/etc/evil", "recordings/0001/../../x", "C:\\evil", "recordings/0001/x.py"]
)
@pytest.mark.parametrize("listed", [True, False])
def test_names_that_lead_elsewhere(other: Store, exported: Path, tmp_path: Path, evil: str, listed: bool):
    before = set(tmp_path.rglob("*"))
    refused(other, rewrite(exported, tmp_path / "evil.zip", fix=listed, extra={evil: b"x"}), "does not belong there")
    new = {path.name for path in set(tmp_path.rglob("*")) - before}
    assert new <= {"evil.zip", "clients.sqlite-wal", "clients.sqlite-shm"}


def test_one_changed_byte_anywhere(other: Store, exported: Path, tmp_path: Path):
    with zipfile.ZipFile(exported) as archive:
        names = [name for name in archive.namelist() if name != "manifest.json"]
    for changed in names:
        path = rewrite(
            exported, tmp_path / "changed.zip", lambda n, c, at=changed: c[:-2] + b"?" + c[-1:] if n == at else None
        )
        refused(other, path, "is damaged")


def test_a_file_cut_off_anywhere(other: Store, exported: Path, tmp_path: Path):
    content = exported.read_bytes()
    for share in (0, 0.1, 0.5, 0.9, 0.999):
        path = tmp_path / "cut.zip"
        path.write_bytes(content[: int(share * len(content))])
        refused(other, path, "not a client's export|damaged")


def test_files_that_are_something_else(other: Store, tmp_path: Path):
    refused(other, tmp_path / "missing.zip", "does not exist")
    refused(other, tmp_path, "could not be read")
    text = tmp_path / "letter.zip"
    text.write_text("hello")
    refused(other, text, "not a client's export")
    foreign = tmp_path / "holiday.zip"
    with zipfile.ZipFile(foreign, "w") as archive:
        archive.writestr("photo.jpg", b"x")
    refused(other, foreign, "not exported by Evenstride")


def test_a_bomb(other: Store, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(exchange, "MOST_BYTES", 3_000_000)
    bomb = {"recordings/0001/bomb.jpg": bytes(3_000_001)}
    path = rewrite(exported, tmp_path / "bomb.zip", fix=True, extra=bomb)
    assert path.stat().st_size < 200_000
    refused(other, path, "unpacks to more")
    monkeypatch.setattr(exchange, "MOST_TOTAL_BYTES", 1000)
    refused(other, exported, "unpacks to more")


def test_a_bomb_inside_the_landmarks(other: Store, exported: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("time_s.npy", bytes(4_000_000))
    monkeypatch.setattr(exchange, "MOST_BYTES", 3_000_000)
    change = {"recordings/0001/track.npz": inner.getvalue()}
    refused(other, rewrite(exported, tmp_path / "b.zip", fix=True, extra=change), "unpacks to more")


def edited(file: str, /, **fields):
    def change(found: str, content: bytes) -> bytes | None:
        return json.dumps({**json.loads(content), **fields}).encode() if found == file else None

    return change


@pytest.mark.parametrize(
    ("file", "fields", "says"),
    [
        ("manifest.json", {"version": exchange.VERSION + 1}, "newer Evenstride"),
        ("manifest.json", {"version": "1"}, "newer Evenstride"),
        ("manifest.json", {"format": "x"}, "not exported by"),
        ("manifest.json", {"files": []}, "damaged"),
        ("client.json", {"name": ""}, "needs a name"),
        ("client.json", {"name": 5}, "damaged"),
        ("client.json", {"name": "x\u0000"}, "can't be stored"),
        ("client.json", {"birth_year": "1970; DROP TABLE"}, "damaged"),
        ("client.json", {"keeps_videos": "yes"}, "damaged"),
        ("client.json", {"consent_on": "yesterday"}, "damaged"),
        ("client.json", {"origin": "../x"}, "damaged"),
        ("recordings/0001/recording.json", {"recorded_at": "2026-01-01"}, "damaged"),
        ("recordings/0001/recording.json", {"conditions": {"surface": "moon"}}, "not a surface"),
        ("recordings/0002/recording.json", {"notes": None}, "damaged"),
        ("recordings/0001/result.json", {"schema_version": 99}, "newer Evenstride"),
        ("recordings/0001/result.json", {"measures": 5}, "is damaged at measures"),
    ],
)
def test_contents_that_make_no_sense(other: Store, exported: Path, tmp_path: Path, file: str, fields: dict, says: str):
    fix = file != "manifest.json"
    path = rewrite(exported, tmp_path / "odd.zip", edited(file, **fields), fix=fix)
    with pytest.raises(Exception, match=says) as error:
        import_client(other, path)
    assert error.value.advice and other.count() == 0


def test_two_files_of_one_name(other: Store, exported: Path, tmp_path: Path):
    path = tmp_path / "two.zip"
    path.write_bytes(exported.read_bytes())
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("client.json", b"{}")
    refused(other, path, "same name")


def test_an_imported_report_runs_and_fetches_nothing(other: Store, exported: Path, tmp_path: Path):
    evil = b"<html><script>alert(1)</script><img src=http://evil.example/x></html>"
    path = rewrite(exported, tmp_path / "e.zip", fix=True, extra={"recordings/0001/report.html": evil})
    recording = other.recordings(import_client(other, path).client.id)[0]
    report = other.file(recording.id, "report.html")
    assert report.startswith(exchange.REPORT_GUARD) and report.endswith(evil)
    assert b"default-src 'none'" in exchange.REPORT_GUARD and b"script-src" not in exchange.REPORT_GUARD


def test_a_failure_in_the_middle_leaves_no_half_client(other: Store, exported: Path, monkeypatch: pytest.MonkeyPatch):
    real, calls = other.put_recording, []

    def fails(*args, **kwargs):
        calls.append(1)
        if len(calls) == 2:
            raise StoreError("The disk is full.", "Free some space.")
        return real(*args, **kwargs)

    monkeypatch.setattr(other, "put_recording", fails)
    with pytest.raises(StoreError, match="disk is full"):
        import_client(other, exported)
    assert other.count() == 0 and not list(other.database.videos.glob("*.mp4"))


def test_an_export_that_cannot_be_written(here: Store, client, tmp_path: Path):
    with pytest.raises(OutputError):
        export_client(here, client.id, tmp_path / "no such folder/x.zip")
    (tmp_path / "taken").mkdir()
    with pytest.raises(OutputError):
        export_client(here, client.id, tmp_path / "taken")
    assert not list(tmp_path.glob(".*"))
