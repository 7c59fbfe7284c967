"""Reading and writing films: the same frame, time and pixels whatever the file and wherever reading starts."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

from vision.cutoff import promised_s
from vision.errors import EvenstrideError, OutputError, UnreadableVideo, UnsupportedVideo
from vision.photo import is_photo
from vision.video import probe, read_frames, write_video

OPEN_FILES = Path("/proc/self/fd")
N = 48
UNEVEN_S = np.cumsum(np.random.default_rng(1).uniform(0.015, 0.06, N))
MILLISECOND = Fraction(1, 1000)
CLIPS = {
    "h264_b_frames.mp4": {"options": {"bf": "3"}},
    "h264_open_gop.mp4": {"options": {"x264-params": "open-gop=1:bframes=3:scenecut=0"}},
    "h264_gradual_refresh.mp4": {"options": {"x264-params": "intra-refresh=1:bframes=0"}},
    "h264_uneven_times.mp4": {"options": {"bf": "3"}, "times_s": UNEVEN_S, "tick": Fraction(1, 90_000)},
    "h264_fragmented.mp4": {"options": {"bf": "3"}, "container": {"movflags": "frag_keyframe+empty_moov"}},
    "h264_late_start.mp4": {"options": {"bf": "3"}, "shift": 40},
    "h264_ten_bit.mp4": {"pix_fmt": "yuv420p10le"},
    "h264_in_avi.avi": {"options": {"bf": "3"}},
    "h264_stream.ts": {"options": {"bf": "3"}},
    "hevc.mp4": {"codec": "libx265", "options": {"x265-params": "log-level=none"}},
    "vp9.webm": {"codec": "libvpx-vp9", "options": {"lag-in-frames": "16", "b": "300k", "cpu-used": "8"}},
    "vp8_hidden_frames.webm": {"codec": "libvpx", "options": {"auto-alt-ref": "1", "lag-in-frames": "16", "b": "300k"}},
    # As MediaRecorder writes it: 1000 frames a second claimed, no duration, no index, one keyframe.
    "browser.webm": {
        "codec": "libvpx",
        "fps": 1000,
        "times_s": UNEVEN_S,
        "tick": MILLISECOND,
        "gop": 1000,
        "options": {"deadline": "realtime", "b": "300k"},
        "container": {"live": "1"},
        "file_format": "webm",
    },
    "odd_size.mp4": {"size": (163, 97), "pix_fmt": "yuv444p"},
    "motion_jpeg.avi": {"codec": "mjpeg", "pix_fmt": "yuvj420p"},
    "picture_loop.gif": {"codec": "gif", "pix_fmt": "rgb8", "fps": 25},
}


@pytest.fixture(params=CLIPS)
def clip(request, make_clip):
    return make_clip(request.param, **CLIPS[request.param])


def test_every_frame_comes_with_its_own_number_and_time(clip, read_number):
    info = probe(clip)
    settings = CLIPS[clip.name]
    expected = UNEVEN_S - UNEVEN_S[0] if "times_s" in settings else np.arange(N) / settings.get("fps", 30)
    frames = list(read_frames(info))
    assert [read_number(frame.rgb) for frame in frames] == list(range(N)) == [frame.index for frame in frames]
    np.testing.assert_allclose([frame.time_s for frame in frames], expected, atol=0.0011)
    assert info.frames == N
    assert info.fps == pytest.approx((N - 1) / expected[-1], rel=0.002)
    assert info.duration_s == pytest.approx(expected[-1] * N / (N - 1), rel=0.002)
    assert ("variable_frame_rate" in info.notes) == ("times_s" in settings)
    assert "truncated" not in info.notes
    for frame in frames:
        assert frame.rgb.dtype == np.uint8
        assert frame.rgb.shape == (info.height, info.width, 3)
        assert frame.rgb.flags.c_contiguous


def test_pixels_are_the_same_read_from_the_start_or_from_anywhere(clip):
    info = probe(clip)
    straight = {frame.index: frame.rgb for frame in read_frames(info)}
    for wanted in ([N - 1], [29, 30], [1, 2, 26, 45, 47], list(range(11, 37))):
        got = list(read_frames(info, indices=np.array(wanted)))
        assert [frame.index for frame in got] == wanted
        for frame in got:
            np.testing.assert_array_equal(frame.rgb, straight[frame.index])


def test_no_index_no_frame_and_wrong_ones_are_refused(make_clip):
    info = probe(make_clip("h264_b_frames.mp4", **CLIPS["h264_b_frames.mp4"]))
    assert list(read_frames(info, indices=np.array([], dtype=int))) == []
    with pytest.raises(IndexError):
        read_frames(info, indices=np.array([N]))
    with pytest.raises(IndexError):
        read_frames(info, indices=np.array([-1]))
    with pytest.raises(ValueError, match="strictly increase"):
        read_frames(info, indices=np.array([3, 3]))


def test_an_edit_list_hides_the_frames_before_its_start(make_clip, read_number):
    # The first 17 frames lie before time zero: only they are needed for decoding, and they are not shown.
    info = probe(make_clip("edit_list.mp4", options={"bf": "3"}, shift=-17))
    frames = list(read_frames(info))
    assert [read_number(frame.rgb) for frame in frames] == list(range(17, N))
    np.testing.assert_allclose([frame.time_s for frame in frames], np.arange(N - 17) / 30, atol=1e-4)
    assert info.notes == ()


@pytest.mark.skipif(not OPEN_FILES.is_dir(), reason="this system does not list a process's open files")
def test_an_abandoned_reader_closes_its_file(make_clip):
    info = probe(make_clip("h264_b_frames.mp4", **CLIPS["h264_b_frames.mp4"]))
    reader = read_frames(info)
    next(reader)
    assert info.path.resolve() in open_files()
    reader.close()
    assert info.path.resolve() not in open_files()


def open_files():
    return {link.resolve() for link in OPEN_FILES.iterdir()}


@pytest.mark.parametrize(("degrees", "turned"), [(0, 0), (90, 1), (180, 2), (270, 3)])
def test_pictures_stand_upright(make_clip, tmp_path, degrees, turned):
    upright = probe(make_clip("h264_b_frames.mp4", **CLIPS["h264_b_frames.mp4"]))
    path = tmp_path / "turned.mp4"
    shutil.copy(upright.path, path)
    set_display_matrix(path, ROTATIONS[degrees])
    info = probe(path)
    expected = np.rot90(next(read_frames(upright)).rgb, k=turned)
    assert (info.rotation_deg, info.height, info.width) == (degrees, *expected.shape[:2])
    np.testing.assert_array_equal(next(read_frames(info)).rgb, expected)


@pytest.mark.parametrize(
    ("matrix", "expected"),
    [
        ((-1, 0, 0, 1), lambda rgb: rgb[:, ::-1]),
        ((1, 0, 0, -1), lambda rgb: rgb[::-1]),
        ((0, 1, 1, 0), lambda rgb: rgb.transpose(1, 0, 2)),
    ],
)
def test_a_mirrored_recording_is_turned_back(make_clip, tmp_path, matrix, expected):
    plain = probe(make_clip("h264_b_frames.mp4", **CLIPS["h264_b_frames.mp4"]))
    path = tmp_path / "mirrored.mp4"
    shutil.copy(plain.path, path)
    set_display_matrix(path, matrix)
    info = probe(path)
    assert info.notes == ("mirrored",)
    np.testing.assert_array_equal(next(read_frames(info)).rgb, expected(next(read_frames(plain)).rgb))


ROTATIONS = {0: (1, 0, 0, 1), 90: (0, -1, 1, 0), 180: (-1, 0, 0, -1), 270: (0, 1, -1, 0)}


def set_display_matrix(path, abcd):
    """Write a, b, c and d of the matrix in the track's header: ISO 14496-12, tkhd version 0."""
    data = bytearray(path.read_bytes())
    at = data.index(b"tkhd") + 4 + 40
    for place, value in zip((0, 4, 12, 16), abcd, strict=True):
        data[at + place : at + place + 4] = (value * 65536).to_bytes(4, "big", signed=True)
    path.write_bytes(data)


