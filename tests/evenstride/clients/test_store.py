"""The store, on SQLite and on a real PostgreSQL server: what goes in comes out, to its owner and to nobody else."""

from __future__ import annotations

import inspect
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import folders
import pytest
import sqlalchemy as sa

from evenstride.results import read_result
from evenstride.store import ChangedMeanwhile, Conditions, NotFound, Store, StoreError, database, open_store
from evenstride.store.tables import metadata
from evenstride.tracks import load_track

NAMES = (
    'O\'Brien "Bo" \\ %_',
    "<script>alert(1)</script>",
    "'); DROP TABLE clients; --",
    "{{ 7*7 }} **bold** [link](http://x)",
    "👩🏽‍🦽 Zoë Ångström",
    "\u202eמשה כהן العربية",
    "  two  spaces\tand a tab ",
    "é" * 200,
    "x" * 300,
)


def test_names_come_back_exactly(store: Store):
    for name in NAMES:
        client = store.add_client(name, notes=name)
        assert store.client(client.id).name == name == store.client(client.id).notes
        assert [one.name for one in store.clients(name)] == [name]
        assert store.named(name) == [client]


def test_what_is_no_name_is_refused_in_a_sentence(store: Store):
    for name in ("", "   ", "x" * 301, "nul \0 inside", "half a pair \ud800"):
        with pytest.raises(StoreError) as error:
            store.add_client(name)
        assert error.value.message and error.value.advice
    assert store.count() == 0


def test_impossible_figures_are_refused(store: Store):
    for field in ({"birth_year": 19}, {"height_cm": 17.5}, {"notes": "x" * 20_001}):
        with pytest.raises(StoreError):
            store.add_client("A", **field)


def test_a_client_has_everything_that_was_typed(store: Store):
    client = store.add_client(
        "Ann", birth_year=1980, height_cm=171.5, notes="knee", keeps_videos=True, consent_on=date(2026, 3, 1)
    )
    again = store.client(client.id)
    assert again == client
    assert (again.birth_year, again.height_cm, again.consent_on) == (1980, 171.5, date(2026, 3, 1))
    assert "agree" in again.consent_wording and again.created.tzinfo is not None


def test_search_minds_neither_case_nor_accents_nor_order(store: Store):
    for name in ("Zoë Ångström", "Ann Zoellner", "Bob", "100 % Bob_2"):
        store.add_client(name)
    assert [one.name for one in store.clients("ZOE")] == ["Ann Zoellner", "Zoë Ångström"]
    assert [one.name for one in store.clients("angstrom zoe")] == ["Zoë Ångström"]
    assert [one.name for one in store.clients("%")] == ["100 % Bob_2"], "a percent sign is only a percent sign"
    assert [one.name for one in store.clients("_")] == ["100 % Bob_2"]
    assert [one.name for one in store.clients(limit=2, offset=1)] == ["Ann Zoellner", "Bob"]
    assert store.count() == 4 and store.count("bob") == 2


def test_a_recording_comes_back_whole(store: Store, result_folder: Path, tmp_path: Path):
    client = store.add_client("Ann")
    when = datetime(2026, 5, 4, 12, tzinfo=UTC)
    conditions = Conditions(surface="treadmill", shoes="<b>red</b>", pace="usual", other="tired")
    added = store.add_recording(client.id, result_folder, recorded_at=when, conditions=conditions, notes="n'")
    recording = store.recording(added.id)
    assert (recording.recorded_at, recording.conditions, recording.notes) == (when, conditions, "n'")
    assert recording.result == read_result(result_folder)
    assert set(store.files(recording.id)) == {"frames.csv", "strides.csv", "track.npz", "report.html"}
    unpacked = store.unpack(recording.id, tmp_path / "out")
    for path in unpacked.iterdir():
        assert path.read_bytes() == (result_folder / path.name).read_bytes()
    assert len(load_track(unpacked / "track.npz").time_s) == 60
    (listed,) = store.clients()
    assert (listed.recordings, listed.last_recorded_at) == (1, when)


