"""Fixtures for all tests: where the real clips are, and small films whose every frame says which one it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
BITS = 8


@pytest.fixture(scope="session", autouse=True)
def _own_data_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep out of the recordings and clients of whoever runs the tests, and those out of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("EVENSTRIDE_DATABASE", raising=False)
        patch.setenv("EVENSTRIDE_DATA", str(tmp_path_factory.mktemp("kept")))
        yield


@pytest.fixture(scope="session")
def data() -> Path:
    """Real clips and marker data; they are not part of the repository."""
    if not DATA.is_dir():
        pytest.skip(f"the real test material is not at {DATA}")
    return DATA


@pytest.fixture(scope="session")
def make_clip(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Return a function that makes a film: frame n shows n in binary, as black and white fields along its top."""
    folder = tmp_path_factory.mktemp("clips")

    def make(name: str, **settings) -> Path:
        path = folder / name
        if not path.exists():
            write_clip(path, **settings)
        return path

    return make


@pytest.fixture(scope="session")
def read_number() -> Callable[[np.ndarray], int]:
    """Return a function that reads the number in a frame of `make_clip`."""
    return number_in


def write_clip(
    path: Path,
    *,
    frames: int = 48,
    size: tuple[int, int] = (160, 96),
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    fps: int = 30,
    times_s: Sequence[float] | None = None,
    tick: Fraction | None = None,
    shift: int = 0,
    gop: int = 12,
    options: dict[str, str] | None = None,
    container: dict[str, str] | None = None,
    file_format: str | None = None,
    tags: dict[str, str] | None = None,
) -> None:
    """Encode numbered frames; `shift` moves all timestamps by that many ticks."""
    tick = tick or Fraction(1, fps)
    with av.open(str(path), "w", format=file_format, options=container or {}) as out:
        out.metadata.update(tags or {})
        stream = out.add_stream(codec, rate=fps, options=options or {})
        stream.width, stream.height = size
        stream.pix_fmt = pix_fmt
        stream.codec_context.gop_size = gop
        stream.time_base = stream.codec_context.time_base = tick
        packets = []
        for index in range(frames):
            frame = av.VideoFrame.from_ndarray(numbered(index, size), format="rgb24").reformat(format=pix_fmt)
            frame.time_base = tick
            frame.pts = round((index / fps if times_s is None else times_s[index]) / tick)
            packets += stream.encode(frame)
        for packet in [*packets, *stream.encode(None)]:
            packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
            out.mux(packet)


def numbered(index: int, size: tuple[int, int]) -> np.ndarray:
    """Return a moving pattern with `index` in binary along the top."""
    width, height = size
    x, y = np.arange(width), np.arange(height)[:, None]
    rgb = np.empty((height, width, 3), np.uint8)
    rgb[..., 0] = 90
    rgb[..., 1] = 120 + 60 * np.sin((x + 3 * index) / 17)
    rgb[..., 2] = 128 + 40 * np.cos((2 * y + 2 * index) / 23)
    field = width // BITS
    for bit in range(BITS):
        rgb[: height // 4, bit * field : (bit + 1) * field] = 255 if index >> bit & 1 else 0
    return rgb


def number_in(rgb: np.ndarray) -> int:
    """Return the number that `numbered` wrote."""
    height, field = rgb.shape[0], rgb.shape[1] // BITS
    strip = rgb[height // 16 : height // 5]
    bright = [strip[:, bit * field + field // 4 : (bit + 1) * field - field // 4].mean() > 128 for bit in range(BITS)]
    return sum(1 << bit for bit in range(BITS) if bright[bit])
