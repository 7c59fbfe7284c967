"""A measure is never a bare number: it carries its unit, its interval, both sides, and why it may be missing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Reference:
    """A published band to read a measure against.

    Attributes
    ----------
    low, high : float
        Edges of the band, in the measure's unit: mean -+ 2 SD of the source unless the source says otherwise.
    source : str
        Author, year and sample.
    """

    low: float
    high: float
    source: str


@dataclass(frozen=True)
class Measure:
    """One measured quantity, or the reason why it could not be measured.

    Attributes
    ----------
    id : str
        Stable name, e.g. ``"knee_swing_peak"``.
    value : float or None
        The value over both sides (for asymmetries: signed, see SCIENCE section 4; positive = right limb offloaded).
    unit : str
        ``"deg"``, ``"s"``, ``"pct"`` (of the gait cycle, or of an asymmetry), ``"steps_per_min"``, ``"m"``,
        ``"m_per_s"``, ``"body_heights"``.
    ci95 : (float, float) or None
        Bootstrap 95 % interval of `value`.
    left, right : float or None
        The same for each side, where the quantity has sides.
    n : int
        How many strides or steps (or frames, for a mean over time) it rests on.
    status : "ok" or "not_measurable"
    reason : str or None
        With ``"not_measurable"``: why, and what to film differently. With ``"ok"``: a caveat, or None.
    reference : Reference or None
    """

    id: str
    unit: str
    value: float | None = None
    ci95: tuple[float, float] | None = None
    left: float | None = None
    right: float | None = None
    n: int = 0
    status: Literal["ok", "not_measurable"] = "ok"
    reason: str | None = None
    reference: Reference | None = None


def not_measurable(id: str, unit: str, reason: str, n: int = 0) -> Measure:
    """Return a measure that says why it has no value."""
    return Measure(id=id, unit=unit, n=n, status="not_measurable", reason=reason)
