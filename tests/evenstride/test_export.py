"""Exports are read back with the libraries of those who use them, and hold what the track holds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import ezc3d
import fabricate
import numpy as np
import pytest
import xarray as xr
from typer.testing import CliRunner

import evenstride
from analysis.pose import Landmark
from evenstride import results
from evenstride.cli import app
from evenstride.export import EVEN_S, KEYPOINTS, ExportError, evenly, export, to_dataset, world_points
from evenstride.tracks import save_track

runner = CliRunner()


@pytest.fixture
def track():
    made = fabricate.track(60)
    world = np.random.default_rng(3).normal(0, 0.4, (60, 33, 3)).astype(np.float32)
    world[5, Landmark.LEFT_KNEE] = np.nan
    xy = made.xy_px.copy()
    xy[5, Landmark.LEFT_KNEE] = np.nan
    return replace(made, xy_px=xy, world_m=world)


@pytest.fixture
def folder(track, tmp_path: Path) -> Path:
    """Return a result folder called walk."""
    assessment = fabricate.clear_right()
    place = tmp_path / "walk"
    place.mkdir()
    save_track(track, place / results.TRACK_NAME)
    (place / results.FRAMES_NAME).write_text(results.csv_text(assessment.frames))
    return place


def test_netcdf_is_what_movement_reads(folder: Path, track):
    (path,) = export(folder, ["nc"])
    assert path == folder / "walk.nc"
    with xr.open_dataset(path, engine="h5netcdf") as data:
        assert data.position.dims == ("time", "space", "keypoints", "individuals")
        assert data.confidence.dims == ("time", "keypoints", "individuals")
        assert data.attrs["ds_type"] == "poses"
        assert data.attrs["time_unit"] == "seconds"
        assert data.attrs["fps"] == pytest.approx(track.fps)
        knee = data.position.sel(keypoints="left_knee", individuals="walker")
        np.testing.assert_array_equal(knee.sel(space="y"), track.xy_px[:, Landmark.LEFT_KNEE, 1])
        np.testing.assert_array_equal(data.time, track.time_s)
        np.testing.assert_array_equal(data.confidence.values[..., 0], track.visibility)


def test_dataset_without_a_file(track):
    assert dict(to_dataset(track).sizes) == {"time": 60, "space": 2, "keypoints": 33, "individuals": 1}


def test_trc_by_hand(folder: Path, track):
    (path,) = export(folder, ["trc"])
    lines = path.read_text().splitlines()
    assert lines[0].split("\t") == ["PathFileType", "4", "(X/Y/Z)", "walk.trc"]
    rate, _, frames, markers, units = lines[2].split("\t")[:5]
    assert (float(rate), int(frames), int(markers), units) == (pytest.approx(30, abs=1e-3), 60, 33, "m")
    assert [name for name in lines[3].split("\t")[2:] if name] == list(KEYPOINTS)
    rows = [line.split("\t") for line in lines[6:]]
    assert {len(row) for row in rows} == {2 + 3 * 33}
    column = 2 + 3 * Landmark.LEFT_KNEE
    x, y, z = track.world_m[7, Landmark.LEFT_KNEE]
    assert [float(cell) for cell in rows[7][column : column + 3]] == pytest.approx([x, -y, -z], abs=1e-5)
    assert rows[5][column : column + 3] == ["", "", ""]
    assert float(rows[7][1]) == pytest.approx(track.time_s[7], abs=1e-4)


def test_c3d_is_read_back(folder: Path, track):
    (path,) = export(folder, ["c3d"])
    file = ezc3d.c3d(str(path))
    assert file["parameters"]["POINT"]["LABELS"]["value"] == list(KEYPOINTS)
    assert file["parameters"]["POINT"]["UNITS"]["value"] == ["mm"]
    assert file["header"]["points"]["frame_rate"] == pytest.approx(30, abs=1e-3)
    points = file["data"]["points"]
    assert points.shape == (4, 33, 60)
    np.testing.assert_allclose(points[:3, Landmark.NOSE], 1000 * world_points(track)[:, Landmark.NOSE].T, atol=0.01)
    residuals = file["data"]["meta_points"]["residuals"][0]
    assert residuals[Landmark.LEFT_KNEE, 5] == -1
    assert (np.delete(residuals[Landmark.LEFT_KNEE], 5) >= 0).all()


def test_mot_by_hand(folder: Path):
    (path,) = export(folder, ["mot"])
    text = path.read_text()
    header, _, body = text.partition("endheader\n")
    frames = fabricate.clear_right().frames
    rows = [line.split("\t") for line in body.splitlines()]
    assert header.startswith("walk\nversion=1\n")
    assert f"nRows={len(frames)}" in header
    assert f"nColumns={len(rows[0])}" in header
    assert "inDegrees=yes" in header
    assert rows[0][:3] == ["time", "knee_angle_l", "knee_angle_r"]
    assert "trunk_forward" in rows[0]
    assert float(rows[8][1]) == pytest.approx(frames["knee_left_deg"][7], abs=1e-3)
    assert rows[4][1] == "nan"  # frame 3 has no left knee
    assert len(rows) == len(frames) + 1


def test_world_points_stand_upright():
    track = fabricate.track(2)
    world = np.zeros((2, 33, 3), np.float32)
    world[:, Landmark.NOSE] = (0.1, -0.6, -0.2)  # the model's y points down and its z away from the camera
    up = world_points(replace(track, world_m=world))[0, Landmark.NOSE]
    np.testing.assert_allclose(up, (0.1, 0.6, 0.2), atol=1e-6)


def test_an_even_clock_changes_nothing():
    time = np.arange(30) / 30 + np.linspace(0, EVEN_S / 2, 30)
    points = np.random.default_rng(0).normal(size=(30, 2))
    rate, same = evenly(time, points)
    assert same is points
    assert rate == pytest.approx(30, rel=1e-3)


def test_an_uneven_clock_is_made_even():
    time = np.array([0.0, 0.1, 0.2, 0.4, 0.5, 0.6])  # one frame was dropped
    points = np.stack([3 * time, np.where(time == 0.4, np.nan, time)], axis=1)
    rate, even = evenly(time, points)
    assert rate == pytest.approx(10)
    np.testing.assert_allclose(even[:, 0], 3 * np.arange(7) / 10, atol=1e-9)
    assert list(np.isnan(even[:, 1])) == [False, False, False, True, True, False, False]


def test_what_is_missing_is_said(folder: Path, track):
    with pytest.raises(ExportError, match="no format fbx"):
        export(folder, ["fbx"])
    save_track(replace(track, world_m=None), folder / results.TRACK_NAME)
    for name in ("trc", "c3d"):
        with pytest.raises(ExportError, match="no points in space"):
            export(folder, [name])
    (folder / results.FRAMES_NAME).unlink()
    with pytest.raises(ExportError, match="could not be read"):
        export(folder, ["mot"])
    assert {path.name for path in folder.iterdir()} == {results.TRACK_NAME}


def test_command_on_a_batch(folder: Path, tmp_path: Path):
    done = runner.invoke(
        app, ["export", str(tmp_path), "--format", "nc", "--format", "trc", "--out", str(tmp_path / "x")]
    )
    assert done.exit_code == 0, done.output
    assert {path.name for path in (tmp_path / "x").iterdir()} == {"walk.nc", "walk.trc"}
    assert done.stdout.split() == [str(tmp_path / "x/walk.nc"), str(tmp_path / "x/walk.trc")]


@pytest.mark.parametrize("arguments", [["--format", "fbx"], ["--format", "nc"], []])
def test_command_used_wrongly(tmp_path: Path, arguments: list[str]):
    (tmp_path / "empty").mkdir()
    done = runner.invoke(app, ["export", str(tmp_path / "empty"), *arguments])
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_the_package_itself_offers_the_two_functions():
    from analysis.assess import assess
    from evenstride.pipeline import analyze_video

    assert evenstride.analyze_video is analyze_video
    assert evenstride.assess is assess
    assert {"analyze_video", "assess", "AnalyzeOptions"} <= set(dir(evenstride))
    with pytest.raises(AttributeError):
        _ = evenstride.nonsense
