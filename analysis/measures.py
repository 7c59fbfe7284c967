"""Every measure of the walk: cadence to knee bend, each with its interval, both sides, and why it may be missing.

A measure is one entry of `STRIDE_MEASURES`, or one function that `measure_all` calls; adding one touches nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis import norms
from analysis.body import TORSO_OVER_HEIGHT
from analysis.config import Config
from analysis.events import Event
from analysis.favoring import FEET_UNSEEN, Favoring
from analysis.measure import Measure, not_measurable
from analysis.pose import SIDES, Side
from analysis.resample import Drawn, Draws, Strides, interval
from analysis.trunk import TrunkLean, forward_by_direction, lateral_peaks
from analysis.view import Pass

FILM_FROM_SIDE = "Film from the side, square to the walking line, with the whole body in the picture."
FILM_BOTH_WAYS = "Film from the side, walking several times in both directions."
FILM_FROM_FRONT = "Film from the front or from behind, walking toward or away from the camera."
TOO_SLOW = "Too few pictures a second to time parts of a step. Film with 30 or, better, 60 pictures a second."
NO_STRIDE = f"No full steady stride was seen. {FILM_FROM_SIDE}"
NO_STRIDE_SEEN_FROM_SIDE = f"No full steady stride was seen from the side. {FILM_FROM_SIDE}"
GIVE_HEIGHT = "Give your height to get meters."


@dataclass(frozen=True)
class StrideMeasure:
    """A measure that is the mean of a column of the stride table.

    Attributes
    ----------
    id, unit, column : str
    near_only : bool
        Angles: each side counts only where it was nearer to the camera.
    caveat : str or None
        Said beside the value wherever it is shown.
    """

    id: str
    unit: str
    column: str
    near_only: bool = False
    caveat: str | None = None


LONG = "Read from video this is too long, by up to 10 points; compare it only with other videos."
SHORT = "Read from video this is too short, by up to 10 points, and side differences come out somewhat too large."
STRIDE_MEASURES = (
    StrideMeasure("step_time", "s", "step_time_s"),
    StrideMeasure("stance", "pct", "stance_pct", caveat=LONG),
    StrideMeasure("swing", "pct", "swing_pct", caveat=SHORT),
    StrideMeasure("single_support", "pct", "single_support_pct", caveat=SHORT),
    StrideMeasure("double_support", "pct", "double_support_pct", caveat=LONG),
    StrideMeasure("knee_rom", "deg", "knee_rom_deg", near_only=True),
    StrideMeasure("knee_swing_peak", "deg", "knee_swing_peak_deg", near_only=True),
    StrideMeasure("knee_loading", "deg", "knee_loading_deg", near_only=True),
    StrideMeasure("hip_rom", "deg", "hip_rom_deg", near_only=True),
    StrideMeasure("ankle_rom", "deg", "ankle_rom_deg", near_only=True, caveat="Ankles read from video are rough."),
)


def measure_all(
    strides: pd.DataFrame,
    passes: tuple[Pass, ...],
    events: tuple[Event, ...],
    angles: pd.DataFrame,
    favoring: Favoring,
    trunk: TrunkLean,
    fps: float,
    height_cm: float | None,
    treadmill_speed_m_s: float | None,
    config: Config,
) -> dict[str, Measure]:
    """Return every measure by id; those that the recording does not allow say why and what to film."""
    valid = strides[strides["valid"].to_numpy(dtype=bool)]
    sideways = valid[valid["pass"].isin([one.index for one in passes if one.view == "side"])]
    near = sideways[sideways["valid_knee"].to_numpy(dtype=bool) & sideways["near"].to_numpy(dtype=bool)]
    found = [cadence(valid, config)]
    for what in STRIDE_MEASURES:
        if fps < config.quality.min_fps:
            found.append(not_measurable(what.id, what.unit, TOO_SLOW))
            continue
        rows = near if what.near_only else valid if what.id == "step_time" else sideways
        found.append(stride_mean(what, rows, config))
    found += [
        step_length(sideways, height_cm, config),
        speed(valid, sideways, height_cm, treadmill_speed_m_s, config),
        *trunk_measures(angles, passes, events, trunk, config),
        ear_shoulder(angles, passes),
        not_measurable(
            "pelvic_drop", "deg", "A film shows the hips too roughly to tell how the line between them tips."
        ),
        *asymmetries(favoring),
    ]
    return {one.id: replace(one, reference=norms.reference(one.id, one.unit)) for one in found}


def cadence(valid: pd.DataFrame, config: Config) -> Measure:
    """Return steps a minute: 120 over the mean stride time, so that a limp does not change it."""
    if not len(valid):
        return not_measurable("cadence", "steps_per_min", NO_STRIDE)
    draws = _draws(valid, config)
    value, drawn = draws.mean(("stride_time_s", np.ones(len(valid), dtype=bool)))
    return Measure("cadence", "steps_per_min", 120 / value, _flipped(interval(120 / drawn, len(valid))), n=len(valid))


def stride_mean(what: StrideMeasure, rows: pd.DataFrame, config: Config) -> Measure:
    """Return the mean over the strides of both sides, each side counting the same."""
    known = np.isfinite(rows[what.column].to_numpy(dtype=float))
    n = int(known.sum())
    if not n:
        return not_measurable(what.id, what.unit, NO_STRIDE_SEEN_FROM_SIDE)
    columns = {name: rows[name].to_numpy()[known] for name in ("pass", "side", "start_s", what.column)}
    drawn = _draws(columns, config).means([[(what.column, columns["side"] == side)] for side in SIDES])
    sides: dict[Side, Drawn] = dict(zip(SIDES, drawn, strict=True))
    seen = [drawn for drawn in sides.values() if np.isfinite(drawn[0])]
    reason = what.caveat
    if what.near_only and len(seen) == 1:
        named = "left" if np.isfinite(sides["left"][0]) else "right"
        reason = f"Only the {named} leg was seen from its own side. {FILM_BOTH_WAYS}"
    return Measure(
        what.id,
        what.unit,
        float(np.mean([value for value, _ in seen])),
        interval(np.mean([draws for _, draws in seen], axis=0), n),
        _or_none(sides["left"][0]),
        _or_none(sides["right"][0]),
        n=n,
        reason=reason,
    )


def step_length(rows: pd.DataFrame, height_cm: float | None, config: Config) -> Measure:
    """Return heel to heel when the foot lands, in metres with the body height, else in body heights."""
    unit, scale = ("body_heights", TORSO_OVER_HEIGHT) if height_cm is None else ("m", _metres_per_torso(height_cm))
    scaled = rows.assign(step_length=rows["step_length_torsos"].astype(float) * scale)
    measured = stride_mean(StrideMeasure("step_length", unit, "step_length"), scaled, config)
    if measured.status == "ok":
        note = GIVE_HEIGHT if height_cm is None else "From body height and average proportions: -+ 2 to 3 cm."
        return replace(measured, reason=note)
    return measured


def speed(
    valid: pd.DataFrame,
    sideways: pd.DataFrame,
    height_cm: float | None,
    treadmill_speed_m_s: float | None,
    config: Config,
) -> Measure:
    """Return walking speed in m/s from the body height; on a treadmill, what the user says it is.

    Only where somebody walks: `valid` are all usable strides, `sideways` those of them that were seen from the side.
    """
    if not len(valid):
        return not_measurable("speed", "m_per_s", NO_STRIDE)
    if treadmill_speed_m_s is not None:
        return Measure("speed", "m_per_s", treadmill_speed_m_s, n=0, reason="As you gave it for the treadmill.")
    if height_cm is None:
        return not_measurable("speed", "m_per_s", GIVE_HEIGHT if len(sideways) else NO_STRIDE_SEEN_FROM_SIDE)
    scaled = sideways.assign(speed=sideways["speed_torsos_s"].astype(float) * _metres_per_torso(height_cm))
    measured = stride_mean(StrideMeasure("speed", "m_per_s", "speed"), scaled, config)
    if measured.status == "ok":
        return replace(measured, left=None, right=None, reason="From body height and average proportions: -+ 4 %.")
    return replace(measured, reason="The walker stays in one place in the picture (a treadmill?). Give its speed.")


def trunk_measures(
    angles: pd.DataFrame, passes: tuple[Pass, ...], events: tuple[Event, ...], trunk: TrunkLean, config: Config
) -> list[Measure]:
    """Return the forward and the lateral lean of the trunk."""
    if trunk.forward_deg is None:
        forward = not_measurable("trunk_forward", "deg", f"Needs a side view. {FILM_FROM_SIDE}")
    else:
        ways = forward_by_direction(angles, passes, config.trunk)
        note = None if len(ways) == 2 else "Seen in one direction only: a tilted camera adds its tilt to this."
        forward = Measure("trunk_forward", "deg", trunk.forward_deg, n=_frames_within(angles, passes), reason=note)
    left, right = trunk.lateral_left_deg, trunk.lateral_right_deg
    if left is None or right is None:
        lateral = not_measurable("trunk_lateral", "deg", f"Needs a frontal view with several steps. {FILM_FROM_FRONT}")
    else:
        counts = [len(lateral_peaks(angles, passes, events, side)) for side in SIDES]
        note = None if {"front", "back"} <= {p.view for p in passes} else "A tilted camera adds its tilt to one side."
        lateral = Measure("trunk_lateral", "deg", max(left, right), None, left, right, sum(counts), reason=note)
    return [forward, lateral]


def ear_shoulder(angles: pd.DataFrame, passes: tuple[Pass, ...]) -> Measure:
    """Return the mean angle of the shoulder-to-ear line from vertical, + head forward; side views only."""
    values = angles["ear_shoulder_deg"].to_numpy(dtype=float)
    known = values[np.isfinite(values)]
    if not len(known) or not any(one.view == "side" for one in passes):
        return not_measurable("ear_shoulder", "deg", f"Needs a side view. {FILM_FROM_SIDE}")
    return Measure("ear_shoulder", "deg", float(np.mean(known)), n=len(known))


def asymmetries(favoring: Favoring) -> list[Measure]:
    """Return the parts of the favoring index as measures; + means that the right limb is offloaded."""
    found = {part.id: part for part in favoring.components}
    measures: list[Measure] = []
    for id, unit in (("step_time", "pct"), ("single_support", "pct"), ("knee_rom", "deg"), ("knee_loading", "deg")):
        part = found.get(id)
        if part is not None:
            n = part.n_left + part.n_right
            measures.append(Measure(f"{id}_asymmetry", part.unit, part.value, part.ci95, n=n))
        else:
            why = "Needs more full steps of both feet." if unit == "pct" else "Needs each leg filmed from its own side."
            if id == "single_support" and "step_time" in found:
                why = FEET_UNSEEN
            measures.append(not_measurable(f"{id}_asymmetry", unit, f"{why} {FILM_BOTH_WAYS}"))
    return measures


def _draws(rows: Strides, config: Config) -> Draws:
    return Draws(rows, config.favoring.bootstraps, config.favoring.seed)


def _flipped(band: tuple[float, float] | None) -> tuple[float, float] | None:
    return None if band is None else (min(band), max(band))


def _metres_per_torso(height_cm: float) -> float:
    return TORSO_OVER_HEIGHT * height_cm / 100.0


def _frames_within(angles: pd.DataFrame, passes: tuple[Pass, ...]) -> int:
    return int(np.isfinite(angles["trunk_forward_deg"].to_numpy(dtype=float)).sum()) if passes else 0


def _or_none(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
