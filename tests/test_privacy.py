"""A film of someone limping must not phone home: the pose library may not even hold the address."""

from importlib.metadata import files, version
from pathlib import Path

import pytest

#: What mediapipe's usage logger, added after 0.10.33, leaves in the library's binary (upstream issue 6291).
TRACES = (b"play.googleapis.com", b"clearcut", b"Clearcut")

BINARY = {".so", ".dylib", ".pyd", ".dll"}


def binaries():
    found = [Path(file.locate()) for file in files("mediapipe") or [] if set(Path(file).suffixes) & BINARY]
    assert found, "mediapipe's binary library was not found: the test would prove nothing"
    return found


def holds(path, trace, chunk=1 << 22):
    """Return whether a file holds `trace`, read in pieces that overlap."""
    tail = b""
    with path.open("rb") as file:
        while piece := file.read(chunk):
            if trace in tail + piece:
                return True
            tail = piece[-len(trace) :]
    return False


@pytest.mark.parametrize("trace", TRACES)
def test_the_pose_library_holds_no_usage_logger(trace):
    guilty = [path.name for path in binaries() if holds(path, trace)]
    assert not guilty, f"mediapipe {version('mediapipe')} holds {trace.decode()} in {guilty}: pin 0.10.33"


def test_the_search_finds_what_is_there(tmp_path):
    path = tmp_path / "library.so"
    path.write_bytes(b"\0" * 13 + b"play.googleapis.com" + b"\0" * 5)
    assert holds(path, b"play.googleapis.com", chunk=20)
    assert not holds(path, b"clearcut", chunk=20)
