"""How quick the client store is with 1,000 clients of 20 recordings each: ``python -m benchmarks.store RESULT_FOLDER``.

Every recording is that of RESULT_FOLDER, a folder that ``evenstride analyze`` wrote. EVENSTRIDE_DATABASE may name a
PostgreSQL database to fill instead of a temporary file; it should be empty. Prints a table for docs/clients.md.
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa

from evenstride.change import trends
from evenstride.store import Store, open_store, tables
from evenstride.store.database import DATABASE_VARIABLE

REPEATS = 20


def main() -> None:
    """Fill a store, time what a trainer does, print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--recordings", type=int, default=20)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="evenstride-benchmark-") as folder:
        url = os.environ.get(DATABASE_VARIABLE) or str(Path(folder, "clients.sqlite"))
        store = open_store(url=url, videos=Path(folder, "videos"))
        ids = fill(store, asked.folder, asked.clients, asked.recordings)
        print(f"{store.count():,} clients with {asked.recordings} recordings each, {cores()}")
        if store.database.path is not None:
            print(f"{store.database.path.stat().st_size / 1e9:.2f} GB on disk")
        measure(store, ids, asked.folder)
        store.database.close()


def fill(store: Store, folder: Path, clients: int, recordings: int) -> list[str]:
    """Add clients with made-up names; the first one's recording is copied for all, a client at a time."""
    rng, start = random.Random(1), datetime(2025, 1, 1, tzinfo=UTC)
    names = ("".join(rng.choices("abcdefghijklmnoprstuvwyzäéø", k=8)).capitalize() for _ in range(clients))
    ids = [store.add_client(f"{name} {number:04d}").id for number, name in enumerate(names)]
    first = store.add_recording(ids[0], folder, recorded_at=start)
    with store.database.reading() as connection:
        row = dict(connection.execute(sa.select(tables.recordings)).one()._mapping)
        files = [dict(one._mapping) for one in connection.execute(sa.select(tables.recording_files))]
    store.delete_recording(first.id)
    for client in ids:
        new = [(uuid4().hex, start + timedelta(7 * week)) for week in range(recordings)]
        with store.database.writing() as connection:
            connection.execute(
                tables.recordings.insert(),
                [{**row, "id": i, "origin": i, "client_id": client, "recorded_at": when} for i, when in new],
            )
            connection.execute(
                tables.recording_files.insert(), [{**file, "recording_id": i} for i, _ in new for file in files]
            )
    return ids


def cores() -> str:
    """Say what else the computer was doing: figures of a busy one say little."""
    return f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.0f}"


def measure(store: Store, ids: list[str], folder: Path) -> None:
    """Time each thing that a page or command does, with another client every time."""
    rng = random.Random(2)

    def anyone() -> str:
        return rng.choice(ids)

    jobs: dict[str, Callable[[], object]] = {
        "open the store": lambda: Store(store.database),
        "list the first 50 clients": lambda: store.clients(limit=50),
        "list all clients": lambda: store.clients(),
        "search by part of a name": lambda: store.clients(f"{rng.randrange(1000):04d}"),
        "open a client with all recordings": lambda: store.recordings(anyone()),
        "trends of all measures of a client": lambda: trends(store.recordings(anyone())),
        "open the landmarks of a recording": lambda: store.file(store.recordings(anyone())[-1].id, "track.npz"),
        "add a recording": lambda: store.add_recording(anyone(), folder),
        "change a note": lambda: store.update_client((one := store.client(anyone())).id, one.version, notes="x"),
    }
    print("| what | median | slowest of 20 |\n|---|---|---|")
    for what, job in jobs.items():
        line(what, [timed(job) for _ in range(REPEATS)])
    line("delete a client for good (once)", [timed(lambda: store.delete_client(anyone()))])


def line(what: str, seconds: list[float]) -> None:
    """Print a row of the table."""
    print(f"| {what} | {1000 * statistics.median(seconds):.0f} ms | {1000 * max(seconds):.0f} ms |")


def timed(job: Callable[[], object]) -> float:
    """Return how long a job takes, in seconds."""
    started = time.perf_counter()
    job()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
