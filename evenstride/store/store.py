"""A trainer's clients and recordings. Every call sees the rows of its own trainer only."""

from __future__ import annotations

import os
import re
import shutil
import threading
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy import Connection, Row, Table

from evenstride.results import (
    FRAMES_NAME,
    REPORT_NAME,
    RESULT_NAME,
    STRIDES_NAME,
    TRACK_NAME,
    VIDEO_NAME,
    cannot_write,
    read_result,
)
from evenstride.store.database import Database, open_database
from evenstride.store.records import (
    CONSENT_WORDING,
    ChangedMeanwhile,
    Client,
    Conditions,
    Erasure,
    ListedClient,
    NotFound,
    PosturePicture,
    Recording,
)
from evenstride.store.tables import clients, owners, postures, recording_files, recordings, settings
from vision.errors import StoreError

#: The one trainer of a store without a login.
LOCAL = "local"

#: Files of a result folder that are kept beside result.json. A film is kept only when the client's card says so.
KEPT_FILES = re.compile(
    "|".join(map(re.escape, (FRAMES_NAME, STRIDES_NAME, TRACK_NAME, REPORT_NAME, "pictures.json", "report.pdf")))
    + r"|[A-Za-z0-9][A-Za-z0-9_-]{0,80}\.(jpg|png)"
)
MAX_NAME = 300
MAX_TEXT = 20_000
BIRTH_YEARS = (1900, 2100)
HEIGHTS_CM = (100, 250)
#: An interrupted copy of a film is cleared away once it is this old; a younger one may still be in the making.
STALE_S = 24 * 3600
INCOMING = ".incoming-"
REBUILD_KEY = "needs_rebuild"


