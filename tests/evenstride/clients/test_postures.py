"""Posture pictures of a client: kept, taken along and deleted like films, in stores that were there before them too."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime
from pathlib import Path

import folders
import pytest
import sqlalchemy as sa

from evenstride.exchange import UnusableExport, export_client, import_client
from evenstride.results import ResultError
from evenstride.store import Store, StoreError, database, open_store

CREATED = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_what_goes_in_comes_out(store: Store, tmp_path: Path):
    client = store.add_client("Ann")
    folder = folders.write_posture(tmp_path / "p")
    later = store.add_posture(client.id, folder, taken_at=datetime(2026, 3, 1, tzinfo=UTC))
    first = store.add_posture(client.id, folder)
    assert first.taken_at == CREATED, "without a day the time of the analysis counts"
    assert store.postures(client.id) == [first, later]
    assert store.posture(first.id).result.view == "front"
    assert first.result_json == (folder / "posture.json").read_text(encoding="utf-8")
    assert store.posture_picture(first.id) == (folder / "posture.png").read_bytes()


def test_what_is_none_is_refused(store: Store, tmp_path: Path):
    client = store.add_client("Ann")
    with pytest.raises(StoreError, match="could not be read"):
        store.add_posture(client.id, tmp_path)
    folder = folders.write_posture(tmp_path / "p")
    (folder / "posture.json").write_text('{"schema_version": 2}')
    with pytest.raises(ResultError, match="can't be read"):
        store.add_posture(client.id, folder)
    assert store.postures(client.id) == []


def test_deleting_one_and_deleting_all(store: Store, tmp_path: Path):
    ann, bob = store.add_client("Ann"), store.add_client("Bob")
    folder = folders.write_posture(tmp_path / "p")
    pictures = [store.add_posture(one.id, folder) for one in (ann, ann, ann, bob)]
    done = store.delete_posture(pictures[0].id)
    assert (done.postures, done.recordings, done.rows_left) == (1, 0, 0) and done.traces in (0, None)
    assert store.postures(ann.id) == pictures[1:3]
    done = store.delete_client(ann.id)
    assert (done.postures, done.rows_left) == (2, 0) and done.traces in (0, None)
    assert "2 posture pictures" in done.sentence()
    with store.database.reading() as connection:
        assert connection.execute(sa.text("SELECT count(*) FROM postures")).scalar() == 1
    assert store.postures(bob.id) == pictures[3:]


def test_a_store_of_the_release_before_is_brought_up_to_date(store_url: str, tmp_path: Path, result_folder: Path):
    store = open_store(url=store_url, videos=tmp_path / "videos")
    client = store.add_client("Ann", notes="kept")
    recording = store.add_recording(client.id, result_folder)
    with store.database.writing() as connection:  # as the release before left it
        connection.execute(sa.text("DROP TABLE postures"))
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    store.database.close()
    again = Store(database.Database(store.database.url, tmp_path / "videos"))
    assert again.client(client.id) == client and again.recording(recording.id) == recording
    assert again.add_posture(client.id, folders.write_posture(tmp_path / "p")) in again.postures(client.id)
    again.database.close()


def test_the_steps_make_the_same_tables_one_by_one(tmp_path: Path):
    url = database.parse_url(str(tmp_path / "old.sqlite"))
    engine = sa.create_engine(url)
    with engine.begin() as connection:
        database.upgrade(connection, "0001")
        assert "postures" not in sa.inspect(connection).get_table_names()
    engine.dispose()
    store = Store(database.Database(url, tmp_path))
    assert store.postures(store.add_client("Ann").id) == []
    store.database.close()


def test_export_and_import(store: Store, tmp_path: Path):
    here = open_store(url=str(tmp_path / "here.sqlite"))
    client = here.add_client("Ann")
    pictures = [here.add_posture(client.id, folders.write_posture(tmp_path / f"{n}", hour=n)) for n in (1, 2)]
    export_client(here, client.id, tmp_path / "a.zip")
    done = import_client(store, tmp_path / "a.zip")
    assert done.sentence() == "Imported with 0 recordings and 2 posture pictures."
    arrived = store.postures(done.client.id)
    same = ("taken_at", "origin", "result_json")
    assert [[getattr(one, name) for name in same] for one in arrived] == [
        [getattr(one, name) for name in same] for one in pictures
    ]
    assert store.posture_picture(arrived[0].id) == here.posture_picture(pictures[0].id)
    assert "nothing was changed" in import_client(store, tmp_path / "a.zip").sentence()
    assert len(store.postures(done.client.id)) == 2


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("posture.png", b"<svg onload='alert(1)'>"),
        ("posture.json", b'{"schema_version": 1}'),
        ("taken.json", b'{"taken_at": "2026-01-01", "origin": "../x"}'),
        ("run.sh", b"rm -rf /"),
    ],
)
def test_an_import_trusts_no_picture(store: Store, tmp_path: Path, file: str, content: bytes):
    import hashlib

    here = open_store(url=str(tmp_path / "here.sqlite"))
    client = here.add_client("Ann")
    here.add_posture(client.id, folders.write_posture(tmp_path / "p"))
    export_client(here, client.id, tmp_path / "a.zip")
    with zipfile.ZipFile(tmp_path / "a.zip") as source:
        files = {name: source.read(name) for name in source.namelist()}
    files[f"postures/0001/{file}"] = content
    manifest = json.loads(files["manifest.json"])
    entry = {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
    manifest["files"][f"postures/0001/{file}"] = entry
    files["manifest.json"] = json.dumps(manifest).encode()
    with zipfile.ZipFile(tmp_path / "b.zip", "w") as target:
        for name, each in files.items():
            target.writestr(name, each)
    with pytest.raises((UnusableExport, ResultError)):
        import_client(store, tmp_path / "b.zip")
    assert store.count() == 0
