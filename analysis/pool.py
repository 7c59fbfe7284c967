"""Several recordings of one person judged together, as if they had been filmed in one go.

A phone on a tripod films one direction a clip as often as both. Each knee counts only while it is the near one, so that
two such clips answer together what neither of them can alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from analysis.assess import Assessment
from analysis.config import Config, QualityConfig
from analysis.favoring import JUDGED_COLUMNS, Favoring, judge
from analysis.quality import favoring_block
from analysis.strides import STRIDE_COLUMNS
from analysis.view import Pass

#: The columns of the stride table that `judge_together` reads.
POOLED_COLUMNS = (*JUDGED_COLUMNS, "speed_torsos_s")
#: Recordings follow each other at this distance on the common clock; it only keeps them apart.
GAP_S = 1.0

NOTHING_TO_POOL = "There is no recording of this person to compare the sides on."
SPEEDS_DIFFER = (
    "Walking speed changed a lot from one recording or pass to the next, and speed alone changes how knees bend."
)


@dataclass(frozen=True)
class Recording:
    """What one recording has to say about favoring.

    Attributes
    ----------
    strides : DataFrame
        From `stride_table`; `POOLED_COLUMNS` will do.
    passes : tuple of Pass
    blocked : str or None
        Why this recording allows no verdict; it then takes no part.
    """

    strides: pd.DataFrame
    passes: tuple[Pass, ...]
    blocked: str | None = None

    @classmethod
    def of(cls, assessment: Assessment) -> Recording:
        """Return the recording behind an assessment."""
        return cls(assessment.strides, assessment.passes, favoring_block(assessment.quality))


def judge_together(recordings: Sequence[Recording], config: Config | None = None) -> Favoring:
    """Weigh all strides of one person's recordings together; see `judge`.

    Parameters
    ----------
    recordings : sequence of Recording
        Of one person in one condition, in the order they were filmed. Those that allow no verdict of their own take no
        part, and one that is judged alone gets the verdict it has anyway.
    config : Config, optional

    Returns
    -------
    Favoring
        "inconclusive" with the first recording's reason when none can take part.
    """
    config = config or Config()
    open_ones = [one for one in recordings if one.blocked is None]
    if not open_ones:
        reasons = [one.blocked for one in recordings if one.blocked]
        return Favoring("inconclusive", reasons[0] if reasons else NOTHING_TO_POOL)
    strides, passes = pool(open_ones)
    return judge(strides, passes, _speed_block(strides, config.quality), config.favoring)


def pool(recordings: Sequence[Recording]) -> tuple[pd.DataFrame, tuple[Pass, ...]]:
    """Put the strides and passes of several recordings one after the other on one clock, passes numbered anew.

    Returns
    -------
    strides : DataFrame
        All rows, ``pass``, ``start_s`` and ``end_s`` moved.
    passes : tuple of Pass
    """
    passes: list[Pass] = []
    moves: list[float] = []
    numbers: list[int] = []
    start_s = 0.0
    for one in recordings:
        number = {each.index: len(passes) + k for k, each in enumerate(one.passes)}
        numbers += [number[index] for index in one.strides["pass"].tolist()]
        moves += [start_s] * len(one.strides)
        passes += [
            replace(each, index=number[each.index], start_s=each.start_s + start_s, end_s=each.end_s + start_s)
            for each in one.passes
        ]
        start_s += max((each.end_s for each in one.passes), default=0.0) + GAP_S
    with_rows = [one.strides for one in recordings if len(one.strides)]
    if not with_rows:
        return pd.DataFrame(columns=list(STRIDE_COLUMNS)), tuple(passes)
    strides = pd.concat(with_rows, ignore_index=True)
    moved = {name: strides[name] + np.array(moves) for name in ("start_s", "end_s") if name in strides}
    return strides.assign(**{"pass": np.array(numbers)}, **moved), tuple(passes)


def _speed_block(strides: pd.DataFrame, config: QualityConfig) -> str | None:
    if "speed_torsos_s" not in strides:
        return None
    speed = strides["speed_torsos_s"].to_numpy(dtype=float)
    counts = strides["valid"].to_numpy(dtype=bool) & np.isfinite(speed)
    number, speed = strides["pass"].to_numpy(dtype=int)[counts], speed[counts]
    _, which = np.unique(number, return_inverse=True)
    speeds = np.bincount(which, speed) / np.bincount(which)
    if len(speeds) < 2 or np.ptp(speeds) / speeds.mean() <= config.max_speed_spread:
        return None
    return SPEEDS_DIFFER
