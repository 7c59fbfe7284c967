"""The result contract: what is written is valid, complete, rounded, free of NaN, and comes back equal."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path

import fabricate
import numpy as np
import pandas as pd
import pytest

from analysis.measure import Measure
from evenstride import results
from evenstride.results import Provenance, ResultError, read_result, to_result, write_result
from vision.errors import OutputError

PROVENANCE = Provenance(evenstride="0", mediapipe="0", created="2026-01-02T03:04:05Z", config={"a": 1})


def result_of(assessment, promised_s=None, **info):
    film = fabricate.Info(**info)
    return to_result(assessment, film, fabricate.model(), fabricate.people(), PROVENANCE, promised_s=promised_s)


def no_constant(name: str):
    raise AssertionError(f"{name} is not JSON")


@pytest.mark.parametrize("kind", fabricate.ALL)
def test_comes_back_equal(kind: str, tmp_path: Path):
    assessment = fabricate.ALL[kind]()
    result = result_of(assessment)
    write_result(result, assessment, tmp_path)
    assert read_result(tmp_path) == result
    assert read_result(tmp_path / "result.json") == result
    assert sorted(path.name for path in tmp_path.iterdir()) == ["frames.csv", "result.json", "strides.csv"]


def test_json_has_the_keys_of_the_contract():
    data = json.loads(result_of(fabricate.clear_right()).to_json())
    assert data["schema_version"] == 1
    assert {"name", "sha256", "duration_s", "fps", "width", "height", "frames", "rotation_deg"} <= set(data["video"])
    assert {"chosen", "candidates"} <= set(data["person"])
    assert set(data["person"]["candidates"][0]) == {"id", "frames", "why"}
    assert {"start_s", "end_s", "direction", "near_side", "yaw_deg"} <= set(data["passes"][0])
    assert set(data["events"][0]) == {"type", "side", "time_s", "pass"}
    one = {"value", "unit", "ci95", "left", "right", "n", "status", "reason", "reference"}
    assert all(set(measure) == one for measure in data["measures"].values())
    assert {"verdict", "side", "index", "z", "ci95", "components", "reason"} <= set(data["favoring"])
    assert set(data["trunk"]) == {"forward_deg", "lateral_left_deg", "lateral_right_deg", "verdict", "reason"}
    assert {"evenstride", "mediapipe", "config", "created"} <= set(data["provenance"])
    assert data["favoring"]["side"] == "right"
    assert [len(curve["mean_deg"]) for curve in data["curves"]] == [101] * len(data["curves"])


def test_numbers_are_rounded_and_never_nan():
    base = fabricate.clear_right()
    measures = dict(base.measures)
    measures["cadence"] = Measure("cadence", "steps_per_min", 109.123456789, (math.nan, 3.0), left=math.inf, n=3)
    measures["stance"] = Measure("stance", "pct", math.nan, n=3)
    measures["knee_rom"] = Measure("knee_rom", "deg", 60.0, (60.00001, 60.00002), n=1)
    cycles = base.cycles.assign(sd_deg=np.nan)
    passes = (replace(base.passes[0], yaw_deg=math.nan), base.passes[1])
    text = result_of(replace(base, measures=measures, cycles=cycles, passes=passes)).to_json()
    data = json.loads(text, parse_constant=no_constant)
    assert data["measures"]["cadence"] == {**data["measures"]["cadence"], "value": 109.1235, "ci95": None, "left": None}
    assert data["measures"]["stance"]["status"] == "not_measurable"
    assert data["measures"]["stance"]["reason"]
    assert data["measures"]["knee_rom"]["ci95"] is None, "one stride is no certainty"
    assert data["passes"][0]["yaw_deg"] is None
    assert set(data["curves"][0]["sd_deg"]) == {None}


def test_file_name_that_is_no_text():
    assert result_of(fabricate.none(), name="walk\udcff.mp4").video.name == "walk?.mp4"


def test_numpy_numbers_are_taken():
    base = fabricate.clear_right()
    measure = Measure("cadence", "steps_per_min", np.float32(109.5), (np.float64(1), np.float64(2)), n=np.int64(3))
    data = json.loads(result_of(replace(base, measures={"cadence": measure})).to_json())
    assert data["measures"]["cadence"]["value"] == 109.5


def test_tables_have_empty_cells_and_no_words_for_missing(tmp_path: Path):
    assessment = fabricate.clear_right()
    write_result(result_of(assessment), assessment, tmp_path)
    text = (tmp_path / "frames.csv").read_text()
    assert not {"nan", "inf", "true", "false", "none"} & {cell.lower() for cell in text.replace("\n", ",").split(",")}
    frames = pd.read_csv(tmp_path / "frames.csv")
    assert list(frames.columns) == list(assessment.frames.columns)
    assert frames.loc[[3, 4], "knee_left_deg"].isna().all()
    assert set(frames["valid_left_leg"]) == {0, 1}
    assert frames["time_s"].to_numpy() == pytest.approx(assessment.frames["time_s"].to_numpy(), abs=1e-4)
    assert len(pd.read_csv(tmp_path / "strides.csv")) == len(assessment.strides)


def test_a_failed_write_leaves_the_old_file_and_no_other(tmp_path: Path):
    path = tmp_path / "result.json"
    path.write_text("old")

    def fails(temporary: Path) -> None:
        temporary.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(OutputError, match="No space left"):
        results.replace_atomic(path, fails)
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "not valid JSON"),
        ("[1, 2]", "not an Evenstride result"),
        ('{"schema_version": "1"}', "not an Evenstride result"),
        ('{"schema_version": 2}', "newer Evenstride"),
        ('{"schema_version": 0}', "older Evenstride"),
        ('{"schema_version": 1, "video": {}}', "damaged at video.name"),
    ],
)
def test_other_files_are_refused_in_one_sentence(tmp_path: Path, content: str, says: str):
    path = tmp_path / "result.json"
    path.write_text(content)
    with pytest.raises(ResultError, match=says) as caught:
        read_result(path)
    assert caught.value.advice


def test_missing_result_is_an_error_that_names_it(tmp_path: Path):
    with pytest.raises(ResultError, match=r"result\.json"):
        read_result(tmp_path)


def test_fields_of_a_later_release_do_not_break_reading(tmp_path: Path):
    data = json.loads(result_of(fabricate.none()).to_json())
    data["new"] = data["video"]["new"] = "later"
    (tmp_path / "result.json").write_text(json.dumps(data))
    assert read_result(tmp_path) == result_of(fabricate.none())
