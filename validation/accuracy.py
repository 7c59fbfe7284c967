"""How accurate is Evenstride on rendered walkers whose truth is known: ``python -m validation.accuracy``.

Renders a set of clips, follows the landmarks with MediaPipe's plain loop and with Evenstride, holds both against the
truth and writes the section "walker" of docs/accuracy.md. Clips and tracks are kept, so a second run is quick.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.pose import FloatArray
from validation import clips, sets
from validation.page import write_section
from validation.scores import Score, read_plainly, read_with_evenstride, score
from validation.walker.skeleton import BUILDS_FILE
from validation.walker.truth import analytic_track, solve_clip
from vision.errors import EvenstrideError
from vision.model import get_model

ANCHORS = Path(__file__).parent / "anchors.csv"
NAMES = {"raw": "raw MediaPipe", "evenstride": "Evenstride", "both_ways": "Evenstride --both-ways"}
#: In the order of the columns; the first is what the targets are meant for.
BEST = ("evenstride", "heavy")
FRAME_S = 1 / 60


@dataclass(frozen=True)
class Scored:
    """One clip as one method read it."""

    case: sets.Case
    method: str
    model: str
    score: Score


@dataclass(frozen=True)
class Row:
    """One line of the main table.

    Attributes
    ----------
    label : str
    target : str
    values : function of Score -> array
        The errors of one clip; their kind (degrees, ms) is that of the row.
    cell : function of list of arrays -> str
        What is written, from the errors of all clips.
    met : function of list of arrays -> bool, or None
        Whether the target is met.
    """

    label: str
    target: str
    values: Callable[[Score], FloatArray]
    cell: Callable[[list[FloatArray]], str]
    met: Callable[[list[FloatArray]], bool] | None = None


# --------------------------------------------------------------------------------------------------------------------
# Figures


def rms(values: FloatArray) -> float:
    """Return the root of the mean square."""
    return float(np.sqrt(np.mean(np.square(values))))


def _curve(parts: list[FloatArray]) -> str:
    """RMSE over all frames, bias, and the clip with the largest RMSE."""
    every = np.concatenate(parts)
    worst = max(rms(part) for part in parts)
    return f"{rms(every):.1f} (bias {np.mean(every):+.1f}; worst clip {worst:.1f})"


def _each(unit: str, digits: int = 1) -> Callable[[list[FloatArray]], str]:
    """Bias, SD, the largest error, and how many."""

    def cell(parts: list[FloatArray]) -> str:
        every = np.concatenate(parts)
        far = every[np.argmax(np.abs(every))]
        middle = f"{np.mean(every):+.{digits}f} -+ {np.std(every):.{digits}f} {unit}"
        return f"{middle} (worst {far:+.{digits}f}; n {len(every)})"

    return cell


def _mean_absolute(unit: str, digits: int = 1) -> Callable[[list[FloatArray]], str]:
    """Mean absolute error, the largest, and how many."""

    def cell(parts: list[FloatArray]) -> str:
        every = np.abs(np.concatenate(parts))
        return f"{np.mean(every):.{digits}f} {unit} (worst {np.max(every):.{digits}f}; n {len(every)})"

    return cell


def _one(value: float | None) -> FloatArray:
    return np.array([] if value is None or not np.isfinite(value) else [value], dtype=float)


def _angle(key: str) -> Callable[[Score], FloatArray]:
    return lambda score: score.angles.get(key, np.zeros(0))


def _centred(key: str) -> Callable[[Score], FloatArray]:
    """Where a joint lies inside the leg is a convention, and another one in each build: see the page."""

    def values(score: Score) -> FloatArray:
        errors = score.angles.get(key, np.zeros(0))
        return errors - np.mean(errors) if len(errors) else errors

    return values


def _means(steps: dict[str, FloatArray]) -> FloatArray:
    """Return the error of each side's mean step time, ms."""
    return np.array([1000 * np.mean(off) for off in steps.values() if len(off)])


def _step_means(score: Score) -> FloatArray:
    return _means(score.steps)


def _step_each(score: Score) -> FloatArray:
    return 1000 * np.concatenate([*score.steps.values(), np.zeros(0)])


