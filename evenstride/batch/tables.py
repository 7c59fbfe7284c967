"""The tables over a whole batch: a function of the plan and of the finished result folders, and of nothing else.

That is why an interrupted batch that went on ends with the very tables of one that ran through.
"""

from __future__ import annotations

import io
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from pydantic_core import from_json

from analysis.favoring import Favoring
from analysis.pool import POOLED_COLUMNS, Recording, judge_together
from analysis.quality import Issue, Quality, favoring_block
from analysis.strides import STRIDE_COLUMNS
from analysis.view import Pass
from evenstride import results, words
from evenstride.batch.plan import CONDITION_COLUMN, SUBJECT_COLUMN, Item, Plan, Refused, Remark
from evenstride.batch.work import RESULTS_FOLDER, THUMBNAIL_NAME, Mark, folder_url, read_many, write_text

SUMMARY, STRIDES, SUBJECTS, ERRORS, PAGE = "summary", "strides", "subjects", "errors", "index.html"
#: Result folders are read this many at a time, so that memory does not grow with the batch.
CHUNK = 256
#: What a measure gives to the summary, and how the column is called.
MEASURE_FIELDS = (("value", ""), ("left", "_left"), ("right", "_right"))
TEXT_STRIDE_COLUMNS = ("side", "reject")
FLAG_STRIDE_COLUMNS = ("near", "valid", "valid_knee")
ERROR_COLUMNS = ("file", "code", "message", "advice", "measured")
#: The columns of the summary before those of the measures, and after them.
HEAD = {
    "file": "string", "status": "string", "error": "string", "folder": "string", "duration_s": "float64",
    "fps": "float64", "frames": "Int64", "view": "string", "usable": "boolean", "quality": "string",
    "verdict": "string", "side": "string", "index": "float64", "index_z": "float64", "index_ci_low": "float64",
    "index_ci_high": "float64", "timing_only": "boolean", "reason": "string", "trunk_verdict": "string",
    "trunk_forward_deg": "float64", "trunk_lateral_left_deg": "float64", "trunk_lateral_right_deg": "float64",
    "strides_left": "Int64", "strides_right": "Int64",
}  # fmt: skip
TAIL = dict.fromkeys(("video_sha256", "model", "evenstride", "settings_sha256"), "string")
#: Columns of a manifest that would hide one of ours get this before their name.
GIVEN_PREFIX = "given_"
#: Why somebody none of whose recordings has a result gets no verdict.
NOT_MEASURED = "None of the recordings is measured; the summary says why."


@dataclass(frozen=True)
class Read:
    """One video of the tables: its item, its mark, and its result where there is one."""

    item: Item
    mark: Mark | None
    result: dict[str, Any] | None = None
    strides: pa.Table | None = None
    thumbnail: bytes | None = None


def write_tables(plan: Plan, marks: Mapping[str, Mark], out: str) -> list[str]:
    """Write summary, strides, subjects, errors and index.html.

    Parameters
    ----------
    plan : Plan
    marks : dict of Mark by item id
        Of the videos that are finished; the others are listed as waiting.
    out : path or fsspec URL

    Returns
    -------
    list of str
        Names of the files.

    Raises
    ------
    OutputError
    """
    from evenstride.batch.page import Row, make_page

    summary: list[dict[str, Any]] = []
    strides: list[tuple[Item, pa.Table]] = []
    people: dict[tuple[str, str], list[Film]] = {}
    measured: dict[str, bool] = {}
    remarks: list[Remark] = []
    rows: list[Row] = []
    first_stride = 0
    refused = {one.item.id for one in plan.refused}
    for one in read_results(plan, marks, out):
        summary.append(summary_row(one, plan.columns))
        if one.item.id not in refused:
            remarks += remarks_of(one)
        measured[one.item.file] = one.result is not None
        who = subject_of(one.item)
        if who:
            people.setdefault(who, []).append(Film.of(one, first_stride))
        if one.strides is not None:
            strides.append((one.item, one.strides))
            first_stride += len(one.strides)
        rows.append(Row.of(one, summary[-1]))
    remarks += [replace(said, measured=measured.get(said.file, said.measured)) for said in plan.remarks]
    all_strides = put_together(strides)
    subjects = subject_rows(people, all_strides, plan)
    tables = {
        SUMMARY: summary_table(summary, plan.columns),
        SUBJECTS: pd.DataFrame(subjects, columns=list(subject_columns(plan))),
    }
    written = []
    for name, table in tables.items():
        if name == SUBJECTS and SUBJECT_COLUMN not in plan.columns:
            continue
        write_text(f"{out}/{name}.csv", results.csv_text(yes_and_no_as_numbers(table)))
        write_text(f"{out}/{name}.parquet", parquet(pa.Table.from_pandas(table, preserve_index=False)))
        written += [f"{name}.csv", f"{name}.parquet"]
    write_text(f"{out}/{STRIDES}.parquet", parquet(all_strides))
    write_text(f"{out}/{ERRORS}.csv", results.csv_text(errors_table(remarks)))
    write_text(f"{out}/{PAGE}", make_page(rows, tables[SUBJECTS], remarks))
    return [*written, f"{STRIDES}.parquet", f"{ERRORS}.csv", PAGE]


