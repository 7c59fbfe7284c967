"""The knee-favoring index and its verdict.

Positive always means that the right limb is offloaded. The far leg is never held against the near one: knee angles come
from the near leg only, left from the passes that show the left side and right from those that show the right side, and
timing is averaged over both walking directions, so that whatever the camera does to the far leg cancels.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from analysis.config import FavoringConfig
from analysis.pose import BoolArray, FloatArray, Side
from analysis.resample import Drawn, Draws, Part, Strides, central_95
from analysis.view import Pass

FavoringVerdict = Literal["clear", "possible", "mixed", "none", "inconclusive"]


@dataclass(frozen=True)
class Component:
    """One part of the index.

    Attributes
    ----------
    id : "step_time" | "single_support" | "knee_loading" | "knee_rom"
    domain : "timing" | "knee"
    value : float
        Signed difference; positive = the right limb is offloaded.
    unit : "pct" | "deg"
    z : float
        `value` in units of what healthy walkers and this recording's noise would show.
    ci95 : (float, float)
        Bootstrap interval of `value`.
    typical_limit : float
        ``2 * s``: differences inside -+ this are expected in people who favor neither knee.
    side : "left" | "right"
        The limb that this part, taken alone, would call spared.
    n_left, n_right : int
        Strides or steps behind it.
    """

    id: str
    domain: Literal["timing", "knee"]
    value: float
    unit: str
    z: float
    ci95: tuple[float, float]
    typical_limit: float
    side: Side
    n_left: int
    n_right: int


@dataclass(frozen=True)
class Favoring:
    """Which knee, if any, seems spared, and how sure that is.

    Attributes
    ----------
    verdict : "clear" | "possible" | "mixed" | "none" | "inconclusive"
    side : "left" | "right" | None
        The side being SPARED; only with "clear" and "possible".
    index : float or None
        0..100: 25 = 1 SD of the healthy spread, 50 = edge of the expected range.
    z : float or None
        The signed score behind `index`; positive = right limb offloaded.
    ci95 : (float, float) or None
        Bootstrap interval of `z`.
    components : tuple of Component
    reason : str
        One plain sentence: why this verdict, or why none.
    timing_only : bool
        True when the knee part could not be scored: one walking direction, or too few strides of a near leg.
    """

    verdict: FavoringVerdict
    reason: str
    side: Side | None = None
    index: float | None = None
    z: float | None = None
    ci95: tuple[float, float] | None = None
    components: tuple[Component, ...] = ()
    timing_only: bool = False


TIMING = ("step_time", "single_support")
KNEE = ("knee_loading", "knee_rom")
NEAR_BOTH = "that takes several steps filmed from each side, walking in both directions"
FEET_UNSEEN = "The feet could not be seen well enough to time how long each leg stands alone."
#: The columns of the stride table that `judge` reads.
JUDGED_COLUMNS = (
    "pass", "side", "near", "start_s", "step_time_s", "other_step_time_s", "single_support_s", "swing_s",
    "knee_loading_deg", "knee_rom_deg", "valid", "valid_knee",
)  # fmt: skip
UNITS = {"step_time": "pct", "single_support": "pct", "knee_loading": "deg", "knee_rom": "deg"}


def judge(
    strides: pd.DataFrame, passes: tuple[Pass, ...], blocked: str | None = None, config: FavoringConfig | None = None
) -> Favoring:
    """Weigh timing and knee movement of both sides, and say which knee, if any, seems spared.

    Parameters
    ----------
    strides : DataFrame
        From `stride_table`; `JUDGED_COLUMNS` will do.
    passes : tuple of Pass
    blocked : str, optional
        Why the recording allows no verdict whatever the numbers say; it becomes the `reason`.
    config : FavoringConfig, optional

    Returns
    -------
    Favoring
    """
    config = config or FavoringConfig()
    facings = {one.index: one.facing for one in passes}
    facing = np.array([facings.get(index, 0) for index in strides["pass"].tolist()], dtype=float)
    # Arrays from here on: thousands of people are judged in a row, and a DataFrame takes longer than the sums.
    columns = {name: strides[name].to_numpy() for name in JUDGED_COLUMNS}
    usable = columns["valid"].astype(bool) & (facing != 0)
    timing = _rows(columns, usable)
    knee = _rows(timing, timing["valid_knee"].astype(bool) & timing["near"].astype(bool))
    drawn = timing_parts(timing, facing[usable], config)
    knees = _count(knee)
    if min(knees) >= config.min_strides:
        drawn |= knee_parts(knee, config)
    spread = {id: _spread(id, part[1], _yaw_sine(passes), config) for id, part in drawn.items()}
    left, right = counted = _count(timing)
    components = tuple(
        _component(id, *drawn[id], spread[id], counted if id in TIMING else knees)
        for id in (*TIMING, *KNEE)
        if id in drawn and min(left, right) >= config.min_strides_shown
    )
    if blocked is not None:
        return Favoring("inconclusive", blocked, components=components)
    if min(left, right) < config.min_strides:
        return Favoring(
            "inconclusive",
            f"Too few full steps could be measured ({left} on the left, {right} on the right); "
            f"it takes at least {config.min_strides} on each side.",
            components=components,
        )
    if not all(id in drawn for id in TIMING):
        return Favoring("inconclusive", FEET_UNSEEN, components=components)
    return _decide(components, drawn, spread, config)


def timing_parts(timing: Strides, facing: FloatArray, config: FavoringConfig) -> dict[str, Drawn]:
    """Return T1 and T2 in percent, each averaged over the walking directions.

    T1 = 100 ln(step time right / left): the step time of the right foot is the time spent on the left leg, so sparing
    the right leg makes it long. T2 = 100 ln(single support left / right).
    """
    left = np.asarray(timing["side"]) == "left"
    if not len(left):
        return {}
    wanted: list[tuple[Part, Part]] = []
    for mine in (facing > 0, facing < 0):
        if mine.any():
            for own, others in (("step_time_s", "other_step_time_s"), ("single_support_s", "swing_s")):
                wanted += [((own, one & mine), (others, ~one & mine)) for one in (left, ~left)]
    drawn = Draws(timing, config.bootstraps, config.seed).means(wanted)
    steps = [_log_ratio(right, left) for left, right in zip(drawn[0::4], drawn[1::4], strict=True)]
    supports = [_log_ratio(left, right) for left, right in zip(drawn[2::4], drawn[3::4], strict=True)]
    parts = {"step_time": _average(steps), "single_support": _average(supports)}
    return {id: part for id, part in parts.items() if _known(part)}


def knee_parts(knee: Strides, config: FavoringConfig) -> dict[str, Drawn]:
    """Return K1 and K2 in degrees: left minus right, each side as the near leg."""
    left = np.asarray(knee["side"]) == "left"
    wanted = [[(f"{id}_deg", side)] for id in KNEE for side in (left, ~left)]
    drawn = Draws(knee, config.bootstraps, config.seed).means(wanted)
    pairs = zip(KNEE, drawn[0::2], drawn[1::2], strict=True)
    parts = {id: (on_left[0] - on_right[0], on_left[1] - on_right[1]) for id, on_left, on_right in pairs}
    return {id: part for id, part in parts.items() if _known(part)}


def _log_ratio(above: Drawn, below: Drawn) -> Drawn:
    with np.errstate(invalid="ignore", divide="ignore"):
        return 100 * float(np.log(above[0] / below[0])), 100 * np.log(above[1] / below[1])


def _average(parts: list[Drawn]) -> Drawn:
    """Return the mean over the walking directions in which the part is known."""
    known = [part for part in parts if _known(part)]
    if not known:
        return float("nan"), np.array([])
    return float(np.mean([value for value, _ in known])), np.mean([draws for _, draws in known], axis=0)


def _known(part: Drawn) -> bool:
    return bool(np.isfinite(part[0]) and len(part[1]) and np.isfinite(part[1]).all())


def _rows(columns: dict[str, NDArray[Any]], which: BoolArray) -> dict[str, NDArray[Any]]:
    return {name: values[which] for name, values in columns.items()}


def _count(columns: dict[str, NDArray[Any]]) -> tuple[int, int]:
    """Return the number of strides of the left and of the right foot."""
    left = int(np.count_nonzero(columns["side"] == "left"))
    return left, len(columns["side"]) - left


def _yaw_sine(passes: tuple[Pass, ...]) -> float:
    return float(np.sin(np.radians(max((one.yaw_deg or 0.0 for one in passes if one.facing), default=0.0))))


def _spread(id: str, draws: FloatArray, yaw_sine: float, config: FavoringConfig) -> float:
    """Return what healthy walkers, the method, the camera's angle and this recording's noise would show together."""
    parts = (config.healthy_sd[id], config.system_sd[id], config.yaw_sd[id] * yaw_sine)
    return float(np.sqrt(sum(part**2 for part in parts) + np.var(draws)))


def _component(id: str, value: float, draws: FloatArray, spread: float, count: tuple[int, int]) -> Component:
    return Component(
        id=id,
        domain="timing" if id in TIMING else "knee",
        value=value,
        unit=UNITS[id],
        z=value / spread,
        ci95=central_95(draws),
        typical_limit=2 * spread,
        side="right" if value > 0 else "left",
        n_left=count[0],
        n_right=count[1],
    )


def _decide(
    components: tuple[Component, ...], drawn: dict[str, Drawn], spread: dict[str, float], config: FavoringConfig
) -> Favoring:
    """Apply the decision list [4.5], first match wins."""
    z_drawn = {id: (value / spread[id], draws / spread[id]) for id, (value, draws) in drawn.items()}
    d_timing = _domain(z_drawn, TIMING, config.timing_correlation)
    timing_only = not all(id in drawn for id in KNEE)
    if timing_only:
        d_knee, total = None, d_timing
    else:
        d_knee = _domain(z_drawn, KNEE, config.knee_correlation)
        a, b = config.timing_weight, config.knee_weight
        norm = np.sqrt(a * a + b * b + 2 * a * b * config.domain_correlation)
        total = ((a * d_timing[0] + b * d_knee[0]) / norm, (a * d_timing[1] + b * d_knee[1]) / norm)
    z = total[0]
    low, high = central_95(total[1])
    nearest = min(abs(low), abs(high)) if low * high > 0 else 0.0
    side: Side = "right" if z > 0 else "left"

    def answer(verdict: FavoringVerdict, reason: str, named: Side | None = None) -> Favoring:
        index = min(100.0, config.points_per_sd * abs(z))
        return Favoring(verdict, reason, named, index, z, (low, high), components, timing_only)

    if high - low > config.max_ci_width:
        return answer("inconclusive", "The steps differ so much from one to the next that no side can be named.")
    if d_knee is None:
        if abs(d_timing[0]) >= config.timing_only_z and nearest > 0:
            reason = f"Less time is spent on the {side} leg. Knee bend could not be compared: {NEAR_BOTH}."
            return answer("possible", reason, side)
    else:
        agree = d_timing[0] * d_knee[0] > 0
        weaker = min(abs(d_timing[0]), abs(d_knee[0]))
        if abs(z) >= config.clear_z and nearest >= config.clear_ci and agree and weaker >= config.clear_domain:
            return answer("clear", f"Both step timing and knee bend point to the {side} knee being spared.", side)
        if abs(z) >= config.possible_z and nearest > 0 and agree and weaker >= config.possible_domain:
            return answer("possible", f"Step timing and knee bend both point, not strongly, to the {side} knee.", side)
        if abs(z) >= config.possible_z:
            stronger = "step timing" if abs(d_timing[0]) >= abs(d_knee[0]) else "knee bend"
            weaker_name = "knee bend" if stronger == "step timing" else "step timing"
            return answer("mixed", f"The two sides differ in {stronger}, but {weaker_name} does not back it up.")
    if -config.possible_z < low and high < config.possible_z:
        return answer("none", "Both sides move alike, within what is expected of people who favor neither knee.")
    return answer("inconclusive", "The difference is close to the edge of what is expected; film again to be surer.")


def _domain(z_drawn: dict[str, Drawn], ids: tuple[str, str], correlation: float) -> Drawn:
    """Return the sum of two correlated scores, scaled to SD 1 in healthy walkers."""
    norm = float(np.sqrt(2 * (1 + correlation)))
    first, second = (z_drawn[id] for id in ids)
    return (first[0] + second[0]) / norm, (first[1] + second[1]) / norm