def _event(kind: str) -> Callable[[Score], FloatArray]:
    return lambda score: 1000 * score.events.get(kind, np.zeros(0))


def _stride(column: str) -> Callable[[Score], FloatArray]:
    return lambda score: score.strides.get(column, np.zeros(0))


def _side(id: str) -> Callable[[Score], FloatArray]:
    return lambda score: _one(score.sides.get(id))


def _counts(score: Score) -> FloatArray:
    found = score.hits + score.missed
    return np.array([[score.hits, score.false, score.missed]], dtype=float) if found else np.zeros((0, 3))


def _f1(parts: list[FloatArray]) -> str:
    hits, false, missed = np.concatenate(parts).sum(axis=0)
    worst = min(2 * h / (2 * h + f + m) for part in parts for h, f, m in part)
    lost = f"{missed:.0f} missed, {false:.0f} extra of {hits + missed:.0f}"
    return f"{2 * hits / (2 * hits + false + missed):.3f} ({lost}; worst clip {worst:.2f})"


def _below(limit: float, worst: float = np.inf) -> Callable[[list[FloatArray]], bool]:
    def met(parts: list[FloatArray]) -> bool:
        every = np.abs(np.concatenate(parts))
        return float(np.mean(every)) <= limit and float(np.max(every)) <= worst

    return met


def _rms_below(limit: float) -> Callable[[list[FloatArray]], bool]:
    return lambda parts: rms(np.concatenate(parts)) <= limit


ROWS = (
    Row("knee flexion, near leg, RMSE, deg", "<= 3.0", _angle("knee_near"), _curve, _rms_below(3.0)),
    Row("knee flexion, far leg, RMSE, deg", "<= 3.8", _angle("knee_far"), _curve, _rms_below(3.8)),
    Row("near leg, without the clip's constant offset", "", _centred("knee_near"), _curve),
    Row("far leg, without the clip's constant offset", "", _centred("knee_far"), _curve),
    Row(
        "peak knee flexion in swing, near leg",
        "bias within 2 deg",
        _stride("knee_swing_peak_deg"),
        _each("deg"),
        lambda parts: abs(float(np.mean(np.concatenate(parts)))) <= 2.0,
    ),
    Row("trunk forward, RMSE, deg", "<= 1.5", _angle("trunk_forward"), _curve, _rms_below(1.5)),
    Row("trunk lateral, front view, RMSE, deg", "<= 0.8", _angle("trunk_lateral"), _curve, _rms_below(0.8)),
    Row(
        "step time, mean of a side, MAE",
        "<= 10 ms, none over 40",
        _step_means,
        _mean_absolute("ms"),
        _below(10.0, 40.0),
    ),
    Row(
        "step time, mean of a side, MAE, from the front",
        "<= 10 ms, none over 40",
        lambda score: _means(score.front_steps),
        _mean_absolute("ms"),
        _below(10.0, 40.0),
    ),
    Row("step time, each step", "", _step_each, _each("ms")),
    Row("heel strike, bias and SD", "", _event("heel_strike"), _each("ms")),
    Row(
        "toe-off, bias and SD",
        "SD <= 15 ms",
        _event("toe_off"),
        _each("ms"),
        lambda parts: float(np.std(np.concatenate(parts))) <= 15.0,
    ),
    Row("events of side views, F1", "", _counts, _f1),
    Row("cadence, error, steps/min", "", lambda score: _one(score.cadence), _mean_absolute("")),
    Row(
        "knee range, right against left, from two directions",
        "<= 1.0 deg, each clip <= 2.0",
        _side("knee_rom"),
        _mean_absolute("deg"),
        _below(1.0, 2.0),
    ),
    Row(
        "the same from two neighbouring passes",
        "",
        lambda score: score.pairs.get("knee_rom", np.zeros(0)),
        _mean_absolute("deg"),
    ),
    Row(
        "the same from one pass, near leg against far (what Evenstride refuses)",
        "",
        lambda score: score.one_way.get("knee_rom", np.zeros(0)),
        _mean_absolute("deg"),
    ),
    Row(
        "knee bend in loading, right against left, from two directions",
        "<= 1.0 deg, each clip <= 2.0",
        _side("knee_loading"),
        _mean_absolute("deg"),
        _below(1.0, 2.0),
    ),
    Row("step-time difference of the sides, error", "", _side("step_time"), _mean_absolute("%")),
    Row("single-support difference of the sides, error", "", _side("single_support"), _mean_absolute("%")),
)
#: What is broken out by yaw, frame rate and build, and what is shown clip by clip.
MAIN = [
    row for row in ROWS if row.label.startswith(("knee", "near leg", "trunk forward", "step time, mean", "toe-off"))
]
MAIN = [row for row in MAIN if not row.label.startswith("knee bend")]
EACH_CLIP = [row for row in ROWS if row.target or row.label.startswith("near leg")]


