"""Real clips against what can be seen in them by eye; writes the section "real" of docs/accuracy.md.

``python -m validation.real`` follows every clip of ../shared/data with the heavy model (tracks are kept in the user's
cache), measures it, compares it with validation/real_truth.json, and does the same with side and frontal clips flipped
left to right: a mirrored walk must give mirrored figures.
"""

from __future__ import annotations

import argparse
import hashlib
import itertools
import json
import pickle
import shutil
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
import platformdirs

from analysis.assess import Assessment, assess
from analysis.config import FavoringConfig
from analysis.measure import Measure
from analysis.pose import SIDES
from validation.clips import same, vision_files_at, vision_version
from validation.page import write_section
from vision.errors import EvenstrideError
from vision.extract import Extraction, extract
from vision.landmarker import version
from vision.model import Model, get_model
from vision.video import VideoInfo, probe, read_frames

HERE = Path(__file__).parent
DATA = HERE.parent.parent / "shared" / "data"
TRUTH_FILE = HERE / "real_truth.json"

#: A heel strike that is found is taken for the true one of its side up to this far away: less than half a step.
MATCH_S = 0.2
#: What the figures are held against: frames, percent, degrees. The frames were read off by eye, good to about 2.
MAX_FRAMES, MAX_CADENCE_PCT = 3.0, 3.0
MIRROR_MAX_DEG, MIRROR_MAX_PCT = 2.0, 3.0
#: Shown by how many percentage points they change: percent of a percentage near zero says nothing.
DIFFERENCES_PCT = ("step_time_asymmetry", "single_support_asymmetry")
SIGNED = (*DIFFERENCES_PCT, "knee_loading_asymmetry", "knee_rom_asymmetry")
TICKS = Fraction(1, 90_000)


@dataclass(frozen=True)
class Outcome:
    """What came out for one clip: an assessment, or the error that ended the work."""

    name: str
    truth: dict[str, Any]
    info: VideoInfo | None = None
    extraction: Extraction | None = None
    assessment: Assessment | None = None
    error: EvenstrideError | None = None

    @property
    def stem(self) -> str:
        """Return the clip's name without folder and ending."""
        return Path(self.name).stem


@dataclass(frozen=True)
class Strikes:
    """Heel strikes against those seen by eye: errors in frames (found minus true) of the pairs, and the rest."""

    errors: list[float] = field(default_factory=list)
    missed: list[int] = field(default_factory=list)
    extra: list[float] = field(default_factory=list)

    @property
    def as_wanted(self) -> bool:
        """Return whether all were found, none extra, none too far off."""
        return not self.missed and not self.extra and max(map(abs, self.errors), default=0.0) <= MAX_FRAMES


def read_truth() -> dict[str, dict[str, Any]]:
    """Return what is known of each clip, by its name below ../shared/data."""
    truth: dict[str, dict[str, Any]] = json.loads(TRUTH_FILE.read_text(encoding="utf-8"))
    return truth


# --------------------------------------------------------------------------------------------------------------------
# Following


def run(
    name: str,
    model: Model,
    *,
    flipped: bool = False,
    both_ways: bool = False,
    workers: int | None = None,
    cache: Path | None = None,
) -> Outcome:
    """Follow and measure one clip, mirrored left to right if `flipped`; tracks are kept in the folder `cache`."""
    truth = read_truth()[name]
    try:
        info = probe(DATA / name)
        extraction = _kept(info, model, flipped, both_ways, workers, cache or default_cache())
    except EvenstrideError as error:
        return Outcome(name, truth, error=error)
    return Outcome(name, truth, info, extraction, assess(extraction.track))


def default_cache() -> Path:
    """Return the folder in which tracks are kept."""
    return Path(platformdirs.user_cache_dir("evenstride", appauthor=False)) / "real"


def _kept(
    info: VideoInfo, model: Model, flipped: bool, both_ways: bool, workers: int | None, cache: Path
) -> Extraction:
    """Return the extraction of a clip from the cache, whose name says all that decides it, or make it."""
    path = _kept_path(info, model, flipped, both_ways, cache, vision_version())
    if path.exists():
        kept: Extraction = pickle.loads(path.read_bytes())
        return kept
    if flipped:
        with tempfile.TemporaryDirectory() as folder:
            mirrored = probe(flip(info, Path(folder) / f"flipped_{info.name}"))
            extraction = extract(mirrored, model, both_ways=both_ways, workers=workers)
    else:
        extraction = extract(info, model, both_ways=both_ways, workers=workers)
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(".part")
    unfinished.write_bytes(pickle.dumps(extraction))
    unfinished.rename(path)
    return extraction


