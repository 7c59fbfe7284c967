"""A PostgreSQL server of our own, from Debian's packages, in a temporary folder and behind a socket there."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

#: A throwaway server need not survive a power cut.
SETTINGS = ("fsync=off", "full_page_writes=off", "shared_buffers=32MB", "listen_addresses=", "max_connections=20")


class Unavailable(Exception):
    """There is no server to start; says why."""


@contextmanager
def running() -> Iterator[str]:
    """Start a server and give the URL of its cluster, with ``{name}`` where the database's name goes."""
    programs, switch, user = _programs(), _switch_user(), _user()
    memory = Path("/dev/shm")  # many small databases: in memory they come and go ten times as fast
    place = memory if memory.is_dir() and os.access(memory, os.W_OK) else None
    folder = Path(tempfile.mkdtemp(prefix="evenstride-pg-", dir=place))
    shutil.chown(folder, user)
    try:
        _run([*switch, programs / "initdb", "-D", folder / "data", "-A", "trust", "-U", "evenstride", "--no-sync"])
        options = " ".join(f"-c {one}" for one in SETTINGS) + f" -k {folder}"
        control = [*switch, programs / "pg_ctl", "-D", folder / "data", "-w"]
        _run([*control, "-l", folder / "log", "-o", options, "start"])
        try:
            yield f"postgresql://evenstride@/{{name}}?host={folder}"
        finally:
            _run([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[object]) -> None:
    # The server inherits nothing: a pipe that it kept open would never end.
    done = subprocess.run([str(one) for one in command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
    if done.returncode:
        raise Unavailable(f"{command[-1]} of PostgreSQL failed.")


def _programs() -> Path:
    on_path = shutil.which("initdb")
    candidates = [Path(on_path).resolve().parent] if on_path else []
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: int(p.parent.name), reverse=True)
    for each in candidates:
        if (each / "initdb").exists() and (each / "pg_ctl").exists():
            return each
    raise Unavailable("PostgreSQL is not installed (Debian: apt-get install postgresql).")


def _user() -> str:
    """Return who runs the server: it refuses to run as root."""
    if os.geteuid() != 0:
        return pwd.getpwuid(os.geteuid()).pw_name
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in known:
            return name
    raise Unavailable("There is no user to run PostgreSQL as.")


def _switch_user() -> list[str]:
    if os.geteuid() != 0:
        return []
    entry = pwd.getpwnam(_user())
    if not shutil.which("setpriv"):
        raise Unavailable("PostgreSQL can't run as root, and setpriv is missing.")
    return ["setpriv", f"--reuid={entry.pw_uid}", f"--regid={entry.pw_gid}", "--clear-groups"]