def cell(row: Row, scored: Iterable[Scored]) -> str:
    """Return one cell: the errors of all clips that have any, or a dash."""
    parts = [values for one in scored if len(values := row.values(one.score))]
    return row.cell(parts) if parts else "-"


# --------------------------------------------------------------------------------------------------------------------
# The page


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def main_table(scored: list[Scored], columns: list[tuple[str, str]]) -> str:
    """Return all rows for raw MediaPipe and Evenstride side by side."""
    by = {column: [one for one in scored if (one.method, one.model) == column] for column in columns}
    head = ["", "target", *(f"{NAMES[method]}, {model} ({len(by[method, model])} clips)" for method, model in columns)]
    return table(head, [[row.label, row.target, *(cell(row, by[column]) for column in columns)] for row in ROWS])


def both_ways_table(scored: list[Scored]) -> str:
    """Return what following the mirrored film too changes, on the clips that were read both ways."""
    twice = [one for one in scored if one.method == "both_ways"]
    names = {one.case.name for one in twice}
    once = [one for one in scored if (one.method, one.model) == BEST and one.case.name in names]
    head = [f"the same {len(names)} clips", NAMES["evenstride"], NAMES["both_ways"]]
    return table(head, [[row.label, cell(row, once), cell(row, twice)] for row in ROWS if cell(row, once) != "-"])


def missed(scored: list[Scored]) -> str:
    """Return which targets Evenstride with the best model meets, and which it does not."""
    best = [one for one in scored if (one.method, one.model) == BEST]
    lines = []
    for row in ROWS:
        parts = [values for one in best if len(values := row.values(one.score))]
        if row.met is None or not parts:
            continue
        verdict = "met" if row.met(parts) else "**missed**"
        lines.append(f"- {row.label}: wanted {row.target}, found {row.cell(parts)}: {verdict}.")
    return "\n".join(lines)


def broken_out(scored: list[Scored]) -> str:
    """Return the main rows of the best reading by yaw, frame rate and build."""
    best = [one for one in scored if (one.method, one.model) == BEST and one.case.kind == "side"]
    groups: list[tuple[str, list[Scored]]] = []
    for name, of in (
        ("yaw {} deg", lambda case: f"{case.params.camera.yaw_deg:.0f}"),
        ("{} frames a second", lambda case: f"{case.params.camera.fps:.0f}"),
        ("{}", lambda case: case.group),
        ("{}", lambda case: case.params.body.build),
    ):
        for value in sorted({of(one.case) for one in best}):
            mine = [one for one in best if of(one.case) == value]
            groups.append((f"{name.format(value)} ({len(mine)} clips)", mine))
    head = ["side view", *(row.label for row in MAIN)]
    return table(head, [[name, *(cell(row, mine) for row in MAIN)] for name, mine in groups])


def verdicts(scored: list[Scored]) -> str:
    """Return what was said of each clip that is long enough, beside what was walked."""
    rows = []
    for one in scored:
        if one.method != "evenstride" or one.case.group == "short":
            continue
        said, gait = one.score.favoring, one.case.params.gait
        index = "-" if said.index is None else f"{said.index:.0f}"
        z = "-" if said.z is None else f"{said.z:+.1f}"
        walked = f"{gait.favoring} {gait.strength:.1f}" if gait.favoring else "neither"
        rows.append([one.case.name, one.model, walked, said.verdict, said.side or "-", index, z])
    return table(["clip", "model", "walked", "verdict", "side named", "index", "z (+ right)"], rows)


