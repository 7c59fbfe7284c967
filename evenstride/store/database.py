"""Opening the database: where it is, how SQLite is set up, migrations, and one clear sentence for what goes wrong."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from platformdirs import user_data_path
from sqlalchemy import URL, Connection, Engine, create_engine, event, inspect, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from vision.errors import StoreError

#: Where clients are kept: a PostgreSQL URL, a SQLite URL, or the path of a SQLite file.
DATABASE_VARIABLE = "EVENSTRIDE_DATABASE"
#: The folder for everything that people keep; the app looks there too.
FOLDER_VARIABLE = "EVENSTRIDE_DATA"
FILE_NAME = "clients.sqlite"
VIDEO_FOLDER = "videos"

#: The newest migration; a test holds it against evenstride/migrations.
NEWEST = "0002"
KNOWN = frozenset({"0001", "0002"})

BUSY_TIMEOUT_MS = 30_000
CONNECT_TIMEOUT_S = 10
#: A file up to this size is rebuilt with every deletion; a larger one when somebody asks for it.
REBUILD_AT_ONCE_BYTES = 200_000_000
#: Any number will do as long as nobody else on the server uses it for an advisory lock.
MIGRATION_LOCK = 0x45564E53

NOTHING_LOST = "What was saved before is still there."


def default_url() -> str:
    """Return the URL or path that the environment names, or the file in the user's data folder."""
    return os.environ.get(DATABASE_VARIABLE) or str(data_folder() / FILE_NAME)


def data_folder() -> Path:
    """Return the user's data folder, which also takes the films of those clients who let theirs be kept."""
    given = os.environ.get(FOLDER_VARIABLE)
    return Path(given) if given else user_data_path("evenstride", appauthor=False)


def parse_url(wanted: str) -> URL:
    """Understand a URL or a path; ``postgresql://`` and ``postgres://`` mean the driver that comes with Evenstride.

    Raises
    ------
    StoreError
    """
    if "://" not in wanted:
        return URL.create("sqlite", database=str(Path(wanted).expanduser().absolute()))
    try:
        url = make_url(wanted)
        if url.drivername in ("postgresql", "postgres"):
            url = url.set(drivername="postgresql+psycopg")
        url.get_dialect()
    except (ArgumentError, NoSuchModuleError, ValueError) as error:
        raise StoreError(
            f"{DATABASE_VARIABLE} is not the address of a database.",
            "Use postgresql://USER:PASSWORD@HOST/DATABASE, or the path of a file.",
        ) from error
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(f"Clients can't be kept in a {url.get_backend_name()} database.", "Use SQLite or PostgreSQL.")
    return url