def _kept_path(info: VideoInfo, model: Model, flipped: bool, both_ways: bool, cache: Path, state: str) -> Path:
    how = ("flipped" if flipped else "") + ("both ways" if both_ways else "")
    parts = [info.sha256, model.sha256, how, state, version()]
    return cache / f"{hashlib.sha256(' '.join(parts).encode()).hexdigest()[:20]}.pickle"


def carry_over(commit: str, model: Model, cache: Path, workers: int | None = None) -> int:
    """Take tracks over from an earlier state of vision/ after following the first two clips anew; return how many.

    Raises
    ------
    ValueError
        When a landmark differs; nothing is taken over then.
    """
    earlier, taken = vision_version(vision_files_at(commit)), 0
    names = [name for name in read_truth() if _opens(DATA / name)]
    for name in names[:2]:
        info = probe(DATA / name)
        path = _kept_path(info, model, False, False, cache, earlier)
        kept: Extraction = pickle.loads(path.read_bytes())
        if not same(kept.track, _kept(info, model, False, False, workers, cache).track):
            raise ValueError(f"{name}: other landmarks than in {commit}")
    for name in names:
        info = probe(DATA / name)
        for flipped, both_ways in itertools.product((False, True), repeat=2):
            old, new = (_kept_path(info, model, flipped, both_ways, cache, s) for s in (earlier, vision_version()))
            if old.exists() and not new.exists():
                shutil.copyfile(old, new)
                taken += 1
    return taken


def _opens(path: Path) -> bool:
    try:
        probe(path)
    except EvenstrideError:
        return False
    return True


