"""A store on both kinds of database, and made-up result folders to put into it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from uuid import uuid4

import folders
import pgserver
import pytest

from evenstride.store import Store, open_store


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """A real PostgreSQL server; its URL has a place for the database's name."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(pgserver.running())
        except pgserver.Unavailable as why:
            pytest.skip(str(why))
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new, empty database: every test that uses it runs on both kinds."""
    if request.param == "sqlite":
        yield str(tmp_path / "clients.sqlite")
        return
    import psycopg

    server, name = request.getfixturevalue("postgresql"), f"t{uuid4().hex}"
    with psycopg.connect(server.format(name="postgres"), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield server.format(name=name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def store(store_url: str, tmp_path: Path) -> Iterator[Store]:
    """The store of a trainer who did not log in."""
    store = open_store(url=store_url, videos=tmp_path / "videos")
    yield store
    store.database.close()


@pytest.fixture
def result_folder(tmp_path: Path) -> Path:
    """What an analysis writes, made up."""
    return folders.write(tmp_path / "result")