def test_pixels_that_are_not_square_are_corrected(tmp_path):
    path = tmp_path / "wide.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = 144, 96, "yuv420p"
        stream.codec_context.sample_aspect_ratio = Fraction(4, 3)
        for _ in range(3):
            out.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((96, 144, 3), np.uint8), format="rgb24")))
        out.mux(stream.encode(None))
    info = probe(path)
    assert (info.width, info.height, info.notes) == (192, 96, ("non_square_pixels",))
    assert next(read_frames(info)).rgb.shape == (96, 192, 3)


@pytest.mark.parametrize(("given", "factor"), [(None, 4.0), (2.0, 2.0), (1.0, 1.0)])
def test_slow_motion_is_taken_from_the_file_or_the_user(make_clip, given, factor):
    path = make_clip(
        "slow.mp4", container={"movflags": "use_metadata_tags"}, tags={"com.android.capture.fps": "120.000000"}
    )
    info = probe(path, slow_motion=given)
    assert info.slow_motion == pytest.approx(factor, rel=0.001)
    assert info.fps == pytest.approx(30 * factor, rel=0.001)
    assert info.frame_times_s[-1] == pytest.approx((N - 1) / 30 / factor, rel=0.001)
    assert info.notes == (("slow_motion",) if factor != 1 else ())