def flip(info: VideoInfo, path: Path) -> Path:
    """Write a video mirrored left to right, without loss and with the same times."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264rgb", options={"qp": "0", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = info.width, info.height, "rgb24"
        stream.time_base = stream.codec_context.time_base = TICKS
        for frame in read_frames(info):
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame.rgb[:, ::-1]), format="rgb24")
            picture.pts, picture.time_base = round(frame.time_s / TICKS), TICKS
            out.mux(stream.encode(picture))
        out.mux(stream.encode(None))
    return path


# --------------------------------------------------------------------------------------------------------------------
# Comparing


def heel_strikes(outcome: Outcome) -> Strikes:
    """Match the heel strikes found with those seen by eye, side by side, in decoded frames of the video."""
    assert outcome.info is not None and outcome.assessment is not None
    index = np.arange(outcome.info.frames)
    found = [
        (event.side, float(np.interp(event.time_s, outcome.info.frame_times_s, index)))
        for event in outcome.assessment.events
        if event.type == "heel_strike"
    ]
    reach = MATCH_S * outcome.info.fps
    errors, missed = [], []
    for side, frames in outcome.truth["heel_strikes"].items():
        for frame in frames:
            of_side = [one for one in found if side in (one[0], "either") and abs(one[1] - frame) <= reach]
            if of_side:
                nearest = min(of_side, key=lambda one: abs(one[1] - frame))
                found.remove(nearest)
                errors.append(nearest[1] - frame)
            else:
                missed.append(frame)
    return Strikes(errors, missed, [frame for _, frame in found])


def cadence_error_pct(outcome: Outcome) -> float | None:
    """Return the error of the cadence in percent; None where it was not measured."""
    assert outcome.assessment is not None
    value = outcome.assessment.measures["cadence"].value
    return None if value is None else 100 * (value / outcome.truth["cadence"] - 1)


def gives_verdict(outcome: Outcome) -> bool:
    """Return whether anything is said about how the person walks: a verdict, or any measure of the walk."""
    one = outcome.assessment
    if one is None:
        return False
    said = one.favoring.verdict != "inconclusive" or one.trunk.verdict != "not_measurable"
    return said or any(measure.status == "ok" for measure in one.measures.values())


def _view(outcome: Outcome, wanted: str) -> bool:
    return outcome.assessment is not None and outcome.assessment.view == wanted


def _passes(outcome: Outcome, wanted: list[str]) -> bool:
    return outcome.assessment is not None and [one.direction for one in outcome.assessment.passes] == wanted


def _verdict(outcome: Outcome, wanted: list[str]) -> bool:
    return outcome.assessment is not None and outcome.assessment.favoring.verdict in wanted


def _issues(outcome: Outcome, wanted: list[str]) -> bool:
    return outcome.assessment is not None and set(wanted) <= set(issue_codes(outcome))


def _no_event_after(outcome: Outcome, frame: int) -> bool:
    assert outcome.info is not None and outcome.assessment is not None
    return all(event.time_s <= outcome.info.frame_times_s[frame] for event in outcome.assessment.events)


def _moves(outcome: Outcome, wanted: str) -> bool:
    """Return whether the person followed crosses the picture in that direction: the other one stays on the spot."""
    assert outcome.extraction is not None
    x = outcome.extraction.track.middle("hip")[:, 0]
    x = x[np.isfinite(x)]
    travel = float(np.mean(x[-5:]) - np.mean(x[:5])) / outcome.extraction.track.size_px[0]
    return travel < -0.2 if wanted == "left" else travel > 0.2


def _ear_shoulder(outcome: Outcome, wanted: list[float]) -> bool:
    assert outcome.assessment is not None
    value = outcome.assessment.measures["ear_shoulder"].value
    return value is not None and abs(value - wanted[0]) <= wanted[1]


def _no_knee_angles(outcome: Outcome, wanted: bool) -> bool:
    assert outcome.assessment is not None
    frames, measures = outcome.assessment.frames, outcome.assessment.measures
    unknown = all(frames[f"knee_{side}_deg"].isna().all() for side in SIDES)
    return unknown and all(measures[id].status == "not_measurable" for id in measures if id.startswith("knee_"))


def _refused(outcome: Outcome, wanted: bool) -> bool:
    return not gives_verdict(outcome)


def _one_person(outcome: Outcome, wanted: bool) -> bool:
    """Return whether the path of the person followed has no jump: nobody moves half a trunk in a thirtieth second."""
    if outcome.extraction is None:
        return outcome.error is not None
    track = outcome.extraction.track
    hip = track.middle("hip")
    trunk = float(np.nanmedian(np.linalg.norm(hip - track.middle("shoulder"), axis=1)))
    known = np.isfinite(hip[:, 0])
    steps = np.linalg.norm(np.diff(hip[known], axis=0), axis=1) / np.diff(track.time_s[known])
    return bool(np.max(steps) < 15 * trunk)


CHECKS: dict[str, tuple[str, Callable[[Outcome, Any], bool]]] = {
    "view": ("view {}", _view),
    "passes": ("passes {}", _passes),
    "verdict": ("verdict {}", _verdict),
    "issues": ("issue {}", _issues),
    "no_event_after_frame": ("no event after frame {}", _no_event_after),
    "moves": ("the one who walks to the {} is followed", _moves),
    "ear_shoulder": ("ear-shoulder line {} degrees", _ear_shoulder),
    "no_knee_angles": ("no knee angles", _no_knee_angles),
    "refused": ("no statement about the walk", _refused),
    "one_person": ("one person followed throughout", _one_person),
}


def expectations(outcome: Outcome) -> list[tuple[str, bool]]:
    """Return each thing expected of a clip in words, and whether it came out."""
    out = []
    for key, wanted in outcome.truth["expect"].items():
        words, check = CHECKS[key]
        out.append((words.format(_shown(key, wanted)), check(outcome, wanted)))
    return out


def _shown(key: str, wanted: Any) -> str:
    if key == "ear_shoulder":
        return f"{wanted[0]} ± {wanted[1]}"
    if key == "verdict":
        return " or ".join(wanted)
    return ", ".join(wanted) if isinstance(wanted, list) else str(wanted)


def issue_codes(outcome: Outcome) -> list[str]:
    """Return the codes of what limits a recording."""
    return [] if outcome.assessment is None else [issue.code for issue in outcome.assessment.quality.issues]


# --------------------------------------------------------------------------------------------------------------------
# Mirroring


@dataclass(frozen=True)
class Change:
    """How a measure changed when the film was mirrored: by `by` `unit`, where `allowed` is the limit."""

    measure: str
    what: str
    by: float
    unit: str
    allowed: float

    @property
    def kept(self) -> bool:
        """Return whether the change is within the limit."""
        return abs(self.by) <= self.allowed


def changes(plain: Assessment, mirrored: Assessment) -> list[Change]:
    """Compare every measure with the one of the mirrored film, whose sides are exchanged."""
    out = []
    for id, before in plain.measures.items():
        after = mirrored.measures[id]
        sign = -1.0 if id in SIGNED else 1.0
        pairs = {"value": (before.value, after.value), "left": (before.left, after.right)}
        pairs["right"] = (before.right, after.left)
        for what, (was, now) in pairs.items():
            if was is not None and now is not None:
                out.append(_change(before, what, was, sign * now))
    return out


def _change(measure: Measure, what: str, was: float, now: float) -> Change:
    if measure.unit == "deg":
        return Change(measure.id, what, now - was, "degrees", MIRROR_MAX_DEG)
    if measure.id in DIFFERENCES_PCT:
        return Change(measure.id, what, now - was, "points", MIRROR_MAX_PCT)
    return Change(measure.id, what, 100 * (now / was - 1), "%", MIRROR_MAX_PCT)


def lost_or_gained(plain: Assessment, mirrored: Assessment) -> list[str]:
    """Return the measures that only one of the two films gives."""
    return [id for id in plain.measures if (plain.measures[id].value is None) != (mirrored.measures[id].value is None)]


#: Near-leg figures whose dependence on the walking direction is tabulated: column of the stride table, title.
NEAR_KNEE = {
    "knee_contact_deg": "knee at landing",
    "knee_loading_deg": "knee loading",
    "knee_swing_peak_deg": "swing peak",
    "knee_rom_deg": "knee range",
}


def by_direction(pairs: list[tuple[Outcome, Outcome]]) -> pd.DataFrame:
    """Return what the same near leg's knee reads walking left in the picture minus walking right; a row a direction."""
    rows = []
    for plain, mirrored in pairs:
        for facing in (1, -1):
            here, there = _near_strides(plain, facing), _near_strides(mirrored, -facing)
            if not len(here) or not len(there):
                continue
            change = -facing * (here[list(NEAR_KNEE)].mean() - there[list(NEAR_KNEE)].mean())
            way = "right" if facing > 0 else "left"
            rows.append({"clip": f"{plain.stem}, filmed walking {way}", "strides": len(here), **change})
    return pd.DataFrame(rows, columns=["clip", "strides", *NEAR_KNEE])