class Store:
    """The clients of one trainer.

    Parameters
    ----------
    database : an open database, which many stores may share
    owner : who is asking: LOCAL, or what a login says about the trainer

    Every method raises StoreError when the database fails, and NotFound for an id that does not exist or that belongs
    to another trainer.
    """

    def __init__(self, database: Database, owner: str = LOCAL) -> None:
        self.database = database
        self.owner = owner
        self._owner_id = self._find_owner()
        self._finish_videos()

    # --- clients

    def clients(self, search: str = "", limit: int | None = None, offset: int = 0) -> list[ListedClient]:
        """List clients by name; every word of `search` has to occur in the name, whatever its case and accents."""
        # Counted for the lines that are shown, out of the index alone: rows of recordings are long.
        own = recordings.c.client_id == clients.c.id
        count = sa.select(sa.func.count()).where(own).scalar_subquery()
        newest = sa.select(sa.func.max(recordings.c.recorded_at)).where(own).scalar_subquery()
        query = (
            sa.select(clients.c.id, clients.c.name, clients.c.birth_year, count, newest)
            .where(clients.c.owner_id == self._owner_id, *_matching(search))
            .order_by(clients.c.search_key, clients.c.id)
            .limit(limit)
            .offset(offset)
        )
        with self.database.reading() as connection:
            return [ListedClient(*row[:4], _utc(row[4])) for row in connection.execute(query)]

    def count(self, search: str = "") -> int:
        """Count the clients that `clients` would list without a limit."""
        query = sa.select(sa.func.count()).where(clients.c.owner_id == self._owner_id, *_matching(search))
        with self.database.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def client(self, client_id: str) -> Client:
        """Return one client."""
        with self.database.reading() as connection:
            return self._client(connection, client_id)

    def named(self, name: str) -> list[Client]:
        """Return the clients with exactly this name."""
        query = sa.select(clients).where(clients.c.owner_id == self._owner_id, clients.c.name == name)
        with self.database.reading() as connection:
            return [_to_client(row) for row in connection.execute(query)]

    def add_client(
        self,
        name: str,
        *,
        birth_year: int | None = None,
        height_cm: float | None = None,
        notes: str = "",
        keeps_videos: bool = False,
        consent_on: date | None = None,
        consent_wording: str = CONSENT_WORDING,
        origin: str | None = None,
    ) -> Client:
        """Add a client; two may have the same name. `origin` is given by an import only."""
        fields = _checked(
            name=name,
            birth_year=birth_year,
            height_cm=height_cm,
            notes=notes,
            keeps_videos=keeps_videos,
            consent_on=consent_on,
            consent_wording=consent_wording,
        )
        row = {**_new_row(origin), "owner_id": self._owner_id, **fields}
        with self.database.writing() as connection:
            connection.execute(clients.insert(), row)
            return self._client(connection, row["id"])

    def update_client(self, client_id: str, version: int, **fields: Any) -> Client:
        """Change some fields of a client; `version` is that of the record the change was made on.

        Raises
        ------
        ChangedMeanwhile
            If another window has saved a change since; nothing is overwritten.
        """
        with self.database.writing() as connection:
            self._client(connection, client_id)
            _update(connection, clients, client_id, version, _checked(**fields))
            return self._client(connection, client_id)

    def delete_client(self, client_id: str) -> Erasure:
        """Delete a client with all recordings and films for good, and count what is left: nothing."""
        return self._erase(self._client_only(client_id), [recording.id for recording in self.recordings(client_id)])

    # --- recordings

    def recordings(self, client_id: str) -> list[Recording]:
        """Return a client's recordings, oldest first."""
        query = (
            sa.select(recordings)
            .where(recordings.c.client_id == client_id)
            .order_by(recordings.c.recorded_at, recordings.c.created)
        )
        with self.database.reading() as connection:
            self._client(connection, client_id)
            return [_to_recording(row) for row in connection.execute(query)]

    def recording(self, recording_id: str) -> Recording:
        """Return one recording."""
        with self.database.reading() as connection:
            return self._recording(connection, recording_id)

    def add_recording(
        self,
        client_id: str,
        folder: Path,
        *,
        recorded_at: datetime | None = None,
        conditions: Conditions | None = None,
        notes: str = "",
    ) -> Recording:
        """Add what an analysis wrote into `folder`; its film only if the client lets films be kept.

        Without `recorded_at`, the time of the analysis counts.

        Raises
        ------
        ResultError
            If the folder holds no result.
        """
        result = read_result(folder)
        with _readable(folder):
            text = (folder / RESULT_NAME).read_text(encoding="utf-8")
            files = {path.name: path.read_bytes() for path in sorted(folder.iterdir()) if _is_kept(path)}
        return self.put_recording(
            client_id,
            text,
            files,
            recorded_at=recorded_at or datetime.fromisoformat(result.provenance.created),
            conditions=conditions,
            notes=notes,
            video=folder / VIDEO_NAME,
        )

    def put_recording(
        self,
        client_id: str,
        result_json: str,
        files: Mapping[str, bytes],
        *,
        recorded_at: datetime,
        conditions: Conditions | None = None,
        notes: str = "",
        video: Path | None = None,
        origin: str | None = None,
    ) -> Recording:
        """Add a recording from its parts, all of them together or none; `result_json` has been read before."""
        row = {
            **_new_row(origin),
            "client_id": client_id,
            "recorded_at": _as_utc(recorded_at),
            "conditions": (conditions or Conditions()).to_dict(),
            "result": result_json,
            **_checked(notes=notes),
        }
        keeps = self.client(client_id).keeps_videos and video is not None and video.is_file()
        arrived = self._bring_video(video, row["id"]) if keeps and video is not None else None
        try:
            with self.database.writing() as connection:
                self._client(connection, client_id)
                connection.execute(recordings.insert(), {**row, "has_video": arrived is not None})
                for name, content in files.items():
                    file = {"recording_id": row["id"], "name": name, "size": len(content), "content": content}
                    connection.execute(recording_files.insert(), file)
                saved = self._recording(connection, row["id"])
        except BaseException:
            if arrived is not None:
                arrived.unlink(missing_ok=True)
            raise
        if arrived is not None:
            arrived.replace(self._video_path(row["id"]))
        return saved

    def update_recording(self, recording_id: str, version: int, **fields: Any) -> Recording:
        """Change notes, conditions or recorded_at; as `update_client`."""
        with self.database.writing() as connection:
            self._recording(connection, recording_id)
            _update(connection, recordings, recording_id, version, _checked(**fields))
            return self._recording(connection, recording_id)

    def delete_recording(self, recording_id: str) -> Erasure:
        """Delete one recording for good."""
        with self.database.reading() as connection:
            self._recording(connection, recording_id)
        return self._erase(None, [recording_id])

    def files(self, recording_id: str) -> dict[str, int]:
        """Return the names of a recording's files, with their sizes in bytes."""
        query = sa.select(recording_files.c.name, recording_files.c.size).where(
            recording_files.c.recording_id == recording_id
        )
        with self.database.reading() as connection:
            self._recording(connection, recording_id)
            return {name: size for name, size in connection.execute(query.order_by(recording_files.c.name))}

    def file(self, recording_id: str, name: str) -> bytes:
        """Return one of a recording's files."""
        query = sa.select(recording_files.c.content).where(
            recording_files.c.recording_id == recording_id, recording_files.c.name == name
        )
        with self.database.reading() as connection:
            self._recording(connection, recording_id)
            content = connection.execute(query).scalar()
        if content is None:
            raise NotFound(f"The recording has no {name}.", "It was not written when the film was analyzed.")
        return bytes(content)

    def video(self, recording_id: str) -> Path | None:
        """Return the film, where one is kept."""
        path = self._video_path(self.recording(recording_id).id)
        return path if path.is_file() else None

    def unpack(self, recording_id: str, folder: Path) -> Path:
        """Write a recording as the folder that an analysis writes, and return it.

        Raises
        ------
        OutputError
        """
        recording, video = self.recording(recording_id), self.video(recording_id)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            for name in self.files(recording_id):
                (folder / name).write_bytes(self.file(recording_id, name))
            if video is not None:
                shutil.copyfile(video, folder / VIDEO_NAME)
            (folder / RESULT_NAME).write_text(recording.result_json, encoding="utf-8")
        except OSError as error:
            raise cannot_write(folder, error) from error
        return folder

    # --- posture pictures

    def add_posture(self, client_id: str, folder: Path, taken_at: datetime | None = None) -> PosturePicture:
        """Add what `evenstride posture` wrote into `folder`; without `taken_at`, the time of the analysis counts.

        Raises
        ------
        ResultError
            If the folder holds no result.
        """
        from evenstride.posture_pipeline import PICTURE_NAME, parse_posture
        from evenstride.posture_pipeline import RESULT_NAME as POSTURE_NAME

        with _readable(folder):
            text = (folder / POSTURE_NAME).read_text(encoding="utf-8")
            picture = (folder / PICTURE_NAME).read_bytes()
        made = parse_posture(text, str(folder / POSTURE_NAME)).provenance["created"]
        return self.put_posture(client_id, text, picture, taken_at=taken_at or datetime.fromisoformat(made))

    def put_posture(
        self, client_id: str, result_json: str, picture: bytes, *, taken_at: datetime, origin: str | None = None
    ) -> PosturePicture:
        """Add a posture picture from its parts; `result_json` has been read before."""
        now, new = datetime.now(UTC), _new_id()
        row = {"id": new, "client_id": client_id, "origin": origin or new, "created": now}
        row |= {"taken_at": _as_utc(taken_at), "result": result_json, "picture": picture}
        with self.database.writing() as connection:
            self._client(connection, client_id)
            connection.execute(postures.insert(), row)
            return self._posture(connection, new)

    def postures(self, client_id: str) -> list[PosturePicture]:
        """Return a client's posture pictures, oldest first."""
        query = sa.select(*_POSTURE).where(postures.c.client_id == client_id)
        with self.database.reading() as connection:
            self._client(connection, client_id)
            rows = connection.execute(query.order_by(postures.c.taken_at, postures.c.created))
            return [_to_posture(row) for row in rows]

    def posture(self, posture_id: str) -> PosturePicture:
        """Return one posture picture."""
        with self.database.reading() as connection:
            return self._posture(connection, posture_id)

    def posture_picture(self, posture_id: str) -> bytes:
        """Return the picture (PNG) with the lines drawn on."""
        with self.database.reading() as connection:
            self._posture(connection, posture_id)
            query = sa.select(postures.c.picture).where(postures.c.id == posture_id)
            return bytes(connection.execute(query).scalar_one())

    def delete_posture(self, posture_id: str) -> Erasure:
        """Delete one posture picture for good."""
        return self._erase(None, [], [self.posture(posture_id).id])

    # --- settings

    def setting(self, key: str, default: Any = None) -> Any:
        """Return one of the trainer's settings."""
        with self.database.reading() as connection:
            return self.setting_in(connection, key, default)

    def set_setting(self, key: str, value: Any) -> None:
        """Save one of the trainer's settings: anything that JSON can hold; None removes it."""
        with self.database.writing() as connection:
            self.set_setting_in(connection, key, value)

    def setting_in(self, connection: Connection, key: str, default: Any = None) -> Any:
        """As `setting`, inside a transaction."""
        found = connection.execute(sa.select(settings.c.value).where(*self._is_setting(key))).scalar()
        return default if found is None else found

    def set_setting_in(self, connection: Connection, key: str, value: Any) -> None:
        """As `set_setting`, inside a transaction."""
        connection.execute(settings.delete().where(*self._is_setting(key)))
        if value is not None:
            connection.execute(settings.insert(), {"owner_id": self._owner_id, "key": key, "value": value})

    # --- tidying

    @property
    def needs_rebuild(self) -> bool:
        """Whether a large file was not yet rebuilt since something was deleted from it."""
        return bool(self.setting(REBUILD_KEY))

    def rebuild(self) -> bool:
        """Write the database's file anew, without any trace of what was deleted; False: another window is in the way.

        Takes minutes where there are gigabytes, and as much free space as the file has; others wait for it.
        """
        done = self.database.erase_traces(rebuild=True)
        if done:
            self.set_setting(REBUILD_KEY, None)
        return done

    # --- what an import needs

    def find_origin(self, origin: str) -> Client | None:
        """Return the client that was imported from, or first added as, `origin`."""
        query = sa.select(clients).where(clients.c.owner_id == self._owner_id, clients.c.origin == origin)
        with self.database.reading() as connection:
            row = connection.execute(query).first()
        return None if row is None else _to_client(row)

    # --- inside

    def _is_setting(self, key: str) -> tuple[Any, ...]:
        return settings.c.owner_id == self._owner_id, settings.c.key == key

    def _find_owner(self) -> str:
        query = sa.select(owners.c.id).where(owners.c.identity == self.owner)
        with self.database.reading() as connection:
            found = connection.execute(query).scalar()
        if found is None:
            with self.database.writing() as connection:
                # Two windows may get here at once: the second one finds the first one's row.
                insert = sa.insert(owners).from_select(
                    ["id", "identity"],
                    sa.select(sa.literal(_new_id()), sa.literal(self.owner)).where(~sa.exists(query)),
                )
                if not self.database.is_sqlite:
                    connection.execute(sa.text("LOCK TABLE owners IN EXCLUSIVE MODE"))
                connection.execute(insert)
                found = connection.execute(query).scalar_one()
        return str(found)

    def _client(self, connection: Connection, client_id: str) -> Client:
        query = sa.select(clients).where(clients.c.owner_id == self._owner_id, clients.c.id == client_id)
        row = connection.execute(query).first()
        if row is None:
            raise NotFound("There is no such client.", "It may have been deleted; look at the list of clients.")
        return _to_client(row)

    def _client_only(self, client_id: str) -> str:
        return self.client(client_id).id

    def _recording(self, connection: Connection, recording_id: str) -> Recording:
        query = (
            sa.select(recordings)
            .join(clients)
            .where(clients.c.owner_id == self._owner_id, recordings.c.id == recording_id)
        )
        row = connection.execute(query).first()
        if row is None:
            raise NotFound("There is no such recording.", "It may have been deleted; look at the client's page.")
        return _to_recording(row)

    def _posture(self, connection: Connection, posture_id: str) -> PosturePicture:
        mine = clients.c.owner_id == self._owner_id
        row = connection.execute(sa.select(*_POSTURE).join(clients).where(mine, postures.c.id == posture_id)).first()
        if row is None:
            raise NotFound("There is no such picture.", "It may have been deleted; look at the client's page.")
        return _to_posture(row)

    def _erase(self, client_id: str | None, recording_ids: list[str], posture_ids: Sequence[str] = ()) -> Erasure:
        """Delete recordings, posture pictures, and a client, whose ids were found to be this trainer's."""
        # Films first: a crash now leaves recordings without a film, which can be deleted again.
        videos = sum(_remove(self._video_path(one)) for one in recording_ids)
        mine, poses = recordings.c.id.in_(recording_ids), postures.c.id.in_(posture_ids)
        with self.database.writing() as connection:
            if client_id is not None:
                # Another window may have added a recording since the list was made.
                mine = recordings.c.client_id == client_id
                poses = postures.c.client_id == client_id
                recording_ids = list(connection.execute(sa.select(recordings.c.id).where(mine)).scalars())
                posture_ids = list(connection.execute(sa.select(postures.c.id).where(poses)).scalars())
                videos += sum(_remove(self._video_path(one)) for one in recording_ids)
            held = recording_files.c.recording_id.in_(sa.select(recordings.c.id).where(mine))
            files = connection.execute(recording_files.delete().where(held)).rowcount
            count = connection.execute(recordings.delete().where(mine)).rowcount
            pictures = connection.execute(postures.delete().where(poses)).rowcount
            if client_id is not None:
                connection.execute(clients.delete().where(clients.c.id == client_id))
        rebuild = not self.database.is_large
        complete = self.database.erase_traces(rebuild=rebuild)
        self.set_setting(REBUILD_KEY, None if rebuild else True)
        gone = [*recording_ids, *posture_ids, *([client_id] if client_id else [])]
        return Erasure(
            recordings=count,
            files=files,
            videos=videos,
            rows_left=self._rows_left(client_id, recording_ids, posture_ids),
            videos_left=sum(self._video_path(one).exists() for one in recording_ids),
            traces=self._traces(gone) if rebuild else None,
            complete=complete,
            rebuilt=rebuild,
            postures=pictures,
        )

    def _rows_left(self, client_id: str | None, recording_ids: list[str], posture_ids: Sequence[str]) -> int:
        checks = [(recordings, recordings.c.id.in_(recording_ids))]
        checks += [(recording_files, recording_files.c.recording_id.in_(recording_ids))]
        checks += [(postures, postures.c.id.in_(posture_ids))]
        if client_id is not None:
            checks += [(postures, postures.c.client_id == client_id)]
            checks += [(clients, clients.c.id == client_id), (recordings, recordings.c.client_id == client_id)]
        with self.database.reading() as connection:
            counts = (sa.select(sa.func.count()).select_from(table).where(condition) for table, condition in checks)
            return sum(int(connection.execute(query).scalar_one()) for query in counts)

    def _traces(self, ids: list[str]) -> int | None:
        path = self.database.path
        if path is None:
            return None
        beside = (path, path.with_name(path.name + "-wal"))
        needles = [one.encode() for one in ids]
        return sum(_occurrences(self.database.descriptor(file), needles) for file in beside if file.exists())

    def _video_path(self, recording_id: str) -> Path:
        return self.database.videos / f"{recording_id}.mp4"

    def _bring_video(self, source: Path, recording_id: str) -> Path:
        """Copy a film in under a name that does not count yet."""
        folder = self.database.videos
        arriving = folder / f"{INCOMING}{recording_id}.mp4"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            with source.open("rb") as read, arriving.open("wb") as write:
                shutil.copyfileobj(read, write, 1 << 20)
                write.flush()
                os.fsync(write.fileno())
        except OSError as error:
            with suppress(OSError):
                arriving.unlink()
            raise StoreError(
                f"The film could not be kept in {folder}: {error.strerror or 'unknown reason'}.",
                "Free some space, or switch off keeping films on the client's card; nothing was saved.",
            ) from error
        return arriving

    def _finish_videos(self) -> None:
        """Put films in place whose saving program was ended at the last moment, and clear away what never got saved."""
        if not self.database.videos.is_dir():
            return
        for path in self.database.videos.glob(f"{INCOMING}*.mp4"):
            recording_id = path.stem.removeprefix(INCOMING)
            query = sa.select(recordings.c.id).where(recordings.c.id == recording_id, recordings.c.has_video)
            with self.database.reading() as connection:
                saved = connection.execute(query).first() is not None
            try:
                if saved:
                    path.replace(self._video_path(recording_id))
                elif datetime.now().timestamp() - path.stat().st_mtime > STALE_S:
                    path.unlink()
            except FileNotFoundError:
                continue  # another window was quicker