def test_without_a_date_the_time_of_the_analysis_counts(store: Store, result_folder: Path):
    client = store.add_client("Ann")
    assert store.add_recording(client.id, result_folder).recorded_at == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_recordings_are_in_the_order_of_their_dates(store: Store, result_folder: Path):
    client = store.add_client("Ann")
    start = datetime(2026, 1, 1, tzinfo=UTC)
    for days in (5, 1, 3):
        store.add_recording(client.id, result_folder, recorded_at=start + timedelta(days))
    assert [(one.recorded_at - start).days for one in store.recordings(client.id)] == [1, 3, 5]


def test_a_film_is_kept_only_when_the_card_says_so(store: Store, result_folder: Path):
    client = store.add_client("Ann")
    without = store.add_recording(client.id, result_folder)
    assert not without.has_video and store.video(without.id) is None
    assert not store.database.videos.exists()
    client = store.update_client(client.id, client.version, keeps_videos=True)
    kept = store.add_recording(client.id, result_folder)
    assert kept.has_video and store.video(kept.id).read_bytes() == folders.VIDEO
    assert [path.name for path in store.database.videos.iterdir()] == [f"{kept.id}.mp4"]


def test_the_second_of_two_windows_is_told(store: Store, store_url: str, result_folder: Path):
    other = Store(store.database)
    client = store.add_client("Ann")
    recording = store.add_recording(client.id, result_folder)
    store.update_client(client.id, client.version, notes="first")
    store.update_recording(recording.id, recording.version, notes="first")
    with pytest.raises(ChangedMeanwhile):
        other.update_client(client.id, client.version, notes="second")
    with pytest.raises(ChangedMeanwhile):
        other.update_recording(recording.id, recording.version, notes="second")
    assert other.client(client.id).notes == "first" == other.recording(recording.id).notes


def test_settings(store: Store):
    assert store.setting("trainer", "nobody") == "nobody"
    store.set_setting("trainer", {"name": "Ö & Co"})
    store.set_setting("trainer", {"name": "Ö <b>"})
    assert store.setting("trainer") == {"name": "Ö <b>"}
    store.set_setting("trainer", None)
    assert store.setting("trainer") is None


def test_ids_guessed_by_another_trainer_open_nothing(store: Store, result_folder: Path, tmp_path: Path):
    """Every public method that takes an id, called by another trainer with the right id."""
    client = store.add_client("Ann", keeps_videos=True)
    recording = store.add_recording(client.id, result_folder)
    folders.write_posture(result_folder)
    posture = store.add_posture(client.id, result_folder)
    store.set_setting("trainer", "me")
    other = Store(store.database, "https://login.example|someone-else")
    arguments = {
        "client_id": client.id,
        "recording_id": recording.id,
        "version": 1,
        "folder": result_folder,
        "name": "report.html",
        "result_json": recording.result_json,
        "files": {},
        "recorded_at": recording.recorded_at,
        "posture_id": posture.id,
        "picture": b"",
        "taken_at": posture.taken_at,
    }
    tried = []
    for name, method in inspect.getmembers(Store, inspect.isfunction):
        parameters = inspect.signature(method).parameters
        if name.startswith("_") or not {"client_id", "recording_id", "posture_id"} & set(parameters):
            continue
        needed = {
            p: arguments[p] for p, v in parameters.items() if p != "self" and v.default is v.empty and v.kind != 4
        }
        needed.setdefault("recorded_at", recording.recorded_at) if "recorded_at" in parameters else None
        with pytest.raises(NotFound):
            getattr(other, name)(**needed)
        tried.append(name)
    assert {"client", "recording", "file", "video", "unpack", "delete_client", "put_recording"} <= set(tried)
    assert {"posture", "postures", "posture_picture", "put_posture", "add_posture", "delete_posture"} <= set(tried)
    assert other.clients() == [] == other.named("Ann") and other.count() == 0
    assert other.setting("trainer") is None and other.find_origin(client.origin) is None
    assert store.client(client.id) == client and store.recording(recording.id) == recording
    assert store.video(recording.id) is not None


def test_ids_that_are_none(store: Store):
    store.add_client("Ann")
    for guess in ("", "1", "x" * 32, "../../etc/passwd", "' OR 1=1 --", "\u202e"):
        with pytest.raises(NotFound):
            store.client(guess)
        with pytest.raises(NotFound):
            store.video(guess)