def read_results(plan: Plan, marks: Mapping[str, Mark], out: str) -> Iterator[Read]:
    """Yield every video of the plan, sorted by file, with what its result folder holds; a refused one has none."""
    videos = plan.videos
    marks = {**marks, **{one.item.id: _refused_mark(one) for one in plan.refused}}
    names = (results.RESULT_NAME, results.STRIDES_NAME, THUMBNAIL_NAME)
    for start in range(0, len(videos), CHUNK):
        chunk = videos[start : start + CHUNK]
        measured = [item.id for item in chunk if item.id in marks and marks[item.id].status == "measured"]
        found = read_many(out, [f"{RESULTS_FOLDER}/{one}/{name}" for one in measured for name in names])
        tables = read_strides(
            {one: data for one in measured if (data := found.get(f"{RESULTS_FOLDER}/{one}/{names[1]}"))}
        )
        for item in chunk:
            mark, strides = marks.get(item.id), tables.get(item.id)
            result, thumbnail = (found.get(f"{RESULTS_FOLDER}/{item.id}/{name}") for name in (names[0], names[2]))
            if mark is None or mark.status != "measured":
                yield Read(item, mark)
            elif result is None or strides is None:
                where = folder_url(out, item.id)
                gone = {"code": "result_gone", "message": f"The result of {item.file} is gone from {where}."}
                advice = {"advice": "Delete what is left of that folder and run the batch again."}
                yield Read(item, Mark(item.file, "", "", "", {}, "failed", gone | advice))
            else:
                yield Read(item, mark, from_json(result), strides, thumbnail)


def _refused_mark(one: Refused) -> Mark:
    error = {"code": one.remark.code, "message": one.remark.message, "advice": one.remark.advice}
    return Mark(one.item.file, "", "", "", {}, "failed", error)


# --------------------------------------------------------------------------------------------------------------------
# One row a video


def summary_row(one: Read, given: Sequence[str]) -> dict[str, Any]:
    """Return a video's row of the summary."""
    row: dict[str, Any] = {
        "file": one.item.file,
        **{given_name(name): one.item.given.get(name) or None for name in given},
        "status": "waiting" if one.mark is None else one.mark.status,
        "error": one.mark.error["code"] if one.mark and one.mark.error else None,
        "folder": f"{RESULTS_FOLDER}/{one.item.id}",
    }
    if one.result is None:
        return row
    result = one.result
    quality, video = result["quality"], result["video"]
    row |= {
        "duration_s": video["duration_s"],
        "fps": video["fps"],
        "frames": video["frames"],
        "view": result["view"],
        "usable": quality["usable"],
        "quality": " ".join(issue["code"] for issue in quality["issues"]),
        **favoring_cells(result["favoring"]),
        "trunk_verdict": result["trunk"]["verdict"],
        "trunk_forward_deg": result["trunk"]["forward_deg"],
        "trunk_lateral_left_deg": result["trunk"]["lateral_left_deg"],
        "trunk_lateral_right_deg": result["trunk"]["lateral_right_deg"],
        "strides_left": _count(one.strides, "left"),
        "strides_right": _count(one.strides, "right"),
    }
    for name, measure in result["measures"].items():
        unit = measure["unit"]
        row |= {f"{name}{ending}_{unit}": measure[field] for field, ending in MEASURE_FIELDS}
        low, high = measure["ci95"] or (None, None)
        row |= {f"{name}_ci_low_{unit}": low, f"{name}_ci_high_{unit}": high, f"{name}_n": measure["n"]}
    row |= {
        "video_sha256": video["sha256"],
        "model": result["model"]["name"],
        "evenstride": result["provenance"]["evenstride"],
        "settings_sha256": result["provenance"]["settings_sha256"],
    }
    return row


def favoring_cells(favoring: Mapping[str, Any]) -> dict[str, Any]:
    """Return verdict, side and index with its interval; minus and the low end of the interval stand for left."""
    low, high = favoring["ci95"] or (None, None)
    return {
        "verdict": favoring["verdict"],
        "side": favoring["side"],
        "index": favoring["index"],
        "index_z": favoring["z"],
        "index_ci_low": None if low is None else words.index_of(low),
        "index_ci_high": None if high is None else words.index_of(high),
        "timing_only": favoring["timing_only"],
        "reason": favoring["reason"],
    }