@pytest.mark.parametrize("factor", [0.0, -2.0, float("nan"), float("inf")])
def test_an_impossible_slow_motion_factor_is_refused(make_clip, factor):
    with pytest.raises(ValueError, match="slow_motion"):
        probe(make_clip("h264_b_frames.mp4", **CLIPS["h264_b_frames.mp4"]), slow_motion=factor)


# --------------------------------------------------------------------------------------------------------------------
# Damage


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("faststart.mp4", {"container": {"movflags": "+faststart"}}),
        ("matroska.mkv", {}),
        ("vp9.webm", CLIPS["vp9.webm"]),
    ],
)
def test_the_readable_part_of_a_cut_off_file_is_used(make_clip, read_number, tmp_path, name, settings):
    data = make_clip(name, **settings).read_bytes()
    path = tmp_path / name
    path.write_bytes(data[: int(0.45 * len(data))])
    info = probe(path)
    assert "truncated" in info.notes
    assert 10 <= info.frames < 40
    # A cut between a frame and one shown before it leaves that one out: the times tell which are left.
    left = np.round(info.frame_times_s * 30).astype(int).tolist()
    assert left[:10] == list(range(10))
    assert [read_number(frame.rgb) for frame in read_frames(info)] == left


@pytest.mark.parametrize("slow_motion", [1.0, 2.0])
def test_how_long_a_film_that_breaks_off_was_meant_to_be(make_clip, tmp_path, slow_motion):
    data = make_clip("whole.mp4", container={"movflags": "+faststart"}).read_bytes()
    path = tmp_path / "cut.mp4"
    path.write_bytes(data[: int(0.45 * len(data))])
    info = probe(path, slow_motion=slow_motion)
    assert info.duration_s < 0.9 * N / 30 / slow_motion
    assert promised_s(info) == pytest.approx(N / 30 / slow_motion, abs=0.01)


@pytest.mark.parametrize("broken", [20, N - 2])
def test_a_broken_packet_is_skipped(make_clip, tmp_path, broken):
    good = make_clip("no_b_frames.mp4", options={"bf": "0"})
    path = tmp_path / "broken.mp4"
    overwrite_packet(good, path, broken)
    info = probe(path)
    expected = [index for index in range(N) if index != broken]
    assert [frame.index for frame in read_frames(info)] == expected
    assert [frame.index for frame in read_frames(info, indices=np.arange(broken - 1, N))] == expected[broken - 1 :]


def overwrite_packet(good, path, number):
    with av.open(str(good)) as container:
        packet = [packet for packet in container.demux(video=0) if packet.size][number]
    data = bytearray(good.read_bytes())
    noise = np.random.default_rng(0).integers(0, 256, packet.size, dtype=np.uint8)
    data[packet.pos : packet.pos + packet.size] = noise.tobytes()
    path.write_bytes(data)


def sound_only(path):
    with av.open(str(path), "w") as out:
        stream = out.add_stream("aac", rate=44_100)
        for index in range(10):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.rate, frame.pts = 44_100, index * 1024
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))