def test_ids_cannot_be_guessed(store: Store):
    ids = [store.add_client("Ann").id for _ in range(20)]
    assert len(set(ids)) == 20 and all(len(one) == 32 and int(one, 16) for one in ids)
    assert len({one[:6] for one in ids}) == 20, "they do not count up"


# --- deleting


def test_deleting_leaves_nothing(store: Store, result_folder: Path, tmp_path: Path):
    secret, other = "Unmistakable Name 4711", store.add_client("Someone Else", keeps_videos=True)
    kept = store.add_recording(other.id, result_folder)
    client = store.add_client(secret, notes=f"{secret} notes", keeps_videos=True)
    (result_folder / "report.html").write_text(f"<h1>{secret}</h1>" * 2000)
    for _ in range(3):
        store.add_recording(client.id, result_folder, notes=secret)
    assert len(list(store.database.videos.iterdir())) == 4
    done = store.delete_client(client.id)
    assert (done.recordings, done.files, done.videos, done.rows_left, done.videos_left) == (3, 12, 3, 0, 0)
    assert done.complete and "Deleted for good: 3 recordings, 3 films." in done.sentence()
    with pytest.raises(NotFound):
        store.client(client.id)
    assert [path.name for path in store.database.videos.iterdir()] == [f"{kept.id}.mp4"]
    assert store.recording(kept.id) == kept and store.file(kept.id, "track.npz")
    everything = dump(store)
    assert "Someone Else" in everything and secret not in everything and client.id not in everything


def test_no_byte_of_a_deleted_client_is_left_in_the_files(tmp_path: Path, result_folder: Path):
    store = open_store(url=str(tmp_path / "data/c.sqlite"))
    rng = random.Random(1)
    secret = "Unmistakable Name 4711"
    (result_folder / "report.html").write_text(f"<h1>{secret}</h1>" * 500)
    gone, clients = [], []
    for number in range(40):  # so that pages split and join around the one that goes
        clients.append(store.add_client(f"Client {rng.random()}", notes="x" * rng.randrange(3000)))
        if number % 8 == 0:
            gone.append(store.add_client(f"{secret} {number}", notes=f"{secret} notes " * 50, keeps_videos=True))
            store.add_recording(gone[-1].id, result_folder, notes=secret)
    assert raw(tmp_path / "data").count(secret.encode()) > 100
    for client in clients[::3]:
        store.delete_client(client.id)
    for client in gone:
        assert store.delete_client(client.id).traces == 0
    left = raw(tmp_path / "data")
    assert secret.encode() not in left and not any(one.id.encode() in left for one in gone)
    assert clients[1].name.encode() in left


def test_what_is_saved_after_deleting_is_seen_by_other_programs(tmp_path: Path):
    """Looking for traces must not cost this program its locks: SQLite would take it for gone, and drop its log."""
    url = str(tmp_path / "c.sqlite")
    store = open_store(url=url)
    store.delete_client(store.add_client("Gone").id)
    assert listed_elsewhere(url) == [], "another program opens the store and closes it again"
    store.add_client("Ann")
    assert listed_elsewhere(url) == ["Ann"]
    store.delete_client(store.clients()[0].id)
    store.add_client("Bob")
    store.database.close()
    assert listed_elsewhere(url) == ["Bob"]


def listed_elsewhere(url: str) -> list[str]:
    script = (
        "import sys; from evenstride.store import open_store; s = open_store(url=sys.argv[1]); "
        "print(*(c.name for c in s.clients()), sep='\\n', end=''); s.database.close()"
    )
    return subprocess.run(
        [sys.executable, "-c", script, url], capture_output=True, text=True, check=True
    ).stdout.split()


def test_a_large_file_is_rebuilt_when_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(database, "REBUILD_AT_ONCE_BYTES", 1000)
    store = open_store(url=str(tmp_path / "data/c.sqlite"))
    client = store.add_client("Unmistakable 4711")
    done = store.delete_client(client.id)
    assert (done.rows_left, done.rebuilt, done.traces) == (0, False, None) and "client tidy" in done.sentence()
    assert store.needs_rebuild
    assert store.rebuild() and not store.needs_rebuild
    assert b"Unmistakable" not in raw(tmp_path / "data")


