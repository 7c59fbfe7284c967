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

from evenstride.change import trends
from evenstride.store import Store, open_store
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
        started = time.perf_counter()
        ids = fill(store, asked.folder, asked.clients, asked.recordings)
        saving = (time.perf_counter() - started) / (asked.clients * asked.recordings)
        print(f"{store.count()} clients, {asked.recordings} recordings each, {saving * 1000:.1f} ms to save one")
        if store.database.path is not None:
            print(f"{store.database.path.stat().st_size / 1e9:.2f} GB on disk")
        measure(store, ids, asked.folder)
        store.database.close()


def fill(store: Store, folder: Path, clients: int, recordings: int) -> list[str]:
    """Add clients with made-up names and copies of one recording; return the clients' ids."""
    rng, start = random.Random(1), datetime(2025, 1, 1, tzinfo=UTC)
    ids = []
    for number in range(clients):
        name = "".join(rng.choices("abcdefghijklmnoprstuvwyzäéø", k=8)).capitalize()
        ids.append(store.add_client(f"{name} {number:04d}").id)
        for week in range(recordings):
            store.add_recording(ids[-1], folder, recorded_at=start + timedelta(7 * week))
    return ids


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
