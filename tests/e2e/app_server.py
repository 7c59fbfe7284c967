"""The app as a process of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
#: The quickest model: these tests look at the app, not at the figures.
MODEL = "lite"
#: The most that a busy machine may take to start the app, or a browser.
START_WITHIN_S = 180
#: A closed page's films are deleted after this long: nothing that loading a page again on a busy machine could take.
LEFT_AFTER_S = 600
#: Between finding a free port and using it, another program may take it.
TRIES = 5


@contextmanager
def running_app(folder: Path, *, left_after_s: float = LEFT_AFTER_S) -> Iterator[str]:
    """Start the app with all that it writes in a folder, `server.log` and `server.pid` included; give its address."""
    environment = os.environ | {
        "EVENSTRIDE_MODEL": MODEL,
        "EVENSTRIDE_DATA": str(folder / "data"),
        "EVENSTRIDE_LEFT_AFTER_S": str(left_after_s),
        "TMPDIR": str(folder),
    }
    process, address = _start(folder, environment)
    try:
        yield address
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _start(folder: Path, environment: dict[str, str]) -> tuple[subprocess.Popen, str]:
    log = folder / "server.log"
    for _ in range(TRIES):
        port = _free_port()
        command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless=true"]
        with log.open("w") as file:
            process = subprocess.Popen(
                [*command, f"--server.port={port}"], cwd=ROOT, env=environment, stdout=file, stderr=file
            )
        (folder / "server.pid").write_text(str(process.pid))
        if _is_up(f"http://localhost:{port}/_stcore/health", process):
            return process, f"http://localhost:{port}"
        process.kill()
        process.wait()
    pytest.fail(f"The app did not start: {log.read_text()}")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return probe.getsockname()[1]


def _is_up(address: str, process: subprocess.Popen) -> bool:
    """Wait until the app answers; say no when it has ended, or takes too long."""
    until = time.monotonic() + START_WITHIN_S
    while time.monotonic() < until and process.poll() is None:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return process.poll() is None
    return False