def _near_strides(outcome: Outcome, facing: int) -> pd.DataFrame:
    assert outcome.assessment is not None
    strides = outcome.assessment.strides
    passes = [one.index for one in outcome.assessment.passes if one.facing == facing]
    counts = strides["valid_knee"].to_numpy(dtype=bool) & strides["near"].to_numpy(dtype=bool)
    return strides[counts & strides["pass"].isin(passes).to_numpy()]


# --------------------------------------------------------------------------------------------------------------------
# The page


def table(head: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def strikes_table(outcomes: list[Outcome]) -> str:
    """Return what was found of the heel strikes and the cadence."""
    rows = []
    for one in outcomes:
        if one.assessment is None or "cadence" not in one.truth:
            continue
        error = cadence_error_pct(one)
        cadence = "not measured" if error is None else f"{error:+.1f} %"
        cadence += " ✗" if error is None or abs(error) > MAX_CADENCE_PCT else ""
        if "cadence_note" in one.truth:
            cadence += f" ({one.truth['cadence_note']})"
        rows.append([one.stem, *_strikes_cells(one), cadence])
    head = ["clip", "heel strikes found", "extra", "mean error", "worst", "cadence"]
    return table(head, rows)


def _strikes_cells(one: Outcome) -> list[str]:
    if "heel_strikes" not in one.truth:
        return ["none counted by eye", "", "", ""]
    strikes = heel_strikes(one)
    true = sum(len(frames) for frames in one.truth["heel_strikes"].values())
    sided = " (sides not noted)" if "either" in one.truth["heel_strikes"] else ""
    worst = max(strikes.errors, key=abs)
    flag = " ✗" if abs(worst) > MAX_FRAMES else ""
    return [
        f"{len(strikes.errors)} of {true}{sided}{' ✗' if strikes.missed else ''}",
        ", ".join(f"frame {frame:.0f} ✗" for frame in strikes.extra) or "none",
        f"{statistics.fmean(strikes.errors):+.1f} frames",
        f"{worst:+.1f} frames{flag}",
    ]


def outcomes_table(outcomes: list[Outcome]) -> str:
    """Return for every clip what came out, and whether each expectation was met."""
    rows = []
    for one in outcomes:
        met = [f"{words} {'✓' if ok else '✗'}" for words, ok in expectations(one)]
        rows.append([f"{one.stem}: {one.truth['shows']}", _came_out(one), "<br>".join(met)])
    return table(["clip", "came out", "expected"], rows)


def _came_out(one: Outcome) -> str:
    if one.error is not None:
        return f"error `{one.error.code}`: {one.error.message}"
    assert one.assessment is not None and one.extraction is not None
    result = one.assessment
    people = one.extraction.people
    parts = [f"view {result.view}", "passes " + (", ".join(p.direction for p in result.passes) or "none")]
    if len(people.candidates) > 1:
        parts.append(f"person {people.chosen} of {len(people.candidates)}")
    parts.append(f"verdict {result.favoring.verdict}")
    if "ear_shoulder" in one.truth["expect"] and result.measures["ear_shoulder"].value is not None:
        parts.append(f"ear-shoulder {result.measures['ear_shoulder'].value:.1f}°")
    return "; ".join(parts) + "; " + ", ".join(f"`{code}`" for code in issue_codes(one))


def mirror_clips_table(pairs: list[tuple[Outcome, Outcome]]) -> str:
    """Return, for each clip, how many figures kept within the limits, and how forward lean came out."""
    rows = []
    for plain, mirrored in pairs:
        assert plain.assessment is not None
        if mirrored.assessment is None:
            rows.append([plain.stem, "", f"mirrored: {mirrored.error}", ""])
            continue
        all_changes = changes(plain.assessment, mirrored.assessment)
        kept = f"{sum(c.kept for c in all_changes)} of {len(all_changes)}"
        lost = lost_or_gained(plain.assessment, mirrored.assessment)
        leans = [one.measures["trunk_forward"].value for one in (plain.assessment, mirrored.assessment)]
        shown = " → ".join("not measured" if lean is None else f"{lean:.1f}°" for lean in leans)
        strides = str(int(plain.assessment.strides["valid"].sum()))
        rows.append([plain.stem, strides, kept + "".join(f", {id} in one film only" for id in lost), shown])
    return table(["clip", "strides", "figures kept", "trunk forward, film → mirrored"], rows)


def mirror_measures_table(pairs: list[tuple[Outcome, Outcome]]) -> str:
    """Return, for each measure, how many of its figures kept within the limit, and the largest change and where."""
    found: dict[str, list[tuple[Change, str]]] = {}
    for plain, mirrored in pairs:
        if plain.assessment and mirrored.assessment:
            for change in changes(plain.assessment, mirrored.assessment):
                found.setdefault(change.measure, []).append((change, plain.stem))
    rows = []
    for id, all_changes in found.items():
        worst, where = max(all_changes, key=lambda one: abs(one[0].by))
        mean = statistics.fmean(abs(change.by) for change, _ in all_changes)
        kept = sum(change.kept for change, _ in all_changes)
        flag = "" if kept == len(all_changes) else " ✗"
        worst_shown = f"{abs(worst.by):.1f} {worst.unit} ({where})"
        rows.append([f"`{id}`", f"{kept} of {len(all_changes)}{flag}", f"{mean:.1f} {worst.unit}", worst_shown])
    return table(["measure", "figures kept", "mean change", "largest"], rows)


def direction_table(differences: pd.DataFrame) -> str:
    """Return the differences between the walking directions, with their mean and spread."""
    columns = list(NEAR_KNEE)
    rows = [
        [row["clip"], str(row["strides"]), *(f"{row[c]:+.1f}" for c in columns)] for _, row in differences.iterrows()
    ]
    summary = [f"{differences[c].mean():+.1f} ± {differences[c].std():.1f}" for c in columns]
    return table(["clip", "strides", *NEAR_KNEE.values()], [*rows, ["**mean ± SD**", "", *summary]])


Pair = tuple[Outcome, Outcome]


def section(outcomes: list[Outcome], pairs: list[Pair], both_ways: list[Pair]) -> str:
    """Return the section of docs/accuracy.md; `pairs` hold each film and its mirror image, followed one way or both."""
    met = [ok for one in outcomes for _, ok in expectations(one)]
    strikes = [heel_strikes(one) for one in outcomes if one.assessment and "heel_strikes" in one.truth]
    found, missed, extra = (sum(len(part) for part in parts) for parts in zip(*map(_parts, strikes), strict=True))
    errors = np.abs([error for one in strikes for error in one.errors])
    assumed = FavoringConfig().system_sd["knee_loading"]
    return f"""
## Real clips

{len(outcomes)} clips of real people and things, with the heavy model, against what can be seen in them by eye.
**Seen during development:** the rules that find walkers, passes and steps were made while looking at these very clips,
so this shows that they work here, not how well they do on others. The moment of the heel strike was set on motion
capture (see there), not here. The clips are not part of this repository; `python -m validation.real` makes this section
again where they are.

{found} of {found + missed} heel strikes found, {extra} extra, off by {errors.mean():.1f} frames on average and
{errors.max():.1f} at worst (wanted: all, none extra, within {MAX_FRAMES:.0f}; the eye is good to about 2). Errors are
in frames of the video, minus = early. At most 30 frames a second are analyzed: every second one of the outdoor clip.
Cadence is to be within {MAX_CADENCE_PCT:.0f} %.

{strikes_table(outcomes)}

{sum(met)} of {len(met)} expectations met (✓ came out, ✗ did not). The standing clip is
judged as a walk here; `evenstride posture` measures how somebody stands (docs/posture.md).

{outcomes_table(outcomes)}

### Mirrored

The same clips flipped left to right, without loss, and followed anew. Left must become right, forward lean keep its
sign, and nothing change by more than {MIRROR_MAX_DEG:.0f} degrees or {MIRROR_MAX_PCT:.0f} % (side differences in
percent: {MIRROR_MAX_PCT:.0f} points). Measuring itself is exact: a mirrored track gives mirrored figures (tests hold
that). What changes is what the pose model sees, which is not the same for a picture and its mirror image.

**{kept_of(pairs)} figures are kept as the film comes, {kept_of(both_ways)} with `--both-ways`; the others miss the
limit (✗).** A figure is a measure over both sides, of the left, or of the right, in one clip. All rest on one to a few
strides a leg, which average little away. `--both-ways` follows the mirrored film too and takes the middle, so that no
direction is preferred; what is left comes from the first look round for people, which sees each film its own way.

As the film comes:

{mirror_measures_table(pairs)}

{mirror_clips_table(pairs)}

With `--both-ways`:

{mirror_measures_table(both_ways)}

{mirror_clips_table(both_ways)}

### What the walking direction does to a knee

The left knee is measured walking one way and the right knee the other way, so what the pose model makes of the
direction itself would look like a difference between the sides. Mirroring shows it: the same steps of the same near
leg, once walking left in the picture and once walking right. Degrees, left minus right:

{direction_table(by_direction(pairs))}

With `--both-ways`:

{direction_table(by_direction(both_ways))}

The verdict allows for a systematic error of {assumed:.1f} degrees in one film (`system_sd`, an assumption) for each
knee figure that it uses: loading and range.
"""


def kept_of(pairs: list[Pair]) -> str:
    """Return how many of how many figures mirroring keeps."""
    every = [c for a, b in pairs if a.assessment and b.assessment for c in changes(a.assessment, b.assessment)]
    return f"{sum(c.kept for c in every)} of {len(every)}"


def _parts(one: Strikes) -> tuple[list[float], list[int], list[float]]:
    return one.errors, one.missed, one.extra


def main() -> None:
    """Run every clip and write the section."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workers", type=int, help="processes; default: one a core")
    parser.add_argument("--carry-over", metavar="COMMIT", help="take tracks over from a commit with the same landmarks")
    options = parser.parse_args()
    if not DATA.is_dir():
        sys.exit(f"The real clips are not at {DATA}; docs/accuracy.md keeps the figures of the last run.")
    model = get_model("heavy")
    if options.carry_over:
        print(f"{carry_over(options.carry_over, model, default_cache(), options.workers)} tracks taken over")
    outcomes: list[Outcome] = []
    pairs: dict[bool, list[Pair]] = {False: [], True: []}
    for name, truth in read_truth().items():
        print(name, flush=True)
        outcomes.append(run(name, model, workers=options.workers))
        if truth.get("mirror") and outcomes[-1].assessment is not None:
            for both_ways, kept in pairs.items():
                film, mirrored = (
                    run(name, model, flipped=flipped, both_ways=both_ways, workers=options.workers)
                    for flipped in (False, True)
                )
                kept.append((film, mirrored))
    write_section("real", section(outcomes, pairs[False], pairs[True]))


if __name__ == "__main__":
    main()