class Database:
    """An engine with the newest tables in it, whose errors are sentences. Safe to share between threads."""

    def __init__(self, url: URL, videos: Path) -> None:
        self.url = url
        self.videos = videos
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self.engine = self._make_engine()
        try:
            with self.errors():
                self._migrate()
        except BaseException:
            self.close()
            raise

    @property
    def name(self) -> str:
        """How the database is called in sentences, without its password."""
        return f"The client store {self.url.render_as_string(hide_password=True) if self.path is None else self.path}"

    @property
    def path(self) -> Path | None:
        """The file, where there is one."""
        return Path(self.url.database) if self.is_sqlite and self.url.database else None

    def _make_engine(self) -> Engine:
        if not self.is_sqlite:
            return create_engine(self.url, pool_pre_ping=True, connect_args={"connect_timeout": CONNECT_TIMEOUT_S})
        if self.path is not None:
            self._make_file(self.path)
        engine = create_engine(self.url, connect_args={"timeout": BUSY_TIMEOUT_MS / 1000})
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine

    def _make_file(self, path: Path) -> None:
        """Make the folder and an empty file that only its owner can read; SQLite's side files take over its mode."""
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not path.exists():
                path.touch(mode=0o600)
        except OSError as error:
            raise StoreError(
                f"{self.name} could not be made: {error.strerror or 'unknown reason'}.",
                f"Check the folder, or name another place with {DATABASE_VARIABLE}.",
            ) from error

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """Give a connection that sees one state of the database from beginning to end."""
        options = {} if self.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        with self.errors(), self.engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Give a connection whose changes are saved together, or not at all."""
        with (
            self.errors(),
            self.engine.connect().execution_options(evenstride_writes=True) as connection,
            connection.begin(),
        ):
            yield connection

    @property
    def is_large(self) -> bool:
        """Whether rebuilding takes too long to be done without asking."""
        return self.path is not None and self.path.stat().st_size > REBUILD_AT_ONCE_BYTES

    def descriptor(self, path: Path) -> int:
        """Return a descriptor of one of the database's files, to read it byte by byte; nobody may close it.

        When a process closes any descriptor of a file, POSIX takes all its locks on that file away, SQLite's too. The
        next program to come and go would then drop the log under this one, and what this one saved after that.
        """
        about = path.stat()
        with _lock:
            key = (about.st_dev, about.st_ino)
            if key not in _descriptors:
                _descriptors[key] = os.open(path, os.O_RDONLY | getattr(os, "O_BINARY", 0))
            return _descriptors[key]

    def erase_traces(self, *, rebuild: bool) -> bool:
        """Overwrite what deleted rows left in the files; say whether nothing was in the way.

        SQLite zeroes deleted rows as it goes (secure_delete). What may remain are copies of single rows that it made
        earlier, when it moved them from page to page: `rebuild` writes the whole file anew without them. PostgreSQL
        rewrites its tables.
        """
        with self.errors():
            return self._empty_log(rebuild) if self.is_sqlite else self._rewrite_tables()

    def _empty_log(self, rebuild: bool) -> bool:
        pooled = self.engine.raw_connection()
        try:
            if rebuild:
                pooled.execute("VACUUM")
            busy, *_ = pooled.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
            return not busy
        except sqlite3.Error as error:
            raise self._explain(DBAPIError("VACUUM", None, error)) from error
        finally:
            pooled.close()

    def _rewrite_tables(self) -> bool:
        with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            for table in ("recording_files", "recordings", "postures", "clients"):
                connection.execute(text(f"VACUUM FULL {table}"))
        return True

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()

    @contextmanager
    def errors(self) -> Iterator[None]:
        """Turn what the driver says into a StoreError."""
        try:
            yield
        except DBAPIError as error:
            raise self._explain(error) from error
        except UnicodeEncodeError as error:
            raise StoreError(
                "The text holds a character that can't be stored.", "Type it again rather than pasting it."
            ) from error
        except SQLAlchemyError as error:
            raise StoreError(f"{self.name} answered in an unexpected way: {error}", NOTHING_LOST) from error

    def _explain(self, error: DBAPIError) -> StoreError:
        cause = error.orig
        if isinstance(cause, sqlite3.Error):
            # The low byte of an extended code is the primary one.
            code = getattr(cause, "sqlite_errorcode", 0) & 0xFF
            said, advice = SQLITE_ERRORS.get(code, (f"could not be used: {cause}.", NOTHING_LOST))
        else:
            said, advice = _explain_postgresql(cause)
        return StoreError(f"{self.name} {said}", advice)

    def _migrate(self) -> None:
        """Bring the tables up to date; two programs that open a new database at once do it one after the other."""
        if self._revision() == NEWEST:
            return
        with self.engine.connect().execution_options(evenstride_writes=True) as connection, connection.begin():
            if not self.is_sqlite:
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
            if _revision(connection) != NEWEST:
                upgrade(connection)

    def _revision(self) -> str | None:
        with self.engine.connect() as connection, connection.begin():
            found = _revision(connection)
        if found is not None and found not in KNOWN:
            raise StoreError(
                f"{self.name} was written by a newer Evenstride.",
                "Update Evenstride and open it again; nothing in it was changed.",
            )
        return found


def _revision(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return found


def upgrade(connection: Connection, revision: str = "head") -> None:
    """Run the migrations on an open connection, inside its transaction."""
    from alembic import command

    command.upgrade(alembic_config(connection), revision)


def alembic_config(connection: Connection | None = None) -> Any:
    """Return Alembic's configuration for the migrations that ship with the package."""
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", "evenstride:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def _set_up_sqlite(connection: sqlite3.Connection, record: object) -> None:
    # Transactions are begun below, not by the driver, which would begin them too late to be safe.
    connection.isolation_level = None
    for pragma in (
        f"busy_timeout = {BUSY_TIMEOUT_MS}",
        "journal_mode = WAL",
        "synchronous = FULL",  # what was saved outlives a power cut, too
        "foreign_keys = ON",
        "secure_delete = ON",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Connection) -> None:
    options = connection.get_execution_options()
    if options.get("isolation_level") != "AUTOCOMMIT":
        # A writer takes its turn at once: one that had read before could otherwise not go on after another's write.
        connection.exec_driver_sql("BEGIN IMMEDIATE" if options.get("evenstride_writes") else "BEGIN")


