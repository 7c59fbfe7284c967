"""Motion capture and clinic walks against their own truth; writes the section "markers" of docs/accuracy.md.

``python -m validation.markers_report`` runs the detectors of `assess` on coordinates that come from no pose model of
ours, so that what they get wrong is their own.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from analysis.angles import knee_flexion
from analysis.assess import Assessment, assess
from analysis.pose import SIDES, FloatArray
from validation.markers import MarkerWalk, read_c3d_walks, read_clinic_walks
from validation.page import write_section

DATA = Path(__file__).parent.parent.parent / "shared" / "data" / "marker_data"
#: An event found belongs to a true one of its side up to this far away.
MATCH_S = 0.25
EVENT_NAMES = {"heel_strike": "heel strike", "toe_off": "toe-off"}
#: What the published pipeline reaches on data like the clinic's.
PUBLISHED_CADENCE, PUBLISHED_STEP_MS = 0.66, 12.0
GROUPS = {"Diz": "tuned on (32 walks)", "Val": "held out (80 walks)"}
#: Columns of sagittal_angles/markers.tsv after time: x and y of these, metres, y up.
SAGITTAL = ("shoulder", "hip", "knee", "ankle", "heel", "toe")


def measured(walk: MarkerWalk) -> Assessment:
    """Return the walk's assessment: the same recipe that a film goes through."""
    return assess(walk.track)


@dataclass(frozen=True)
class Matched:
    """Events of one kind and side: errors in seconds (found minus true), how many true and how many found."""

    errors_s: FloatArray
    true: int
    found: int

    @property
    def f1(self) -> float:
        """Return the harmonic mean of recall and precision."""
        return 2 * len(self.errors_s) / (self.true + self.found) if self.true + self.found else float("nan")


def match(found_s: FloatArray, true_s: FloatArray, reach_s: float = MATCH_S) -> Matched:
    """Pair events one to one, the nearest pairs first."""
    distance = np.abs(found_s[:, None] - true_s[None, :])
    errors = []
    while distance.size and np.min(distance) <= reach_s:
        i, j = np.unravel_index(int(np.argmin(distance)), distance.shape)
        errors.append(found_s[i] - true_s[j])
        distance[i, :] = distance[:, j] = np.inf
    return Matched(np.array(errors), len(true_s), len(found_s))


def events_of(walk: MarkerWalk, one: Assessment) -> dict[tuple[str, str], Matched]:
    """Match the events of a walk, by kind and side.

    Authors mark only part of some recordings: what is found more than half a second before their first or after their
    last event can be neither right nor wrong.
    """
    times = np.concatenate([times for times in walk.events.values() if len(times)])
    first, last = times.min() - 2 * MATCH_S, times.max() + 2 * MATCH_S
    out = {}
    for (kind, side), true in walk.events.items():
        found = [e.time_s for e in one.events if (e.type, e.side) == (kind, side) and first <= e.time_s <= last]
        out[kind, side] = match(np.array(found), np.sort(true))
    return out


def events_table(walks: list[tuple[MarkerWalk, Assessment]]) -> str:
    """Return one row a walk, kind and side."""
    rows = []
    for walk, one in walks:
        matched = events_of(walk, one)
        for kind in EVENT_NAMES:
            for side in SIDES:
                m = matched[kind, side]
                rows.append([walk.name, EVENT_NAMES[kind], side, *_event_cells(m)])
    return table(["walk", "event", "side", "found / true", "F1", "bias ± SD, ms"], rows)


def _event_cells(m: Matched) -> list[str]:
    extra = m.found - len(m.errors_s)
    shown = f"{len(m.errors_s)} / {m.true}" + (f", {extra} extra" if extra else "")
    if not len(m.errors_s):
        return [shown, f"{m.f1:.2f}", ""]
    return [shown, f"{m.f1:.2f}", f"{1000 * np.mean(m.errors_s):+.0f} ± {1000 * np.std(m.errors_s):.0f}"]