def without_index(path):
    whole = path.with_name("whole.mp4")
    write_video(whole, [(i / 30, np.full((96, 160, 3), i, np.uint8)) for i in range(30)], size=(160, 96))
    data = whole.read_bytes()
    start = data.index(b"moov") - 4
    stop = start + int.from_bytes(data[start : start + 4], "big")
    path.write_bytes(data[:start] + data[stop:])


def still_picture(path):
    with av.open(str(path), "w", format="mjpeg") as out:
        stream = out.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = 160, 96, "yuvj420p"
        out.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((96, 160, 3), np.uint8), format="rgb24")))
        out.mux(stream.encode(None))


def one_frame(path):
    write_video(path, [(0.0, np.zeros((96, 160, 3), np.uint8))], size=(160, 96))


def stamp_sized(path):
    write_video(path, [(i / 30, np.zeros((20, 32, 3), np.uint8)) for i in range(9)], size=(32, 20))


BAD_FILES = {
    "missing": (lambda path: None, UnreadableVideo, "no file"),
    "a folder": (lambda path: path.mkdir(), UnreadableVideo, "folder"),
    "empty": (lambda path: path.touch(), UnreadableVideo, "empty"),
    "text": (lambda path: path.write_text("A walk in the park.\n" * 99), UnreadableVideo, "not a video"),
    "a playlist": (lambda path: path.write_text("#EXTM3U\n#EXTINF:3,\nother.ts\n"), UnreadableVideo, "not a video"),
    "without its index": (without_index, UnreadableVideo, "cut off"),
    "sound only": (sound_only, UnsupportedVideo, "sound only"),
    "a still picture": (still_picture, UnsupportedVideo, "picture"),
    "one frame": (one_frame, UnsupportedVideo, "single picture"),
    "stamp-sized": (stamp_sized, UnsupportedVideo, "32 x 20"),
}


@pytest.mark.parametrize("kind", BAD_FILES)
def test_a_file_that_cannot_be_used_gets_one_clear_sentence(kind, tmp_path):
    make, error, words = BAD_FILES[kind]
    path = tmp_path / "walk.mp4"
    make(path)
    with pytest.raises(error, match=words) as caught:
        probe(path)
    assert "walk.mp4" in caught.value.message
    for sentence in (caught.value.message, caught.value.advice):
        assert sentence.endswith(".")
        assert "\n" not in sentence
        assert "Errno" not in sentence


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("look", [probe, is_photo])
def test_a_pipe_is_never_opened_for_that_would_wait_for_ever(tmp_path, monkeypatch, look):
    path = tmp_path / "walk.mp4"
    os.mkfifo(path)
    monkeypatch.setattr(Path, "open", lambda *_: pytest.fail("a pipe was opened"))
    with suppress(UnreadableVideo):
        assert not look(path)
    with pytest.raises(UnreadableVideo, match=r"walk\.mp4 is not a file\.$"):
        probe(path)


@pytest.fixture
def unreadable(tmp_path):
    """A file that may not be read; root gives up its right to read everything for a while."""
    if os.name != "posix":
        pytest.skip("this system has other permissions")
    path = tmp_path / "walk.mp4"
    path.write_bytes(b"a film")
    path.chmod(0)
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    yield path
    os.seteuid(before)


def test_a_file_without_read_permission_is_named(unreadable):
    with pytest.raises(UnreadableVideo, match="walk.mp4 may not be read"):
        probe(unreadable)


def test_the_library_says_nothing_on_stderr(tmp_path):
    (tmp_path / "text.mp4").write_text("no film" * 99)
    without_index(tmp_path / "cut.mp4")
    (tmp_path / "half.mp4").write_bytes((tmp_path / "whole.mp4").read_bytes()[:-200])
    code = """
import sys
from vision.errors import EvenstrideError
from vision.video import probe, read_frames
for path in sys.argv[1:]:
    try:
        print(sum(1 for _ in read_frames(probe(path))))
    except EvenstrideError as error:
        print(error.code)
"""
    paths = [str(tmp_path / name) for name in ("text.mp4", "cut.mp4", "half.mp4", "whole.mp4")]
    done = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True, check=True)
    assert done.stderr == ""
    assert done.stdout.split()[:2] == ["unreadable_video"] * 2
    assert done.stdout.split()[3] == "30"