def verdict_summary(said: list[tuple[str, str | None, Score]]) -> str:
    """Return how often each group got which verdict; `said` holds (group, side walked, score)."""
    rows = []
    for group in ("normal", "mild", "marked"):
        mine = [(side, score) for g, side, score in said if g == group]
        if not mine:
            continue
        counts = {v: 0 for v in ("clear", "possible", "mixed", "none", "inconclusive")}
        for _, one in mine:
            counts[one.favoring.verdict] += 1
        right = sum(side is not None and one.favoring.side == side for side, one in mine)
        wrong = sum(one.favoring.side is not None and one.favoring.side != side for side, one in mine)
        index = [one.favoring.index for _, one in mine if one.favoring.index is not None]
        middle = f"{np.median(index):.0f} ({min(index):.0f} to {max(index):.0f})" if index else "-"
        rows.append([group, str(len(mine)), *map(str, counts.values()), str(right), str(wrong), middle])
    head = ["walked", "n", "clear", "possible", "mixed", "none", "inconclusive", "right side", "wrong side"]
    return table([*head, "index, median (range)"], rows)


def _on_truth(case: sets.Case) -> Scored:
    walk, track = solve_clip(case.params), analytic_track(case.params)
    return Scored(case, "evenstride", "truth", score(case.name, read_with_evenstride(track), track, walk))


def on_coordinates(cases: list[sets.Case]) -> str:
    """Return what the analysis alone adds: the same figures on the walker's true coordinates, by yaw."""
    with ProcessPoolExecutor(mp_context=multiprocessing.get_context("spawn")) as pool:
        scored = list(pool.map(_on_truth, cases))
    yaws = sorted({one.case.params.camera.yaw_deg for one in scored})
    by = {f"yaw {yaw:.0f}": [one for one in scored if one.case.params.camera.yaw_deg == yaw] for yaw in yaws}
    speeds = sorted({one.case.params.gait.speed_mps for one in scored})
    by |= {f"{v:.1f} m/s": [one for one in scored if one.case.params.gait.speed_mps == v] for v in speeds}
    rows = [row for row in ROWS if row.label not in ("trunk lateral, front view, RMSE, deg",)]
    head = ["", *(f"{name} ({len(mine)} walks)" for name, mine in by.items())]
    figures = table(head, [[row.label, *(cell(row, mine) for mine in by.values())] for row in rows])
    said = [(one.case.group, one.case.params.gait.favoring, one.score) for one in scored]
    return f"{figures}\n\n{verdict_summary(said)}"


def beside_published(scored: list[Scored]) -> str:
    """Return the published figures beside ours; they were measured on people, ours on a rendered walker."""
    best = [one.score for one in scored if (one.method, one.model) == BEST]
    near = np.concatenate([_angle("knee_near")(one) for one in best])
    events = np.concatenate([_event(kind)(one) for one in best for kind in ("heel_strike", "toe_off")])
    centred = np.concatenate(
        [
            v - np.mean(v)
            for kind in ("heel_strike", "toe_off")
            for v in [np.concatenate([_event(kind)(s) for s in best])]
        ]
    )
    each = np.concatenate([_step_each(one) for one in best])
    means = np.concatenate([_step_means(one) for one in best])
    rom = np.concatenate([_stride("knee_rom_deg")(one) for one in best])
    ours = {
        "knee_mae": f"{np.mean(np.abs(near)):.1f} deg (near knee)",
        "step_time": f"{np.mean(np.abs(each)):.0f} ms; {np.mean(np.abs(means)):.0f} ms",
        "knee_rom": f"{np.mean(np.abs(rom)):.1f} deg (near knee, each stride)",
        "within_frame": f"{100 * np.mean(np.abs(events) <= 1000 * FRAME_S):.0f} %; "
        f"{100 * np.mean(np.abs(centred) <= 1000 * FRAME_S):.0f} % once the mean offset of each kind is taken off",
        "knee_bias": f"{np.mean(near):+.1f} -+ {np.std(near):.1f} deg (walking, near knee)",
        "none": "not computed",
    }
    rows = pd.read_csv(ANCHORS)
    return table(
        ["source", "what", "measured on", "quantity", "published", "Evenstride, heavy, rendered walker"],
        [[r.source, r.system, r.measured_on, r.quantity, r.published, ours[r.ours]] for r in rows.itertuples()],
    )


