"""assess(track) -> Assessment: the recipe from landmarks to verdict, readable top to bottom."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from analysis.events import Event
from analysis.favoring import Favoring
from analysis.measure import Measure
from analysis.quality import Quality
from analysis.trunk import TrunkLean
from analysis.view import Pass, View


@dataclass(frozen=True)
class Assessment:
    """Everything that was measured on one track.

    Attributes
    ----------
    view : "side" | "front" | "back" | "oblique" | "unknown"
    passes, events : tuples, in time order
    quality, favoring, trunk : see their classes
    measures : dict of Measure by id
    frames : DataFrame, one row a frame of the track
        ``time_s``, angle columns such as ``knee_left_deg`` (NaN where not valid), ``valid_left_leg``, ... (bool).
    strides : DataFrame, one row a stride (see analysis/strides.py)
    cycles : DataFrame, cycle-normalised mean curves
        ``joint`` ("knee", "hip", "ankle"), ``side``, ``near`` (bool: filmed
        as the near leg), ``cycle_pct`` (0..100), ``mean_deg``, ``sd_deg``, ``n``
    """

    view: View
    passes: tuple[Pass, ...]
    quality: Quality
    events: tuple[Event, ...]
    measures: dict[str, Measure]
    favoring: Favoring
    trunk: TrunkLean
    frames: pd.DataFrame
    strides: pd.DataFrame
    cycles: pd.DataFrame
    config: dict[str, object] = field(default_factory=dict)