_FREE_SPACE = f"Free some space and try again. {NOTHING_LOST}"
_READ_ONLY = f"Check the permissions of the file and its folder, or name another place with {DATABASE_VARIABLE}."
SQLITE_ERRORS = {
    sqlite3.SQLITE_FULL: ("has no room left: the disk is full.", _FREE_SPACE),
    sqlite3.SQLITE_READONLY: ("can't be changed: the disk, the folder or the file is read-only.", _READ_ONLY),
    sqlite3.SQLITE_CANTOPEN: ("can't be opened: the disk or folder is read-only, or it is a folder.", _READ_ONLY),
    sqlite3.SQLITE_PERM: ("can't be opened: access is denied.", _READ_ONLY),
    sqlite3.SQLITE_AUTH: ("can't be opened: access is denied.", _READ_ONLY),
    sqlite3.SQLITE_NOTADB: (
        "is not a client store: the file holds something else.",
        f"Name another place with {DATABASE_VARIABLE}; the file was not changed.",
    ),
    sqlite3.SQLITE_CORRUPT: (
        "is damaged.",
        "Put back a copy of it from a backup, or import the clients' exports into a new one.",
    ),
    sqlite3.SQLITE_BUSY: ("is in use by another window or program.", f"Wait a moment and try again. {NOTHING_LOST}"),
    sqlite3.SQLITE_LOCKED: ("is in use by another window or program.", f"Wait a moment and try again. {NOTHING_LOST}"),
    sqlite3.SQLITE_IOERR: ("could not be read or written: the disk reports an error.", f"Check it. {NOTHING_LOST}"),
    sqlite3.SQLITE_TOOBIG: ("can't hold something that large.", NOTHING_LOST),
}


def _explain_postgresql(cause: BaseException | None) -> tuple[str, str]:
    from psycopg import errors

    if isinstance(cause, errors.DiskFull | errors.OutOfMemory):
        return "has no room left: the server's disk is full.", _FREE_SPACE
    if isinstance(cause, errors.ReadOnlySqlTransaction):
        return "can't be changed: the server is read-only.", "Ask whoever runs the server."
    if isinstance(cause, errors.InsufficientPrivilege):
        return "can't be used: the server denies access.", "Ask whoever runs the server for rights on the tables."
    if isinstance(cause, errors.InvalidPassword | errors.InvalidAuthorizationSpecification):
        return "can't be opened: the server refuses the name or the password.", f"Check {DATABASE_VARIABLE}."
    if isinstance(cause, errors.OperationalError):
        return "can't be reached.", f"Check that the server runs, and check {DATABASE_VARIABLE}. {NOTHING_LOST}"
    if isinstance(cause, errors.DataError):
        return "can't hold a value that was entered.", "Type it again rather than pasting it."
    # One line of what the server said; it names tables and columns, never the password.
    return f"could not be used: {str(cause).splitlines()[0] if str(cause) else 'unknown reason'}.", NOTHING_LOST


_open: dict[tuple[str, Path], Database] = {}
#: By device and inode; one for each file in which something was deleted, for as long as the process lives.
_descriptors: dict[tuple[int, int], int] = {}
_lock = threading.Lock()


def open_database(url: str | None = None, videos: Path | None = None) -> Database:
    """Open the database, or return the one that this process has open already.

    Raises
    ------
    StoreError
    """
    parsed = parse_url(url or default_url())
    beside = Path(parsed.database).parent if parsed.get_backend_name() == "sqlite" and parsed.database else None
    videos = videos or (beside or data_folder()) / VIDEO_FOLDER
    key = (parsed.render_as_string(hide_password=False), videos)
    with _lock:
        if key not in _open or (_open[key].path is not None and not _open[key].path.exists()):
            _open[key] = Database(parsed, videos)
        return _open[key]