def test_a_file_that_vanishes_between_probing_and_reading_is_named(tmp_path):
    path = tmp_path / "walk.mp4"
    write_video(path, [(i / 30, np.zeros((96, 160, 3), np.uint8)) for i in range(5)], size=(160, 96))
    info = probe(path)
    path.unlink()
    with pytest.raises(UnreadableVideo, match="walk.mp4"):
        list(read_frames(info))


# --------------------------------------------------------------------------------------------------------------------
# Writing


def plain(count, size=(160, 96), color=(0, 114, 178)):
    return [np.full((size[1], size[0], 3), color, np.uint8) for _ in range(count)]


def test_what_is_written_keeps_times_and_colors_and_plays_in_browsers(tmp_path):
    path = tmp_path / "walk ä.mp4"
    times = UNEVEN_S[:20] - UNEVEN_S[0]
    write_video(path, zip(times, plain(20), strict=True), size=(160, 96))
    info = probe(path)
    np.testing.assert_allclose(info.frame_times_s, times, atol=1e-5)
    for frame in read_frames(info):
        np.testing.assert_allclose(frame.rgb[40, 40], (0, 114, 178), atol=4)
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        keys = [packet.is_keyframe for packet in container.demux(stream) if packet.size]
        assert keys[0]
        assert sum(keys) == 2  # one at least every 15 frames, for seeking
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_odd_sizes_are_padded(tmp_path):
    write_video(tmp_path / "odd.mp4", [(i / 30, rgb) for i, rgb in enumerate(plain(4, (163, 97)))], size=(163, 97))
    info = probe(tmp_path / "odd.mp4")
    assert (info.width, info.height) == (164, 98)


@pytest.mark.parametrize("failure", [KeyboardInterrupt, EvenstrideError("a", "b"), RuntimeError])
def test_a_failure_leaves_nothing_behind_and_keeps_what_was_there(tmp_path, failure):
    def frames():
        yield 0.0, plain(1)[0]
        raise failure

    path = tmp_path / "walk.mp4"
    path.write_bytes(b"earlier")
    with pytest.raises(failure if isinstance(failure, type) else EvenstrideError):
        write_video(path, frames(), size=(160, 96))
    assert path.read_bytes() == b"earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    path = tmp_path / "nowhere" / "walk.mp4"
    with pytest.raises(OutputError, match="nowhere"):
        write_video(path, [(0.0, plain(1)[0])], size=(160, 96))


def test_no_frame_is_no_video(tmp_path):
    with pytest.raises(ValueError, match="at least one frame"):
        write_video(tmp_path / "walk.mp4", [], size=(160, 96))
    assert list(tmp_path.iterdir()) == []


# --------------------------------------------------------------------------------------------------------------------
# Real clips

FACTS = {
    "videos/side_left_outdoor_60fps.mp4": (1920, 1080, 135, 59.70),
    "videos/side_right_slow.mp4": (640, 352, 145, 29.76),
    "videos/two_people_outdoor.mp4": (1768, 994, 230, 30.0),
    "videos/two_people_crossing_portrait.mp4": (720, 1280, 167, 30.0),
    "negative/testpattern.webm": (320, 240, 60, 15.0),
}


@pytest.mark.parametrize("name", FACTS)
def test_real_clips(data, name):
    info = probe(data / name)
    width, height, frames, fps = FACTS[name]
    assert (info.width, info.height, info.frames) == (width, height, frames)
    assert info.fps == pytest.approx(fps, rel=0.001)
    wanted = np.array([0, frames // 2, frames - 1])
    straight = {f.index: f.rgb for f in read_frames(info) if f.index in wanted}
    assert len(straight) == 3
    for frame in read_frames(info, indices=wanted[1:]):
        np.testing.assert_array_equal(frame.rgb, straight[frame.index])


def test_a_picture_named_as_a_video(data):
    with pytest.raises(UnsupportedVideo, match="still picture"):
        probe(data / "negative/jpeg_named_as.mp4")