def test_a_client_that_was_renamed_leaves_no_old_name(tmp_path: Path):
    store = open_store(url=str(tmp_path / "data/c.sqlite"))
    client = store.add_client("Former Name")
    client = store.update_client(client.id, client.version, name="New")
    store.delete_client(client.id)
    assert b"Former" not in raw(tmp_path / "data") and b"former" not in raw(tmp_path / "data")


def test_while_another_window_reads_the_last_traces_wait(tmp_path: Path):
    store = open_store(url=str(tmp_path / "c.sqlite"))
    client = store.add_client("Ann")
    reader = sqlite3.connect(tmp_path / "c.sqlite")
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM clients").fetchall()
    database_file = store.database
    with database_file.engine.connect() as connection:  # not half a minute of patience in a test
        connection.exec_driver_sql("PRAGMA busy_timeout = 50")
        connection.commit()
    done = store.delete_client(client.id)
    reader.close()
    assert done.rows_left == 0
    assert not done.complete or done.traces == 0
    assert done.complete or "other window" in done.sentence()


def test_deleting_one_recording_spares_the_others(store: Store, result_folder: Path):
    client = store.add_client("Ann", keeps_videos=True)
    first, second = (store.add_recording(client.id, result_folder) for _ in range(2))
    done = store.delete_recording(first.id)
    assert (done.recordings, done.videos, done.rows_left) == (1, 1, 0)
    assert store.recordings(client.id) == [second] and store.video(second.id)


# --- crashes and crowds