def worst_cases(scored: list[Scored]) -> str:
    """Return every clip of the best reading with its main errors."""
    best = [one for one in scored if (one.method, one.model) == BEST]
    head = ["clip", *(row.label for row in EACH_CLIP)]
    return table(head, [[one.case.name, *(cell(row, [one]) for row in EACH_CLIP)] for one in best])


def knee_at_rest(build: str) -> float:
    """Return the knee flexion, degrees, by the joint centers of a build that stands straight."""
    joints = json.loads(BUILDS_FILE.read_text())["builds"][build]["rest_m"]
    hip, knee, ankle = (np.array(joints[part])[[0, 2]] for part in ("hip", "knee", "ankle"))
    thigh, shank = knee - hip, ankle - knee
    return float(np.degrees(np.arctan2(thigh[0], -thigh[1]) - np.arctan2(shank[0], -shank[1])))


def coverage(scored: list[Scored]) -> str:
    """Return the share of frames with an angle, for each reading."""
    lines = []
    for column in sorted({(one.method, one.model) for one in scored}):
        seen = [
            one.score.seen["knee_near"]
            for one in scored
            if (one.method, one.model) == column and "knee_near" in one.score.seen
        ]
        share = 100 * sum(a for a, _ in seen) / sum(b for _, b in seen)
        lines.append(f"{NAMES[column[0]]} {column[1]} {share:.0f} %")
    return ", ".join(lines)


#: Why targets of the reported set are missed; looked at by hand, so to be looked at again when figures change.
REASONS = """
Why they are missed:

- Knee flexion: the pose model reads the knees of these rendered bodies as 4 to 6 degrees too bent from mid-stance to
  push-off, 3 at landing, and 1 too little in swing; half of it is the hip's place, half the knee's. It is no delay
  (within 3 ms) and no noise (cut-offs of 4 to 10 Hz change it by 0.2). A correction fitted to the posture of both legs
  on the eight rendered tuning films would come to the targets (near 3.1, far 3.4 degrees on builds left out of the
  fit). It is left out because people do not show that error: the near knees of eight real clips read -1 degree at
  landing and +1 in mid-stance (medians), and 4 to 6 less would bend them backward. So part of this is how rendered
  bodies look, and where their joint centers lie (above). Raw MediaPipe is worse here than the figures that the
  targets were set by (5.0 near and 7.7 far with the full model, 3.6 and 4.1 with heavy).
- What differs with the direction that a knee is seen from, and not with the gait cycle, is learned from each film and
  taken off (analysis/slant.py): on the tuning films the far leg went from 4.7 to 4.4 degrees, the near one from 3.8 to
  3.7 without the constant offset; on the reported ones from 4.7 to 4.4 and from 3.9 to 3.8. Real clips change little.
- Side differences of the knee, from two directions: the near knee of one pass is seen by the same network as that
  of the other, but as its mirror image and from the other side of the room. With the camera square to the walk the
  range is wrong by 2 degrees at most; with yaw, where most of the clips are, by up to 9. Turning the picture square
  cannot see that these walkers' knees point outward by 3 degrees: on true coordinates that alone costs 3 degrees at 20
  degrees of yaw. Taking 3 degrees for everybody would bring the tuning films from 5.0 to 1.8, but motion capture of
  five people has their ten knees at 8 degrees inward to 3 outward; learned from each film, it helped the tuning films
  (range from neighbouring passes 3.9 to 3.2) and not the reported ones (3.5 to 3.7, worst 10 to 14). The verdict
  allows for it with a wider spread; the measures themselves do not.
- Trunk forward: above all the man who leans 12 degrees is read as leaning 2 more.
- Toe-off is late by some 50 ms, by other amounts in other walkers (40 to 70): that alone brings the spread over all
  clips to the target's edge. Within one clip it is mostly below 10 ms.
- Step time from the front rests on which ankle is lower in the picture and nearer in the model's depth, which is
  rough: three of four sides are within 5 ms, one is 30 ms off. Two clips only.
- Where a walker begins to turn, the legs may stay confused for a third of a second (one of eight tuning films): that
  the lead changes only where the feet pass holds for both labels there.
- Tried and left out, on the tuning films: thigh and shank of constant length (near leg 5.0 to 5.2 degrees); the pose
  model's own 3D joints (11.6, mean of both 7.7); a wider repair of knees that pass each other (5.0 to 5.5).
  Every second picture mirrored is free, and no steadier on four real films; following the mirrored film too
  (`--both-ways`) helps timing more than knees, and is an option because it doubles the time.
"""