def timing_table(walks: list[tuple[MarkerWalk, Assessment]]) -> str:
    """Return cadence, step times and their side difference, each against what the authors' events give."""
    rows = []
    for walk, one in walks:
        step, cadence = one.measures["step_time"], one.measures["cadence"]
        true = {key: float(walk.truth[f"steptime_{key}"]) for key in "LR"}  # type: ignore[arg-type]
        difference = None if step.left is None or step.right is None else 100 * float(np.log(step.right / step.left))
        refused = [issue.code for issue in one.quality.issues if issue.severity == "error"]
        rows.append(
            [
                walk.name,
                f"{int(one.strides['valid'].sum())} of {len(one.strides)}" + "".join(f", `{code}`" for code in refused),
                _against(cadence.value, float(walk.truth["cadence_spm"]), ".1f"),  # type: ignore[arg-type]
                _against(_ms(step.left), 1000 * true["L"], ".0f"),
                _against(_ms(step.right), 1000 * true["R"], ".0f"),
                _against(difference, 100 * float(np.log(true["R"] / true["L"])), "+.1f"),
            ]
        )
    head = ["walk", "strides used", "cadence, steps/min", "left step, ms", "right step, ms", "right over left step, %"]
    return table(head, rows)


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else 1000 * seconds


def _against(value: float | None, true: float, form: str) -> str:
    return f"{'not measured' if value is None else format(value, form)} (true {true:{form}})"


def clinic_errors(walks: list[MarkerWalk]) -> pd.DataFrame:
    """Return one row a clinic walk: its group, and errors of cadence (steps/min) and step times (ms); NaN: none."""
    rows = []
    for walk in walks:
        one = measured(walk)
        cadence, step = one.measures["cadence"].value, one.measures["step_time"]
        rows.append(
            {
                "name": walk.name,
                "group": walk.name.split("_")[0],
                "cadence": _difference(cadence, walk.truth["cadence_steps_min"]),
                "left": _difference(step.left, walk.truth["step_time_left_s"], 1000),
                "right": _difference(step.right, walk.truth["step_time_right_s"], 1000),
            }
        )
    table = pd.DataFrame(rows).astype({"cadence": float, "left": float, "right": float})
    table["mean"] = (table["left"] + table["right"]) / 2
    return table


def _difference(value: float | None, true: object, scale: float = 1.0) -> float:
    return float("nan") if value is None else scale * (value - float(true))  # type: ignore[arg-type]


def clinic_table(errors: pd.DataFrame) -> str:
    """Return mean and median absolute errors of all walks and of the two groups apart."""
    rows = []
    for label, part in [
        (f"all ({len(errors)} walks)", errors),
        *((label, errors[errors["group"] == group]) for group, label in GROUPS.items()),
    ]:
        size = part[["cadence", "left", "right", "mean"]].abs()
        rows.append(
            [
                label,
                f"{int(part['cadence'].notna().sum())}",
                *(f"{size[column].mean():.{d}f} / {size[column].median():.{d}f}" for column, d in _COLUMNS.items()),
                f"{part['left'].mean():+.1f}, {part['right'].mean():+.1f}",
            ]
        )
    head = ["", "measured", "cadence, steps/min", "left step, ms", "right step, ms", "both sides' mean, ms"]
    return table([*head, "bias left, right, ms"], rows)


_COLUMNS = {"cadence": 2, "left": 1, "right": 1, "mean": 1}


@dataclass(frozen=True)
class KneeAngles:
    """Our knee angle minus the authors', degrees, over the frames in which every marker was seen."""

    bias_deg: float
    spread_deg: float
    worst_deg: float
    frames: int
    left_out: int


def sagittal_knee(folder: Path) -> KneeAngles:
    """Compare the knee angle computed from markers with the one that the authors give."""
    markers = np.loadtxt(folder / "markers.tsv")
    theirs = np.degrees(np.loadtxt(folder / "angles_rad.tsv")[:, 2])
    xy = markers[:, 1:13].reshape(-1, len(SAGITTAL), 2)
    seen = ~(xy == 0).all(axis=2).any(axis=1)
    hip, knee, ankle = (xy[:, SAGITTAL.index(part)] * (1.0, -1.0) for part in ("hip", "knee", "ankle"))
    facing = int(np.sign(np.median((xy[seen, 5] - xy[seen, 4])[:, 0])))
    difference = (knee_flexion(hip, knee, ankle, facing) - theirs)[seen]
    return KneeAngles(
        float(np.mean(difference)),
        float(np.std(difference)),
        float(np.max(np.abs(difference))),
        int(seen.sum()),
        int((~seen).sum()),
    )


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    return "\n".join("| " + " | ".join(line) + " |" for line in [head, ["---"] * len(head), *rows])


def verdict(value: float, wanted: float, form: str, unit: str) -> str:
    """Say whether an error is within what is wanted, and by how much it misses."""
    if value <= wanted:
        return f"{value:{form}} {unit}, met"
    return f"{value:{form}} {unit}, **missed by {value - wanted:.2g}**"