def run_python(code: str, *arguments: object, prefix: Sequence[str] = ()) -> subprocess.Popen:
    command = [*prefix, sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.Popen(command, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, text=True)


SAVING = """
import sys, time
from pathlib import Path
from evenstride.store import open_store
url, videos, client, folder = sys.argv[1:]
store = open_store(url=url, videos=Path(videos))
print("ready", flush=True)
while True:
    print(store.add_recording(client, Path(folder)).id, flush=True)
"""


def test_a_crash_in_the_middle_of_a_save_loses_nothing_saved(
    store: Store, store_url: str, result_folder: Path, tmp_path: Path
):
    client = store.add_client("Ann", keeps_videos=True)
    (result_folder / "annotated.mp4").write_bytes(os.urandom(2_000_000))
    rng = random.Random(5)
    promised: list[str] = []
    for _ in range(3):
        with run_python(SAVING, store_url, tmp_path / "videos", client.id, result_folder) as process:
            assert process.stdout.readline() == "ready\n"
            promised.append(process.stdout.readline().strip())
            time.sleep(rng.uniform(0.0, 0.08))
            process.kill()
            promised += process.stdout.read().split()
        assert process.returncode == -signal.SIGKILL
    again = Store(store.database)
    found = {one.id: one for one in again.recordings(client.id)}
    whole = [one for one in promised if len(one) == 32]
    assert whole and set(whole) <= set(found)
    for one in found.values():
        assert set(again.files(one.id)) == {"frames.csv", "strides.csv", "track.npz", "report.html"}
        assert again.file(one.id, "track.npz") == (result_folder / "track.npz").read_bytes()
        assert again.video(one.id).stat().st_size == 2_000_000, "the film of a saved recording is whole"
    if store.database.is_sqlite:
        with store.database.engine.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA integrity_check").scalar() == "ok"


WRITING = """
import sys
from pathlib import Path
from evenstride.store import ChangedMeanwhile, open_store
url, videos, client, folder, name = sys.argv[1:]
store = open_store(url=url, videos=Path(videos))
for number in range(12):
    store.add_recording(client, Path(folder), notes=f"{name}{number}")
    while True:
        now = store.client(client)
        try:
            store.update_client(client, now.version, notes=f"{now.notes} {name}{number}")
            break
        except ChangedMeanwhile:
            pass
"""


def test_two_programs_that_write_at_once_lose_nothing(
    store: Store, store_url: str, result_folder: Path, tmp_path: Path
):
    client = store.add_client("Ann")
    names = ("a", "b")
    running = [run_python(WRITING, store_url, tmp_path / "videos", client.id, result_folder, name) for name in names]
    for process in running:
        process.communicate(timeout=300)
        assert process.returncode == 0
    expected = sorted(f"{name}{number}" for name in names for number in range(12))
    assert sorted(one.notes for one in store.recordings(client.id)) == expected
    assert sorted(store.client(client.id).notes.split()) == expected


def test_two_programs_that_open_a_new_store_at_once(store_url: str, tmp_path: Path):
    code = "import sys; from evenstride.store import open_store; open_store(url=sys.argv[1]).add_client(sys.argv[2])"
    running = [run_python(code, store_url, name) for name in ("a", "b")]
    assert [process.communicate(timeout=300) and process.returncode for process in running] == [0, 0]
    store = open_store(url=store_url, videos=tmp_path)
    assert [one.name for one in store.clients()] == ["a", "b"]
    store.database.close()


def test_a_film_whose_saving_was_cut_off_is_finished_or_cleared_away(tmp_path: Path, result_folder: Path):
    store = open_store(url=str(tmp_path / "c.sqlite"))
    recording = store.add_recording(store.add_client("Ann", keeps_videos=True).id, result_folder)
    videos = store.database.videos
    saved = videos / f"{recording.id}.mp4"
    saved.rename(videos / f".incoming-{recording.id}.mp4")
    (videos / ".incoming-young.mp4").write_bytes(b"1")
    stale = videos / ".incoming-stale.mp4"
    stale.write_bytes(b"2")
    os.utime(stale, (0, 0))
    assert Store(store.database).video(recording.id) == saved
    assert sorted(path.name for path in videos.iterdir()) == [".incoming-young.mp4", saved.name]


# --- migrations and bad luck


def test_migrations_make_the_tables_that_the_code_uses(store: Store):
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext
    from alembic.script import ScriptDirectory

    with store.database.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        script = ScriptDirectory.from_config(database.alembic_config(connection))
    assert script.get_current_head() == database.NEWEST
    assert {step.revision for step in script.walk_revisions()} == database.KNOWN


def test_a_store_of_a_newer_version_is_left_alone(store: Store, store_url: str):
    store.add_client("Ann")
    with store.database.writing() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    store.database.close()
    with pytest.raises(StoreError, match="newer Evenstride") as error:
        database.Database(store.database.url, store.database.videos)
    assert "Update" in error.value.advice
    with store.database.engine.connect() as connection:
        assert connection.execute(sa.text("SELECT name FROM clients")).scalar() == "Ann"


def test_a_migration_that_fails_changes_nothing(store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    real = database.upgrade

    def fails(connection):
        real(connection)
        raise sa.exc.OperationalError("CREATE", None, sqlite3.OperationalError("made up"))

    monkeypatch.setattr(database, "upgrade", fails)
    url = database.parse_url(store_url)
    with pytest.raises(StoreError):
        database.Database(url, tmp_path)
    monkeypatch.undo()
    good = database.Database(url, tmp_path)
    assert Store(good).count() == 0
    good.close()


def test_another_kind_of_file_is_refused_and_kept(tmp_path: Path):
    path = tmp_path / "holiday.jpg"
    path.write_bytes(b"not a database at all " * 100)
    with pytest.raises(StoreError, match=r"holiday\.jpg is not a client store"):
        open_store(url=str(path))
    assert path.read_bytes() == b"not a database at all " * 100


def test_a_damaged_file_says_so(tmp_path: Path, result_folder: Path):
    path = tmp_path / "c.sqlite"
    store = open_store(url=str(path))
    client = store.add_client("Ann")
    for _ in range(5):
        store.add_recording(client.id, result_folder)
    store.database.close()
    content = bytearray(path.read_bytes())
    content[4096 : len(content) - 4096] = os.urandom(len(content) - 8192)
    path.write_bytes(content)
    with pytest.raises(StoreError, match="is damaged|is not a client store"):
        Store(database.Database(database.parse_url(str(path)), tmp_path)).recordings(client.id)


@pytest.mark.parametrize("wanted", ["mysql://x/y", "nonsense://x", "://"])
def test_an_address_that_is_none(wanted: str):
    with pytest.raises(StoreError):
        database.parse_url(wanted)


@pytest.mark.parametrize("scheme", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_plain_address_gets_the_driver(scheme: str):
    assert database.parse_url(f"{scheme}://u:p@h/d").drivername == "postgresql+psycopg"


def test_a_server_that_is_not_there(tmp_path: Path):
    with pytest.raises(StoreError, match="can't be reached") as error:
        open_store(url=f"postgresql://evenstride:topsecret@/x?host={tmp_path}")
    assert "topsecret" not in error.value.message + error.value.advice


def test_a_full_disk_loses_nothing(tmp_path: Path, result_folder: Path):
    """SQLite's own limit on pages answers as a full disk does: from inside the driver."""
    store = open_store(url=str(tmp_path / "c.sqlite"))
    client = store.add_client("Ann")
    saved = store.add_recording(client.id, result_folder)
    with store.database.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 1}")
        connection.commit()
    with pytest.raises(StoreError, match="disk is full") as error:
        store.add_recording(client.id, result_folder)
    assert "still there" in error.value.advice
    assert store.recordings(client.id) == [saved]


LIMITED = """
import resource, signal, sys
from pathlib import Path
from evenstride.store import StoreError, open_store
store = open_store(url=sys.argv[1])
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
client = store.named("Ann")[0]
try:
    for _ in range(50):
        store.add_recording(client.id, Path(sys.argv[2]))
except StoreError as error:
    print(error.message, error.advice)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="resource limits of this kind are Linux's")
def test_a_disk_that_takes_no_more_loses_nothing(tmp_path: Path, result_folder: Path):
    """The operating system refuses the write itself."""
    url = str(tmp_path / "c.sqlite")
    store = open_store(url=url)
    client = store.add_client("Ann")
    process = run_python(LIMITED, url, result_folder)
    said, _ = process.communicate(timeout=300)
    assert "could not be read or written" in said or "disk is full" in said
    for one in store.recordings(client.id):
        assert len(store.files(one.id)) == 4


READ_ONLY = """
import sys
from evenstride.store import StoreError, open_store
try:
    store = open_store(url=sys.argv[1])
    store.add_client("Bob")
except StoreError as error:
    print(error.message, "|", error.advice)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="needs Linux's users")
def test_a_read_only_disk(tmp_path: Path):
    """Root may write everywhere, unless it gives that up."""
    folder = tmp_path / "data"
    store = open_store(url=str(folder / "c.sqlite"))
    store.add_client("Ann")
    store.database.close()
    (folder / "c.sqlite").chmod(0o444)
    folder.chmod(0o555)
    before = (folder / "c.sqlite").read_bytes()
    prefix = ()
    if os.geteuid() == 0:
        if not shutil.which("setpriv"):
            pytest.skip("root may write everywhere, and setpriv, which could change that, is missing")
        prefix = ("setpriv", "--bounding-set=-dac_override")
    said, _ = run_python(READ_ONLY, folder / "c.sqlite", prefix=prefix).communicate(timeout=300)
    folder.chmod(0o755)
    assert "read-only" in said and "EVENSTRIDE_DATABASE" in said, said
    assert (folder / "c.sqlite").read_bytes() == before


def test_a_folder_that_cannot_be_made(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="could not be made"):
        open_store(url=str(tmp_path / "file/c.sqlite"))


def test_a_film_that_cannot_be_copied_saves_nothing(tmp_path: Path, result_folder: Path):
    store = open_store(url=str(tmp_path / "c.sqlite"))
    client = store.add_client("Ann", keeps_videos=True)
    store.database.videos.write_text("a file where the folder should be")
    with pytest.raises(StoreError, match="film could not be kept"):
        store.add_recording(client.id, result_folder)
    assert store.recordings(client.id) == []


def test_the_file_is_for_its_owner_alone(tmp_path: Path):
    store = open_store(url=str(tmp_path / "data/c.sqlite"))
    store.add_client("Ann")
    assert all(path.stat().st_mode & 0o077 == 0 for path in (tmp_path / "data").iterdir())


def test_the_environment_says_where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("EVENSTRIDE_DATABASE", str(tmp_path / "my clients.db"))
    open_store().add_client("Ann")
    assert (tmp_path / "my clients.db").exists()


def dump(store: Store) -> str:
    """All rows of all tables, as text."""
    with store.database.reading() as connection:
        return "\n".join(str(row) for table in metadata.sorted_tables for row in connection.execute(sa.select(table)))


def raw(folder: Path) -> bytes:
    """Every byte of every file."""
    return b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())