PAGE = """
## Rendered walkers

A rendered person walks; every angle, step and lean is known, because it was put in. {n} clips of 960 x 540 pixels
({seconds:.0f} s of film), {made} of the set "{set}". Errors are measured minus true. Angles are held against those in
the body's own plane of walking, so that a camera which is not square to the walk counts as an error; every measured
stride is held against the very stride that was walked. "Worst" is the largest single error of its kind, n how many
there are. Times of heel strike and toe-off are those of straight walking, 0.9 m and more from a turn. From the front,
where an event is a fixed part of the step and not the heel strike, mean step times are compared, not single ones.

{main}

"Raw MediaPipe" is the plain loop of MediaPipe's example (video mode, whole picture, one pose, its own smoothing) on the
same 30 pictures a second, over the first pass each way, with a 6 Hz zero-lag low-pass, the same formulas, and Zeni's
extrema for the events. It is told where each pass begins and ends, and uses Evenstride's bookkeeping of strides.
Evenstride finds all that itself. Frames of passes in which the near knee was measured: {coverage}.

{both_ways}

The knee's zero: angles are those of the lines through the walker's joint centers, and where a center lies inside the
leg is a convention of each body. Standing straight, the knees of these builds read, by their own centers, {zeros}
degrees, while all look straight. A pose model sees only the outside, so part of the bias is this convention; the rows
"without the clip's constant offset" show what is left of the curve.

Target by target (Evenstride, heavy model):

{missed}

{reasons}

### By yaw, frame rate, walk and build

Evenstride, heavy model, side views. A film of 60 frames a second is read at 30.

{broken}

### Verdicts

{verdicts}

{summary}

### Clip by clip

Evenstride, heavy model.

{worst}

### Without a pose model

The analysis alone, on the walker's true coordinates as the camera would see them: what is left is the detectors' own
error, and that of a flat picture.

{coordinates}

### Beside published figures

Theirs were measured on people, with the errors of their reference in them; ours on a rendered person in plain clothes
and even light, walking cleanly. Ours are therefore not better because they are smaller.

{published}

### What was tuned on what

- Tuned on: the walker's true coordinates (never rendered), build "woman", seed 1, speeds 0.8, 1.2 and 1.6 m/s, yaw 0,
  10 and 20, neither knee or the right (strength 1.0, 0.33) or the left (0.6) spared; eight rendered films (seeds 101 to
  108, all builds, as there are no more); marker data and real clips as said in their own sections.
- Reported: {seeds}; builds {builds}; speeds {speeds} m/s; {looks} sets of clothes and colors, none of them in the
  sample clips. On true coordinates: {coordinate_seeds}.
- State of vision/: {version}. {carried}Made by `python -m validation.accuracy`.
"""


