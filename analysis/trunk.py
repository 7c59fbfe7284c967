"""Trunk lean, forward and lateral."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

TrunkVerdict = Literal["typical", "leans_forward", "leans_backward", "leans_left", "leans_right", "not_measurable"]


@dataclass(frozen=True)
class TrunkLean:
    """How the trunk is held while walking.

    Attributes
    ----------
    forward_deg : float or None
        Mean angle of mid-hip to mid-shoulder from vertical, + in walking direction; side views only.
    lateral_left_deg, lateral_right_deg : float or None
        Peak lean toward the left (right) limb while standing on it; frontal views only.
    verdict : str
        ``"not_measurable"`` when neither plane was filmed.
    reason : str
        One plain sentence.
    """

    verdict: TrunkVerdict
    reason: str
    forward_deg: float | None = None
    lateral_left_deg: float | None = None
    lateral_right_deg: float | None = None