def clinic_words(errors: pd.DataFrame) -> str:
    """Say how the clinic walks stand against the published figures."""
    lines = []
    for label, part in [("All walks", errors), ("Held-out walks", errors[errors["group"] == "Val"])]:
        size = part[["cadence", "left", "right"]].abs().mean()
        lines.append(
            f"- {label}: cadence {verdict(size['cadence'], PUBLISHED_CADENCE, '.2f', 'steps/min')}; "
            f"left step {verdict(size['left'], PUBLISHED_STEP_MS, '.1f', 'ms')}; "
            f"right step {verdict(size['right'], PUBLISHED_STEP_MS, '.1f', 'ms')}."
        )
    return "\n".join(lines)


def pooled(walks: list[tuple[MarkerWalk, Assessment]], kind: str) -> Matched:
    """Return the events of one kind of all walks together."""
    parts = [events_of(walk, one)[kind, side] for walk, one in walks for side in SIDES]
    errors = np.concatenate([part.errors_s for part in parts])
    return Matched(errors, sum(part.true for part in parts), sum(part.found for part in parts))


def _pooled_words(m: Matched) -> str:
    return (
        f"{len(m.errors_s)} of {m.true} found, {m.found - len(m.errors_s)} extra, F1 {m.f1:.3f}, "
        f"bias {1000 * np.mean(m.errors_s):+.0f} ms, SD {1000 * np.std(m.errors_s):.0f} ms"
    )


def section(walks: list[tuple[MarkerWalk, Assessment]], clinic: pd.DataFrame, knee: KneeAngles) -> str:
    """Return the section of docs/accuracy.md."""
    lying = any(issue.code == "not_upright" for _, one in walks for issue in one.quality.issues)
    return f"""
## Detectors alone: motion capture and a clinic

What is measured here does not depend on our pose model: markers on people's skin, and joints that another camera
system found. The walks go through the same recipe as a film. `python -m validation.markers_report` makes this section
again where the data is; it is not part of this repository.

### Heel strikes and toe-offs against motion capture

Five walks with their authors' events (the nearest on the same side within {1000 * MATCH_S:.0f} ms; minus = early).
**The one constant of the heel strike, 20 ms, was set on these same walks**, so its mean error here is no test; its
spread, the sides and the toe-offs are.

- Heel strikes: {_pooled_words(pooled(walks, "heel_strike"))}.
- Toe-offs: {_pooled_words(pooled(walks, "toe_off"))}.

{events_table(walks)}

The error differs between people, and within a walk between left and right: by up to 40 ms. That goes straight into the
step times below, where one side gains what the other loses. In the first walk, three steps a side, it even turns the
side difference around. Strides outside the usual limits (step 0.3 to 1.0 s, each double support 3 to 22 %, ...) are
left out. That leaves nothing of the slow last walk: limits that keep false events out keep unusual strides out too.
{LYING if lying else ""}
{timing_table(walks)}

### Rhythm in a clinic

{len(clinic)} walks, seen by one camera from behind, as 3D joints at 60 frames a second that another system had found;
true values from worn sensors. Mean / median absolute error a walk. The published pipeline reached {PUBLISHED_CADENCE}
steps/min and {PUBLISHED_STEP_MS:.0f} ms on such data. The smoothing of the frontal rule was chosen on the walks whose
names start with Diz; nothing was chosen on those of Val.

{clinic_table(clinic)}

{clinic_words(clinic)}

What is missed is which side gets how much of a stride, not the rhythm: the mean of both sides' step times is right
within a few ms. From behind, a step is read off the moment at which one foot is farthest ahead, which is broad.

### Knee angle

Our formula on published sagittal markers of one person, against the angles of its authors: {knee.bias_deg:+.1f} ±
{knee.spread_deg:.1f} degrees over {knee.frames} frames, {knee.worst_deg:.1f} at worst. {knee.left_out} frames with a
missing marker are left out. The authors do not say how their angle is defined.
"""


#: Said on the page as long as a walk of the motion-capture files comes out lying on its side.
LYING = """
Where `not_upright` stands, the file's vertical axis is another than the reader of these files takes it for; events need
only the horizontal one, so those above stand, but step times are not given.
"""


def main() -> None:
    """Run all marker data and write the section."""
    if not DATA.is_dir():
        sys.exit(f"The marker data is not at {DATA}; docs/accuracy.md keeps the figures of the last run.")
    walks = [(walk, measured(walk)) for walk in read_c3d_walks(DATA / "c3d")]
    clinic = clinic_errors(read_clinic_walks(DATA / "single_camera_clinic"))
    write_section("markers", section(walks, clinic, sagittal_knee(DATA / "sagittal_angles")))


if __name__ == "__main__":
    main()