def page(set_name: str, scored: list[Scored], coordinates: list[sets.Case], carried: str = "") -> str:
    """Return the section; `carried` says which tracks come from an earlier state of vision/."""
    carried = f"{carried} " if carried else ""
    cases = list({id(one.case): one.case for one in scored}.values())
    order = [(method, model) for method in ("raw", "evenstride") for model in ("full", "heavy")]
    columns = [column for column in order if any((one.method, one.model) == column for one in scored)]
    seeds = sorted(case.params.seed for case in cases)
    best = [one for one in scored if (one.method, one.model) == BEST]
    said = [(s.case.group, s.case.params.gait.favoring, s.score) for s in best if s.case.group != "short"]
    walking = [case for case in cases if case.params.gait.activity != "stand"]
    return PAGE.format(
        n=len(cases),
        seconds=sum(float(solve_clip(case.params).time_s[-1]) for case in cases),
        set=set_name,
        made=f"{len(cases)} of the {len(sets.SETS[set_name]())} clips",
        main=main_table(scored, columns),
        both_ways=both_ways_table(scored),
        coverage=coverage(scored),
        missed=missed(scored),
        broken=broken_out(scored),
        verdicts=verdicts(scored),
        summary=verdict_summary(said),
        worst=worst_cases(scored),
        coordinates=on_coordinates(coordinates),
        published=beside_published(scored),
        seeds=f"seeds {seeds[0]} to {seeds[-1]}",
        builds=", ".join(sorted({case.params.body.build for case in walking})),
        speeds=", ".join(f"{v:g}" for v in sorted({case.params.gait.speed_mps for case in walking})),
        looks=len({case.params.look for case in cases}),
        coordinate_seeds=f"seeds {coordinates[0].params.seed} to {coordinates[-1].params.seed}",
        zeros=", ".join(f"{knee_at_rest(b):+.1f} ({b})" for b in sorted({case.params.body.build for case in walking})),
        reasons=REASONS if set_name == "reported" else "",
        version=clips.vision_version(),
        carried=carried,
    )


def measure(case: sets.Case, method: str, model_name: str, cache: Path, workers: int = 1) -> Scored:
    """Film a case, follow it, read it, and hold it against the truth."""
    filmed = clips.film(case, cache)
    track = clips.follow(filmed, get_model(model_name), method, cache, workers)
    reading = read_plainly(track, filmed.walk) if method == "raw" else read_with_evenstride(track)
    return Scored(case, method, model_name, score(case.name, reading, track, filmed.walk))


def carry_over(commit: str, set_name: str, models: list[str], cache: Path) -> None:
    """Take kept tracks over from a commit, after following one clip of each kind, the shortest, anew."""
    cases = sets.SETS[set_name]()
    best = get_model(BEST[1])
    shortest: dict[str, sets.Case] = {}
    for case in sorted(cases, key=lambda one: solve_clip(one.params).time_s[-1]):
        shortest.setdefault(f"{case.kind} {case.params.camera.fps:g}", case)
    checks = [(case, best, "evenstride") for case in shortest.values()]
    taken = clips.carry_over(cases, [get_model(name) for name in models], commit, checks, cache)
    print(f"{taken} tracks taken over from {commit} after checking {len(checks)}.")


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m validation.accuracy", description=__doc__)
    parser.add_argument("--set", choices=sets.SETS, default="reported")
    parser.add_argument("--workers", type=int, default=1, help="processes that follow the landmarks")
    parser.add_argument("--models", default="heavy,full", help="pose models, most accurate first")
    parser.add_argument("--cache", type=Path, default=clips.default_cache(), help="where clips and tracks are kept")
    parser.add_argument("--kept-only", action="store_true", help="use what is in the cache, render and follow nothing")
    parser.add_argument(
        "--carry-over",
        metavar="COMMIT",
        help="take kept tracks over from a commit whose landmarks are the same; that is checked on some clips",
    )
    given = parser.parse_args(arguments)
    scored = []
    try:
        if given.carry_over:
            carry_over(given.carry_over, given.set, given.models.split(","), given.cache)
        for case in sets.SETS[given.set]():
            for model in given.models.split(","):
                for method in ("evenstride", "raw", *(["both_ways"] if model == BEST[1] else [])):
                    if given.kept_only and not clips.kept(case, get_model(model), method, given.cache):
                        continue
                    print(f"{case.name}: {NAMES[method]}, {model}", flush=True)
                    scored.append(measure(case, method, model, given.cache, given.workers))
        write_section("walker", page(given.set, scored, sets.coordinates(), clips.carried(given.cache)))
    except EvenstrideError as error:
        print(f"{error.message} {error.advice}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
