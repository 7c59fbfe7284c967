import io

import numpy as np
import pytest

from analysis.pose import PoseTrack, Source
from evenstride.tracks import TrackError, load_track, save_track


def make_track(world=True):
    rng = np.random.default_rng(1)
    xy = rng.normal(size=(5, 33, 2)).astype(np.float32)
    xy[2] = np.nan
    return PoseTrack(
        time_s=np.arange(5) / 30,
        xy_px=xy,
        visibility=rng.random((5, 33)).astype(np.float32),
        size_px=(640, 360),
        world_m=rng.normal(size=(5, 33, 3)).astype(np.float32) if world else None,
        source=Source(name="a “clip”.mp4", sha256="00"),
    )


@pytest.mark.parametrize("world", [True, False])
def test_a_track_comes_back_exactly(tmp_path, world):
    track = make_track(world)
    save_track(track, tmp_path / "t.npz")
    back = load_track(tmp_path / "t.npz")
    for name in ("time_s", "xy_px", "visibility", "world_m"):
        np.testing.assert_array_equal(getattr(back, name), getattr(track, name))
    assert (back.size_px, back.source) == (track.size_px, track.source)


def test_bytes_serve_as_well():
    memory = io.BytesIO()
    save_track(make_track(), memory)
    memory.seek(0)
    assert len(load_track(memory)) == 5


@pytest.mark.parametrize("content", [b"", b"no archive", None])
def test_what_is_not_a_track_is_said_to_be_none(tmp_path, content):
    path = tmp_path / "t.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(TrackError, match=r"t\.npz"):
        load_track(path)


def test_half_a_file_is_no_track(tmp_path):
    path = tmp_path / "t.npz"
    save_track(make_track(), path)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(TrackError):
        load_track(path)