def summary_table(rows: Sequence[dict[str, Any]], given: Sequence[str]) -> pd.DataFrame:
    """Return one row a video: what it is, the manifest's columns, the verdict, every measure, where it comes from."""
    fixed = {*HEAD, *TAIL, *map(given_name, given)}
    measures = list(dict.fromkeys(name for row in rows for name in row if name not in fixed))
    columns = ["file", *map(given_name, given), *(name for name in HEAD if name != "file"), *measures, *TAIL]
    table = pd.DataFrame(rows, columns=columns)
    text = dict.fromkeys(map(given_name, given), "string")
    kinds = HEAD | TAIL | text | {name: "Int64" if name.endswith("_n") else "float64" for name in measures}
    return table.astype({name: kinds[name] for name in columns})


def yes_and_no_as_numbers(table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with 1 and 0 for yes and no, as in all our CSV files."""
    return table.astype({name: "Int8" for name in table.columns if table[name].dtype == "boolean"})


def given_name(name: str) -> str:
    """Return how a manifest's column is called in the tables."""
    return GIVEN_PREFIX + name if name in HEAD or name in TAIL else name


def remarks_of(one: Read) -> list[Remark]:
    """Return what errors.csv has to say about a video: why it failed, or what is odd about it."""
    if one.mark is not None and one.mark.error is not None:
        error = one.mark.error
        return [Remark(one.item.file, error["code"], error["message"], error["advice"])]
    if one.result is not None and "truncated" in one.result["video"].get("notes", ()):
        told = next((one for one in one.result["quality"]["issues"] if one["code"] == "truncated"), None)
        message = told["message"] if told else "The end of the film is missing."
        advice = told["advice"] if told else "What is there was measured; copy it again."
        return [Remark(one.item.file, "truncated", message, advice, True)]
    return []


def errors_table(remarks: Sequence[Remark]) -> pd.DataFrame:
    """Return one row for each thing that went wrong, or was odd, in the order of the files."""
    ordered = sorted(remarks, key=lambda remark: (remark.file, remark.code, remark.message))
    return pd.DataFrame(
        [[getattr(one, name) for name in ERROR_COLUMNS] for one in ordered], columns=list(ERROR_COLUMNS)
    )


# --------------------------------------------------------------------------------------------------------------------
# Strides


def stride_schema() -> dict[str, pa.DataType]:
    """Return the type of every column of strides.csv."""
    kinds = dict.fromkeys(STRIDE_COLUMNS, pa.float64())
    kinds |= dict.fromkeys(TEXT_STRIDE_COLUMNS, pa.string()) | dict.fromkeys(FLAG_STRIDE_COLUMNS, pa.int8())
    return kinds | {"pass": pa.int32()}


def read_strides(files: Mapping[str, bytes]) -> dict[str, pa.Table]:
    """Read many strides.csv by name. Those with the same header are read as one: starting to read takes longest."""
    alike: dict[bytes, dict[str, bytes]] = {}
    for name, data in files.items():
        head, _, body = data.partition(b"\n")
        alike.setdefault(head, {})[name] = body if body.endswith(b"\n") or not body else body + b"\n"
    tables: dict[str, pa.Table] = {}
    for head, bodies in alike.items():
        together = _read_csv(head, *bodies.values())
        ends = list(itertools.accumulate(body.count(b"\n") for body in bodies.values()))
        if ends[-1] != len(together):  # a line is no row where somebody edited a file
            tables |= {name: _read_csv(head, body) for name, body in bodies.items()}
            continue
        for name, start, end in zip(bodies, [0, *ends], ends, strict=False):
            tables[name] = together.slice(start, end - start)
    return tables


def _read_csv(head: bytes, *bodies: bytes) -> pa.Table:
    convert = pyarrow.csv.ConvertOptions(
        column_types=stride_schema(),
        include_columns=list(STRIDE_COLUMNS),
        include_missing_columns=True,
        strings_can_be_null=True,
    )
    return pyarrow.csv.read_csv(io.BytesIO(b"".join([head, b"\n", *bodies])), convert_options=convert)


def put_together(strides: Sequence[tuple[Item, pa.Table]]) -> pa.Table:
    """Return one table of the strides of all videos, the file and the subject before their columns."""
    none = pa.schema(list(stride_schema().items())).empty_table()
    table = pa.concat_tables([none, *(rows for _, rows in strides)]).combine_chunks()
    which = np.repeat(np.arange(len(strides)), [len(rows) for _, rows in strides])
    subjects = pa.array([item.given.get(SUBJECT_COLUMN) or None for item, _ in strides], pa.string())
    files = pa.array([item.file for item, _ in strides], pa.string())
    return table.add_column(0, SUBJECT_COLUMN, subjects.take(which)).add_column(0, "file", files.take(which))


def _count(strides: pa.Table | None, side: str) -> int:
    if strides is None:
        return 0
    return list(zip(strides["side"].to_pylist(), strides["valid"].to_pylist(), strict=True)).count((side, 1))


def parquet(table: pa.Table) -> bytes:
    """Return a table as the bytes of a Parquet file."""
    file = io.BytesIO()
    pyarrow.parquet.write_table(table.replace_schema_metadata(None), file)
    return file.getvalue()


# --------------------------------------------------------------------------------------------------------------------
# One row a person


def subject_of(item: Item) -> tuple[str, str] | None:
    """Return whom a video shows, and in which condition; None when the manifest does not say."""
    subject = item.given.get(SUBJECT_COLUMN)
    return (subject, item.given.get(CONDITION_COLUMN, "")) if subject else None


@dataclass(frozen=True)
class Film:
    """What one video has to say about its person: its passes, and which rows of all strides are its own.

    `blocked` says why it takes no part.
    """

    file: str
    passes: tuple[Pass, ...]
    blocked: str | None
    rows: slice

    @classmethod
    def of(cls, one: Read, first_stride: int) -> Film:
        """Return the film behind a video of the tables."""
        if one.result is None or one.strides is None:
            return cls(one.item.file, (), NOT_MEASURED, slice(0, 0))
        quality = one.result["quality"]
        issues = tuple(Issue(**issue) for issue in quality["issues"])
        passes = tuple(stored_pass(k, each) for k, each in enumerate(one.result["passes"]))
        rows = slice(first_stride, first_stride + len(one.strides))
        return cls(one.item.file, passes, favoring_block(Quality(quality["usable"], issues)), rows)


def stored_pass(index: int, one: Mapping[str, Any]) -> Pass:
    """Return a pass as it was before it was written down."""
    # Someone who faces left in the picture shows the camera their left side.
    facing = {"left": -1, "right": 1}.get(one["near_side"], 0)
    known = {name: one[name] for name in ("start_s", "end_s", "direction", "view", "near_side", "yaw_deg")}
    return Pass(index=index, facing=facing, **known)


def subject_rows(
    people: Mapping[tuple[str, str], Sequence[Film]], all_strides: pa.Table, plan: Plan
) -> list[dict[str, Any]]:
    """Judge the recordings of every person together."""
    if not people:
        return []
    # Converted once: a table a recording would take longer than all the judging.
    strides = all_strides.select(list(POOLED_COLUMNS)).to_pandas()
    flags = {name: strides[name].fillna(0).astype(bool) for name in FLAG_STRIDE_COLUMNS}
    # Plain Python strings, shared by all rows: slices of them cost nothing.
    strides = strides.assign(**flags, side=strides["side"].astype(object))
    return [subject_row(who, films, strides, plan) for who, films in sorted(people.items())]


def subject_columns(plan: Plan) -> tuple[str, ...]:
    """Return the columns of the subjects' table."""
    cells = favoring_cells(
        {"verdict": "", "side": "", "index": 0, "z": 0, "ci95": None, "timing_only": 0, "reason": ""}
    )
    condition = (CONDITION_COLUMN,) if CONDITION_COLUMN in plan.columns else ()
    return (SUBJECT_COLUMN, *condition, "recordings", "taking_part", "passes_left", "passes_right", *cells, "files")


def subject_row(who: tuple[str, str], films: Sequence[Film], strides: pd.DataFrame, plan: Plan) -> dict[str, Any]:
    """Judge all recordings of one person in one condition together."""
    recordings = [Recording(strides.iloc[film.rows], film.passes, film.blocked) for film in films]
    # What a measured recording has to say comes before that another was not measured.
    favoring: Favoring = judge_together(sorted(recordings, key=lambda one: one.blocked == NOT_MEASURED))
    part = [one for one in recordings if one.blocked is None]
    facing = [each.facing for one in part for each in one.passes]
    row = {
        SUBJECT_COLUMN: who[0],
        CONDITION_COLUMN: who[1],
        "recordings": len(films),
        "taking_part": len(part),
        "passes_left": facing.count(-1),
        "passes_right": facing.count(1),
        **favoring_cells(vars(favoring)),
        "files": " | ".join(film.file for film in films),
    }
    return {name: row[name] for name in subject_columns(plan)}
