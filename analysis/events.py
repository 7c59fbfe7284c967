"""Heel strikes and toe-offs with sub-frame times."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from analysis.pose import Side


@dataclass(frozen=True)
class Event:
    """A heel strike or toe-off of one foot at `time_s`, found in pass number `pass_index`."""

    type: Literal["heel_strike", "toe_off"]
    side: Side
    time_s: float
    pass_index: int
