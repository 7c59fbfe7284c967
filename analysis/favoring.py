"""The knee-favoring index and its verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analysis.pose import Side

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
        True when only one walking direction was filmed, so that the knee part could not be scored.
    """

    verdict: FavoringVerdict
    reason: str
    side: Side | None = None
    index: float | None = None
    z: float | None = None
    ci95: tuple[float, float] | None = None
    components: tuple[Component, ...] = ()
    timing_only: bool = False