def open_store(owner: str = LOCAL, url: str | None = None, videos: Path | None = None) -> Store:
    """Open the store of one trainer: by default in the database that EVENSTRIDE_DATABASE names.

    Raises
    ------
    StoreError
    """
    return Store(open_database(url, videos), owner)


def search_key(text: str) -> str:
    """Return a text without case, accents and spare spaces, for finding and sorting."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(letter for letter in plain if not unicodedata.combining(letter)).split())


def _matching(search: str) -> Iterable[Any]:
    return (clients.c.search_key.contains(word, autoescape=True) for word in search_key(search).split())


def _new_id() -> str:
    return uuid4().hex


def _new_row(origin: str | None) -> dict[str, Any]:
    now, new = datetime.now(UTC), _new_id()
    return {"id": new, "origin": origin or new, "version": 1, "created": now, "updated": now}


def _checked(**fields: Any) -> dict[str, Any]:
    """Check what a person typed; what passes is stored exactly as typed."""
    if "name" in fields:
        if not fields["name"].strip():
            raise StoreError("A client needs a name.", "Type a name, a nickname or a number.")
        if len(fields["name"]) > MAX_NAME:
            raise StoreError(f"The name is longer than {MAX_NAME} characters.", "Shorten it.")
        fields["search_key"] = search_key(fields["name"])
    _in_range(fields.get("birth_year"), BIRTH_YEARS, "year of birth")
    _in_range(fields.get("height_cm"), HEIGHTS_CM, "body height in cm")
    for text in (value for value in fields.values() if isinstance(value, str)):
        if len(text) > MAX_TEXT:
            raise StoreError(f"The text is longer than {MAX_TEXT} characters.", "Shorten it.")
        if "\0" in text or not _is_unicode(text):
            raise StoreError(
                "The text holds a character that can't be stored.", "Type it again rather than pasting it."
            )
    if isinstance(fields.get("conditions"), Conditions):
        fields["conditions"] = fields["conditions"].to_dict()
    if "recorded_at" in fields:
        fields["recorded_at"] = _as_utc(fields["recorded_at"])
    return fields


def _in_range(value: float | None, limits: tuple[float, float], what: str) -> None:
    low, high = limits
    if value is not None and not low <= value <= high:
        raise StoreError(f"{value:g} is not possible as {what}.", f"Give a number from {low} to {high}, or none.")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _update(connection: Connection, table: Table, row_id: str, version: int, fields: dict[str, Any]) -> None:
    change = {**fields, "version": version + 1, "updated": datetime.now(UTC)}
    if not connection.execute(
        table.update().where(table.c.id == row_id, table.c.version == version).values(change)
    ).rowcount:
        raise ChangedMeanwhile(
            "Another window has changed this in the meantime; nothing was overwritten.",
            "Look at what it says now, and make your change again.",
        )


def _to_client(row: Row[Any]) -> Client:
    values = row._mapping
    fields = {name: values[name] for name in Client.__dataclass_fields__}
    return Client(**{**fields, "created": _utc(values["created"]), "updated": _utc(values["updated"])})


def _to_recording(row: Row[Any]) -> Recording:
    values = row._mapping
    same = ("id", "client_id", "origin", "notes", "has_video", "version")
    return Recording(
        **{name: values[name] for name in same},
        **{name: _utc(values[name]) for name in ("recorded_at", "created", "updated")},
        conditions=Conditions.from_dict(values["conditions"]),
        result_json=values["result"],
    )


#: All but the picture, which is long.
_POSTURE = tuple(column for column in postures.c if column.name != "picture")


def _to_posture(row: Row[Any]) -> PosturePicture:
    values = row._mapping
    times = {name: _utc(values[name]) for name in ("taken_at", "created")}
    same = {name: values[name] for name in ("id", "client_id", "origin")}
    return PosturePicture(**same, **times, result_json=values["result"])


def _as_utc(moment: datetime) -> datetime:
    return moment.astimezone(UTC)


def _utc(moment: datetime | None) -> Any:
    """Give a time its zone back, which SQLite does not keep; all are stored in UTC."""
    return None if moment is None else moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)


def _is_kept(path: Path) -> bool:
    return path.is_file() and KEPT_FILES.fullmatch(path.name) is not None


def _remove(path: Path) -> int:
    """Remove a film and its unfinished copy; say how many there were."""
    count = 0
    for each in (path, path.with_name(INCOMING + path.name)):
        try:
            each.unlink()
            count += 1
        except FileNotFoundError:
            continue
        except OSError as error:
            raise StoreError(
                f"The film {each} could not be deleted: {error.strerror or 'unknown reason'}.",
                "Check the permissions of its folder; the rest was not deleted either.",
            ) from error
    return count


#: The descriptor of a file, and with it the place in it, is shared by the whole process.
_one_reader = threading.Lock()


def _occurrences(descriptor: int, needles: list[bytes], block: int = 1 << 24) -> int:
    """Count how often any of `needles` stands in an open file."""
    pattern = re.compile(b"|".join(map(re.escape, needles)))
    keep = max(map(len, needles)) - 1
    count, tail = 0, b""
    with _one_reader:
        os.lseek(descriptor, 0, os.SEEK_SET)
        while data := os.read(descriptor, block):
            count += sum(1 for _ in pattern.finditer(tail + data))
            tail = data[-keep:]
    return count


@contextmanager
def _readable(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(
            f"{folder} could not be read: {error.strerror or 'unknown reason'}.", "Check the folder's permissions."
        ) from error
